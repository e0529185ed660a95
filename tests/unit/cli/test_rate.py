"""`voxsip rate`, and `--rate-store`."""

import json

import pytest

pytestmark = pytest.mark.slow


def test_a_rate_is_set_used_by_a_job_and_shown(serve, write, postgres):
    _, voxsip = serve(applications=1, registrations=3, users=3)
    store = ("--rate-store", postgres.dsn())
    assert "no limit" in voxsip("rate", "show", *store).out
    assert ": 500 a second" in voxsip("rate", "set", "500", *store).out
    rows = "sip_registration_id,application_id,user_id\n1,1,1\n2,1,2\n3,1,3\n"
    assert voxsip("bulk", "bind", write(rows), "--rate", "900", *store).code == 0
    shown = json.loads(voxsip("rate", "show", "--json", *store).out)
    assert (shown["ceiling"], shown["total"], shown["cuts"]) == (500.0, 3, 0)
    assert "paused for another" in voxsip("rate", "pause", "1000", *store).out
    assert "paused" not in voxsip("rate", "pause", "0", *store).out
    assert "no limit" in voxsip("rate", "set", "none", *store).out


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("show",), 2, "name the store: --rate-store"),
        (("show", "--rate-store", "rate.sqlite"), 3, "store: not a PostgreSQL address"),
        (("set", "fast"), 2, "RATE: give a number above 0"),
        (("pause", "-1"), 2, "SECONDS: give a number above 0"),
    ],
)
def test_what_cannot_be(serve, arguments, code, text):
    _, voxsip = serve()
    ended = (
        voxsip("rate", arguments[0], "--", *arguments[1:])
        if arguments[-1] == "-1"
        else voxsip("rate", *arguments)
    )
    assert ended.code == code
    assert text in ended.err


def test_a_job_in_a_store_is_begun_shown_and_resumed(serve, write, postgres):
    _, voxsip = serve(applications=1, registrations=3, users=3)
    journal = f"{postgres.dsn()}#night"
    rows = "sip_registration_id,application_id,user_id\n1,1,1\n2,1,2\n3,1,3\n"
    begun = voxsip("bulk", "bind", write(rows), "--journal", journal)
    assert begun.code == 0
    state = json.loads(voxsip("bulk", "status", "--json", journal).out)
    assert (state["kind"], state["counts"]["done"], state["complete"]) == ("bind", 3, True)
    resumed = voxsip("bulk", "resume", journal)
    assert resumed.code == 0
    again = voxsip("bulk", "bind", "rows.csv", "--journal", journal)
    assert again.code == 2, "as for a journal in a file"
    assert "there is a job of that name already" in again.err
    missing = [voxsip("bulk", command, f"{journal}2") for command in ("status", "resume")]
    assert [ended.code for ended in missing] == [2, 2]
    for ended in (begun, resumed, again, *missing):
        assert postgres.password not in ended.out + ended.err


@pytest.mark.parametrize(
    ("command", "where"),
    [
        (("bulk", "bind"), "--journal"),
        (("bulk", "status"), None),
        (("cluster", "bind"), "--store"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value or ("-",)),
)
def test_a_store_that_does_not_answer_is_said_before_anything_is_sent(
    serve, write, tmp_path, command, where
):
    emulator, voxsip = serve(applications=1, registrations=1)
    rows = write("sip_registration_id,application_id\n1,1\n")
    store = f"postgresql://voxsip@/db?host={tmp_path}" + ("" if where else "#night")
    ended = voxsip(*command, *((rows, where) if where else ()), store)
    assert ended.code == 3
    assert "no PostgreSQL server answers there; start it, or correct the address" in ended.err
    assert emulator.state.counters["BindSipRegistration"]["received"] == 0


@pytest.mark.parametrize("command", ["bind", "status"])
def test_a_store_of_another_kind_is_refused_without_its_password(serve, write, command):
    _, voxsip = serve(applications=1, registrations=1)
    rows = (write("sip_registration_id,application_id\n1,1\n"), "--journal")
    ended = voxsip("bulk", command, *(rows if command == "bind" else ()), "mysql://a:canary@h/x#j")
    assert (ended.code, "canary" in ended.out + ended.err) == (3 if command == "bind" else 2, False)
    assert "journal: mysql:// is no store" in ended.err.replace("--journal:", "journal:")
