"""The vendor's own clients against the emulator over TLS; voxsip looks at what they did.

A call is the name of a command and its arguments as the API names them; the drivers find the client's method for it.
"""

import asyncio
import contextlib
import json
import os
import ssl
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import voxsip
from tests.support.every_command import before, example
from voxsip.emulator import Emulator
from voxsip.spec.document import operations

pytestmark = pytest.mark.vendor

HERE = Path(__file__).parent
ONE_OF_EACH = {
    "GetAccountInfo": None,
    "AddApplication": ("GetApplications", "application_name", "sales"),
    "AddUser": ("GetUsers", "user_name", "bob"),
    "CreateCallList": ("GetCallLists", "list_name", "Spring"),
    "AddScenario": ("GetScenarios", "scenario_name", "s"),
    "AddRule": ("GetRules", "rule_name", "r"),
    "GetCallHistory": None,
    "AttachPhoneNumber": ("GetPhoneNumbers", "phone_number", "1555000001"),
    "AddPstnBlackListItem": ("GetPstnBlackList", "pstn_blacklist_phone", "15550100"),
    "AddSipWhiteListItem": ("GetSipWhiteList", "sip_whitelist_network", "192.0.2.1"),
    "UpdateSipRegistration": ("GetSipRegistrations", "proxy", "sip2.example.com"),
    "AddWABPhoneNumber": ("GetWABPhoneNumbers", "wab_phone_number", "15550100"),
    "GetCallerIDs": None,
    "AddOutboundTestPhoneNumber": ("GetOutboundTestPhoneNumbers", "phone_number", "15550100"),
    "AddQueue": ("GetQueues", "acd_queue_name", "queue"),
    "SQ_AddQueue": ("SQ_GetQueues", "sq_queue_name", "sq"),
    "AddSkill": ("GetSkills", "skill_name", "skill"),
    "CheckAuthorizedAccountIP": None,
    "GetCountries": None,
    "AddPushCredential": ("GetPushCredential", "push_provider_name", "APPLE"),
    "AddDialogflowKey": None,
    "SendSmsMessage": ("GetSmsHistory", "destination_number", 15550101),
    "GetRecordStorages": None,
    "AddSubUser": ("GetSubUsers", "subuser_name", "sub"),
    "SetKeyValueItem": ("GetKeyValueItems", "key", "a:1"),
    "DownloadInvoice": None,
    "GetSecrets": None,
}
"""A command of every group; for one that makes something, the list that then has it: command, member, value."""


class VendorClient:
    """A vendor's client in a process of its own."""

    def __init__(self, process):
        self._process = process

    async def __call__(self, command, /, **arguments):
        given = {name: _as_json(value) for name, value in arguments.items()}
        self._process.stdin.write(json.dumps([command, given]).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        assert line, (await self._process.stderr.read()).decode()
        return json.loads(line)


def _as_json(value):
    """Return an argument as the drivers read it; the Node client takes lists of texts joined only."""
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value)
    return value


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
            "CreateSipRegistration",
            sip_username="alice",
            proxy="sip.example.com",
            password="not told to anyone",
            is_persistent=True,
        )
        assert made["result"] == 1
        ident = made["sip_registration_id"]
        assert await seen() == [(ident, None, None)]

        done = await theirs(
            "BindSipRegistration",
            sip_registration_id=ident,
            application_id=1,
            user_id=1,
            bind=True,
        )
        assert done["result"] == 1
        assert await seen() == [(ident, 1, 1)]

        page = await theirs("GetSipRegistrations", application_id=[1], is_persistent=True)
        assert [row["sip_registration_id"] for row in page["result"]] == [ident]
        assert page["result"][0]["sip_username"] == "alice"

        # With the user alone: no registration, no application.
        done = await theirs("BindSipRegistration", user_id=1, bind=False)
        assert done["result"] == 1
        assert await seen() == [(ident, 1, None)]

        done = await theirs(
            "BindSipRegistration", sip_registration_id=ident, application_id=1, bind=False
        )
        assert done["result"] == 1
        assert await seen() == [(ident, None, None)]

        done = await theirs("DeleteSipRegistration", sip_registration_id=ident)
        assert done["result"] == 1
        assert await seen() == []

        gone = await theirs("DeleteSipRegistration", sip_registration_id=ident)
        assert gone["error"]["code"] == 275


