"""httpx as people write it."""

from __future__ import annotations

from typing import Any

import httpx

from benchmarks.contenders._base import LoopContender


class Httpx(LoopContender):
    """A client, `data=` with a dict, `response.json()`, gather and a semaphore."""

    async def open(self) -> None:
        self._client = httpx.AsyncClient(
            verify=self.scene.context(),
            headers={"Authorization": f"Bearer {self.scene.token}"},
        )

    async def go(self, calls: int) -> int:
        return await self.by_gather(self.bind, calls)

    async def bind(self, row: dict[str, Any]) -> bool:
        response = await self._client.post(self.scene.url, data=row)
        response.raise_for_status()
        return bool(response.json()["result"] == 1)

    async def shut(self) -> None:
        await self._client.aclose()
