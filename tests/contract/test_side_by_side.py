"""The tool that runs CI's checks: none of them may fail unseen."""

import shlex
import sys

import pytest

from tools.side_by_side import main

SAY = shlex.join([sys.executable, "-c", "print('said')"])
FAIL = shlex.join([sys.executable, "-c", "raise SystemExit('refused')"])


@pytest.mark.parametrize(
    ("lines", "status", "said", "refused"),
    [
        ([SAY, SAY], 0, 2, 0),
        ([f"{SAY} && {SAY}"], 0, 2, 0),
        ([FAIL, SAY], 1, 1, 1),
        ([SAY, f"{SAY} && {FAIL} && {SAY}", SAY], 1, 3, 1),
    ],
    ids=["two", "a chain", "one fails", "a chain breaks"],
)
def test_all_run_and_no_failure_is_lost(capfd, lines, status, said, refused):
    assert main(lines) == status
    out = capfd.readouterr().out.splitlines()
    assert out.count("said") == said
    assert out.count("refused") == refused
    assert len([line for line in out if line.startswith("(exit status 1, ")]) == refused


def test_a_program_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError):
        main(["no-such-program", SAY])
