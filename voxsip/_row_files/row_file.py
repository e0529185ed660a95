"""A file of rows: checked as a whole before the first call, then read again as the job goes."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Generic, Literal, Self, TypeVar

from voxsip._bindings.digest import new_checksum, row_digest
from voxsip._row_files.columns import columns_of
from voxsip._row_files.conflicts import Conflicts
from voxsip._row_files.problems import FileChangedError, Problems
from voxsip._row_files.reading import PLAIN, Reading
from voxsip._row_files.records import read_records, record_bytes
from voxsip._row_files.row_parser import RowMaker
from voxsip._row_files.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from hashlib import blake2b

    from voxsip._bindings.rows import BindRequest, CreateRequest, DeleteRequest

AHEAD = 64
"""Rows that are made at a time."""
OnConflict = Literal["error", "order"]
FORM = "rows:"
"""What a checksum begins with: one that does not is made of something else, and cannot be compared."""
READ_IN_PLACE = "workers read bytes of the file itself; save it as CSV or JSONL in UTF-8"
"""Why a job on several machines refuses a file that was converted."""
Request = TypeVar("Request", bound="BindRequest | CreateRequest | DeleteRequest")


class Rows(Generic[Request]):
    """The rows of a checked file, to be iterated over as often as needed.

    Attributes:
        checksum: over what the rows say, without their secrets: a digest of a password can be
            guessed back. Formatting does not count.
        mixed_users: some rows name users by id and some by name, so that two rows may mean one
            user without the file showing it.
        columns: the columns of a CSV file that has rows, in its order; None for other files.
        origins: the places of passwords that are in another file ("FILE:LINE"), by the row's place.
        accounts: the number of rows of each child account; None stands for the client's own account.
        in_order: rows that clash are meant to, and run in the order of the file.
    """

    def __init__(self, read: Callable[[], Iterator[Request]]) -> None:
        self._read = read
        self.lines = array("I")
        self.checksum = ""
        self.mixed_users = False
        self.columns: tuple[str, ...] | None = None
        self.origins: dict[int, str] = {}
        self.accounts: Counter[int | None] = Counter()
        self.in_order = False

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[Request]:
        """Read the rows again. Raises FileChangedError if they have changed."""
        return self._read()


class RowFile(Generic[Request]):
    """Rows of one kind in a CSV or JSONL file, or on standard input ("-").

    Attributes:
        name: The name that messages use.
        mixed_users: See `Rows`; known once the file has been read.
        cells: The checksum that every record is added to as it is read, or None.
    """

    def __init__(self, path: str, request: type[Request], reading: Reading = PLAIN) -> None:
        """Open the file. Raises InputError."""
        self._columns = columns_of(request).reading(reading)
        self._source = Source(path, reading)
        self.path = path
        self.name = self._source.name
        self.mixed_users = False
        self.cells: blake2b | None = None
        self._maker = RowMaker(request, self._columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._maker.close()
        self._source.close()

    def check(self, *, on_conflict: OnConflict = "error") -> Rows[Request]:
        """Read the whole file once and raise all that is wrong with it as one InputError."""
        self._source.seal = None
        checksum = new_checksum()
        rows: Rows[Request] = Rows(lambda: _ahead(self._again(len(rows))))
        for line, row in self.scan(on_conflict=on_conflict):
            if self._maker.origin is not None:
                rows.origins[len(rows)] = self._maker.origin
            rows.lines.append(line)
            rows.accounts[row.account_id] += 1
            checksum.update(row_digest(row))
        self._source.seal = self._source.blocks
        rows.mixed_users = self.mixed_users
        rows.checksum = FORM + checksum.hexdigest()
        rows.columns = self.columns
        rows.in_order = on_conflict == "order"
        return rows

    def scan(self, *, on_conflict: OnConflict = "error") -> Iterator[tuple[int, Request]]:
        """Yield every row and its line; at the end raise all problems as one InputError.

        After a row was given, `span` tells its bytes; at the end, `mixed_users` and `columns` are known.
        """
        problems = Problems(self.name)
        conflicts = Conflicts() if on_conflict == "error" else None
        try:
            for line, row in self._read(problems):
                if conflicts is not None:
                    conflicts.add(line, row)
                yield line, row
            if conflicts is not None:
                self.mixed_users = conflicts.mixed_users
                for line, first, what in conflicts.found():
                    problems.add(
                        f"this row {what}, as row {first} does",
                        remedy="Remove one, or pass --on-conflict order to run them in the order of the file.",
                        line=line,
                    )
        finally:
            if conflicts is not None:
                conflicts.close()
        problems.raise_if_any()

    @property
    def converted(self) -> bool:
        """Whether the file is no UTF-8 text, so that `span` tells bytes of a copy."""
        return self._source.converted

    @property
    def note(self) -> str | None:
        """What a user should know of how the file was read, or None."""
        return self._source.note

    @property
    def span(self) -> tuple[int, int]:
        """The first byte of the row that was read last, and the one after its last."""
        return self._source.record_start, self._source.line_end

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns of a CSV file that has rows, in its order; None for other files."""
        return None if self._source.is_jsonl() else self._maker.columns

    def _again(self, count: int) -> Iterator[Request]:
        """Yield the rows that were checked: bytes that are the same need no second check."""
        problems = Problems(self.name, 1)
        for line, cells in read_records(self._source, self._columns, problems):
            row = self._maker.make_unchecked(line, cells, problems)
            if row is None or not count:
                break
            count -= 1
            yield row
        if count or problems.found:
            raise FileChangedError(f"{self.name} changed while the job was running")

    def _read(self, problems: Problems) -> Iterator[tuple[int, Request]]:
        for line, cells in read_records(self._source, self._columns, problems):
            if self.cells is not None:
                self.cells.update(record_bytes(cells, self.span))
            row = self._maker.make(line, cells, problems)
            if row is not None:
                yield line, row


def _ahead(rows: Iterator[Request]) -> Iterator[Request]:
    """Yield rows that are made some at a time.

    Made one by one, between calls, each takes nearly twice the time: the processor's caches hold other code then.
    """
    while some := list(islice(rows, AHEAD)):
        yield from some
