"""What a job with passwords leaves on the disk, byte for byte."""

import sqlite3
from contextlib import closing

import voxsip
from voxsip import CreateRequest
from voxsip.bulk._journal.status import read_journal
from voxsip.emulator import Emulator, Fault, Faults
from voxsip.report import ReportWriter

PASSWORD = "s3cr3t-Pässword/%25"
ENCODED = [PASSWORD.encode(), PASSWORD.encode("utf-16-le"), b"s3cr3t", b"P%C3%A4ssword"]


async def test_no_password_is_in_journal_log_or_report(tmp_path):
    rows = [
        *(
            CreateRequest(sip_username=f"u{n}", proxy="sip.example.com", password=PASSWORD)
            for n in range(30)
        ),
        CreateRequest(sip_username="bad", proxy="has space", password=PASSWORD),
        {"sip_username": "worse", "proxy": "x", "password": PASSWORD, "user_id": "?"},
        CreateRequest(sip_username=PASSWORD[:6] + "?", proxy="x", password="other"),
    ]
    # The last row shows that the search finds what is there: a user name is no secret.
    faults = Faults([Fault(kind="lose_reply", command="CreateSipRegistration", times=(3, 7))])
    journal, reports = tmp_path / "job.sqlite", tmp_path / "reports"
    seen = {}
    async with (
        Emulator(faults=faults) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        with ReportWriter(reports, "create", "rows.csv") as writer:
            job = client.bulk.create(rows, journal=journal)
            async for outcome in job:
                writer.add(outcome, outcome.index + 2)
                for path in tmp_path.rglob("*"):
                    if path.is_file():
                        seen[path.name] = path.read_bytes()
            writer.finish(job.report)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            seen[path.name] = path.read_bytes()
    assert {"job.sqlite", "job.sqlite-wal", "failed.csv", "report.html"} <= set(seen)
    allowed = PASSWORD[:6].encode() + b"?"
    found = {
        name
        for name, content in seen.items()
        for secret in ENCODED
        if secret in content.replace(allowed, b"")
    }
    assert found == set()
    assert any(allowed in content for content in seen.values())
    status = read_journal(journal)
    assert status.counts["done"] + status.counts["failed"] == len(rows)
    with closing(sqlite3.connect(journal)) as connection:
        texts = [text for (text,) in connection.execute("SELECT error_text FROM row") if text]
    assert texts
