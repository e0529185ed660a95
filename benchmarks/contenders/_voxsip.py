"""voxsip, each of the ways it can be used."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import Any

import voxsip
from benchmarks.contenders._base import Contender, LoopContender, ThreadContender
from benchmarks.scene import Scene, rows


class Awaited(LoopContender):
    """`await client.sip_registrations.bind(...)`, with everything on."""

    async def open(self) -> None:
        self._client = voxsip.AsyncClient(
            self.scene.credentials, base_url=self.scene.base_url, ssl=self.scene.trust
        )

    async def go(self, calls: int) -> int:
        return await self.by_workers(self.bind, calls)

    async def bind(self, row: dict[str, Any]) -> bool:
        reply = await self._client.sip_registrations.bind(**row)
        return reply.result == 1

    async def shut(self) -> None:
        await self._client.close()


class AwaitedGather(Awaited):
    """The same with a task per row and a semaphore, as aiohttp as people write it is driven."""

    async def go(self, calls: int) -> int:
        return await self.by_gather(self.bind, calls)


class OneByOne(Awaited):
    """The same, one call after another, to compare a blocking call with."""

    async def go(self, calls: int) -> int:
        return sum([await self.bind(row) for row in rows(calls)])


class Bulk(Awaited):
    """`client.bulk.bind(rows)`, every outcome read."""

    def __init__(self, scene: Scene, *, uvloop: bool, journal: bool = False) -> None:
        self._journals = (
            (Path(scene.directory) / f"journal-{os.getpid()}-{n}.sqlite" for n in count())
            if journal
            else None
        )
        super().__init__(scene, uvloop=uvloop)

    async def go(self, calls: int) -> int:
        journal = next(self._journals) if self._journals else None
        job = self._client.bulk.bind(
            rows(calls), concurrency=self.scene.concurrency, journal=journal
        )
        good = 0
        async for outcome in job:
            good += outcome.status == "done"
        return good


class Blocking(ThreadContender):
    """`client.sip_registrations.bind(...)` from threads."""

    def __init__(self, scene: Scene, threads: int) -> None:
        super().__init__(scene, threads)
        self._client = voxsip.Client(scene.credentials, base_url=scene.base_url, ssl=scene.trust)

    def bind(self, row: dict[str, Any]) -> bool:
        return self._client.sip_registrations.bind(**row).result == 1

    def close(self) -> None:
        super().close()
        self._client.close()


class BlockingBulk(Contender):
    """`client.bulk.bind(rows)` of the blocking client, every outcome read."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._client = voxsip.Client(scene.credentials, base_url=scene.base_url, ssl=scene.trust)

    def run(self, calls: int) -> int:
        job = self._client.bulk.bind(rows(calls), concurrency=self.scene.concurrency)
        return sum(outcome.status == "done" for outcome in job)

    def close(self) -> None:
        self._client.close()
