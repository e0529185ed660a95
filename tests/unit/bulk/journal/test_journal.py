import asyncio
import gc
import shutil
import sqlite3
import warnings
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import pytest

from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.interface import JobHeader, RestoredRow
from voxsip.bulk._journal.journal import create_journal, open_journal
from voxsip.bulk._journal.lines import last_lines
from voxsip.bulk._journal.values import INTENDED, STATUS_CODES
from voxsip.bulk._journal.writer import ROOM_ROWS
from voxsip.report._history import read_history

DIGEST = bytes(range(16))


async def test_tells_what_the_job_is(journals):
    header = JobHeader(
        kind="create",
        account_id=7,
        options={"concurrency": 8, "rate_limit": None},
        source="räws.csv",
        checksum="abc",
        version="1.2",
        rows=3,
    )
    made = await create_journal((await journals("other.sqlite")).path.with_name("x.sqlite"), header)
    await made.close()
    again = await journals("x.sqlite", resume=True)
    assert again.header == header
    assert (again.rows_known, again.rows_total, again.settled, again.runs) == (0, None, {}, 2)


async def test_gives_back_every_kind_of_row(journals):
    journal = await journals(kind="create")
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    await journal.intend(0, DIGEST, "a@x")
    await journal.intend(2, DIGEST, "b@x")
    journal.record(2, DIGEST, "done", "b@x", attempts=2, elapsed=0.25, result_id=99)
    journal.record(
        3,
        DIGEST,
        "failed",
        "c@x",
        attempts=1,
        error_code=127,
        error_name="InsufficientFundsError",
        error_text="no money",
    )
    journal.record(4, DIGEST, "skipped", "d@x")
    journal.record(5, DIGEST, "unchanged", "d@x")
    journal.ended(7)
    await journal.close()

    journal = await journals(resume=True)
    rows = [await journal.restored(index) for index in range(8)]
    assert [row and row.status for row in rows] == [
        "intended",
        None,
        "done",
        "failed",
        "skipped",
        "unchanged",
        None,
        None,
    ]
    assert (journal.rows_known, journal.rows_total) == (6, 7)
    assert journal.settled == {None: 3}, (
        "what was refused for want of money is still to be paid, and what was skipped"
    )
    intended, done, failed = rows[0], rows[2], rows[3]
    assert before < intended.intended_at == intended.at
    assert intended.at.tzinfo is UTC
    assert done == RestoredRow(
        index=2,
        digest=DIGEST,
        status="done",
        at=done.at,
        attempts=2,
        elapsed=0.25,
        result_id=99,
        intended_at=done.intended_at,
    )
    assert (failed.error_code, failed.error_name, failed.error_text) == (
        127,
        "InsufficientFundsError",
        "no money",
    )
    assert failed.intended_at is None


async def test_the_first_intent_of_an_unknown_outcome_counts(journals):
    journal = await journals(kind="create")
    await journal.intend(0, DIGEST, "a@x")
    await journal.intend(1, DIGEST, "b@x")
    journal.record(1, DIGEST, "failed", "b@x")
    await journal.close()
    journal = await journals(resume=True)
    first = (await journal.restored(0)).intended_at
    refused = (await journal.restored(1)).intended_at
    while datetime.now(UTC) - first < timedelta(milliseconds=2):  # noqa: ASYNC110 - time itself
        await asyncio.sleep(0)
    journal.record(0, DIGEST, "unknown", "a@x")
    await journal.intend(0, DIGEST, "a@x")
    await journal.intend(1, DIGEST, "b@x")
    await journal.close()
    journal = await journals(resume=True)
    row = await journal.restored(0)
    assert row.status == "intended"
    assert row.intended_at == first < row.at
    assert (await journal.restored(1)).intended_at > refused


async def test_reads_rows_by_ranges_and_skips_gaps(journals):
    journal = await journals()
    for index in range(0, 3000, 3):
        journal.record(index, DIGEST, "done", str(index))
    await journal.close()
    journal = await journals(resume=True)
    found = [index for index in range(3001) if await journal.restored(index) is not None]
    assert found == list(range(0, 3000, 3))
    assert len(journal._rows) < 600


