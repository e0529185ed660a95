import orjson
import pytest

from voxsip.emulator._http.server import Handler
from voxsip.emulator._service.service import Service


async def fetch(wire):
    async with wire.session.get(wire.emulator.state_url) as reply:
        assert reply.status == 200
        assert reply.content_type == "application/json"
        return await reply.text()


async def test_shape(wire):
    await wire.create(password="swordfish", application_id=1, rule_id=1, user_id=1)
    await wire.refused("CreateSipRegistration")
    body = await fetch(wire)
    assert "swordfish" not in body
    state = orjson.loads(body)
    assert set(state) == {"account", "registrations", "counters", "sampled"}
    assert state["account"] == {"balance": 999}
    (row,) = state["registrations"]
    assert row.pop("purchase_date")
    assert row == {
        "sip_registration_id": 1,
        "sip_username": "alice",
        "proxy": "sip.example.com",
        "auth_user": None,
        "outbound_proxy": None,
        "is_persistent": True,
        "application_id": 1,
        "rule_id": 1,
        "user_id": 1,
    }
    assert state["counters"]["CreateSipRegistration"] == {"received": 2, "executed": 1}
    assert state["counters"]["GetUsers"] == {"received": 0, "executed": 0}
    assert len(state["counters"]) == 184


async def test_the_same_in_process(wire):
    await wire.create()
    state = wire.emulator.state
    assert state == orjson.loads(await fetch(wire))
    assert state["registrations"] is state.registrations
    assert dict(state) == {name: state[name] for name in state}
    assert set(state) == {"account", "registrations", "counters", "sampled"}
    with pytest.raises(KeyError):
        state["to_json"]


async def test_a_copy_does_not_change(wire):
    before = wire.emulator.state
    await wire.create()
    assert before.registrations == []
    assert before.counters["CreateSipRegistration"] == {"received": 0, "executed": 0}


async def test_reads_count_as_executed(wire):
    await wire.ids()
    assert wire.emulator.state.counters["GetSipRegistrations"] == {"received": 1, "executed": 1}


class Peer:
    method, path = "GET", "/_emulator/state"

    def __init__(self, *address):
        self.transport = self
        self.address = address

    def get_extra_info(self, name):
        return self.address


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (("127.0.0.1", 1), 200),
        (("127.9.9.9", 1), 200),
        (("::1", 1, 0, 0), 200),
        (("::ffff:127.0.0.1", 1, 0, 0), 200),
        (("192.0.2.1", 1), 403),
        (("fe80::1%eth0", 1, 0, 2), 403),
        (("2001:db8::1", 1, 0, 0), 403),
        ((), 403),
    ],
)
async def test_from_this_machine_only(address, status):
    from decimal import Decimal

    from voxsip.emulator._service.clock import Clock

    service = Service(clock=Clock(), balance=Decimal(1), price=Decimal(1))
    reply = await Handler(service)(Peer(*address))
    assert reply.status == status


async def test_only_get(wire):
    async with wire.session.post(wire.emulator.state_url) as reply:
        assert reply.status == 404
