"""Jobs for many accounts: a part is of one account, and each account has its own rate, money and names."""

import pytest

import voxsip
from tests.support.emulators import QUICK, received
from tests.unit.cluster.conftest import run_all
from voxsip.cluster import run_part
from voxsip.emulator import Emulator, Fault, Faults

pytestmark = pytest.mark.once


@pytest.fixture
async def family():
    """A main account, a child whose ids are those of the main account, and another; and a client."""
    mine = {"applications": 2, "users": 4, "registrations": 8}
    async with (
        Emulator(**mine, balance=100, price=1) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url, retry=QUICK) as client,
    ):
        twin = emulator.add_child(own_ids=True, **mine)
        yield emulator, client, twin, emulator.add_child(balance=3)


def users(emulator, account):
    found = emulator.state_of(account).registrations
    return {row["sip_registration_id"]: row["user_id"] for row in found if row["user_id"]}


async def test_equal_ids_of_two_accounts_are_two_things(family, store, write):
    emulator, client, twin, _ = family
    rows = [
        {"sip_registration_id": n, "application_id": 1, "user_id": user, "account_id": account}
        for n, user, account in [(1, 1, ""), (1, 3, twin), (2, 1, twin), (2, 3, 1), (3, 3, "")]
    ]
    path = write(rows)
    async with await client.cluster.bind(path, store=store, partitions=9, verify=True) as job:
        assert await job.accounts() == {None: 3, twin: 2}
        assert job.parts == 4
        await run_all(job, store, client)
        report = await job.report()
    assert users(emulator, 1) == {1: 1, 3: 3}, "row 5 took the user of row 4: the same account"
    assert users(emulator, twin) == {1: 3, 2: 1}
    assert (report.done, report.mismatches) == (5, 0)


async def test_an_account_without_money_stops_alone(family, store, write):
    emulator, client, twin, poor = family
    rows = [
        {"sip_username": f"u{n}", "proxy": "sip.example.com", "account_id": account}
        for account in (twin, poor, "")
        for n in range(6)
    ]
    path = write(rows)
    async with await client.cluster.create(
        path, store=store, partitions=6, check_funds=False
    ) as job:
        summaries = await run_all(job, store, client)
        report = await job.report()
    assert [(one.done, one.stopped) for one in summaries] == [
        (3, None),
        (3, None),
        (3, None),
        (0, "insufficient funds"),
        (3, None),
        (3, None),
    ]
    assert (report.done, report.stopped) == (15, "insufficient funds")
    assert len(emulator.state_of(poor).registrations) == 3


async def test_a_key_that_may_not_act_for_an_account_fails_its_rows(family, store, write):
    _, client, twin, _ = family
    rows = [{"sip_registration_id": n, "account_id": a} for a in (twin, 999) for n in (1, 2)]
    async with await client.cluster.delete(write(rows), store=store) as job:
        await run_all(job, store, client)
        report = await job.report()
    assert (report.done, report.failed, report.stopped) == (2, 2, None)


async def test_accounts_have_a_rate_each(family, store, write):
    emulator, client, twin, _ = family
    throttled = Fault(kind="error", command="DeleteSipRegistration", code=340, times=(1,))
    rows = [{"sip_registration_id": n, "account_id": a} for a in (twin, "") for n in (1, 2)]
    path = write(rows)
    options = {"partitions": 2, "rate_limit": voxsip.RateLimit(500)}
    async with await client.cluster.delete(path, store=store, **options) as job:
        emulator.faults = Faults([throttled])
        await run_part(store, job.job_id, 0, client=client)
        await run_part(store, job.job_id, 1, client=client)
        assert (await job.report()).done == 4
    rates = []
    for number in (twin, None):
        async with voxsip.AsyncClient(
            emulator.credentials,
            base_url=emulator.base_url,
            account_id=number,
            rate_limit=voxsip.SharedRate(store),
        ) as own:
            rates.append(await own.limiter.status())
    assert [(rate.ceiling, rate.cuts) for rate in rates] == [(500.0, 1), (500.0, 0)]
    assert received(emulator, "DeleteSipRegistration") == 5
