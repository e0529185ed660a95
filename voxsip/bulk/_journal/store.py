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
from collections.abc import AsyncGenerator, Awaitable, Callable, Container, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Self
from urllib.parse import unquote

import orjson
from typing_extensions import override

from voxsip._clock import SYSTEM, Clock
from voxsip._errors import ConfigurationError, VoxsipError
from voxsip._redaction.values import conceal, reveal
from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import ids, refusing, restored_rows
from voxsip.bulk._journal.interface import Facts, JobHeader, Journal, RestoredRow
from voxsip.bulk._journal.lines import ACCOUNT, STATUS, Line
from voxsip.bulk._journal.store_facts import job_facts, read_facts
from voxsip.bulk._journal.store_money import Money
from voxsip.bulk._journal.store_statements import (
    BUY,
    CREATE,
    DIGESTS,
    GIVE_BACK,
    KNOWN,
    LOOK,
    NOTE_KNOWN,
    RENEW,
    RESULT_IDS,
    ROWS,
    TAKE_OVER,
    UPDATE,
    WRITE,
)
from voxsip.bulk._journal.store_writer import RowWriter
from voxsip.bulk._journal.values import INTENDED
from voxsip.bulk._outcomes import Quote
from voxsip.shared._address import StoreAddress
from voxsip.shared._connection import LoopConnection
from voxsip.shared._errors import StoreUnavailableError

LEASE = 15.0
"""Seconds for which a job is held after the last word of its process."""
ROOM = 8192
"""Rows not yet written from which no further row is sent."""
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


def _text(text: str | None) -> str | None:
    """Return a text as PostgreSQL takes it: half characters and zero bytes as escapes."""
    if text is None:
        return None
    return reveal(text).encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def _digits(number: int | None) -> str | None:
    return None if number is None else str(number)


