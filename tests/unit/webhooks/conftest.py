from contextlib import AsyncExitStack

import pytest

from tests.support.emulator_wire import new_session
from tests.support.signed_callbacks import SECRETS
from tests.support.webhook_servers import receiving
from voxsip.webhooks import Receiver


@pytest.fixture
async def stack():
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def session(stack):
    return await stack.enter_async_context(new_session())


@pytest.fixture(params=["aiohttp", "asgi"])
def kind(request):
    return request.param


@pytest.fixture
def listen(stack, session, kind):
    """Serve a receiver; give what posts to it and answers with the status."""

    async def start(handle, *, served_by=kind, **options):
        receiver = Receiver(handle, **{**SECRETS, **options})
        url = await stack.enter_async_context(receiving(served_by, receiver))

        async def post(data, *, method="POST", content_type="application/json", headers=()):
            given = {"Content-Type": content_type} if content_type else {}
            async with session.request(
                method,
                url,
                data=data,
                headers={**given, **dict(headers)},
                skip_auto_headers=["Content-Type"],
            ) as reply:
                assert await reply.read() == b""
                return reply.status

        post.url = url
        return post

    return start


@pytest.fixture
def handled():
    return []


@pytest.fixture
def handle(handled):
    async def note(callback):
        handled.append(callback)

    return note
