"""Mistakes in a command line: each is named with its remedy, and ends the command with 2."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from cyclopts import App

from voxsip.cli import main
from voxsip.cli._app import app
from voxsip.cli._parameters import DEFAULTS, Reader

NUMBERS = ("0", "-1", "nan", "inf", "-inf", "1e400", "5m", "1_0", "٣", "0x10", "none", "")
UNBOUND = ["registrations", "create", "--proxy", "p", "--sip-username"]


def commands(group: App = app, *words: str):
    """Yield the words of every command, with its app."""
    for name in group:
        if name.startswith("-"):
            continue
        one = group[name]
        if one.default_command is None:
            yield from commands(one, *words, name)
        else:
            yield (*words, name), one


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """Nothing is connected to: there is not even a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("VOXIMPLANT_CREDENTIALS", "VOXIMPLANT_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def refused(capsys):
    """Run a command that is refused for how it is called; return what it says, a line."""

    def run(*words):
        assert main(list(words)) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.startswith("voxsip: ")
        return shown.err.removeprefix("voxsip: ").removesuffix("\n")

    return run


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bulk bind --dryrun rows.csv", "unknown option --dryrun; did you mean --dry-run?"),
        ("bulk bind rows.csv --dryrun", "unknown option --dryrun; did you mean --dry-run?"),
        ("bulk bind --dryrun", "unknown option --dryrun; did you mean --dry-run?"),
        ("bulk bind --concurency 5 rows.csv", "unknown option --concurency; did you mean --concurrency?"),
        ("bulk bind rows.csv --DRY_RUN", "unknown option --DRY_RUN; did you mean --dry-run?"),
        ("bulk bind rows.csv --password=HUNTER2", "unknown option --password; see 'voxsip bulk bind --help'"),
        ("bulk bind rows.csv -j", "unknown option -j; see 'voxsip bulk bind --help'"),
        ("bulk resume a.journal --repot out", "unknown option --repot; did you mean --report?"),
        ("apply --forse tonight.plan", "unknown option --forse; did you mean --force?"),
        ("cluster delete --skip-unchange rows.csv", "unknown option --skip-unchange; did you mean --skip-unchanged?"),
        ("registrations watch --onc", "unknown option --onc; did you mean --once?"),
        ("registrations create --sip-usernam a --proxy p", "unknown option --sip-usernam; did you mean --sip-username?"),
        ("registrations list --empty-proxy", "unknown option --empty-proxy; did you mean --http-proxy?"),
        ("--json bulk status", "unknown option --json; options stand after the command: see 'voxsip --help'"),
        ("bulk --dry-run bind", "unknown option --dry-run; options stand after the command: see 'voxsip bulk --help'"),
        ("blk", "unknown command 'blk'; did you mean bulk?"),
        ("call getaccountinfo", "getaccountinfo: no such command; did you mean GetAccountInfo?"),
        ("rate nonsense", "unknown command 'nonsense'; the commands are pause, set, show"),
        ("bulk status a b", "bulk status: unexpected argument: 'b'; see 'voxsip bulk status --help'"),
        ("bulk bind", "FILE is missing; see 'voxsip bulk bind --help'"),
        ("bulk bind rows.csv --rate", "--rate: its value is missing; see 'voxsip bulk bind --help'"),
        ("registrations create --sip-username a", "--proxy is missing; see 'voxsip registrations create --help'"),
        ("bulk bind rows.csv --rate 3 --rate 5", "--rate: it is given twice; give it once"),
        ("bulk bind rows.csv --on-conflict maybe", "--on-conflict: give error or order, not 'maybe'"),
        ("bulk template update", "KIND: give bind, create or delete, not 'update'"),
        ("registrations list --bound=maybe", "--bound: give true or false, not 'maybe'"),
        ("registrations delete 1 1.5", "SIP_REGISTRATION_ID: give an id in digits, such as 12345, not '1.5'"),
        ("registrations list --user-id 1 --user-id x", "--user-id: give an id in digits, such as 12345, not 'x'"),
    ],
)  # fmt: skip
def test_it_is_named_with_its_remedy(refused, line, said):
    assert refused(*line.split()) == said


def test_a_file_may_have_the_name_of_an_option(capsys, tmp_path):
    (tmp_path / "--dryrun").write_text("id,app_id\n1,1\n")
    assert main(["bulk", "bind", "--dryrun", "--dry-run"]) == 0
    assert "1 row, nothing wrong" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("token",), ("bulk", "bind"), ("bulk", "bind", "rows.csv")])
@pytest.mark.parametrize("begin", ['{"private_key": "HUNTER2', "-----BEGIN KEY-----\nHUNTER2"])
def test_content_that_may_hold_a_key_is_not_quoted(capsys, words, begin):
    assert main([*words, begin + 2000 * "x"]) == 2
    assert "HUNTER2" not in capsys.readouterr().err


@pytest.mark.parametrize("text", NUMBERS)
@pytest.mark.parametrize(
    ("words", "option", "expected"),
    [
        (["bulk", "bind", "rows.csv"], "--concurrency", "a whole number from 1 to 256"),
        (["bulk", "create", "rows.csv"], "--rate", "a number above 0"),
        (["bulk", "delete", "rows.csv"], "--deadline", "a number of seconds above 0"),
        (["apply", "rows.csv"], "--rate", "a number above 0"),
        (["cluster", "bind", "rows.csv"], "--workers", "a whole number from 1"),
        (["bulk", "resume", "a.journal"], "--timeout", "a number of seconds above 0"),
        (["token"], "--account-id", "an id in digits, such as 12345"),
        (["registrations", "watch"], "--interval", "a number of seconds above 0"),
        (["registrations", "list"], "--limit", "a whole number from 1"),
        (["demo"], "--rows", "a whole number from 1"),
        (["emulator"], "--rate-limit", "a number above 0"),
    ],
)
def test_a_number_that_cannot_be(refused, words, option, expected, text):
    assert refused(*words, f"{option}={text}").replace("\\u0663", "٣") == (
        f"{option}: give {expected}, not {text!r}"
    )


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "1.5", "1e400", "5m"])
@pytest.mark.parametrize("option", ["--max-failures", "--max-failure-ratio"])
def test_a_guard_that_cannot_be(refused, option, text):
    assert refused("bulk", "bind", "rows.csv", option, text).startswith(f"{option}: give a ")


def test_every_number_has_bounds():
    for words, command in commands():
        for argument in command.assemble_argument_collection(default_parameter=DEFAULTS):
            hints = {argument.hint, *get_args(argument.hint)}
            if any(getattr(hint, "__name__", "") in {"int", "float", "Decimal"} for hint in hints):
                assert isinstance(argument.parameter.converter, Reader), (words, argument.name)


@pytest.mark.parametrize("words", [words for words, _ in commands()], ids=" ".join)
def test_help_shows_no_words_of_python(capsys, words):
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    found = re.findall(
        r"\(\)|\[\]|\bNone\b|\bTrue\b|\bFalse\b|--empty-\w+|\b(?:INT|STR|FLOAT|DECIMAL|BOOL)\b",
        shown,
    )
    assert not found


def test_an_empty_file_of_desired_state(capsys, tmp_path):
    (tmp_path / "rows.csv").write_text("")
    assert main(["plan", "rows.csv"]) == 2
    assert (
        "the file is empty. 'voxsip export' writes a file to start from." in capsys.readouterr().err
    )
