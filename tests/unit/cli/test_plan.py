"""`voxsip plan`, `apply` and `export`, as processes, judged by exit codes, output and the emulator's counters."""

import csv
import json
import os
import re
import signal

import pytest

from tests.support.emulators import changes_received, commands_received
from voxsip import Client
from voxsip.emulator import Fault, Faults

pytestmark = pytest.mark.once

HEADER = "sip_registration_id,sip_username,proxy,application_name,user_name,password\n"
NAMES = ("created", "updated", "bound", "moved", "unbound", "deleted", "unchanged", "refused", "unmanaged", "rows")  # fmt: skip


def printed_counts(out):
    found = dict(re.findall(r"^([a-z]+) +([\d,]+)\b", out, re.MULTILINE))
    return {name: int(number.replace(",", "")) for name, number in found.items() if name in NAMES}


@pytest.fixture
def account(serve):
    """An emulator of 20 registrations, the first 12 of them bound, and a command."""
    emulator, voxsip = serve(applications=3, users=12, registrations=20, balance=10)
    lines = "".join(f"{n},,,app-{(n - 1) % 3 + 1},user-{n},\n" for n in range(1, 13))
    (voxsip.folder / "first.csv").write_text(HEADER + lines)
    rows = [
        {
            "sip_registration_id": n,
            "application_name": f"app-{(n - 1) % 3 + 1}",
            "user_name": f"user-{n}",
        }
        for n in range(1, 13)
    ]
    with Client(emulator.credentials, base_url=emulator.base_url, ssl=emulator.ca) as client:
        assert client.bulk.bind(rows).wait().done == 12
    return emulator, voxsip


