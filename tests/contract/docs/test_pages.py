"""README and docs do what they say, against an emulator in a process of its own."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.doc_pages import PAGES, ROOT, blocks, commands

SERVE = ["voxsip", "emulator", "--dir", "play", "--registrations", "10"]
BIN = Path(sys.executable).parent
RUNNABLE = {"python", "bash"}


def runs(page):
    return any(block.language in RUNNABLE for block in blocks(page))


@pytest.fixture
def serve(tmp_path):
    """Give a function that runs an emulator as a page says and answers what a reader then exports."""
    processes = []

    def start(command):
        program, *arguments = command
        process = subprocess.Popen(
            [BIN / program, *arguments], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        base_url = process.stdout.readline().strip()
        assert base_url.endswith("/platform_api"), base_url
        credentials = Path(arguments[arguments.index("--dir") + 1], "credentials.json")
        return {"VOXIMPLANT_CREDENTIALS": str(credentials), "VOXIMPLANT_BASE_URL": base_url}

    yield start
    for process in processes:
        process.terminate()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if runs(page)], ids=lambda page: page.stem.lower()
)
def test_page(page, serve, tmp_path):
    serving = [words for words in commands(page, "voxsip") if words[1:2] == ["emulator"]]
    environment = os.environ | serve(on_a_free_port(serving[0] if serving else SERVE))
    environment["PATH"] = f"{BIN}{os.pathsep}{environment['PATH']}"
    for block in blocks(page):
        if block.language not in RUNNABLE:
            continue
        where = f"{page.name}, line {block.line}"
        if block.language == "python":
            (tmp_path / "example.py").write_text(block.text)
            command = [sys.executable, "-W", "error", "example.py"]
        else:
            command = ["bash", "-euo", "pipefail", "-c", block.text]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"{where}: {done.stderr}"
        if block.expected is not None:
            checker = doctest.OutputChecker()
            same = checker.check_output(block.expected, done.stdout, doctest.ELLIPSIS)
            assert same, f"{where} prints\n{done.stdout}\nnot\n{block.expected}"


NAMED = sorted({words[1] for page in PAGES for words in commands(page, "voxsip") if words[1:]})


@pytest.mark.parametrize("command", NAMED)
def test_a_command_that_a_page_names_exists(command):
    subprocess.run([BIN / "voxsip", command, "--help"], capture_output=True, check=True, timeout=60)


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
