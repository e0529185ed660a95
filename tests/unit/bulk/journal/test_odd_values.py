"""Values that SQLite cannot hold are kept all the same; values that nobody wrote are refused by name."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from voxsip import ConfigurationError, VoxsipError
from voxsip.bulk import read_journal
from voxsip.report._history import read_history

ODD = [
    None, -1, 0, 1, 99, 2**63 - 1, -(2**63), 1.5, 1e300, float("inf"), "", "no", "9" * 30, "{}", "[]", '{"rate": "x"}',
    '{"concurrency": 1e9}', '{"rate": -1}', '{"max_failures": [1]}', "[" * 5000, b"", b"\xff\xfe", b"12", b"9" * 30,
]  # fmt: skip
COLUMNS = [
    ("job", name)
    for name in (
        "kind", "account_id", "options", "source", "checksum", "version", "rows_expected", "rows_total", "created_at",
        "stopped_at", "stopped", "listed", "log_lost",
    )
] + [("run", name) for name in ("id", "pid", "version", "started_at", "ended_at", "closed")] + [
    ("row", name)
    for name in (
        "place", "digest", "key", "status", "intended_at", "at", "attempts", "elapsed", "error_code", "error_name",
        "error_text", "result_id", "account_id",
    )
] + [("known_id", "account_id"), ("known_id", "id"), ("account", "account_id"), ("account", "listed")]  # fmt: skip
FIRST = dict.fromkeys(("job", "run", "row"), "WHERE rowid = 1") | {
    "known_id": "",
    "account": "",
    "row": "WHERE place = 1",
}
ROWS = [{"sip_username": f"phone-{number}", "proxy": "sip.example.com"} for number in range(4)]
QUICK = {"check_funds": False, "recovery_delay": 0}


@pytest.fixture
async def journal(start, tmp_path):
    """A journal of a purchase with rows done, failed and left over, and a client."""
    emulator, client = await start(balance=3, price=1)
    emulator.add_child()
    await client.call("CreateSipRegistration", ROWS[3])
    path = tmp_path / "job.sqlite"
    report = await client.bulk.create(ROWS, journal=path, check_funds=False, concurrency=1)
    assert (report.done, report.failed) == (2, 1)
    return path, client


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[".".join(one) for one in COLUMNS])
async def test_no_value_ends_in_a_crash(journal, tmp_path, table, column):
    path, client = journal
    statement = f"UPDATE OR IGNORE {table} SET {column} = ? {FIRST[table]}"  # noqa: S608 - constants
    for number, value in enumerate(ODD):
        odd = tmp_path / f"{number}.sqlite"
        shutil.copy(path, odd)
        with closing(sqlite3.connect(odd, isolation_level=None)) as connection:
            try:
                connection.execute("PRAGMA ignore_check_constraints = ON")
                connection.execute(statement, (value,))
            except (sqlite3.Error, OverflowError):
                continue  # SQLite itself keeps this value out
        said = [_refusal(read, odd) for read in (read_journal, read_history)]
        assert all(text is None or (str(odd) in text and "restore a copy" in text) for text in said)
        try:
            await client.bulk.resume(odd, ROWS, check_funds=False, recovery_delay=0)
        except VoxsipError as error:
            said.append(str(error))
        assert len(said) == 2 or ": " in said[2], value


def _refusal(read, path):
    """Read a journal; return why it was refused, or None."""
    try:
        read(path)
    except ConfigurationError as error:
        return str(error)
    return None


@pytest.mark.parametrize("change", ["place + 1000", "-1 - place"])
async def test_rows_in_places_that_the_input_does_not_have_are_refused(journal, change):
    path, client = journal
    _spoil(path, f"UPDATE row SET place = {change}")  # noqa: S608 - constants
    with pytest.raises(ConfigurationError, match="restore a copy"):
        read_journal(path)
    with pytest.raises(ConfigurationError, match="restore a copy"):
        await client.bulk.resume(path, ROWS, **QUICK)


@pytest.mark.parametrize("step", [1000, 1])
@pytest.mark.parametrize("again", [True, False])
async def test_rows_of_a_stream_that_were_moved_are_not_bought_again(start, tmp_path, step, again):
    emulator, client = await start(balance=100)
    path = tmp_path / "job.sqlite"
    bought = []

    async def stream(rows):
        for row in rows:
            yield row

    job = client.bulk.create(stream(ROWS * 2), journal=path, concurrency=1, check_funds=False)
    async for outcome in job:
        bought += [outcome] * (outcome.status == "done")
        if len(bought) == 3:
            job.stop()
    executed = emulator.state.counters["CreateSipRegistration"]["executed"]
    assert 3 <= executed < 2 * len(ROWS)
    _spoil(
        path,
        "DELETE FROM row WHERE status = 4",
        "UPDATE job SET rows_total = NULL",
        f"UPDATE row SET place = -1 - ({step} + place)",  # noqa: S608 - constants
        "UPDATE row SET place = -1 - place",
    )
    rows = _Again(ROWS * 2) if again else stream(ROWS * 2)
    with pytest.raises(VoxsipError, match=r"restore a copy|resume with the input"):
        await client.bulk.resume(path, rows, **QUICK)
    assert emulator.state.counters["CreateSipRegistration"]["executed"] == executed


class _Again:
    """Rows that can be read again, of an unknown number."""

    def __init__(self, rows):
        self._rows = rows

    def __iter__(self):
        yield from self._rows


def _spoil(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


async def test_a_journal_without_a_job_or_a_table_is_refused(journal):
    path, client = journal
    for statement in (
        "DELETE FROM run",
        "DELETE FROM job",
        "DROP TABLE known_id",
        "DROP TABLE account",
        "DROP TABLE row",
    ):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(statement)
        if statement == "DELETE FROM run":
            assert read_journal(path).runs == 0
            continue
        with pytest.raises(ConfigurationError, match="restore a copy"):
            await client.bulk.resume(path, ROWS, recovery_delay=0)


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64, 10**40, -(2**63) - 1])
async def test_numbers_beyond_64_bits_are_kept(journals, number):
    made = await journals(kind="create")
    made.record(0, b"d", "done", "a@x", result_id=number)
    made.record(1, b"d", "failed", "b@x", error_code=number, error_name="APIError", error_text="no")
    await made.close()
    again = await journals(resume=True)
    assert (await again.restored(0)).result_id == number
    assert (await again.restored(1)).error_code == number
    assert await again.result_ids() == [number]
    assert read_journal(again.path).errors == {str(number): 1}


async def test_half_characters_are_kept_as_escapes(journals):
    made = await journals(kind="create", source="rows-\udcff.csv")
    await made.intend(0, b"d", "al\ud800ice@x")
    made.record(0, b"d", "failed", "al\ud800ice@x", error_name="APIError", error_text="\udfff said")
    made.record(1, b"d", "done", "b@x")
    await made.close()
    again = await journals(resume=True)
    assert (await again.restored(0)).error_text == "\\udfff said"
    assert (await again.restored(1)).status == "done"
    assert again.header.source == "rows-\\udcff.csv"


async def test_a_row_with_half_a_character_does_not_end_the_job(start, tmp_path):
    _, client = await start(balance=10)
    rows = [*ROWS[:2], {"sip_username": "al\ud800ice", "proxy": "sip.example.com"}, *ROWS[2:]]
    report = await client.bulk.create(rows, journal=tmp_path / "job.sqlite")
    assert (report.rows, report.done) == (5, 4)
    again = await client.bulk.resume(tmp_path / "job.sqlite", rows)
    assert (again.rows, again.done) == (5, 4)
