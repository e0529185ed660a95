"""A client of a few lines, so that the emulator's tests read the wire without voxsip's help."""

import asyncio
import time
from functools import cache
from pathlib import Path

import aiohttp
import orjson
from jose import jwk, jwt


@cache
def signing_key(pem, algorithm):
    return jwk.construct(pem, algorithm)  # parsing takes 80 ms


def make_token(credentials, *, kid=None, pem=None, algorithm="RS256", headers=None, **claims):
    key = orjson.loads(Path(credentials).read_bytes())
    now = int(time.time())
    payload = {"iss": str(key["account_id"]), "iat": now, "exp": now + 3600} | claims
    return jwt.encode(
        {name: value for name, value in payload.items() if value is not None},
        signing_key(pem or key["private_key"], algorithm),
        algorithm=algorithm,
        headers={"kid": kid or key["key_id"]} | (headers or {}),
    )


def text(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ";".join(map(str, value))
    return str(value)


class Wire:
    def __init__(self, session, emulator, token=None):
        self.session = session
        self.emulator = emulator
        self.token = token or make_token(emulator.credentials)

    def acting(self, *, credentials=None, **claims):
        token = make_token(credentials or self.emulator.credentials, **claims)
        return Wire(self.session, self.emulator, token)

    def post(self, path, **options):
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return self.session.post(self.emulator.base_url + path, headers=headers, **options)

    async def call(self, command, /, **parameters):
        params = {name: text(value) for name, value in parameters.items()}
        async with self.post(f"/{command}", params=params) as reply:
            assert reply.status == 200
            assert reply.content_type == "application/json"
            return orjson.loads(await reply.read())

    async def done(self, command, /, **parameters):
        reply = await self.call(command, **parameters)
        assert "error" not in reply, reply
        return reply

    async def refused(self, command, /, **parameters):
        reply = await self.call(command, **parameters)
        assert set(reply) == {"error"}, reply
        assert reply["error"]["msg"]
        return reply["error"]["code"]

    async def create(self, sip_username="alice", proxy="sip.example.com", **parameters):
        reply = await self.done(
            "CreateSipRegistration", sip_username=sip_username, proxy=proxy, **parameters
        )
        return reply["sip_registration_id"]

    async def rows(self, **filters):
        return (await self.done("GetSipRegistrations", **filters))["result"]

    async def ids(self, **filters):
        return [row["sip_registration_id"] for row in await self.rows(**filters)]

    async def binding(self, registration):
        (row,) = await self.rows(sip_registration_id=registration)
        return row.get("application_id"), row.get("rule_id"), row.get("user_id")


def new_session(**options):
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30), **options)


async def until(condition):
    """Wait for what the server does on its own account; the test's timeout is the limit."""
    while not condition():  # noqa: ASYNC110  (nothing here to wait on: it happens server-side)
        await asyncio.sleep(0.005)
