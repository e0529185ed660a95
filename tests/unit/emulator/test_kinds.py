"""Things that are only added, changed, deleted and listed; which commands they have is in `_commands/kinds.py`."""

import pytest

from tests.support.every_command import example
from voxsip.emulator._commands.kinds import KINDS


def by_add(kind):
    return kind.add


KIND = pytest.mark.parametrize("kind", KINDS, ids=by_add)


async def names(wire, kind, **filters):
    scope = {"application_id": 1} if kind.scoped else {}
    reply = await wire.done(kind.list, **scope, **filters)
    return [row[kind.name] for row in reply["result"]]


@KIND
async def test_added_listed_and_deleted(wire, kind):
    values = {
        key: value for key, value in example(kind.add).items() if not isinstance(value, bytes)
    }
    name = values[kind.given or kind.name]
    await wire.done(kind.add, **values)
    if kind.taken is None:
        await wire.done(kind.add, **values)
        assert await names(wire, kind) == [name, name]
    else:
        assert await wire.refused(kind.add, **values) == kind.taken
        assert await names(wire, kind) == [name]
    scope = {"application_id": 1} if kind.scoped else {}
    gone = {kind.name: name} if kind.key.startswith("_") else {kind.key: 1}
    await wire.done(kind.delete, **scope, **gone)
    assert await wire.refused(kind.delete, **scope, **gone) == kind.missing
    assert len(await names(wire, kind)) == (kind.taken is None)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.new and kind.taken], ids=by_add)
async def test_renamed(wire, kind):
    await wire.done(kind.add, **example(kind.add))
    change = {kind.key: 1, kind.new: "other"} | ({"application_id": 1} if kind.scoped else {})
    await wire.done(kind.set, **change)
    assert await names(wire, kind) == ["other"]
    await wire.done(kind.add, **example(kind.add))
    assert await wire.refused(kind.set, **change | {kind.key: 2}) == kind.taken
    assert await wire.refused(kind.set, **change | {kind.key: 9}) == kind.missing


async def test_names_of_applications(wire):
    secret = {"secret_name": "key", "secret_value": "x"}
    for application in (1, 2):
        await wire.done("AddSecret", **secret, application_id=application)
    assert await wire.refused("AddSecret", **secret, application_id=1) == 493
    assert await wire.refused("GetSecretValue", secret_id=2, application_id=1) == 496
    found = await wire.done("GetSecretValue", secret_name="key", application_id=2)
    assert (found["result"]["secret_id"], found["result"]["secret_value"]) == (2, "x")
    (listed,) = (await wire.done("GetSecrets", application_id=1, secret_name_part="KE"))["result"]
    assert "secret_value" not in listed
    await wire.done("DelSecret", secret_id="all", application_id=1)
    assert (await wire.done("GetSecrets", application_id=2))["total_count"] == 1


async def test_the_test_number(wire):
    assert await wire.refused("VerifyOutboundTestPhoneNumber") == 548
    await wire.done("AddOutboundTestPhoneNumber", phone_number="15550100")
    assert await wire.refused("AddOutboundTestPhoneNumber", phone_number="15550101") == 547
    assert (await wire.done("VerifyOutboundTestPhoneNumber"))["daily_attempts_left"] == 4
    await wire.done("ActivateOutboundTestPhoneNumber", verification_code="1")
    assert (await wire.done("GetOutboundTestPhoneNumbers"))["result"] == [
        {"phone_number": "15550100", "is_verified": True}
    ]
    await wire.done("DelOutboundTestPhoneNumber")
    assert (await wire.done("GetOutboundTestPhoneNumbers"))["result"] == []
