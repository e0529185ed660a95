"""README and docs do what they say, against an emulator in a process of its own."""

import doctest
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.doc_pages import PAGES, ROOT, blocks, commands
from tests.support.forked_command import Forked, can_fork, run_forked, voxsip_on_path

SERVE = ["voxsip", "emulator", "--dir", "play", "--registrations", "10"]
BIN = Path(sys.executable).parent
RUNNABLE = {"python", "bash"}
ALONE = ("kill ", "VOXSIP_LOG")
"""Words of scripts whose `voxsip` has a process of its own: they kill it, or it reads them as it is imported."""


def runs(page):
    return any(block.language in RUNNABLE for block in blocks(page))


@pytest.fixture
def serve(tmp_path):
    """Give a function that runs an emulator as a page says and answers what a reader then exports."""
    processes = []

    def start(command):
        arguments = command[1:]
        process = Forked(arguments, tmp_path, dict(os.environ))
        processes.append(process)
        base_url = process.out.readline().decode().strip()
        assert base_url.endswith("/platform_api"), base_url
        credentials = Path(arguments[arguments.index("--dir") + 1], "credentials.json")
        return {"VOXIMPLANT_CREDENTIALS": str(credentials), "VOXIMPLANT_BASE_URL": base_url}

    yield start
    for process in processes:
        process.send_signal(signal.SIGTERM)
        process.communicate()


@pytest.fixture
def run(tmp_path):
    """Give a function that runs a block's program and returns its exit code, standard output and standard error."""
    folder = tmp_path / "bin"
    folder.mkdir()
    with voxsip_on_path(folder) as (variables, descriptors):
        environment = {**os.environ, **variables}

        def run(block):
            if block.language == "python":
                (tmp_path / "example.py").write_text(block.text)
                return run_forked([], "", tmp_path, environment, script="example.py")
            programs = [BIN] if any(word in block.text for word in ALONE) else [folder, BIN]
            environment["PATH"] = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block.text],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
                pass_fds=descriptors,
            )
            return done.returncode, done.stdout, done.stderr

        run.environment = environment
        yield run


@pytest.mark.slow
@pytest.mark.skipif(not can_fork({}, ""), reason="no pidfd_open here")
@pytest.mark.parametrize(
    "page", [page for page in PAGES if runs(page)], ids=lambda page: page.stem.lower()
)
def test_page(page, serve, run):
    serving = [words for words in commands(page, "voxsip") if words[1:2] == ["emulator"]]
    run.environment.update(serve(on_a_free_port(serving[0] if serving else SERVE)))
    for block in blocks(page):
        if block.language not in RUNNABLE:
            continue
        where = f"{page.name}, line {block.line}"
        code, out, err = run(block)
        assert code == 0, f"{where}: {err}"
        if block.expected is not None:
            checker = doctest.OutputChecker()
            same = checker.check_output(block.expected, out, doctest.ELLIPSIS)
            assert same, f"{where} prints\n{out}\nnot\n{block.expected}"


NAMED = sorted({words[1] for page in PAGES for words in commands(page, "voxsip") if words[1:]})


@pytest.mark.parametrize("command", NAMED)
def test_a_command_that_a_page_names_exists(command):
    code, _, said = run_forked([command, "--help"], "", ROOT, dict(os.environ))
    assert code == 0, said


def on_a_free_port(command):
    """Drop the port that a page names, which somebody else may have."""
    words = iter(command)
    return [word for word in words if word != "--port" or not next(words)]


def test_readme_names_the_two_commands():
    demo, suite = (
        block.text.strip() for block in blocks(ROOT / "README.md") if block.language == "sh"
    )
    assert demo == (
        "python3 -m venv .venv && .venv/bin/pip install '.[cli]' && .venv/bin/voxsip demo"
    )
    assert suite == "python3 -m venv .venv && .venv/bin/pip install tox && .venv/bin/tox"


@pytest.mark.slow
def test_the_demo_of_the_readme_small(tmp_path):
    """As the first command of README, with 200 rows; from elsewhere, so that what is installed runs."""
    done = subprocess.run(
        [BIN / "voxsip", "demo", "--rows", "200"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mismatches" in done.stdout.lower()
