"""Names into ids: exactly, once, and for many at a time."""

import asyncio
import copy
import pickle
import re

import pytest

import voxsip
from tests.support.answers import Answer
from tests.support.emulators import received
from voxsip._bindings.name_table import NameTable
from voxsip._bindings.names import AccountNames
from voxsip.emulator import Emulator


@pytest.fixture
async def emulator(serve):
    """Serve users of whose names one is a part of another, in three applications."""
    return await serve(applications=3, users=600)


async def test_names_become_ids(client):
    assert await client.resolve.application("app-2") == 2
    assert await client.resolve.user("user-1", application=1) == 1
    assert await client.resolve.user("user-10", application="app-1") == 10
    assert await client.resolve.rule("rule-1", application=3) == 3


async def test_the_blocking_client_has_the_same_names(connect, emulator):
    client = connect(emulator, cls=voxsip.Client).client

    def ask():
        assert client.resolve.application("app-2") == 2
        assert client.resolve.user("user-1", application="app-1") == 1
        assert client.resolve.rule("rule-1", application=3) == 3
        assert client.resolve.applications(["app-1", "app-3"]) == {"app-1": 1, "app-3": 3}
        assert client.resolve.users(iter(["user-2"]), application=2) == {"user-2": 2}
        assert client.resolve.rules(["rule-1"], application=2) == {"rule-1": 2}
        client.resolve.forget()
        with pytest.raises(voxsip.NameLookupError):
            client.resolve.application("app")

    await asyncio.to_thread(ask)


@pytest.mark.parametrize("name", ["user-", "User-1", "user-1 ", "user-3000", "user-2"])
async def test_a_part_another_spelling_or_another_application_is_not_it(client, name):
    with pytest.raises(voxsip.NameLookupError) as caught:
        await client.resolve.user(name, application=1)
    assert str(caught.value) == (
        f"user: there is no user {name!r} in application 1; check the spelling: names are compared exactly"
    )
    assert (caught.value.field, caught.value.found) == ("user_name", ())
    assert isinstance(caught.value, voxsip.InvalidArgumentError)


async def test_a_name_costs_a_request_once(client, emulator):
    for _ in range(3):
        await client.resolve.user("user-4", application="app-1")
    assert (received(emulator, "GetApplications"), received(emulator, "GetUsers")) == (1, 1)
    await client.resolve.user("user-5", application=2)
    assert received(emulator, "GetUsers") == 2


async def test_what_was_made_later_is_found_and_what_was_made_again_after_forgetting(client):
    users = client.users
    with pytest.raises(voxsip.NameLookupError):
        await client.resolve.user("later", application=1)
    new = {"user_name": "later", "user_display_name": "L", "user_password": "Secret-1-secret"}
    made = await users.add(application_id=1, **new)
    assert await client.resolve.user("later", application=1) == made.user_id
    await users.delete(user_id=[made.user_id])
    again = await users.add(application_id=1, **new)
    assert await client.resolve.user("later", application=1) == made.user_id
    client.resolve.forget()
    assert await client.resolve.user("later", application=1) == again.user_id != made.user_id


async def test_many_names_are_read_in_pages(serve, connect):
    emulator = await serve(applications=1, users=2500)
    client = connect(emulator).client
    names = [f"user-{number}" for number in range(2500, 0, -1)]
    found = await client.resolve.users([*names, *names], application=1)
    assert found == {name: int(name[5:]) for name in names}
    assert received(emulator, "GetUsers") == 3, "a thousand to a page"
    assert await client.resolve.users(names, application=1) == found
    assert received(emulator, "GetUsers") == 3


async def test_callers_at_the_same_time_share_the_requests(client, emulator):
    names = [f"user-{number}" for number in range(2, 602, 3)]
    found = await asyncio.gather(*(client.resolve.user(name, application=2) for name in names))
    assert found == [int(name[5:]) for name in names]
    assert received(emulator, "GetUsers") <= 3


async def test_one_who_gives_up_keeps_nobody_waiting(client):
    first = asyncio.ensure_future(client.resolve.user("user-1", application=1))
    second = asyncio.ensure_future(client.resolve.user("user-4", application=1))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 4
    assert await client.resolve.user("user-1", application=1) == 1


