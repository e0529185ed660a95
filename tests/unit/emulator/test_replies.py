"""Replies hold what the spec documents, and nothing else."""

from importlib.resources import files

import orjson
import pytest

SCRIPT = [
    ("AddApplication", {"application_name": "sales"}),
    ("SetApplicationInfo", {"application_id": 4, "application_name": "support"}),
    ("GetApplications", {}),
    ("AddRule", {"application_id": 4, "rule_name": "r", "rule_pattern": ".*"}),
    ("SetRuleInfo", {"rule_id": 4, "rule_pattern_exclude": "1"}),
    ("ReorderRules", {"rule_id": [4]}),
    ("GetRules", {}),
    (
        "AddUser",
        {
            "user_name": "bob",
            "user_display_name": "Bob",
            "user_password": "x",
            "application_id": 4,
            "user_custom_data": "x",
        },
    ),
    ("SetUserInfo", {"user_id": 11, "user_active": False}),
    ("GetUsers", {}),
    (
        "CreateSipRegistration",
        {
            "sip_username": "alice",
            "proxy": "sip.example.com",
            "auth_user": "a",
            "outbound_proxy": "out.example.com",
            "rule_id": 4,
            "application_id": 4,
            "user_id": 11,
        },
    ),
    ("UpdateSipRegistration", {"sip_registration_id": 2, "proxy": "sip2.example.com"}),
    ("BindSipRegistration", {"sip_registration_id": 1, "application_id": 1}),
    ("GetSipRegistrations", {}),
    ("DeleteSipRegistration", {"sip_registration_id": 1}),
    ("AddSipWhiteListItem", {"sip_whitelist_network": "192.0.2.1", "description": "x"}),
    ("SetSipWhiteListItem", {"sip_whitelist_id": 1, "sip_whitelist_network": "192.0.2.2"}),
    ("GetSipWhiteList", {}),
    ("DelSipWhiteListItem", {"sip_whitelist_id": 1}),
    ("GetAccountInfo", {}),
    ("GetSubscriptionPrice", {}),
    ("DelRule", {"rule_id": [4]}),
    ("DelUser", {"user_id": [11]}),
    ("DelApplication", {"application_id": [4]}),
]


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


async def test_every_reply(serve, documents):
    wire = await serve(registrations=1, balance="10.5")
    for command, parameters in SCRIPT:
        reply = await wire.done(command, **parameters)
        check(documents, *find(documents, command), reply, command)
    state = wire.emulator.state
    kept = set(state.counters) - set(state.sampled)
    assert {command for command, _ in SCRIPT} == kept
    assert all(state.counters[command]["executed"] for command in kept)


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
