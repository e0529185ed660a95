"""`--resume`: one command for cron, whatever became of the run before; and the most recent job."""

import pytest

from voxsip.emulator import Fault, Faults

pytestmark = pytest.mark.slow
ROWS = "sip_username,proxy\nann,p\nbob,p\n"


def bought(emulator):
    return sorted(row["sip_username"] for row in emulator.state.registrations)


def test_begins_continues_and_finds_it_finished(serve, write):
    emulator, voxsip = serve()
    command = ("bulk", "create", write(ROWS), "--yes", "--resume")
    emulator.faults = Faults([Fault(kind="error", code=127, command="CreateSipRegistration")])
    ended = voxsip(*command)
    assert ended.code == 4, "stopped: no money"
    assert bought(emulator) == []
    emulator.faults = None
    assert voxsip(*command).code == 0
    assert bought(emulator) == ["ann", "bob"]
    ended = voxsip(*command)
    assert (ended.code, ended.out) == (0, "")
    assert "has finished; nothing was sent" in ended.err
    assert emulator.state.counters["CreateSipRegistration"]["executed"] == 2


def test_says_that_a_finished_job_has_failed_rows(serve, write):
    _, voxsip = serve(registrations=1)
    command = ("bulk", "bind", write("id,app id\n1,1\n7,1\n"), "--resume")
    assert voxsip(*command).code == 1
    ended = voxsip(*command)
    assert ended.code == 1
    assert "has finished with 1 failed row; nothing was sent" in ended.err
    [event] = voxsip(*command, "--json").events
    assert event["event"] == "finished"
    counts = {name: event[name] for name in ("exit_code", "rows", "done", "failed", "restored")}
    assert counts == {"exit_code": 1, "rows": 2, "done": 1, "failed": 1, "restored": 2}
    status = voxsip("bulk", "status")
    assert "the most recent job: rows.csv.journal" in status.err
    assert "finished with 1 failed row" in status.out


def test_refuses_what_is_another_job(serve, write):
    emulator, voxsip = serve(registrations=2)
    write("id,app id\n1,1\n")
    assert voxsip("bulk", "bind", "rows.csv", "--resume").code == 0
    ended = voxsip("bulk", "delete", "rows.csv", "--resume", "--yes")
    assert ended.code == 2
    assert "the journal of another job (bind)" in ended.err
    ended = voxsip("bulk", "bind", "-", "--resume", stdin="id,app id\n1,1\n")
    assert (ended.code, "name a --journal" in ended.err) == (2, True)
    assert len(emulator.state.registrations) == 2


def test_the_most_recent_job_where_there_is_none(serve):
    _, voxsip = serve()
    for command in ("resume", "status"):
        ended = voxsip("bulk", command)
        assert (ended.code, "name the journal" in ended.err) == (2, True)
