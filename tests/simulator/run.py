"""One seed from beginning to end: lives that are killed, lives that end well, then the judgment."""

import asyncio
import gc
import tempfile
from pathlib import Path

import attrs

import voxsip
from tests.simulator.journal import SimulatedDriver, copy_files
from tests.simulator.loop import CrashError, SimulatedLoop, StuckError
from tests.simulator.network import Network, Session
from tests.simulator.process import Process
from tests.simulator.profile import PROFILES
from tests.simulator.scenario import Less, Life, scenario, stored
from tests.simulator.service import Backend
from tests.simulator.world import World
from voxsip._clock import Seams

MOST_LIVES = 8
POLICY = voxsip.RetryPolicy()
"""How every client retries; a mutant gives another."""
REGISTRATIONS = {"create": 0, "bind": 15, "delete": 24}
MEMORY = Path("/dev/shm")  # files on a memory disk, where there is one


@attrs.define(eq=False)
class Result:
    """What came of one seed.

    Attributes:
        findings: What is wrong, in words; none if the seed is fine.
        outcomes: Of the last life, by index; None if the journal was refused.
        refused: Why the journal was refused, or None.
    """

    world: World
    scenario: object
    network: Network
    findings: list = attrs.field(factory=list)
    outcomes: dict | None = None
    refused: str | None = None

    @property
    def digest(self):
        return self.world.digest


def run_seed(seed, profile="mixed", less=None, *, judge=None):
    """Run one seed and judge it."""
    from tests.simulator.judge import judge as judge_all

    less = less or Less()
    kind = PROFILES[profile]
    world = World(f"{profile}/{seed}")
    plan = scenario(world, kind, less)
    backend = Backend(
        world,
        spelling=stored if kind.spelling else None,
        registrations=REGISTRATIONS[kind.kind],
    )
    network = Network(world, backend, kind, less.quiet)
    result = Result(world, plan, network)
    before = {backend.add_foreign(*one) for one in plan.foreign}
    collecting = gc.isenabled()
    gc.disable()  # finalizers run where we say, or the same seed would not be the same run
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        try:
            _live(result, Path(folder))
        finally:
            if collecting:
                gc.enable()
    world.drain()
    result.findings += (judge or judge_all)(result, before)
    return result


def _live(result, folder):
    lives = list(result.scenario.lives)
    path = folder / "life-1" / "job.sqlite"
    path.parent.mkdir()
    for number in range(1, MOST_LIVES + 1):
        life = lives[number - 1] if number <= len(lives) else Life()
        result.network.faultless = number > len(lives)
        if _one_life(result, number, life, path):
            return
        following = folder / f"life-{number + 1}" / "job.sqlite"
        following.parent.mkdir()
        found = lives[number].journal if number < len(lives) else "whole"
        path = _find_journal(result, folder, path, following, found, number)
    result.findings.append(f"after {MOST_LIVES} lives the job has not ended")


def _find_journal(result, folder, path, following, found, number):
    """Put in place what the next life finds of the journal; it was copied at the moment of the kill."""
    killed = path.with_name("killed.sqlite")
    if found == "older":
        copies = sorted((folder / "copies").glob("*.sqlite"), key=lambda one: int(one.stem))
        if copies:
            killed = result.world.random("copy", number).choice(copies)
    sides = ("",) if found == "main" else ("", "-wal")
    if copy_files(killed, following, sides):
        result.world.tell(f"         the next life finds the journal: {found}")
    return following


def _one_life(result, number, life, path):
    """Run one life; True if it ended by itself."""
    world, plan = result.world, result.scenario
    process = Process(world, number, wall_error=life.wall_error)
    session = Session(result.network, number)

    jobs = []

    def end():
        world.tell(f"life {number} is {life.ending} at step {loop.steps}")
        if life.ending == "cancelled":
            session.doubt()
            task.cancel()
        for job in jobs:
            job.stop()

    loop = SimulatedLoop(
        world,
        process,
        crash_at=life.crash_at,
        on_crash=None if life.ending == "killed" else end,
        suspend_at=life.suspend_at,
        suspend_for=life.suspend_for,
    )
    drivers = []

    def driver(writer):
        copies = path.parents[1] / "copies" if "older" in plan.profile.copies else None
        drivers.append(
            SimulatedDriver(
                writer, loop=loop, random=world.random("journal", number), copies=copies
            )
        )
        return drivers[-1]

    world.tell(f"life {number} begins, its clock {life.wall_error:+.1f} s")
    rows = plan.rows[:-1] if life.mistaken and path.exists() else plan.rows
    asyncio.set_event_loop(loop)
    task = loop.create_task(_job(result, number, process, session, path, driver, rows, jobs))
    try:
        result.outcomes = loop.run_until_complete(task)
        if jobs[0].report.stopped is not None:
            return _let_go(result, number, path)
    except CrashError:
        world.tell(f"life {number} is killed at step {loop.steps}")
        session.kill()
        copy_files(path, path.with_name("killed.sqlite"))
        for one in drivers:
            one.kill()
        loop.bury()
        return False
    except asyncio.CancelledError:
        return _let_go(result, number, path)
    except voxsip.InvalidArgumentError as error:
        if rows is plan.rows:
            result.findings.append(f"life {number}: its input is refused: {error}")
        world.tell(f"life {number} is refused: {error}")
        return _let_go(result, number, path)
    except voxsip.ConfigurationError as error:
        result.refused = str(error)
        world.tell(f"life {number} is refused: {error}")
    except StuckError as error:
        result.findings.append(f"life {number}: {error}")
    finally:
        asyncio.set_event_loop(None)
        session.closed = True
        if not loop.is_closed():
            loop.bury()
        for one in drivers:
            one.kill()
    world.tell(f"life {number} ends")
    result.findings += [
        f"life {number}: {one.get('message')}: {one.get('exception')!r}" for one in loop.failures
    ]
    return True


def _let_go(result, number, path):
    """Leave the journal, closed, to the next life."""
    result.world.tell(f"life {number} has closed its journal")
    copy_files(path, path.with_name("killed.sqlite"))
    return False


async def _job(result, number, process, session, path, driver, rows, jobs):
    world, plan = result.world, result.scenario
    seams = Seams(clock=process, random=world.random("jitter", number).random)
    async with voxsip.AsyncClient(
        token="simulated",
        base_url="http://127.0.0.1:1/platform_api",
        session=session,
        retry=POLICY,
        _seams=seams,
    ) as client:
        rows = [dict(row) for row in rows]
        if path.exists():
            job = client.bulk.resume(path, rows)
        else:
            start = getattr(client.bulk, plan.profile.kind)
            job = start(rows, journal=path, concurrency=plan.concurrency)
        job._run.driver = driver
        jobs.append(job)
        outcomes = {}
        async for outcome in job:
            if outcome.index in outcomes:
                result.findings.append(f"life {number}: two outcomes of row {outcome.index}")
            outcomes[outcome.index] = outcome
            if not outcome.restored:
                world.tell(
                    f"life {number}: row {outcome.index} is {outcome.status} {told_id(outcome) or ''}".rstrip()
                )
        return outcomes


def told_id(outcome):
    """Return the id that an outcome tells, or None."""
    result = outcome.result
    if result is None:
        return None
    if hasattr(result, "get"):
        return result.get("sip_registration_id")
    return getattr(result, "sip_registration_id", None)
