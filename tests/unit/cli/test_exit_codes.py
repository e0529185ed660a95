"""Every exit code of `voxsip`, produced through the real command."""

from __future__ import annotations

import time

import pytest

from tests.support.cli_command import Command
from tests.support.emulators import changes_received
from voxsip.bulk import Report, Stop
from voxsip.cli._jobs.summary import exit_code

pytestmark = pytest.mark.slow

BIND_TWO = "id,app id,user_id\n1,1,1\n2,2,2\n"
CREATE_TWO = "sip_username,proxy\nann,p\nbob,p\n"


def wait_for(emulator, command):
    """Return once the emulator has received a command."""
    while not emulator.state.counters.get(command, {}).get("received"):
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("stopped", "code"),
    [(stop, 3) for stop in (Stop.AUTHORIZATION, Stop.PROXY, Stop.STORE)]
    + [(stop, 4) for stop in (Stop.FAILURES, Stop.RATIO, Stop.FUNDS, Stop.QUOTA, Stop.DEADLINE)]
    + [(None, 0)],
)
def test_each_reason_to_stop_has_its_code(stopped, code):
    assert exit_code(Report(kind="bind", stopped=stopped)) == code


def test_0_all_rows_done(serve, write):
    emulator, voxsip = serve(registrations=2)
    ended = voxsip("bulk", "bind", write(BIND_TWO))
    assert ended.code == 0
    assert [one["user_id"] for one in emulator.state["registrations"]] == [1, 2]


def test_1_some_rows_failed(serve, write):
    _, voxsip = serve(registrations=1)
    ended = voxsip("bulk", "bind", write(BIND_TWO))
    assert ended.code == 1
    assert "rows.csv:3: failed: BindSipRegistration: 275" in ended.err


def test_1_a_single_call_is_refused(serve):
    _, voxsip = serve()
    assert voxsip("registrations", "delete", 7).code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("registrations", "bind"),
        ("registrations", "bind", "x"),
        ("registrations", "list", "--limit", "0"),
        ("registrations", "update", "1"),
        ("registrations", "bind", "1", "--user-id", "1"),
        ("registrations", "bind", "1", "--rule-id", "1", "--rule-name", "r"),
        ("bulk", "bind", "none.csv"),
        ("bulk", "bind", "bad.csv"),
        ("bulk", "bind", "good.csv", "--rate", "0"),
        ("bulk", "bind", "good.csv", "--rate", "inf"),
        ("bulk", "bind", "good.csv", "--concurrency", "0"),
        ("bulk", "bind", "good.csv", "--concurrency", "1000"),
        ("bulk", "bind", "good.csv", "--max-failure-ratio", "2"),
        ("bulk", "bind", "good.csv", "--on-conflict", "maybe"),
        ("bulk", "bind", "good.csv", "--journal", "good.csv"),
        ("bulk", "create", "-"),
        ("bulk", "create", "buy.csv"),
        ("bulk", "create", "buy.csv", "--yes", "--concurrency", "0"),
        ("bulk", "create", "buy.csv", "--yes", "--max-failures", "-1"),
        ("bulk", "create", "buy.csv", "--yes", "--journal", "none/j"),
        ("bulk", "status", "none.journal"),
        ("bulk", "resume", "none.journal"),
        ("bulk", "template", "update"),
        ("demo", "--rows", "0"),
        ("emulator", "--port", "-1"),
        ("emulator", "--faults", "none.toml"),
    ],
    ids=" ".join,
)
def test_2_bad_usage_or_input_sends_nothing(serve, write, arguments):
    emulator, voxsip = serve(registrations=2)
    write("id\nx\n", "bad.csv")
    write(BIND_TWO, "good.csv")
    write(CREATE_TWO, "buy.csv")
    ended = voxsip(*arguments, stdin=CREATE_TWO)
    assert ended.code == 2
    assert ended.err
    assert sum(counter["received"] for counter in emulator.state.counters.values()) == 0


def test_3_no_credentials(tmp_path, write):
    ended = Command(tmp_path)("bulk", "bind", write(BIND_TWO))
    assert ended.code == 3
    assert "VOXIMPLANT_CREDENTIALS" in ended.err


@pytest.mark.parametrize(
    "options",
    [
        ("--credentials", "none.json"),
        ("--base-url", "ftp://example.com"),
        ("--base-url", "http://example.com"),
        ("--ca-file", "none.pem"),
    ],
    ids=" ".join,
)
def test_3_bad_configuration(serve, options):
    _, voxsip = serve()
    assert voxsip("registrations", "list", *options).code == 3


