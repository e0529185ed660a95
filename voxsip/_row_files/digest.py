"""A checksum of rows that gives nothing of their secrets away."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voxsip._row_files.columns import Columns


class Digest:
    """Takes rows, one after another; order counts, formatting and secrets do not."""

    def __init__(self, columns: Columns) -> None:
        self._names = [column.name for column in columns.all if not column.secret]
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, row: object) -> None:
        """Take the next row."""
        for name in self._names:
            value = getattr(row, name, None)
            if value is not None:
                self._hash.update(f"{name}={value}\0".encode())
        self._hash.update(b"\n")

    def hexdigest(self) -> str:
        """Return the checksum of the rows so far."""
        return self._hash.hexdigest()
