"""A server that says what a test tells it to: for replies no emulator would give."""

import asyncio
from contextlib import asynccontextmanager

import attrs
import orjson
from aiohttp import web


@attrs.define
class Answer:
    """One reply; `body` is sent as it is, or as JSON where it is no bytes."""

    body: object = b""
    status: int = 200
    headers: dict = attrs.Factory(dict)

    def response(self):
        body = self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)
        return web.Response(body=body, status=self.status, headers=self.headers)


class Answering:
    """Give the answers in turn, the last one forever; a callable makes one of the request."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.requests = []
        self.port = 0

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}/platform_api"

    async def __call__(self, request):
        self.requests.append(request)
        await request.read()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        made = answer(request) if callable(answer) else answer
        made = await made if asyncio.iscoroutine(made) else made
        return made.response() if isinstance(made, Answer) else made


@asynccontextmanager
async def answering(*answers):
    """Serve the answers on a free port."""
    handler = Answering(answers)
    runner = web.ServerRunner(
        web.Server(handler, access_log=None, lingering_time=0), shutdown_timeout=0
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    handler.port = runner.addresses[0][1]
    try:
        yield handler
    finally:
        await runner.cleanup()
