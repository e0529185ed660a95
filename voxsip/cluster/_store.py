"""Jobs on several machines as their store keeps them: the plan, the index of each part, and how far each is."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, Self, get_args

import attrs
import orjson

from voxsip._bindings.rows import RowKind
from voxsip._config import RetryPolicy, Timeout
from voxsip._errors import ConfigurationError, InvalidArgumentError
from voxsip._printable import brief
from voxsip._redaction.values import conceal
from voxsip._row_files.reading import Reading
from voxsip._version import __version__
from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import refusing
from voxsip.bulk._journal.values import UNKNOWN
from voxsip.bulk._options import Options
from voxsip.cluster import _statements as statements
from voxsip.cluster._plan import Plan
from voxsip.shared._address import StoreAddress
from voxsip.shared._connection import LoopConnection

BATCH_BYTES = 4_000_000
"""Bytes of indexes that go to the store at once."""
JOURNALS = 200
"""Journals whose rows are counted by one statement."""
_AS_KEPT = ("name", "kind", "account_id", "service", "path", "checksum", "note", "version", "stop")
"""Columns of a job that need no checking: PostgreSQL does that."""
_PART_AS_KEPT = ("part", "account_id", "journal", "complete", "held", "again", "error", "worker")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@attrs.frozen(kw_only=True)
class JobRecord:
    """A job as the store keeps it.

    Attributes:
        head: Bytes of it before the first row.
        checksum: The checksum of its records.
        note: A description of how the rows are divided, for people.
        version: The version of voxsip that runs its parts.
        starts: The times at which its runs began, in the database's seconds since the epoch.
        stop: Why nothing more is sent, or None.
    """

    number: int
    name: str
    kind: RowKind
    account_id: int | None
    service: str
    options: Mapping[str, Any]
    reading: Reading
    path: str
    head: int
    checksum: str
    columns: tuple[str, ...] | None
    rows: int
    parts: int
    note: str
    version: str
    starts: tuple[float, ...]
    stop: str | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """Make it of a line of the store.

        Raises:
            ValueError: A value is not such as voxsip writes.
        """
        if row["kind"] not in get_args(RowKind):
            raise ValueError("the kind of its rows is unknown")
        columns = row["columns"]
        options = values.mapping(row["options"], "the options")
        if columns is not None:
            columns = tuple(values.text(one, "a column") for one in columns)
        return cls(
            **{name: row[name] for name in _AS_KEPT},
            number=row["id"],
            options=_options(options),
            reading=_reading(options.get("file", {})),
            head=values.count(row["head"], "the length of the head"),
            columns=columns,
            rows=values.count(row["rows"], "the number of rows"),
            parts=values.count(row["parts"], "the number of parts"),
            starts=tuple(values.seconds(start, "the start of a run") for start in row["starts"]),
        )


@attrs.frozen(kw_only=True)
class PartRecord:
    """A part as the store keeps it.

    Attributes:
        account_id: The account of its rows; None for the client's own.
        journal: Its journal's number in the store; None if it has not begun.
        complete: Whether all of its rows have an outcome and it ended in order.
        held: Whether a process works on it, or may.
        held_for: Seconds for which that is certain without another word of it.
        again: Whether to look for purchases of unknown outcome once more.
        stop: Why nothing more of it is sent, or None.
        error: The error with which its last process ended, or None.
        worker: The engine's name of the worker of that process.
        counts: Rows by status, as last told.
    """

    part: int
    account_id: int | None
    rows: int
    journal: int | None
    complete: bool
    held: bool
    held_for: float
    again: bool
    stop: str | None
    error: str | None
    worker: str | None
    counts: Mapping[str, int]
    concurrency: int

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do for it."""
        return self.complete and not self.again

    @classmethod
    def of(cls, row: Any) -> Self:
        """Make it of a line of the store.

        Raises:
            ValueError: A value is not such as voxsip writes.
        """
        return cls(
            **{name: row[name] for name in _PART_AS_KEPT},
            rows=values.count(row["rows"], "the number of rows"),
            held_for=values.seconds(row["held_for"] or 0.0, "the end of a lease"),
            stop=row["stop_now"],
            counts={name: values.count(row[name], "a number of rows") for name in values.STATUSES},
            concurrency=values.count(row["concurrency"], "a number of rows"),
        )


