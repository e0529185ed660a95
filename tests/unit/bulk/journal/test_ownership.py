"""Files that somebody else writes to are noticed at any moment; a commit by SQLite's rules is no harm."""

import os
import sqlite3
from contextlib import closing, suppress

import pytest

from voxsip import ConfigurationError
from voxsip.bulk._journal.ownership import Ownership
from voxsip.bulk._journal.schema import connect, immediate


@pytest.fixture
async def owned(journals):
    """A journal with a row, closed again, then a connection to it, and what watches its files."""
    journal = await journals()
    journal.record(0, b"", "done", "x")
    await journal.close()
    with closing(connect(journal.path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("UPDATE job SET source = 'a'")
        yield connection, Ownership(journal.path, connection), journal.path


def test_what_is_written_between_look_and_commit_is_noticed_at_the_next_look(owned):
    """While a commit waits for the disk, the main file is nobody's to write to."""
    connection, ownership, path = owned
    ownership.check_files(connection)
    connection.execute("UPDATE job SET source = 'b'")
    os.truncate(path, path.stat().st_size + 1)
    ownership.wrote()
    with pytest.raises(ConfigurationError, match="written by another program"):
        ownership.check_files(connection)
    assert ownership.lost


def test_what_is_written_before_a_checkpoint_is_noticed_by_it(owned):
    connection, ownership, path = owned
    ownership.check_files(connection)
    os.truncate(path, 0)
    with pytest.raises(ConfigurationError), ownership.checkpoint(connection):
        pytest.fail("the checkpoint would write to the file of another process")


def test_what_we_write_is_ours(owned):
    connection, ownership, _ = owned
    for _ in range(3):
        ownership.check_files(connection)
        connection.execute("UPDATE job SET source = source || 'b'")
        with ownership.checkpoint(connection):
            connection.execute("PRAGMA wal_checkpoint(FULL)")
        ownership.wrote()
    ownership.check_files(connection)


@pytest.mark.parametrize("checkpointed", [False, True])
def test_another_connection_that_commits_does_no_harm(owned, checkpointed):
    connection, ownership, path = owned
    ownership.check_files(connection)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE job SET source = 'c'")
        if checkpointed:
            other.execute("PRAGMA wal_checkpoint(FULL)")
    ownership.check_files(connection)
    os.utime(path)
    with pytest.raises(ConfigurationError):
        ownership.check_files(connection)


def test_a_log_overwritten_within_a_tick_of_the_clock_is_noticed(owned):
    """By an older copy of itself, of the same length and time: no look at the file from outside tells."""
    connection, ownership, path = owned
    log = path.with_name(path.name + "-wal")
    for look in (ownership.check_files, lambda _: ownership.wrote()):
        older = log.read_bytes()
        connection.execute("UPDATE job SET source = source || 'b'")
        ownership.wrote()
        ownership.check_files(connection)
        told, whole = log.stat(), log.read_bytes()
        with log.open("r+b") as file:
            file.write(older)
            file.write(bytes(len(whole) - len(older)))
        os.utime(log, ns=(told.st_atime_ns, told.st_mtime_ns))
        with pytest.raises(ConfigurationError, match="written by another program"):
            look(connection)
        with log.open("r+b") as file:
            file.write(whole)
        ownership._tail.follow()
        ownership._log = (*ownership._log[:3], log.stat().st_mtime_ns)


def test_a_log_that_was_begun_again_by_us_is_ours(owned):
    connection, ownership, path = owned
    log = path.with_name(path.name + "-wal")
    headers = set()
    for _ in range(4):
        ownership.check_files(connection)
        with ownership.checkpoint(connection):
            connection.execute("PRAGMA wal_checkpoint(RESTART)")
        for _ in range(3):
            connection.execute("UPDATE job SET source = source || 'b'")
        ownership.wrote()
        headers.add(log.read_bytes()[:32])
        with suppress(sqlite3.OperationalError), immediate(connection):
            connection.execute("UPDATE job SET source = 'never'")
            connection.execute("no statement")
        ownership.wrote()
    assert len(headers) == 4
    ownership.check_files(connection)
