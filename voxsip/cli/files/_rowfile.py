"""A file of rows: checked as a whole before the first call, then read again as the job goes."""

from __future__ import annotations

from array import array
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from voxsip import InvalidArgumentError
from voxsip.cli._exits import CommandError, Exit
from voxsip.cli.files._columns import columns_of
from voxsip.cli.files._conflicts import Conflicts
from voxsip.cli.files._csv import csv_records
from voxsip.cli.files._digest import Digest
from voxsip.cli.files._jsonl import jsonl_records
from voxsip.cli.files._problems import Problem, Problems
from voxsip.cli.files._source import Source
from voxsip.cli.files._values import BadCell, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from voxsip.bulk import BindRequest, CreateRequest, DeleteRequest
    from voxsip.cli.files._columns import Column

Request = TypeVar("Request", bound="BindRequest | CreateRequest | DeleteRequest")

_JSONL = frozenset({".jsonl", ".ndjson", ".json"})
_CSV = frozenset({".csv", ".tsv"})


class Rows(Generic[Request]):
    """The rows of a checked file, to be iterated over as often as needed; `len` is their number.

    Attributes:
        lines: the line of each row.
        checksum: over what the rows say, without their secrets: a digest of a password can be
            guessed back. Formatting does not count.
        mixed_users: some rows name users by id and some by name, so that two rows may mean one
            user without the file showing it.
    """

    def __init__(self, read: Callable[[], Iterator[Request]]) -> None:
        self._read = read
        self.lines = array("L")
        self.checksum = ""
        self.mixed_users = False

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[Request]:
        """Read the rows again. Raises CommandError where they are no longer what they were."""
        return self._read()


class RowFile(Generic[Request]):
    """Rows of one kind in a CSV or JSONL file, or on standard input ("-")."""

    def __init__(self, path: str, request: type[Request]) -> None:
        """Open the file. Raises InputError."""
        self._request = request
        self._columns = columns_of(request)
        self._source = Source(path)
        self.path = path
        self.name = self._source.name

    def __enter__(self) -> RowFile[Request]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._source.close()

    def check(
        self, *, limit: int = 50, on_conflict: Literal["error", "order"] = "error"
    ) -> Rows[Request]:
        """Read the whole file once and raise all that is wrong with it as one InputError.

        At most `limit` problems are kept; the others are counted.
        """
        problems = Problems(limit)
        conflicts = Conflicts() if on_conflict == "error" else None
        digest = Digest(self._columns)
        rows: Rows[Request] = Rows(lambda: self._again(digest.hexdigest()))
        try:
            for line, row in self._read(problems):
                rows.lines.append(line)
                digest.add(row)
                if conflicts is not None:
                    conflicts.add(line, row)
            if conflicts is not None:
                rows.mixed_users = conflicts.mixed_users
                for line, first, what in conflicts.found():
                    problems.add(self._clash(line, first, what))
        finally:
            if conflicts is not None:
                conflicts.close()
        problems.raise_if_any()
        rows.checksum = digest.hexdigest()
        return rows

    def _again(self, checksum: str) -> Iterator[Request]:
        problems = Problems(1)
        digest = Digest(self._columns)
        for _, row in self._read(problems):
            digest.add(row)
            yield row
        if problems.found or digest.hexdigest() != checksum:
            raise CommandError(f"{self.name} changed while the job was running", Exit.FAILED)

    def _read(self, problems: Problems) -> Iterator[tuple[int, Request]]:
        read = jsonl_records if self._is_jsonl() else csv_records
        for line, cells in read(self._source, self._columns, problems):
            row = self._row(line, cells, problems)
            if row is not None:
                yield line, row

    def _row(
        self, line: int, cells: list[tuple[str, Column, object]], problems: Problems
    ) -> Request | None:
        values: dict[str, Any] = {}
        faults = 0
        for header, column, cell in cells:
            try:
                value = value_of(column, cell)
            except BadCell as bad:
                faults += 1
                self._fault(problems, line, header, bad.message, bad.remedy)
                continue
            if value is not None:
                values[column.name] = value
            elif column.required:
                faults += 1
                self._fault(problems, line, header, "the cell is empty", "Every row needs it.")
        if faults:
            return None
        try:
            row = self._request(**values)
            row.check()
        except InvalidArgumentError as error:
            message = str(error).removeprefix(f"{self._request.command}: ").rstrip(".")
            self._fault(problems, line, error.field, message)
            return None
        return row

    def _fault(
        self, problems: Problems, line: int, column: str | None, message: str, remedy: str = ""
    ) -> None:
        problems.add(
            Problem(file=self.name, line=line, column=column, message=message, remedy=remedy)
        )

    def _clash(self, line: int, first: int, what: str) -> Problem:
        return Problem(
            file=self.name,
            line=line,
            message=f"this row {what}, as row {first} does",
            remedy="Remove one, or pass --on-conflict order to run them in the order of the file.",
        )

    def _is_jsonl(self) -> bool:
        suffix = PurePath(self.path).suffix.casefold()
        head = self._source.head()
        if suffix in _JSONL:
            return True
        return suffix not in _CSV and head.lstrip()[:1] in (b"{", b"[")