class ClusterStore:
    """The connection of one event loop to the store."""

    def __init__(self, address: str) -> None:
        address = conceal(address)
        self.address: StoreAddress = StoreAddress(address)
        self._connection = LoopConnection(self.address, lambda: None)
        self.fetch: Callable[..., Awaitable[Any]] = self._connection.fetch

    async def aclose(self) -> None:
        """Close the connection; it is made again when it is needed."""
        await self._connection.aclose()

    def reading(self, name: str) -> AbstractContextManager[None]:
        """Name the job in the error for a value that voxsip does not write."""
        return refusing(f"{self.address}#{name}")

    def _record(self, row: Any) -> JobRecord:
        with self.reading(row["name"]):
            return JobRecord.of(row)

    async def create(
        self,
        name: str,
        plan: Plan,
        *,
        account_id: int | None,
        service: str,
        options: Mapping[str, Any],
        guards: Mapping[str, Any],
        note: str,
    ) -> JobRecord:
        """Keep a new job.

        Args:
            guards: The limits at which it stops by itself.
            note: A description of how its rows are divided, for people.

        Raises:
            ConfigurationError: There is a job of this name, or the store cannot be used.
        """
        token = secrets.token_hex(16)
        row = await self._connection.fetchrow(
            statements.CREATE,
            name,
            token,
            plan.kind,
            account_id,
            service,
            orjson.dumps(dict(options)).decode(),
            guards.get("max_failures"),
            guards.get("max_failure_ratio"),
            guards.get("min_rows_for_ratio", 1),
            guards.get("deadline"),
            plan.path,
            plan.head,
            plan.checksum,
            None if plan.columns is None else list(plan.columns),
            plan.rows,
            len(plan.parts),
            note,
            __version__,
        )
        if row is None:
            raise self._taken(name)
        number = row["id"]
        for batch in _batches(plan):
            added = await self._connection.fetchrow(statements.ADD_PARTS, number, token, *batch)
            if not added["mine"]:
                raise self._taken(name)
        made = await self._connection.fetchrow(statements.MAKE_READY, number, token)
        if made is None:
            raise self._taken(name)
        return self._record(made)

    def _taken(self, name: str) -> ConfigurationError:
        error = ConfigurationError(
            f"job {name}: the store {self.address} has a job of that name already; resume it, or name another"
        )
        error.exists = True
        return error

    async def job(self, name: str) -> JobRecord:
        """Return a job.

        Raises:
            ConfigurationError: There is none of this name.
        """
        row = await self._connection.fetchrow(statements.JOB, check_name(name))
        if row is None:
            known = [found["name"] for found in await self.fetch(statements.JOBS)]
            hint = f"the latest are {', '.join(known)}" if known else "there is none"
            missing = ConfigurationError(
                f"job {name}: the store {self.address} has no job of that name; {hint}"
            )
            missing.missing = True
            raise missing
        return self._record(row)

    async def part(self, job: JobRecord, part: int) -> tuple[PartRecord, bytes]:
        """Return a part and its index."""
        whole = type(part) is int and 0 <= part < job.parts
        row = await self._connection.fetchrow(statements.PART, job.number, part) if whole else None
        if row is None:
            raise InvalidArgumentError(
                f"part: job {job.name} has parts 0 to {job.parts - 1}, got {brief(part)}",
                field="part",
            )
        with self.reading(job.name):
            return PartRecord.of(row), row["data"]

    async def parts(self, job: JobRecord) -> list[PartRecord]:
        """Return all parts of a job as they stand."""
        found = await self.fetch(statements.PARTS, job.number)
        with self.reading(job.name):
            return [PartRecord.of(row) for row in found]

    async def begin(self, job: JobRecord) -> JobRecord:
        """Begin a run of a job: what stopped the one before no longer does.

        Raises:
            ConfigurationError: Another version of voxsip runs it.
        """
        row = await self._connection.fetchrow(
            statements.BEGIN,
            job.number,
            __version__,
            secrets.token_hex(16),
            job.kind == "create",
            job.name,
            UNKNOWN,
        )
        if row["busy"]:
            error = ConfigurationError(
                f"job {job.name}: voxsip {job.version} works on it, and this is {__version__}; "
                "let its parts end, or use that version"
            )
            error.in_use = True
            raise error
        return await self.job(job.name)

    async def watch(
        self, job: JobRecord, part: int, *figures: object
    ) -> tuple[str | None, str | None]:
        """Record a part's progress; return why it should stop, and any new reason."""
        row = await self._connection.fetchrow(statements.WATCH, job.number, part, *figures)
        return (None, None) if row is None else (row["stop"], row["reason"])

    async def stop(self, job: JobRecord, reason: str) -> None:
        """Let nothing more of a job be sent."""
        await self._connection.fetchrow(statements.STOP, job.number, reason)

    async def stop_account(self, job: JobRecord, account_id: int | None, reason: str) -> None:
        """Let nothing more of an account's rows be sent."""
        await self.fetch(statements.STOP_ACCOUNT, job.number, account_id, reason)

    async def note_end(self, job: JobRecord, part: int, error: str | None) -> None:
        """Note that a process has ended its work on a part."""
        await self._connection.fetchrow(statements.NOTE_END, job.number, part, error)

    async def known(
        self,
        job: JobRecord,
        account_id: int | None,
        find: Callable[[], Awaitable[list[int] | None]],
    ) -> list[int] | None:
        """Return the registrations before the first purchase; None if unknown.

        Args:
            find: Lists them, if no part of the job has yet.
        """
        account = account_id or 0
        row = await self._connection.fetchrow(statements.KNOWN, job.number, account)
        if row is None:
            row = await self._connection.fetchrow(
                statements.NOTE_KNOWN, job.number, account, await find()
            )
        known: list[int] | None = row["known"]
        return known

    async def counts(
        self, job: JobRecord, parts: Iterable[PartRecord]
    ) -> dict[str, tuple[int, int, int]]:
        """Return rows, attempts and retries by status; "intended" are without outcome."""
        sums: dict[str, tuple[int, int, int]] = {}
        found = await self._by_journals(statements.COUNTS, parts)
        with self.reading(job.name):
            for row in found:
                status = values.status_of(row["status"])
                rows, attempts, retries = sums.get(status, (0, 0, 0))
                sums[status] = (
                    rows + row["rows"],
                    attempts + row["attempts"],
                    retries + (row["retries"] or 0),
                )
        return sums

    async def errors(
        self, job: JobRecord, parts: Iterable[PartRecord]
    ) -> list[tuple[int | None, str, int]]:
        """Return number and class of errors, and how many rows ended with each."""
        found = await self._by_journals(statements.ERRORS, parts)
        code = "the number of an error"
        with self.reading(job.name):
            return [
                (
                    values.optional(values.number, row["error_code"], code),
                    row["error_name"],
                    row["rows"],
                )
                for row in found
            ]

    async def last_rows(self, job: JobRecord, parts: Iterable[PartRecord]) -> dict[int, int]:
        """Return the time of each run's last row, in milliseconds since the epoch."""
        starts = [1e3 * start for start in job.starts]
        last: dict[int, int] = {}
        for row in await self._by_journals(statements.ENDS, parts, starts):
            last[row["run"]] = max(last.get(row["run"], 0), row["last"])
        return last

    async def _by_journals(
        self, query: str, parts: Iterable[PartRecord], *given: object
    ) -> list[Any]:
        """Return the rows of a statement about the journals of parts that have begun."""
        source = (part.journal for part in parts if part.journal is not None)
        rows: list[Any] = []
        while batch := list(islice(source, JOURNALS)):
            rows += await self.fetch(query, batch, *given)
        return rows


