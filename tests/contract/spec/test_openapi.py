"""The spec is valid OpenAPI 3.1, and keeps the habits that its README promises."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

import voxsip.spec

SPEC = Path(voxsip.spec.__file__).parent
GROUPS = ("accounts", "applications", "rules", "sip_registrations", "sip_white_list", "users")


def load(stem):
    return json.loads((SPEC / f"{stem}.json").read_bytes())


def operations():
    for stem in GROUPS:
        for path in load(stem)["paths"].values():
            yield pytest.param(path["post"], id=path["post"]["operationId"])


def test_files_come_with_the_package():
    names = {entry.name for entry in files("voxsip.spec").iterdir() if entry.name.endswith(".json")}
    assert names == {f"{stem}.json" for stem in (*GROUPS, "common", "errors")}


@pytest.mark.parametrize("stem", [*GROUPS, "common"])
def test_file_is_valid_on_its_own(stem):
    path = SPEC / f"{stem}.json"
    assert load(stem)["openapi"].startswith("3.1.")
    validate(load(stem), base_uri=path.as_uri(), cls=OpenAPIV31SpecValidator)


def test_validator_would_notice():
    broken = load("users")
    broken["paths"]["/AddUser"]["post"]["parameters"][0].pop("schema")
    with pytest.raises(Exception, match="not valid"):
        validate(broken, base_uri=(SPEC / "users.json").as_uri(), cls=OpenAPIV31SpecValidator)


def test_validator_follows_references_into_other_files():
    broken = load("users")
    schemas = broken["components"]["schemas"]
    schemas["User"]["properties"]["applications"]["items"]["$ref"] = "nowhere.json#/x"
    with pytest.raises(Exception, match="nowhere"):
        validate(broken, base_uri=(SPEC / "users.json").as_uri(), cls=OpenAPIV31SpecValidator)


@pytest.mark.parametrize("stem", [*GROUPS, "common", "errors"])
def test_file_is_laid_out_for_diffs(stem):
    text = (SPEC / f"{stem}.json").read_text(encoding="utf-8")
    assert text == json.dumps(load(stem), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("operation", list(operations()))
def test_commands_are_posted_by_query_with_a_token(operation):
    assert {entry["in"] for entry in operation["parameters"]} <= {"query"}
    assert "requestBody" not in operation
    assert operation["security"] == [{"ServiceAccountToken": []}]


@pytest.mark.parametrize("operation", list(operations()))
def test_lists_page_and_nothing_else_does(operation):
    offered = {entry["name"] for entry in operation["parameters"]}
    assert ("x-paging" in operation) == ({"count", "offset"} <= offered)


@pytest.mark.parametrize("operation", list(operations()))
def test_passwords_are_secret(operation):
    for entry in operation["parameters"]:
        assert entry.get("x-secret", False) == ("password" in entry["name"])


def test_keys_and_salts_in_replies_are_secret():
    members = load("accounts")["components"]["schemas"]["AccountInfo"]["properties"]
    secret = {name for name, member in members.items() if member.get("x-secret")}
    assert secret == {"api_key", "callback_salt"}


@pytest.mark.parametrize("operation", list(operations()))
def test_only_what_is_made_may_be_bought_twice(operation):
    made = operation["operationId"].startswith(("Add", "Create"))
    assert (operation["x-retry"] == "create") == made
    dropped = operation["operationId"].startswith(("Del", "Delete"))
    assert (operation["x-retry"] == "delete") == dropped


@pytest.mark.parametrize("operation", list(operations()))
def test_gone_is_only_said_of_one_thing(operation):
    """With several ids in one call an error number would not say which of them is gone."""
    if "x-gone" in operation:
        required = [entry for entry in operation["parameters"] if entry["required"]]
        assert [entry["schema"]["type"] for entry in required] == ["integer"]


def prose(value):
    if isinstance(value, dict):
        for key, member in value.items():
            if key in {"summary", "description"} and isinstance(member, str):
                yield member
            else:
                yield from prose(member)
    elif isinstance(value, list):
        for member in value:
            yield from prose(member)


@pytest.mark.parametrize("stem", [*GROUPS, "common"])
def test_prose_is_made_of_sentences(stem):
    texts = list(prose(load(stem)))
    assert texts
    for text in texts:
        assert text == text.strip()
        assert text.endswith((".", "etc."))
        assert text[0].isupper() or text[0] in "`1"


def test_error_numbers():
    errors = load("errors")
    assert len(errors) == 457
    assert errors["127"] == "INSUFFICIENT_MONEY"
    assert list(errors) == sorted(errors, key=int)
    assert all(name == name.upper() and name.isidentifier() for name in errors.values())
