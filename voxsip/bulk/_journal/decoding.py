"""What a journal holds, read back; what voxsip does not write is a `ValueError`.

A journal is read after years, from copies and dumps, and others can write into it: nothing in it is taken on trust.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from voxsip._errors import ConfigurationError, error_class
from voxsip.bulk._journal import values
from voxsip.bulk._journal.interface import JobHeader, RestoredRow
from voxsip.bulk._journal.schema import WRONG_VALUE, explain
from voxsip.bulk._journal.values import optional
from voxsip.bulk._outcomes import Kind, stop_reason


@contextmanager
def refusing(path: Path | str) -> Iterator[None]:
    """Name the journal in the error for a value that voxsip does not write.

    Raises:
        ConfigurationError: There was one.
    """
    try:
        yield
    except WRONG_VALUE as error:
        raise ConfigurationError(explain(path, error)) from None


def job_header(
    kind: object,
    account_id: object,
    options: object,
    source: object,
    checksum: object,
    version: object,
    rows: object,
) -> JobHeader:
    """Return what the journal's job is."""
    if kind not in get_args(Kind):
        raise ValueError("the kind of its rows is unknown")
    return JobHeader(
        kind=kind,  # type: ignore[arg-type]
        account_id=optional(values.number, account_id, "the account"),
        options=values.mapping(options, "the options"),
        source=optional(values.text, source, "the source"),
        checksum=optional(values.text, checksum, "the checksum"),
        version=values.text(version, "the version"),
        rows=optional(values.count, rows, "the number of rows"),
    )


def total_rows(header: JobHeader, rows_total: object) -> tuple[int | None, int | None]:
    """Return the number of rows read to their end, and of the input if known."""
    total = optional(values.count, rows_total, "the number of rows")
    return total, header.rows if total is None else total


def known_rows(first: object, last: object, total: int | None) -> int:
    """Return the number of rows up to the last one that was written.

    Args:
        total: The number of the input's rows, if it is known.
    """
    optional(values.count, first, "the place of a row")
    place = optional(values.count, last, "the place of a row")
    if place is None:
        return 0
    if total is not None and place >= total:
        raise ValueError(f"it tells of row {place + 1}, and the input has {total}")
    return place + 1


def restored_rows(path: Path | str, lines: Iterable[Iterable[Any]]) -> dict[int, RestoredRow]:
    """Return rows by their places, of lines that are values of `lines.COLUMNS`.

    Raises:
        ConfigurationError: A value is not such as voxsip writes.
    """
    with refusing(path):
        return {row.index: row for row in map(_restored_row, lines)}


def _restored_row(line: Iterable[Any]) -> RestoredRow:
    place, digest, _, status, intended_at, at, attempts, elapsed, *said, result_id, account = line
    code, name, words = said
    return RestoredRow(
        index=values.number(place, "the place of a row"),
        digest=values.digest(digest),
        status=values.status_of(status),
        at=values.date(at, "the time of a row"),
        attempts=values.number(attempts, "the number of attempts"),
        elapsed=values.number(elapsed, "the time of a row") / 1e6,
        error_code=optional(values.number, code, "the number of an error"),
        error_name=optional(values.text, name, "the name of an error"),
        error_text=optional(values.text, words, "the text of an error"),
        result_id=optional(values.number, result_id, "the id of a registration"),
        intended_at=optional(values.date, intended_at, "the time of a row"),
        account_id=optional(values.number, account, "the account of a row"),
    )


def settled(kind: Kind, counts: Iterable[Iterable[Any]]) -> Mapping[int | None, int]:
    """Count the rows that a run to come has no need to pay for, by account.

    Args:
        counts: Status, number of the error, account, and how many rows have these.
    """
    found: Counter[int | None] = Counter()
    for status_code, error_code, account, rows in counts:
        status = values.status_of(status_code)
        code = optional(values.number, error_code, "the number of an error")
        if status == "skipped" or (status == "failed" and stop_reason(kind, error_class(code))):
            continue
        found[optional(values.number, account, "the account of a row")] += rows
    return found


def ids(found: Iterable[object]) -> list[int]:
    """Return ids of registrations."""
    return [values.number(number, "the id of a registration") for number in found]
