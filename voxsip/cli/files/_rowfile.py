"""A file of rows: checked as a whole before the first call, then read again as the job goes."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from attrs import frozen

from voxsip import InvalidArgumentError
from voxsip.cli.files._columns import columns_of
from voxsip.cli.files._conflicts import Conflicts
from voxsip.cli.files._csv import csv_records
from voxsip.cli.files._jsonl import jsonl_records
from voxsip.cli.files._problems import Problem, Problems
from voxsip.cli.files._source import Source
from voxsip.cli.files._values import BadCell, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from voxsip.bulk import BindRequest, CreateRequest, DeleteRequest
    from voxsip.cli.files._columns import Column

Request = TypeVar("Request", "BindRequest", "CreateRequest", "DeleteRequest")

_JSONL = frozenset({".jsonl", ".ndjson", ".json"})
_CSV = frozenset({".csv", ".tsv"})


@frozen(kw_only=True)
class Checked:
    """What a file turned out to hold.

    `mixed_users`: some rows name users by id and some by name, so that two rows may mean one user
    without the file showing it.
    """

    rows: int
    checksum: str
    mixed_users: bool = False


class RowFile(Generic[Request]):
    """Rows of one kind in a CSV or JSONL file, or on standard input ("-")."""

    def __init__(self, path: str, request: type[Request]) -> None:
        """Open the file. Raises InputError."""
        self._request = request
        self._columns = columns_of(request)
        self._source = Source(path)
        self._checksum: str | None = None
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
    ) -> Checked:
        """Read the whole file once and raise all that is wrong with it as one InputError.

        At most `limit` problems are kept; the others are counted.
        """
        problems = Problems(limit)
        conflicts = Conflicts() if on_conflict == "error" else None
        count = 0
        try:
            for line, row in self._read(problems):
                count += 1
                if conflicts is not None:
                    conflicts.add(line, row)
            if conflicts is not None:
                for line, first, what in conflicts.found():
                    problems.add(self._clash(line, first, what))
            problems.raise_if_any()
            self._checksum = self._source.checksum()
            return Checked(
                rows=count,
                checksum=self._checksum,
                mixed_users=conflicts is not None and conflicts.mixed_users,
            )
        finally:
            if conflicts is not None:
                conflicts.close()

    def rows(self, lines: dict[int, int] | None = None) -> Iterator[Request]:
        """Read the rows of a checked file; raise InputError where it is no longer what it was.

        `lines`, where given, receives the line of each row by its place, from 0; who reads them
        takes them out again.
        """
        problems = Problems(1)
        for place, (line, row) in enumerate(self._read(problems)):
            if lines is not None:
                lines[place] = line
            yield row
        if problems.found or (self._checksum and self._source.checksum() != self._checksum):
            raise self._source.refusal("the file changed while the job was running")

    def _read(self, problems: Problems) -> Iterator[tuple[int, Request]]:
        read = jsonl_records if self._is_jsonl() else csv_records
        for line, cells in read(self._source, self._columns, problems):
            row = self._row(line, cells, problems)
            if row is not None:
                yield line, row

    def _row(
        self, line: int, cells: list[tuple[str, Column, object]], problems: Problems
    ) -> Request | None:
        values: dict[str, object] = {}
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
