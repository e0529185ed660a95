"""Replies hold what the spec documents, and nothing else."""

from datetime import UTC, datetime
from importlib.resources import files

import aiohttp
import orjson
import pytest

import voxsip
from tests.support.every_command import before, example, wire_text
from voxsip._protocol.structuring import structurer

OF_A_PARENT = {"SetChildAccountInfo": {"child_account_id": [2], "active": False}}
"""Commands that an account without children cannot execute."""
FORMATS = {"date": "%Y-%m-%d", "timestamp": "%Y-%m-%d %H:%M:%S"}


def load(name):
    return orjson.loads((files("voxsip") / "spec" / name).read_bytes())


@pytest.fixture(scope="module")
def documents():
    folder = files("voxsip") / "spec"
    return {
        entry.name: load(entry.name) for entry in folder.iterdir() if entry.name.endswith(".json")
    }


def find(documents, command):
    for name, document in documents.items():
        path = document.get("paths", {}).get(f"/{command}")
        if path:
            reply = path["post"]["responses"]["200"]["content"]["application/json"]["schema"]
            return reply, name
    raise AssertionError(command)


def check(documents, schema, name, value, where):
    if "$ref" in schema:
        file, _, pointer = schema["$ref"].partition("#/")
        name = file or name
        schema = documents[name]
        for step in pointer.split("/"):
            schema = schema[step]
        check(documents, schema, name, value, where)
        return
    types = {"integer": int, "number": (int, float), "string": str, "boolean": bool}
    if schema["type"] == "object":
        assert isinstance(value, dict), where
        unknown = value.keys() - schema["properties"].keys()
        assert not unknown, f"{where}: {unknown}"
        assert value.keys() >= set(schema.get("required", ())), where
        for key, item in value.items():
            check(documents, schema["properties"][key], name, item, f"{where}.{key}")
    elif schema["type"] == "array":
        assert isinstance(value, list), where
        for item in value:
            check(documents, schema["items"], name, item, f"{where}[]")
    else:
        assert isinstance(value, types[schema["type"]]), f"{where}: {value!r}"
        assert isinstance(value, bool) is (schema["type"] == "boolean"), where
        if schema["type"] == "string" and schema.get("format") in FORMATS:
            datetime.strptime(value, FORMATS[schema["format"]]).replace(tzinfo=UTC)


async def act(wire, command, parameters):
    """Execute a command, files and all; return its reply, None for one that is a file."""
    form = aiohttp.FormData()
    for name, value in parameters.items():
        filename = name if isinstance(value, bytes) else None
        form.add_field(name, wire_text(value), filename=filename)
    async with wire.post(f"/{command}", data=form) as reply:
        body = await reply.read()
        if reply.content_type == "application/octet-stream":
            return None
        found = orjson.loads(body)
        assert "error" not in found, (command, found)
        return found


async def test_every_reply(serve, documents):
    """Of the commands that keep state, each in an account of its own; the models take it as well."""
    wire = await serve(applications=1, users=1, registrations=1, children=1)
    emulator, downloads = wire.emulator, []
    kept = set(emulator.state.counters) - set(emulator.state.sampled)
    for command in sorted(kept):
        child = emulator.add_child(applications=1, users=1, registrations=1, own_ids=True)
        side = wire if command in OF_A_PARENT else wire.acting(iss=child)
        if (first := before(command)) is not None:
            await act(side, first, example(first, child))
        emulator.clock_offset += 2
        reply = await act(side, command, OF_A_PARENT.get(command) or example(command, child))
        if reply is None:
            downloads.append(command)
            continue
        schema, name = find(documents, command)
        check(documents, schema, name, reply, command)
        if model := getattr(voxsip.models, schema["$ref"].rpartition("/")[2], None):
            structurer(model)(reply)
    assert downloads == ["DownloadHistoryReport"]
    assert len(kept) > 110


async def test_every_command_of_these_groups_is_there(wire, documents):
    described = {path[1:] for document in documents.values() for path in document.get("paths", {})}
    assert set(wire.emulator.state.counters) == described
    assert await wire.refused("GetNothing") == 103


async def test_errors(wire, documents):
    names = documents["errors.json"]
    reply = await wire.call("DeleteSipRegistration", sip_registration_id=9)
    assert reply == {"error": {"code": 275, "msg": "Invalid registration id"}}
    assert names["275"] == "INVALID_REGISTRATION_ID"
    schema = {"$ref": "common.json#/components/schemas/ErrorReply"}
    check(documents, schema, "common.json", reply, "error")
