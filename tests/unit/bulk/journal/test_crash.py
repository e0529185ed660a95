"""What is left of a journal after its process was killed, or its machine lost power."""

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import journal_child
from tests.support.journal_child import ROWS, order
from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.journal import open_journal
from voxsip.bulk._journal.schema import connect
from voxsip.bulk._journal.status import read_journal

pytestmark = pytest.mark.slow
CHILD = Path(journal_child.__file__)


def start(path, kind, seed):
    return subprocess.Popen(
        [sys.executable, CHILD, path, kind, str(seed)], stdout=subprocess.PIPE, text=True
    )


def kill_after(child, lines):
    """Kill the child once it has said so many lines; return all it said before it died."""
    said = [int(child.stdout.readline()) for _ in range(lines)]
    child.kill()
    rest, _ = child.communicate()
    said += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    return said[1:]


def places_in(path):
    with closing(connect(path)) as connection:
        return {place for (place,) in connection.execute("SELECT place FROM row")}


@pytest.mark.parametrize("lines", [1, 2, 300, 4_000, 20_000, 70_000])
def test_a_killed_job_leaves_a_prefix_of_what_it_recorded(tmp_path, lines):
    path = tmp_path / "job.sqlite"
    said = kill_after(start(path, "bind", lines), lines)
    assert said == order(lines)[: len(said)]
    found = places_in(path)
    assert found == set(order(lines)[: len(found)])


@pytest.mark.parametrize("lines", [2, 100, 1_000, 3_000])
def test_an_intent_that_was_waited_for_is_there_after_a_kill(tmp_path, lines):
    path = tmp_path / "job.sqlite"
    said = kill_after(start(path, "create", lines), lines)
    assert set(said) <= places_in(path)


def test_killed_again_and_again(tmp_path):
    path = tmp_path / "job.sqlite"
    chooser = random.Random(1)
    for run in range(10):
        said = kill_after(start(path, "create", run), chooser.randrange(1, 500))
        assert set(said) <= places_in(path)
    assert read_journal(path).runs == 10


def test_a_lost_end_of_the_log_leaves_a_prefix(tmp_path):
    path = tmp_path / "job.sqlite"
    kill_after(start(path, "create", 5), 1_000)  # each intent is waited for: many commits
    log = path.with_name("job.sqlite-wal").read_bytes()
    assert len(log) > 100_000
    lengths = set()
    chooser = random.Random(2)
    for cut in [0, 10, 32, *(chooser.randrange(len(log)) for _ in range(30)), len(log)]:
        copy = tmp_path / "copy.sqlite"
        shutil.copy(path, copy)
        copy.with_name("copy.sqlite-wal").write_bytes(log[:cut])
        found = places_in(copy)
        assert found == set(order(5)[: len(found)])
        lengths.add(len(found))
        for leftover in tmp_path.glob("copy.sqlite*"):
            leftover.unlink()
    assert len(lengths) > 2


@pytest.mark.parametrize("step", ["new", "new-journal"])
async def test_killed_while_it_was_made_a_journal_can_be_made_again(journals, tmp_path, step):
    (tmp_path / f"job.sqlite.{step}").write_bytes(b"half a journal")
    (tmp_path / "job.sqlite.lock").write_text("999999999\n")
    journal = await journals()
    assert sorted(path.name for path in tmp_path.iterdir() if "new" in path.name) == []
    assert journal.runs == 1


async def test_only_one_process_works_on_a_journal_and_a_dead_one_does_not_count(tmp_path):
    path = tmp_path / "job.sqlite"
    child = start(path, "bind", 1)
    child.stdout.readline()
    with pytest.raises(
        ConfigurationError, match=rf"job\.sqlite is in use by process {child.pid}: "
    ):
        await open_journal(path)
    assert read_journal(path).running
    child.kill()
    child.communicate()
    assert not read_journal(path).running
    journal = await open_journal(path)
    await journal.close()


async def test_a_running_job_can_be_watched(tmp_path):
    path = tmp_path / "job.sqlite"
    child = start(path, "create", 1)
    for _ in range(200):
        child.stdout.readline()
    status = read_journal(path)
    assert status.running
    assert status.rate > 0
    assert 200 <= sum(status.counts.values()) + 1 <= ROWS
    child.kill()
    child.communicate()


def test_nothing_is_lost_by_an_orderly_end_without_close(tmp_path):
    script = f"""
import asyncio
from voxsip.bulk._journal.journal import create_journal
from voxsip.bulk._journal.interface import JobHeader

async def main():
    global journal
    journal = await create_journal({str(tmp_path / "job.sqlite")!r}, JobHeader(kind="bind"))
    for place in range(100):
        journal.record(place, b"", "done", "")

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script], capture_output=True, check=True
    )
    assert done.stderr == b""
    assert len(places_in(tmp_path / "job.sqlite")) == 100
    assert not list(tmp_path.glob("*.lock"))


def test_a_forked_child_leaves_its_parents_journal_alone(tmp_path):
    script = f"""
import asyncio, os, sys, warnings
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
from voxsip.bulk._journal.journal import create_journal, open_journal
from voxsip.bulk._journal.interface import JobHeader
from voxsip._errors import ConfigurationError

path = {str(tmp_path / "job.sqlite")!r}

async def begin():
    journal = await create_journal(path, JobHeader(kind="create"))
    await journal.intend(0, b"", "")
    return journal

async def in_child(journal):
    try:
        journal.record(9, b"", "done", "")
    except ConfigurationError as error:
        assert "belongs to the process that opened it" in str(error)
    else:
        os._exit(3)
    await journal.close()

async def go_on(journal):
    await journal.intend(1, b"", "")
    try:
        await open_journal(path)
    except ConfigurationError as error:
        assert "in use" in str(error)
    else:
        sys.exit("the lock went with the child")
    await journal.close()
    journal = await open_journal(path)
    assert journal.rows_known == 2
    await journal.close()

journal = asyncio.run(begin())
child = os.fork()
if not child:
    asyncio.run(in_child(journal))
    sys.exit()  # tears everything down
assert os.waitpid(child, 0)[1] == 0
asyncio.run(go_on(journal))
"""
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)


def test_a_child_that_outlives_its_parent_does_not_keep_the_lock(tmp_path):
    script = f"""
import asyncio, os, signal, warnings
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
from voxsip.bulk._journal.journal import create_journal
from voxsip.bulk._journal.interface import JobHeader

async def main():
    await create_journal({str(tmp_path / "job.sqlite")!r}, JobHeader(kind="bind"))
    if os.fork():
        os.kill(os.getpid(), signal.SIGKILL)
    os.write(1, b"orphan")
    os.read(0, 1)
    os._exit(0)

asyncio.run(main())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.read(6) == b"orphan"
    process.wait()

    async def resume():
        await (await open_journal(tmp_path / "job.sqlite")).close()

    asyncio.run(resume())
    process.communicate()


async def test_a_process_that_opens_the_file_reads_what_was_flushed(journals):
    journal = await journals()
    journal.record(0, b"", "done", "")
    await journal.flush()
    with closing(sqlite3.connect(f"file:{journal.path}?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT count(*) FROM row").fetchone() == (1,)
