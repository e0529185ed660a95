"""Reads bodies that are files, in chunks; the first bytes show whether a body is an error instead.

Bodies are decompressed here, since aiohttp accepts a gzip body that breaks off before its end.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, Iterator

import aiohttp

from voxsip._transport.failures import explain_failure

PEEK = 64 * 1024
"""The most bytes read ahead: an error of the API is shorter, and begins like JSON."""
OK = 200
ENCODINGS = "gzip"
"""The `Accept-Encoding` of a request for a file."""
_GZIP = 31  # window bits of a stream with gzip's own head and checksum
_LARGEST = 256 * 1024
"""The most bytes decompressed at once: a small body may hold any size."""


class Body:
    """A body that is read in decompressed chunks.

    Args:
        response: The response with the body, of which nothing has been read.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        self._content = response.content
        self._gzip = _Gzip() if encoding in {"gzip", "x-gzip"} else None
        self._is_foreign = self._gzip is None and encoding not in {"identity", ""}
        self._parts: Iterator[bytes] = iter(())

    async def read(self) -> bytes:
        """Return the next bytes; b"" at the end.

        Raises:
            aiohttp.ClientError, OSError: The body or the compressed data in it broke off, or cannot be decompressed.
        """
        if self._is_foreign:
            raise aiohttp.ClientPayloadError("packed in a way that was not asked for")
        while True:
            try:
                part = next(self._parts, b"")
            except zlib.error:
                raise aiohttp.ClientPayloadError("cannot be unpacked") from None
            if part:
                return part
            chunk = await self._content.readany()
            if self._gzip is None:
                return chunk
            if not chunk:
                break
            self._parts = self._gzip.unpack(chunk)
        if not self._gzip.is_whole:
            raise aiohttp.ClientPayloadError("ends before what is packed in it does")
        return b""


class _Gzip:
    """A decompressor of gzip bodies of one or several members, each with its checksum."""

    def __init__(self) -> None:
        self._member: zlib._Decompress | None = zlib.decompressobj(_GZIP)

    @property
    def is_whole(self) -> bool:
        """Whether the last member is complete."""
        return self._member is None

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield the decompressed content of the next bytes, in parts of bounded size."""
        while data or self._member is not None:
            if self._member is None:
                self._member = zlib.decompressobj(_GZIP)
            part = self._member.decompress(data, _LARGEST)
            if part:
                yield part
            if self._member.eof:
                data, self._member = self._member.unused_data, None
                continue
            data = self._member.unconsumed_tail
            if not data and len(part) < _LARGEST:
                return


async def read_ahead(body: Body) -> bytes:
    """Read the start of a body, or all of it if it may be JSON up to `PEEK` bytes."""
    start = bytearray()
    while chunk := await body.read():
        start += chunk
        if len(start) > PEEK or (start.strip() and not may_be_json(start)):
            break
    return bytes(start)


def may_be_json(start: bytes | bytearray) -> bool:
    """Returns whether a body begins like the API's JSON."""
    return start.lstrip()[:1] == b"{"


def is_error(status: int, start: bytes) -> bool:
    """Returns whether a reply is an error: the API's, or a status other than 200."""
    return status != OK or (may_be_json(start) and len(start) <= PEEK and b'"error"' in start)


async def iterate(
    command: str,
    response: aiohttp.ClientResponse,
    start: bytes,
    rest: Body,
    patience: float | None,
) -> AsyncGenerator[bytes, None]:
    """Yield the chunks of a file.

    Args:
        command: The command, for error messages.
        response: The response, which is closed at the end.
        start: The start of the body, which has been read.
        rest: The rest of the body.
        patience: The seconds to wait for each chunk; None for no limit.

    Raises:
        TransportError: The body broke off, or a chunk took too long.
    """
    failure = None
    try:
        if start:
            yield start
        while True:
            async with asyncio.timeout(patience):
                chunk = await rest.read()
            if not chunk:
                break
            yield chunk
    except (aiohttp.ClientError, OSError) as error:
        failure = explain_failure(command, error)
    finally:
        response.close()
    if failure is not None:
        raise failure
