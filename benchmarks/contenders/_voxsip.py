"""voxsip, each of the ways it can be used."""

from __future__ import annotations

import os
import time
from collections import deque
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


class Observed(Awaited):
    """The same with a hook that keeps the latest events."""

    async def open(self) -> None:
        self._client = voxsip.AsyncClient(
            self.scene.credentials,
            base_url=self.scene.base_url,
            ssl=self.scene.trust,
            on_event=deque[voxsip.events.Event](maxlen=1000).append,
        )


class Traced(Awaited):
    """The same with OpenTelemetry's SDK: spans recorded, batched and thrown away, every metric kept.

    Args:
        sampled: the part of the calls whose spans are recorded.
    """

    def __init__(self, scene: Scene, *, uvloop: bool, sampled: float = 1.0) -> None:
        self._sampled = sampled
        super().__init__(scene, uvloop=uvloop)

    async def open(self) -> None:
        self._sdk = Sdk(self._sampled)
        telemetry = voxsip.otel.Telemetry(
            tracer_provider=self._sdk.tracers, meter_provider=self._sdk.meters
        )
        self._client = voxsip.AsyncClient(
            self.scene.credentials,
            base_url=self.scene.base_url,
            ssl=self.scene.trust,
            on_event=telemetry,
        )

    async def shut(self) -> None:
        await super().shut()
        self._sdk.close()


class BareSpans(Awaited):
    """The same with spans and metrics by hand around each call, as few attributes as the conventions allow: the SDK's own part."""

    async def open(self) -> None:
        await super().open()
        self._sdk = Sdk()
        self._tracer = self._sdk.tracers.get_tracer("bench")
        meter = self._sdk.meters.get_meter("bench")
        self._durations = meter.create_histogram("http.client.request.duration", "s")
        url = f"{self.scene.base_url}/BindSipRegistration"
        self._metric = {
            "http.request.method": "POST",
            "server.address": "localhost",
            "server.port": self.scene.port,
            "http.response.status_code": 200,
        }
        self._span = {**self._metric, "url.full": url}

    async def bind(self, row: dict[str, Any]) -> bool:
        from opentelemetry.trace import SpanKind, use_span  # noqa: PLC0415 - may be missing

        begun = time.perf_counter()
        span = self._tracer.start_span("POST", None, SpanKind.CLIENT, self._span)
        with use_span(span, end_on_exit=True):
            good = await super().bind(row)
            self._durations.record(time.perf_counter() - begun, self._metric)
        return good

    async def shut(self) -> None:
        await super().shut()
        self._sdk.close()


class Sdk:
    """OpenTelemetry's SDK as programs set it up, but that nothing is sent anywhere."""

    def __init__(self, sampled: float = 1.0) -> None:
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 - may be missing
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
            BatchSpanProcessor,
            SpanExporter,
            SpanExportResult,
        )
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415

        class Nowhere(SpanExporter):
            def export(self, spans: object) -> SpanExportResult:  # noqa: ARG002 - thrown away
                return SpanExportResult.SUCCESS

        self.tracers = TracerProvider(ParentBasedTraceIdRatio(sampled))
        self.tracers.add_span_processor(BatchSpanProcessor(Nowhere()))
        self.meters = MeterProvider([InMemoryMetricReader()])

    def close(self) -> None:
        self.tracers.shutdown()
        self.meters.shutdown()


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
