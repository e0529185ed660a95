"""`run_part`: the one function that engines run. However often and wherever it is called, no row is done twice.

It holds the part's lease while it works, continues after what earlier calls did, and returns at once if nothing is left. What
it needs comes from the store, from the user's file and from the machine's environment.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import AsyncExitStack, aclosing, suppress
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

import attrs
from yarl import URL

from voxsip._base_client import BaseAsyncClient, client_from
from voxsip._bindings.rows import REQUESTS
from voxsip._errors import ConfigurationError, VoxsipError
from voxsip._redaction.values import conceal, reveal
from voxsip._row_files.part import PartFile
from voxsip._version import __version__
from voxsip.bulk import AsyncBulk, BulkJob, Stop
from voxsip.bulk._journal.values import STATUSES
from voxsip.bulk._live.existing import Existing
from voxsip.bulk._live.purchases import survey
from voxsip.bulk._options import Options
from voxsip.cluster._errors import PartHeldError, WorkerRefusedError
from voxsip.cluster._index import decode
from voxsip.cluster._store import ClusterStore, JobRecord, PartRecord
from voxsip.shared import SharedRate

log = logging.getLogger("voxsip.cluster")
FIRST_WATCH = 0.2
WATCH_SECONDS = 2.0
"""Seconds after which a part says how far it is, and hears whether it should stop."""
LOOK_AGAIN = 2.0
"""Seconds after which a part that is held is looked at again."""
_OF_ACCOUNT = frozenset({Stop.FUNDS, Stop.QUOTA})
"""Reasons that the other rows of an account would meet as well."""


@attrs.frozen(kw_only=True)
class PartSummary:
    """What has become of a part's rows, all calls of `run_part` together.

    Attributes:
        job: The job.
        part: The part's number.
        state: "done": every row has an outcome; "stopped": some may not.
        rows: The number of its rows; the five counts after it add up to those that have an outcome.
        done: The number of rows done, as in `voxsip.Report`; likewise the others.
        stopped: Why not all rows were sent, or None.
    """

    job: str
    part: int
    state: Literal["done", "stopped"]
    rows: int
    done: int = 0
    unchanged: int = 0
    failed: int = 0
    skipped: int = 0
    unknown: int = 0
    stopped: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain JSON-able data."""
        return attrs.asdict(self)


async def run_part(
    store: str,
    job_id: str,
    part: int,
    *,
    client: BaseAsyncClient | None = None,
    wait: float | None = None,
    worker: str | None = None,
) -> PartSummary:
    """Run a part of a job, or what is left of it.

    Idempotent: a part that is done is left alone, one that another process works on is waited for, one whose process has died
    is continued from where that was.

    Args:
        store: `postgresql://user@host/database`.
        job_id: The job, as `ClusterJob.job_id` names it.
        part: Number of the part, from 0.
        client: Sends the calls; None makes one, with credentials from the environment.
        wait: Seconds to wait while another process holds the part; None: as long as it does.
        worker: The engine's name of this machine, for people.

    Raises:
        WorkerRefusedError: This machine has another voxsip, another file, or no credentials for the job's account.
        PartHeldError: Another process held the part for as long as `wait`.
        ConfigurationError: No such job, or the store cannot be used.
        VoxsipError: The part cannot continue; rows never raise.
    """
    store = conceal(store)
    async with aclosing(ClusterStore(store)) as kept:
        job = await kept.job(job_id)
        record, data = await kept.part(job, part)
        if job.version != __version__:
            raise WorkerRefusedError(
                f"job {job.name}: it is run by voxsip {job.version}, and this machine has {__version__}; "
                "install the same version on every machine"
            )
        if record.ended or record.stop is not None:
            return await _summary(kept, job, record)
        with kept.reading(job.name):
            places, spans = decode(data, job.head, record.rows)
        del places, data
        async with AsyncExitStack() as stack:
            try:
                rows = stack.enter_context(
                    PartFile(job.path, REQUESTS[job.kind], spans, job.reading)
                )
                rows.accounts = Counter({record.account_id: len(rows)})
                await asyncio.to_thread(rows.check, job.checksum)
                if client is None:
                    client = await stack.enter_async_context(client_from(job.options["client"]))
                _check_account(client, job)
            except ConfigurationError as error:
                raise WorkerRefusedError(str(error)) from None
            return await _Work(kept, store, job, part, rows, client, wait, worker).run()


def run_part_sync(
    store: str,
    job_id: str,
    part: int,
    *,
    wait: float | None = None,
    worker: str | None = None,
) -> PartSummary:
    """Run a part of a job in blocking code, in a loop of its own; see `run_part`."""
    store = conceal(store)
    factory = None
    with suppress(ImportError):
        import uvloop  # noqa: PLC0415 - optional

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(run_part(store, job_id, part, wait=wait, worker=worker))


