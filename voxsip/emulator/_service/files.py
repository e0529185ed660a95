"""Replies that take long: files, made while they are sent, and what is found among many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from attrs import define

CHUNK = 64 * 1024


@define
class Scan:
    """A reply that is found among many rows.

    Args:
        steps: finds it, with a pause after some rows.
        found: the reply; empty before the last step.
    """

    steps: Iterator[None]
    found: dict[str, Any]


@define
class File:
    """A file.

    Args:
        make: gives its chunks; the same ones each time.
        packed: whether it goes compressed to clients that take it so.
        size: bytes of all chunks; None until they are counted.
    """

    make: Callable[[], Iterator[bytes]]
    packed: bool = False
    size: int | None = None

    def count(self) -> Iterator[None]:
        """Find out the size, with a pause after each chunk."""
        size = 0
        for chunk in self.make():
            size += len(chunk)
            yield
        self.size = size


def csv_file(
    header: str | None, lines: Callable[[], Iterable[str | None]], *, packed: bool = False
) -> File:
    """Return a file of lines, made again from `lines` each time it is sent.

    Args:
        header: the first line, or None.
        lines: gives the others, the same ones each time; None for a pause.
        packed: whether it goes compressed to clients that take it so.
    """

    def make() -> Iterator[bytes]:
        waiting = [] if header is None else [header]
        size = 0
        for line in lines():
            if line is None:
                yield b""
                continue
            waiting.append(line)
            size += len(line)
            if size >= CHUNK:
                yield ("\n".join(waiting) + "\n").encode()
                waiting, size = [], 0
        if waiting:
            yield ("\n".join(waiting) + "\n").encode()

    return File(make, packed)
