"""A job for many accounts is resumed from its journal, a file or a store."""

import sqlite3
from contextlib import closing

import asyncpg
import pytest

import voxsip
from tests.support.postgres import postgres, store  # noqa: F401 - fixtures
from voxsip.bulk import read_journal
from voxsip.emulator import Fault, Faults

PROXY = "sip.example.com"


@pytest.fixture(params=["file", "store"])
def journal(request, tmp_path):
    """Name a journal that is not there yet."""
    if request.param == "file":
        return str(tmp_path / "job.sqlite")
    return f"{request.getfixturevalue('store')}#job"


async def accounts_of(journal):
    """Return the account of each row, as the journal has it."""
    if journal.startswith("postgresql"):
        connection = await asyncpg.connect(journal.partition("#")[0])
        found = await connection.fetch("SELECT place, account_id FROM voxsip.job_row")
        await connection.close()
        return {row["place"]: row["account_id"] for row in found}
    with closing(sqlite3.connect(journal)) as connection:
        return dict(connection.execute("SELECT place, account_id FROM row"))


async def test_purchases_of_each_account_are_found_again(start, journal):
    emulator, client = await start(balance=100)
    children = [emulator.add_child(own_ids=True), emulator.add_child(own_ids=True)]
    rows = [
        {
            "sip_username": f"u{n}",
            "proxy": PROXY,
            **({} if account is None else {"account_id": account}),
        }
        for n in range(10)
        for account in (None, *children)
    ]
    # replies are lost, and the job is left while purchases are open: what they bought is looked for
    emulator.faults = Faults([Fault(kind="lose_reply", share=0.5, command="CreateSipRegistration")])
    async with client.bulk.create(rows, journal=journal, concurrency=4) as job:
        async for outcome in job:
            if outcome.index >= 12:
                break
    bought = emulator.state.counters["CreateSipRegistration"]["executed"]
    assert 12 <= bought < 30
    report = await client.bulk.resume(journal, rows, recovery_delay=0.05)
    assert (report.done, report.rows) == (30, 30)
    assert emulator.state.counters["CreateSipRegistration"]["executed"] == 30
    for account in (1, *children):
        state = emulator.state_of(account)
        assert (len(state.registrations), state.account["balance"]) == (10, 90)
    found = await accounts_of(journal)
    assert found == {index: row.get("account_id") for index, row in enumerate(rows)}
    assert read_journal(journal).complete


async def test_an_account_met_only_after_a_resumption_is_surveyed_then(start, journal):
    emulator, client = await start()
    child = emulator.add_child(own_ids=True, registrations=3)
    rows = [{"sip_username": f"u{n}", "proxy": PROXY} for n in range(3)]
    rows += [{"sip_username": f"sip-{n}", "proxy": PROXY, "account_id": child} for n in (1, 2, 3)]
    async with client.bulk.create(rows, journal=journal, concurrency=1) as job:
        async for outcome in job:
            if outcome.index == 1:
                break
    emulator.faults = Faults([Fault(kind="lose_reply", first=3, command="CreateSipRegistration")])
    report = await client.bulk.resume(journal, rows, recovery_delay=0.05)
    assert (report.done, report.unknown) == (6, 0), "what was there before is no row's purchase"
    assert len(emulator.state_of(child).registrations) == 6


async def test_a_row_whose_account_changed_is_refused(start, journal):
    emulator, client = await start(registrations=3, applications=1)
    child = emulator.add_child(own_ids=True, registrations=3, applications=1)
    rows = [{"sip_registration_id": n, "application_id": 1, "account_id": child} for n in (1, 2, 3)]
    assert (await client.bulk.bind(rows, journal=journal)).done == 3
    changed = [*rows[:2], {**rows[2], "account_id": 1}]
    with pytest.raises(voxsip.InvalidArgumentError, match="not the row it was"):
        await client.bulk.resume(journal, changed)
    again = await client.bulk.resume(journal, rows)
    assert (again.restored, again.done) == (3, 3)


async def test_rows_of_an_account_that_was_refused_run_when_it_may_be_used(start, journal):
    emulator, client = await start(registrations=2, applications=1)
    rows = [
        {"sip_registration_id": n, "application_id": 1, "account_id": a}
        for n in (1, 2)
        for a in (1, 2)
    ]
    first = await client.bulk.bind(rows, journal=journal)
    assert (first.done, first.failed, first.stopped) == (2, 2, None)
    assert emulator.add_child(own_ids=True, registrations=2, applications=1) == 2
    again = await client.bulk.resume(journal, rows)
    assert (again.done, again.restored) == (4, 2)


async def test_an_account_without_money_is_resumed_with_some(start, journal):
    emulator, client = await start(balance=5)
    poor = emulator.add_child(balance=0)
    rows = [
        {"sip_username": f"u{n}", "proxy": PROXY, "account_id": a}
        for n in (1, 2)
        for a in (1, poor)
    ]
    first = await client.bulk.create(rows, journal=journal)
    assert (first.done, first.skipped, first.stopped) == (2, 2, "insufficient funds")
    emulator._service.accounts[poor].balance += 2
    again = await client.bulk.resume(journal, rows, recovery_delay=0)
    assert (again.done, again.restored, again.stopped) == (4, 2, None)
