"""Purchases: none lost, none twice, and none mistaken for another."""

import asyncio
import itertools
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

import voxsip
from tests.support.answers import Answer
from tests.support.harness import counts
from voxsip._calls import creates as _creates
from voxsip._calls.limiter import Limiter
from voxsip._config import RetryPolicy
from voxsip.emulator import Fault, Faults

CREATE = "CreateSipRegistration"
LIST = "GetSipRegistrations"
MADE = {"result": 1, "sip_registration_id": 7}
CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])


def buy(client, proxy="pbx.example.com", sip_username="alice"):
    return client.sip_registrations.create(sip_username=sip_username, proxy=proxy)


def lose(**when):
    return Fault(kind="lose_reply", command=CREATE, **when)


def close(**when):
    return Fault(kind="refuse", command=CREATE, **when)


def ids(emulator):
    return [row["sip_registration_id"] for row in emulator.state.registrations]


@CLIENTS
async def test_look_up_that_fails_is_tried_again(serve, connect, cls):
    trouble = Fault(kind="http", status=503, command=LIST, first=3)
    emulator = await serve(faults=Faults([lose(first=1), trouble]))
    assert (await connect(emulator, cls=cls)(buy)).sip_registration_id == 1
    assert counts(emulator, CREATE) == (1, 1)
    assert counts(emulator, LIST)[0] >= 4


@CLIENTS
@pytest.mark.parametrize(
    "trouble",
    [
        Fault(kind="http", status=503, command=LIST),
        Fault(kind="error", code=104, command=LIST),
        Fault(kind="wrong_shape", shape="text", command=LIST),
    ],
    ids=["down", "forbidden", "nonsense"],
)
async def test_nothing_is_bought_while_nobody_can_look(serve, connect, cls, trouble):
    emulator = await serve(faults=Faults([lose(first=1), trouble]))
    side = connect(emulator, cls=cls, policy=RetryPolicy(attempts=2))
    error = await side.fails(voxsip.OutcomeUnknownError, buy)
    assert error.outcome_unknown
    assert error.attempts == 1
    assert counts(emulator, CREATE) == (1, 1)


@CLIENTS
async def test_one_attempt_looks_all_the_same(serve, connect, cls):
    emulator = await serve(faults=Faults([lose()]))
    side = connect(emulator, cls=cls, policy=RetryPolicy(attempts=1))
    assert (await side(buy)).sip_registration_id == 1
    assert counts(emulator, CREATE) == (1, 1)


async def test_last_attempt_is_looked_up_too(serve, connect):
    emulator = await serve(faults=Faults([close(first=1), lose(times=[2])]))
    side = connect(emulator, policy=RetryPolicy(attempts=2))
    assert (await side(buy)).sip_registration_id == 1
    assert counts(emulator, CREATE) == (2, 1)


async def test_gives_up_with_the_failure_it_met(serve, connect):
    emulator = await serve(faults=Faults([close()]))
    error = await connect(emulator, policy=RetryPolicy(attempts=3)).fails(
        voxsip.OutcomeUnknownError, buy
    )
    assert error.attempts == 3
    assert counts(emulator, CREATE) == (3, 0)


@CLIENTS
@pytest.mark.parametrize("lost", [{"times": [1]}, {"times": [2]}, {"first": 2}, {"share": 0.5}])
async def test_creates_of_the_same_thing_in_flight_are_told_apart(serve, connect, cls, lost):
    emulator = await serve(faults=Faults([lose(**lost)]))
    side = connect(emulator, cls=cls)
    made = await asyncio.gather(*(side(buy) for _ in range(4)))
    assert sorted(reply.sip_registration_id for reply in made) == ids(emulator) == [1, 2, 3, 4]
    assert counts(emulator, CREATE)[1] == 4


async def test_creates_of_other_things_do_not_wait(answer, connect):
    both = asyncio.Barrier(2)
    numbers = itertools.count(1)

    async def together(_):
        await both.wait()  # answered only once the other one is here
        return Answer({"result": 1, "sip_registration_id": next(numbers)})

    side = connect(base_url=(await answer(together)).base_url)
    await asyncio.gather(
        side(lambda client: buy(client, proxy="a.example.com")),
        side(lambda client: buy(client, proxy="b.example.com")),
    )


