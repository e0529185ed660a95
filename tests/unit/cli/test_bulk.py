"""`voxsip bulk`: files in, the live state changed, the job told."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.support.emulators import commands_received

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow

BIND = "id,app id,user_id\n1,1,1\n2,2,2\n3,3,3\n"


def users(emulator):
    return [one["user_id"] for one in emulator.state["registrations"]]


TEN_MISTAKES = """\
registration,application,user,user_id,bind
x,app-1,ann,,
,app-1,ann,,
3,app-1,bob,5,
4,,cid,,
5,app-1,,5.5,
6,app-1,,,maybe
7,app-1,dan
8,app-1,"e"ve,,
9,app-1,\0,,
10,app-1,eve,,
11,app-1,eve,,
"""


def test_ten_mistakes_make_ten_messages_and_no_request(serve, write):
    emulator, voxsip = serve(registrations=20)
    ended = voxsip("bulk", "bind", write(TEN_MISTAKES))
    assert ended.code == 2
    *messages, last = ended.err.splitlines()
    assert [line.split(":")[:2] for line in messages] == [
        ["rows.csv", str(number)] for number in [2, 3, 4, 5, 6, 7, 8, 9, 10, 12]
    ]
    assert last == "voxsip: 10 mistakes; nothing was sent"
    assert commands_received(emulator) == {}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--concurrency", 0), "--concurrency: give a whole number from 1 to 256"),
        (("--rate", "nan"), "--rate: give a number above 0"),
        (("--max-failure-ratio", 2), "--max-failure-ratio: give a number from 0 to 1"),
    ],
)
def test_dry_run_checks_the_limits(serve, write, options, words):
    _, voxsip = serve()
    ended = voxsip("bulk", "bind", write(BIND), "--dry-run", *options)
    assert ended.code == 2
    assert words in ended.err


def test_dry_run_sends_nothing(serve, write):
    emulator, voxsip = serve()
    path = write(BIND)
    ended = voxsip("bulk", "bind", path, "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "rows.csv: 3 rows, nothing wrong; nothing was sent\n"
    [event] = voxsip("bulk", "bind", path, "--dry-run", "--json").events
    assert event == {
        "event": "checked",
        "time": event["time"],
        "file": "rows.csv",
        "rows": 3,
    }
    assert commands_received(emulator) == {}


@pytest.mark.parametrize("kind", ["bind", "create", "delete"])
def test_templates_are_valid_input(serve, kind):
    emulator, voxsip = serve()
    template = voxsip("bulk", "template", kind)
    assert template.code == 0
    ended = voxsip("bulk", kind, "-", "--dry-run", stdin=template.out)
    assert ended.code == 0, ended.err
    assert commands_received(emulator) == {}


def test_rows_from_standard_input(serve):
    emulator, voxsip = serve(registrations=3)
    rows = '{"id": 1, "app": "app-1", "user": "user-1"}\n{"id": 3, "app": "app-3", "user_id": 3}\n'
    ended = voxsip("bulk", "bind", "-", stdin=rows)
    assert ended.code == 0
    assert users(emulator) == [1, None, 3]
    assert "named by id and by name" in ended.err


def test_clashing_rows_are_refused_or_run_in_order(serve, write):
    emulator, voxsip = serve(registrations=3)
    path = write("id,app id,user_id\n1,1,1\n2,1,1\n3,1,1\n")
    ended = voxsip("bulk", "bind", path)
    assert ended.code == 2
    assert "rows.csv:4: this row binds a registration to user 1, as row 2 does" in ended.err
    assert commands_received(emulator) == {}
    assert voxsip("bulk", "bind", path, "--on-conflict", "order").code == 0
    assert users(emulator) == [None, None, 1]


def test_running_a_finished_file_again_changes_nothing(serve, write):
    emulator, voxsip = serve(registrations=3)
    path = write(BIND)
    voxsip("bulk", "bind", path)
    ended = voxsip("bulk", "bind", path, "--skip-unchanged", "--verify")
    assert ended.code == 0
    assert "unchanged    3" in ended.out
    assert "mismatches   0" in ended.out
    assert commands_received(emulator)["BindSipRegistration"] == 3


def test_events_for_machines(serve, write):
    _, voxsip = serve(registrations=2)
    ended = voxsip("bulk", "bind", write("id,app id\n1,1\n\n2,1\n3,1\n"), "--json")
    assert ended.code == 1
    assert ended.err == ""
    first, *_, last = ended.events
    assert first.pop("time").endswith("Z")
    assert first == {"event": "started", "job": "binding", "file": "rows.csv", "rows": 3}
    outcomes = {one["row"]: one for one in ended.named("outcome")}
    assert {row: one["line"] for row, one in outcomes.items()} == {2: 2, 4: 4, 5: 5}
    assert outcomes[2]["status"] == "done"
    assert (outcomes[5]["status"], outcomes[5]["error_code"]) == ("failed", 275)
    assert outcomes[5]["error_class"] == "NotFoundError"
    assert outcomes[5]["error_name"] == "INVALID_REGISTRATION_ID"
    assert outcomes[5]["sip_registration_id"] == 3
    schema = json.loads((ROOT / "docs" / "events.schema.json").read_text())
    for event in ended.events:
        jsonschema.validate(event, schema, jsonschema.Draft202012Validator)
    assert ended.named("progress")[-1]["rows"] == 3
    assert last["event"] == "finished"
    assert (last["exit_code"], last["done"], last["failed"]) == (1, 2, 1)


def test_create_and_delete(serve, write):
    emulator, voxsip = serve(balance=10)
    rows = "sip_username,proxy,password,app,user\nann,p,HUNTER2,app-1,user-1\nbob,p,HUNTER2,,\n"
    ended = voxsip("bulk", "create", write(rows), "--yes")
    assert ended.code == 0
    assert "2 registrations at 1 USD: 2; the balance is 10" in ended.err
    assert "the journal is rows.csv.journal" in ended.err
    assert "HUNTER2" not in ended.out + ended.err
    found = {one["sip_username"]: one["user_id"] for one in emulator.state["registrations"]}
    assert found == {"ann": 1, "bob": None}
    assert emulator.state["account"]["balance"] == 8

    ended = voxsip("bulk", "create", "rows.csv", "--yes")
    assert ended.code == 2, "the same command again must not buy again"
    assert "voxsip bulk resume rows.csv.journal" in ended.err

    ended = voxsip("bulk", "delete", write("id\n1\n2\n", "ids.csv"))
    assert ended.code == 0
    assert emulator.state["registrations"] == []


def test_create_buys_nothing_unasked(serve, write):
    emulator, voxsip = serve()
    ended = voxsip("bulk", "create", write("sip_username,proxy\nann,p\n"))
    assert ended.code == 2
    assert "pass --yes" in ended.err
    assert emulator.state["registrations"] == []


def test_create_does_not_buy_what_is_there(serve, write):
    emulator, voxsip = serve(balance=1)
    path = write("sip_username,proxy\nann,p\n")
    assert voxsip("bulk", "create", path, "--yes").code == 0
    path = write("sip_username,proxy\nann,p\n", "more.csv")
    ended = voxsip("bulk", "create", path, "--yes", "--skip-unchanged")
    assert ended.code == 0
    assert "unchanged    1" in ended.out
    assert emulator.state["account"]["balance"] == 0


def test_the_first_failures_are_shown(serve, write):
    _, voxsip = serve()
    path = write("id,app id\n" + "".join(f"{n},1\n" for n in range(1, 31)))
    ended = voxsip("bulk", "bind", path)
    assert ended.err.count("failed: BindSipRegistration: 275") == 10
    assert "--report DIR lists all of them" in ended.err
    assert "30 x 275 INVALID_REGISTRATION_ID" in ended.out


def test_a_header_alone_is_a_job_of_no_rows(serve, write):
    _, voxsip = serve()
    assert voxsip("bulk", "bind", write("id,app id\n")).code == 0


def test_over_tls_with_a_ca_file(serve, write):
    emulator, voxsip = serve(registrations=3, tls=True)
    path = write(BIND)
    assert voxsip("bulk", "bind", path, "--ca-file", emulator.ca).code == 0
    assert users(emulator) == [1, 2, 3]
    ended = voxsip("registrations", "list")
    assert ended.code == 1
    assert "certificate" in ended.err


def test_one_row_has_one_number(serve, write, tmp_path):
    import csv

    _, voxsip = serve(registrations=1)
    path = write('\nid,app id,error\n\n1,1,"a\nb"\n9,1,\n')
    ended = voxsip("bulk", "bind", path, "--json", "--report", "out")
    rows = {one["status"]: (one["row"], one["line"]) for one in ended.named("outcome")}
    assert rows == {"done": (4, 4), "failed": (6, 6)}
    with (tmp_path / "out" / "failed.csv").open(newline="") as file:
        assert [one["row"] for one in csv.DictReader(file)] == ["6"]
    ended = voxsip("bulk", "bind", path)
    assert f"{path}:6: failed" in ended.err
