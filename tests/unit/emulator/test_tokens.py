import base64
import time

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwt

from tests.support.emulator_wire import Wire, make_token

NOW = int(time.time())


def part(value):
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


def foreign_pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def code(wire, header):
    headers = {} if header is None else {"Authorization": header}
    url = f"{wire.emulator.base_url}/GetApplications"
    async with wire.session.post(url, headers=headers) as reply:
        assert reply.status == 200
        return (await reply.json()).get("error", {}).get("code")


@pytest.mark.parametrize("issuer", ["1", 1])
async def test_issuer_as_text_and_as_number(wire, issuer):
    assert "result" in await wire.acting(iss=issuer).call("GetApplications")


async def test_lives_as_the_vendors_clients_choose_them(wire):
    now = int(time.time())
    for issued, expires in [(now - 5, now + 24), (now, now + 64), (now, now + 3600)]:
        assert "result" in await wire.acting(iat=issued, exp=expires).call("GetApplications")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"exp": NOW + 3601, "iat": NOW}, 454),
        ({"exp": NOW - 10, "iat": NOW}, 454),
        ({"exp": NOW + 1200, "iat": NOW + 600}, 455),
        ({"exp": NOW - 1, "iat": NOW - 100}, 456),
        ({"iss": None}, 447),
        ({"iat": None}, 447),
        ({"exp": None}, 447),
        ({"iss": "someone"}, 447),
        ({"iss": True}, 447),
        ({"iss": 1.5}, 447),
        ({"iss": "2"}, 100),
        ({"iss": 999}, 100),
    ],
)
async def test_claims(wire, claims, expected):
    assert await wire.acting(**claims).refused("GetApplications") == expected


@pytest.mark.parametrize("claim", ["iat", "exp"])
async def test_moments_that_are_no_numbers(wire, claim):
    key = orjson.loads(wire.emulator.credentials.read_bytes())
    claims = {"iss": "1", "iat": NOW, "exp": NOW + 60} | {claim: [NOW]}
    # python-jose refuses to encode these, so the payload is signed as bytes.
    from jose import jws

    token = jws.sign(orjson.dumps(claims), key["private_key"], {"kid": key["key_id"]}, "RS256")
    assert await code(wire, f"Bearer {token}") == 447


async def test_refused_before_anything_is_read(wire):
    assert await code(wire, None) == 100


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer abc",
        "Bearer a.b.c",
        "Bearer a.b.c.d",
        "Basic YTpi",
        "Bearer " + "x" * 7000,
        f"Bearer {part([])}.{part({})}.eA",
        f"Bearer {part('RS256')}.{part({})}.eA",
        f"Bearer {part({'alg': 'RS256'})}.{part({})}.eA",
        f"Bearer {part({'alg': 'RS256', 'kid': 7})}.{part({})}.eA",
    ],
)
async def test_malformed(wire, header):
    assert await code(wire, header) == 447


async def test_unknown_key(wire):
    assert await wire.acting(kid="another").refused("GetApplications") == 100


async def test_signature_of_another_key(wire):
    assert await wire.acting(pem=foreign_pem()).refused("GetApplications") == 100


async def test_a_claim_changed_after_signing(wire):
    head, _, signature = wire.token.split(".")
    forged = part({"iss": "1", "iat": NOW, "exp": NOW + 3000})
    assert (
        await Wire(wire.session, wire.emulator, f"{head}.{forged}.{signature}").refused(
            "GetApplications"
        )
        == 100
    )


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None])
async def test_no_signature_is_never_accepted(wire, algorithm):
    kid = orjson.loads(wire.emulator.credentials.read_bytes())["key_id"]
    head = part({"alg": algorithm, "typ": "JWT", "kid": kid})
    body = part({"iss": "1", "iat": NOW, "exp": NOW + 60})
    assert await code(wire, f"Bearer {head}.{body}.") == 447


