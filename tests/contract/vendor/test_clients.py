"""The vendor's own clients against the emulator over TLS; voxsip looks at what they did."""

import asyncio
import contextlib
import json
import os
import ssl
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import voxsip
from voxsip.emulator import Emulator

pytestmark = pytest.mark.vendor

HERE = Path(__file__).parent


class VendorClient:
    """A vendor's client in a process of its own."""

    def __init__(self, process):
        self._process = process

    async def __call__(self, method, **arguments):
        self._process.stdin.write(json.dumps([method, arguments]).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        assert line, (await self._process.stderr.read()).decode()
        return json.loads(line)


@contextlib.asynccontextmanager
async def running(command, emulator, **trust):
    environment = os.environ | {"VOXIMPLANT_CREDENTIALS": str(emulator.credentials)} | trust
    process = await asyncio.create_subprocess_exec(
        *command,
        urlsplit(emulator.base_url).netloc,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield VendorClient(process)
    finally:
        process.stdin.close()
        await process.communicate()


@pytest.fixture(params=["python", "node"])
def vendor(request):
    """A command that runs the client, and the variable by which it is told whom to trust."""
    if request.param == "python":
        pytest.importorskip(
            "voximplant.apiclient",
            reason="voximplant-apiclient is not installed; tox -e slow does",
        )
        return [sys.executable, str(HERE / "drive_python.py")], "REQUESTS_CA_BUNDLE"
    node_package = request.getfixturevalue("node_package")
    packages = node_package("@voximplant/apiclient-nodejs", "4.11.0")
    return ["node", str(HERE / "drive_node.cjs"), str(packages)], "NODE_EXTRA_CA_CERTS"


@pytest.fixture
async def emulator(tmp_path):
    async with Emulator(tls=True, directory=tmp_path) as emulator:
        yield emulator


@pytest.fixture
async def ours(emulator):
    trust = ssl.create_default_context(cafile=emulator.ca)
    async with voxsip.AsyncClient(
        emulator.credentials, base_url=emulator.base_url, ssl=trust
    ) as client:
        yield client


async def test_creates_binds_lists_unbinds_and_deletes(vendor, emulator, ours):
    command, trust = vendor

    async def seen():
        return [
            (found.sip_registration_id, found.application_id, found.user_id)
            async for found in ours.sip_registrations.list()
        ]

    async with running(command, emulator, **{trust: str(emulator.ca)}) as theirs:
        made = await theirs(
            "create_sip_registration",
            sip_username="alice",
            proxy="sip.example.com",
            password="not told to anyone",
            is_persistent=True,
        )
        assert made["result"] == 1
        ident = made["sip_registration_id"]
        assert await seen() == [(ident, None, None)]

        done = await theirs(
            "bind_sip_registration",
            sip_registration_id=ident,
            application_id=1,
            user_id=1,
            bind=True,
        )
        assert done["result"] == 1
        assert await seen() == [(ident, 1, 1)]

        page = await theirs("get_sip_registrations", application_id=[1], is_persistent=True)
        assert [row["sip_registration_id"] for row in page["result"]] == [ident]
        assert page["result"][0]["sip_username"] == "alice"

        # With the user alone: no registration, no application.
        done = await theirs("bind_sip_registration", user_id=1, bind=False)
        assert done["result"] == 1
        assert await seen() == [(ident, 1, None)]

        done = await theirs(
            "bind_sip_registration", sip_registration_id=ident, application_id=1, bind=False
        )
        assert done["result"] == 1
        assert await seen() == [(ident, None, None)]

        done = await theirs("delete_sip_registration", sip_registration_id=ident)
        assert done["result"] == 1
        assert await seen() == []

        gone = await theirs("delete_sip_registration", sip_registration_id=ident)
        assert gone["error"]["code"] == 275


async def test_refuses_an_emulator_whose_certificate_it_was_not_told_to_trust(vendor, emulator):
    command, _ = vendor
    async with running(command, emulator) as theirs:
        reply = await theirs("get_sip_registrations")
    assert "certificate" in reply["failure"].lower()