async def test_missing_ones_are_named_together(client):
    names = ["user-1", *(f"none-{number}" for number in range(8))]
    with pytest.raises(voxsip.NameLookupError) as caught:
        await client.resolve.users(names, application=1)
    assert "'none-0', 'none-1', 'none-2', 'none-3', 'none-4' and 3 others in application 1" in str(
        caught.value
    )


async def test_two_of_one_name_are_refused(answer, connect):
    pages = {
        "result": [
            {"user_id": number, "user_name": name}
            for number, name in ((1, "ann"), (2, "anna"), (3, "ann"), (3, "ann"))
        ],
        "total_count": 4,
        "count": 4,
    }
    server = await answer(Answer(pages))
    client = connect(token="t", base_url=server.base_url).client
    assert await client.resolve.user("anna", application=1) == 2
    with pytest.raises(voxsip.NameLookupError) as caught:
        await client.resolve.user("ann", application=1)
    for error in (caught.value, copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):  # noqa: S301 - our own
        assert (
            str(error) == "user: user 'ann' stands for 2 users in application 1: 1, 3; use user_id"
        )
        assert error.found == (1, 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "", "application": 1}, "user_name: expected text that is not empty, got ''"),
        ({"name": 5, "application": 1}, "user_name: expected text that is not empty, got 5"),
        ({"name": "a", "application": True}, "application: expected an id"),
        ({"name": "a", "application": 0}, "application: expected an id"),
        ({"name": "a", "application": None}, "application: expected an id"),
    ],
)
async def test_wrong_arguments_are_refused_before_anything_is_sent(client, emulator, given, said):
    with pytest.raises(voxsip.InvalidArgumentError, match=said):
        await client.resolve.user(**given)
    assert received(emulator, "GetUsers") == received(emulator, "GetApplications") == 0


@pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("app-1", r"got one text; use resolve\.application\(name\)"),
        (None, r"got NoneType; use resolve\.application\(name\)"),
        (5, r"got int; use resolve\.application\(name\)"),
        (["app-1", ["app-2"]], "expected text that is not empty, got \\['app-2'\\]"),
    ],
)
async def test_what_is_no_list_of_names_is_refused(connect, emulator, cls, names, said):
    error = await connect(emulator, cls=cls).fails(
        voxsip.InvalidArgumentError, lambda client: client.resolve.applications(names)
    )
    assert re.search(said, str(error))
    assert received(emulator, "GetApplications") == 0


async def test_an_application_that_is_not_there_is_the_services_to_refuse(client):
    with pytest.raises(voxsip.NotFoundError):
        await client.resolve.user("user-1", application=99)


def test_a_client_serves_several_loops():
    async def ask(client, numbers):
        users = (client.resolve.user(f"user-{number}", application=1) for number in numbers)
        found = await asyncio.gather(*users)
        await client.close()
        return found

    with Emulator(applications=1, users=20) as emulator:
        client = voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url)
        assert asyncio.run(ask(client, range(1, 9))) == [*range(1, 9)]
        assert asyncio.run(ask(client, range(5, 15))) == [*range(5, 15)]


def test_a_view_has_the_options_of_its_own():
    client = voxsip.AsyncClient(token="t")
    assert client.resolve is client.resolve
    assert client.with_options(deadline=1).resolve is not client.resolve


def test_another_listing_replaces_what_a_name_stood_for():
    table = NameTable([("ann", 1), (None, 5)])
    table.learn([("ann", 2)])
    assert (table.ids("ann"), table.has(5), table.candidates("ANN")) == ((2,), True, (1, 2))
    assert list(table) == [("ann", 2)]


def test_a_row_whose_name_stands_for_two_is_not_guessed():
    names = AccountNames(voxsip.AsyncClient(token="t"))
    names._applications = NameTable([("app", 1), ("app", 2)])
    row = voxsip.BindRequest(sip_registration_id=1, application_name="app")
    assert names.knows(row)
    with pytest.raises(voxsip.NameLookupError, match="'app' stands for 2 applications in this"):
        names.resolve(row)