async def test_the_last_word_on_a_row_counts_within_a_batch_too(journals):
    journal = await journals()
    for status in ("failed", "unknown", "done"):
        journal.record(0, DIGEST, status, "1")
    await journal.close()
    assert (await (await journals(resume=True)).restored(0)).status == "done"


async def test_knows_the_registrations_made(journals):
    journal = await journals(kind="create")
    journal.record(0, DIGEST, "done", "a@x", result_id=3)
    journal.record(1, DIGEST, "done", "b@x", result_id=2)
    journal.record(2, DIGEST, "unknown", "a@x")
    assert await journal.result_ids() == [2, 3]


async def test_intents_that_wait_share_a_commit(journals):
    journal = await journals(kind="create")
    commits = []
    await journal._writer.run(
        lambda connection: connection.set_trace_callback(
            lambda sql: commits.append(sql) if sql == "COMMIT" else None
        )
    )
    await asyncio.gather(*(journal.intend(index, DIGEST, "a@x") for index in range(1000)))
    assert len(commits) <= 3


async def test_an_abandoned_wait_leaves_the_intent_and_the_others_alone(journals):
    journal = await journals(kind="create")
    waiting = [asyncio.ensure_future(journal.intend(index, DIGEST, "a@x")) for index in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    assert [type(result) for result in await asyncio.gather(*waiting, return_exceptions=True)] == [
        type(None),
        asyncio.CancelledError,
        type(None),
    ]
    await journal.close()
    assert (await journals(resume=True)).rows_known == 3


async def test_there_is_room_again_once_rows_are_written(journals):
    journal = await journals()
    for index in range(ROOM_ROWS * 2):
        journal.record(index, DIGEST, "done", "1")
    await journal.room()
    assert len(journal._writer._rows) <= ROOM_ROWS


async def test_a_new_job_does_not_overwrite_a_journal(journals):
    journal = await journals()
    await journal.close()
    with pytest.raises(ConfigurationError, match=r"job\.sqlite exists already: resume"):
        await journals()


async def test_closing_twice_and_at_once_is_closing_once(journals, tmp_path):
    journal = await journals()
    journal.record(0, DIGEST, "done", "1")
    await asyncio.gather(journal.close(), journal.close())
    await journal.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job.sqlite"]
    with pytest.raises(ConfigurationError, match="is closed"):
        journal.record(1, DIGEST, "done", "1")
    with pytest.raises(ConfigurationError, match="is closed"):
        await journal.flush()
    journal.ended(1)
    journal.stopped("late")


async def test_an_unclosed_journal_is_written_when_it_is_collected(tmp_path):
    journal = await create_journal(tmp_path / "job.sqlite", JobHeader(kind="bind"))
    journal.record(0, DIGEST, "done", "1")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del journal
        gc.collect()
    assert not caught
    journal = await open_journal(tmp_path / "job.sqlite")
    assert journal.rows_known == 1
    await journal.close()


async def test_a_start_that_is_cancelled_gives_the_lock_back(journals, tmp_path):
    opening = asyncio.ensure_future(journals())
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    while (tmp_path / "job.sqlite.lock").exists() or not (tmp_path / "job.sqlite").exists():  # noqa: ASYNC110 - a thread
        await asyncio.sleep(0)
    assert (await journals(resume=True)).runs == 2


def test_outlives_its_loop(tmp_path):
    async def begin():
        journal = await create_journal(tmp_path / "job.sqlite", JobHeader(kind="bind"))
        journal.record(0, DIGEST, "done", "1")
        return journal

    journal = asyncio.run(begin())
    asyncio.run(journal.close())
    connection = sqlite3.connect(tmp_path / "job.sqlite")
    assert connection.execute("SELECT count(*) FROM row").fetchone() == (1,)
    connection.close()


async def test_a_full_disk_stops_everything_with_the_same_words(journals):
    journal = await journals()
    journal.record(0, DIGEST, "done", "1")
    await journal.flush()
    await journal._writer.run(
        lambda connection: connection.execute("PRAGMA max_page_count = 16").close()
    )
    with suppress(ConfigurationError):  # told as soon as the first batch has failed
        for index in range(1, 5000):
            journal.record(index, DIGEST, "done", "1", error_text="x" * 100)
    words = r"job\.sqlite: the disk is full: free some space, then resume"
    with pytest.raises(ConfigurationError, match=words):
        await journal.flush()
    with pytest.raises(ConfigurationError, match=words):
        journal.record(5000, DIGEST, "done", "1")
    with pytest.raises(ConfigurationError, match=words):
        await journal.intend(5000, DIGEST, "1")
    with pytest.raises(ConfigurationError, match=words):
        await journal.room()
    with pytest.raises(ConfigurationError, match=words):
        await journal.close()
    await journal.close()
    journal = await journals(resume=True)
    known = [await journal.restored(index) is not None for index in range(5000)]
    assert known == sorted(known, reverse=True)  # a prefix
    assert known[0]


async def test_history_leaves_out_the_time_between_runs(journals):
    journal = await journals()
    for index in range(100):
        journal.record(index, DIGEST, "done", "1", elapsed=0.1)
    journal.record(100, DIGEST, "failed", "1", elapsed=0.2)
    journal.record(101, DIGEST, "skipped", "1")
    await journal.flush()

    def a_night_later(connection):
        connection.execute("UPDATE row SET at = at - 36000000 + 500 * place")
        connection.execute("UPDATE run SET started_at = started_at - 36000000")

    await journal._writer.run(a_night_later)
    await journal.close()
    journal = await journals(resume=True)
    for index in range(102, 112):
        journal.record(index, DIGEST, "done", "1", elapsed=0.1)
    await journal.flush()
    series = read_history(journal.path)
    assert 50.0 <= series.seconds < 60.0
    counts = [bucket.counts for bucket in series.buckets()]
    assert sum(count["done"] for count in counts) == 110
    assert sum(count["failed"] for count in counts) == 1
    assert sum(count["skipped"] for count in counts) == 1
    assert series.latency(0.5) == pytest.approx(0.1, rel=0.1)


async def test_a_new_journal_has_no_history(journals):
    journal = await journals()
    assert read_history(journal.path).seconds == 0.0
    await journal.close()
    assert read_history(journal.path).seconds == 0.0


def test_within_a_batch_the_first_intent_of_an_open_row_counts():
    def line(status, intended_at, place=0):
        return (place, b"", "key", status, intended_at, 9, 1, 0, None, None, None, None, None)

    done, unknown = STATUS_CODES["done"], STATUS_CODES["unknown"]
    for last in (line(unknown, None), line(INTENDED, 7), line(done, None)):
        others = [line(INTENDED, 3), line(unknown, None)]
        assert last_lines([*others, line(done, None, 1), last]) == [
            line(done, None, 1),
            line(last[3], 3),
        ]
    assert last_lines([line(INTENDED, 3), line(done, None), line(INTENDED, 7)]) == [
        line(INTENDED, 7)
    ]


async def test_a_log_that_was_lost_once_stays_lost(journals):
    journal = await journals()
    await journal.begin()
    copy = journal.path.with_name("copy.sqlite")
    shutil.copy(journal.path, copy)  # without its log, as a power cut may leave it
    for _ in range(2):
        again = await journals(copy.name, resume=True)
        assert again.log_lost
        await again.close()


async def test_a_program_that_keeps_reading_an_older_state_is_named(journals):
    journal = await journals()
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM row").fetchall()
        journal.record(0, bytes(16), "done", "a")
        await journal._writer.run(lambda own: own.execute("PRAGMA busy_timeout = 0").close())
        for step in (journal.begin, journal.close):
            with pytest.raises(ConfigurationError, match="another program reads it all the time"):
                await step()
