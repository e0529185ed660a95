"""What somebody at a terminal sees, and is asked."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.support.cli_command import COMMAND
from voxsip.emulator import Fault, Faults

pytestmark = pytest.mark.slow

pty = pytest.importorskip("pty")
CTRL_C = object()


class Terminal:
    """Runs a command on a pseudo-terminal and answers its questions."""

    def __init__(self, voxsip):
        self._voxsip = voxsip

    def __call__(self, *arguments, answer=None, question=b"[y/N] ", **environment):
        ours, theirs = pty.openpty()
        environment = {**self._voxsip.environment, "TERM": "xterm", "COLUMNS": "120", **environment}
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self._voxsip.folder,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        seen = b""
        try:
            while chunk := os.read(ours, 4096):
                seen += chunk
                if answer is not None and question in seen:
                    if answer is CTRL_C:
                        process.send_signal(signal.SIGINT)
                    else:
                        os.write(ours, f"{answer}\n".encode())
                    answer = None
        except OSError:  # the other side is closed
            pass
        finally:
            os.close(ours)
        return process.wait(60), seen.decode()


@pytest.fixture
def setup(serve):
    emulator, voxsip = serve(registrations=3)
    return emulator, Terminal(voxsip)


def ids(emulator):
    return [one["sip_registration_id"] for one in emulator.state["registrations"]]


def test_a_live_bar(setup, write):
    _, terminal = setup
    code, seen = terminal("bulk", "bind", write("id,app id\n1,1\n2,1\n9,1\n"))
    assert code == 1
    assert "binding" in seen
    assert "2 done" in seen
    assert "1 failed" in seen
    assert "at a time" in seen
    assert "rows.csv:4: failed: BindSipRegistration: 275" in seen
    assert "Traceback" not in seen


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, [2, 3]), ("", 2, [1, 2, 3])])
def test_deleting_is_asked_for(setup, answer, code, left):
    emulator, terminal = setup
    ended, seen = terminal("registrations", "delete", 1, answer=answer)
    assert "Delete registration 1? [y/N]" in seen
    assert (ended, ids(emulator)) == (code, left)


def test_ctrl_c_is_an_answer(setup, write, tmp_path):
    emulator, terminal = setup
    path = write("sip_username,proxy\nann,p\n")
    code, seen = terminal("bulk", "create", path, answer=CTRL_C)
    assert code == 130
    assert "nothing was bought" in seen or "cut off before the first row" in seen
    assert "resume with" not in seen
    assert not (tmp_path / "rows.csv.journal").exists()
    code, seen = terminal("bulk", "delete", write("id\n1\n"), answer=CTRL_C)
    assert (code, ids(emulator)) == (130, [1, 2, 3])
    assert "nothing was deleted" in seen


def test_deleting_in_bulk_is_asked_for(setup, write):
    emulator, terminal = setup
    path = write("id\n1\n3\n")
    ended, seen = terminal("bulk", "delete", path, answer="no")
    assert "Delete 2 registrations?" in seen
    assert (ended, ids(emulator)) == (2, [1, 2, 3])
    assert terminal("bulk", "delete", path, "--yes")[0] == 0
    assert ids(emulator) == [2]


@pytest.mark.parametrize(("answer", "code", "count"), [("yes", 0, 4), ("n", 2, 3)])
def test_buying_is_asked_for(setup, write, answer, code, count):
    emulator, terminal = setup
    path = write("sip_username,proxy\nann,p\n")
    ended, seen = terminal("bulk", "create", path, answer=answer)
    assert "1 registration at 1 USD: 1; the balance is 1000" in seen
    assert (ended, len(ids(emulator))) == (code, count)


def test_a_table_is_folded_to_the_terminal(setup):
    _, terminal = setup
    code, seen = terminal("registrations", "list")
    assert code == 0
    assert "sip.example.com" in seen


def test_a_typed_password_is_not_echoed(setup):
    emulator, terminal = setup
    options = ("--sip-username", "ann", "--proxy", "p", "--password-file", "-")
    code, seen = terminal(
        "registrations", "create", *options, answer="HUNTER2", question=b"SIP password: "
    )
    assert code == 0
    assert "HUNTER2" not in seen
    assert len(ids(emulator)) == 4


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(setup, write):
    _, terminal = setup
    code, seen = terminal("bulk", "bind", write("id,app id\n1,1\n2,1\n"), TERM="dumb")
    assert code == 0
    assert "binding 2 rows of" in seen
    assert "2 of 2 rows, 2 done" in seen
    assert "\x1b" not in seen


@pytest.mark.parametrize("columns", [30, 40, 60])
def test_a_narrow_terminal_keeps_percent_and_time_left(setup, write, columns):
    _, terminal = setup
    code, seen = terminal("bulk", "bind", write("id,app id\n1,1\n2,1\n3,1\n"), COLUMNS=str(columns))
    assert code == 0
    assert "100%" in seen
    assert "s left" in seen


def test_escapes_of_a_server_do_not_reach_the_terminal(serve, write):
    said = "\x1b]0;owned\x07\x1b]52;c;aGk=\x07\x9b2J\r"
    fault = Fault(kind="error", code=101, msg=said, command="BindSipRegistration")
    _, voxsip = serve(registrations=1, faults=Faults([fault]))
    path = write("id,app id\n1,1\n")
    _, seen = Terminal(voxsip)("bulk", "bind", path, "--report", "out")
    assert r"\x1b]0;owned\x07" in seen.replace("\r\n", "")
    for raw in ("\x1b]0", "\x1b]52", "\x9b", "\x07"):
        assert raw not in seen
    for options in ((), ("--json",)):
        ended = voxsip("bulk", "bind", path, *options)
        assert not {"\x1b", "\x9b", "\x07"} & {*ended.out, *ended.err}
    ended = voxsip("registrations", "bind", 1, "--application-id", 1)
    assert r"\x1b]52;c;aGk=\x07\x9b2J\r" in ended.err
