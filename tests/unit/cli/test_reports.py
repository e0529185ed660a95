"""`--report DIR`: what succeeded, what is to be run again, and how it went."""

from __future__ import annotations

import csv
import json

import pytest

pytestmark = pytest.mark.slow

PURCHASES = "sip_username,proxy,password,app,user\n" + "".join(
    f"phone-{number},p,secret-{number},app-{number % 2 * 6 + 1},\n" for number in range(1, 9)
)


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_failed_rows_run_again_as_they_are(serve, write, tmp_path):
    emulator, voxsip = serve(registrations=2)
    path = write("Registration ID;App;User\n1;app-1;user-1\n2;app-2;user-2\n3;app-3;user-3\n")
    ended = voxsip("bulk", "bind", path, "--report", "out")
    assert ended.code == 1
    assert "correct the rows in out/failed.csv and run that file" in ended.err
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "succeeded.csv",
        "failed.csv",
        "report.json",
        "report.html",
    }
    [failed] = read(tmp_path / "out" / "failed.csv")
    assert failed == {
        "sip_registration_id": "3",
        "application_name": "app-3",
        "user_name": "user-3",
        "row": "4",
        "status": "failed",
        "error_code": "275",
        "error": failed["error"],
    }
    succeeded = read(tmp_path / "out" / "succeeded.csv")
    assert {row["sip_registration_id"] for row in succeeded} == {"1", "2"}
    assert len(succeeded) == 2
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["rows"], report["done"], report["failed"]) == (3, 2, 1)

    assert voxsip("registrations", "create", "--sip-username", "x", "--proxy", "p").out == "3\n"
    # The reports of this run take the names of those that it reads, which are kept.
    ended = voxsip("bulk", "bind", "out/failed.csv", "--report", "out")
    assert ended.code == 0
    assert "out holds an earlier report; it is kept as" in ended.err
    assert read(tmp_path / "out" / "failed.1.csv") == [failed]
    assert read(tmp_path / "out" / "failed.csv") == []
    assert [one["user_id"] for one in emulator.state["registrations"]] == [1, 2, 3]


def test_a_job_that_stopped_is_gone_on_with_in_one_way(serve, write, tmp_path):
    """What is left stands in failed.csv, too; to run both would buy it twice."""
    emulator, voxsip = serve(max_registrations=2)
    rows = "sip_username,proxy\n" + "".join(f"phone-{number},p\n" for number in range(1, 9))
    path = write(rows)
    ended = voxsip("bulk", "create", path, "--yes", "--concurrency", 1, "--report", "out")
    assert ended.code == 4
    assert "resume with: voxsip bulk resume rows.csv.journal" in ended.err
    assert "run that file" not in ended.err
    assert len(read(tmp_path / "out" / "failed.csv")) == 6

    for number in (1, 2):
        assert voxsip("registrations", "delete", number, "--yes").code == 0
    ended = voxsip("bulk", "resume", "rows.csv.journal", "--concurrency", 1, "--report", "out")
    assert ended.code == 4
    bought = {one["sip_username"] for one in emulator.state["registrations"]}
    assert bought == {"phone-3", "phone-4"}, "the row that met the full quota is tried again"


def test_the_input_of_a_job_that_is_resumed_is_not_replaced(serve, write, tmp_path):
    emulator, voxsip = serve(registrations=2)
    (tmp_path / "out").mkdir()
    rows = "sip_registration_id,application_id\n" + "".join(f"{n},1\n" for n in (7, 1, 8, 2))
    write(rows, "out/failed.csv")
    options = ("--report", "out", "--concurrency", 1)
    ended = voxsip(
        "bulk", "bind", "out/failed.csv", "--journal", "j", "--max-failures", 0, *options
    )
    assert ended.code == 4
    assert "out/failed.csv is still needed and stays; failed.new.csv is the new one" in ended.err
    assert (tmp_path / "out" / "failed.csv").read_text() == rows
    assert [row["status"] for row in read(tmp_path / "out" / "failed.new.csv")] == [
        "failed",
        *["skipped"] * 3,
    ]
    ended = voxsip("bulk", "resume", "j", "--max-failures", 9, *options)
    assert ended.code == 1
    assert [one["application_id"] for one in emulator.state["registrations"]] == [1, 1]
    assert {row["sip_registration_id"] for row in read(tmp_path / "out" / "failed.csv")} == {
        "7",
        "8",
    }
    assert not (tmp_path / "out" / "failed.new.csv").exists()


def test_a_file_that_passwords_stand_in_is_not_replaced(serve, write, tmp_path):
    emulator, voxsip = serve()
    (tmp_path / "out").mkdir()
    write(PURCHASES, "out/failed.csv")
    ended = voxsip("bulk", "create", "out/failed.csv", "--yes", "--report", "out/../out")
    assert ended.code == 1
    assert "correct the rows in out/../out/failed.new.csv and run that file" in ended.err
    assert (tmp_path / "out" / "failed.csv").read_text() == PURCHASES
    corrected = (tmp_path / "out" / "failed.new.csv").read_text().replace("app-7", "app-3")
    write(corrected, "out/failed.new.csv")
    ended = voxsip("bulk", "create", "out/failed.new.csv", "--yes", "--report", "out")
    assert ended.code == 0, ended.err
    made = emulator.state["registrations"]
    assert sorted(one["sip_username"] for one in made) == [f"phone-{n}" for n in range(1, 9)]


