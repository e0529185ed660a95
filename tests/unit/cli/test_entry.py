"""The entry point: version, help, what it loads, and what it says where it cannot run."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from tests.support.cli_command import Command
from voxsip import __version__
from voxsip.cli import main

CHANGES = ("bind", "create", "delete")


@pytest.fixture
def voxsip(tmp_path):
    return Command(tmp_path)


def test_version(voxsip):
    assert voxsip("--version").out == f"voxsip {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("demo",),
        ("emulator",),
        ("token",),
        ("registrations",),
        *(("registrations", name) for name in (*CHANGES, "list", "unbind", "update")),
        ("bulk",),
        *(("bulk", name) for name in (*CHANGES, "resume", "status", "template")),
    ],
    ids=" ".join,
)
def test_help(capsys, monkeypatch, words):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr()
    assert f"Usage: voxsip {' '.join(words)}".rstrip() in shown.out
    assert shown.err == ""


def test_usage_errors_go_to_standard_error(voxsip):
    ended = voxsip("bulk", "bnd")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "voxsip: unknown command 'bnd'; did you mean bind?\n"


PROBE = """
import sys
{before}
from voxsip.cli import main
code = main({arguments})
{after}
sys.exit(code)
"""


def probe(arguments, before="", after=""):
    return subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=arguments, before=before, after=after)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_loads_no_command():
    after = "print([name for name in sys.modules if name.startswith(HEAVY)], file=sys.stderr)"
    heavy = ("voxsip.bulk", "voxsip.emulator", "voxsip._row_files", "voxsip.cli._b", "uvloop")
    done = probe(["--help"], f"HEAVY = {heavy}", after)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize("missing", ["cyclopts", "rich"])
def test_without_the_extra_it_says_what_to_install(missing):
    done = probe(["--help"], before=f"sys.modules[{missing!r}] = None")
    assert done.returncode == 3
    assert done.stderr == (f"voxsip: the command line needs {missing}: pip install 'voxsip[cli]'\n")


def test_a_terminal_that_knows_no_unicode_is_no_error(voxsip, write):
    path = write("id,usér\n")
    ended = voxsip("bulk", "bind", path, PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert ended.code == 2
    assert "us\\xe9r" in ended.err


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("registrations", "list"),
        ("registrations", "bind", "1", "--user-id", "1"),
        ("bulk", "bind", "rows.csv", "--dry-run", "--output", "json"),
        ("bulk", "bind", "-"),
        ("plan", "rows.csv", "--output", "json"),
        ("export",),
        ("call", "GetAccountInfo"),
        ("rate", "show"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_with_imports_done_before_a_command_does_the_same(serve, write, words):
    """Most tests run it so: see tests/support/command_server.py."""
    _, voxsip = serve(registrations=2)
    write("id,app_id,user_id\n1,1,1\nx,1,1\n")
    assert voxsip(*words, stdin="id\nx\n") == voxsip.alone(*words, stdin="id\nx\n")
