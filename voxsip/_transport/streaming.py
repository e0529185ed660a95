"""Bodies that are files: told from an error by their first bytes, then read in chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp

from voxsip._transport.failures import explain_failure

PEEK = 64 * 1024
"""Bytes that are read ahead: an error of the API is shorter, and begins as JSON does."""
OK = 200


async def read_ahead(response: aiohttp.ClientResponse) -> bytes:
    """Read the start of a body: all of it, if it may be the API's JSON and is no longer than `PEEK`."""
    start = bytearray()
    async for chunk in response.content.iter_any():
        start += chunk
        if len(start) > PEEK or (start.strip() and not may_be_json(start)):
            break
    return bytes(start)


def may_be_json(start: bytes | bytearray) -> bool:
    """Returns whether a body begins as the API's JSON does."""
    return start.lstrip()[:1] == b"{"


def is_error(status: int, start: bytes) -> bool:
    """Returns whether a reply is no file: another status than 200, or the API's own error."""
    return status != OK or (may_be_json(start) and len(start) <= PEEK and b'"error"' in start)


async def iterate(
    command: str, response: aiohttp.ClientResponse, start: bytes, patience: float | None
) -> AsyncGenerator[bytes, None]:
    """Give the chunks of a body.

    Args:
        command: For error messages.
        response: Its start has been read.
        start: That start.
        patience: Seconds to wait for each chunk; None for no limit.

    Raises:
        TransportError: The body broke off, or a chunk took too long.
    """
    failure = None
    try:
        if start:
            yield start
        while True:
            async with asyncio.timeout(patience):
                chunk = await response.content.readany()
            if not chunk:
                break
            yield chunk
    except (aiohttp.ClientError, OSError) as error:
        failure = explain_failure(command, error)
    finally:
        response.close()
    if failure is not None:
        raise failure
