"""`voxsip registrations watch`: for scripts, for people, on a terminal."""

import json

import jsonschema
import pytest

from tests.unit.cli.test_events_end import SCHEMA
from tests.unit.cli.test_terminal import CTRL_C, Terminal
from voxsip.cli import main
from voxsip.emulator import Fault, Faults

pytestmark = pytest.mark.slow

WATCH = ("registrations", "watch")
LIST = "GetSipRegistrations"


def counts(registered=0, failing=0, in_progress=0, missing=0):
    return {
        "registered": registered,
        "failing": failing,
        "in_progress": in_progress,
        "missing": missing,
    }


def check_schema(events):
    for event in events:
        jsonschema.validate(event, SCHEMA, jsonschema.Draft202012Validator)


def shown(event):
    return {name: value for name, value in event.items() if name not in {"event", "time"}}


def test_once_for_machines(serve, write):
    emulator, voxsip = serve(registrations=3)
    emulator.set_status(2, 403, "Forbidden \x9b31m")
    emulator.set_status(3, None)
    ended = voxsip(*WATCH, "--once", "--json")
    assert ended.code == 1
    assert "\x9b" not in ended.out
    one, two, three = map(shown, ended.named("registration"))
    assert (one["state"], one["sip_username"], one["proxy"]) == (
        "registered",
        "sip-1",
        "sip.example.com",
    )
    assert two["since"].endswith("Z")
    assert (two["state"], two["status_code"], two["error_message"]) == (
        "failing",
        403,
        "Forbidden \x9b31m",
    )
    assert (three["state"], "status_code" in three) == ("in_progress", False)
    check_schema(ended.events)
    (summary,) = map(shown, ended.named("summary"))
    assert summary == counts(1, 1, 1)

    name = write("sip_registration_id,note\n1,hello\n9,\n1,\n")
    ended = voxsip(*WATCH, name, "--once", "--json")
    assert ended.code == 1
    assert [shown(event)["state"] for event in ended.named("registration")] == [
        "registered",
        "missing",
    ]
    check_schema(ended.events)
    assert voxsip(*WATCH, "-", "--once", stdin="sip_registration_id\n1\n").code == 0


def test_lines_for_people(serve):
    emulator, voxsip = serve(registrations=3)
    emulator.set_status(2, 403, "Forbidden\x1b[31m\nroot")
    ended = voxsip(*WATCH, "--once")
    assert ended.code == 1
    failing, summary = ended.out.splitlines()
    assert ": failing 403 Forbidden\\x1b[31m\\nroot, since 20" in failing
    assert summary.endswith("3 registrations: 2 registered, 1 failing, 0 in progress")
    assert voxsip(*WATCH, "--once", "--sip-username", "sip-1").code == 0
    ended = voxsip(*WATCH, "--once", "--application-id", "1")
    assert (ended.code, ended.err) == (1, "voxsip: no registration matches\n")


def test_until_registered(serve):
    """A failure of the service is no end; changes are told as they come, those that vanish too."""
    emulator, voxsip = serve(registrations=2)
    emulator.set_status([1, 2], None)
    down = Fault(kind="http", status=503, command=LIST, times=range(3, 12))
    emulator.faults = Faults([down])
    running = voxsip.start(
        *WATCH, "--until-registered", "--deadline", "60", "--interval", "0.1", "--json"
    )
    events = []

    def read_until(condition):
        while not events or not condition(events[-1]):
            line = running.process.stdout.readline()
            assert line, events
            events.append(json.loads(line))

    read_until(lambda event: event["event"] == "error")
    assert events[-1]["error_class"] == "UnexpectedReplyError"
    emulator.set_status(1, 408, "Timeout")
    read_until(lambda event: event.get("state") == "failing")
    emulator.set_status([1, 2], 200)
    ended = running.end()
    assert ended.code == 0
    last = json.loads(ended.out.splitlines()[-1])
    assert shown(last) == counts(2)
    check_schema([*events, last])


def test_time_is_up(serve):
    emulator, voxsip = serve(registrations=1)
    emulator.set_status(1, None)
    ended = voxsip(*WATCH, "--until-registered", "--deadline", "1", "--interval", "0.2")
    assert ended.code == 1
    assert "1 in progress" in ended.out
    emulator.faults = Faults([Fault(kind="http", status=503, command=LIST)])
    ended = voxsip(*WATCH, "--until-registered", "--deadline", "0.5", "--json")
    assert ended.code == 1
    assert ended.err.startswith("voxsip: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--once", "--deadline", "1"], "--once: reads once"),
        (["--interval", "0"], "--interval: give a number of seconds above 0"),
        (["--deadline", "nan"], "--deadline: give a number of seconds above 0"),
        (["rows.csv", "--proxy", "x"], "a FILE or filters, not both"),
        (["nowhere.csv"], "nowhere.csv"),
        (["empty.csv"], "0 rows"),
        (["child.csv"], "child.csv:2: account_id"),
        (["names.csv"], "sip_registration_id"),
    ],
)
def test_usage(write, arguments, message, capsys, monkeypatch, tmp_path):
    """Nothing is connected to: there is not even a key."""
    monkeypatch.chdir(tmp_path)
    write("sip_registration_id\n1\n")
    write("sip_registration_id\n", "empty.csv")
    write("sip_registration_id,account_id\n1,2\n", "child.csv")
    write("sip_username\nalice\n", "names.csv")
    assert main([*WATCH, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_refused_key_ends_it(serve):
    _, voxsip = serve(registrations=1)
    ended = voxsip(*WATCH, "--deadline", "60", VOXIMPLANT_CREDENTIALS="", VOXIMPLANT_TOKEN="wrong")
    assert ended.code == 3


def test_a_live_table(serve):
    emulator, voxsip = serve(registrations=40)
    emulator.set_status(range(1, 31), 403, "Forbidden \x1b[31m")
    terminal = Terminal(voxsip)
    code, seen = terminal(*WATCH, "--once", LINES="15")
    assert code == 1
    assert "40 registrations: 10 registered, 30 failing, 0 in progress" in seen
    assert "since" in seen
    assert "Forbidden \\x1b[31m" in seen
    assert "and 20 others" in seen
    code, seen = terminal(*WATCH, answer=CTRL_C, question=b"30 failing")
    assert code == 130
    assert "interrupted" in seen
    code, seen = terminal(*WATCH, "--once", TERM="dumb")
    assert code == 1
    assert "registration 1 (sip-1 at sip.example.com): failing 403" in seen
