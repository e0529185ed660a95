"""Rows for many accounts in one job: nothing of one account is taken for anything of another."""

import asyncio
import logging

import pytest

import voxsip
from tests.support.emulators import received
from voxsip import RateLimit
from voxsip.bulk import BindRequest, Stop
from voxsip.emulator import Fault, Faults

PROXY = "sip.example.com"


@pytest.fixture
async def family(start):
    """A main account and two children; the first child's ids are those of the main account."""
    emulator, client = await start(applications=2, users=4, registrations=8)
    mine = {"applications": 2, "users": 4, "registrations": 8}
    twin = emulator.add_child(own_ids=True, **mine)
    other = emulator.add_child(**mine)
    return emulator, client, twin, other


def bound(registration, user, account=None):
    row = {
        "sip_registration_id": registration,
        "application_id": (user - 1) % 2 + 1,
        "user_id": user,
    }
    return row if account is None else {**row, "account_id": account}


def users(emulator, account):
    found = emulator.state_of(account).registrations
    return {row["sip_registration_id"]: row["user_id"] for row in found if row["user_id"]}


def bought(name, account=None, **more):
    row = {"sip_username": name, "proxy": PROXY, **more}
    return row if account is None else {**row, "account_id": account}


async def test_equal_ids_of_two_accounts_are_two_things(family):
    emulator, client, twin, _ = family
    rows = [bound(1, 1), bound(1, 2, twin), bound(2, 1, twin), bound(2, 2), bound(3, 2, twin)]
    outcomes = [outcome async for outcome in client.bulk.bind(rows)]
    assert {outcome.status for outcome in outcomes} == {"done"}
    assert users(emulator, 1) == {1: 1, 2: 2}
    assert users(emulator, twin) == {2: 1, 3: 2}, (
        "the user of registration 1 went to 3, in its own account alone"
    )


async def test_rows_of_one_account_keep_their_order_and_those_of_others_do_not_wait(family):
    emulator, client, twin, _ = family
    emulator.faults = Faults(
        [Fault(kind="delay", seconds=0.2, command="BindSipRegistration", first=1)]
    )
    rows = [bound(1, 1), bound(1, 1, twin), bound(2, 1), bound(2, 1, twin)]
    order = [outcome.index async for outcome in client.bulk.bind(rows)]
    assert order.index(0) < order.index(2)
    assert order.index(1) < order.index(3)
    assert order.index(3) < order.index(0)
    assert (users(emulator, 1), users(emulator, twin)) == ({2: 1}, {2: 1})


async def test_the_own_account_may_be_named_or_left_out(family):
    emulator, client, *_ = family
    emulator.faults = Faults(
        [Fault(kind="delay", seconds=0.1, command="BindSipRegistration", first=1)]
    )
    order = [o.index async for o in client.bulk.bind([bound(1, 1), bound(2, 1, 1), bound(3, 1)])]
    assert order == [0, 1, 2]
    assert users(emulator, 1) == {3: 1}


async def test_names_are_those_of_the_account(family):
    emulator, client, _, other = family
    named = {"application_name": "app-1", "rule_name": "rule-1", "user_name": "user-1"}
    first = emulator.state_of(other).registrations[0]["sip_registration_id"]
    rows = [
        {"sip_registration_id": 1, **named},
        {"sip_registration_id": first, "account_id": other, **named},
    ]
    report = await client.bulk.bind(rows, verify=True, skip_unchanged=True)
    assert (report.done, report.mismatches) == (2, 0)
    there = emulator.state_of(other).registrations[0]
    assert there["user_id"] not in {None, 1}
    again = await client.bulk.bind(rows, skip_unchanged=True)
    assert again.unchanged == 2


async def test_users_named_in_both_ways_are_told_apart_by_account(family):
    emulator, client, twin, _ = family
    rows = [
        bound(1, 1),
        {
            "sip_registration_id": 1,
            "application_name": "app-1",
            "user_name": "user-1",
            "account_id": twin,
        },
        bound(2, 1, twin),
        {"sip_registration_id": 2, "application_name": "app-1", "user_name": "user-1"},
    ]
    assert (await client.bulk.bind(rows)).done == 4
    assert (users(emulator, 1), users(emulator, twin)) == ({2: 1}, {2: 1})


