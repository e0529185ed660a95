"""The plan of a job: what is wrong with its file is said at once, and rows that conflict are in one part."""

import pytest

import voxsip
from tests.support.emulators import received
from voxsip import InvalidArgumentError
from voxsip.cluster._plan import make_plan
from voxsip.emulator import Emulator, Fault, Faults

pytestmark = pytest.mark.once


async def parts_of(client, path, kind="bind", partitions=100):
    """The places of the rows of each part."""
    plan = await make_plan(client, kind, path, partitions=partitions)
    return {tuple(part.places) for part in plan.parts}


async def test_rows_that_share_a_registration_or_a_user_are_in_one_part(account, write):
    _, client = account
    rows = [
        {"sip_registration_id": 1, "application_id": 1, "user_id": 1},
        {"sip_registration_id": 2, "application_id": 2, "user_id": 2},
        {"sip_registration_id": 3, "application_id": 1, "user_id": 1},
        {"sip_registration_id": 3, "application_id": 1},
        {"sip_registration_id": 4},
    ]
    assert await parts_of(client, write(rows)) == {(0, 2, 3), (1,), (4,)}


async def test_a_user_named_in_two_ways_is_one(account, write):
    emulator, client = account
    rows = [
        {"sip_registration_id": 1, "application_id": 1, "user_id": 1},
        {"sip_registration_id": 2, "application_id": 2, "user_id": 2},
        {"sip_registration_id": 3, "application_name": "app-1", "user_name": "user-1"},
        {"sip_registration_id": 4, "application_id": 2, "user_name": "USER-2"},
    ]
    assert await parts_of(client, write(rows)) == {(0, 2), (1, 3)}
    assert received(emulator, "BindSipRegistration") == 0


async def test_a_name_in_two_applications_is_two_users(account, write):
    _, client = account
    for application in (1, 2):
        await client.users.add(
            user_name="desk",
            user_display_name="d",
            user_password="Secret-1",
            application_id=application,
        )
    rows = [
        {"sip_registration_id": n, "application_id": n, "user_name": "desk"} for n in (1, 2)
    ] * 2
    assert await parts_of(client, write(rows)) == {(0, 2), (1, 3)}


async def test_users_that_may_not_be_listed_keep_rows_together(account, write):
    emulator, client = account
    emulator.faults = Faults([Fault(kind="error", command="GetUsers", code=385)])
    rows = [
        {"sip_registration_id": 1, "application_id": 1, "user_id": 1},
        {"sip_registration_id": 2, "application_id": 2, "user_name": "user-2"},
        {"sip_registration_id": 3, "application_id": 3},
    ]
    plan = await make_plan(client, "bind", write(rows), partitions=3)
    assert [list(part.places) for part in plan.parts] == [[0, 1, 2]]
    assert plan.in_one == {None: "users are named by id and by name, and cannot be looked up"}
    # Named in one way, their names tell them apart well enough.
    rows[0] = {"sip_registration_id": 1, "application_id": 1, "user_name": "user-1"}
    assert await parts_of(client, write(rows)) == {(0,), (1,), (2,)}


async def test_a_row_that_overlaps_nothing_keeps_all_together(account, write):
    _, client = account
    rows = [
        {"sip_registration_id": 1, "application_id": 1},
        {"user_id": 5, "application_id": 2, "rule_id": 2, "bind": "false"},
        {"sip_registration_id": 2, "application_id": 1},
    ]
    assert await parts_of(client, write(rows)) == {(0, 1, 2)}


async def test_equal_names_to_buy_are_in_one_part(account, write):
    _, client = account
    rows = [{"sip_username": name, "proxy": "sip.example.com"} for name in ("a", "b", "A", "c")]
    assert await parts_of(client, write(rows), "create") == {(0, 2), (1,), (3,)}
    rows = [{"sip_registration_id": number} for number in (5, 6, 5)]
    assert await parts_of(client, write(rows), "delete") == {(0, 2), (1,)}


async def test_all_that_is_wrong_with_a_file_is_said(account, store, write):
    emulator, client = account
    path = write(
        [{"sip_registration_id": "x"}, {"sip_registration_id": 2}, {"sip_registration_id": -3}]
    )
    with pytest.raises(InvalidArgumentError) as caught:
        await client.cluster.delete(path, store=store)
    assert str(caught.value).splitlines() == [
        f"{path}:2: column sip_registration_id: 'x' is not a whole number. Write the id in digits, as in 12345.",
        f"{path}:4: column sip_registration_id: '-3' is not a whole number. Write the id in digits, as in 12345.",
        "2 mistakes; nothing was sent",
    ]
    assert sum(counts["received"] for counts in emulator.state.counters.values()) == 0


async def test_conflicts_are_refused_if_asked(account, store, write):
    _, client = account
    path = write([{"sip_registration_id": 5}] * 2)
    with pytest.raises(InvalidArgumentError, match="names registration 5, as row 2 does"):
        await client.cluster.delete(path, store=store, on_conflict="error")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(
            {"partitions": 0}, "partitions: expected a whole number from 1, or 'auto'", id="0"
        ),
        pytest.param({"partitions": "all"}, "partitions: expected a whole number", id="text"),
        pytest.param(
            {"concurrency": 0}, "concurrency: expected a whole number from 1", id="bulk's"
        ),
        pytest.param({"name": "a b"}, "job: expected a name of letters", id="name"),
        pytest.param({"on_conflict": "x"}, "on_conflict: expected 'error' or 'order'", id="order"),
        pytest.param({"map": {"id": 5}}, "map: expected a mapping of texts to texts", id="map"),
        pytest.param({"set": {"rule": "1"}}, "set: rule=…: there is no column rule", id="set"),
        pytest.param(
            {"rate_limit": voxsip.Limiter(voxsip.RateLimit(5))},
            "rate_limit: expected a RateLimit",
            id="limiter",
        ),
    ],
)
async def test_wrong_options_are_named(account, store, write, options, said):
    _, client = account
    with pytest.raises(InvalidArgumentError, match=said):
        await client.cluster.bind(write([{"sip_registration_id": 5}]), store=store, **options)


async def test_an_option_of_another_job_is_no_option(account, store, write):
    _, client = account
    with pytest.raises(TypeError, match=r"delete\(\) got an unexpected keyword argument 'verify'"):
        await client.cluster.delete(write([{"sip_registration_id": 5}]), store=store, verify=True)


async def test_standard_input_is_nowhere_else(account, store):
    _, client = account
    with pytest.raises(InvalidArgumentError, match="path: rows of standard input"):
        await client.cluster.bind("-", store=store)


async def test_a_store_that_cannot_be_used_is_named_without_its_secrets(account, write):
    _, client = account
    path = write([{"sip_registration_id": 5}])
    with pytest.raises(voxsip.TransportError, match="no PostgreSQL server answers there") as caught:
        await client.cluster.bind(path, store="postgresql://me:secret-word@127.0.0.1:1/db")
    assert "secret-word" not in str(caught.value)
    with pytest.raises(voxsip.ConfigurationError, match="not a PostgreSQL address"):
        await client.cluster.bind(path, store="redis://secret-word")


async def test_a_ready_token_is_refused(store, write):
    async with (
        Emulator() as emulator,
        voxsip.AsyncClient(token="t", base_url=emulator.base_url) as client,
    ):
        with pytest.raises(voxsip.ConfigurationError, match="ready token"):
            await client.cluster.bind(write([{"sip_registration_id": 5}]), store=store)
