"""`skip_unchanged` and `verify`: what is sent, what is compared."""

import asyncio
import random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.support.emulators import received
from tests.unit.bulk.conftest import bindings
from tests.unit.bulk.test_serializable import change, random_row, served
from voxsip import ForbiddenError
from voxsip._bindings.state import ANY, Binding, BindingState
from voxsip.bulk import BindRequest, Outcome
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.journal import create_journal
from voxsip.bulk._journal.previous_runs import PreviousRuns
from voxsip.emulator import Fault, Faults
from voxsip.models import BindSipRegistrationReply

__all__ = ["served"]


def bound(registration, user, applications=3):
    return {
        "sip_registration_id": registration,
        "application_id": (user - 1) % applications + 1,
        "user_id": user,
    }


async def test_a_finished_file_run_again_sends_nothing(account):
    emulator, client = account
    rows = [bound(n, n) for n in range(1, 13)]
    assert (await client.bulk.bind(rows)).done == 12
    before, lists = received(emulator), received(emulator, "GetSipRegistrations")
    outcomes = [outcome async for outcome in client.bulk.bind(rows, skip_unchanged=True)]
    assert [outcome.status for outcome in outcomes] == ["unchanged"] * 12
    assert [outcome.index for outcome in outcomes] == list(range(12))
    assert received(emulator) == before
    assert received(emulator, "GetSipRegistrations") - lists == 2, (
        "one page, and the empty one at the end"
    )


async def test_even_one_whose_rows_override_each_other(account):
    emulator, client = account
    rows = [
        bound(1, 1),
        bound(2, 1),
        bound(3, 4),
        {"user_id": 4, "bind": False},
        {"sip_registration_id": 5, "application_name": "app-1"},
        {"sip_registration_id": 5, "application_name": "app-2", "user_name": "user-2"},
        {"sip_registration_id": 6, "rule_id": 3},
        {"sip_registration_id": 6, "application_id": 3, "rule_name": "rule-1"},
    ]
    assert (await client.bulk.bind(rows)).done == 8
    state, before = bindings(emulator), received(emulator)
    report = await client.bulk.bind(rows, skip_unchanged=True, verify=True)
    assert (report.unchanged, report.mismatches) == (8, 0)
    assert received(emulator) == before
    assert bindings(emulator) == state


async def test_only_groups_that_change_something_are_sent(account):
    emulator, client = account
    rows = [bound(1, 1), bound(2, 1), bound(3, 2), bound(4, 3)]
    await client.bulk.bind(rows)
    await client.sip_registrations.bind(
        sip_registration_id=1, application_id=1, user_id=1
    )  # by hand
    job = client.bulk.bind(rows, skip_unchanged=True)
    statuses = {outcome.index: outcome.status async for outcome in job}
    assert statuses == {0: "done", 1: "done", 2: "unchanged", 3: "unchanged"}
    assert bindings(emulator)[2].user == 1
    assert bindings(emulator)[1].user is None


async def test_a_user_held_by_a_registration_that_no_row_names(account):
    emulator, client = account
    await client.sip_registrations.bind(sip_registration_id=9, application_id=1, user_id=1)
    report = await client.bulk.bind([bound(1, 1)], skip_unchanged=True)
    assert report.done == 1
    assert bindings(emulator)[9] == Binding(1, None, None)


async def test_rows_whose_only_trace_is_on_a_registration_they_do_not_name(account):
    emulator, client = account
    await client.sip_registrations.bind(sip_registration_id=9, application_id=1, user_id=1)
    await client.sip_registrations.bind(sip_registration_id=1, application_id=1)
    rows = [
        bound(1, 1),
        {"user_id": 1, "bind": False},
    ]  # leaves 1 as it was, and 9 without its user
    report = await client.bulk.bind(rows, skip_unchanged=True)
    assert report.done == 2
    assert bindings(emulator)[9].user is None


