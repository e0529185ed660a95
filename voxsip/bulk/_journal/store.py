"""A bulk job's journal in PostgreSQL, for a job that another machine may resume.

It promises what the file does (see `journal`): an intent is durable before its request leaves, outcomes are written in order
and in batches that are there whole or not at all, and no secret is in it.

One process works on a job at a time: it holds a *lease* that ends by itself. Every write names the lease in the same
statement, so that a process that was taken over writes nothing; and every request asks `may_write` when its bytes
are written, so that it sends nothing either.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Container, Iterable
from contextlib import suppress
from typing import Any, Self
from urllib.parse import unquote

import orjson

from voxsip._clock import SYSTEM, Clock
from voxsip._errors import ConfigurationError, VoxsipError
from voxsip._redaction.values import conceal, reveal
from voxsip._transport.write_guard import SUPPORTED
from voxsip._version import __version__
from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import (
    ids,
    refusing,
    restored_row,
)
from voxsip.bulk._journal.interface import JobHeader, RestoredRow
from voxsip.bulk._journal.schema import STATUS_CODES, now_ms
from voxsip.bulk._journal.store_facts import Facts, job_facts, read_facts
from voxsip.bulk._journal.store_money import Money
from voxsip.bulk._journal.store_rows import ACCOUNT, STATUS, text
from voxsip.bulk._journal.store_statements import (
    BUY,
    CREATE,
    DIGESTS,
    GIVE_BACK,
    LOOK,
    NAMES,
    NOTE_KNOWN,
    RENEW,
    RESULT_IDS,
    TAKE_OVER,
    UPDATE,
    WRITE,
)
from voxsip.bulk._journal.store_writer import Line, RowWriter
from voxsip.bulk._journal.values import INTENDED
from voxsip.bulk._outcomes import Quote, Status
from voxsip.shared._address import StoreAddress
from voxsip.shared._connection import LoopConnection
from voxsip.shared._errors import StoreUnavailableError

LEASE = 15.0
"""Seconds for which a job is held after the last word of its process."""
ROOM = 8192
"""Rows not yet written from which no further row is sent."""
RANGE_ROWS = 512
_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def split_address(address: str) -> tuple[StoreAddress, str]:
    """Return the store and the name of the job: `postgresql://host/database#name`.

    Raises:
        ConfigurationError: no such address.
    """
    address = conceal(
        address
    )  # plain text stays on no frame: what is wrong with it raises from here
    name = unquote(reveal(address).partition("#")[2])
    return StoreAddress(conceal(reveal(address).partition("#")[0])), name or "job"


class StoreJournal:
    """One job's journal in a store, held by this process alone.

    Attributes:
        header: the description of the job.
        rows_known: rows up to the last one that an earlier run wrote.
        rows_total: the number of input rows, once `ended` was told.
        settled: rows of earlier runs that need no money, by account: ended for good, or perhaps bought.
        surveyed: child accounts whose registrations were noted, with their ids if they could be listed.
        runs: the number of times the job was started, including this one.
        resumed: whether it was there before this run.
        unclean: whether requests of an earlier run may be on their way.
        log_lost: never: a store has no part that can be lost by itself.
        open_rows: rows of earlier runs whose outcome is not known.
    """

    log_lost = False

    def __init__(self, address: StoreAddress, name: str, clock: Clock) -> None:
        self.path = f"{address}#{name}"
        self._clock = clock
        self._connection = LoopConnection(address, lambda: None)
        self._name = name
        self._lease = secrets.token_hex(16)
        self._deadline = 0.0
        self._job = 0
        self._known: list[int] | None = None
        self._writer = RowWriter(self._send, self._fail)
        self._money: Money | None = None
        self._beating: asyncio.Task[None] | None = None
        self._failure: str | None = None
        self._updates: list[tuple[str, tuple[object, ...]]] = []
        self._range = range(0)
        self._rows: dict[int, Any] = {}
        self.resumed = self.unclean = False

    @classmethod
    async def create(
        cls,
        address: str,
        header: JobHeader,
        *,
        known: Iterable[int] | None = None,
        grace: float = 0.0,
        clock: Clock = SYSTEM,
    ) -> Self:
        """Make a new journal and hold it.

        Args:
            address: `postgresql://host/database#name`.
            header: the description of the job.
            known: ids of the registrations there were before, or None.
            grace: seconds that an attempt may take: a successor waits as long after the lease ends.
            clock: the clock for the times of rows.

        Raises:
            ConfigurationError: there is a job of that name, or the store cannot be used.
        """
        journal = cls(*split_address(address), clock)
        async with _closed_on_failure(journal):
            began = _boot_time()
            row = await journal._connection.fetchrow(
                CREATE,
                journal._name,
                header.kind,
                header.account_id,
                orjson.dumps(dict(header.options)).decode(),
                header.source,
                header.checksum,
                __version__,
                header.rows,
                None if known is None else list(known),
                _holder(),
                journal._lease,
                LEASE,
                grace,
            )
            if row is None:
                raise existing_job(journal.path)
            journal._begin(row["id"], job_facts(journal.path, row), began)
        return journal

    @classmethod
    async def open(cls, address: str, *, grace: float = 0.0, clock: Clock = SYSTEM) -> Self:
        """Take over a job to resume it.

        Args:
            address: `postgresql://host/database#name`.
            grace: the seconds after the end of a lease before another process takes the job over.
            clock: the clock for the times of rows.

        Raises:
            ConfigurationError: no such job, another process holds it, or the store cannot be used.
        """
        journal = cls(*split_address(address), clock)
        async with _closed_on_failure(journal):
            began = _boot_time()
            row = await journal._connection.fetchrow(
                TAKE_OVER, journal._name, _holder(), journal._lease, LEASE, grace
            )
            if row is None:
                raise await journal._refusal()
            journal.resumed, journal.unclean = True, row["unclean"]
            try:
                facts = await read_facts(journal._connection, journal.path, row)
            except ConfigurationError:
                with suppress(VoxsipError):
                    await journal._connection.fetchrow(
                        GIVE_BACK, row["id"], journal._lease, row["unclean"]
                    )
                raise
            journal._begin(row["id"], facts, began)
        return journal

    async def _refusal(self) -> ConfigurationError:
        found = await self._connection.fetchrow(LOOK, self._name)
        if found is None:
            return ConfigurationError(f"journal {self.path}: there is no job of that name")
        with refusing(self.path):
            left = values.seconds(found["left"], "the end of its lease")
        held = ConfigurationError(
            f"journal {self.path}: the job is held by {found['holder']}; if that process is dead, "
            f"try again in {max(1, int(left) + 1)} s"
        )
        held.in_use = True
        return held

    def _begin(self, number: int, facts: Facts, began: float) -> None:
        """Take over what the store says; `began` is when the lease was asked for."""
        self._job = number
        self._deadline = began + LEASE
        self.header = facts.header
        self.rows_known, self.rows_total = facts.rows_known, facts.rows_total
        self.settled, self.surveyed = facts.settled, facts.surveyed
        self.runs, self.open_rows = facts.runs, facts.open_rows
        self._known = facts.known
        self._beating = asyncio.get_running_loop().create_task(self._beat())

    def may_write(self) -> bool:
        """Returns whether the job is held for certain, by the time since boot: it runs on while the process is stopped."""
        return self._failure is None and _boot_time() < self._deadline

    async def intend(
        self, index: int, digest: bytes, key: str, account_id: int | None = None
    ) -> None:
        """Note that a row is about to be sent, and reserve its price; durable when this returns.

        Raises:
            InsufficientFundsError: the account's money is reserved or spent; nothing was noted.
        """
        now = now_ms(self._clock)
        nothing = (0, 0, None, None, None, None)
        while True:
            self._put((index, digest, text(key), INTENDED, now, now, *nothing, account_id))
            await self._until_written()
            if self._money is None or index not in self._writer.refused:
                return
            self._writer.refused.remove(index)
            await self._money.find_more(account_id)

    def record(
        self,
        index: int,
        digest: bytes,
        status: Status,
        key: str,
        *,
        attempts: int = 0,
        elapsed: float = 0.0,
        error_code: int | None = None,
        error_name: str | None = None,
        error_text: str | None = None,
        result_id: int | None = None,
        account_id: int | None = None,
    ) -> None:
        """Note how a row ended; returns at once.

        Raises:
            ConfigurationError: an earlier batch could not be written, or another process holds the job.
        """
        self._put(
            (
                index,
                digest,
                text(key),
                STATUS_CODES[status],
                None,
                now_ms(self._clock),
                attempts,
                int(elapsed * 1e6),
                None if error_code is None else str(error_code),
                error_name,
                text(error_text),
                None if result_id is None else str(result_id),
                account_id,
            )
        )

    async def room(self) -> None:
        """Return once the records not yet written are few."""
        if len(self._writer) > ROOM:
            await self._until_written()

    async def restored(self, index: int) -> RestoredRow | None:
        """Return what earlier runs wrote of a row, or None. Ask in rising order."""
        if index >= self.rows_known:
            return None
        if index not in self._range:
            self._range = range(index, index + RANGE_ROWS)
            query = (
                f"SELECT {NAMES} FROM voxsip.job_row WHERE job = $1 AND place >= $2 AND place < $3"  # noqa: S608 - constants
            )
            found = await self._connection.fetch(
                query, self._job, self._range.start, self._range.stop
            )
            self._rows = {row["place"]: row for row in found}
        row = self._rows.get(index)
        with refusing(self.path):
            return None if row is None else restored_row(row)

    async def digests(self, after: int) -> Iterable[bytes]:
        """Return the fingerprints of the rows of earlier runs that come after a place."""
        found = await self._connection.fetch(DIGESTS, self._job, after)
        return (row["digest"] for row in found)

    async def begin(self) -> None:
        """Do nothing: that the run has begun is in the store since the journal was opened."""

    async def note_known(self, account_id: int, known: Iterable[int] | None) -> None:
        """Note which registrations a child account has before its first purchase; durable when this returns."""
        ids = None if known is None else list(known)
        await self._held(NOTE_KNOWN, account_id, ids)
        self.surveyed[account_id] = ids

    async def hold_money(
        self,
        service: str,
        own_account: int,
        account_id: int | None,
        read: Callable[[], Awaitable[Quote]],
    ) -> Quote:
        """Have every intent reserve the price of its row from now on, together with all jobs of the account.

        Args:
            service: host and port of the API.
            own_account: the account of rows that name none.
            account_id: the child account that pays; None for the account of the job.
            read: asks the API for price and balance.

        Returns:
            price, and what is neither spent nor reserved.

        Raises:
            VoxsipError: price or balance could not be read.
        """
        if self._money is None:
            self._money = Money(self._connection, service, own_account, self._clock)
        return await self._money.hold(account_id, read)

    async def known_ids(self, account_id: int | None = None) -> list[int] | None:
        """Return the ids of the registrations there were before the job, or None if they could not be listed."""
        return self._known if account_id is None else self.surveyed[account_id]

    async def result_ids(self, account_id: int | None = None) -> list[int]:
        """Return the registrations that rows of earlier runs were told, of one account."""
        rows = await self._connection.fetch(RESULT_IDS, self._job, account_id)
        with refusing(self.path):
            return sorted(ids(row["result_id"] for row in rows))

    def ended(self, rows: int) -> None:
        """Note that the input has been read to its end."""
        self.rows_total = rows
        self._updates.append(("rows_total = $3", (rows,)))

    def stopped(self, reason: str | None) -> None:
        """Note why the job stopped sending, or None if it ran to its end."""
        self._updates.append(("stopped = $3", (reason,)))

    async def flush(self) -> None:
        """Return once everything told so far is durable."""
        await self._until_written()
        while self._updates:
            change, given = self._updates[0]
            await self._held(UPDATE.format(change), *given)
            self._updates.pop(0)

    async def close(self, *, in_doubt: bool = False) -> None:
        """Flush, give the job back and close. Idempotent.

        Args:
            in_doubt: whether requests of this run, or of one before it, may be on their way.

        Raises:
            ConfigurationError: not everything could be written; told once.
        """
        beating, self._beating = self._beating, None
        if beating is None:
            return
        try:
            await self.flush()
            await self._held(GIVE_BACK, in_doubt)
        finally:
            self._deadline = 0.0
            beating.cancel()
            await asyncio.wait([beating])
            await self._abandon()

    async def _abandon(self) -> None:
        await self._writer.abandon()
        await self._connection.aclose()

    # Writing

    def _put(self, line: Line) -> None:
        self._raise_failure()
        self._writer.put(line)

    async def _until_written(self) -> None:
        self._raise_failure()
        await self._writer.written()
        self._raise_failure()

    async def _send(self, lines: list[Line]) -> Container[int]:
        columns = map(list, zip(*lines, strict=True))
        if self._money is None:
            await self._held(WRITE, LEASE, *columns, renews=True)
            return ()
        price_of = self._money.price_of
        prices = [price_of(line[ACCOUNT]) if line[STATUS] == INTENDED else None for line in lines]
        row = await self._held(BUY, LEASE, *columns, prices, *self._money.payer, renews=True)
        return row["refused"]  # type: ignore[no-any-return]

    async def _held(self, query: str, *given: object, renews: bool = False) -> Any:
        """Run a statement that only counts while the job is held; while the lease lasts, wait for the store.

        Raises:
            ConfigurationError: another process holds the job, or the store did not come back in time.
        """
        while True:
            began = _boot_time()
            try:
                row = await self._connection.fetchrow(query, self._job, self._lease, *given)
            except StoreUnavailableError as error:
                if _boot_time() < self._deadline:
                    await self._clock.sleep(LEASE / 30)
                    continue
                failure = str(error)
                break
            if row is not None and row["held"]:
                if renews:
                    self._deadline = max(self._deadline, began + LEASE)
                return row
            failure = "another process has taken the job over"
            break
        self._fail(failure)
        raise self._failed()

    async def _beat(self) -> None:
        """Renew the lease until the journal is closed."""
        try:
            while True:
                await self._clock.sleep(LEASE / 3)
                await self._held(RENEW, LEASE, renews=True)
        except ConfigurationError:
            return

    def _fail(self, reason: str) -> None:
        if self._failure is None:
            self._failure = reason
        self._writer.give_up()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failed()

    def _failed(self) -> ConfigurationError:
        return ConfigurationError(
            f"journal {self.path}: {self._failure}; nothing is sent any more, resume the job where it is held"
        )


class _closed_on_failure:  # noqa: N801 - used as a statement
    """Closes a journal's connection if it could not be opened."""

    def __init__(self, journal: StoreJournal) -> None:
        self._journal = journal

    async def __aenter__(self) -> None:
        if not SUPPORTED:
            raise ConfigurationError(
                "journal: one in a store needs aiohttp 3.12 or newer, which looks at the lease as it writes; upgrade aiohttp"
            )

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            if self._journal._beating is not None:  # noqa: SLF001 - one module
                self._journal._beating.cancel()  # noqa: SLF001
            await self._journal._abandon()  # noqa: SLF001


def existing_job(path: str) -> ConfigurationError:
    """Return the error of a new job that has the name of another."""
    return ConfigurationError(
        f"journal {path}: there is a job of that name already; resume it, or name another after a #"
    )


def _boot_time() -> float:
    return time.clock_gettime(_BOOT_CLOCK)


def _holder() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
