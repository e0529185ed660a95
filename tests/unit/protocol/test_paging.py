"""Lists over pages: never ended by a short page, never read forever."""

import pytest

import voxsip
from tests.support.answers import Answer
from tests.support.harness import counts
from voxsip._config import RetryPolicy
from voxsip._protocol.paging import AsyncPager, Page
from voxsip.emulator import Fault, Faults

LIST = "GetSipRegistrations"
CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])


async def drain(side, make=lambda client: client.sip_registrations.list()):
    """Return the ids of all items, read the way the client offers."""

    def read(client):
        pager = make(client)
        if isinstance(client, voxsip.AsyncClient):
            return collect(pager)
        return [item.sip_registration_id for item in pager]

    async def collect(pager):
        return [item.sip_registration_id async for item in pager]

    return await side(read)


def rows(*numbers):
    return [{"sip_registration_id": n, "sip_username": "a", "proxy": "p"} for n in numbers]


def asked(server):
    return [int(request.rel_url.query["offset"]) for request in server.requests]


@CLIENTS
async def test_short_pages_do_not_end_a_list(serve, connect, cls):
    emulator = await serve(registrations=10, page_cap=3)
    assert await drain(connect(emulator, cls=cls)) == list(range(1, 11))
    assert counts(emulator, LIST) == (5, 5)  # the empty one says that it is over


@CLIENTS
async def test_total_count_saves_the_empty_page(answer, connect, cls):
    pages = [
        Answer(
            {
                "result": [{"user_id": 1, "user_name": "a"}, {"user_id": 2, "user_name": "b"}],
                "total_count": 3,
                "count": 2,
            }
        ),
        Answer({"result": [{"user_id": 3, "user_name": "c"}], "total_count": 3, "count": 1}),
    ]
    server = await answer(*pages)
    side = connect(base_url=server.base_url, cls=cls)

    def read(client):
        pager = client.users.list(application_id=1)
        if isinstance(client, voxsip.Client):
            return [user.user_id for user in pager]
        return collect(pager)

    async def collect(pager):
        return [user.user_id async for user in pager]

    assert await side(read) == [1, 2, 3]
    assert asked(server) == [0, 2]


@pytest.mark.parametrize("total", [None, "3", 3.0, True, [], -1, 0])
async def test_total_that_is_none_is_not_believed(answer, connect, total):
    server = await answer(
        Answer({"result": [{"user_id": 1, "user_name": "a"}], "total_count": total}),
        Answer({"result": []}),
    )
    side = connect(base_url=server.base_url)
    items = [user async for user in side.client.users.list(application_id=1)]
    assert [user.user_id for user in items] == [1]


@CLIENTS
async def test_empty_list(serve, connect, cls):
    emulator = await serve()
    assert await drain(connect(emulator, cls=cls)) == []
    assert counts(emulator, LIST) == (1, 1)


@CLIENTS
async def test_count_and_offset(serve, connect, cls):
    emulator = await serve(registrations=10)
    side = connect(emulator, cls=cls)
    got = await drain(side, lambda client: client.sip_registrations.list(count=4, offset=5))
    assert got == [6, 7, 8, 9, 10]
    assert counts(emulator, LIST) == (3, 3)


async def test_first_page_is_what_awaiting_gives(serve, connect):
    client = connect(await serve(registrations=5, page_cap=2)).client
    page = await client.sip_registrations.list(offset=1)
    assert isinstance(page, Page)
    assert [item.sip_registration_id for item in page] == [2, 3]
    assert (page.offset, len(page), page.next_offset) == (1, 2, 3)
    assert page[0] is page.items[0]
    assert page[-1:] == [page.items[1]]
    assert page.items[0] in page


async def test_sync_first_page(serve, connect):
    side = connect(await serve(registrations=5), cls=voxsip.Client)
    page = await side(lambda client: client.sip_registrations.list(count=2).first_page())
    assert len(page) == 2


async def test_pages_are_fetched_as_they_are_needed(serve, connect):
    emulator = await serve(registrations=10, page_cap=2)
    pager = connect(emulator).client.sip_registrations.list()
    assert counts(emulator, LIST) == (0, 0)
    items = aiter(pager)
    for _ in range(3):
        await anext(items)
    assert counts(emulator, LIST) == (2, 2)
    await items.aclose()
    sizes = [len(page) async for page in pager.pages()]
    assert sizes == [2] * 5


async def test_each_iteration_reads_again(serve, connect):
    side = connect(await serve(registrations=2))
    pager = side.client.sip_registrations.list()
    assert len([item async for item in pager]) == 2
    await side(lambda c: c.sip_registrations.delete(sip_registration_id=1))
    assert len([item async for item in pager]) == 1
    assert len(await pager) == 1


async def test_failed_page_is_tried_again(serve, connect):
    faults = Faults([Fault(kind="http", status=503, times=[2, 4])])
    emulator = await serve(registrations=7, page_cap=3, faults=faults)
    assert await drain(connect(emulator)) == list(range(1, 8))


@CLIENTS
async def test_server_that_does_not_turn_the_page(answer, connect, cls):
    server = await answer(Answer({"result": rows(1, 2)}))
    side = connect(base_url=server.base_url, cls=cls, policy=RetryPolicy(attempts=2))
    with pytest.raises(voxsip.UnexpectedReplyError):
        await drain(side)
    assert len(server.requests) <= 4


@CLIENTS
@pytest.mark.parametrize(
    "result", [1, None, "x", {}, [1], [[]], [{"sip_registration_id": "x"}], [{}]]
)
async def test_page_of_another_shape(answer, connect, cls, result):
    server = await answer(Answer({"result": result}))
    side = connect(base_url=server.base_url, cls=cls, policy=RetryPolicy(attempts=1))
    with pytest.raises(voxsip.UnexpectedReplyError) as caught:
        await drain(side)
    assert caught.value.http_status == 200


async def test_total_that_is_never_reached_ends_with_the_empty_page():
    async def fetch(offset):
        return Page(items=[offset] if offset < 3 else [], offset=offset, total_count=99)

    assert [item async for item in AsyncPager(fetch)] == [0, 1, 2]


async def test_deadline_is_per_page(serve, connect):
    emulator = await serve(registrations=6, page_cap=2)
    pager = connect(emulator).client.sip_registrations.list(deadline=60)
    assert len([item async for item in pager]) == 6


async def test_page_at(serve, connect):
    pager = connect(await serve(registrations=6)).client.sip_registrations.list(count=2)
    assert [item.sip_registration_id for item in await pager.page_at(3)] == [4, 5]
