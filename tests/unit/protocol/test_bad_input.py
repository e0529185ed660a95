"""Bad input for every parameter of every command: an error that names it, and nothing is sent."""

import inspect
from functools import partial
from pathlib import Path

import pytest

import voxsip
from tests.support.bad_arguments import bad_values
from tests.support.every_command import CSV, example, fewest, value_of, wire_text
from voxsip._clock import utc_now
from voxsip.cli._commands.call import call as call_command
from voxsip.cli._exit_codes import CommandError, explain
from voxsip.emulator import Emulator
from voxsip.spec.document import attributes, operations

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    with Emulator(directory=tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture
def nothing_sent(emulator):
    yield
    received = emulator.state.counters
    assert [name for name, counter in received.items() if counter["received"]] == []


@pytest.fixture
async def client(emulator, nothing_sent):
    async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client:
        yield client


async def problem(acting, *told):
    """Return the error of a call that has to be refused; say which call it was if it is not."""
    try:
        await acting()
    except voxsip.InvalidArgumentError as error:
        return error
    except Exception as error:
        pytest.fail(f"{told}: {error!r}")
    pytest.fail(f"{told}: taken")


def parameters(name):
    return {item["name"]: item for item in operations()[name]["parameters"]}


async def test_values_that_are_none_by_name(client):
    for name in operations():
        for parameter, item in parameters(name).items():
            for value in bad_values(item, operations()[name]):
                given = {**example(name), parameter: value}
                error = await problem(partial(client.call, name, given), name, parameter, value)
                assert error.field == parameter, (name, parameter, value, str(error))
                assert str(error).startswith(f"{name}: {parameter}: "), str(error)


def methods(client):
    """Give every method with its command and what it fixes."""
    for name, operation in operations().items():
        group = getattr(client, attributes()[name])
        for method in (operation["x-method"], *operation.get("x-variants", {})):
            yield name, getattr(group, method)


async def test_values_that_are_none_by_method(client):
    for name, method in methods(client):
        taken = inspect.signature(method).parameters.keys()
        base = {key: value for key, value in example(name).items() if key in taken}
        for parameter, item in parameters(name).items():
            if parameter not in taken:
                continue
            for value in bad_values(item, operations()[name]):
                given = {**base, parameter: value}
                error = await problem(partial(method, **given), method, parameter, value)
                assert error.field == parameter, (method, parameter, value, str(error))


def test_values_that_are_none_by_blocking_method(emulator, nothing_sent):
    with voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client:
        for name, method in methods(client):
            taken = inspect.signature(method).parameters.keys()
            base = {key: value for key, value in example(name).items() if key in taken}
            for parameter in [each for each in parameters(name) if each in taken][:2]:
                with pytest.raises(voxsip.InvalidArgumentError) as caught:
                    found = method(**{**base, parameter: object()})
                    for act in ("first_page", "read"):
                        getattr(found, act, str)()
                assert caught.value.field == parameter


async def test_names_that_nobody_knows(client):
    for name in operations():
        near = f"{name[:-1]}z" if len(name) % 2 else f"{name}z"
        error = await problem(partial(client.call, near, {}), near)
        assert error.field == "command"
        assert f"{near}: no such command; did you mean {name}? If" in str(error)
        for parameter in parameters(name):
            given = {**example(name), f"{parameter}z": 1}
            error = await problem(partial(client.call, name, given), name, given)
            assert error.field == f"{parameter}z"
            assert "no such parameter; " in str(error)
            hidden = operations()[name].get("x-not-offered", ())
            assert f"did you mean {parameter}? If" in str(error) or parameter in hidden


async def test_a_command_that_is_new_is_sent(emulator):
    async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client:
        for name in ("GetSomethingNew", "BindSipRegistrationsInBulk", "getaccountinfo2x", "GetQ"):
            with pytest.raises(voxsip.APIError) as caught:
                await client.call(name, {"anything": 1})
            assert caught.value.attempts == 1


@pytest.mark.parametrize("name", [None, 5, ["GetUsers"], b"GetUsers", "", "../GetUsers"], ids=repr)
async def test_what_is_no_name(client, name):
    with pytest.raises(voxsip.InvalidArgumentError, match="is not the name of a command"):
        await client.call(name, {})
    with pytest.raises(voxsip.InvalidArgumentError):
        await client.recover(name, {}, since=utc_now())


async def test_what_is_missing(client):
    tried = 0
    for name, operation in operations().items():
        given = example(name)
        for parameter in [item["name"] for item in operation["parameters"] if item.get("required")]:
            rest = {key: value for key, value in given.items() if key != parameter}
            for left_out in (rest, {**rest, parameter: None}):
                error = await problem(partial(client.call, name, left_out), name, left_out)
                assert error.field == parameter
                assert f"{name}: {parameter} is required" in str(error)
                tried += 1
    assert tried > 200


async def test_what_must_not_be_given_together(client):
    tried = 0
    for name, operation in operations().items():
        known = parameters(name)
        for exclusive in operation.get("x-exclusive", ()):
            for other in exclusive[1:]:
                both = {key: value_of(known[key]["schema"]) for key in (exclusive[0], other)}
                given = {**example(name), **both}
                error = await problem(partial(client.call, name, given), name, given)
                assert error.field in exclusive
                assert "not both" in str(error)
                tried += 1
    assert tried > 50


async def test_what_asks_for_another(client):
    tried = 0
    for name, operation in operations().items():
        known = parameters(name)
        for rule in operation.get("x-requires", ()):
            if any(rule.get("unless", {}).values()):
                continue  # something else lifts it
            least = fewest(operation)
            given = {key: value for key, value in least.items() if key not in rule["any_of"]}
            given |= {key: value_of(known[key]["schema"]) for key in rule["when"][:1]}
            error = await problem(partial(client.call, name, given), name, given)
            rules = [one["any_of"] for one in operation["x-requires"]]
            assert error.field in {key for any_of in rules for key in any_of}
            tried += 1
    assert tried > 50


SAMPLE = 20


def test_values_that_are_none_on_the_command_line(emulator, nothing_sent, monkeypatch):
    """One in so many: what is typed is read by the spec before the client sees it."""
    monkeypatch.setenv("VOXIMPLANT_CREDENTIALS", str(emulator.credentials))
    monkeypatch.setenv("VOXIMPLANT_BASE_URL", emulator.base_url)
    monkeypatch.chdir(emulator.credentials.parent)
    Path("content").write_bytes(CSV)
    tried = 0
    for name in operations():
        for parameter, item in parameters(name).items():
            bad = typed_badly(item["schema"])
            tried += bad is not None
            if bad is None or tried % SAMPLE:
                continue
            content = operations()[name]["responses"]["200"]["content"]
            output = None if "application/json" in content else "file"
            given = {key: typed(value) for key, value in example(name).items()} | {parameter: bad}
            with pytest.raises((voxsip.InvalidArgumentError, CommandError)) as caught:
                call_command(name, *(f"{key}={text}" for key, text in given.items()), output=output)
            said, code = explain(caught.value)
            assert (f"{name}: {parameter}: " in said, code) == (True, 2), (name, given, said)
    assert tried > 500


def typed(value):
    return "@content" if isinstance(value, bytes) else wire_text(value).replace(" ", "T")


def typed_badly(schema):
    """Return a text that is none of a parameter's; None if it takes any."""
    items = schema.get("items", schema)
    if "enum" in items:
        return "nonsense"
    if "maxLength" in items:
        return "x" * (items["maxLength"] + 1)
    kind = schema.get("format") or schema.get("contentMediaType") or schema["type"]
    by_kind = {"boolean": "yes", "date": "2026-02-30", "timestamp": "now", "unix": "1.5"}
    by_kind |= {"integer": "1.5", "number": "nan", "decimal": "Infinity", "array": "1;x"}
    by_kind |= {"application/json": "[1", "binary": "@no/such/file"}
    if kind == "array" and items["type"] == "string":
        return ";"
    return by_kind.get(kind)
