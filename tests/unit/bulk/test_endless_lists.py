"""Lists that never end: a reader stops with a typed error, and what was looked for stays unknown."""

import itertools

import pytest

import voxsip
from tests.support.answers import Answer
from tests.support.emulators import QUICK
from voxsip._bindings import listing
from voxsip._calls import lookup

PAGES = 5
LIST, CREATE = "GetSipRegistrations", "CreateSipRegistration"
ROW = {"sip_username": "alice", "proxy": "sip.example.com"}


def registration(number):
    return {
        "sip_registration_id": number,
        "sip_username": f"n{number}",
        "proxy": "other.example.com",
    }


def growing(numbers, _):
    return [registration(next(numbers)) for _ in range(3)]


def standing(_, __):
    return [registration(number) for number in (1, 2, 3)]


def jumping(numbers, _):
    return [registration(next(numbers) % 97 * 1000)]


EVERY_KIND = pytest.mark.parametrize(
    "endless", [growing, standing, jumping], indirect=True, ids=lambda one: one.__name__
)


@pytest.fixture
async def endless(request, answer, monkeypatch):
    """Serve lists without an end, and what each test adds; return the server and its clients."""
    monkeypatch.setattr(listing, "MAX_PAGES", PAGES)
    monkeypatch.setattr(lookup, "MAX_PAGES", PAGES)
    numbers = itertools.count(1)
    page = getattr(request, "param", growing)
    others = {}

    def reply(asked):
        command = asked.path.rpartition("/")[2]
        if command in others:
            return others[command](asked)
        return Answer({"result": page(numbers, asked), "count": 3})

    server = await answer(reply)
    server.others = others
    client = voxsip.AsyncClient(token="t", base_url=server.base_url, retry=QUICK)
    async with client:
        yield server, client


def asked(server, command=LIST):
    return sum(request.path.endswith(command) for request in server.requests)


@EVERY_KIND
async def test_the_live_state_is_not_read_forever(endless):
    server, client = endless
    with pytest.raises(voxsip.OutcomeUnknownError, match=rf"{LIST}: the list does not end after 5"):
        [one async for one in listing.every_registration(client)]
    assert asked(server) <= 2 * PAGES + 1


@pytest.mark.parametrize("option", [{}, {"skip_unchanged": True}])
async def test_a_purchase_job_buys_nothing_on_suspicion(endless, option):
    """It runs without knowing what was there; a lost reply then stays unknown. `skip_unchanged` needs to know."""
    server, client = endless
    server.others[CREATE] = lambda _: Answer(b"", status=502)
    job = client.bulk.create([ROW], check_funds=False, **option)
    if option:
        with pytest.raises(voxsip.OutcomeUnknownError, match="does not end"):
            await job
        assert asked(server, CREATE) == 0
        return
    (outcome,) = [one async for one in job]
    assert (outcome.status, outcome.error.outcome_unknown) == ("unknown", True)
    assert asked(server, CREATE) == 1


@EVERY_KIND
@pytest.mark.parametrize("kind", ["bind", "delete"])
async def test_what_is_unchanged_cannot_be_told(endless, kind):
    server, client = endless
    row = {"sip_registration_id": 1} | ({"application_id": 1} if kind == "bind" else {})
    with pytest.raises(voxsip.OutcomeUnknownError, match="does not end"):
        await getattr(client.bulk, kind)([row], skip_unchanged=True)
    assert asked(server) == len(server.requests)


@pytest.mark.parametrize(
    ("command", "look"),
    [
        ("GetApplications", lambda client: client.resolve.application("a")),
        ("GetUsers", lambda client: client.resolve.user("a", application=1)),
        ("GetRules", lambda client: client.resolve.rule("a", application=1)),
    ],
)
async def test_names_are_not_looked_for_forever(endless, command, look):
    server, client = endless
    numbers = itertools.count(1)

    def page(_):
        number = next(numbers)
        one = {"application_id": number, "user_id": number, "rule_id": number}
        names = dict.fromkeys(("application_name", "user_name", "rule_name"), f"x{number}")
        return Answer({"result": [one | names], "total_count": number + 9, "count": 1})

    server.others[command] = page
    with pytest.raises(voxsip.OutcomeUnknownError, match=f"{command}: the list does not end"):
        await look(client)
    assert asked(server, command) == PAGES + 1
