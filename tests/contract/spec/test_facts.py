"""The spec against lists of facts kept beside the checkout: nothing drifts, nothing is left out.

The lists came from typings and err in places; `tools/facts` says where the spec knows better, and why.
"""

import json
import os
from pathlib import Path

import pytest

import voxsip.spec
from tools.codegen.documents import Documents
from tools.codegen.names import constant
from tools.codegen.parse import parse
from tools.facts.__main__ import differences
from tools.facts.build import build
from tools.facts.sources import Facts

SPEC = Path(voxsip.spec.__file__).parent
BESIDE = Path(__file__).parents[4] / "shared" / "facts"
FOLDER = Path(os.environ.get("VOXSIP_FACTS", BESIDE))
pytestmark = pytest.mark.skipif(
    not (FOLDER / "names.json").exists(), reason="no lists of facts beside the checkout"
)


@pytest.fixture(scope="module")
def facts():
    return Facts.read(FOLDER)


@pytest.fixture(scope="module")
def spec():
    return parse(Documents.read(SPEC))


@pytest.fixture(scope="module")
def operations(spec):
    return {operation.name: operation for group in spec.groups for operation in group.operations}


@pytest.fixture(scope="module")
def documents():
    return {path.stem: json.loads(path.read_bytes()) for path in SPEC.glob("*.json")}


def test_nothing_has_drifted(facts):
    made, texts = build(facts, SPEC)
    assert "\n".join(differences(made, SPEC)) == ""
    assert [key for group in texts.values() for key in group.missing] == []


def test_groups_and_methods_have_the_names_agreed_on(facts, spec):
    names = dict(facts.names["commands"])
    assert len(names) == 184
    for group in spec.groups:
        for operation in group.operations:
            agreed = names.pop(operation.name)
            methods = {method.name: method for method in operation.methods}
            assert agreed["group_attr"] == group.name
            assert {agreed["method"], *agreed.get("variants", ())} == methods.keys()
            for name, fixed in agreed.get("variants", {}).items():
                assert dict(methods[name].fixed) == fixed
                offered = {param.name for param in methods[name].params}
                assert not offered & {*fixed, *agreed.get("not_offered", ())}
    assert names == {}


def test_kinds_of_results(facts, operations):
    kinds = {"pager": "pager", "list": "pager", "reply": "reply", "file": "file"}
    for name, agreed in facts.names["commands"].items():
        assert operations[name].methods[0].returns == kinds[agreed["returns"]], name
        if agreed["returns"] == "list":
            assert operations[name].paging.page_size is None


def test_retry_classes(facts, documents):
    described = {
        path["post"]["operationId"]: path["post"]
        for document in documents.values()
        for path in document.get("paths", {}).values()
    }
    for name, agreed in facts.retry["commands"].items():
        operation = described[name]
        retry = "create" if agreed["class"] == "unknown" else agreed["class"]
        assert operation["x-retry"] == retry, name
        assert operation.get("x-done", []) == agreed.get("done", [])
        assert operation.get("x-unique") == agreed.get("unique")
        assert operation.get("x-buys", False) == agreed["buys"]
        assert operation.get("x-wide", False) == agreed.get("wide", False)
        if "x-lookup" in operation:
            assert operation["x-lookup"]["command"] == agreed["find"]["command"]


def test_parameters_and_members(facts, documents):
    for stem, commands in facts.groups().items():
        for name, entry in commands.items():
            operation = documents[stem]["paths"][f"/{name}"]["post"]
            found = [parameter["name"] for parameter in operation["parameters"]]
            assert found == [parameter for parameter, _, _ in entry["params"]]
            if "x-file" not in operation:
                reply = f"{name.replace('_', '')}Reply"
                members = documents[stem]["components"]["schemas"][reply]["properties"]
                assert list(members) == [member for member, _, _ in entry["returns"]]


def test_money_is_decimal(spec):
    for group in spec.groups:
        for model in group.models:
            for field in model.fields:
                money = any(word in field.name for word in ("price", "cost", "balance", "_amount"))
                if money and field.annotation in {"int", "float"}:
                    pytest.fail(f"{model.name}.{field.name}: {field.annotation}")


def test_roles(facts, operations):
    for name, operation in operations.items():
        assert list(operation.roles) == facts.api["roles"].get(name, [])


def test_error_names(facts, documents):
    assert documents["errors"] == facts.api["errors"]


def test_every_command_of_the_api_has_a_name_of_its_own(operations):
    constants = {constant(name) for name in operations}
    assert len(constants) == len(operations) == 184
    assert all(name.isidentifier() and "__" not in name for name in constants)
