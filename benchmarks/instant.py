"""A session that answers at once, without a network: for what is about voxsip's own code only."""

from __future__ import annotations

import asyncio
from typing import Any, Self, cast

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy

import voxsip

_BODY = b'{"result":1}'
_HEADERS = CIMultiDictProxy(
    CIMultiDict({"Content-Type": "application/json", "Content-Length": str(len(_BODY))})
)


class InstantReply:
    """What a client reads of a reply."""

    status = 200
    headers = _HEADERS

    @property
    def content(self) -> Self:
        return self

    def is_eof(self) -> bool:
        return True

    def read_nowait(self) -> bytes:
        return _BODY

    def close(self) -> None:
        """Let go of nothing."""


class InstantSession:
    """What a client asks of a session."""

    closed = False
    connector = None

    def __init__(self, *, turns: bool) -> None:
        self._turns = turns

    async def request(self, *_: Any, **__: Any) -> InstantReply:
        if self._turns:
            await asyncio.sleep(0)
        return InstantReply()


def instant_client(*, turns: bool = True) -> voxsip.AsyncClient:
    """Return a client whose calls succeed at once.

    Args:
        turns: give the loop its turn in every call, as a real one does.
    """
    session = cast("aiohttp.ClientSession", InstantSession(turns=turns))
    return voxsip.AsyncClient(token="x" * 600, base_url="https://localhost/api", session=session)