def check_name(name: object) -> str:
    """Return the name of a job.

    Raises:
        InvalidArgumentError: It is none.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidArgumentError(
            "job: expected a name of letters, digits, dots, dashes and underscores, up to 100 of them",
            field="job",
        )
    return name


def _options(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options of parts and clients, completed for an older voxsip.

    Raises:
        ValueError: They are none that voxsip writes.
    """
    client = found["client"]
    Timeout(**client["timeout"])
    RetryPolicy(**client["retry"])
    values.optional(values.number, client["account_id"], "the account")
    return {"job": Options.from_json(found["job"], {}).to_json(), "client": client}


def _reading(kept: Mapping[str, Any]) -> Reading:
    """Return how a job's file is read.

    Raises:
        ValueError: It is nothing that voxsip writes.
    """
    names, constants = (
        {
            values.text(name, "a column"): values.text(value, "a column")
            for name, value in kept.get(table, {}).items()
        }
        for table in ("names", "constants")
    )
    return Reading(names=names, constants=constants, ignore_extra=bool(kept.get("ignore_extra")))


def _batches(plan: Plan) -> Iterable[tuple[list[Any], ...]]:
    """Yield the parts as columns, some at once."""
    lines: list[tuple[Any, ...]] = []
    size = 0
    for number, part in enumerate(plan.parts):
        data = plan.index(part)
        lines.append((number, part.account_id, len(part.places), part.largest, data))
        size += len(data)
        if size >= BATCH_BYTES:
            yield tuple(map(list, zip(*lines, strict=True)))
            lines, size = [], 0
    if lines:
        yield tuple(map(list, zip(*lines, strict=True)))
