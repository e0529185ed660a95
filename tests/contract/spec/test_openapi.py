"""The spec is valid OpenAPI 3.1, and keeps the habits that its README promises."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

import voxsip.spec
from voxsip.spec.document import document

REFERENCE = "https://docs.voximplant.ai/api-reference/management-api/reference/"
SPEC = Path(voxsip.spec.__file__).parent
GROUPS = tuple(
    sorted(path.stem for path in SPEC.glob("*.json") if path.stem not in {"common", "errors"})
)


def load(stem):
    return json.loads((SPEC / f"{stem}.json").read_bytes())


def operations():
    for stem in GROUPS:
        for path in load(stem)["paths"].values():
            yield pytest.param(path["post"], id=path["post"]["operationId"])


def test_files_come_with_the_package():
    names = {entry.name for entry in files("voxsip.spec").iterdir() if entry.name.endswith(".json")}
    assert names == {f"{stem}.json" for stem in (*GROUPS, "common", "errors")}
    assert len(GROUPS) == 27
    assert len(list(operations())) == 184


@pytest.mark.parametrize("stem", [*GROUPS, "common"])
def test_file_is_valid_on_its_own(stem):
    path = SPEC / f"{stem}.json"
    assert load(stem)["openapi"].startswith("3.1.")
    validate(load(stem), base_uri=path.as_uri(), cls=OpenAPIV31SpecValidator)


@pytest.mark.slow
@pytest.mark.once
def test_the_document_of_all_groups_is_valid():
    validate(document(), cls=OpenAPIV31SpecValidator)


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
    paged = operation.get("x-paging", {}).get("page_size") is not None
    orders = operation["operationId"].endswith("Async")
    assert paged == ({"count", "offset"} <= offered and not orders)


SECRET = {
    *("callback_salt", "cert_content", "huawei_client_secret", "json_credentials", "secret_value"),
    *("server_key", "service_account_file", "verification_code"),
}


@pytest.mark.parametrize("operation", list(operations()))
def test_passwords_and_keys_are_secret(operation):
    for entry in operation["parameters"]:
        wanted = "password" in entry["name"] or entry["name"] in SECRET
        assert entry.get("x-secret", False) == wanted


def test_keys_and_salts_in_replies_are_secret():
    members = load("accounts")["components"]["schemas"]["AccountInfo"]["properties"]
    secret = {name for name, member in members.items() if member.get("x-secret")}
    assert secret == {"api_key", "callback_salt"}


@pytest.mark.parametrize("operation", list(operations()))
def test_what_is_made_or_bought_is_not_repeated_blindly(operation):
    name = operation["operationId"]
    if name.startswith(("Add", "Create", "SQ_Add", "Send", "Start", "Attach")):
        assert operation["x-retry"] == "create"
    if name.startswith(("Del", "Delete", "SQ_Del")):
        assert operation["x-retry"] == "delete"
    if operation.get("x-buys"):
        assert operation["x-retry"] == "create"


def test_ten_commands_buy():
    assert sum(1 for param in operations() if param.values[0].get("x-buys")) == 10


def words(text):
    return [word for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in FILLERS]


FILLERS = {"a", "an", "the", "of", "s"}


def described():
    for stem in (*GROUPS, "common"):
        document = load(stem)
        yield stem, stem, document["info"]["description"]
        for name, schema in document["components"]["schemas"].items():
            yield f"{stem}:{name}", name, schema["description"]
            for member, value in schema["properties"].items():
                yield f"{stem}:{name}.{member}", member, value["description"]
        for path in document.get("paths", {}).values():
            operation = path["post"]
            name = operation["operationId"]
            yield f"{stem}:{name}", name, operation["description"]
            for entry in operation["parameters"]:
                yield f"{stem}:{name}.{entry['name']}", entry["name"], entry["description"]


PLACEHOLDERS = re.compile(
    r"\b(todo|tbd|fixme|xxx|placeholder|lorem|n/a|no description)\b", re.IGNORECASE
)
EMPTY = {
    "description",
    "text",
    "value",
    "parameter",
    "member",
    "field",
    "argument",
    "item",
    "object",
}
"""Words that say nothing of their own."""


def parts(name):
    """Return the words of a name, as `application_id` and `GetSmsHistory` are made of them, plural or not."""
    found = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", name)
    return {word.lower().removesuffix("s") for word in found}


def says_nothing(name, text):
    """Returns whether a description is a placeholder, or holds the words of the name and nothing else, in any order."""
    said = {word.removesuffix("s") for word in words(text)}
    if PLACEHOLDERS.search(text) or not said - EMPTY:
        return True
    return len(parts(name)) > 1 and said - EMPTY - {"thi", "it", "i", "for"} <= parts(name)


def test_no_description_is_a_placeholder_or_only_repeats_the_name():
    bad = [place for place, name, text in described() if says_nothing(name, text)]
    assert bad == []


@pytest.mark.parametrize(
    "text",
    [
        *("TODO", "Todo: describe it.", "TBD.", "FIXME", "A placeholder.", "N/A", "...", "", " "),
        *("Description.", "Text.", "The value.", "application_id", "Application id.", "The id."),
        *(
            "The application's id.",
            "Id of the application.",
            "Ids of applications.",
            "Application.",
        ),
        *("This parameter is the application id.", "The value of application ID."),
    ],
)
def test_such_a_description_would_be_refused(text):
    assert says_nothing("application_id", text)
    assert not says_nothing("application_id", "Application that the user is added to, by id.")


def test_the_name_of_a_model_or_command_is_no_description_either():
    assert says_nothing("GetSmsHistory", "Get SMS history.")
    assert says_nothing("RoleGroup", "A group of roles.")
    assert not says_nothing("RoleGroup", "Roles that belong together.")


def test_every_group_says_what_it_is_for():
    texts = {stem: load(stem)["info"]["description"] for stem in GROUPS}
    assert len(set(texts.values())) == len(texts), "two groups say the same"
    assert all(len(words(text)) > 3 for text in texts.values())


@pytest.mark.parametrize("operation", list(operations()))
def test_summaries_are_short_and_link_to_the_reference(operation):
    assert len(operation["summary"]) <= 80
    assert operation["externalDocs"]["url"].startswith(REFERENCE)


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


@pytest.mark.parametrize("operation", list(operations()))
def test_lists_are_described_as_several(operation):
    for entry in operation["parameters"]:
        if entry["schema"]["type"] == "array":
            text = entry["description"]
            assert text.startswith("Only ") or re.match(r"(\w+ )?\w+s\b", text), entry["name"]
