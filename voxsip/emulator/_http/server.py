"""The wire: HTTP in front of the service, and whatever goes wrong on it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from voxsip.emulator._faults.delays import Pauses, StoppedError
from voxsip.emulator._faults.injection import Injection, drop
from voxsip.emulator._http.admin import Admin
from voxsip.emulator._http.callbacks import Callbacks
from voxsip.emulator._http.download import send_file
from voxsip.emulator._http.request import API_PATH, read_call
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.files import File, Scan
from voxsip.spec.document import document

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxsip.emulator._faults.fault import Fault
    from voxsip.emulator._faults.faults import Faults
    from voxsip.emulator._service.service import Call, Service

ADMIN_PATH = "/_emulator/"
SPEC_PATH = f"{ADMIN_PATH}openapi.json"

_METHODS = frozenset({"GET", "POST"})


class Handler:
    """Answers HTTP requests, without routes or middleware.

    Args:
        service: the service that executes the calls.

    Attributes:
        latency: gives the seconds a request takes, half before the work and half after it; None
            for no waiting at all.
        faults: the faults to inject.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.latency: Callable[[], float] | None = None
        self.faults: Faults | None = None
        self.callbacks = Callbacks()
        self._admin = Admin(service, self.callbacks)
        self._late: list[tuple[Call, int]] = []
        self._timers: set[asyncio.TimerHandle] = set()
        self._pauses = Pauses()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        try:
            return await self._route(request)
        except (StoppedError, ConnectionError):  # told to stop, or the client has gone half way
            return drop(request)
        except web.RequestPayloadError:  # not encoded as it says it is
            refusal = web.Response(status=400)
            refusal.force_close()
            return refusal

    async def _route(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path == API_PATH or path.startswith(API_PATH + "/"):
            if request.method in _METHODS:
                return await self._api(request)
            return web.Response(status=405, headers={"Allow": "GET, POST"})
        if path == SPEC_PATH and request.method == "GET":
            return self._json(orjson.dumps(document()))
        if path.startswith(ADMIN_PATH):
            return await self._admin.answer(request)
        return web.Response(status=404)

    def close(self) -> None:
        """End every wait, and forget the duplicates that are still to come."""
        self._pauses.stop()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._late.clear()

    async def _api(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            call = await read_call(request)
        except RefusedError as refused:
            return self._json(orjson.dumps(refused.body()))
        known = self.service.receive(call.command)
        if self._late:
            self._deliver_late()
        if known and self.faults is not None and (hits := self.faults.pick(call.command)):
            return await self._faulty(request, call, hits)
        if self.latency is None:
            return await self._answer(request, await self._execute(call))
        half = self.latency() / 2
        await self._pauses.wait(half)
        body = await self._execute(call)
        await self._pauses.wait(half)
        return await self._answer(request, body)

    async def _execute(self, call: Call) -> bytes | File:
        """Execute a call and count the files it made, while others are served."""
        reply = self.service.reply(call)
        if isinstance(reply, Scan):
            for _ in reply.steps:
                await asyncio.sleep(0)
            return orjson.dumps(reply.found)
        files = self.service.uncounted
        if isinstance(reply, File) and reply.size is None:
            files.append(reply)
        while files:
            for _ in files.pop().count():
                await asyncio.sleep(0)
        return reply

    async def _faulty(
        self, request: web.BaseRequest, call: Call, hits: list[Fault]
    ) -> web.StreamResponse:
        clock = self.service.clock
        call.skew = sum(fault.seconds or 0 for fault in hits if fault.kind == "clock")
        injection = Injection(request, lambda: clock.now() + call.skew, self._pauses)
        for fault in hits:
            answer = await injection.before(fault)
            if answer is not None:
                return answer
            if fault.kind == "page_cap":
                call.page_cap = fault.rows
            elif fault.kind == "shift":
                call.shift = fault.rows or 0
        half = self.latency() / 2 if self.latency is not None else 0.0
        await self._pauses.wait(half)
        reply = await self._execute(call)
        body = b"".join(reply.make()) if isinstance(reply, File) else reply
        for fault in hits:
            if fault.kind == "late_duplicate":
                self._duplicate(call, fault)
        await self._pauses.wait(half)
        for fault in hits:
            answer = await injection.after(fault, body)
            if answer is not None:
                return answer
        return await self._answer(request, reply, injection)

    def _duplicate(self, call: Call, fault: Fault) -> None:
        if fault.requests is not None:
            self._late.append((call, fault.requests))
            return

        def deliver() -> None:
            self._timers.discard(timer)
            self.service.reply(call)

        timer = asyncio.get_running_loop().call_later(fault.seconds or 0, deliver)
        self._timers.add(timer)

    def _deliver_late(self) -> None:
        counted = [(call, requests - 1) for call, requests in self._late]
        self._late = [late for late in counted if late[1] > 0]
        for call, requests in counted:
            if requests <= 0:
                self.service.reply(call)

    async def _answer(
        self, request: web.BaseRequest, reply: bytes | File, injection: Injection | None = None
    ) -> web.StreamResponse:
        if isinstance(reply, File):
            return await send_file(request, reply, self.service.clock.http_date())
        return self._json(reply) if injection is None else injection.answer(reply)

    def _json(self, body: bytes) -> web.Response:
        headers = {"Content-Type": "application/json", "Date": self.service.clock.http_date()}
        return web.Response(body=body, headers=headers)
