"""Prism, strict, between our client and what the vendor publishes of CreateSipRegistration."""

import asyncio
import contextlib
import os
import re
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

import voxsip
from voxsip.emulator import Emulator

pytestmark = pytest.mark.vendor

DOCUMENT = Path(__file__).with_name("create_sip_registration.openapi.json")
ARGUMENTS = {
    "sip_username": "john.doe",
    "proxy": "sip.example.com",
    "auth_user": "john doe & co",
    "outbound_proxy": "outbound.sip.example.com",
    "password": "p&ss=w+rd %21;?ü",
    "is_persistent": True,
    "application_id": 1,
    "rule_id": 1,
    "user_id": 1,
}


@pytest.fixture
def prism(node_package):
    """Give a function that runs Prism with these arguments and yields its base URL."""
    executable = node_package("@stoplight/prism-cli", "5.16.0") / ".bin" / "prism"

    @contextlib.asynccontextmanager
    async def run(mode, *arguments):
        process = await asyncio.create_subprocess_exec(
            executable,
            *(mode, "--errors", "--host", "127.0.0.1", "--port", "0", str(DOCUMENT), *arguments),
            env=os.environ | {"NO_COLOR": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        log = b""
        while not (found := re.search(rb"listening on (http://[\d.:]+)", log)):
            line = await process.stdout.readline()
            assert line, log.decode()
            log += line
        rest = asyncio.create_task(process.stdout.read())  # or a full pipe would stop it
        try:
            yield found[1].decode()
        finally:
            process.terminate()
            await asyncio.gather(process.wait(), rest)

    return run


async def test_the_mock_accepts_our_create_and_we_read_its_reply(prism):
    async with (
        prism("mock") as url,
        voxsip.AsyncClient(token="any", base_url=url, encoding="query") as client,
    ):
        made = await client.sip_registrations.create(**ARGUMENTS)
    assert made.sip_registration_id == 4711
    assert made.account_info.balance == Decimal("98.5")


async def test_we_read_the_mocks_refusal(prism):
    async with (
        prism("mock") as url,
        aiohttp.ClientSession(headers={"Prefer": "example=poor"}) as session,
        voxsip.AsyncClient(token="any", base_url=url, session=session, encoding="query") as client,
    ):
        with pytest.raises(voxsip.InsufficientFundsError) as caught:
            await client.sip_registrations.create(**ARGUMENTS)
    assert caught.value.required_money == Decimal("1.5")


async def test_the_mock_is_strict(prism):
    """Neither a wrong type nor a body passes, so that its yes means something."""
    headers = {"Authorization": "Bearer any"}
    wrong_type = ARGUMENTS | {"user_id": "first", "is_persistent": "true"}
    async with prism("mock") as url, aiohttp.ClientSession(url, headers=headers) as session:
        async with session.post("/CreateSipRegistration", params=wrong_type) as reply:
            assert reply.status == 422
        async with session.post("/CreateSipRegistration", data={"sip_username": "a"}) as reply:
            assert reply.status == 415


async def test_the_emulators_replies_pass_as_the_vendors(prism, tmp_path):
    """Prism as a proxy checks both ways: our requests, and what the emulator answers."""
    async with (
        Emulator(directory=tmp_path, balance=Decimal("1.5"), price=1) as emulator,
        prism("proxy", emulator.base_url) as url,
        voxsip.AsyncClient(emulator.credentials, base_url=url, encoding="query") as client,
    ):
        made = await client.sip_registrations.create(**ARGUMENTS)
        assert emulator.state.registrations[0]["sip_registration_id"] == made.sip_registration_id
        with pytest.raises(voxsip.InsufficientFundsError):
            await client.sip_registrations.create(**ARGUMENTS)