def test_failed_purchases_find_their_passwords(serve, write, tmp_path):
    emulator, voxsip = serve()
    path = write(PURCHASES)
    ended = voxsip("bulk", "create", path, "--yes", "--report", "out")
    assert ended.code == 1, ended.err
    for file in (tmp_path / "out").iterdir():
        assert "secret-" not in file.read_text()
    failed = read(tmp_path / "out" / "failed.csv")
    assert len(failed) == 4

    corrected = (tmp_path / "out" / "failed.csv").read_text().replace("app-7", "app-3")
    (tmp_path / "corrected.csv").write_text(corrected)
    ended = voxsip("bulk", "create", "corrected.csv", "--yes", "--report", "again")
    assert ended.code == 0, ended.err
    made = emulator.state["registrations"]
    assert sorted(one["sip_username"] for one in made) == [f"phone-{n}" for n in range(1, 9)]

    ended = voxsip("bulk", "delete", "again/succeeded.csv")
    assert ended.code == 0, ended.err
    assert len(emulator.state["registrations"]) == 4


def test_what_was_not_sent_is_in_failed_csv(serve, write, tmp_path):
    _, voxsip = serve()
    path = write("id,app id\n" + "".join(f"{number},1\n" for number in range(1, 101)))
    options = ("--max-failures", 3, "--concurrency", 1, "--report", "out")
    assert voxsip("bulk", "bind", path, *options).code == 4
    rows = read(tmp_path / "out" / "failed.csv")
    assert len(rows) == 100
    assert {row["status"] for row in rows} == {"failed", "skipped"}


def test_the_report_of_a_resumed_job_is_whole(serve, write, tmp_path):
    _, voxsip = serve(registrations=50)
    path = write("id,app id\n" + "".join(f"{number},1\n" for number in range(1, 61)))
    voxsip("bulk", "bind", path, "--journal", "j", "--max-failures", 0, "--concurrency", 1)
    ended = voxsip("bulk", "resume", "j", "--max-failures", 100, "--report", "out")
    assert ended.code == 1
    assert len(read(tmp_path / "out" / "succeeded.csv")) == 50
    assert len(read(tmp_path / "out" / "failed.csv")) == 10
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["rows"], report["done"]) == (60, 50)


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv/out"])
def test_a_folder_that_cannot_be_written(serve, write, name):
    emulator, voxsip = serve(registrations=1)
    ended = voxsip("bulk", "bind", write("id,app id\n1,1\n"), "--report", name)
    assert ended.code == 3
    assert "reports in rows.csv" in ended.err
    assert not emulator.state.counters["BindSipRegistration"]["received"]


def test_options_are_in_the_report(serve, write, tmp_path):
    _, voxsip = serve(registrations=1)
    options = ("--skip-unchanged", "--rate", 50, "--concurrency", 7, "--max-failures", 3)
    assert voxsip("bulk", "bind", write("id,app id\n1,1\n"), "--report", "out", *options).code == 0
    told = json.loads((tmp_path / "out" / "report.json").read_text())["options"]
    assert told["skip_unchanged"] is True
    assert (told["rate"], told["concurrency"], told["max_failures"]) == (50, 7, 3)


def test_a_file_whose_name_is_not_utf_8_keeps_its_report(serve, write, tmp_path):
    import os

    _, voxsip = serve()
    name = os.fsdecode(b"r\xe9sum\xe9.csv")
    (tmp_path / name).write_text(PURCHASES)
    for flag in ((), ("--json",)):
        ended = voxsip(
            "bulk", "create", name, "--yes", "--report", "out", "--journal", f"j{flag}", *flag
        )
        assert ended.code == 1, ended.err
        failed = (tmp_path / "out" / "failed.csv").read_bytes()
        assert len(read_bytes(failed)) == 5
    (tmp_path / "corrected.csv").write_bytes(failed.replace(b"app-7", b"app-3"))
    ended = voxsip("bulk", "create", "corrected.csv", "--yes")
    assert ended.code == 0, ended.err


def read_bytes(content):
    return content.splitlines()


def test_a_full_disk_behind_the_reports(serve, write, tmp_path):
    emulator, voxsip = serve(registrations=2000)
    rows = "id,app id\n" + "".join(f"{number},1\n" for number in range(1, 2001))
    import resource

    path = write(rows)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_000, before[1]))  # inherited; writing more fails
    try:
        running = voxsip.start("bulk", "bind", path, "--report", "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    ended = running.end()
    assert ended.code == 1
    assert "cannot be written: File too large; the job continues without" in ended.err
    assert all(one["application_id"] == 1 for one in emulator.state["registrations"])
    assert not list((tmp_path / "out").iterdir())


def test_a_journal_in_use(serve, write):
    emulator, voxsip = serve(registrations=2, latency=60)
    running = voxsip.start("bulk", "bind", write("id,app id\n1,1\n2,1\n"), "--journal", "j")
    running.read_until("binding")
    while not emulator.state.counters["BindSipRegistration"]["received"]:
        pass
    ended = voxsip("bulk", "resume", "j")
    assert ended.code == 2
    assert f"is in use by process {running.process.pid}" in ended.err
    running.process.kill()
    running.end()