@CLIENTS
async def test_nothing_is_sent_again_while_something_of_the_name_is_there(
    serve, connect, clock, cls
):
    emulator = await serve()
    await connect(emulator)(buy)
    clock.seconds += 5
    emulator.faults = Faults([close(first=1)])
    error = await connect(emulator, cls=cls).fails(voxsip.OutcomeUnknownError, buy)
    assert "sip_registration_id 1 is there" in str(error.__notes__)
    assert counts(emulator, CREATE) == (2, 1)


async def test_older_one_of_our_own_is_not_taken_twice(serve, connect):
    emulator = await serve(faults=Faults([close(times=[2])]))
    side = connect(emulator)
    assert (await side(buy)).sip_registration_id == 1
    assert (await side(buy)).sip_registration_id == 2  # no time has passed in between
    assert counts(emulator, CREATE) == (3, 2)


async def test_one_that_was_told_to_a_create_of_another_name_is_in_doubt(serve, connect):
    emulator = await serve(faults=Faults([close(times=[2])]))
    side = connect(emulator)
    made = await side(lambda client: buy(client, sip_username="bob"))
    number = made.sip_registration_id
    await side(
        lambda client: client.sip_registrations.update(
            sip_registration_id=number, sip_username="alice"
        )
    )
    # as if a stale reply had told bob's call of alice's registration
    error = await side.fails(voxsip.OutcomeUnknownError, buy)
    assert "was told to a call for another" in str(error.__notes__)
    assert counts(emulator, CREATE) == (2, 1)


async def test_what_was_found_is_not_found_again(serve, connect):
    emulator = await serve(faults=Faults([lose()]))
    side = connect(emulator)
    assert [(await side(buy)).sip_registration_id for _ in range(3)] == [1, 2, 3]


async def test_found_after_a_look_up_that_took_long(serve, connect, clock):
    busy = Fault(kind="http", status=503, retry_after=30, command=LIST, first=1)
    emulator = await serve(faults=Faults([lose(first=1), busy]))
    assert (await connect(emulator)(buy)).sip_registration_id == 1
    assert counts(emulator, CREATE) == (1, 1)
    assert 30.25 in clock.delays


async def test_time_in_the_queue_does_not_count(serve, connect, clock):
    emulator = await serve()
    await connect(emulator)(buy)
    limiter = Limiter(clock=clock)
    limiter.pause(60)
    emulator.faults = Faults([close(first=1)])
    side = connect(emulator)
    await side.fails(  # not taken for ours: it was bought before our request left
        voxsip.OutcomeUnknownError,
        lambda client: buy(client.with_options(rate_limit=limiter)),
    )
    assert clock.delays[0] == 60
    assert counts(emulator, CREATE) == (2, 1)


@pytest.mark.parametrize("ahead", [-3600, -90, 90, 3600])
async def test_clocks_that_differ_do_not_matter(serve, connect, ahead):
    emulator = await serve(clock_offset=ahead, faults=Faults([lose(first=1)]))
    assert (await connect(emulator)(buy)).sip_registration_id == 1
    assert counts(emulator, CREATE)[1] == 1


@pytest.mark.parametrize("proxy", ["a;b", ";", "sip.example.com;transport=tcp"])
async def test_proxy_that_holds_the_list_separator(serve, connect, proxy):
    emulator = await serve(registrations=7, page_cap=3, faults=Faults([lose(first=1)]))
    made = await connect(emulator)(lambda client: buy(client, proxy=proxy))
    assert made.sip_registration_id == 8
    assert emulator.state.registrations[-1]["proxy"] == proxy
    assert counts(emulator, CREATE) == (1, 1)


@CLIENTS
@pytest.mark.parametrize("fault", [lose(), close()], ids=["done", "not done"])
async def test_by_name_alike(serve, connect, cls, fault):
    fault = Fault(kind=fault.kind, command=CREATE, first=1)
    emulator = await serve(faults=Faults([fault]))
    arguments = {"sip_username": "alice", "proxy": "pbx.example.com"}
    reply = await connect(emulator, cls=cls)(lambda client: client.call(CREATE, arguments))
    assert reply["sip_registration_id"] == 1
    assert ids(emulator) == [1]


