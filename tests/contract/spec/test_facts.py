"""The spec against a list of facts kept beside the checkout: names, types, what is required, roles.

The list came from typings and errs in places; the corrections below say where and why.
"""

import json
from pathlib import Path

import pytest

import voxsip.spec
from tools.codegen.names import constant

SPEC = Path(voxsip.spec.__file__).parent
FACTS = Path(__file__).parents[4] / "shared" / "facts" / "management_api.json"
pytestmark = pytest.mark.skipif(not FACTS.exists(), reason="no list of facts beside the checkout")

NOT_REQUIRED = {("GetUsers", "application_id"), ("GetUsers", "application_name")}
"""Marked required, though they exclude each other."""

TYPES = {
    "number": {"integer", "number"},
    "decimal": {"number"},
    "string": {"string"},
    "boolean": {"boolean"},
    "date": {"string:date"},
    "timestamp": {"string:timestamp"},
}
LISTS = {"intlist": "integer", "stringlist": "string"}


def documents():
    return {path.stem: json.loads(path.read_bytes()) for path in SPEC.glob("*.json")}


def described():
    for stem, document in documents().items():
        for path in document.get("paths", {}).values():
            yield pytest.param(stem, path["post"], id=path["post"]["operationId"])


@pytest.fixture(scope="module")
def facts():
    return json.loads(FACTS.read_bytes())


@pytest.fixture(scope="module")
def commands(facts):
    return {name: entry for group in facts["groups"].values() for name, entry in group.items()}


def follow(stem, reference):
    file, _, pointer = reference.partition("#/")
    node = documents()[file.removesuffix(".json") if file else stem]
    for part in pointer.split("/"):
        node = node[part]
    return (file.removesuffix(".json") or stem), node


def wire_type(schema):
    form = schema.get("format")
    kept = {"date", "timestamp"}
    return f"{schema['type']}:{form}" if form in kept else schema["type"]


def assert_same_type(stem, schema, fact):
    if fact in LISTS:
        assert schema["type"] == "array"
        assert schema["x-join"] == ";"
        assert schema["items"]["type"] == LISTS[fact]
    elif fact.startswith("["):
        assert schema["type"] == "array"
        assert_same_type(stem, schema["items"], fact[1:-1])
    elif fact in TYPES:
        assert wire_type(schema) in TYPES[fact]
    else:
        _, target = follow(stem, schema["$ref"])
        assert target["x-structure"] == fact


@pytest.mark.parametrize(("stem", "operation"), list(described()))
def test_parameters(stem, operation, commands):
    name = operation["operationId"]
    found = {entry["name"]: entry for entry in operation["parameters"]}
    expected = {entry[0]: entry for entry in commands[name]["params"]}
    assert list(found) == list(expected)
    for parameter, (_, kind, required) in expected.items():
        assert_same_type(stem, found[parameter]["schema"], kind)
        wanted = required and (name, parameter) not in NOT_REQUIRED
        assert found[parameter]["required"] == wanted


@pytest.mark.parametrize(("stem", "operation"), list(described()))
def test_replies(stem, operation, commands):
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    where, reply = follow(stem, schema["$ref"])
    expected = {name: kind for name, kind, _ in commands[operation["operationId"]]["returns"]}
    assert set(reply["properties"]) == set(expected)
    for name, kind in expected.items():
        assert_same_type(where, reply["properties"][name], kind)


@pytest.mark.parametrize(("stem", "operation"), list(described()))
def test_roles(stem, operation, facts):
    assert operation.get("x-roles", []) == facts["roles"].get(operation["operationId"], [])


@pytest.mark.parametrize(("stem", "operation"), list(described()))
def test_pages(stem, operation, commands):
    members = [name for name, _, _ in commands[operation["operationId"]]["returns"]]
    paging = operation.get("x-paging")
    if paging is not None:
        assert paging["total"] == ("total_count" if "total_count" in members else None)
        assert paging["items"] in members


def test_structures(facts):
    seen = 0
    for stem, document in documents().items():
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            structure = schema.get("x-structure")
            if structure is None or structure == "API_Error":  # details are said in prose only
                continue
            seen += 1
            expected = facts["structs"][structure]
            assert list(schema["properties"]) == [member for member, _, _ in expected], name
            required = {member for member, _, required in expected if required}
            if schema["required"]:
                assert set(schema["required"]) <= required
            for member, kind, _ in expected:
                assert_same_type(stem, schema["properties"][member], kind)
    assert seen == 14


def test_groups_are_complete(facts):
    present = {param.id for param in described()}
    for group in ("Applications", "Users", "Rules", "SIPRegistration", "SIPWhiteList"):
        assert set(facts["groups"][group]) <= present


def test_error_names(facts):
    assert json.loads((SPEC / "errors.json").read_bytes()) == facts["errors"]


def test_every_command_of_the_api_has_a_name_of_its_own(commands):
    constants = {constant(name) for name in commands}
    assert len(constants) == len(commands) == 184
    assert all(name.isidentifier() and "__" not in name for name in constants)
