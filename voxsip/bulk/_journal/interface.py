"""A job's journal as the engine uses it; `journal` keeps one in a SQLite file, `store` in PostgreSQL.

It is called from the engine's event loop only. `record` and `ended` never wait: a journal gathers what they are given and
writes it in batches, in that order, so that a later row is never on disk without the earlier ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import attrs

from voxsip._clock import Clock
from voxsip._version import __version__
from voxsip.bulk._journal.lines import Line
from voxsip.bulk._journal.values import INTENDED, STATUS_CODES, now_ms
from voxsip.bulk._outcomes import Kind, Status

RANGE_ROWS = 512
"""Rows of earlier runs that are held in memory at a time."""


@attrs.frozen(kw_only=True)
class JobHeader:
    """What a job is, written once when its journal is made.

    Attributes:
        kind: The kind of its rows.
        account_id: The account that it runs on, if the client knows it.
        options: The job's own options, JSON-able: a resumed job takes them over.
        source: The name of the input as the user gave it, such as a path, or None.
        checksum: The checksum of the whole input, or None for a stream.
        version: The version of the library that began the job.
        rows: The number of rows of the input, if they were counted before.
    """

    kind: Kind
    account_id: int | None = None
    options: Mapping[str, object] = attrs.field(factory=dict)
    source: str | None = None
    checksum: str | None = None
    version: str = __version__
    rows: int | None = None


@attrs.frozen(kw_only=True)
class RestoredRow:
    """What a journal knows of one input row.

    Attributes:
        index: Position in the input, from 0.
        digest: Fingerprint of the row, secrets left out (see `row_digest`).
        status: The status of the outcome, or "intended" if only the intent is known: the request may have left.
        at: The time at which that was written (UTC, by the local clock); for "intended", before it was sent.
        attempts: Requests sent for the row.
        elapsed: Seconds from the first attempt to the outcome.
        error_code: Number of the API's error, if it was one.
        error_name: Class of the error, or None.
        error_text: Its message, secrets removed.
        result_id: The registration that the row made.
        intended_at: The time at which the first request that may have been executed was about to leave (UTC): a lookup
            of an "intended" or "unknown" row counts from there. None if no intent was written.
        account_id: The child account that the row is for; None for the account of the job.
    """

    index: int
    digest: bytes
    status: Status | Literal["intended"]
    at: datetime
    attempts: int = 0
    elapsed: float = 0.0
    error_code: int | None = None
    error_name: str | None = None
    error_text: str | None = None
    result_id: int | None = None
    intended_at: datetime | None = None
    account_id: int | None = None


@attrs.frozen(kw_only=True)
class Facts:
    """What a journal holds as it is opened; see `Journal`."""

    header: JobHeader
    runs: int
    rows_known: int = 0
    rows_total: int | None = None
    settled: Mapping[int | None, int] = attrs.field(factory=dict)
    surveyed: set[int] = attrs.field(factory=set)
    open_rows: int = 0
    resumed: bool = False
    unclean: bool = False
    log_lost: bool = False


class Journal(ABC):
    """One job's journal, open for this process alone.

    Every method raises `ConfigurationError` if an earlier batch could not be written (a full disk, say), or another process
    has taken the job over: then nothing may be sent any more.

    Attributes:
        path: The file, symbolic links resolved; or the address in a store, without secrets.
        header: The description of the job.
        runs: The number of times the job was started, including this one.
        rows_known: Rows up to the last one that an earlier run wrote.
        rows_total: The number of input rows, once `ended` was called in this run or an earlier one.
        settled: Rows of earlier runs that need no money, by account: ended for good, or perhaps bought.
        surveyed: Child accounts that `note_known` was called for, in this run or an earlier one.
        open_rows: Rows of earlier runs whose outcome is not known.
        resumed: Whether it was there before this run.
        unclean: Whether requests of an earlier run may be on their way: it did not end in order, and no run waited since.
        log_lost: Whether a part that a killed run leaves was ever lost: then rows that are not in it may be done.
    """

    _text: Callable[[str | None], str | None]
    """Returns a text as it is stored."""
    _number: Callable[[int | None], object]
    """Returns a whole number of any size as it is stored."""

    def __init__(self, path: Path | str, facts: Facts, clock: Clock) -> None:
        self.path = path
        self.header = facts.header
        self.runs = facts.runs
        self.rows_known = facts.rows_known
        self.rows_total = facts.rows_total
        self.settled = facts.settled
        self.surveyed = facts.surveyed
        self.open_rows = facts.open_rows
        self.resumed = facts.resumed
        self.unclean = facts.unclean
        self.log_lost = facts.log_lost
        self._clock = clock
        self._range = range(0)
        self._rows: Mapping[int, RestoredRow] = {}

    @abstractmethod
    async def intend(
        self, index: int, digest: bytes, key: str, account_id: int | None = None
    ) -> None:
        """Note that a row is about to be sent; durable on return. For create and delete.

        Args:
            key: The subject of the row, for people: "alice@sip.example.com".
            account_id: The child account that it is for; None for the account of the job.
        """

    def _intent(self, index: int, digest: bytes, key: str, account_id: int | None) -> Line:
        now = now_ms(self._clock)
        outcome = (0, 0, None, None, None, None)
        return (index, digest, self._text(key), INTENDED, now, now, *outcome, account_id)

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
        """Note how a row ended. Returns at once; written in a batch.

        A later record or intent for the same row replaces this one, except that `intended_at` of a row whose
        outcome is not known yet stays that of its first intent.
        """
        self._put(
            (
                index,
                digest,
                self._text(key),
                STATUS_CODES[status],
                None,
                now_ms(self._clock),
                attempts,
                int(elapsed * 1e6),
                self._number(error_code),
                error_name,
                self._text(error_text),
                self._number(result_id),
                account_id,
            )
        )

    @abstractmethod
    def _put(self, line: Line) -> None:
        """Write a line soon, after those before it."""

    @abstractmethod
    async def room(self) -> None:
        """Return when few records wait to be written, to bound memory.

        The engine awaits it now and then (not for every row) and sends nothing more meanwhile.
        """

    async def restored(self, index: int) -> RestoredRow | None:
        """Return what earlier runs wrote of a row, or None; ask in rising order."""
        if index >= self.rows_known:
            return None
        if index not in self._range:
            self._range = range(index, index + RANGE_ROWS)
            self._rows = await self._read(self._range)
        return self._rows.get(index)

    @abstractmethod
    async def _read(self, places: range) -> Mapping[int, RestoredRow]:
        """Return what earlier runs wrote of the rows in these places."""

    @abstractmethod
    async def digests(self, after: int) -> Iterable[bytes]:
        """Return the fingerprints of the rows of earlier runs that come after a place."""

    @abstractmethod
    async def begin(self) -> None:
        """Write, before the first request, that this run began: no loss may hide it."""

    @abstractmethod
    async def note_known(self, account_id: int, known: Iterable[int] | None) -> None:
        """Record an account's registrations before its first purchase; durable.

        Args:
            known: Ids of its registrations; None if they could not be listed.
        """

    @abstractmethod
    async def known_ids(self, account_id: int | None = None) -> list[int] | None:
        """Return the ids that existed before the job; None if they are unknown.

        Args:
            account_id: A child account; None for the account of the job.
        """

    @abstractmethod
    async def result_ids(self, account_id: int | None = None) -> list[int]:
        """Return the registrations recorded for rows of earlier runs, of one account."""

    @abstractmethod
    def ended(self, rows: int) -> None:
        """Note that the input has been read to its end."""

    @abstractmethod
    def stopped(self, reason: str | None) -> None:
        """Note why the job stopped sending, or None if it ran to its end."""

    @abstractmethod
    async def flush(self) -> None:
        """Return once everything recorded so far is durable."""

    @abstractmethod
    async def close(self, *, in_doubt: bool = False) -> None:
        """Flush, close and release the job; raise once if something cannot be written.

        Args:
            in_doubt: Whether requests of this run, or of one before it, may be on their way.
        """