@CLIENTS
@pytest.mark.parametrize(
    ("command", "act"),
    [
        (
            "AddSipWhiteListItem",
            lambda client: client.sip_white_list.add(sip_whitelist_network="192.0.2.0/24"),
        ),
    ],
)
async def test_create_without_a_look_up_is_not_repeated(serve, connect, clock, cls, command, act):
    emulator = await serve(faults=Faults([Fault(kind="lose_reply", command=command, first=1)]))
    error = await connect(emulator, cls=cls).fails(voxsip.OutcomeUnknownError, act)
    assert error.attempts == 1
    assert counts(emulator, command) == (1, 1)
    assert clock.delays == []


async def test_memory_of_ids_is_bounded(serve, connect, monkeypatch):
    monkeypatch.setattr(_creates, "REMEMBERED", 3)
    emulator = await serve()
    side = connect(emulator)
    for number in range(5):
        await side(lambda client, n=number: buy(client, sip_username=f"user-{n}"))
    assert len(side.client._caller.creates._taken) == 3
    assert side.client._caller.creates._busy == {}


@CLIENTS
@pytest.mark.parametrize("executed", [True, False])
async def test_one_of_unknown_outcome_is_not_taken_for_the_next(
    serve, connect, clock, cls, executed
):
    blind = Fault(kind="http", status=503, command=LIST, first=4)
    first = lose(times=[1]) if executed else close(times=[1])
    emulator = await serve(faults=Faults([first, blind, close(times=[2])]))
    side = connect(emulator, cls=cls, policy=RetryPolicy(attempts=2))
    assert (await side.fails(voxsip.OutcomeUnknownError, buy)).outcome_unknown
    if executed:  # of whom is what a lookup finds?
        assert (await side.fails(voxsip.OutcomeUnknownError, buy)).outcome_unknown
        assert counts(emulator, CREATE) == (2, 1)
        clock.seconds += 60
        emulator.faults = Faults([close(first=1)])
        assert (await side.fails(voxsip.OutcomeUnknownError, buy)).outcome_unknown
    else:
        assert (await side(buy)).sip_registration_id == 1
    assert len(ids(emulator)) == 1


# Clocks: whatever they show, nothing is sent again while something of the name is there


class OtherClock:
    """The emulator's clock, seen through a gateway whose `Date` is wrong, or by a machine that slept."""

    def __init__(self, clock):
        self._clock = clock
        self.asleep = 0.0

    def wall(self):
        return self._clock.wall()

    def monotonic(self):
        return self._clock.monotonic() - self.asleep

    async def sleep(self, seconds):
        await self._clock.sleep(seconds)


@pytest.mark.parametrize("date", [None, 3, 3600, -3, -3600], ids=str)
@pytest.mark.parametrize("bought", [True, False])
async def test_a_gateway_with_another_clock_buys_nothing_twice(
    answer, connect, clock, date, bought
):
    made = {"sip_registration_id": 7, "purchase_date": "2025-06-15 15:06:40"}
    listed = [made | {"sip_username": "alice", "proxy": "pbx.example.com"}] if bought else []

    def serve(request):
        if CREATE in request.path and len(server.requests) == 1:
            return Answer(b"lost", status=502)
        if CREATE in request.path:
            return Answer({"result": 1, "sip_registration_id": 8})
        moment = datetime.fromtimestamp(clock.seconds + (date or 0), UTC)
        headers = {"Date": "" if date is None else format_datetime(moment, usegmt=True)}
        offset = int(request.query["offset"])
        return Answer({"result": listed[offset:]}, headers=headers)

    server = await answer(*[serve] * 40)
    side = connect(base_url=server.base_url)
    if bought and date == -3:  # within what clocks that tell whole seconds may differ by
        assert (await side(buy)).sip_registration_id == 7
    elif bought:
        error = await side.fails(voxsip.UnexpectedReplyError, buy)
        assert error.outcome_unknown
    else:
        assert (await side(buy)).sip_registration_id == 8
    sent = [request for request in server.requests if CREATE in request.path]
    assert len(sent) == (1 if bought else 2)


