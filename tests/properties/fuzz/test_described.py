"""Whatever is asked of the emulator, in any order: it answers as the API's document describes, and never with 5xx.

Every command of every group, in an account that has some things and may be given more before: with arguments that are
well, odd, missing, unknown, repeated, in every way that the service takes them. What is listed afterwards is described, too.
"""

import asyncio
import os
import random
import time
from collections import Counter
from contextlib import AsyncExitStack
from urllib.parse import urlencode

import aiohttp
import orjson
import pytest
from hypothesis import settings

from tests.support.described import JSON, undescribed
from tests.support.emulator_wire import make_token, new_session
from tests.support.every_command import before
from tests.support.odd_arguments import plain, texts_of
from voxsip.emulator import Emulator
from voxsip.spec.document import attributes, operations

pytestmark = [pytest.mark.slow, pytest.mark.once]
GROUPS = sorted(set(attributes().values()))
THINGS = {"applications": 2, "users": 2, "registrations": 2}
LONGEST_QUERY = 4000
"""Bytes; above it a server of HTTP refuses the request itself."""
OF_A_PARENT = {"SetChildAccountInfo": {"child_account_id": ["2"], "active": ["false"]}}
"""What the main account alone can do."""


def seeds(command, count):
    """Return what the tries of a command are made from: the same every time, new ones with the profile "long"."""
    new = settings.get_current_profile_name() == "long"
    return [
        f"{command} {os.urandom(4).hex()}" if new else f"{command} {number}"
        for number in range(10 * count if new else count)
    ]


class World:
    """An emulator, a connection to it, and what it has answered so far."""

    def __init__(self, runner, emulator, session):
        self.runner, self.emulator, self.session = runner, emulator, session
        self.answers = Counter()

    def account(self, of_its_own):
        """Return an account and its token: a new one, whose ids count from 1, or the main one."""
        account = 1
        if of_its_own:
            account = self.emulator.add_child(**THINGS, own_ids=True)
        now = int(time.time() + self.emulator.clock_offset)
        claims = {"iss": str(account), "iat": now, "exp": now + 3000}
        return account, make_token(self.emulator.credentials, **claims)

    def ask(self, token, command, texts, way="query", seed=None):
        """Send a command and compare the reply with the document."""
        self.emulator.clock_offset += 2  # reports take a moment
        status, media_type, body = self.runner.run(self._send(token, command, texts, way))
        self.answers[command, b'{"error":' in body[:10]] += 1
        wrong = undescribed(command, status, media_type, body)
        assert not wrong, (seed, command, texts, way, wrong, body[:1000])

    async def _send(self, token, command, texts, way):
        pairs = [(name, value) for name, values in texts.items() for value in values]
        options = {}
        files = any(isinstance(value, bytes) for _, value in pairs)
        if files or way == "multipart":
            options["data"] = form = aiohttp.FormData(default_to_multipart=True)
            for name, value in pairs:
                form.add_field(name, value, filename="f" if isinstance(value, bytes) else None)
        elif way == "form" or len(urlencode(pairs)) > LONGEST_QUERY:
            options["data"] = urlencode(pairs)
            options["headers"] = {"Content-Type": "application/x-www-form-urlencoded"}
        else:
            options["params"] = pairs
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        method = "GET" if way == "get" and "data" not in options else "POST"
        url = f"{self.emulator.base_url}/{command}"
        async with self.session.request(method, url, headers=headers, **options) as reply:
            return reply.status, reply.content_type, await reply.read()


@pytest.fixture
def world():
    async def start(stack):
        emulator = await stack.enter_async_context(Emulator(**THINGS, children=1, calls=3))
        return emulator, await stack.enter_async_context(new_session())

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield World(runner, *runner.run(start(stack)))
        finally:
            runner.run(stack.aclose())


WAYS = ("query", "query", "get", "form", "multipart")


@pytest.mark.parametrize("group", GROUPS)
def test_every_answer_is_described(world, group):
    commands = [name for name, attribute in attributes().items() if attribute == group]
    makers = [name for name in commands if operations()[name]["x-retry"] == "create"]
    lists = [name for name in commands if "x-paging" in operations()[name]]

    def act(command, own):
        """Do what makes a command succeed, and return what else may be asked."""
        account, token = world.account(own)
        if first := before(command):
            world.ask(token, first, plain(first, account))
        return account, token

    for command in commands:
        account, token = act(command, command not in OF_A_PARENT)
        given = OF_A_PARENT.get(command) or plain(command, account)
        world.ask(token, command, given)
        assert world.answers[command, False], f"{command} was refused"
        for seed in seeds(command, 6):
            chance = random.Random(seed)
            account, token = act(command, chance.random() < 0.7)
            made = chance.choices(makers, k=chance.randrange(3)) if makers else ()
            listed = chance.choices(lists, k=chance.randrange(3)) if lists else ()
            for name in (*made, command, command, *listed):
                texts = texts_of(name, account, chance)
                world.ask(token, name, texts, chance.choice(WAYS), seed)


ROW = {"user_id": 1, "user_name": "a", "user_active": True, "created": "2026-01-31 12:00:00"}
BODIES = {
    "a member nobody knows": {"result": [ROW | {"shoe_size": 43}]},
    "a number that is text": {"result": [ROW | {"user_id": "1"}]},
    "a number that is a flag": {"result": [ROW | {"user_id": True}]},
    "a moment of another form": {"result": [ROW | {"created": "2026-01-31T12:00:00"}]},
    "a moment that is none": {"result": [ROW | {"created": "2026-02-30 12:00:00"}]},
    "an id that is missing": {"result": [{"user_name": "a"}]},
    "null": {"result": [ROW | {"created": None}]},
    "an error without a number": {"error": {"msg": "No"}},
    "an error and more": {"error": {"code": 1}, "result": []},
    "an array": [],
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_not_described_is_found(body):
    assert (
        undescribed("GetUsers", 200, JSON, orjson.dumps({"result": [ROW], "total_count": 1})) == []
    )
    assert undescribed("GetUsers", 200, JSON, orjson.dumps(body))


def test_what_is_no_reply_is_found():
    good = b'{"result":[]}'
    assert undescribed("GetUsers", 200, JSON, good) == []
    assert undescribed("GetUsers", 500, JSON, good)
    assert undescribed("GetUsers", 200, "text/html", good)
    assert undescribed("GetUsers", 200, JSON, good[:-1])
    assert undescribed("DownloadHistoryReport", 200, JSON, good)