class StoreJournal(Journal):
    """One job's journal in a store, held by this process alone.

    Args:
        connection: The connection to the store; closed with the journal.
        lease: The token by which this process holds it.
        began: The time since boot at which the lease was asked for.
    """

    path: str
    _text = staticmethod(_text)
    _number = staticmethod(_digits)

    def __init__(
        self,
        connection: LoopConnection,
        path: str,
        facts: Facts,
        clock: Clock,
        number: int,
        lease: str,
        began: float,
    ) -> None:
        super().__init__(path, facts, clock)
        self._connection = connection
        self._job = number
        self._lease = lease
        self._deadline = began + LEASE
        self._writer = RowWriter(self._send, self._fail)
        self._money: Money | None = None
        self._failure: str | None = None
        self._updates: list[tuple[str, tuple[object, ...]]] = []
        beating = asyncio.get_running_loop().create_task(self._beat())
        self._beating: asyncio.Task[None] | None = beating

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
        """Make a new journal at `postgresql://host/database#name`, and hold it.

        Args:
            grace: seconds that an attempt may take: a successor waits as long after the lease ends.

        Raises:
            ConfigurationError: there is a job of that name, or the store cannot be used.
        """
        async with _connecting(address) as (connection, path, name):
            lease, began = secrets.token_hex(16), _boot_time()
            row = await connection.fetchrow(
                CREATE,
                name,
                header.kind,
                header.account_id,
                orjson.dumps(dict(header.options)).decode(),
                header.source,
                header.checksum,
                header.version,
                header.rows,
                None if known is None else list(known),
                _holder(),
                lease,
                LEASE,
                grace,
            )
            if row is None:
                raise existing_job(path)
            return cls(connection, path, job_facts(path, row), clock, row["id"], lease, began)

    @classmethod
    async def open(cls, address: str, *, grace: float = 0.0, clock: Clock = SYSTEM) -> Self:
        """Take over a job to resume it.

        Raises:
            ConfigurationError: no such job, another process holds it, or the store cannot be used.
        """
        async with _connecting(address) as (connection, path, name):
            lease, began = secrets.token_hex(16), _boot_time()
            row = await connection.fetchrow(TAKE_OVER, name, _holder(), lease, LEASE, grace)
            if row is None:
                raise await _refusal(connection, path, name)
            try:
                facts = await read_facts(connection, path, row)
            except ConfigurationError:
                with suppress(VoxsipError):
                    await connection.fetchrow(GIVE_BACK, row["id"], lease, row["unclean"])
                raise
            return cls(connection, path, facts, clock, row["id"], lease, began)

    def may_write(self) -> bool:
        """Returns whether the job is held for certain, by the time since boot.

        That clock runs on while the process is stopped.
        """
        return self._failure is None and _boot_time() < self._deadline

    @override
    async def intend(
        self, index: int, digest: bytes, key: str, account_id: int | None = None
    ) -> None:
        """Record the intent to send a row and reserve its price; durable on return.

        Raises:
            InsufficientFundsError: the account's money is reserved or spent; nothing was noted.
        """
        while True:
            self._put(self._intent(index, digest, key, account_id))
            await self._until_written()
            if self._money is None or index not in self._writer.refused:
                return
            self._writer.refused.remove(index)
            await self._money.find_more(account_id)

    @override
    async def room(self) -> None:
        if len(self._writer) > ROOM:
            await self._until_written()

    @override
    async def _read(self, places: range) -> Mapping[int, RestoredRow]:
        lines = await self._connection.fetch(ROWS, self._job, places.start, places.stop)
        return restored_rows(self.path, lines)

    @override
    async def digests(self, after: int) -> Iterable[bytes]:
        found = await self._connection.fetch(DIGESTS, self._job, after)
        return (row["digest"] for row in found)

    @override
    async def begin(self) -> None:
        """Do nothing: that the run has begun is in the store since the journal was opened."""

    @override
    async def note_known(self, account_id: int, known: Iterable[int] | None) -> None:
        await self._held(NOTE_KNOWN, account_id, None if known is None else list(known))
        self.surveyed.add(account_id)

    async def hold_money(
        self,
        service: str,
        own_account: int,
        account_id: int | None,
        read: Callable[[], Awaitable[Quote]],
    ) -> Quote:
        """Reserve the price of a row with every intent from now on.

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

    @override
    async def known_ids(self, account_id: int | None = None) -> list[int] | None:
        row = await self._connection.fetchrow(KNOWN, self._job, account_id)
        with refusing(self.path):
            return None if row["known"] is None else ids(row["known"])

    @override
    async def result_ids(self, account_id: int | None = None) -> list[int]:
        rows = await self._connection.fetch(RESULT_IDS, self._job, account_id)
        with refusing(self.path):
            return sorted(ids(row["result_id"] for row in rows))

    @override
    def ended(self, rows: int) -> None:
        self.rows_total = rows
        self._updates.append(("rows_total = $3", (rows,)))

    @override
    def stopped(self, reason: str | None) -> None:
        self._updates.append(("stopped = $3", (reason,)))

    @override
    async def flush(self) -> None:
        await self._until_written()
        while self._updates:
            change, given = self._updates[0]
            await self._held(UPDATE.format(change), *given)
            self._updates.pop(0)

    @override
    async def close(self, *, in_doubt: bool = False) -> None:
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
            await self._writer.abandon()
            await self._connection.aclose()

    # Writing

    @override
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
        """Run a statement that counts only while the job is held; wait for the store.

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


@asynccontextmanager
async def _connecting(address: str) -> AsyncGenerator[tuple[LoopConnection, str, str]]:
    """Yield a journal's connection, path and job name; close it on failure."""
    store, name = split_address(address)
    connection = LoopConnection(store, lambda: None)
    try:
        yield connection, f"{store}#{name}", name
    except BaseException:
        await connection.aclose()
        raise


async def _refusal(connection: LoopConnection, path: str, name: str) -> ConfigurationError:
    """Return why a job could not be taken over."""
    found = await connection.fetchrow(LOOK, name)
    if found is None:
        return missing_job(path)
    with refusing(path):
        left = values.seconds(found["left"], "the end of its lease")
    held = ConfigurationError(
        f"journal {path}: the job is held by {found['holder']}; if that process is dead, "
        f"try again in {max(1, int(left) + 1)} s"
    )
    held.in_use = True
    return held


def existing_job(path: str) -> ConfigurationError:
    """Return the error of a new job that has the name of another."""
    error = ConfigurationError(
        f"journal {path}: there is a job of that name already; resume it, or name another after a #"
    )
    error.exists = True
    return error


def missing_job(path: str) -> ConfigurationError:
    """Return the error of a job that the store does not have."""
    error = ConfigurationError(f"journal {path}: there is no job of that name")
    error.missing = True
    return error


def _boot_time() -> float:
    return time.clock_gettime(_BOOT_CLOCK)


def _holder() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