async def test_a_machine_that_slept_after_sending_buys_nothing_twice(serve, connect, clock):
    emulator = await serve(faults=Faults([lose(first=1)]))
    side = connect(emulator)
    slept = OtherClock(clock)
    side.client._caller.creates = _creates.Creates(slept)

    def suspend():
        clock.seconds += 3600
        slept.asleep = 3600

    clock.after[1] = suspend
    await side.fails(voxsip.OutcomeUnknownError, buy)
    assert counts(emulator, CREATE) == (1, 1)


@CLIENTS
@pytest.mark.parametrize("bought", [True, False])
async def test_an_id_that_was_told_before_is_no_answer(answer, connect, clock, cls, bought):
    numbers = iter([7, 7, 9])
    made = {"sip_registration_id": 8, "purchase_date": "2025-06-15 15:06:40"}
    listed = [made | {"sip_username": "alice", "proxy": "pbx.example.com"}] if bought else []

    def serve(request):
        if CREATE in request.path:
            return Answer({"result": 1, "sip_registration_id": next(numbers)})
        rows = listed[int(request.query["offset"]) :]
        return Answer({"result": rows}, headers={"Date": "Sun, 15 Jun 2025 15:06:40 GMT"})

    side = connect(base_url=(await answer(serve)).base_url, cls=cls)
    first = await side(lambda client: buy(client, sip_username="bob"))
    second = await side(buy)  # a stale reply comes first
    assert (first.sip_registration_id, second.sip_registration_id) == (7, 8 if bought else 9)


@CLIENTS
@pytest.mark.parametrize("odd", [0, -1, 2**63, 63.0, True, "7", None, [7]], ids=repr)
async def test_what_is_no_id_is_no_answer(answer, connect, clock, cls, odd):
    made = {"sip_registration_id": 8, "purchase_date": "2025-06-15 15:06:40"}
    row = made | {"sip_username": "alice", "proxy": "pbx.example.com"}

    def serve(request):
        if CREATE in request.path:
            return Answer({"result": 1, "sip_registration_id": odd})
        rows = [row][int(request.query["offset"]) :]
        return Answer({"result": rows}, headers={"Date": "Sun, 15 Jun 2025 15:06:40 GMT"})

    server = await answer(serve)
    assert (await connect(base_url=server.base_url, cls=cls)(buy)).sip_registration_id == 8
    assert sum(CREATE in request.path for request in server.requests) == 1


@CLIENTS
@pytest.mark.parametrize("stored", [str.upper, str.lower])
@pytest.mark.parametrize("name", ["alice", "Alice", "stra\u00dfe 1"])
async def test_a_service_that_changes_case_and_heeds_it_sells_nothing_twice(
    answer, connect, clock, cls, stored, name
):
    bought = []

    def serve(request):
        if CREATE in request.path:
            row = {"sip_registration_id": 7, "purchase_date": "2025-06-15 15:06:40"}
            bought.append(row | {"sip_username": stored(name), "proxy": "pbx.example.com"})
            return Answer(b"lost", status=502)
        wanted, offset = request.query["sip_username"], int(request.query["offset"])
        rows = [row for row in bought if row["sip_username"] == wanted][offset:]
        return Answer({"result": rows}, headers={"Date": "Sun, 15 Jun 2025 15:06:40 GMT"})

    side = connect(base_url=(await answer(serve)).base_url, cls=cls)
    if stored(name) == name:
        made = await side(lambda client: buy(client, sip_username=name))
        assert made.sip_registration_id == 7
    else:
        error = await side.fails(
            voxsip.UnexpectedReplyError, lambda client: buy(client, sip_username=name)
        )
        assert error.outcome_unknown
    assert len(bought) == 1


async def test_capitals_are_looked_for_once_before_a_purchase_is_sent_again(answer, connect, clock):
    listed = []

    def serve(request):
        if CREATE in request.path:
            listed.append(CREATE)
            first = listed.count(CREATE) == 1
            return Answer(b"lost", status=502) if first else Answer(MADE)
        listed.append(request.query["sip_username"])
        return Answer({"result": []})

    side = connect(base_url=(await answer(serve)).base_url)
    await side(buy)
    assert listed == [CREATE, *["alice"] * 4, "ALICE", CREATE]


