"""Plan files: a head, a line for each change, a foot with the digest of all lines before it.

A file that was cut has no foot, or one that does not match; so has one that was edited. Nothing in it is
secret, but names and numbers are nobody else's business: only its owner may read it.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from voxsip._errors import ConfigurationError, InvalidArgumentError
from voxsip._redaction.paths import path_text

FORMAT = "voxsip-plan"
VERSION = 1
_REMEDY = "make it again with 'voxsip plan FILE --out PLAN'"


Head = Mapping[str, Any]
Lines = Iterable[Mapping[str, Any]]


def write_plan(path: str | os.PathLike[str], head: Head, changes: Lines) -> str:
    """Write a plan whole or not at all; return the digest of its lines.

    Raises:
        InvalidArgumentError: Something else is at the path, or the journal of an earlier plan beside it.
        ConfigurationError: The file cannot be written.
    """
    target = Path(path_text("path", path))
    if target.exists() and not is_plan(target):
        raise InvalidArgumentError(
            f"{target}: something else is there; name another file", field="path"
        )
    if journal_of(target).exists():
        raise InvalidArgumentError(
            f"{target}: {journal_of(target).name} beside it belongs to an earlier plan; "
            "apply that to its end and remove both, or name another file",
            field="path",
        )
    building = target.with_name(f".{target.name}.{os.getpid()}.new")
    digest, count = _new_digest(), -1  # the head is no change
    try:
        building.unlink(missing_ok=True)
        try:
            descriptor = os.open(building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                for line in _lines(head, changes):
                    digest.update(line)
                    file.write(line)
                    count += 1
                file.write(_line({"digest": digest.hexdigest(), "changes": count}))
                file.flush()
                os.fsync(file.fileno())
            building.replace(target)
        finally:
            building.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{target}: {error.strerror or error}") from None
    return digest.hexdigest()


def digest_of(head: Head, changes: Lines) -> str:
    """Return the digest that a plan's lines have once it is written."""
    return _digest(_lines(head, changes))


def read_plan(path: str | os.PathLike[str]) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """Read a plan's head, its changes and its digest.

    Raises:
        InvalidArgumentError: It is no plan, is cut short, was edited, or is of another version.
        ConfigurationError: The file cannot be read.
    """
    name = path_text("path", path)
    try:
        lines = _unmarked(Path(path).read_bytes()).splitlines(keepends=True)
    except OSError as error:
        raise ConfigurationError(f"{name}: {error.strerror or error}") from None
    head = _read(lines[0]) if lines else {}
    if head.get("format") != FORMAT:
        raise _wrong(name, "this is not a plan", "give a file that 'voxsip plan --out' wrote")
    if head.get("version") != VERSION:
        version = head.get("version")
        raise _wrong(
            name, f"it is in version {version!r} of the format, and {VERSION} is read", _REMEDY
        )
    foot = _read(lines[-1]) if len(lines) > 1 and lines[-1].endswith(b"\n") else {}
    if foot.keys() != {"digest", "changes"}:
        raise _wrong(name, "the plan is cut short: its last line is missing", _REMEDY)
    if foot["digest"] != _digest(lines[:-1]) or foot["changes"] != len(lines) - 2:
        raise _wrong(name, "the plan was edited, or is damaged: its digest differs", _REMEDY)
    return head, list(map(_read, lines[1:-1])), foot["digest"]


def is_plan(path: str | os.PathLike[str]) -> bool:
    """Return whether a file begins as a plan does.

    Raises:
        InvalidArgumentError: It is no path.
    """
    try:
        with Path(path_text("path", path)).open("rb") as file:
            return _read(_unmarked(file.read(1 << 16)).partition(b"\n")[0]).get("format") == FORMAT
    except OSError:
        return False


def _unmarked(data: bytes) -> bytes:
    """Return data in UTF-8 without a byte-order mark, whatever an editor made of it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").encode()
    return data.removeprefix(codecs.BOM_UTF8)


def journal_of(path: str | os.PathLike[str]) -> Path:
    """Return the path of a plan's journal."""
    return Path(f"{os.fspath(path)}.journal")


def unreadable(path: str | os.PathLike[str]) -> InvalidArgumentError:
    """Return the error for a plan whose lines are whole, and still no plan."""
    return _wrong(os.fspath(path), "the plan cannot be read", _REMEDY)


_new_digest = partial(blake2b, digest_size=32)


def _digest(lines: Iterable[bytes]) -> str:
    digest = _new_digest()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def _lines(head: Head, changes: Lines) -> Iterator[bytes]:
    first = {"format": FORMAT, "version": VERSION, **head}
    return map(_line, chain((first,), changes))


def _line(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, str, orjson.OPT_APPEND_NEWLINE)


def _read(line: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _wrong(name: str, problem: str, remedy: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"{name}: {problem}; {remedy}", field="plan")