async def test_refuses_an_emulator_whose_certificate_it_was_not_told_to_trust(vendor, emulator):
    command, _ = vendor
    async with running(command, emulator) as theirs:
        reply = await theirs("GetSipRegistrations")
    assert "certificate" in reply["failure"].lower()


def test_the_commands_are_one_of_every_group():
    groups = [operations()[command]["tags"][0] for command in ONE_OF_EACH]
    every = {operation["tags"][0] for operation in operations().values()}
    assert sorted(groups) == sorted(every)
    assert len(groups) == 27


async def test_one_command_of_every_group(vendor, emulator, ours):
    command, trust = vendor
    await ours.sip_registrations.create(
        sip_username="alice", proxy="sip.example.com", password="not told to anyone"
    )

    def executed(name):
        return emulator.state.counters[name]["executed"]

    async with running(command, emulator, **{trust: str(emulator.ca)}) as theirs:
        for name, shown in ONE_OF_EACH.items():
            if (first := before(name)) is not None:
                await ours.call(first, example(first))
            so_far = executed(name)
            reply = await theirs(name, **example(name))
            assert "failure" not in reply, (name, reply)
            assert "error" not in reply, (name, reply)
            assert reply.keys() & {"result", "file_content"}, (name, reply)
            assert executed(name) == so_far + 1, name
            if shown is not None:
                listing, member, value = shown
                rows = (await ours.call(listing, example(listing)))["result"]
                assert value in [row[member] for row in rows], (name, rows)


async def test_a_call_list_in_their_form_and_in_ours_gives_the_same_state(
    vendor, emulator, ours, tmp_path
):
    """The Node client sends the file as a text in a multipart form, the Python client in a urlencoded one."""
    command, trust = vendor
    first = 'phone;name;__task_uuid\r\n15550101;"Zoë; ""Z"" & co";a-1\r\n15550102;+%41 =;a-2\r\n'
    more = first.replace("a-", "b-")
    path = tmp_path / "tasks.csv"
    path.write_bytes(first.encode())
    values = example("CreateCallList") | {"list_custom_data": "Ω", "interval_seconds": 60}
    async with running(command, emulator, **{trust: str(emulator.ca)}) as theirs:
        made = await theirs("CreateCallList", **values | {"file_content": first})
        added = await theirs("AppendToCallList", list_id=made["list_id"], file_content=more)
    values["file_content"] = path
    made_by_us = await ours.call_lists.create(**values)
    added_by_us = await ours.call_lists.append(
        list_id=made_by_us.list_id, file_content=more.encode()
    )
    assert (made["list_id"], made_by_us.list_id) == (1, 2)
    assert made["count"] == made_by_us.count == 2
    assert added["count"] == added_by_us.count == 2

    lists = [row.to_dict() async for row in ours.call_lists.list()]
    tasks = []
    for row in lists:
        reply = await ours.call("GetCallListDetails", {"list_id": row["list_id"], "output": "json"})
        tasks.append(reply["result"])
    for row in (*lists, *tasks[0], *tasks[1]):
        for told_apart in ("list_id", "task_id", "dt_submit"):
            row.pop(told_apart, None)
    assert lists[0] == lists[1]
    assert tasks[0] == tasks[1]
    assert [task["task_uuid"] for task in tasks[0]] == ["a-1", "a-2", "b-1", "b-2"]
    assert json.loads(tasks[0][0]["custom_data"])["name"] == 'Zoë; "Z" & co'