FILES = {
    "nothing to do": (HEADER + "1,,,,,\n2,sip-2,,app-2,user-2,\n", [], 0),
    "all kinds": (
        HEADER + "1,,,,-,\n2,,,app-2,user-5,\n5,renamed,,,user-2,\n,new,sip.example.com,-,,x\n13,,,app-1,,\n",
        ["--prune", "--scope", "prefix=sip-20"],
        5,
    ),
    "refused": (HEADER + "99,,,,,\n1,,,,nobody,\n2,,,,-,\n", [], 2),
    "past a threshold": (HEADER + "".join(f"{n},,,,-,\n" for n in range(1, 13)), [], 5),
    "by login": (HEADER + ",sip-14,sip.example.com,app-1,user-1,\n", [], 5),
    "empty and pruning": (HEADER, ["--prune", "--scope", "application=app-1"], 2),
    "no rows": (HEADER, [], 0),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_exit_code_json_and_printed_counts_agree_and_nothing_is_changed(account, case):
    emulator, voxsip = account
    content, options, code = FILES[case]
    (voxsip.folder / "rows.csv").write_text(content)
    before = changes_received(emulator)
    text = voxsip("plan", "rows.csv", "--detailed-exitcode", *options)
    as_json = voxsip("plan", "rows.csv", "--detailed-exitcode", "--json", *options)
    plain = voxsip("plan", "rows.csv", *options)
    assert text.code == as_json.code == code
    assert plain.code == (0 if code == 5 else code)
    (plan,) = as_json.events
    assert plan["exit_code"] == code
    assert plan["counts"] == printed_counts(text.out) == printed_counts(plain.out)
    changes = sum(plan["counts"][name] for name in NAMES[:6])
    assert changes == len(plan["changes"])
    assert (changes > 0) == (code == 5 or case == "refused")
    assert bool(plan["refused"]) == (code == 2)
    assert changes_received(emulator) == before


def test_what_is_refused_is_named_by_line_and_column(account):
    _, voxsip = account
    ended = voxsip("plan", "-", stdin=HEADER + "\n99,,,,,\n1,,,,nobody,\n1,,,,,\n")
    assert ended.code == 2
    assert "<stdin>:3: column sip_registration_id: there is no registration 99" in ended.out
    assert "<stdin>:4: column user_name: there is no user 'nobody' in application 1" in ended.out
    assert "<stdin>:4: line 5 wants registration 1 too" in ended.out
    assert "<stdin>:5: line 4 wants registration 1 too" in ended.out
    assert "nothing was sent" in ended.err


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("sip_registration_id,user\n1,\udcff\n", "rows.csv", "column user: byte 0xFF is not UTF-8"),
        ("sip_registration_id\n1.5E+3\n", "rows.csv", "spreadsheet has rounded"),
        ("sip_registration_id,usr\n1,x\n", "rows.csv", "column usr: there is no such column"),
        ('{"sip_registration_id": 1, "user_name": "-"}\n', "rows.jsonl", "Write null for none"),
        ('{"sip_registration_id": 1, "password": "-"}\n', "rows.jsonl", "Write plain:-"),
        ("", "rows.csv", "the file is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_before_any_call(account, content, name, message):
    emulator, voxsip = account
    (voxsip.folder / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    received = sum(commands_received(emulator).values())
    for command in (("plan",), ("apply", "--yes")):
        ended = voxsip(command[0], name, *command[1:])
        assert ended.code == 2
        assert message in ended.err
    assert sum(one["received"] for one in emulator.state.counters.values()) == received


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--prune"], "pruning needs one"),
        (["--scope", "proxy=x"], "--prune"),
        (["--prune", "--scope", "proxy"], "--scope: 'proxy' says nothing"),
        (["--prune", "--scope", "colour=red"], "write one of application="),
        (["--prune", "--scope", "proxy=a", "--scope", "proxy=b"], "given twice"),
    ],
)
def test_a_wrong_scope_is_bad_usage(account, options, message):
    _, voxsip = account
    ended = voxsip("plan", "first.csv", *options)
    assert ended.code == 2
    assert message in ended.err


def test_null_in_jsonl_is_none_and_what_is_absent_is_left_alone(account):
    emulator, voxsip = account
    lines = [{"sip_registration_id": 1, "user_name": None}, {"id": 2, "application": ""}]
    (voxsip.folder / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ended = voxsip("apply", "rows.jsonl", "--yes")
    assert ended.code == 0, ended.err
    assert [emulator.state.registrations[n]["user_id"] for n in (0, 1)] == [None, 2]


def test_export_plan_nothing_to_do(account):
    _, voxsip = account
    for options in ((), ("--jsonl",), ("--application", "app-1"), ("--application", "2")):
        exported = voxsip("export", *options)
        assert exported.code == 0
        name = "all.jsonl" if options == ("--jsonl",) else "all.csv"
        (voxsip.folder / name).write_text(exported.out)
        ended = voxsip("plan", name, "--json", "--detailed-exitcode")
        assert ended.code == 0
        assert ended.events[0]["counts"]["unchanged"] == (4 if "--application" in options else 20)


def test_export_of_an_application_that_is_not_there(account):
    _, voxsip = account
    for application in ("app", "9"):
        ended = voxsip("export", "--application", application)
        assert (ended.code, ended.out) == (2, "")
        assert "--application: there is no application" in ended.err


def test_a_saved_plan_is_applied_once(account):
    emulator, voxsip = account
    (voxsip.folder / "rows.csv").write_text(HEADER + "1,,,,user-4,\n4,,,,user-1,\n")
    assert voxsip("plan", "rows.csv", "--out", "tonight.plan").code == 0
    before = changes_received(emulator)
    applied = voxsip("apply", "tonight.plan", "--json", "--report", "reports")
    assert applied.code == 0
    (finished,) = applied.named("finished")
    assert (finished["done"], finished["exit_code"], finished["kind"]) == (2, 0, "apply")
    assert [one["line"] for one in applied.named("outcome")] == [2, 3]
    assert changes_received(emulator) - before == 2
    again = voxsip("apply", "tonight.plan")
    assert again.code == 4
    assert "applied to its end already" in again.err
    assert changes_received(emulator) - before == 2
    assert (voxsip.folder / "reports" / "succeeded.csv").read_text().count("move") == 2


def test_reports_of_a_plan_say_what_was_made_where_and_how(account):
    emulator, voxsip = account
    (voxsip.folder / "rows.csv").write_text(HEADER + ",new,sip.example.com,,,\n1,,,,-,\n")
    assert voxsip("plan", "rows.csv", "--out", "a.plan").code == 0
    assert voxsip("apply", "a.plan", "--report", "out", "--concurrency", "3").code == 0
    facts = json.loads((voxsip.folder / "out" / "report.json").read_text())
    assert facts["account_id"] == emulator.account_id
    assert facts["options"]["concurrency"] == 3
    with (voxsip.folder / "out" / "succeeded.csv").open(newline="") as file:
        told = {row["action"]: row["sip_registration_id"] for row in csv.DictReader(file)}
    made = max(row["sip_registration_id"] for row in emulator.state["registrations"])
    assert told == {"create": str(made), "unbind": "1"}


def test_a_plan_that_cannot_be_saved_is_bad_usage_and_reads_nothing(account):
    emulator, voxsip = account
    before = emulator.state.counters["GetSipRegistrations"]["received"]
    for words in (("plan", "first.csv", "--out"), ("apply", "first.csv", "--yes", "--plan")):
        ended = voxsip(*words, "gone/a.plan")
        assert ended.code == 2
        assert f"{words[-1]} gone/a.plan" in ended.err
    assert emulator.state.counters["GetSipRegistrations"]["received"] == before


def test_a_plan_of_one_change_is_of_one_row(account):
    _, voxsip = account
    (voxsip.folder / "rows.csv").write_text(HEADER + "1,,,,-,\n")
    ended = voxsip("apply", "rows.csv", "--yes")
    assert "applying 1 row of rows.csv.plan" in ended.err


def test_a_stale_plan_sends_nothing_and_says_what_differs(account):
    emulator, voxsip = account
    (voxsip.folder / "rows.csv").write_text(HEADER + "1,,,,user-4,\n13,,,app-1,user-1,\n")
    voxsip("plan", "rows.csv", "--out", "tonight.plan")
    assert (
        voxsip("registrations", "unbind", "4", "--application-id", "1", "--user-id", "4").code == 0
    )
    before = changes_received(emulator)
    ended = voxsip("apply", "tonight.plan")
    assert ended.code == 4
    assert (
        "user 4 is at no registration, and was at registration 4 when the plan was made"
        in ended.err
    )
    assert changes_received(emulator) == before
    assert not (voxsip.folder / "tonight.plan.journal").exists()


def test_a_plan_past_a_threshold_is_saved_and_applied_with_force_alone(account):
    emulator, voxsip = account
    (voxsip.folder / "rows.csv").write_text(HEADER + "".join(f"{n},,,,-,\n" for n in range(1, 13)))
    shown = voxsip("plan", "rows.csv", "--out", "tonight.plan")
    assert shown.code == 0
    assert "past the threshold: 12 changes that take something away" in shown.out
    before = changes_received(emulator)
    refused = voxsip("apply", "tonight.plan")
    assert refused.code == 4
    assert "--force" in refused.err
    assert voxsip("apply", "rows.csv", "--yes").code == 4
    assert changes_received(emulator) == before
    assert voxsip("apply", "tonight.plan", "--force").code == 0
    assert changes_received(emulator) - before == 12


def test_an_edited_a_cut_and_a_foreign_plan_are_refused(account, serve):
    emulator, voxsip = account
    voxsip("plan", "first.csv", "--out", "empty.plan")
    (voxsip.folder / "rows.csv").write_text(HEADER + "1,,,,user-4,\n")
    voxsip("plan", "rows.csv", "--out", "tonight.plan")
    whole = (voxsip.folder / "tonight.plan").read_text()
    before = changes_received(emulator)
    (voxsip.folder / "edited.plan").write_text(whole.replace('"user_id":4', '"user_id":7'))
    (voxsip.folder / "cut.plan").write_text("".join(whole.splitlines(keepends=True)[:-1]))
    for name, message in (("edited.plan", "was edited"), ("cut.plan", "cut short")):
        ended = voxsip("apply", name)
        assert ended.code == 2
        assert message in ended.err
    other, _ = serve(applications=3, users=12, registrations=20)
    ended = voxsip(
        "apply", "tonight.plan",
        VOXIMPLANT_BASE_URL=other.base_url, VOXIMPLANT_CREDENTIALS=str(other.credentials),
    )  # fmt: skip
    assert ended.code == 2
    assert "it was made with" in ended.err
    assert changes_received(emulator) == before
    assert "the plan is made already" in voxsip("apply", "tonight.plan", "--prune").err
    empty = voxsip("apply", "empty.plan")
    assert empty.code == 0
    assert "nothing to do" in empty.err


def test_nobody_to_ask_changes_nothing(account):
    emulator, voxsip = account
    (voxsip.folder / "rows.csv").write_text(HEADER + "1,,,,user-4,\n")
    before = changes_received(emulator)
    ended = voxsip("apply", "rows.csv")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert changes_received(emulator) == before
    assert not list(voxsip.folder.glob("rows.csv.*"))
    assert "say with --plan" in voxsip("apply", "-", "--yes", stdin=HEADER).err


def test_passwords_of_a_file_are_found_again_by_apply(account):
    _, voxsip = account
    (voxsip.folder / "rows.csv").write_text(HEADER + ",new,sip.example.com,,,canary\n")
    assert voxsip("plan", "rows.csv", "--out", "tonight.plan").code == 0
    (voxsip.folder / "rows.csv").rename(voxsip.folder / "moved.csv")
    gone = voxsip("apply", "tonight.plan")
    assert gone.code == 2
    assert "--rows" in gone.err
    assert voxsip("apply", "tonight.plan", "--rows", "first.csv").code == 2
    applied = voxsip("apply", "tonight.plan", "--rows", "moved.csv", "--report", "reports")
    assert applied.code == 0, applied.err
    (voxsip.folder / "moved.csv").unlink()
    for path in voxsip.folder.rglob("*"):
        if path.is_file():
            assert b"canary" not in path.read_bytes(), path
    piped = voxsip("plan", "-", "--out", "x.plan", stdin=HEADER + ",n,sip.example.com,,,canary\n")
    assert piped.code == 2
    assert "standard input" in piped.err


def test_interrupted_once_it_stops_in_order_and_the_same_command_resumes(account):
    emulator, voxsip = account
    emulator.latency = 0.05
    rows = "".join(f",new-{n},sip.example.com,,,\n" for n in range(10))
    (voxsip.folder / "rows.csv").write_text(HEADER + rows)
    assert voxsip("plan", "rows.csv", "--out", "tonight.plan").code == 0
    running = voxsip.start("apply", "tonight.plan", "--concurrency", "1", "--json")
    while json.loads(running.process.stdout.readline())["event"] != "outcome":
        pass
    running.interrupt()
    ended = running.end()
    assert ended.code == 130
    assert "resume with: voxsip apply tonight.plan" in ended.err
    made = len(emulator.state.registrations) - 20
    assert 0 < made < 10
    emulator.latency = 0
    resumed = voxsip("apply", "tonight.plan", "--json")
    assert resumed.code == 0
    assert resumed.named("finished")[0]["restored"] == made
    assert len(emulator.state.registrations) == 30


def test_killed_at_any_moment_it_is_resumed_and_nothing_is_bought_twice(account):
    emulator, voxsip = account
    emulator.latency = 0.02
    rows = "".join(f",new-{n},sip.example.com,app-1,,\n" for n in range(5))
    chain = "1,,,,user-4,\n4,,,,user-7,\n7,,,,user-10,\n10,,,,-,\n2,,,,user-5,\n5,,,,user-2,\n"
    (voxsip.folder / "rows.csv").write_text(HEADER + rows + chain)
    assert voxsip("plan", "rows.csv", "--out", "tonight.plan", "--force").code == 0
    for seen in (1, 4, 8):
        running = voxsip.start("apply", "tonight.plan", "--concurrency", "2", "--json")
        outcomes = 0
        for line in running.process.stdout:
            outcomes += json.loads(line)["event"] == "outcome"
            if outcomes == seen:
                break
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.communicate()
    ended = voxsip("apply", "tonight.plan")
    assert ended.code == 0, ended.err
    live = {one["sip_registration_id"]: one["user_id"] for one in emulator.state.registrations}
    assert len(live) == 25
    assert [live[n] for n in (1, 4, 7, 10, 2, 5)] == [4, 7, 10, None, 5, 2]
    assert voxsip("plan", "rows.csv", "--detailed-exitcode").code == 0


def test_some_changes_failed(account):
    emulator, voxsip = account
    (voxsip.folder / "rows.csv").write_text(HEADER + "1,,,,-,\n2,,,,-,\n")
    emulator.faults = Faults(
        [Fault(kind="error", code=393, command="BindSipRegistration", times=(1,))]
    )
    ended = voxsip("apply", "rows.csv", "--yes")
    assert ended.code == 1
    assert "rows.csv.plan:" in ended.err
    assert "plan again" in ended.err


def test_the_journal_of_a_plan_is_no_bulk_job(account):
    _, voxsip = account
    (voxsip.folder / "first.csv").write_text(HEADER + "1,,,,-,\n")
    assert voxsip("apply", "first.csv", "--yes").code == 0
    ended = voxsip("bulk", "resume", "first.csv.plan.journal")
    assert ended.code == 2
    assert "voxsip apply" in ended.err
