"""Make a request of the cells of a record, or say what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from voxsip._errors import InvalidArgumentError
from voxsip._row_files.passwords import COLUMN, Passwords
from voxsip._row_files.values import BadCell, value_of

if TYPE_CHECKING:
    from voxsip._bindings.rows import BindRequest, CreateRequest, DeleteRequest
    from voxsip._row_files.columns import Cells, Columns
    from voxsip._row_files.problems import Problems

Request = TypeVar("Request", bound="BindRequest | CreateRequest | DeleteRequest")


class RowMaker(Generic[Request]):
    """Makes the rows of one file.

    Attributes:
        columns: the columns of the last record.
        origin: the place of the last row's password if it is in another file.
    """

    def __init__(self, request: type[Request], columns: Columns) -> None:
        self._request = request
        self._passwords = Passwords(columns)
        self.columns: tuple[str, ...] | None = None
        self.origin: str | None = None

    def close(self) -> None:
        """Close the files that passwords were read from."""
        self._passwords.close()

    def make(self, line: int, cells: Cells, problems: Problems) -> Request | None:
        """Make a row; add all that is wrong with it to `problems` and return None instead."""
        row = self.make_unchecked(line, cells, problems)
        try:
            if row is not None:
                row.check()
        except InvalidArgumentError as error:
            self._refuse(error, line, problems)
            return None
        return row

    def make_unchecked(self, line: int, cells: Cells, problems: Problems) -> Request | None:
        """Make a row of cells that passed `make` before, or None if its password has gone."""
        values = self._values(line, cells, problems)
        if values is None:
            return None
        try:
            return self._request(**values)
        except InvalidArgumentError as error:
            self._refuse(error, line, problems)
            return None

    def _refuse(self, error: InvalidArgumentError, line: int, problems: Problems) -> None:
        message = str(error).removeprefix(f"{self._request.command}: ").rstrip(".")
        message, _, remedy = message.removeprefix(f"{error.field}: ").partition("; ")
        if remedy:
            remedy = f"{remedy[0].upper()}{remedy[1:]}."
        problems.add(message, error.field, remedy, line=line)

    def _values(self, line: int, cells: Cells, problems: Problems) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        whole = True
        if self.columns is None:
            names = (column.name for _, column, _ in cells)
            self.columns = tuple(name for name in names if name != COLUMN)
        for header, column, cell in cells:
            try:
                value = value_of(column, cell)
            except BadCell as bad:
                whole = False
                problems.add(bad.message, header, bad.remedy, line=line)
                continue
            if value is not None:
                values[column.name] = value
            elif column.required:
                whole = False
                problems.add("the cell is empty", header, "Every row needs it.", line=line)
        self.origin = values.pop(COLUMN, None)
        if self.origin is not None and whole and "password" not in values:
            try:
                values["password"] = self._passwords.find(self.origin, values)
            except BadCell as bad:
                whole = False
                problems.add(bad.message, COLUMN, bad.remedy, line=line)
        return values if whole else None
