"""A checksum of rows that gives nothing of their secrets away."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voxsip._row_files.columns import Cells, Columns


class _Checksum:
    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def hexdigest(self) -> str:
        """Return the checksum of what was added so far."""
        return self._hash.hexdigest()


class Digest(_Checksum):
    """Takes rows, one after another; order counts, formatting and secrets do not."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self._names = [column.name for column in columns.all if not column.secret]

    def add(self, row: object) -> None:
        """Take the next row."""
        parts = [
            f"{name}={value}\0"
            for name in self._names
            if (value := getattr(row, name, None)) is not None
        ]
        self._hash.update("".join((*parts, "\n")).encode())


class CellDigest(_Checksum):
    """A checksum of records as they stand in a file, to compare two copies of it.

    Passwords take no part, as in `Digest`, but the places of records do: what is read by its place is read right.
    """

    def add(self, cells: Cells, span: tuple[int, int]) -> None:
        """Take the next record and its first byte and the one after its last."""
        text = "\0".join([f"{name}={cell}" for name, column, cell in cells if not column.secret])
        self._hash.update(f"{text}\0{span[0]}-{span[1]}\n".encode("utf-8", "backslashreplace"))
