"""Replies that are files, in chunks; packed, if the file is large and the client takes it so."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from voxsip.emulator._service.files import File

_GZIP = 31  # window bits that make a gzip file
_FAST = 1


async def send_file(request: web.BaseRequest, file: File, date: str) -> web.StreamResponse:
    """Send a file; a client that leaves half way raises `ConnectionError`."""
    response = web.StreamResponse(
        headers={"Content-Type": "application/octet-stream", "Date": date}
    )
    packer = None
    if file.packed and "gzip" in request.headers.get("Accept-Encoding", "").lower():
        packer = zlib.compressobj(_FAST, wbits=_GZIP)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response.content_length = file.size
    await response.prepare(request)
    for chunk in file.make():
        data = chunk if packer is None else packer.compress(chunk)
        if data:
            await response.write(data)
        await asyncio.sleep(0)  # writing need not give way to others
    if packer is not None:
        await response.write(packer.flush())
    return response