@attrs.define
class _Work:
    """One call of `run_part` that has something to do."""

    store: ClusterStore
    dsn: str
    job: JobRecord
    part: int
    rows: PartFile[Any]
    client: BaseAsyncClient
    wait: float | None
    worker: str | None
    fresh: int = 0
    failures: int = 0

    async def run(self) -> PartSummary:
        """Work on the part as soon as nobody else does."""
        clock = self.client.clock
        began = clock.monotonic()
        while True:
            record, _ = await self.store.part(self.job, self.part)
            if record.ended or record.stop is not None:
                return await _summary(self.store, self.job, record)
            if record.held:
                if self.wait is not None and clock.monotonic() - began >= self.wait:
                    raise PartHeldError(
                        f"job {self.job.name}: part {self.part} is held by another process; "
                        f"if that is dead, try again in {int(record.held_for) + 1} s",
                        seconds=record.held_for,
                    )
                await clock.sleep(min(LOOK_AGAIN, record.held_for + 0.1))
                continue
            try:
                await self._run(record)
            except ConfigurationError as error:
                if error.in_use or await self._was_begun(record):
                    continue  # somebody was faster
                raise

    async def _was_begun(self, record: PartRecord) -> bool:
        """Returns whether a part that had not begun has meanwhile."""
        if record.journal is not None:
            return False
        now, _ = await self.store.part(self.job, self.part)
        return now.journal is not None

    async def _run(self, record: PartRecord) -> None:
        error: str | None = None
        bulk_job = self._job(record)
        watching = asyncio.get_running_loop().create_task(self._watch(bulk_job))
        try:
            async for outcome in bulk_job:
                if not outcome.restored:
                    self.fresh += 1
                    self.failures += outcome.status in {"failed", "unknown"}
        except VoxsipError as failure:
            error = str(failure)
            raise
        finally:
            watching.cancel()
            await asyncio.wait([watching])
            with suppress(VoxsipError):
                await self._end(bulk_job, record, error)

    def _job(self, record: PartRecord) -> BulkJob[Any]:
        """Make the part's own job; its journal stays in the store."""
        kept = self.job.options["job"]
        options = Options.from_json(kept, {})
        rate = SharedRate(self.dsn, rate=kept.get("rate"))
        journal = conceal(f"{reveal(self.dsn)}#{quote(f'{self.job.name}/{self.part}')}")
        bulk = AsyncBulk(self.client, survey=partial(self._survey, record))
        given: dict[str, Any] = {"rate_limit": rate, "checksum": self.job.checksum}
        if record.journal is not None:
            return bulk.resume(journal, self.rows, **given)
        given |= {
            "journal": journal,
            "source": self.job.path,
            "concurrency": options.concurrency,
            "skip_unchanged": options.skip_unchanged,
            "max_failures": options.max_failures,
        }
        if self.job.kind == "create":
            given["check_funds"] = options.check_funds
        make: Any = getattr(bulk, self.job.kind)
        job: BulkJob[Any] = make(self.rows, **given)
        return job

    async def _survey(
        self,
        record: PartRecord,
        client: BaseAsyncClient,
        existing: Existing | None,
        account_id: int | None,
        /,
    ) -> list[int] | None:
        """Return the registrations before the job, which one part lists for all."""
        if existing is not None:
            return await survey(client, existing)
        if account_id != record.account_id:
            return []  # no row of this part is for it
        return await self.store.known(self.job, account_id, lambda: survey(client, None))

    async def _watch(self, bulk_job: BulkJob[Any]) -> None:
        """Record the progress of the part, and stop it if it should stop."""
        pause = FIRST_WATCH
        while True:
            await self.client.clock.sleep(pause)
            pause = WATCH_SECONDS
            try:
                reason = await self._tell(bulk_job)
            except VoxsipError as error:
                log.warning("job %s, part %d: %s", self.job.name, self.part, error)
                continue
            if reason is not None:
                bulk_job.stop(reason, read_rest=False)

    async def _tell(self, bulk_job: BulkJob[Any]) -> str | None:
        report = bulk_job.report
        stop, reason = await self.store.watch(
            self.job,
            self.part,
            report.done,
            report.unchanged,
            report.failed,
            report.unknown,
            report.skipped,
            self.fresh,
            self.failures,
            bulk_job.concurrency,
            self.worker,
        )
        if stop is None and reason is not None:
            await self.store.stop(self.job, reason)
        return stop or reason

    async def _end(self, bulk_job: BulkJob[Any], record: PartRecord, error: str | None) -> None:
        await self._tell(bulk_job)
        stopped = bulk_job.report.stopped
        if stopped in _OF_ACCOUNT:
            await self.store.stop_account(self.job, record.account_id, stopped)
        elif stopped in {Stop.FAILURES, Stop.AUTHORIZATION}:
            await self.store.stop(self.job, stopped)
        await self.store.note_end(self.job, self.part, error)


def _check_account(client: BaseAsyncClient, job: JobRecord) -> None:
    service = URL(client.base_url).authority
    if service != job.service:
        raise ConfigurationError(
            f"job {job.name}: its API is at {job.service}, this machine's at {service}; set VOXIMPLANT_BASE_URL"
        )
    if client.account_id != job.account_id:
        raise ConfigurationError(
            f"job {job.name}: it runs on account {job.account_id}, the credentials here are for {client.account_id}"
        )


async def _summary(store: ClusterStore, job: JobRecord, record: PartRecord) -> PartSummary:
    sums = await store.counts(job, [record])
    counts: dict[str, Any] = {name: sums[name][0] for name in STATUSES if name in sums}
    return PartSummary(
        job=job.name,
        part=record.part,
        state="done" if record.ended else "stopped",
        rows=record.rows,
        stopped=record.stop,
        **counts,
    )
