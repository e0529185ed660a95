"""aiohttp without voxsip: as people write it, and with every setting voxsip has."""

from __future__ import annotations

from typing import Any

import aiohttp
import orjson
from yarl import URL

from benchmarks.contenders._base import LoopContender


class AiohttpWritten(LoopContender):
    """A session, `data=` with a dict, `await response.json()`, gather and a semaphore."""

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self.scene.context()),
            headers={"Authorization": f"Bearer {self.scene.token}"},
        )
        self._url = self.scene.url

    async def go(self, calls: int) -> int:
        return await self.by_gather(self.bind, calls)

    async def bind(self, row: dict[str, Any]) -> bool:
        async with self._session.post(self._url, data=row) as response:
            response.raise_for_status()
            reply = await response.json()
            return bool(reply["result"] == 1)

    async def shut(self) -> None:
        await self._session.close()


class AiohttpWrittenWorkers(AiohttpWritten):
    """The same calls from a fixed set of workers, as voxsip is driven here."""

    async def go(self, calls: int) -> int:
        return await self.by_workers(self.bind, calls)


class AiohttpQuery(AiohttpWrittenWorkers):
    """The same with `params=` instead of `data=`: arguments in the query, as the documents say."""

    async def bind(self, row: dict[str, Any]) -> bool:
        async with self._session.post(self._url, params=row) as response:
            response.raise_for_status()
            reply = await response.json()
            return bool(reply["result"] == 1)


class AiohttpTuned(LoopContender):
    """The settings, encoding, timeouts and decoder of voxsip: what its own code comes on top of."""

    async def open(self) -> None:
        context = self.scene.context()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=100, ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "User-Agent": "voxsip/0.1.0"},
        )
        self._ssl = context
        self._prefix = f"{self.scene.url}?"
        self._headers = {"Authorization": f"Bearer {self.scene.token}"}
        self._timeout = aiohttp.ClientTimeout(total=30, sock_connect=10)

    async def go(self, calls: int) -> int:
        return await self.by_workers(self.bind, calls)

    async def bind(self, row: dict[str, Any]) -> bool:
        query = (
            f"sip_registration_id={row['sip_registration_id']}"
            f"&application_id={row['application_id']}&user_id={row['user_id']}"
        )
        response = await self._session.post(
            URL(self._prefix + query, encoded=True),
            headers=self._headers,
            allow_redirects=False,
            timeout=self._timeout,
            ssl=self._ssl,
        )
        content = await response.read()
        return response.status == 200 and bool(orjson.loads(content)["result"] == 1)

    async def shut(self) -> None:
        await self._session.close()
