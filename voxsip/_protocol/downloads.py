"""Replies that are files: read whole, in chunks, or streamed to a file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import IO, Any

from voxsip._errors import InvalidArgumentError
from voxsip._redaction.paths import path_text

Opener = Callable[[], AbstractAsyncContextManager[AsyncIterator[bytes]]]
"""Sends the command and yields the chunks of its reply."""
WRITE_SIZE = 1 << 20
"""Bytes collected for each write, which runs in another thread."""


class AsyncDownload:
    """A command whose reply is a file: await it for the bytes, or `save` the file.

    Making it sends nothing; each `await`, `save` and `chunks` sends the command again.
    """

    __slots__ = ("_open",)

    def __init__(self, open_: Opener) -> None:
        self._open = open_

    def __await__(self) -> Generator[Any, None, bytes]:
        """Read the whole file into memory."""
        return self.read().__await__()

    async def read(self) -> bytes:
        """Read the whole file into memory."""
        async with self._open() as chunks:
            return b"".join([chunk async for chunk in chunks])

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Iterate over the content, in chunks as they arrive."""
        async with self._open() as chunks:
            async for chunk in chunks:
                yield chunk

    async def save(self, path: str | os.PathLike[str]) -> Path:
        """Stream the reply to a file, in bounded memory.

        The file appears under its name only when it is complete, and then replaces an existing one.

        Args:
            path: The file to write, in a folder that exists.

        Returns:
            The path.

        Raises:
            InvalidArgumentError: The folder cannot be written to; nothing was sent.
            VoxsipError: The command failed, or the reply broke off; no partial file is left.
        """
        target = Path(path_text("path", path))
        file, name = await asyncio.to_thread(_open_beside, target)
        try:
            with file:
                async with self._open() as chunks:
                    await _write(file, chunks)
                await asyncio.to_thread(_flush, file)
            await asyncio.to_thread(os.replace, name, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)  # noqa: PTH108 - at once, also when cancelled
            raise
        return target


async def _write(file: IO[bytes], chunks: AsyncIterator[bytes]) -> None:
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= WRITE_SIZE:
            await asyncio.to_thread(file.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(file.write, bytes(waiting))


def _open_beside(target: Path) -> tuple[IO[bytes], str]:
    """Open a new file in the folder of the target, to be renamed once it is complete."""
    import tempfile  # noqa: PLC0415 - few programs save files

    try:
        number, name = tempfile.mkstemp(
            prefix=f".{target.name}.", suffix=".part", dir=target.parent
        )
    except OSError as error:
        reason = error.strerror or type(error).__name__
    else:
        return os.fdopen(number, "wb"), name
    raise InvalidArgumentError(
        f"path: cannot write into the folder {target.parent}: {reason}; nothing was sent",
        field="path",
    )


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