async def test_what_is_unchanged_or_differs_is_seen_by_account(family):
    emulator, client, twin, other = family
    rows = [bound(n, n, account) for n in (1, 2, 3) for account in (None, twin)]
    assert (await client.bulk.bind(rows)).done == 6
    child = voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url, account_id=twin)
    async with child:
        await child.sip_registrations.bind(
            sip_registration_id=2, application_id=2, user_id=2, bind=False
        )
    before = received(emulator)
    outcomes = [o async for o in client.bulk.bind(rows, skip_unchanged=True)]
    assert {o.index: o.status for o in outcomes} == {
        n: "done" if n == 3 else "unchanged" for n in range(6)
    }
    assert received(emulator) == before + 1
    emulator.faults = Faults([Fault(kind="lose_reply", command="BindSipRegistration", first=1)])
    report = await client.bulk.bind([*rows, bound(5, 4, other)], verify=True)
    assert (report.failed, report.mismatches) == (1, 0)


async def test_a_mismatch_names_its_account(family):
    emulator, client, twin, _ = family

    async def rows():
        yield bound(1, 1, twin)
        yield bound(1, 1)
        while not users(emulator, twin):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        child = voxsip.AsyncClient(
            emulator.credentials, base_url=emulator.base_url, account_id=twin
        )
        async with child:
            await child.sip_registrations.bind(sip_registration_id=1, application_id=2, user_id=2)

    report = await client.bulk.bind(rows(), verify=True)
    assert [(found.account_id, found.sip_registration_id) for found in report.mismatched] == [
        (twin, 1)
    ]
    assert report.to_dict()["mismatched"][0]["account_id"] == twin


async def test_purchases_are_of_their_account(family):
    emulator, client, twin, other = family
    rows = [bought("alice"), bought("alice", twin), bought("alice", other), bought("bob", twin)]
    outcomes = [o async for o in client.bulk.create(rows)]
    assert [o.status for o in outcomes] == ["done"] * 4
    assert [emulator.state_of(n).account["balance"] for n in (1, twin, other)] == [999, 998, 999]
    again = await client.bulk.create([*rows, bought("bob")], skip_unchanged=True)
    assert (again.unchanged, again.done) == (4, 1), "bob is there in another account only"
    gone = {"sip_registration_id": 10, "account_id": twin}
    report = await client.bulk.delete(
        [gone, {"sip_registration_id": 1}, {**gone, "sip_registration_id": 77}], skip_unchanged=True
    )
    assert (report.done, report.unchanged) == (2, 1)
    assert len(emulator.state_of(twin).registrations) == 9


async def test_a_lost_reply_is_looked_for_in_its_account(family):
    emulator, client, twin, _ = family
    emulator.faults = Faults([Fault(kind="lose_reply", command="CreateSipRegistration", first=4)])
    rows = [bought(name, account) for name in ("a", "b") for account in (None, twin)]
    outcomes = [o async for o in client.bulk.create(rows)]
    assert [o.status for o in outcomes] == ["done"] * 4
    assert emulator.state.counters["CreateSipRegistration"]["executed"] == 4
    for account in (1, twin):
        names = {row["sip_username"] for row in emulator.state_of(account).registrations}
        assert {"a", "b"} <= names


async def test_the_money_of_one_account_is_not_that_of_another(start, caplog):
    emulator, client = await start(registrations=0, balance=10, price=1)
    poor = emulator.add_child(balance=1)
    rich = emulator.add_child(balance=5)
    rows = [bought(f"u{n}", account) for n in range(4) for account in (None, poor, rich)]
    with caplog.at_level(logging.WARNING, "voxsip"):
        job = client.bulk.create(rows)
        outcomes = [o async for o in job]
    by_account = {
        account: sorted(o.status for o in outcomes if o.row.account_id == account)
        for account in (None, poor, rich)
    }
    assert by_account == {None: ["done"] * 4, poor: ["skipped"] * 4, rich: ["done"] * 4}
    assert job.report.stopped == Stop.FUNDS
    assert f"account {poor}: stopping: insufficient funds" in caplog.text
    assert not emulator.state_of(poor).registrations


async def test_an_account_that_runs_out_of_money_ends_alone(start):
    emulator, client = await start(balance=50)
    poor = emulator.add_child(balance=3)
    rows = (bought(f"u{n}", account) for n in range(20) for account in (poor, None))
    job = client.bulk.create(rows, concurrency=4)
    outcomes = [o async for o in job]
    assert sum(o.status == "done" for o in outcomes if o.row.account_id == poor) == 3
    assert all(o.status == "done" for o in outcomes if o.row.account_id is None)
    assert (job.report.stopped, job.report.rows) == (Stop.FUNDS, 40)


