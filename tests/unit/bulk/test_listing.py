"""All registrations are read, whatever others do meanwhile."""

import pytest

from tests.support.emulators import received
from voxsip._bindings.listing import every_registration
from voxsip.emulator import Fault, Faults

LIST = "GetSipRegistrations"


def pages_of(emulator, rows):
    emulator.faults = Faults([Fault(kind="page_cap", rows=rows, command=LIST)])


async def ids(client):
    return [item.sip_registration_id async for item in every_registration(client)]


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 39, 40, 41])
async def test_each_once(account, rows):
    emulator, client = account
    pages_of(emulator, rows)
    assert await ids(client) == list(range(1, 41))


async def test_none_at_all(start):
    _, client = await start(registrations=0)
    assert await ids(client) == []


async def test_two_requests_for_what_fits_on_a_page(account):
    emulator, client = account
    assert len(await ids(client)) == 40
    assert received(emulator, LIST) == 2


@pytest.mark.parametrize("short", [1, 2, 3, 4])
async def test_a_page_of_one_is_not_the_end(account, short):
    emulator, client = account
    emulator.faults = Faults(
        [
            Fault(kind="page_cap", rows=10, command=LIST),
            Fault(kind="page_cap", rows=1, command=LIST, times=[short]),
        ]
    )
    assert await ids(client) == list(range(1, 41))


@pytest.mark.parametrize("rows", [2, 10])
@pytest.mark.parametrize("gone", [[1], [2, 3, 4], list(range(1, 20))])
@pytest.mark.parametrize("after", [10, 25])
async def test_what_others_delete_hides_nothing(account, rows, gone, after):
    emulator, client = account
    pages_of(emulator, rows)
    found = []
    async for item in every_registration(client):
        found.append(item.sip_registration_id)
        if len(found) == after:
            for number in gone:
                await client.sip_registrations.delete(sip_registration_id=number)
    assert set(found) >= set(range(1, 41)) - set(gone)


async def test_what_others_delete_at_the_end_ends_it(account):
    emulator, client = account
    pages_of(emulator, 10)
    found = []
    async for item in every_registration(client):
        found.append(item.sip_registration_id)
        if len(found) == 20:
            for number in range(5, 41):
                await client.sip_registrations.delete(sip_registration_id=number)
    assert max(found) <= 28, "the page at hand, and none after it"


@pytest.mark.parametrize("rows", [-3, -1, 1, 3])
async def test_pages_that_shift_forever_end_nevertheless(account, rows):
    emulator, client = account
    shift = Fault(kind="shift", rows=rows, command=LIST)
    emulator.faults = Faults([Fault(kind="page_cap", rows=10, command=LIST), shift])
    assert await ids(client)
    assert received(emulator, LIST) < 20
