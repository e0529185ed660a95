import json
import sqlite3
from contextlib import closing

import pytest

from voxsip.bulk._journal.status import read_journal


async def test_a_job_from_begin_to_end(journals, tmp_path):
    journal = await journals(
        kind="create", source="rows.csv", checksum="c0ffee", options={"concurrency": 4}, rows=10
    )
    status = read_journal(journal.path)
    assert (status.kind, status.source, status.checksum) == ("create", "rows.csv", "c0ffee")
    assert (status.options, status.rows, status.runs) == ({"concurrency": 4}, 10, 1)
    assert status.running
    assert not status.complete
    assert status.updated is None
    assert sum(status.counts.values()) == 0

    await journal.intend(0, b"", "a@x")
    await journal.intend(1, b"", "b@x")
    journal.record(0, b"", "done", "a@x", result_id=1)
    journal.record(
        2, b"", "failed", "c@x", error_code=273, error_name="InvalidRequestError", error_text="bad"
    )
    journal.record(3, b"", "unknown", "c@x", error_name="OutcomeUnknownError", error_text="lost")
    journal.record(4, b"", "skipped", "c@x")
    await journal.flush()
    status = read_journal(journal.path)
    assert status.counts == {
        "intended": 1,
        "done": 1,
        "unchanged": 0,
        "failed": 1,
        "skipped": 1,
        "unknown": 1,
    }
    assert status.errors == {"273 INVALID_USERNAME": 1, "OutcomeUnknownError": 1}
    assert status.created <= status.started <= status.updated
    assert status.rate > 0

    journal.stopped("insufficient funds")
    await journal.close()
    status = read_journal(journal.path)
    assert (status.running, status.rate, status.stopped) == (False, 0.0, "insufficient funds")

    journal = await journals(resume=True)
    status = read_journal(journal.path)
    assert (status.running, status.stopped, status.runs) == (True, None, 2)
    for index in range(12):
        journal.record(index, b"", "done", "x")
    journal.ended(12)
    journal.stopped(None)
    await journal.close()
    status = read_journal(journal.path)
    assert status.complete
    assert status.rows == 12
    assert [path.name for path in tmp_path.iterdir()] == ["job.sqlite"]
    assert json.loads(json.dumps(status.to_dict()))["counts"]["done"] == 12


async def test_reads_what_a_killed_job_left_in_the_log(journals):
    journal = await journals()
    journal.record(0, b"", "done", "")
    await journal.flush()
    assert journal.path.with_name("job.sqlite-wal").stat().st_size > 0
    assert read_journal(journal.path).counts["done"] == 1


@pytest.mark.parametrize("rows", [0, 1])
async def test_an_input_without_rows_is_complete_at_its_end(journals, rows):
    journal = await journals()
    journal.ended(rows)
    await journal.close()
    assert read_journal(journal.path).complete is (rows == 0)


async def test_what_an_earlier_run_did_is_no_speed_of_this_one(journals):
    journal = await journals(kind="bind", rows=12_000)
    for index in range(100):
        journal.record(index, b"", "done", "x")
    await journal.flush()
    assert read_journal(journal.path).rate > 0
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as connection:
        connection.execute("UPDATE row SET at = (SELECT max(started_at) FROM run) - 1")
    assert read_journal(journal.path).rate == 0
