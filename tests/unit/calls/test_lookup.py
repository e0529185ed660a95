"""Finding what a create has made, and what is no such thing."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

import voxsip
from tests.support.answers import Answer
from tests.support.harness import counts
from voxsip._calls import lookup
from voxsip._clock import utc_now
from voxsip._config import RetryPolicy

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


async def test_recover_takes_no_older_one_and_does_not_say_that_there_is_nothing(
    serve, connect, clock
):
    emulator = await serve()
    side = connect(emulator)
    await side(lambda client: client.call(CREATE, ARGUMENTS))
    clock.seconds += 60
    await side.fails(voxsip.OutcomeUnknownError, recover)
    assert await side(lambda client: recover(client, known_before={1})) is None
    long_ago = utc_now(clock) - timedelta(minutes=2)
    assert (await side(lambda client: recover(client, long_ago)))["sip_registration_id"] == 1


@pytest.mark.parametrize(
    "other", [{"sip_username": "Alice"}, {"proxy": "pbx.example.org"}, {"sip_username": "alic"}]
)
async def test_recover_compares_exactly(serve, connect, other):
    side = connect(await serve())
    await side(lambda client: client.call(CREATE, ARGUMENTS | other))
    assert await side(recover) is None


async def test_of_several_the_first_is_taken_only_if_all_are_new(listing):
    _, side = await listing([row(9), row(7)], [row(8), row(3, "2025-06-15 12:00:00")], [])
    assert await side(lambda client: recover(client, known_before={3, 7})) == {
        "result": 1,
        "sip_registration_id": 8,
    }
    _, side = await listing([row(9), row(7)], [row(8), row(3, "2025-06-15 12:00:00")], [])
    await side.fails(voxsip.OutcomeUnknownError, recover)


@pytest.mark.parametrize("known", [None, frozenset()], ids=["by time", "by ids"])
@pytest.mark.parametrize(
    "written",
    [
        {"proxy": "pbx.example.com"},
        {"proxy": "PBX.Example.com."},
        {"sip_username": "alice", "proxy": "PBX.Example.com"},
        {"sip_username": " Alice"},
        {"sip_username": "ALICE"},
    ],
    ids=str,
)
async def test_what_is_nearly_of_the_name_leaves_it_unknown(listing, written, known):
    arguments = {"sip_username": "Alice ", "proxy": "PBX.Example.com:5060"}
    server, side = await listing(*([[row(1) | arguments | written], []] * 4))
    error = await side.fails(
        voxsip.OutcomeUnknownError,
        lambda client: recover(client, arguments=arguments, known_before=known),
    )
    assert "nearly this name" in str(error)
    assert {"Alice ", "alice"} <= {r.rel_url.query["sip_username"] for r in server.requests}
    assert await side(lambda c: recover(c, arguments=arguments, known_before={1})) is None


async def test_a_list_that_does_not_end_ends_the_look_up(answer, connect, monkeypatch):
    monkeypatch.setattr(lookup, "MAX_PAGES", 3)
    numbers = itertools.count(1)
    server = await answer(
        *[lambda _: Answer({"result": [row(next(numbers), sip_username="bob")]})] * 20
    )
    error = await connect(base_url=server.base_url).fails(voxsip.OutcomeUnknownError, recover)
    assert "does not end" in str(error)
    assert len(server.requests) == 3


async def test_page_that_never_turns_ends_the_look_up(listing):
    server, side = await listing([row(1, "2025-06-15 12:00:00"), row(2)])
    assert (await side(recover))["sip_registration_id"] == 2
    assert len(server.requests) == 2


async def test_filters_by_the_user_name_only(listing):
    server, side = await listing([])
    await side(recover)
    await side(lambda client: recover(client, arguments=ARGUMENTS | {"sip_username": ";"}))
    asked = [sorted(request.rel_url.query) for request in server.requests]
    by_name = ["count", "offset", "sip_username"]
    assert asked == [by_name, by_name, ["count", "offset"]]
    names = [request.rel_url.query.get("sip_username") for request in server.requests]
    assert names == ["alice", "ALICE", None]


@pytest.mark.parametrize(
    "kept", ["pbx.example.com:5060", "pbx.example.com.", "sip:pbx.example.com", "PBX.example.com"]
)
async def test_proxy_that_the_service_keeps_in_another_way_is_found(listing, kept):
    def listed(request):
        asked = request.rel_url.query.get("proxy", kept)
        rows = (
            [row(1, proxy=kept)] if asked == kept and "0" in request.rel_url.query["offset"] else []
        )
        return Answer({"result": rows}, headers={"Date": "Sun, 15 Jun 2025 15:06:40 GMT"})

    server, side = await listing()
    server.answers = [listed]
    await side.fails(voxsip.OutcomeUnknownError, recover)


@pytest.mark.parametrize("known", [None, frozenset()], ids=["by time", "by ids"])
@pytest.mark.parametrize("missing", ["sip_username", "proxy"])
async def test_what_does_not_tell_its_name_leaves_it_unknown(listing, missing, known):
    _, side = await listing([row(1) | {missing: None}], [])
    await side.fails(voxsip.OutcomeUnknownError, lambda client: recover(client, known_before=known))


@pytest.mark.parametrize(
    "other",
    [
        row(2, "2025-06-15 15:06:40"),
        row(2, "2025-06-15 15:06:40", sip_username="Alice"),
        row(2, "2025-06-15 16:00:00"),
        row(2, None),
        row(2, "someday"),
    ],
    ids=["as new", "as new, in another spelling", "later", "without a time", "no time"],
)
async def test_another_that_may_be_new_leaves_it_unknown(listing, other):
    _, side = await listing([row(1), other], [])
    await side.fails(voxsip.OutcomeUnknownError, recover)


async def test_an_older_one_of_the_name_does_no_harm(listing):
    _, side = await listing([row(1, "2025-06-15 12:00:00"), row(2)], [])
    assert (await side(recover))["sip_registration_id"] == 2


@pytest.mark.parametrize("known", [None, frozenset()], ids=["by time", "by ids"])
@pytest.mark.parametrize(
    "pages",
    [
        [{"result": [], "count": 1}],
        [{"result": [], "total_count": 3}],
        [
            {"result": [row(1, sip_username="bob")], "total_count": 2},
            {"result": [], "total_count": 2},
        ],
        [{"result": [row(1, sip_username="bob")]}],
    ],
    ids=["a count", "a total", "a total after a page", "the same page"],
)
async def test_nothing_on_a_list_that_may_hold_more_is_not_believed(answer, connect, pages, known):
    server = await answer(*[Answer(page) for page in pages])
    side = connect(base_url=server.base_url, policy=RetryPolicy(attempts=1))
    await side.fails(voxsip.OutcomeUnknownError, lambda client: recover(client, known_before=known))


async def test_nothing_on_a_whole_list_is_believed(answer, connect):
    pages = [{"result": [row(1, sip_username="bob")], "count": 1}, {"result": [], "count": 0}]
    server = await answer(*[Answer(page) for page in pages])
    side = connect(base_url=server.base_url, policy=RetryPolicy(attempts=1))
    assert await side(recover) is None


@pytest.mark.parametrize("bought", [None, "", "yesterday", 5, []])
async def test_match_without_a_date_cannot_be_told(listing, bought):
    _, side = await listing([row(1, bought)], [])
    error = await side.fails(voxsip.OutcomeUnknownError, recover)
    assert "cannot be told" in str(error)


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
        ("AddSipWhiteListItem", datetime.now(UTC)),
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
