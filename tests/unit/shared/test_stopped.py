"""Workers that die, or stand still at the worst moments and wake after another took their job over: nothing is bought twice."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from tests.support import buying_program
from tests.unit.shared.conftest import POSTGRES_TOOLS
from voxsip.emulator import Emulator

pytestmark = [pytest.mark.slow]

ROOT = Path(buying_program.__file__).parents[2]
ROWS = 120
LEASE = 3.0
RUNS = int(os.environ.get("VOXSIP_STOPPED_RUNS", "2"))
_WRITING = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'voxsip' AND datname = current_database() AND state = 'active' AND query LIKE '%job_row%'
"""
_WAITING = _WRITING + " AND wait_event_type = 'Lock'"
_STATES = "SELECT state FROM pg_stat_activity WHERE application_name = 'voxsip' AND datname = current_database()"


class Worker:
    """A process that buys; it does not outlive its test."""

    def __init__(self, *arguments):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", buying_program.__file__, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    async def line(self):
        return (await asyncio.to_thread(self.process.stdout.readline)).strip()

    def send(self, number):
        self.process.send_signal(number)

    async def end(self):
        return await asyncio.to_thread(self.process.communicate)

    def kill(self):
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.communicate()


class Scene:
    """An account with money for exactly so many rows, a store, and the workers that share a job."""

    def __init__(self, emulator, store, folder):
        self.emulator = emulator
        self.journal = f"{store}#buy"
        self.store = store
        self.folder = folder
        self.workers = []

    def start(self, *more):
        worker = Worker(
            self.emulator.base_url,
            self.folder / "credentials.json",
            self.journal,
            LEASE,
            ROWS,
            *more,
        )
        self.workers.append(worker)
        return worker

    @property
    def received(self):
        return self.emulator.state.counters["CreateSipRegistration"]["received"]

    async def until(self, condition):
        while not await condition():  # noqa: ASYNC110 - something outside of this process
            await asyncio.sleep(0.001)

    async def successor_does_the_rest(self):
        """Let another worker end the job: as many purchases as rows, and as money."""
        said, wrong = await self.start("resume").end()
        assert f"'done': {ROWS}" in said, said + wrong
        state = self.emulator.state
        assert state.counters["CreateSipRegistration"]["executed"] == ROWS
        assert len({found["sip_username"] for found in state.registrations}) == ROWS
        assert state.account["balance"] == 0

    async def wake(self, stopped):
        """Wake a worker whose job is another's: it sends nothing more."""
        before = self.received
        stopped.send(signal.SIGCONT)
        rest, wrong = await stopped.end()
        assert "ended:" in rest, rest + wrong
        assert "Traceback" not in wrong
        assert self.received == before


@pytest.fixture
async def scene(store, tmp_path):
    async with Emulator(applications=1, balance=ROWS, directory=tmp_path, latency=0.01) as emulator:
        made = Scene(emulator, store, tmp_path)
        yield made
        for worker in made.workers:
            await asyncio.to_thread(worker.kill)


@asynccontextmanager
async def connected(store):
    connection = await asyncpg.connect(store)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("after", [1, 60])
async def test_a_worker_that_died_is_succeeded(scene, after):
    worker = scene.start()
    for _ in range(after):
        assert await worker.line() == "done"
    worker.send(signal.SIGKILL)
    await scene.successor_does_the_rest()


@pytest.mark.parametrize("seed", range(RUNS))
async def test_a_worker_stopped_at_any_moment_sends_nothing_when_it_wakes(scene, seed):
    chance = random.Random(seed)
    worker = scene.start()
    wanted = chance.randrange(1, ROWS - 20)
    for _ in range(wanted):
        assert await worker.line() == "done"
    moment = ("outcome", "request", "write")[seed % 3]
    if moment == "request":
        enough = scene.received + chance.randrange(1, 8)

        async def arrived():
            return scene.received >= enough

        await scene.until(arrived)
    elif moment == "write":
        async with connected(scene.store) as connection:

            async def is_writing():
                return await connection.fetchval(_WRITING)

            await scene.until(is_writing)
    worker.send(signal.SIGSTOP)
    await scene.successor_does_the_rest()
    await scene.wake(worker)


async def test_a_worker_stopped_inside_a_write_holds_nobody_up(scene):
    """The server ends the statement by itself: the worker has no transaction that only it could end."""
    worker = scene.start()
    for _ in range(20):
        assert await worker.line() == "done"
    async with connected(scene.store) as connection, connected(scene.store) as locking:

        async def is_waiting():
            return await connection.fetchval(_WAITING)

        async with locking.transaction():
            await locking.execute("LOCK TABLE voxsip.job_row IN SHARE MODE")
            await scene.until(is_waiting)
            worker.send(signal.SIGSTOP)

        async def is_written():
            return not await connection.fetchval(_WRITING)

        await scene.until(is_written)
        states = {row["state"] for row in await connection.fetch(_STATES)}
        assert states == {"idle"}
    await scene.successor_does_the_rest()
    await scene.wake(worker)
    dump = await asyncio.to_thread(
        subprocess.run,
        [POSTGRES_TOOLS / "pg_dump", "-d", scene.store],
        capture_output=True,
        check=True,
    )
    assert buying_program.PASSWORD.encode() not in dump.stdout
    assert b"u119@sip.example.com" in dump.stdout
