import csv
import gc
import json
import os
import tracemalloc

import pytest

from voxsip import (
    BindRequest,
    ConfigurationError,
    CreateRequest,
    DeleteRequest,
    InvalidArgumentError,
    NotFoundError,
    OutcomeUnknownError,
)
from voxsip.bulk import Outcome, Report
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.journal import create_journal
from voxsip.models import CreateSipRegistrationReply
from voxsip.report._files import ReportWriter

PASSWORD = 's3cret,"pässword"'


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refused():
    return NotFoundError("no such, user", code=116, command="BindSipRegistration")


def test_every_row_is_in_one_file(tmp_path, job):
    row = BindRequest(sip_registration_id=1, application_id=2, user_name='ü,"x"', bind=False)
    with ReportWriter(tmp_path / "out", "bind", "rows.csv") as writer:
        report = job(
            writer,
            (row, "done", {"line": 2}),
            (row, "unchanged", {"line": 3}),
            (row, "failed", {"line": 5, "error": refused()}),
            (row, "unknown", {"error": OutcomeUnknownError("lost")}),
            (row, "skipped", {}),
        )
        files = writer.finish(report)
    assert sorted(files) == ["failed.csv", "report.html", "report.json", "succeeded.csv"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(files)
    columns = {
        "sip_registration_id": "1",
        "application_id": "2",
        "application_name": "",
        "rule_id": "",
        "rule_name": "",
        "user_id": "",
        "user_name": 'ü,"x"',
        "bind": "false",
        "account_id": "",
    }
    assert table(files["succeeded.csv"]) == [
        {**columns, "row": "2", "status": "done"},
        {**columns, "row": "3", "status": "unchanged"},
    ]
    assert table(files["failed.csv"]) == [
        {**columns, "row": "5", "status": "failed", "error_code": "116", "error": str(refused())},
        {**columns, "row": "4", "status": "unknown", "error_code": "", "error": "lost"},
        {**columns, "row": "5", "status": "skipped", "error_code": "", "error": ""},
    ]
    facts = json.loads(files["report.json"].read_bytes())
    assert facts["files"] == {"failed.csv": 3, "succeeded.csv": 2}
    assert facts["notes"] == []
    assert (facts["rows"], facts["done"], facts["failed"], facts["ok"]) == (5, 1, 1, False)
    assert facts["errors"] == {"116 INVALID_APPLICATION_ID": 1, "OutcomeUnknownError": 1}
    assert facts["source"] == "rows.csv"


def test_the_columns_of_the_input_in_its_order(tmp_path, job):
    row = BindRequest(sip_registration_id=1, application_id=2)
    with ReportWriter(
        tmp_path, "bind", columns=["application_id", "sip_registration_id"]
    ) as writer:
        files = writer.finish(job(writer, (row, "failed", {"error": refused()})))
    assert files["failed.csv"].read_text(encoding="utf-8").splitlines()[0] == (
        "application_id,sip_registration_id,row,status,error_code,error"
    )


def test_purchases_keep_passwords_to_themselves(tmp_path, job):
    row = CreateRequest(sip_username="a", proxy="x", password=PASSWORD)
    bare = CreateRequest(sip_username="b", proxy="x")
    broken = {"sip_username": "c", "password": PASSWORD, "application_id": "?"}
    error = InvalidArgumentError(f"password: {PASSWORD} is bad")
    with ReportWriter(tmp_path, "create", "rows.csv") as writer:
        report = job(
            writer,
            (
                row,
                "done",
                {"line": 2, "result": CreateSipRegistrationReply(result=1, sip_registration_id=77)},
            ),
            (row, "failed", {"line": 3, "error": error}),
            (bare, "failed", {"line": 4}),
            (broken, "failed", {"line": 5}),
            (row, "skipped", {"line": 6, "password_from": "old.csv:9"}),
            (row, "unknown", {"line": 7, "error": OutcomeUnknownError(f"lost {PASSWORD}")}),
            kind="create",
        )
        files = writer.finish(report)
    assert "unknown.csv" in files
    for path in tmp_path.iterdir():
        assert "s3cret" not in path.read_text(encoding="utf-8")
    (made,) = table(files["succeeded.csv"])
    assert (made["sip_registration_id"], made["sip_username"]) == ("77", "a")
    assert [entry["password_from"] for entry in table(files["failed.csv"])] == [
        "rows.csv:3",
        "",
        "rows.csv:5",
        "old.csv:9",
    ]
    (unknown,) = table(files["unknown.csv"])
    assert (unknown["password_from"], unknown["status"]) == ("rows.csv:7", "unknown")
    assert "password" not in unknown
    notes = json.loads(files["report.json"].read_bytes())["notes"]
    assert len(notes) == 2
    assert "--skip-unchanged" in notes[1]


def test_an_unknown_file_of_an_earlier_job_does_not_stay(tmp_path, job):
    (tmp_path / "unknown.csv").write_text("old")
    with ReportWriter(tmp_path, "delete") as writer:
        files = writer.finish(job(writer, (DeleteRequest(sip_registration_id=1), "unknown", {})))
    assert len(table(files["failed.csv"])) == 1
    assert not (tmp_path / "unknown.csv").exists()


def test_nothing_appears_and_nothing_is_overwritten_before_the_end(tmp_path, job):
    (tmp_path / "failed.csv").write_text("the input of this very job\n")
    row = DeleteRequest(sip_registration_id=1)
    with ReportWriter(tmp_path, "delete") as writer:
        report = job(writer, (row, "failed", {}))
        assert (tmp_path / "failed.csv").read_text() == "the input of this very job\n"
        assert {path.name for path in tmp_path.iterdir() if path.suffix != ".part"} == {
            "failed.csv"
        }
        writer.finish(report)
    assert table(tmp_path / "failed.csv")[0]["sip_registration_id"] == "1"

    with pytest.raises(RuntimeError), ReportWriter(tmp_path, "delete") as writer:
        job(writer, (row, "done", {}))
        raise RuntimeError
    assert len(table(tmp_path / "failed.csv")) == 1
    assert not list(tmp_path.glob("*.part"))
    assert not list(tmp_path.glob(".*"))


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"reports in .*file: cannot be written"):
        ReportWriter(tmp_path / "file", "bind")
    with pytest.raises(ConfigurationError, match=r"reports in .*sub: cannot be written"):
        ReportWriter(tmp_path / "file" / "sub", "bind")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind root")
