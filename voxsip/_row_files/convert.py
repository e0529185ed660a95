"""Files that are no UTF-8 text, made so: other encodings, and workbooks of spreadsheets.

The result is a temporary file with the same lines: a line of a workbook is a row of its sheet. All that reads rows sees UTF-8.
"""

from __future__ import annotations

import codecs
import io
import shutil
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from voxsip._row_files.problems import ConversionError
from voxsip._row_files.temporary import temporary

if TYPE_CHECKING:
    from voxsip._row_files.reading import Reading

_PIECE = 1 << 16
_SAMPLE = 1 << 18
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_GUESSED = ("cp1251", "cp1252")
"""What spreadsheets of Windows write where they do not write UTF-8; other encodings have to be named."""
_ENOUGH = 4
"""Letters beyond ASCII below which nothing is guessed."""
_NAMES = {"cp1251": "windows-1251", "cp1252": "windows-1252"}


class Converted(NamedTuple):
    """A temporary file in UTF-8, and what a user should know of it."""

    file: IO[bytes]
    note: str | None = None


def converted(file: IO[bytes], reading: Reading) -> Converted | None:
    """Return a file as UTF-8, or None if it is already.

    Raises:
        ConversionError: It cannot be made text, or not without a guess.
    """
    file.seek(0)
    head = file.read(_PIECE)
    if head.startswith(_WORKBOOK):
        from voxsip._row_files.workbook import workbook_as_csv  # noqa: PLC0415 - seldom needed

        return Converted(workbook_as_csv(file, reading.sheet))
    if reading.sheet is not None:
        raise ConversionError("it is no workbook, and has no sheets", "Leave --sheet out.")
    if reading.encoding is not None:
        return Converted(_transcoded(file, reading.encoding))
    if head.startswith(_UTF16):
        return Converted(_transcoded(file, "utf-16"))
    if _is_utf8(file):
        return None
    return _guess(file)


def _is_utf8(file: IO[bytes]) -> bool:
    """Returns whether a file is UTF-8, apart from single faults that its reader names."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    broken = right = 0
    while piece := file.read(_PIECE):
        if piece.isascii():
            continue
        text = decoder.decode(piece)
        wrong = sum("\udc80" <= character <= "\udcff" for character in text)
        broken += wrong
        right += sum(character > "\x7f" for character in text) - wrong
    return not broken or right > 0


def _guess(file: IO[bytes]) -> Converted | None:
    """Return the file read by its most likely encoding, or None if that is not clear."""
    try:
        from charset_normalizer import from_bytes  # noqa: PLC0415 - seldom needed
    except ImportError:
        return None
    file.seek(0)
    if b"password_from" in file.readline(_PIECE):  # our own report: a path in it is bytes
        return None
    file.seek(0)
    sample = b"".join(line for line in file.readlines(_SAMPLE) if not line.isascii())
    found = from_bytes(sample, cp_isolation=list(_GUESSED), enable_fallback=False)
    if sum(byte > 0x7F for byte in sample) < _ENOUGH:
        return None
    ranked = {one.encoding: one for one in found if one.encoding in _GUESSED}
    if not ranked:
        return None
    best, *others = ranked.values()
    if others and best.coherence - others[0].coherence <= 0.2:
        return None
    name, shown = _NAMES[best.encoding], _shown(sample, best.encoding)
    return Converted(
        _transcoded(file, best.encoding),
        f"it is not UTF-8 and was read as {name}, a guess ({shown}); --file-encoding names another",
    )


def _shown(sample: bytes, encoding: str) -> str:
    """Return a word, never of a password, that shows whether the encoding is right."""
    text = sample.decode(encoding, "replace")
    words = [
        word for word in text.replace(",", " ").replace(";", " ").split() if not word.isascii()
    ]
    letters = [word for word in words if word.isalpha()]
    return repr((letters or ["?"])[0][:12])


def _transcoded(file: IO[bytes], encoding: str) -> IO[bytes]:
    file.seek(0)
    with temporary() as (copy, keep):
        text = io.TextIOWrapper(io.BufferedReader(_Unclosed(file)), encoding, newline="")
        into = io.TextIOWrapper(copy, "utf-8", newline="", write_through=True)
        try:
            shutil.copyfileobj(text, into, _PIECE)
        except (UnicodeError, ValueError):
            raise ConversionError(
                f"it is not {encoding}", "Name its encoding with --file-encoding."
            ) from None
        finally:
            text.detach()
            with suppress(OSError):
                into.detach()
        return keep()  # the source closes it


class _Unclosed(io.RawIOBase):
    """Reads a file from where it stands, and leaves it open."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)
