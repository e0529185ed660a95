"""What ties a job to its journal: outcomes go in, what earlier runs did comes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from voxsip import _errors
from voxsip._bindings.digest import row_digest
from voxsip._bindings.rows import Request, Row, read_row
from voxsip._calls.id_set import IdSet
from voxsip._errors import (
    APIError,
    ConfigurationError,
    InvalidArgumentError,
    ProxyAuthenticationError,
    ProxyError,
    VoxsipError,
    error_class,
)
from voxsip._printable import counted
from voxsip.bulk._journal.interface import Journal, RestoredRow
from voxsip.bulk._outcomes import Outcome, Status, stop_reason
from voxsip.bulk._replies import made_by, reply_of
from voxsip.bulk._source import Source

UNREAD = b""
"""Stands for the digest of a row that could not be read."""


class PreviousRuns:
    """The journal as the engine uses it.

    Args:
        journal: open for this job.
        own_account: the client's own account, if it is known: rows that name it are rows that name none.

    Attributes:
        find: gives what an earlier run bought for a row that the journal does not tell of; None if there is no telling.
    """

    def __init__(self, journal: Journal, own_account: int | None = None) -> None:
        self._journal = journal
        self._own_account = own_account
        self.find: Callable[[Any], int | VoxsipError | None] | None = None
        self._compared = False
        self._later: IdSet | None = None

    async def check(self, source: Source, row_class: type[Any]) -> None:
        """Refuse rows that are not those of the journal, if they can be read twice."""
        if source.length is not None:
            self._check_count(source.length, at_end=True)
        known_rows = self._journal.rows_known
        items = source.again() if known_rows else None
        if items is None:
            return
        rows = 0
        for index, item in enumerate(islice(items, known_rows)):
            known = await self._journal.restored(index)
            if known is not None and known.digest:
                check_digest(known, read_row(row_class, item))
            rows += 1
        self._check_count(rows, at_end=rows < known_rows)
        self._compared = True

    async def intend(self, index: int, row: Row) -> None:
        """Make it durable that a row is about to be sent."""
        await self._journal.intend(index, row_digest(row), row.label, self._account(row))

    def observe(self, outcome: Outcome[Any]) -> None:
        """Write an outcome down, unless it was read from here."""
        if outcome.restored:
            return
        row, error = outcome.row, outcome.error
        readable = isinstance(row, Request)
        self._journal.record(
            outcome.index,
            row_digest(row) if readable else UNREAD,
            outcome.status,
            row.label if readable else "",
            attempts=outcome.attempts,
            elapsed=outcome.elapsed,
            error_code=error.code if isinstance(error, APIError) else None,
            error_name=None if error is None else type(error).__name__,
            error_text=None if error is None else _text(error),
            result_id=made_by(outcome.result),
            account_id=self._account(row),
        )

    def _account(self, row: object) -> int | None:
        account: int | None = getattr(row, "account_id", None)
        return None if account == self._own_account else account

    async def restore(self, index: int, row: Row) -> Outcome[Any] | datetime | None:
        """Return a row's outcome of an earlier run, its intent's time, or None.

        A row that was skipped runs now, and so does one that was refused for the sake of the key or the account: the
        job stopped there, and no later row in conflict with it was sent. A purchase of unknown outcome counts as about
        to be sent, so that it is looked for; one that binds a user stays unknown if it is not found, since later rows
        for that user may be done.

        Raises:
            InvalidArgumentError: the row is not the one that the earlier run had in this place.
            ConfigurationError: the journal has the row in another place.
        """
        known = None
        if index >= self._journal.rows_known:
            self._check_count(index + 1)
        else:
            known = await self._journal.restored(index)
        if known is None:
            await self._check_place(index, row)
            return self._outcome_without_record(index, row)
        check_digest(known, row)
        if known.status == "intended":
            return known.intended_at or known.at
        if known.status == "skipped" or _refused_with_all(known, row):
            return self._outcome_without_record(index, row)
        if known.status == "unknown" and row.kind == "create" and not _names_user(row):
            return known.intended_at or known.at
        return restore_outcome(index, row, known, known.status)

    async def _check_place(self, index: int, row: Row) -> None:
        """Check that no equal purchase is written at a later place.

        An input that could be read twice was compared with every line before.

        Raises:
            ConfigurationError: it has one: lines were moved, and what they tell would be bought again.
        """
        if self._compared or row.kind != "create" or index >= self._journal.rows_known:
            return
        mark = _short_digest(row_digest(row))
        for fresh in (False, True):  # what was read for an earlier row may be behind us by now
            if self._later is None or fresh:
                self._later = IdSet(map(_short_digest, await self._journal.digests(index)))
            if mark not in self._later:
                return
        raise ConfigurationError(
            f"journal: it tells of row {index + 1} ({row.label}) in a later place: its lines were moved, or some"
            " are lost; restore a copy of the journal"
        )

    def _outcome_without_record(self, index: int, row: Row) -> Outcome[Any] | datetime | None:
        """Return the outcome of a row without a record, which may have been lost."""
        if row.kind == "create" and self.find is not None:
            made = self.find(row)
            if isinstance(made, VoxsipError):
                return Outcome(index=index, row=row, status="unknown", error=made)
            if made is not None:
                reply = reply_of(row.command, made)
                return Outcome(index=index, row=row, status="done", result=reply)
        if row.kind == "delete" and self._journal.log_lost:
            return datetime.fromtimestamp(0, UTC)
        return None

    def end(self, rows: int) -> None:
        """Record the end of the input; refuse another number of rows than before."""
        self._check_count(rows, at_end=True)
        self._journal.ended(rows)

    def _check_count(self, rows: int, *, at_end: bool = False) -> None:
        """Compare the number of rows with the one of earlier runs."""
        journal = self._journal
        total = journal.header.rows if journal.rows_total is None else journal.rows_total
        had = journal.rows_known if total is None else total
        if (total is not None and rows > total) or (at_end and rows < had):
            raise InvalidArgumentError(
                f"the input has {counted(rows, 'row')} now and had {had} when the journal was written: "
                "resume with the input the job was started with",
                field="rows",
            )


def _short_digest(digest: bytes) -> int:
    """Return what stands for a digest where many are kept."""
    return int.from_bytes(digest[:8])


def check_digest(known: RestoredRow, row: Row) -> None:
    """Refuse a row that is not the one that an earlier run had in its place."""
    if known.digest != row_digest(row):
        raise InvalidArgumentError(
            f"row {known.index + 1} ({row.label}) is not the row it was when the journal was written: "
            "resume with the input the job was started with",
            field="rows",
        )


def restore_outcome(index: int, row: Row, known: RestoredRow, status: Status) -> Outcome[Any]:
    """Restore the outcome of an earlier run, as far as the journal records it."""
    was_done = status == "done" or known.result_id is not None
    return Outcome(
        index=index,
        row=row,
        status=status,
        result=reply_of(row.command, known.result_id) if was_done else None,
        error=_restored_error(known, row.command),
        attempts=known.attempts,
        elapsed=known.elapsed,
        restored=True,
    )


def _restored_error(known: RestoredRow, command: str) -> VoxsipError | None:
    if known.error_name is None:
        return None
    error = restore_error(known.error_name, known.error_code, known.error_text or "", command)
    error.attempts = known.attempts
    return error


def restore_error(name: str, code: int | None, text: str = "", command: str = "") -> VoxsipError:
    """Restore an error by its class and number, as far as a journal records it."""
    kind = getattr(_errors, name, VoxsipError)
    if code is not None or (isinstance(kind, type) and issubclass(kind, APIError)):
        return error_class(code)(text, code=code, command=command)
    if kind in (ProxyError, ProxyAuthenticationError):
        return _errors.NotSentError(text)
    if kind in (_errors.NotSentError, _errors.OutcomeUnknownError, InvalidArgumentError):
        error: VoxsipError = kind(text)
        return error
    return VoxsipError(text)


def _text(error: VoxsipError) -> str:
    """Return what the error says, without what `APIError` puts around it."""
    return error.message if isinstance(error, APIError) else str(error)


def _refused_with_all(known: RestoredRow, row: Row) -> bool:
    error: type[VoxsipError] = error_class(known.error_code)
    if known.error_name == ProxyAuthenticationError.__name__:
        error = ProxyAuthenticationError
    return known.status == "failed" and stop_reason(row.kind, error) is not None


def _names_user(row: Row) -> bool:
    return not row.params().keys().isdisjoint(("user_id", "user_name"))
