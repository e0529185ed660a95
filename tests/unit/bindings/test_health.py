"""Which registrations work, and waiting for them: by pages, in a time of its own."""

import asyncio
import datetime as dt

import attrs
import pytest

import voxsip
from tests.support.emulators import received
from tests.support.model_samples import filled
from voxsip.emulator import Fault, Faults
from voxsip.models import SipRegistration

LIST = "GetSipRegistrations"


@pytest.fixture(params=[voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
def cls(request):
    return request.param


def states(report):
    return {one.sip_registration_id: one.state for one in report.registrations}


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ({"successful": True, "status_code": 200}, "registered"),
        ({"successful": True, "status_code": None}, "registered"),
        ({"successful": True, "status_code": 200, "deactivated": True}, "failing"),
        ({"successful": False, "status_code": 403}, "failing"),
        ({"successful": None, "status_code": 503}, "failing"),
        ({"successful": False, "status_code": None, "error_message": "No route"}, "failing"),
        ({"successful": False, "status_code": None}, "in_progress"),
        ({"successful": None, "status_code": None}, "in_progress"),
        ({"successful": False, "status_code": 100}, "in_progress"),
        ({"successful": False, "status_code": 200}, "in_progress"),
    ],
)
def test_what_a_listed_registration_is(members, state):
    given = {"deactivated": False, "error_message": None, "status_code": None, **members}
    registration = attrs.evolve(filled(SipRegistration), **given)
    found = voxsip.RegistrationHealth.of(registration)
    assert found.state == state
    assert found.registration is registration
    assert (found.status_code, found.since) == (given["status_code"], registration.last_updated)
    assert found.deactivated is given["deactivated"]


async def test_new_ones_are_waited_for(connect, serve, clock, cls):
    emulator = await serve(registrations=2)
    side = connect(emulator, cls=cls)

    def buy(client):
        return client.sip_registrations.create(sip_username="a", proxy="b", password="c")

    made = [(await side(buy)).sip_registration_id for _ in range(5)]
    began = clock.seconds
    report = await side(lambda client: client.sip_registrations.wait_until_registered(made))
    assert report.all_registered
    assert [one.sip_registration_id for one in report.registered] == made
    assert report.registered[0].status_code == 200
    assert report.registered[0].since == dt.datetime.fromtimestamp(int(began), dt.UTC)
    assert clock.seconds - began == sum(clock.delays) == 1.0


async def test_ten_thousand_cost_pages(connect, serve):
    emulator = await serve(registrations=10_000)
    side = connect(emulator)
    report = await side.client.sip_registrations.wait_until_registered(range(10_000, 0, -1))
    assert len(report.registered) == 10_000
    assert report.registrations[0].sip_registration_id == 10_000
    assert received(emulator, LIST) <= 12
    await side.client.sip_registrations.wait_until_registered([10_000, 1])
    assert received(emulator, LIST) <= 14, "a few are asked for one by one"


async def test_failing_ones_may_recover(connect, serve, clock, cls):
    emulator = await serve(registrations=6)
    emulator.set_status([2, 5], 403, "Forbidden")
    clock.after = {2: lambda: emulator.set_status([2, 5], 200)}
    side = connect(emulator, cls=cls)
    report = await side(
        lambda client: client.sip_registrations.wait_until_registered(
            [5, 2, 3, 1], deadline=100, wait_for_failing=True
        )
    )
    assert report.all_registered
    assert list(states(report)) == [5, 2, 3, 1]
    assert clock.delays == [1.0, 1.5]


async def test_what_is_not_registered_when_time_is_up(connect, serve, clock):
    emulator = await serve(registrations=5)
    emulator.set_status(2, 403, "Forbidden \x1b[2J")
    emulator.set_status(3, None)
    client = connect(emulator).client
    began = clock.seconds
    report = await client.sip_registrations.wait_until_registered([1, 2, 3, 9], deadline=20)
    assert states(report) == {1: "registered", 2: "failing", 3: "in_progress", 9: "missing"}
    assert not report.all_registered
    (failing,) = report.failing
    assert (failing.status_code, failing.error_message) == (403, "Forbidden \x1b[2J")
    assert failing.since == dt.datetime.fromtimestamp(int(began), dt.UTC)
    assert [one.sip_registration_id for one in (*report.in_progress, *report.missing)] == [3, 9]
    assert report.missing[0].registration is None
    assert 15 < clock.seconds - began <= 20, "the last reading is not old, and not late"
    assert received(emulator, LIST) < 30


async def test_failing_ones_need_not_be_waited_for(connect, serve, clock):
    emulator = await serve(registrations=2)
    emulator.set_status(1, 403)
    client = connect(emulator).client
    report = await client.sip_registrations.wait_until_registered([1, 2], wait_for_failing=False)
    assert states(report) == {1: "failing", 2: "registered"}
    assert clock.delays == []


