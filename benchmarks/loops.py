"""Event loops by name."""

from __future__ import annotations

import asyncio


def new_uvloop() -> asyncio.AbstractEventLoop:
    """Return one of uvloop's, which has to be installed."""
    import uvloop  # noqa: PLC0415 - optional

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
