"""`voxsip cluster`."""

import json

import pytest

pytestmark = pytest.mark.slow
ROWS = "sip_username,proxy,password\n" + "".join(f"u{n},sip.example.com,pw-{n}\n" for n in range(6))
ELSEWHERE = ROWS.replace("sip_username,proxy,password", "ext,floor,pwd").replace(
    "sip.example.com", "2"
)
READING = ("--map", "ext=sip_username", "--map", "pwd=password", "--set", "proxy=sip.example.com")


@pytest.mark.dask
def test_a_job_is_made_run_by_processes_shown_and_resumed(serve, write, postgres):
    emulator, voxsip = serve(balance=50, price=1)
    store = ("--store", postgres.dsn())
    options = ("--name", "night", "--partitions", "3", *READING, "--ignore-extra-columns", *store)
    made = voxsip("cluster", "create", write(ELSEWHERE), *options)
    assert made.code == 0
    assert "6 rows in 3 parts: 2 on average, 2 in the largest" in made.err
    assert "voxsip cluster resume night --store 'postgresql:///postgres?host=/" in made.err
    shown = json.loads(voxsip("cluster", "status", "night", "--json", *store).out)
    assert (shown["kind"], shown["progress"]["rows"], shown["progress"]["ended"]) == (
        "create",
        6,
        0,
    )
    ran = voxsip("cluster", "resume", "night", "--workers", "2", "--report", "out", *store)
    assert (ran.code, ran.err.count("starting 2 processes")) == (0, 1)
    assert "done         6" in ran.out
    assert (voxsip.folder / "out" / "succeeded.csv").read_text().count("sip.example.com") == 6
    assert emulator.state.counters["CreateSipRegistration"]["executed"] == 6
    text = voxsip("cluster", "status", "night", *store).out
    assert "night: create, complete" in text
    assert "3 of 3 done, 0 running" in text


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("bind", "-"), 2, "rows of standard input are nowhere"),
        (("bind", "rows.csv"), 2, "name the store: --store postgresql://"),
        (("bind", "rows.csv", "--file-encoding", "cp1251"), 2, "workers read bytes of the file"),
        (
            ("bind", "rows.csv", "--partitions", "0"),
            2,
            "--partitions: give a number from 1, or auto",
        ),
        (("create", "rows.csv", "--store", "x"), 3, "store: not a PostgreSQL address"),
        (("bind", "rows.csv", "--store", "postgresql://h/d"), 2, "there is no such column"),
        (("create", "rows.csv", "--store", "postgresql://h/d", "--workers", "0"), 2, "from 1"),
        (("resume", "night", "--store", "postgresql://h/d"), 2, "say who works on it"),
        (
            (
                "resume",
                "night",
                "--store",
                "postgresql://h/d",
                "--workers",
                "1",
                "--scheduler",
                "x",
            ),
            2,
            "--scheduler and --workers: give one of the two",
        ),
        (
            (
                "create",
                "rows.csv",
                "--store",
                "postgresql://h/d",
                "--rate-store",
                "postgresql://h/d",
            ),
            2,
            "keeps its rate in its --store",
        ),
    ],
)
def test_what_cannot_be(serve, write, arguments, code, text):
    _, voxsip = serve()
    write(ROWS)
    ended = voxsip("cluster", *arguments)
    assert ended.code == code
    assert text in ended.err


def test_a_dry_run_needs_no_store(serve, write):
    emulator, voxsip = serve()
    ended = voxsip("cluster", "create", write(ROWS), "--dry-run")
    assert (ended.code, ended.out) == (0, "rows.csv: 6 rows, nothing wrong; nothing was sent\n")
    ended = voxsip("cluster", "bind", write("id,app_id\n1,1\n1,1\n"), "--dry-run", "--json")
    assert (ended.code, "this row" in ended.err) == (2, True)
    (voxsip.folder / "rows.csv").write_text("id,app_id\n1,1\n", encoding="utf-16")
    ended = voxsip("cluster", "bind", "rows.csv", "--dry-run")
    assert (ended.code, "save it as CSV or JSONL in UTF-8" in ended.err) == (2, True)
    assert sum(counter["received"] for counter in emulator.state.counters.values()) == 0


def test_jobs_and_schedulers_that_are_not_there(serve, write, postgres):
    emulator, voxsip = serve(balance=50, price=1)
    store = ("--store", postgres.dsn())
    ended = voxsip("cluster", "status", "day", *store)
    assert (ended.code, "has no job of that name" in ended.err) == (2, True)
    path = write("sip_registration_id\n1\n")
    away = ("--scheduler", "tcp://127.0.0.1:1")
    ended = voxsip("cluster", "delete", path, "--name", "away", *away, *store)
    assert ended.code == 3
    assert "scheduler tcp://127.0.0.1:1: no Dask scheduler answers there" in ended.err
    assert emulator.state.counters["DeleteSipRegistration"]["received"] == 0