def test_a_folder_without_permission_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match="Permission denied"):
        ReportWriter(tmp_path, "bind")


def test_a_job_without_rows_has_a_report(tmp_path, job):
    with ReportWriter(tmp_path, "bind") as writer:
        files = writer.finish(job(writer))
    assert table(files["succeeded.csv"]) == table(files["failed.csv"]) == []
    assert json.loads(files["report.json"].read_bytes())["latency"]["p50"] is None


def test_restored_rows_are_in_the_files_and_not_in_the_plots(tmp_path):
    report = Report(kind="delete")
    row = DeleteRequest(sip_registration_id=1)
    with ReportWriter(tmp_path, "delete", clock=lambda: 5.0) as writer:
        for index in range(3):
            outcome = Outcome(index=index, row=row, status="done", elapsed=1.0, restored=index < 2)
            report.count(outcome)
            writer.add(outcome)
        files = writer.finish(report)
    assert len(table(files["succeeded.csv"])) == 3
    assert sum(bucket.counts["done"] for bucket in writer.series.buckets()) == 1


async def test_the_plots_of_a_resumed_job_come_from_its_journal(tmp_path):
    journal = await create_journal(tmp_path / "job.sqlite", JobHeader(kind="delete"))
    for index in range(50):
        journal.record(index, b"", "done", "", elapsed=0.25)
    await journal.close()
    report = Report(kind="delete", rows=50, done=50, restored=50)
    with ReportWriter(tmp_path / "out", "delete") as writer:
        files = writer.finish(report, journal=tmp_path / "job.sqlite")
    latency = json.loads(files["report.json"].read_bytes())["latency"]
    assert latency["p50"] == pytest.approx(0.25, rel=0.2)


