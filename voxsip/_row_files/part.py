"""Some rows of a file, read by their places: what one of several machines works on.

A plan has noted where each row stands. Whether the file at hand is the one that was planned is told by a checksum of all
its records; passwords take no part in it.
"""

from __future__ import annotations

import io
import os
from array import array
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import attrs

from voxsip._bindings.digest import new_checksum
from voxsip._errors import ConfigurationError
from voxsip._row_files.columns import Columns, columns_of
from voxsip._row_files.problems import FileChangedError, InputError, Problems
from voxsip._row_files.reading import PLAIN, Reading
from voxsip._row_files.records import read_records, record_bytes
from voxsip._row_files.row_parser import RowMaker
from voxsip._row_files.source import Source

if TYPE_CHECKING:
    from voxsip._bindings.rows import BindRequest, CreateRequest, DeleteRequest

Request = TypeVar("Request", bound="BindRequest | CreateRequest | DeleteRequest")
LOOK_EVERY = 512
"""Rows after which it is looked whether the file has been written to."""
_Identity = tuple[int, int, int, int]
_checked: dict[tuple[str, type[object], str, _Identity], str] = {}


@attrs.frozen(kw_only=True)
class Spans:
    """Where some rows of a file stand.

    Attributes:
        lines: The first line of each, from 1.
        starts: Its first byte.
        sizes: Its number of bytes.
        head: The bytes before the first row of the file: those of a CSV file's header.
    """

    lines: array[int]
    starts: array[int]
    sizes: array[int]
    head: int


class PartFile(Generic[Request]):
    """Some rows of a file in its order, to be iterated over as often as needed.

    Args:
        spans: The places of the wanted rows.

    Attributes:
        accounts: The number of rows for each account, for bulk jobs; None is the client's own.

    Raises:
        ConfigurationError: The file cannot be read here.
    """

    def __init__(
        self, path: str, request: type[Request], spans: Spans, reading: Reading = PLAIN
    ) -> None:
        self.path = path
        self._request = request
        self._spans = spans
        self._reading = reading
        self._columns = columns_of(request).reading(reading)
        self.accounts: Counter[int | None] | None = None
        try:
            if Path(path).is_fifo():
                raise unreadable(path, "it is a pipe")
            self._source = _SpanSource(path, spans)
        except InputError as error:
            raise unreadable(path, error.problems[0].message) from None
        self._identity = self._source.identity()
        self._maker = RowMaker(request, self._columns)

    def check(self, checksum: str) -> None:
        """Check that the file is the one that was planned, once for each state of it.

        Raises:
            ConfigurationError: It is another one.
        """
        key = (self.path, self._request, repr(self._reading), self._identity)
        if key not in _checked:
            _checked[key] = _checksum(self.path, self._columns)
        if _checked[key] != checksum:
            raise ConfigurationError(
                f"file {self.path}: it is not what it was when the job was made; "
                "put the file that the job was made of there, on every machine"
            )

    def __len__(self) -> int:
        return len(self._spans.starts)

    def __iter__(self) -> Iterator[Request]:
        """Read the rows.

        Raises:
            FileChangedError: The file has been written to meanwhile.
        """
        for row, _ in self.with_origins():
            yield row

    def with_origins(self) -> Iterator[tuple[Request, str | None]]:
        """Yield each row and the "FILE:LINE" of its password if that is in another file."""
        changed = FileChangedError(f"file {self.path}: it changed while the job was running")
        problems = Problems(self._source.name, 1)
        count = 0
        for line, cells in read_records(self._source, self._columns, problems):
            if not count % LOOK_EVERY and self._source.identity() != self._identity:
                raise changed
            row = self._maker.make(line, cells, problems)
            if row is None:
                break
            count += 1
            yield row, self._maker.origin
        if count != len(self):
            raise changed

    def close(self) -> None:
        """Close the file."""
        self._maker.close()
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _SpanSource(Source):
    """A file of which only its head and some rows are read."""

    def __init__(self, path: str, spans: Spans) -> None:
        self._spans = spans
        super().__init__(path)
        self._size = self.identity()[2]

    def identity(self) -> _Identity:
        """Return what changes when the file is written to."""
        status = os.fstat(self._file.fileno())
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    def lines(self) -> Iterator[tuple[int, str]]:
        """Read the lines of the head and of the rows, each with its number in the file."""
        spans = self._spans
        yield from _numbered(1, self._bytes(0, spans.head).decode("utf-8-sig", "surrogateescape"))
        for line, start, size in zip(spans.lines, spans.starts, spans.sizes, strict=True):
            yield from _numbered(line, self._bytes(start, size).decode("utf-8", "surrogateescape"))

    def _bytes(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        return self._file.read(min(size, self._size))


def unreadable(path: str, reason: str) -> ConfigurationError:
    """Make the error for a file that this machine cannot read."""
    return ConfigurationError(
        f"file {path}: it cannot be read here: {reason}; put it where every machine reads it by this path"
    )


def _checksum(path: str, columns: Columns) -> str:
    checksum = new_checksum()
    source = Source(path)
    try:
        for _, cells in read_records(source, columns, Problems(source.name, 0)):
            checksum.update(record_bytes(cells, (source.record_start, source.line_end)))
    except InputError:
        return ""  # what no row can be read of is another file
    finally:
        source.close()
    return checksum.hexdigest()


def _numbered(first: int, text: str) -> Iterator[tuple[int, str]]:
    return enumerate(io.StringIO(text, newline=""), first)