def test_3_the_key_may_not(serve, write):
    emulator, voxsip = serve(registrations=2)
    support = emulator.add_key(roles=["Support"])
    assert voxsip("registrations", "delete", 1, "--credentials", support).code == 3
    ended = voxsip("bulk", "bind", write(BIND_TWO), "--credentials", support)
    assert ended.code == 3
    assert "stopped      authorization refused" in ended.out


def test_3_the_token_is_refused(serve):
    _, voxsip = serve()
    voxsip.environment.pop("VOXIMPLANT_CREDENTIALS")
    ended = voxsip("registrations", "list", VOXIMPLANT_TOKEN="e30.e30.e30")
    assert ended.code == 3
    assert "e30" not in ended.err


def test_4_too_many_failures(serve, write):
    _, voxsip = serve(registrations=1)
    path = write("id,app id\n" + "".join(f"{n},1\n" for n in range(1, 400)))
    ended = voxsip("bulk", "bind", path, "--max-failures", 5, "--concurrency", 1)
    assert ended.code == 4
    assert "too many failures" in ended.out


def test_4_too_high_a_share_of_failures(serve, write):
    _, voxsip = serve(registrations=1)
    path = write("id,app id\n" + "".join(f"{n},1\n" for n in range(1, 400)))
    ended = voxsip("bulk", "bind", path, "--max-failure-ratio", 0.5)
    assert ended.code == 4


def test_4_deadline(serve, write):
    _, voxsip = serve(registrations=2, latency=0.2)
    path = write(BIND_TWO)
    ended = voxsip("bulk", "bind", path, "--deadline", 0.05, "--concurrency", 1)
    assert ended.code == 4
    assert "deadline" in ended.out


def test_4_too_little_money_buys_nothing(serve, write):
    emulator, voxsip = serve(balance=1)
    ended = voxsip("bulk", "create", write(CREATE_TWO), "--yes")
    assert ended.code == 4
    assert "2 registrations at 1 USD: 2; the balance is 1" in ended.err
    assert changes_received(emulator) == 0


def test_4_no_more_places(serve, write):
    emulator, voxsip = serve(max_registrations=1)
    path = write(CREATE_TWO)
    ended = voxsip("bulk", "create", path, "--yes", "--concurrency", 1)
    assert ended.code == 4
    assert "quota exceeded" in ended.out
    assert len(emulator.state["registrations"]) == 1


def test_130_interrupted_and_resumed(serve, write):
    emulator, voxsip = serve(registrations=300, latency=0.02)
    path = write("id,app id\n" + "".join(f"{n},1\n" for n in range(1, 301)))
    options = ("--journal", "job.sqlite", "--concurrency", 4, "--json")
    running = voxsip.start("bulk", "bind", path, *options)
    outcomes = 0
    while outcomes < 20:
        outcomes += '"event":"outcome"' in running.process.stdout.readline()
    running.interrupt()
    ended = running.end()
    assert ended.code == 130
    assert "resume with: voxsip bulk resume job.sqlite" in ended.err
    counter = emulator.state.counters["BindSipRegistration"]
    done = counter["executed"]
    assert 20 <= done < 300
    assert counter["received"] == done, "what was in flight has ended"

    ended = voxsip("bulk", "resume", "job.sqlite")
    assert ended.code == 0
    assert f"from earlier {done}" in ended.out
    assert all(one["application_id"] == 1 for one in emulator.state["registrations"])
    assert emulator.state.counters["BindSipRegistration"]["executed"] == 300


def test_130_cut_off_by_a_second_ctrl_c(serve, write):
    emulator, voxsip = serve(registrations=2, latency=60)
    running = voxsip.start("bulk", "bind", write(BIND_TWO), "--journal", "job.sqlite")
    running.read_until("binding 2 rows")
    wait_for(emulator, "BindSipRegistration")
    ended = running.cut_off()
    assert "cut off; resume with: voxsip bulk resume job.sqlite" in ended.err
    assert "Traceback" not in ended.err


def test_130_before_the_first_row(serve, write):
    emulator, voxsip = serve(latency=60)
    write("of the last job", "failed.csv")
    running = voxsip.start("bulk", "create", write(CREATE_TWO), "--yes", "--report", ".")
    wait_for(emulator, "GetSubscriptionPrice")
    running.interrupt()
    ended = running.end()
    assert ended.code == 130
    assert (voxsip.folder / "failed.csv").read_text() == "of the last job"
    assert ended.err == "voxsip: cut off before the first row\n"


def test_130_a_single_call(serve):
    emulator, voxsip = serve(latency=60)
    running = voxsip.start("registrations", "list")
    wait_for(emulator, "GetSipRegistrations")
    running.interrupt()
    ended = running.end()
    assert ended.code == 130
    assert ended.err == "voxsip: interrupted\n"