@pytest.mark.parametrize(
    "body",
    [
        b'{"result": 1, "sip_registration_id": 5, "sip_registration_id": 6}',
        b'{"result": 1, "sip_registration_id": 6, "error": {"code": 101}, "error": null}',
        b'{"error": {"code": 127, "msg": "no money", "code": 273}}',
        b'{"error": {"code": 162}, "error": {"code": 127}}',
    ],
)
async def test_a_reply_that_says_one_thing_twice_is_no_answer(answer, connect, clock, body):
    made = {"sip_registration_id": 8, "purchase_date": "2025-06-15 15:06:40"}
    row = made | {"sip_username": "alice", "proxy": "pbx.example.com"}

    def serve(request):
        if CREATE in request.path:
            return Answer(body)
        rows = [row][int(request.query["offset"]) :]
        return Answer({"result": rows}, headers={"Date": "Sun, 15 Jun 2025 15:06:40 GMT"})

    server = await answer(serve)
    assert (await connect(base_url=server.base_url)(buy)).sip_registration_id == 8
    assert sum(CREATE in request.path for request in server.requests) == 1


# Backends that are still executing when the gateway gives up


@CLIENTS
@pytest.mark.parametrize("late", [0.3, 1.0, 2.8])
async def test_a_purchase_that_comes_late_is_found(answer, connect, clock, cls, late):
    due = clock.seconds + late
    moment = datetime.fromtimestamp(due, UTC)
    made = {"sip_registration_id": 7, "purchase_date": f"{moment:%Y-%m-%d %H:%M:%S}"}
    listed = [made | {"sip_username": "alice", "proxy": "pbx.example.com"}]

    def serve(request):
        if CREATE in request.path:
            return Answer(b"gateway timeout", status=504)
        now = format_datetime(datetime.fromtimestamp(clock.seconds, UTC), usegmt=True)
        rows = listed[int(request.query["offset"]) :] if clock.seconds >= due else []
        return Answer({"result": rows}, headers={"Date": now})

    server = await answer(serve)
    side = connect(base_url=server.base_url, cls=cls)
    assert (await side(buy)).sip_registration_id == 7
    assert sum(CREATE in request.path for request in server.requests) == 1


async def test_how_long_nothing_is_not_believed_is_a_policy(serve, connect, clock):
    emulator = await serve(faults=Faults([close(first=1)]))
    side = connect(emulator, policy=RetryPolicy(lookup_delay=60))
    assert (await side(buy)).sip_registration_id == 1
    assert sum(clock.delays) == pytest.approx(60)


@CLIENTS
async def test_creates_of_near_names_wait_for_each_other(answer, connect, cls):
    busy = 0
    numbers = itertools.count(1)

    async def alone(_):
        nonlocal busy
        busy += 1
        assert busy == 1
        await asyncio.sleep(0)
        busy -= 1
        return Answer({"result": 1, "sip_registration_id": next(numbers)})

    side = connect(base_url=(await answer(alone)).base_url, cls=cls)
    await asyncio.gather(
        *(side(lambda client, n=name: buy(client, sip_username=n)) for name in ("Eve", "eve"))
    )


async def test_a_reply_that_cannot_be_read_to_its_end_is_looked_up(answer, connect):
    date = {"Date": "Sun, 15 Jun 2025 15:06:40 GMT"}
    made = {"sip_registration_id": 7, "purchase_date": "2025-06-15 15:06:40"}
    server = await answer(
        Answer({"result": 1, "sip_registration_id": 7, "account_info": 5}),
        Answer(
            {"result": [made | {"sip_username": "alice", "proxy": "pbx.example.com"}]}, headers=date
        ),
        Answer({"result": []}, headers=date),
    )
    side = connect(base_url=server.base_url)
    assert (await side(buy)).sip_registration_id == 7
    assert [one.path.rpartition("/")[2] for one in server.requests] == [CREATE, LIST, LIST]