async def test_those_switched_off_are_not_waited_for(connect, serve, clock):
    emulator = await serve(registrations=1)
    emulator._service.main.registrations[1].deactivated = True
    client = connect(emulator).client
    report = await client.sip_registrations.wait_until_registered([1])
    assert [one.deactivated for one in report.failing] == [True]
    assert clock.delays == []


async def test_a_new_one_may_not_be_listed_yet(connect, serve, clock):
    emulator = await serve(registrations=1)
    client = connect(emulator).client
    began = clock.seconds
    report = await client.sip_registrations.wait_until_registered([1, 7], deadline=500)
    assert states(report) == {1: "registered", 7: "missing"}
    assert 3 <= clock.seconds - began < 10


async def test_a_reading_that_time_cuts_off(connect, serve, clock):
    """Retries back off until the deadline is over; the reading before it counts. Before the first one it is an error."""
    emulator = await serve(registrations=1)
    emulator.set_status(1, None)
    out = Faults([Fault(kind="http", status=503, command=LIST)])
    clock.after = {1: lambda: setattr(emulator, "faults", out)}
    policy = voxsip.RetryPolicy(attempts=5, backoff=60, max_backoff=60)
    client = connect(emulator, policy=policy).client
    report = await client.sip_registrations.wait_until_registered([1], deadline=30)
    assert states(report) == {1: "in_progress"}
    with pytest.raises(voxsip.VoxsipError):
        await client.sip_registrations.wait_until_registered([1], deadline=30)


async def test_an_error_within_the_time_is_raised(connect, serve):
    emulator = await serve(registrations=1)
    emulator.faults = Faults([Fault(kind="http", status=500, command=LIST)])
    policy = voxsip.RetryPolicy(attempts=1)
    client = connect(emulator, policy=policy).client
    with pytest.raises(voxsip.UnexpectedReplyError):
        await client.sip_registrations.wait_until_registered([1], deadline=30)


async def test_nothing_to_wait_for(connect, serve, cls):
    emulator = await serve()
    side = connect(emulator, cls=cls)
    report = await side(lambda client: client.sip_registrations.wait_until_registered([]))
    assert report.registrations == ()
    assert report.all_registered
    assert received(emulator, LIST) == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ids": "12"}, "ids"),
        ({"ids": 12}, "ids"),
        ({"ids": [0]}, "ids"),
        ({"ids": [1, -1]}, "ids"),
        ({"ids": [True]}, "ids"),
        ({"ids": ["1"]}, "ids"),
        ({"ids": [1.5]}, "ids"),
        ({"deadline": 0}, "deadline"),
        ({"deadline": None}, "deadline"),
        ({"deadline": float("nan")}, "deadline"),
        ({"deadline": True}, "deadline"),
    ],
)
async def test_arguments_that_cannot_be_right(connect, serve, cls, wrong, field):
    emulator = await serve(registrations=1)
    side = connect(emulator, cls=cls)
    error = await side.fails(
        voxsip.InvalidArgumentError,
        lambda client: client.sip_registrations.wait_until_registered(**{"ids": [1], **wrong}),
    )
    assert error.field == field
    assert received(emulator, LIST) == 0


async def test_ids_in_any_form(connect, serve, cls):
    emulator = await serve(registrations=3)
    side = connect(emulator, cls=cls)
    for ids in (iter([3, 1, 3]), {3: None, 1: None}, [3.0, 1.0], (3, 1)):
        report = await side(lambda client, ids=ids: client.sip_registrations.health(ids))
        assert list(states(report)) == [3, 1]


async def test_health_of_what_filters_let_through(connect, serve, cls):
    emulator = await serve(registrations=4, applications=2)
    side = connect(emulator, cls=cls)
    for number in (2, 3):
        await side(
            lambda client, number=number: client.sip_registrations.bind(
                sip_registration_id=number, application_id=1
            )
        )
    emulator.set_status(3, 480)
    report = await side(lambda client: client.sip_registrations.health(application_id=[1]))
    assert states(report) == {2: "registered", 3: "failing"}
    assert len((await side(lambda client: client.sip_registrations.health())).registrations) == 4
    with pytest.raises(voxsip.InvalidArgumentError, match="not both"):
        await side(lambda client: client.sip_registrations.health([1], proxy=["x"]))
    with pytest.raises(voxsip.InvalidArgumentError, match="deadline"):
        await side(lambda client: client.sip_registrations.health([1], deadline=-1))


async def test_views_have_it_too(client, emulator):
    view = client.with_options(deadline=5)
    assert (await view.sip_registrations.health(range(1, 11))).all_registered
    assert isinstance(view.sip_registrations, type(client.sip_registrations))


async def test_two_may_wait_at_once(client):
    waiting = [client.sip_registrations.wait_until_registered([number]) for number in (1, 2, 3)]
    assert all(report.all_registered for report in await asyncio.gather(*waiting))
