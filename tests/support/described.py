"""Whether a reply is one that the API's document describes: stricter than the document itself, which lets services grow."""

from datetime import date, datetime
from decimal import Decimal
from functools import cache

import orjson
from jsonschema import Draft202012Validator, FormatChecker

import voxsip
from voxsip._protocol.structuring import list_structurer, structurer
from voxsip.spec.document import ERROR, document

DOCUMENT = document()
JSON = "application/json"
CHECKER = FormatChecker(formats=())


@CHECKER.checks("date", raises=ValueError)
def _is_date(value):
    return not isinstance(value, str) or str(date.fromisoformat(value)) == value


@CHECKER.checks("timestamp", raises=ValueError)
def _is_timestamp(value):
    return not isinstance(value, str) or str(datetime.fromisoformat(value)) == value


@CHECKER.checks("decimal", raises=ArithmeticError)
def _is_decimal(value):
    return Decimal(str(value)).is_finite()


def _closed(value):
    """Return a schema that knows all members there may be."""
    if isinstance(value, list):
        return [_closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    closed = {name: _closed(item) for name, item in value.items()}
    if value.get("type") == "object" and isinstance(value.get("properties"), dict):
        closed["additionalProperties"] = False
    return closed


COMPONENTS = _closed(DOCUMENT["components"])


@cache
def _validator(reference):
    schema = {"$ref": reference, "components": COMPONENTS}
    return Draft202012Validator(schema, format_checker=CHECKER)


def content_of(command):
    """Return what the document says that a command answers with status 200, by media type."""
    return DOCUMENT["paths"][f"/{command}"]["post"]["responses"]["200"]["content"]


def undescribed(command, status, media_type, body):
    """Return what the document does not say of a reply, as texts; none for a reply as described."""
    if status != 200:
        return [f"HTTP {status}"]
    content = content_of(command)
    if media_type not in content:
        return [f"a body of type {media_type}"]
    if media_type != JSON:
        return []
    try:
        reply = orjson.loads(body)
    except ValueError:
        return ["a body that is not JSON"]
    schema = content[JSON]["schema"]
    is_error = isinstance(reply, dict) and "error" in reply
    for one in schema.get("anyOf", [schema]):
        if (one["$ref"] == ERROR) is is_error:
            wrong = [
                f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
                for error in _validator(one["$ref"]).iter_errors(reply)
            ]
            return wrong if is_error or wrong else _unread(one["$ref"], reply)
    return ["a body in JSON that is no error"]


def _unread(reference, reply):
    """Return what the client's models say of a reply, or of a list's items, that they cannot read."""
    name = reference.rpartition("/")[2]
    members = COMPONENTS["schemas"][name]["properties"]
    readers = [(structurer, name, reply)]
    for member, schema in members.items():
        item = schema.get("items", {}).get("$ref", "").rpartition("/")[2]
        readers.append((list_structurer, item, reply.get(member, [])))
    wrong = []
    for make, name, value in readers:
        if model := getattr(voxsip.models, name, None) if name else None:
            try:
                make(model)(value)
            except Exception as error:
                wrong.append(f"{name}: {error!r}")
    return wrong