@pytest.mark.parametrize("algorithm", ["HS256", "RS384", "RS512"])
async def test_only_rs256(wire, algorithm):
    key = orjson.loads(wire.emulator.credentials.read_bytes())
    secret = "shared" if algorithm.startswith("HS") else key["private_key"]
    token = jwt.encode(
        {"iss": "1", "iat": NOW, "exp": NOW + 60},
        secret,
        algorithm=algorithm,
        headers={"kid": key["key_id"]},
    )
    assert await code(wire, f"Bearer {token}") == 447


async def test_a_token_seen_before_expires_all_the_same(serve):
    moments = [1_700_000_000.0]
    wire = await serve(clock=lambda: moments[0])
    acting = wire.acting(iat=1_700_000_000, exp=1_700_000_060)
    assert "result" in await acting.call("GetApplications")
    moments[0] += 59.9
    assert "result" in await acting.call("GetApplications")
    moments[0] += 0.1
    assert await acting.refused("GetApplications") == 456
    moments[0] -= 61
    assert await acting.refused("GetApplications") == 455


async def test_a_clock_that_is_off(wire):
    wire.emulator.clock_offset = -90
    assert await wire.acting().refused("GetApplications") == 455
    wire.emulator.clock_offset = 7200
    assert await wire.acting().refused("GetApplications") == 456


async def test_more_tokens_than_are_remembered(wire, monkeypatch):
    monkeypatch.setattr("voxsip.emulator._service.tokens._MOST_CACHED", 2)
    for life in range(10, 20):
        assert "result" in await wire.acting(exp=NOW + life * 100).call("GetApplications")


async def test_parent_acts_for_a_child_and_not_the_other_way_round(wire):
    child = wire.emulator.add_child()
    assert child == 2
    for issuer in (child, str(child)):
        reply = await wire.acting(iss=issuer).done("GetAccountInfo")
        assert reply["result"]["account_id"] == child
    assert await wire.acting(iss=child).ids() == []
    key = wire.emulator.add_key(account_id=child)
    assert make_token(key) != wire.token
    assert (await wire.acting(credentials=key).done("GetAccountInfo"))["result"]["account_id"] == 2
    assert await wire.acting(credentials=key, iss=1).refused("GetAccountInfo") == 100


async def test_children_have_their_own_things_and_money(wire):
    child = wire.acting(iss=wire.emulator.add_child())
    made = await child.create()
    assert await wire.ids() == []
    assert await wire.refused("DeleteSipRegistration", sip_registration_id=made) == 275
    assert wire.emulator.state.account["balance"] == 1000
    assert (await child.done("GetAccountInfo"))["result"]["balance"] == 999


ROLES = [
    ("CreateSipRegistration", {"Owner", "Admin", "Accountant"}),
    ("UpdateSipRegistration", {"Owner", "Admin", "Developer"}),
    ("BindSipRegistration", {"Owner", "Admin", "Developer"}),
    ("DeleteSipRegistration", {"Owner", "Admin"}),
    (
        "GetSipRegistrations",
        {"Owner", "Admin", "Developer", "Supervisor", "Accountant", "Support"},
    ),
]


@pytest.mark.parametrize(("command", "allowed"), ROLES)
async def test_roles(wire, command, allowed):
    for role in ("Owner", "Admin", "Developer", "Supervisor", "Accountant", "Support", "Nobody"):
        acting = wire.acting(credentials=wire.emulator.add_key(roles=[role]))
        reply = await acting.call(command)
        assert (reply.get("error", {}).get("code") == 104) is (role not in allowed), role


async def test_roles_add_up(wire):
    key = wire.emulator.add_key(roles=["Developer", "Accountant"])
    acting = wire.acting(credentials=key)
    made = await acting.create()
    await acting.done("BindSipRegistration", sip_registration_id=made, application_id=1)
    assert await acting.refused("DeleteSipRegistration", sip_registration_id=made) == 104


async def test_a_role_is_checked_before_the_arguments(wire):
    acting = wire.acting(credentials=wire.emulator.add_key(roles=["Support"]))
    assert await acting.refused("CreateSipRegistration") == 104
    assert wire.emulator.state.counters["CreateSipRegistration"] == {"received": 1, "executed": 0}
