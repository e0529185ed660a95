import os
import subprocess
import sys

import pytest

from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.lock import JournalLock, is_locked, lock_path


def test_one_holder_at_a_time(tmp_path):
    journal = tmp_path / "job.sqlite"
    lock = JournalLock(journal)
    assert is_locked(journal)
    with pytest.raises(ConfigurationError, match=rf"in use by process {os.getpid()}: wait"):
        JournalLock(journal)
    lock.release()
    lock.release()
    assert not is_locked(journal)
    assert list(tmp_path.iterdir()) == []
    JournalLock(journal).release()


def test_asking_makes_no_file(tmp_path):
    assert not is_locked(tmp_path / "job.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_holder_left_does_not_count(tmp_path):
    (tmp_path / "job.sqlite.lock").write_text("1\n")
    assert not is_locked(tmp_path / "job.sqlite")
    JournalLock(tmp_path / "job.sqlite").release()


@pytest.mark.parametrize("content", ["", "what?"])
def test_a_holder_without_a_pid_is_another_process(tmp_path, content):
    lock = JournalLock(tmp_path / "job.sqlite")
    lock.path.write_text(content)
    with pytest.raises(ConfigurationError, match="in use by another process"):
        JournalLock(tmp_path / "job.sqlite")
    lock.release()


def test_many_processes_that_come_and_go_hold_it_one_at_a_time(tmp_path):
    script = f"""
import os
from pathlib import Path
from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.lock import JournalLock
inside = Path({str(tmp_path / "inside")!r})
got = 0
while got < 30:
    try:
        lock = JournalLock(Path({str(tmp_path / "job.sqlite")!r}))
    except ConfigurationError:
        continue
    os.close(os.open(inside, os.O_CREAT | os.O_EXCL))  # fails if anybody else is in
    inside.unlink()
    lock.release()
    got += 1
"""
    processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path):
    target, journal = tmp_path / "precious", tmp_path / "job.sqlite"
    target.write_text("what nobody may overwrite")
    lock_path(journal).symlink_to(target)
    with pytest.raises(ConfigurationError, match="is a symbolic link: remove it"):
        JournalLock(journal)
    assert not is_locked(journal)
    assert target.read_text() == "what nobody may overwrite"


def test_a_lock_that_another_process_made_again_is_left_to_it(tmp_path):
    journal = tmp_path / "job.sqlite"
    lock = JournalLock(journal)
    before = lock.path.with_name("before")
    lock.path.rename(before)
    lock.path.write_text("of another process")
    lock.release()
    assert lock.path.read_text() == "of another process"
