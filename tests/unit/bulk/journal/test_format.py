"""Files that are no journal, or not one this version can work on."""

import os
import sqlite3
from contextlib import closing

import pytest

from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.journal import create_journal, open_journal
from voxsip.bulk._journal.schema import APPLICATION_ID, SCHEMA_VERSION
from voxsip.bulk._journal.status import read_journal


async def refusal(path):
    """Return what opening says, having seen that reading says the same."""
    with pytest.raises(ConfigurationError) as opening:
        await open_journal(path)
    with pytest.raises(ConfigurationError) as reading:
        read_journal(path)
    assert str(opening.value) == str(reading.value)
    assert str(path) in str(opening.value)
    assert opening.value.__suppress_context__ or opening.value.__context__ is None
    return str(opening.value)


async def test_no_file(tmp_path):
    assert "there is no such file" in await refusal(tmp_path / "no.sqlite")
    assert "there is no such file" in await refusal(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\0" * 5000])
async def test_not_a_database(tmp_path, content):
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    assert "this is not a voxsip journal" in await refusal(path)
    assert path.read_bytes() == content


async def test_somebody_elses_database(tmp_path):
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE row (place INTEGER)")
    assert "this is not a voxsip journal" in await refusal(path)


async def test_a_newer_format(tmp_path):
    path = tmp_path / "job.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    newer = f"format {SCHEMA_VERSION + 1}, this one reads up to {SCHEMA_VERSION}"
    assert f"written by a newer voxsip ({newer}): update" in await refusal(path)


async def test_cut_short(journals):
    journal = await journals()
    for index in range(5000):
        journal.record(index, b"digest", "done", str(index))
    await journal.close()
    os.truncate(journal.path, journal.path.stat().st_size // 2)
    assert "the file is damaged" in await refusal(journal.path)


async def test_overwritten_inside(journals):
    journal = await journals()
    for index in range(5000):
        journal.record(index, b"digest", "done", str(index))
    await journal.close()
    content = bytearray(journal.path.read_bytes())
    content[40000:60000] = b"x" * 20000
    journal.path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="the file is damaged"):
        await open_journal(journal.path)


async def test_no_folder_and_no_permission(tmp_path):
    header = JobHeader(kind="bind")
    with pytest.raises(ConfigurationError, match=r"there is no folder .*missing"):
        await create_journal(tmp_path / "missing" / "job.sqlite", header)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot lock it"):
        await create_journal(tmp_path / "file" / "job.sqlite", header)


async def test_names_with_spaces_and_url_characters(tmp_path):
    path = tmp_path / "a job?mode=ro&x#100%.sqlite"
    journal = await create_journal(path, JobHeader(kind="bind"))
    journal.record(0, b"", "done", "")
    await journal.close()
    assert read_journal(path).counts["done"] == 1
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


async def test_a_link_leads_to_the_same_lock(journals, tmp_path):
    await journals()
    (tmp_path / "link").symlink_to("job.sqlite")
    with pytest.raises(ConfigurationError, match=f"in use by process {os.getpid()}"):
        await open_journal(tmp_path / "link")
    assert read_journal(tmp_path / "link").running


async def test_others_cannot_read_it(journals):
    journal = await journals()
    journal.record(0, b"", "done", "")
    await journal.flush()
    modes = {entry.stat().st_mode & 0o777 for entry in journal.path.parent.iterdir()}
    assert modes == {0o600}
