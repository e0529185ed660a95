"""What no client can rule out: a request that everybody had given up is executed after all, later than a newer one.

The API has neither versions nor idempotency keys. What `verify` is for: it reads the live state at the end and says
what differs.
"""

import pytest

import voxsip
from voxsip.emulator import Emulator, Fault, Faults

BIND = "BindSipRegistration"


def late(requests, **when):
    """The first bind is executed once more, just before so many further requests."""
    return Fault(kind="late_duplicate", command=BIND, requests=requests, **when or {"first": 1})


@pytest.fixture
async def start():
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:

        async def started(*faults):
            emulator = Emulator(registrations=3, users=6, faults=Faults(faults))
            await stack.enter_async_context(emulator)
            client = voxsip.AsyncClient(
                emulator.credentials,
                base_url=emulator.base_url,
                retry=voxsip.RetryPolicy(backoff=0),
            )
            return emulator, await stack.enter_async_context(client)

        yield started


ROWS = [
    {"sip_registration_id": 1, "application_id": 1, "user_id": 1},
    {"sip_registration_id": 2, "application_id": 1, "user_id": 1},
]
"""One after another: the user ends at the second registration."""


async def test_verify_shows_a_late_bind(start):
    emulator, client = await start(late(2))
    report = await client.bulk.bind(ROWS, verify=True)
    assert [row["user_id"] for row in emulator.state.registrations] == [1, None, None]
    assert (report.done, report.failed, report.unknown) == (2, 0, 0), "every reply said so"
    assert report.mismatches == 2
    found = {
        one.sip_registration_id: (one.expected.user, one.found.user) for one in report.mismatched
    }
    assert found == {1: (None, 1), 2: (1, None)}


async def test_the_same_behind_a_reply_that_was_lost(start):
    emulator, client = await start(late(3), Fault(kind="lose_reply", command=BIND, first=1))
    report = await client.bulk.bind(ROWS, verify=True)
    assert emulator.state.registrations[0]["user_id"] == 1
    assert (report.done, report.mismatches) == (2, 2)


async def test_without_a_late_one_nothing_differs(start):
    _, client = await start(Fault(kind="lose_reply", command=BIND, first=1))
    report = await client.bulk.bind(ROWS, verify=True)
    assert (report.done, report.mismatches) == (2, 0)


async def test_running_the_rows_again_fixes_it(start):
    emulator, client = await start(late(2))
    await client.bulk.bind(ROWS)
    report = await client.bulk.bind(ROWS, skip_unchanged=True, verify=True)
    assert report.mismatches == 0
    assert [row["user_id"] for row in emulator.state.registrations] == [None, 1, None]


async def test_a_late_create_is_a_second_purchase(start):
    """Nothing tells it from one that somebody else asked for; a list by user name and proxy shows both."""
    duplicate = Fault(kind="late_duplicate", command="CreateSipRegistration", first=1, requests=1)
    _, client = await start(duplicate)
    await client.sip_registrations.create(sip_username="ann", proxy="p.example")
    both = await client.sip_registrations.list(sip_username="ann", proxy=["p.example"])
    assert len(both) == 2