async def test_rows_that_cannot_be_followed_are_sent(account):
    _, client = account
    rows = [
        {"sip_registration_id": 999, "application_id": 1},
        {"sip_registration_id": 1, "application_name": "nobody"},
        {"sip_registration_id": 1, "application_id": 1, "user_name": "nobody"},
        {"sip_registration_id": 1, "rule_id": 999},
        {"bind": "perhaps"},
    ]
    report = await client.bulk.bind(rows, skip_unchanged=True)
    assert report.failed == 5
    assert report.calls == 4


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32), again=st.booleans())
async def test_what_is_left_out_makes_no_difference(served, seed, again):
    """Same final state as sending everything; nothing at all is sent for a file that has just run."""
    emulator, client = served
    numbers = random.Random(seed)
    rows = [random_row(numbers) for _ in range(30)]
    rows = [row for row in rows if change(row) is not None]
    if again:
        await client.bulk.bind(rows)
    elif numbers.random() < 0.5:
        await client.bulk.bind(rows[: len(rows) // 2])
    model = BindingState(bindings(emulator))
    for row in rows:
        model.apply(change(row))
    expected = dict(model.bindings())
    before = received(emulator)
    report = await client.bulk.bind(rows, skip_unchanged=True, verify=True)
    assert report.mismatches == 0
    assert bindings(emulator) == expected
    assert report.done + report.unchanged == len(rows)
    if again:
        assert received(emulator) == before


async def test_verify_finds_what_somebody_else_changed(account):
    _, client = account
    rows = [bound(n, n) for n in range(1, 11)]
    other = {"sip_registration_id": 20, "application_id": 1, "user_id": 1}

    async def rows_and_a_stranger():
        for row in rows:
            yield row
        # Nobody's row of this job, sent while it runs: takes user 1 from registration 1.
        await client.sip_registrations.bind(**rows[0])
        await client.sip_registrations.bind(**other)
        await client.sip_registrations.delete(sip_registration_id=5)

    report = await client.bulk.bind(rows_and_a_stranger(), verify=True, concurrency=1)
    found = {mismatch.sip_registration_id: mismatch for mismatch in report.mismatched}
    assert report.done == 10
    assert report.mismatches == 3
    assert found[1].expected == Binding(1, ANY, 1)
    assert found[1].found == Binding(1, None, None)
    assert found[20].found == Binding(1, None, 1)
    assert found[5].found is None
    assert not report.ok


async def test_verify_counts_what_was_there_already_as_the_rows_doing(account, tmp_path):
    """The last row was executed by a run that was killed before it knew; the next one finds it unchanged."""
    _, client = account
    rows = [BindRequest(sip_registration_id=1, application_id=number) for number in (1, 2)]
    journal = await create_journal(tmp_path / "j", JobHeader(kind="bind"))
    reply = BindSipRegistrationReply(result=1)
    PreviousRuns(journal).observe(Outcome(index=0, row=rows[0], status="done", result=reply))
    await journal.close()
    for row in rows:
        await client.call(row.command, row.params())
    report = await client.bulk.resume(tmp_path / "j", rows, skip_unchanged=True, verify=True)
    assert (report.done, report.unchanged, report.mismatches) == (1, 1, 0)


async def test_verify_asks_for_names_once(account):
    emulator, client = account
    rows = [
        {
            "sip_registration_id": n,
            "application_name": "app-1",
            "user_name": f"user-{n}",
            "rule_name": "rule-1",
        }
        for n in (1, 4, 7, 10)
    ]
    report = await client.bulk.bind(rows, verify=True)
    assert (report.done, report.mismatches) == (4, 0)
    for command in ("GetApplications", "GetUsers", "GetRules"):
        assert received(emulator, command) == 1


@pytest.mark.parametrize("command", ["GetUsers", "GetSipRegistrations"])
async def test_verify_says_why_it_could_not_compare(account, command):
    emulator, client = account
    emulator.faults = Faults([Fault(kind="error", code=104, command=command)])
    rows = [{"sip_registration_id": n, "application_id": 1, "user_name": "user-1"} for n in (1, 2)]
    report = await client.bulk.bind(rows, verify=True)
    assert (report.done, report.mismatches) == (2, None)
    assert command in report.verify_error


async def test_skip_unchanged_sends_nothing_unless_it_knows_the_live_state(account):
    emulator, client = account
    emulator.faults = Faults([Fault(kind="error", code=104, command="GetSipRegistrations")])
    with pytest.raises(ForbiddenError):
        await client.bulk.bind([bound(1, 1)], skip_unchanged=True)
    assert received(emulator) == 0


async def test_a_job_can_be_left_while_it_still_reads_ahead(account):
    emulator, client = account
    waiting, closed = asyncio.Event(), asyncio.Event()

    async def silent():
        try:
            yield bound(1, 1)
            waiting.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with client.bulk.bind(silent(), skip_unchanged=True) as job:
        task = asyncio.ensure_future(job._finish())
        await waiting.wait()
    assert closed.is_set()
    assert received(emulator) == 0
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_rows_keep_what_the_user_gave(account):
    _, client = account
    row = BindRequest(sip_registration_id=1, application_id=1)
    (outcome,) = [o async for o in client.bulk.bind([row], skip_unchanged=True)]
    assert outcome.row is row
