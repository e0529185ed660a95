"""Lines of a journal as the library wrote them, whether a file holds them or a store. What nobody wrote is a `ValueError`.

A journal is read after years, from copies and dumps, and others can write into it: nothing in it is taken on trust.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from voxsip._errors import ConfigurationError, error_class
from voxsip.bulk._journal import values
from voxsip.bulk._journal.interface import JobHeader, RestoredRow
from voxsip.bulk._journal.schema import WRONG_VALUE, explain
from voxsip.bulk._outcomes import Kind, stop_reason


@contextmanager
def refusing(path: Path | str) -> Iterator[None]:
    """Turn a value that nobody wrote into an error that names the journal; only for reading values.

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
    """Return what the journal's job is.

    Raises:
        ValueError: A value is not such as voxsip writes.
    """
    if kind not in get_args(Kind):
        raise ValueError("the kind of its rows is unknown")
    return JobHeader(
        kind=kind,  # type: ignore[arg-type]
        account_id=values.number_or_none(account_id, "the account"),
        options=values.mapping(options, "the options"),
        source=values.text_or_none(source, "the source"),
        checksum=values.text_or_none(checksum, "the checksum"),
        version=values.text(version, "the version"),
        rows=values.count_or_none(rows, "the number of rows"),
    )


def known_rows(first: object, last: object, total: int | None) -> int:
    """Return the number of rows up to the last one that was written.

    Args:
        first: The first place that has a line; None if there is none.
        last: The last one.
        total: The number of the input's rows, if it is known.

    Raises:
        ValueError: Lines have places that the input does not have.
    """
    values.count_or_none(first, "the place of a row")
    place = values.count_or_none(last, "the place of a row")
    if place is None:
        return 0
    if total is not None and place >= total:
        raise ValueError(f"it tells of row {place + 1}, and the input has {total}")
    return place + 1


def restored_row(line: Iterable[Any]) -> RestoredRow:
    """Return a row's line, given as the values of `log.COLUMNS`.

    Raises:
        ValueError: A value is not such as voxsip writes.
    """
    place, digest, _, status, intended_at, at, attempts, elapsed, *said, result_id, account = line
    code, name, words = said
    return RestoredRow(
        index=values.number(place, "the place of a row"),
        digest=values.digest(digest),
        status=values.status_of(status),
        at=_time(at),
        attempts=values.number(attempts, "the number of attempts"),
        elapsed=values.number(elapsed, "the time of a row") / 1e6,
        error_code=values.number_or_none(code, "the number of an error"),
        error_name=values.text_or_none(name, "the name of an error"),
        error_text=values.text_or_none(words, "the text of an error"),
        result_id=result_id_of(result_id),
        intended_at=None if intended_at is None else _time(intended_at),
        account_id=account_of(account),
    )


def settled(kind: Kind, counts: Iterable[Iterable[Any]]) -> Mapping[int | None, int]:
    """Count the rows that a run to come has no need to pay for, by account.

    Args:
        kind: The kind of the rows.
        counts: Status, number of the error, account, and how many rows have these.

    Raises:
        ValueError: A value is not such as voxsip writes.
    """
    found: Counter[int | None] = Counter()
    for status_code, error_code, account, rows in counts:
        status = values.status_of(status_code)
        code = values.number_or_none(error_code, "the number of an error")
        if status == "skipped" or (status == "failed" and stop_reason(kind, error_class(code))):
            continue
        found[account_of(account)] += rows
    return found


def result_id_of(value: object) -> int | None:
    """Return the registration that a row was told.

    Raises:
        ValueError: It is none.
    """
    return values.number_or_none(value, "the id of a registration")


def account_of(value: object) -> int | None:
    """Return the account of a row; None for that of the job.

    Raises:
        ValueError: It is none.
    """
    return values.number_or_none(value, "the account of a row")


def ids(found: Iterable[object]) -> list[int]:
    """Return ids of registrations.

    Raises:
        ValueError: One is none.
    """
    return [values.number(number, "the id of a registration") for number in found]


def _time(milliseconds: object) -> datetime:
    return datetime.fromtimestamp(values.moment(milliseconds, "the time of a row") / 1e3, UTC)
