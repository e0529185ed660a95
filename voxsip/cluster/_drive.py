"""One run of a job: gives its parts to an engine until the store says that all are done.

Only the store is believed: a part whose task has ended is done if the store says so, and one whose task has not is given to
another worker once nobody holds it for long. Two of these may drive one job at a time, and either may die.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import attrs

from voxsip._clock import Clock
from voxsip.cluster._dask import Dask, EngineLostError
from voxsip.cluster._errors import WorkerRefusedError
from voxsip.cluster._store import ClusterStore, JobRecord, PartRecord
from voxsip.shared._errors import StoreUnavailableError

log = logging.getLogger("voxsip.cluster")
POLL_SECONDS = 0.25
"""Seconds after which tasks are looked at."""
STORE_SECONDS = 1.0
"""Seconds after which the store is asked, if no task has ended."""
STALE_SECONDS = 60.0
"""Seconds without anybody who holds a part after which its task is taken for lost: its worker stands still."""
ROWS_PER_SECOND = 50_000
"""Rows of a file that the slowest of workers compares with the plan in a second."""
LOST_SECONDS = 60.0
"""Seconds without an answer of the engine or the store after which the run ends."""
MOST_TRIES = 5
"""Errors of a part in a row, without a row done between them, after which it is given up for this run."""


@attrs.define
class _Task:
    """A part that was given to a worker.

    Attributes:
        alive: The time at which the part last showed progress.
        among: Whether only some workers may have it.
    """

    task: Any
    alive: float
    among: bool


@attrs.define
class _Trouble:
    """What became of a part lately that ended without being done."""

    tries: int = 0
    rows: int = -1
    not_before: float = 0.0


@attrs.define(kw_only=True)
class Drive:
    """Runs a job on an engine.

    Args:
        on_parts: Told how all parts are, now and then.
    """

    store: ClusterStore
    job: JobRecord
    engine: Dask
    clock: Clock
    on_parts: Callable[[list[PartRecord]], None]

    _parts: dict[int, PartRecord] = attrs.field(factory=dict, init=False)
    _tasks: dict[int, _Task] = attrs.field(factory=dict, init=False)
    _troubles: dict[int, _Trouble] = attrs.field(factory=dict, init=False)
    _given_up: dict[int, BaseException] = attrs.field(factory=dict, init=False)
    _refused: dict[str, str] = attrs.field(factory=dict, init=False)
    _suspects: set[str | None] = attrs.field(factory=set, init=False)
    _read_at: float = attrs.field(default=0.0, init=False)
    _silent_since: float | None = attrs.field(default=None, init=False)

    @property
    def _patience(self) -> float:
        """Return the seconds after which a task without a sign of life is lost."""
        return STALE_SECONDS + self.job.rows / ROWS_PER_SECOND

    async def run(self) -> None:
        """Run parts until none is left to run.

        Raises:
            WorkerRefusedError: No worker can work on the job.
            EngineLostError: The engine does not answer any more.
            VoxsipError: A part cannot be run.
        """
        self._refused.update(await self.engine.check_workers())
        for address, complaint in self._refused.items():
            log.warning("job %s: worker %s is left out: %s", self.job.name, address, complaint)
        try:
            await self._read()
            while self._open() or self._tasks:
                try:
                    await self._turn()
                except (EngineLostError, StoreUnavailableError) as error:
                    self._lost(error)
                else:
                    self._silent_since = None
                await self.clock.sleep(POLL_SECONDS)
        finally:
            for task in self._tasks.values():
                task.task.release()
        if self._given_up:
            part, failure = next(iter(self._given_up.items()))
            log.error("job %s: part %d could not be run: %s", self.job.name, part, failure)
            raise failure

    def _open(self) -> list[PartRecord]:
        """Return the parts that somebody has to work on."""
        return [
            part
            for part in self._parts.values()
            if not part.ended and part.stop is None and part.part not in self._given_up
        ]

    async def _turn(self) -> None:
        ended = [part for part, task in list(self._tasks.items()) if await self._look(part, task)]
        if ended or self.clock.monotonic() - self._read_at >= STORE_SECONDS:
            await self._read()
        await self._drop_stale()
        await self._place()

    async def _read(self) -> None:
        """Ask the store how all parts are."""
        self._parts = {part.part: part for part in await self.store.parts(self.job)}
        self._read_at = now = self.clock.monotonic()
        for number, task in self._tasks.items():
            if self._parts[number].held:
                task.alive = now
        self.on_parts(list(self._parts.values()))

    async def _look(self, part: int, task: _Task) -> bool:
        """Returns whether a task has ended; takes in what it ended with."""
        ended = await self.engine.ended(task.task)
        if ended is None:
            return False
        self._tasks.pop(part).task.release()
        now = self.clock.monotonic()
        trouble = self._troubles.setdefault(part, _Trouble())
        error = ended.error
        if ended.held is not None:
            trouble.not_before = now + min(ended.held, STALE_SECONDS) + POLL_SECONDS
        elif isinstance(error, WorkerRefusedError):
            self._refused[error.worker or "?"] = str(error)
            log.warning("job %s: worker %s is left out: %s", self.job.name, error.worker, error)
        elif error is not None:
            rows = sum(self._parts[part].counts.values())
            trouble.tries = trouble.tries + 1 if rows == trouble.rows else 1
            trouble.rows = rows
            trouble.not_before = now + 2.0**trouble.tries
            log.warning("job %s: part %d: %s", self.job.name, part, error)
            if trouble.tries >= MOST_TRIES:
                self._given_up[part] = error
        return True

    async def _drop_stale(self) -> None:
        """Forget tasks whose worker stands still or never began them."""
        now = self.clock.monotonic()
        stale = {
            number: task
            for number, task in self._tasks.items()
            if now - task.alive >= self._patience
        }
        if not stale:
            return
        places = await self.engine.places()
        busy = {
            places.get(task.task.key)
            for number, task in self._tasks.items()
            if self._parts[number].held
        }
        self._suspects -= busy
        for number, task in stale.items():
            place = places.get(task.task.key)
            if place in busy or (place is None and not task.among):
                task.alive = now  # it stands in a queue
                continue
            log.warning("job %s: part %d: worker %s stands still", self.job.name, number, place)
            if place is not None:
                self._suspects.add(place)
            await self.engine.cancel(task.task)
            del self._tasks[number]

    async def _place(self) -> None:
        """Give parts to workers, one for each free thread, and one more.

        The one more lets a cluster grow that can.
        """
        threads = dict(await self.engine.workers())
        usable = {address: n for address, n in threads.items() if address not in self._refused}
        trusted = {address: n for address, n in usable.items() if address not in self._suspects}
        chosen = trusted or usable
        if threads and not usable:
            if self._tasks:
                return
            address, complaint = next(iter(self._refused.items()))
            raise WorkerRefusedError(f"worker {address}: {complaint}")
        room = sum(chosen.values()) + 1 - len(self._tasks)
        now = self.clock.monotonic()
        for part in self._open():
            if room <= 0:
                return
            trouble = self._troubles.get(part.part)
            waits = trouble is not None and now < trouble.not_before
            if part.part in self._tasks or waits:
                continue
            among = None if len(chosen) == len(threads) else list(chosen)
            task = self.engine.submit(self.job.name, part.part, among)
            self._tasks[part.part] = _Task(task, now, among is not None)
            room -= 1

    def _lost(self, error: Exception) -> None:
        """Bear with an engine that does not answer, for a while."""
        now = self.clock.monotonic()
        if self._silent_since is None:
            self._silent_since = now
            log.warning("job %s: %s", self.job.name, error)
        if now - self._silent_since < LOST_SECONDS and not self.engine.closed:
            return
        raise EngineLostError(
            f"{error}; what was done is in the store: start it again, and resume job {self.job.name}"
        )
