"""What the engine asks of a journal; the SQLite file behind it is another module's business.

The engine calls a journal from its own event loop only. `record` and `ended` never wait: a journal
gathers what they say and writes it in batches, in the order it was told, so that a later row is never
on disk without the earlier ones.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Literal, Protocol

import attrs

from voxsip.bulk._outcomes import Kind, Status


@attrs.frozen(kw_only=True)
class JobHeader:
    """What a job is, told once when its journal is made.

    Attributes:
        kind: the kind of the rows.
        account_id: the account that it runs on, if the client knows it.
        options: the job's own options, JSON-able: a resumed job takes them over.
        source: the name of the input as the user gave it, such as a path, or None.
        checksum: the checksum of the whole input, or None for a stream.
        version: the version of this library.
        rows: the number of rows of the input, if they were counted before.
    """

    kind: Kind
    account_id: int | None = None
    options: Mapping[str, object] = attrs.field(factory=dict)
    source: str | None = None
    checksum: str | None = None
    version: str = ""
    rows: int | None = None


@attrs.frozen(kw_only=True)
class RestoredRow:
    """What a journal knows of one input row.

    Attributes:
        index: position in the input, from 0.
        digest: fingerprint of the row, secrets left out (see `row_digest`).
        status: the status of the outcome, or "intended" if only the intent is known: the request may have left.
        at: the time at which that was written (aware, UTC, by the local clock); for "intended", before it was sent.
        attempts: requests sent for the row.
        elapsed: seconds from the first attempt to the outcome.
        error_code: number of the API's error, if it was one.
        error_name: class of the error, or None.
        error_text: its message, secrets removed.
        result_id: the registration that the row made, for create.
        intended_at: the time at which the first request that may have been executed was about to leave (UTC): what a
            lookup of an "intended" or "unknown" row counts from. None if no intent was told.
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


class Journal(Protocol):
    """One job's journal, open for this process alone."""

    @property
    def header(self) -> JobHeader:
        """What the job is."""
        ...

    @property
    def rows_known(self) -> int:
        """Rows up to the last one ever written: 0 for a new journal, index + 1 otherwise.

        The engine asks for no restored row at or beyond this place.
        """
        ...

    @property
    def rows_total(self) -> int | None:
        """The number of input rows, once `ended` has been told in this run or an earlier one."""
        ...

    @property
    def settled(self) -> Mapping[int | None, int]:
        """Rows of earlier runs that need no money, by account: ended for good, or perhaps bought, which is looked at first."""
        ...

    @property
    def surveyed(self) -> Container[int]:
        """Child accounts of which `note_known` has told, in this run or an earlier one."""
        ...

    @property
    def resumed(self) -> bool:
        """Whether it was there before this run."""
        ...

    @property
    def unclean(self) -> bool:
        """Whether requests of an earlier run may be on their way: it did not end in order, and no run waited since."""
        ...

    @property
    def log_lost(self) -> bool:
        """Whether part of the journal was ever gone that a killed run leaves: then rows that are not in it may be done."""
        ...

    @property
    def open_rows(self) -> int:
        """Rows of earlier runs whose outcome is not known."""
        ...

    async def digests(self, after: int) -> Iterable[bytes]:
        """Return the fingerprints of the rows of earlier runs that come after a place."""
        ...

    async def intend(
        self, index: int, digest: bytes, key: str, account_id: int | None = None
    ) -> None:
        """Note that a row is about to be sent; durable on return. For create and delete.

        Args:
            key: the subject of the row, for people: "alice@sip.example.com".
            account_id: the child account that it is for; None for the account of the job.
        """
        ...

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

        Raises:
            ConfigurationError: an earlier batch could not be written (a full disk, say). Nothing may be sent
                any more; every other method raises the same.
        """
        ...

    async def room(self) -> None:
        """Return once the records not yet written are few: bounds the memory of a slow disk.

        The engine awaits it now and then (not for every row) and sends nothing more meanwhile.
        """
        ...

    async def restored(self, index: int) -> RestoredRow | None:
        """Return what earlier runs wrote of a row, or None.

        Indices are asked for in rising order: read them from disk by ranges, keep one range.
        """
        ...

    async def begin(self) -> None:
        """Make the journal tell, whatever is lost of it later, that this run has begun; before its first request."""
        ...

    async def note_known(self, account_id: int, known: Iterable[int] | None) -> None:
        """Note which registrations a child account has before its first purchase; durable on return.

        Args:
            account_id: The account.
            known: Ids of its registrations; None if they could not be listed.
        """
        ...

    async def known_ids(self, account_id: int | None = None) -> list[int] | None:
        """Return the ids of the registrations there were before the job, or None if they could not be listed.

        Args:
            account_id: A child account; None for the account of the job.
        """
        ...

    async def result_ids(self, account_id: int | None = None) -> list[int]:
        """Return the registrations recorded for rows of earlier runs, of one account."""
        ...

    def ended(self, rows: int) -> None:
        """Note that the input has been read to its end."""
        ...

    def stopped(self, reason: str | None) -> None:
        """Note why the job stopped sending, or None if it ran to its end."""
        ...

    async def flush(self) -> None:
        """Return once everything told so far is durable."""
        ...

    async def close(self, *, in_doubt: bool = False) -> None:
        """Flush, give the lock back and close. Idempotent.

        Args:
            in_doubt: whether requests of this run, or of one before it, may be on their way.
        """
        ...