def test_memory_does_not_grow_with_rows(tmp_path):
    row = BindRequest(sip_registration_id=1, application_id=2)
    now = iter(range(10**9))
    with ReportWriter(tmp_path, "bind", clock=lambda: next(now) * 0.01) as writer:
        for index in range(2_000):
            writer.add(Outcome(index=index, row=row, status="done", elapsed=0.05))
        gc.collect()
        tracemalloc.start()
        for index in range(20_000):
            writer.add(Outcome(index=index, row=row, status="failed", elapsed=0.05))
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert grown < 100_000


def write_report(folder, job, *outcomes, kind="bind", source="rows.csv", keep=()):
    with ReportWriter(folder, kind, source) as writer:
        return writer.finish(job(writer, *outcomes, kind=kind), keep=keep), writer.set_aside


def test_an_earlier_report_is_kept(tmp_path, job):
    row = BindRequest(sip_registration_id=1, application_id=2)
    write_report(tmp_path, job, (row, "failed", {"error": refused()}))
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_report(tmp_path, job, (row, "done", {}))
    second = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(second) - set(first) == {
        "failed.1.csv", "succeeded.1.csv", "report.1.json", "report.1.html"
    }  # fmt: skip
    for name, content in first.items():
        assert second[name.replace(".", ".1.")] == content
    _, aside = write_report(tmp_path, job, (row, "done", {}))
    assert {path.name for path in aside} == {
        "failed.2.csv", "succeeded.2.csv", "report.2.json", "report.2.html"
    }  # fmt: skip
    assert (tmp_path / "failed.1.csv").read_bytes() == first["failed.csv"]


def test_purchases_in_doubt_of_an_earlier_job_are_kept(tmp_path, job):
    row = CreateRequest(sip_username="a", proxy="x")
    write_report(
        tmp_path, job, (row, "unknown", {"error": OutcomeUnknownError("?")}), kind="create"
    )
    write_report(tmp_path, job, (row, "done", {}), kind="create")
    assert not (tmp_path / "unknown.csv").exists()
    assert len(table(tmp_path / "unknown.1.csv")) == 1


def test_reports_are_their_owners_alone(tmp_path, job):
    before = os.umask(0)
    try:
        files, _ = write_report(tmp_path / "out", job)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}


def test_what_a_server_sends_is_escaped(tmp_path, job):
    said = "a\rb\nc\x1b]52;c;aGk=\x07\x9b31m\u202e"
    error = NotFoundError(said, code=116, command="BindSipRegistration")
    row = BindRequest(sip_registration_id=1, application_id=2)
    files, _ = write_report(tmp_path, job, (row, "failed", {"error": error}))
    (entry,) = table(files["failed.csv"])
    assert entry["error"].endswith(r"a\rb\nc\x1b]52;c;aGk=\x07\x9b31m\u202e")
    assert len(files["failed.csv"].read_bytes().splitlines()) == 2


def test_a_lone_carriage_return_of_the_input_is_read_back(tmp_path, job):
    row = {"user_name": "a\rb", "sip_registration_id": "x\ud800"}
    files, _ = write_report(tmp_path, job, (row, "failed", {"error": refused()}))
    (entry,) = table(files["failed.csv"])
    assert (entry["user_name"], entry["sip_registration_id"]) == ("a\rb", r"x\ud800")


def test_a_source_whose_name_is_not_utf_8(tmp_path, job):
    source = os.fsdecode(b"/r\xe9sum\xe9.csv")
    row = CreateRequest(sip_username="a", proxy="x", password="p")
    outcome = (row, "failed", {"line": 2, "error": refused()})
    files, _ = write_report(tmp_path, job, outcome, kind="create", source=source)
    assert b"/r\xe9sum\xe9.csv:2" in files["failed.csv"].read_bytes()
    assert json.loads(files["report.json"].read_bytes())["source"] == r"/r\udce9sum\udce9.csv"


def test_a_link_in_place_of_a_part_is_not_followed(tmp_path):
    target, folder = tmp_path / "precious", tmp_path / "reports"
    target.write_text("what nobody may overwrite")
    folder.mkdir()
    for name in ("succeeded.csv", "failed.csv", "report.json", "report.html"):
        (folder / f".{name}.{os.getpid()}.part").symlink_to(target)
    with ReportWriter(folder, "bind") as writer:
        writer.finish(Report(kind="bind"))
    assert target.read_text() == "what nobody may overwrite"
    assert (folder / "failed.csv").read_text().startswith("sip_registration_id")
