"""Open a row file, or spool standard input, so that it can be read more than once."""

from __future__ import annotations

import errno
import hashlib
import io
import shutil
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from voxsip._row_files.convert import converted
from voxsip._row_files.problems import ConversionError, FileChangedError, InputError, Problem
from voxsip._row_files.reading import PLAIN, Reading
from voxsip._row_files.temporary import temporary

if TYPE_CHECKING:
    from collections.abc import Iterator

# A record this long is a file of another kind, or a quote that is never closed.
LONGEST_LINE = 1 << 20
LONGEST_NAME = 1024
_JSONL = frozenset({".jsonl", ".ndjson", ".json"})
_CSV = frozenset({".csv", ".tsv"})
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
_BLOCK = 1 << 16
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.ENOENT)
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


class Source:
    """The bytes of a row file.

    Attributes:
        name: The name that messages use.
        record_start: Byte at which the record read last begins.
        line_start: Byte at which the line read last begins.
        line_end: Byte after it.
        converted: It was no UTF-8; the bytes counted are those of a copy.
        blocks: Digests of its blocks, as it was last read to its end.
        seal: Digests that its blocks must have as it is read; None if they may be others.
        note: A note for the user on how it was read, or None.
    """

    def __init__(self, path: str, reading: Reading = PLAIN) -> None:
        """Open `path`, or copy standard input to a temporary file if it is "-".

        Raises InputError if there is nothing to read.
        """
        self.path = path
        self.blocks: list[bytes] = []
        self.seal: list[bytes] | None = None
        self.record_start = self.line_start = self.line_end = 0
        self.name = "<stdin>" if path == "-" else _named(path)
        self._file = self._spooled() if path == "-" else self._opened()
        self.converted, self.note = self._convert(reading)

    def _convert(self, reading: Reading) -> tuple[bool, str | None]:
        try:
            made = converted(self._file, reading)
        except BaseException as error:
            self._file.close()
            if isinstance(error, ConversionError):
                raise self.refusal(error.message, error.remedy) from None
            if isinstance(error, OSError):
                raise self._not_copied(error) from None
            raise
        if made is None:
            return False, None
        self._file.close()
        self._file = made.file
        return True, made.note

    def close(self) -> None:
        """Close the file; a spooled one is gone with that."""
        self._file.close()

    def is_jsonl(self) -> bool:
        """Returns whether this is JSONL, by the file's name or by its first character."""
        self._file.seek(0)
        head = self._file.read(4096)
        if head.startswith(_GZIP):
            raise self.refusal("the file is gzip", "Save it as CSV or JSONL in UTF-8.")
        suffix = Path(self.path).suffix.casefold()
        if suffix in _WORKBOOKS:
            return False
        if suffix in _JSONL:
            return True
        return suffix not in _CSV and head.removeprefix(_BOM).lstrip()[:1] in (b"{", b"[")

    def lines(self) -> Iterator[tuple[int, str]]:
        r"""Read the lines from the start, numbered from 1, each with its line end.

        Bytes that are not UTF-8 come as lone surrogates, for the cell that holds them to be named.
        \r, \n and \r\n all end a line.

        Raises:
            FileChangedError: A block is another than the seal says.
        """
        view = _View(self._file, self.name, self.seal)
        raw = io.BufferedReader(view, _BLOCK)
        text = io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline="")
        number = 0
        self._file.seek(0)
        end = len(_BOM) if self._file.read(len(_BOM)) == _BOM else 0
        while line := text.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise self.refusal(f"line {number} is longer than {LONGEST_LINE >> 20} MiB")
            start, end = end, end + byte_length(line)
            self.line_start, self.line_end = start, end
            yield number, line
        self.blocks = view.seen

    def refusal(self, message: str, remedy: str = "") -> InputError:
        """Make the error for a file that cannot be read on."""
        return InputError([Problem(self.name, message, remedy=remedy)])

    def _opened(self) -> IO[bytes]:
        try:
            file = Path(self.path).open("rb")  # noqa: SIM115 - closed by close()
        except FileNotFoundError:
            raise self.refusal("there is no such file") from None
        except IsADirectoryError:
            raise self.refusal("this is a directory", "Name a CSV or JSONL file in it.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise self.refusal(f"the file cannot be opened: {reason}") from None
        if not file.seekable():
            with file:
                return self._copied(file)
        return file

    def _spooled(self) -> IO[bytes]:
        if sys.stdin is None or sys.stdin.closed:
            raise self.refusal("there is no standard input")
        if sys.stdin.isatty():
            print("Reading rows from the terminal; end with Ctrl-D.", file=sys.stderr)  # noqa: T201 - asked
        return self._copied(sys.stdin.buffer)

    def _copied(self, stream: IO[bytes]) -> IO[bytes]:
        try:
            with temporary() as (copy, keep):
                shutil.copyfileobj(stream, copy, 1 << 16)
                return keep()
        except OSError as error:
            raise self._not_copied(error) from None

    def _not_copied(self, error: OSError) -> InputError:
        remedy = ""
        if error.errno in _NO_ROOM:
            remedy = "Free some space in the temporary folder, or name another one in TMPDIR."
        reason = error.strerror or str(error)
        return self.refusal(f"it cannot be copied to a temporary file: {reason}", remedy)


def byte_length(text: str) -> int:
    """Return the number of bytes that a text was read from."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


def _named(path: str) -> str:
    """Name a file for messages; a text that can be no path may hold passwords."""
    return path if len(path) <= LONGEST_NAME and "\n" not in path else "<no file name>"


class _View(io.RawIOBase):
    """Reads a file from its start, beside any other view, and never closes it.

    Attributes:
        seen: Digests of the blocks so far.
    """

    def __init__(self, file: IO[bytes], name: str, seal: list[bytes] | None) -> None:
        self._file = file
        self._offset = 0
        self._name = name
        self._seal = seal
        self.seen: list[bytes] = []

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._offset)
        chunk = self._file.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self._offset += len(chunk)
        place = len(self.seen)
        if chunk:
            self.seen.append(hashlib.blake2b(chunk, digest_size=16).digest())
        if self._seal is not None and self._seal[place : place + 1] != self.seen[place:]:
            raise FileChangedError(f"{self._name} changed while the job was running")
        return len(chunk)
