"""A job's memory does not depend on the number of its rows."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import voxsip

MIB = 1024 * 1024
SCRIPT = """
import asyncio, gc, json, os, sys
from pathlib import Path

from voxsip._clock import SYSTEM
from voxsip.bulk import AsyncBulk, BindRequest
from voxsip.models import BindSipRegistrationReply

count, journal = int(sys.argv[1]), sys.argv[2] or None


class Client:
    # Answers at once: what is measured is the job alone.
    account_id = limiter = None
    clock = SYSTEM

    def with_options(self, *, rate_limit):
        self.limiter = rate_limit
        return self

    @property
    def sip_registrations(self):
        return self

    async def bind(self, **_):
        await asyncio.sleep(0)
        return BindSipRegistrationReply(result=1)


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


seen = {}


def rows():
    for number in range(count):
        if number in (10_000, count - 1):
            gc.collect()
            seen[number] = resident()
        user = number % 1000 + 1
        yield BindRequest(sip_registration_id=number + 1, application_id=user % 3 + 1, user_id=user)


async def main():
    await AsyncBulk(Client()).bind([BindRequest(sip_registration_id=1, application_id=1)])
    gc.collect()
    idle = resident()
    report = await AsyncBulk(Client()).bind(rows(), journal=journal)
    assert report.done == count, report
    print(json.dumps([idle, seen[10_000], seen[count - 1]]))


asyncio.run(main())
"""


def measure(count, journal=""):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(count), str(journal)],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(voxsip.__file__).parents[1])},
    )
    return json.loads(done.stdout)


pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")


def test_memory_stands_still():
    idle, early, late = measure(60_000)
    assert early - idle < 16 * MIB
    assert late - early < 2 * MIB


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_memory_of_a_million_rows():
    idle, early, late = measure(1_000_000)
    assert early - idle < 16 * MIB
    assert late - early < 1 * MIB


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_memory_with_a_journal(tmp_path):
    """A million rows take a minute: `python -m benchmarks` measures them, and how little more they need."""
    idle, early, late = measure(300_000, tmp_path / "job.sqlite")
    assert early - idle < 24 * MIB
    assert late - idle < 24 * MIB
    assert late - early < 4 * MIB
