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
from voxsip.shared._address import StoreAddress
from voxsip.shared._connection import connect

pytestmark = [pytest.mark.slow]

ROOT = Path(buying_program.__file__).parents[2]
ROWS = 120
LEASE, TIMEOUT = 3.0, 1.0
RUNS = int(os.environ.get("VOXSIP_STOPPED_RUNS", "1"))
GATE = 4711
_MAKE_GATE = """
CREATE FUNCTION pass_gate() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared({gate}); RETURN NEW; END $$;
CREATE TRIGGER gate BEFORE INSERT ON voxsip.job_row FOR EACH ROW
    WHEN (NEW.place >= {place} AND (NEW.status = 0) = {intent}) EXECUTE FUNCTION pass_gate();
"""
_ACTIVITY = """
SELECT count(*) FROM pg_stat_activity WHERE application_name = 'voxsip' AND datname = current_database()
"""
_WRITING = _ACTIVITY + "AND state <> 'idle'"
_AT_THE_GATE = _ACTIVITY + "AND wait_event_type = 'Lock' AND wait_event = 'advisory'"
_LOCKING = _ACTIVITY + "AND pid IN (SELECT pid FROM pg_locks)"  # noqa: S608 - made of constants
_FREE_AT = "SELECT lease_until + grace FROM voxsip.job"
_LEFT = "SELECT lease_until + grace - extract(epoch FROM clock_timestamp()) FROM voxsip.job"
_STARTED = "SELECT extract(epoch FROM started)::double precision FROM voxsip.job"


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

    async def stop(self):
        """Stop it, and return once it stands still, or has ended."""
        self.process.send_signal(signal.SIGSTOP)
        await asyncio.to_thread(
            os.waitid, os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT
        )

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

    async def has_received(self, count):
        return self.received >= count

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


@asynccontextmanager
async def gate(scene, place, *, intent):
    """Hold up the worker's writes of rows from a place on, inside the server; at the end they pass.

    It cannot get any further, however slow this machine is.
    """
    await (await connect(StoreAddress(scene.store))).close()  # makes the tables
    async with connected(scene.store) as connection, connected(scene.store) as keeper:
        await connection.execute(_MAKE_GATE.format(gate=GATE, place=place, intent=intent))
        await keeper.execute(f"SELECT pg_advisory_lock({GATE})")
        yield connection
        await keeper.execute(f"SELECT pg_advisory_unlock({GATE})")
        await scene.until(lambda: is_zero(connection, _WRITING))


async def is_zero(connection, query):
    return not await connection.fetchval(query)


async def is_at_the_gate(connection):
    return await connection.fetchval(_AT_THE_GATE)


@pytest.mark.parametrize("seed", range(RUNS))
async def test_a_worker_stopped_at_any_moment_sends_nothing_when_it_wakes(scene, seed):
    chance = random.Random(seed)
    intent = chance.random() < 0.5
    wanted = chance.randrange(1, ROWS - 20)
    in_a_write = seed % 2 == 1
    place = wanted if in_a_write else ROWS - 1  # it never ends by itself
    async with gate(scene, place, intent=intent) as connection:
        worker = scene.start()
        if in_a_write:
            await scene.until(lambda: is_at_the_gate(connection))
        else:
            for _ in range(wanted - 8):
                assert await worker.line() == "done"
            enough = scene.received + chance.randrange(8)
            await scene.until(lambda: scene.has_received(min(enough, ROWS - 20)))
        await worker.stop()
    await scene.successor_does_the_rest()
    await scene.wake(worker)


@pytest.mark.parametrize("intent", [True, False], ids=["intent", "outcome"])
async def test_a_worker_stopped_inside_a_write_holds_nobody_up(scene, intent):
    """The server ends the statement by itself: the worker has no transaction that only it could end."""
    async with gate(scene, 20, intent=intent) as connection:
        worker = scene.start()
        await scene.until(lambda: is_at_the_gate(connection))
        await worker.stop()
    async with connected(scene.store) as connection:
        assert await is_zero(connection, _LOCKING)
        left = await connection.fetchval(_LEFT)
        assert left <= LEASE + TIMEOUT, "its successor waits for lease and grace, and no longer"
        free_at = await connection.fetchval(_FREE_AT)
        await scene.successor_does_the_rest()
        assert await connection.fetchval(_STARTED) > free_at - 0.1
    await scene.wake(worker)
    dump = await asyncio.to_thread(
        subprocess.run,
        [POSTGRES_TOOLS / "pg_dump", "-d", scene.store],
        capture_output=True,
        check=True,
    )
    assert buying_program.PASSWORD.encode() not in dump.stdout
    assert b"u119@sip.example.com" in dump.stdout
