"""Finding what a create has made, and what is no such thing."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

import voxsip
from tests.support.answers import Answer
from tests.support.harness import counts
from voxsip._clock import utc_now
from voxsip._config import RetryPolicy
from voxsip.emulator import Fault, Faults

CREATE = "CreateSipRegistration"
ARGUMENTS = {"sip_username": "alice", "proxy": "pbx.example.com", "password": "p"}
CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])


def recover(client, since=None, arguments=None, **options):
    since = since or utc_now(client.clock)
    return client.recover(CREATE, arguments or ARGUMENTS, since=since, **options)


def row(number, bought="2025-06-15 15:06:40", **more):
    return {
        "sip_registration_id": number,
        "sip_username": "alice",
        "proxy": "pbx.example.com",
        "purchase_date": bought,
    } | more


@pytest.fixture
async def listing(answer, connect):
    """Make a client of a server whose pages are given, at 15:06:40."""

    async def make(*pages, date="Sun, 15 Jun 2025 15:06:40 GMT"):
        answers = [Answer({"result": page}, headers={"Date": date}) for page in pages]
        server = await answer(*answers)
        return server, connect(base_url=server.base_url, policy=RetryPolicy(attempts=1))

    return make


@CLIENTS
async def test_recover_finds_what_was_made(serve, connect, cls):
    emulator = await serve(registrations=3)
    made = await connect(emulator)(lambda client: client.call(CREATE, ARGUMENTS))
    side = connect(emulator, cls=cls)  # another process, as it were
    assert await side(recover) == {"result": 1, "sip_registration_id": 4}
    assert made["sip_registration_id"] == 4
    assert await side(lambda client: recover(client, exclude={4})) is None
    assert counts(emulator, CREATE) == (1, 1)


async def test_a_refused_create_is_not_taken_for_one_that_was_there(serve, connect):
    refused = Faults([Fault(kind="refuse", command=CREATE, times=[1])])
    side = connect(await serve(registrations=1, faults=refused))
    made = await side(
        lambda client: client.sip_registrations.create(
            sip_username="sip-1", proxy="sip.example.com"
        )
    )
    assert made.sip_registration_id == 2


async def test_recover_leaves_older_ones(serve, connect, clock):
    emulator = await serve()
    side = connect(emulator)
    await side(lambda client: client.call(CREATE, ARGUMENTS))
    clock.seconds += 60
    assert await side(recover) is None
    long_ago = utc_now(clock) - timedelta(minutes=2)
    assert (await side(lambda client: recover(client, long_ago)))["sip_registration_id"] == 1


@pytest.mark.parametrize(
    "other", [{"sip_username": "Alice"}, {"proxy": "pbx.example.org"}, {"sip_username": "alic"}]
)
async def test_recover_compares_exactly(serve, connect, other):
    side = connect(await serve())
    await side(lambda client: client.call(CREATE, ARGUMENTS | other))
    assert await side(recover) is None


async def test_takes_the_first_of_several_and_says_so(listing, caplog):
    _, side = await listing([row(9), row(7)], [row(8), row(3, "2025-06-15 12:00:00")], [])
    with caplog.at_level(logging.WARNING, "voxsip"):
        assert await side(recover) == {"result": 1, "sip_registration_id": 7}
    assert "3 made since the request left" in caplog.text


async def test_page_that_never_turns_ends_the_look_up(listing):
    server, side = await listing([row(1, "2025-06-15 12:00:00"), row(2)])
    assert (await side(recover))["sip_registration_id"] == 2
    assert len(server.requests) == 2


async def test_filters_by_what_can_be_asked_for(listing):
    server, side = await listing([])
    await side(recover)
    await side(lambda client: recover(client, arguments=ARGUMENTS | {"proxy": "a;b"}))
    await side(lambda client: recover(client, arguments=ARGUMENTS | {"sip_username": ";"}))
    asked = [sorted(request.rel_url.query) for request in server.requests]
    assert asked == [
        ["count", "offset", "proxy", "sip_username"],
        ["count", "offset", "sip_username"],
        ["count", "offset", "proxy"],
    ]


@pytest.mark.parametrize("bought", [None, "", "yesterday", 5, []])
async def test_match_without_a_date_cannot_be_told(listing, bought):
    _, side = await listing([row(1, bought)], [])
    error = await side.fails(voxsip.OutcomeUnknownError, recover)
    assert "purchase_date" in str(error)


async def test_match_known_to_be_another_needs_no_date(listing):
    _, side = await listing([row(1, None), row(2)], [])
    found = await side(lambda client: recover(client, exclude={1}))
    assert found["sip_registration_id"] == 2


@pytest.mark.parametrize(
    "rows", [1, "x", {}, [1], [None], [{}], [row("1")], [row(None)], [[row(1)]]], ids=repr
)
async def test_rows_of_another_shape_fail_the_look_up(listing, rows):
    _, side = await listing(rows)
    error = await side.fails(voxsip.UnexpectedReplyError, recover)
    assert "unexpected shape" in str(error) or not isinstance(rows, list)


async def test_zone_in_a_date_counts(listing):
    _, side = await listing(
        [row(1, "2025-06-15T17:06:40+02:00"), row(2, "2025-06-15T15:06:40+02:00")], []
    )
    assert (await side(recover))["sip_registration_id"] == 1


@CLIENTS
@pytest.mark.parametrize(
    ("command", "since"),
    [
        ("BindSipRegistration", datetime.now(UTC)),
        ("AddUser", datetime.now(UTC)),
        ("AddSomethingNew", datetime.now(UTC)),
        (CREATE, datetime(2025, 1, 1)),  # noqa: DTZ001 - that is the point
    ],
)
async def test_recover_refuses_what_it_cannot_do(emulator, connect, cls, command, since):
    error = await connect(emulator, cls=cls).fails(
        voxsip.InvalidArgumentError, lambda client: client.recover(command, {}, since=since)
    )
    assert error.field in {"command", "since"}
    assert counts(emulator, "GetSipRegistrations") == (0, 0)