@pytest.mark.parametrize("skip_unchanged", [False, True])
@pytest.mark.parametrize("kind", ["bind", "create", "delete"])
async def test_an_account_that_the_key_may_not_use_fails_its_own_rows(family, kind, skip_unchanged):
    _, client, twin, _ = family
    make = {
        "bind": lambda n, account: bound(n, n, account),
        "create": lambda n, account: bought(f"u{n}", account),
        "delete": lambda n, account: {"sip_registration_id": n, "account_id": account},
    }[kind]
    rows = [make(n, account) for n in (1, 2, 3) for account in (987, None, twin)]
    if kind == "bind":  # of an account that is not known to be empty
        rows.append({"user_id": 1, "bind": False, "account_id": 987})
    job = getattr(client.bulk, kind)(rows, skip_unchanged=skip_unchanged)
    outcomes = [o async for o in job]
    refused = [o for o in outcomes if o.row.account_id == 987]
    assert [(o.status, o.error.code) for o in refused] == [("failed", 100)] * len(refused)
    assert {o.status for o in outcomes if o.row.account_id != 987} == {"done"}
    assert (job.report.stopped, job.report.failed) == (None, len(refused))


async def test_a_key_that_is_refused_stops_the_job(family):
    emulator, client, twin, _ = family
    emulator.faults = Faults([Fault(kind="error", code=100)])
    report = await client.bulk.bind(
        (bound(n, n % 4 + 1, twin) for n in range(1, 200)), concurrency=1
    )
    assert (report.stopped, report.failed) == (Stop.AUTHORIZATION, 1)
    assert report.skipped == 198


async def test_many_rows_of_a_refused_account_cost_few_calls(family):
    emulator, client, *_ = family
    rows = (bound(n, 1, 987) for n in range(1, 500))
    report = await client.bulk.bind(rows, concurrency=4)
    assert (report.failed, report.stopped) == (499, None)
    assert received(emulator) <= 40


async def test_each_account_has_a_rate_of_its_own(start):
    emulator, client = await start(registrations=200, applications=1, users=1)
    emulator.rate_limit = 2000
    slow = emulator.add_child(own_ids=True, registrations=200, applications=1, rate_limit=60)
    rows = [
        {"sip_registration_id": n, "application_id": 1, "account_id": account}
        for n in range(1, 121)
        for account in (slow, 1)
    ]
    job = client.bulk.bind(rows, concurrency=32)
    outcomes = [o async for o in job]
    assert {o.status for o in outcomes} == {"done"}
    assert (emulator.state.refused, job.rate) == (0, None), "the own account never met a limit"
    assert emulator.state_of(slow).refused > 0


async def test_a_given_rate_holds_for_each_account(start):
    emulator, client = await start(applications=1, registrations=30)
    child = emulator.add_child(own_ids=True, applications=1, registrations=30)
    rows = [
        {"sip_registration_id": n, "application_id": 1, "account_id": account}
        for n in range(1, 31)
        for account in (1, child)
    ]
    together = await client.bulk.bind(rows, rate_limit=RateLimit(60))
    alone = await client.bulk.bind(rows[::2], rate_limit=RateLimit(60))
    assert together.seconds < 1.7 * alone.seconds, (
        "60 rows in two accounts take as long as 30 in one"
    )


async def test_a_ready_token_cannot_act_for_others(family):
    emulator, client, twin, _ = family
    async with voxsip.AsyncClient(token=client.bearer(), base_url=emulator.base_url) as other:
        with pytest.raises(voxsip.ConfigurationError, match=f"cannot act for account {twin}"):
            await other.bulk.bind([bound(1, 1, twin)])
        assert (await other.bulk.bind([bound(1, 1, 1)])).done == 1
    assert received(emulator) == 1


@pytest.mark.parametrize("wrong", ["x", "0", "-3", "1.5", "٣"])
async def test_an_account_id_that_is_no_number_is_the_rows_mistake(family, wrong):
    _, client, *_ = family
    outcomes = [
        o async for o in client.bulk.bind([{**bound(1, 1), "account_id": wrong}, bound(2, 2)])
    ]
    assert sorted(o.status for o in outcomes) == ["done", "failed"]
    failed = next(o for o in outcomes if o.status == "failed")
    assert failed.error.field == "account_id"


async def test_row_classes_and_mappings_say_the_same(family):
    emulator, client, twin, _ = family
    rows = [
        BindRequest(sip_registration_id=1, application_id=1, account_id=twin),
        bound(2, 1, str(twin)),
    ]
    assert (await client.bulk.bind(rows)).done == 2
    assert emulator.state_of(twin).counters["BindSipRegistration"]["executed"] == 2
    assert "of account" in rows[0].label


def test_blocking_clients_too(tmp_path):
    from voxsip.emulator import Emulator

    with Emulator(registrations=2, applications=1, children=1) as emulator:
        rows = [
            {"sip_registration_id": n, "application_id": (n + 1) // 2, "account_id": (n + 1) // 2}
            for n in (1, 3)
        ]
        with voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client:
            report = client.bulk.bind(rows, journal=tmp_path / "j").wait()
        assert report.done == 2
        assert emulator.state_of(2).registrations[0]["application_id"] == 2
