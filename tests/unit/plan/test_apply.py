"""A plan is applied exactly, once, or not at all; judged by what the emulator counted."""

import asyncio

import pytest

import voxsip
from tests.support.emulators import changes_received
from tests.unit.plan.conftest import PROXY, by_id
from voxsip import ConfigurationError, InvalidArgumentError
from voxsip.emulator import Fault, Faults
from voxsip.plan import Plan, PredecessorError, StalePlanError, ThresholdError

CHAIN = [
    {"sip_registration_id": 1, "user_id": 4},
    {"sip_registration_id": 4, "user_id": 7},
    {"sip_registration_id": 13, "application_id": 1, "user_id": 1},
]


async def stopped_after(binds, emulator, client, plan, *, force=False):
    """Apply a plan with a key that loses its rights after so many binds; return the report."""
    refusal = Fault(kind="error", code=104, command="BindSipRegistration", times=(binds + 1,))
    emulator.faults = Faults([refusal])
    report = await client.desired.apply(plan, concurrency=1, force=force)
    assert report.stopped == "authorization refused"
    emulator.faults = None
    return report


async def test_what_is_planned_is_done_and_nothing_is_left(account, tmp_path):
    emulator, client = account
    rows = [
        *CHAIN,
        {"sip_registration_id": 2, "user_id": 5},
        {"sip_registration_id": 5, "user_id": 2},
        {"sip_registration_id": 3, "application_name": "-", "rule_name": "-", "user_name": "-"},
        {"sip_registration_id": 6, "auth_user": "boss", "proxy": "other.example.com"},
        {"sip_username": "new", "proxy": PROXY, "application_id": 3, "user_id": 9, "password": "x"},
        {"sip_username": "free", "proxy": PROXY, "application_id": 3, "user_id": 3},
        {"sip_username": "bare", "proxy": PROXY},
    ]
    plan = await client.desired.plan(rows, prune=True, scope={"prefix": "sip-4"})
    assert plan.counts["refused"] == 0
    sent = changes_received(emulator)
    outcomes = [one async for one in client.desired.apply(plan, journal=tmp_path / "journal")]
    assert {one.status for one in outcomes} == {"done"}
    assert changes_received(emulator) - sent == len(plan.changes) == len(outcomes)
    names = {one.gets: one.user_name for one in plan.changes if one.gets is not None}
    assert names == {user: f"user-{user}" for user in names}
    live = by_id(emulator)
    assert [live[n]["user_id"] for n in (1, 2, 3, 4, 5, 13)] == [4, 5, None, 7, 2, 1]
    assert live[3]["application_id"] is None
    assert (live[6]["auth_user"], live[6]["proxy"]) == ("boss", "other.example.com")
    assert 40 not in live
    assert 4 in live
    assert not await client.desired.plan(rows, prune=True, scope={"prefix": "sip-4"})


async def test_an_update_alone_and_a_bind_alone_are_done(account, tmp_path):
    emulator, client = account
    rows = [
        {"sip_registration_id": 1, "sip_username": "x", "rule_name": "rule-1", "password": "new"}
    ]
    plan = (await client.desired.plan(rows, set_passwords=True)).save(tmp_path / "a.plan")
    report = await client.desired.apply(plan)
    assert report.done == 2
    assert by_id(emulator)[1]["rule_id"] == 1
    assert not await client.desired.plan(rows)


async def test_a_second_application_is_refused(account, tmp_path):
    emulator, client = account
    plan = (await client.desired.plan(CHAIN)).save(tmp_path / "a.plan")
    await client.desired.apply(plan)
    sent = changes_received(emulator)
    with pytest.raises(StalePlanError, match="applied to its end already"):
        await client.desired.apply(Plan.load(tmp_path / "a.plan"))
    assert changes_received(emulator) == sent


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"sip_registration_id": 13, "application_id": 2}, "registration 13: application_id is 2"),
        ({"sip_registration_id": 13, "application_id": 1, "user_id": 10}, "user_id is 10, and was None"),
        ({"sip_registration_id": 14, "application_id": 1, "user_id": 1}, "user 1 is at registration 14"),
        ({"sip_registration_id": 7, "bind": False, "application_id": 1, "user_id": 7}, "user 7 is at no registration"),
    ],
)  # fmt: skip
async def test_a_live_state_that_moved_on_stops_everything(account, tmp_path, change, difference):
    emulator, client = account
    plan = await client.desired.plan(CHAIN)
    await client.sip_registrations.bind(**change)
    sent = changes_received(emulator)
    with pytest.raises(StalePlanError, match="nothing was sent") as caught:
        await client.desired.apply(plan, journal=tmp_path / "journal")
    assert any(difference in line for line in caught.value.differences)
    assert changes_received(emulator) == sent
    assert not (tmp_path / "journal").exists(), "nothing was begun"


async def test_a_registration_that_is_gone_or_there_already_stops_everything(account, tmp_path):
    emulator, client = account
    plan = await client.desired.plan([*CHAIN, {"sip_username": "new", "proxy": PROXY}])
    await client.sip_registrations.delete(sip_registration_id=13)
    await client.sip_registrations.create(sip_username="NEW", proxy=PROXY)
    sent = changes_received(emulator)
    with pytest.raises(StalePlanError) as caught:
        await client.desired.apply(plan, journal=tmp_path / "journal")
    shown = "\n".join(caught.value.differences)
    assert "new@sip.example.com was to be created, and registration 41 is there" in shown
    assert "registration 13 (sip-13@sip.example.com) is gone" in shown
    assert changes_received(emulator) == sent


async def test_a_strangers_own_registrations_make_no_plan_stale(account, tmp_path):
    _, client = account
    plan = await client.desired.plan(CHAIN)
    await client.sip_registrations.create(sip_username="stranger", proxy=PROXY)
    await client.sip_registrations.bind(sip_registration_id=1, application_id=1, rule_id=1)
    report = await client.desired.apply(plan, journal=tmp_path / "journal")
    assert report.ok


async def test_thresholds_stop_a_plan_unless_it_is_forced(account, tmp_path):
    emulator, client = account
    rows = [{"sip_registration_id": n, "user_id": None} for n in range(1, 13)]
    plan = (await client.desired.plan(rows)).save(tmp_path / "a.plan")
    sent = changes_received(emulator)
    with pytest.raises(ThresholdError, match="12 disruptive changes are more than 30% of the 12"):
        await client.desired.apply(plan)
    assert changes_received(emulator) == sent
    await stopped_after(3, emulator, client, plan, force=True)
    assert (await client.desired.apply(plan)).ok, "what was begun with force is continued"
    bound = [
        {"sip_registration_id": n, "application_id": (n - 1) % 3 + 1, "user_id": n}
        for n in range(1, 13)
    ]
    await client.bulk.bind(bound)
    forced = await client.desired.plan(rows, force=True)
    assert forced.thresholds.exceeded
    assert (await client.desired.apply(forced, journal=tmp_path / "forced")).ok


async def test_a_plan_of_another_account_or_api_is_refused(account, start, tmp_path):
    _, client = account
    plan = await client.desired.plan(CHAIN)
    emulator, other = await start(applications=3, users=12, registrations=40)
    with pytest.raises(InvalidArgumentError, match="the client talks to"):
        await other.desired.apply(plan, journal=tmp_path / "journal")
    child = emulator.add_child()
    of_main = await other.desired.plan([])
    async with voxsip.AsyncClient(
        emulator.credentials, base_url=emulator.base_url, account_id=child
    ) as acting:
        with pytest.raises(InvalidArgumentError, match="made for account"):
            await acting.desired.apply(of_main, journal=tmp_path / "journal")


async def test_what_waits_for_a_failed_change_is_not_tried(account, tmp_path):
    emulator, client = account
    plan = await client.desired.plan([*CHAIN, {"sip_registration_id": 2, "rule_id": 2}])
    emulator.faults = Faults(
        [Fault(kind="error", code=393, command="BindSipRegistration", times=(1,))]
    )
    sent = changes_received(emulator)
    job = client.desired.apply(plan, journal=tmp_path / "journal", concurrency=1)
    outcomes = {one.row.number: one async for one in job}
    assert outcomes[1].status == "failed"
    assert [outcomes[n].status for n in (2, 3, 4)].count("skipped") == 2
    skipped = [one for one in outcomes.values() if one.status == "skipped"]
    assert all(isinstance(one.error, PredecessorError) for one in skipped)
    assert changes_received(emulator) - sent == 2
    assert {by_id(emulator)[n]["user_id"] for n in (1, 4)} == {1, 4}, "nobody lost anything"


async def test_a_creation_that_cannot_be_paid_moves_nobody(start, tmp_path):
    emulator, client = await start(applications=1, users=2, registrations=2, balance=0)
    rows = [
        {"sip_username": "new", "proxy": PROXY},
        {"sip_registration_id": 1, "application_id": 1, "user_id": 1},
    ]
    plan = await client.desired.plan(rows)
    assert not plan.price.enough
    report = await client.desired.apply(plan, journal=tmp_path / "journal")
    assert report.stopped == "insufficient funds"
    assert report.skipped == 2
    assert changes_received(emulator) == 0


async def test_when_places_run_out_nobody_has_been_moved(start, tmp_path):
    emulator, client = await start(
        applications=1, users=4, registrations=4, balance=10, max_registrations=5
    )
    rows = [
        *({"sip_username": f"new-{n}", "proxy": PROXY} for n in range(2)),
        *({"sip_registration_id": n, "application_id": 1, "user_id": n} for n in range(1, 5)),
    ]
    plan = (await client.desired.plan(rows)).save(tmp_path / "a.plan")
    emulator.latency = 0.02
    report = await client.desired.apply(plan, concurrency=8)
    assert report.stopped == "quota exceeded"
    assert (report.done, report.failed, report.skipped) == (1, 1, 4)
    assert emulator.state.counters["BindSipRegistration"]["received"] == 0
    await client.sip_registrations.delete(sip_registration_id=4)
    with pytest.raises(StalePlanError):
        await client.desired.apply(plan)


async def test_a_stopped_plan_resumes_where_it_was(account, tmp_path):
    emulator, client = account
    plan = (await client.desired.plan(CHAIN)).save(tmp_path / "a.plan")
    sent = changes_received(emulator)
    assert (await stopped_after(1, emulator, client, plan)).skipped == 1
    report = await client.desired.apply(Plan.load(tmp_path / "a.plan"))
    assert report.ok
    assert report.restored == 1
    assert changes_received(emulator) - sent == 4, "the refused one twice, the others once"
    assert not await client.desired.plan(CHAIN)


async def test_a_continuation_that_fails_at_its_beginning_ends_nothing(account, tmp_path):
    emulator, client = account
    plan = (await client.desired.plan(CHAIN)).save(tmp_path / "a.plan")
    assert (await stopped_after(1, emulator, client, plan)).skipped == 1
    emulator.faults = Faults([Fault(kind="http", command="GetSipRegistrations")])
    with pytest.raises(voxsip.VoxsipError):
        await client.desired.apply(plan)
    emulator.faults = None
    assert (await client.desired.apply(plan)).ok
    assert not await client.desired.plan(CHAIN)


async def test_a_plan_that_ended_with_failures_is_not_applied_again(account, tmp_path):
    emulator, client = account
    plan = (await client.desired.plan(CHAIN)).save(tmp_path / "a.plan")
    refusal = Fault(kind="error", code=393, command="BindSipRegistration", times=(1,))
    emulator.faults = Faults([refusal])
    report = await client.desired.apply(plan)
    assert (report.failed, report.skipped) == (1, 2)
    emulator.faults = None
    sent = changes_received(emulator)
    with pytest.raises(StalePlanError, match="applied to its end already"):
        await client.desired.apply(plan)
    assert changes_received(emulator) == sent
    again = await client.desired.plan(CHAIN)
    assert (await client.desired.apply(again, journal=tmp_path / "again")).ok


async def test_a_stranger_between_two_halves_is_noticed(account, tmp_path):
    emulator, client = account
    plan = (await client.desired.plan(CHAIN)).save(tmp_path / "a.plan")
    await stopped_after(1, emulator, client, plan)
    await client.sip_registrations.bind(sip_registration_id=1, application_id=1, user_id=1)
    sent = changes_received(emulator)
    with pytest.raises(StalePlanError):
        await client.desired.apply(plan)
    assert changes_received(emulator) == sent


async def test_a_journal_of_another_plan_or_job_is_refused(account, tmp_path):
    _, client = account
    plan = (await client.desired.plan(CHAIN)).save(tmp_path / "a.plan")
    await client.bulk.bind([], journal=tmp_path / "bulk.sqlite")
    with pytest.raises(ConfigurationError, match="belongs to another job"):
        await client.desired.apply(plan, journal=tmp_path / "bulk.sqlite")
    await client.desired.apply(plan)
    other = await client.desired.plan([{"sip_registration_id": 1, "user_id": None}])
    with pytest.raises(ConfigurationError, match="belongs to another job"):
        await client.desired.apply(other, journal=tmp_path / "a.plan.journal")


async def test_a_plan_that_is_not_saved_needs_a_journal(account):
    _, client = account
    with pytest.raises(InvalidArgumentError, match="name one, or save the plan"):
        client.desired.apply(await client.desired.plan([]))
    with pytest.raises(InvalidArgumentError, match="expected a Plan"):
        client.desired.apply([])


async def test_a_lost_reply_buys_nothing_twice(account, tmp_path):
    emulator, client = account
    rows = [{"sip_username": f"new-{n}", "proxy": PROXY} for n in range(8)]
    emulator.faults = Faults([Fault(kind="lose_reply", command="CreateSipRegistration", share=0.5)])
    plan = await client.desired.plan(rows)
    report = await client.desired.apply(plan, journal=tmp_path / "journal")
    assert report.done == 8
    assert len(emulator.state.registrations) == 48
    emulator.faults = None
    assert not await client.desired.plan(rows)


async def test_passwords_by_reference_are_sent_and_stored_nowhere(account, tmp_path, monkeypatch):
    _, client = account
    monkeypatch.setenv("SIP_PASSWORD", "canary-env")
    (tmp_path / "secret").write_text("canary-file\n")
    rows = [
        {"sip_username": "a", "proxy": PROXY, "password": "env:SIP_PASSWORD"},
        {"sip_username": "b", "proxy": PROXY, "password": f"file:{tmp_path / 'secret'}"},
        {"sip_username": "c", "proxy": PROXY, "password": "plain:env:canary-plain"},
    ]
    plan = (await client.desired.plan(rows)).save(tmp_path / "a.plan")
    loaded = Plan.load(tmp_path / "a.plan")
    with pytest.raises(InvalidArgumentError, match="give the same rows"):
        await client.desired.apply(loaded)
    with pytest.raises(InvalidArgumentError, match="not those that the plan was made of"):
        await client.desired.apply(loaded, rows=rows[:2])
    with pytest.raises(InvalidArgumentError, match="not those that the plan was made of"):
        await client.desired.apply(loaded, rows=[*rows[:2], {**rows[2], "sip_username": "d"}])
    monkeypatch.delenv("SIP_PASSWORD")
    with pytest.raises(InvalidArgumentError, match="SIP_PASSWORD is not set"):
        await client.desired.apply(loaded, rows=rows)
    monkeypatch.setenv("SIP_PASSWORD", "canary-env")
    report = await client.desired.apply(loaded, rows=rows)
    assert report.ok
    (tmp_path / "secret").unlink()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"canary" not in path.read_bytes(), path
    assert "canary" not in repr(plan) + repr(loaded) + str(plan.to_dict())


async def test_an_empty_plan_is_applied_without_a_call(account, tmp_path):
    emulator, client = account
    sent = changes_received(emulator)
    report = await client.desired.apply(await client.desired.plan([]), journal=tmp_path / "journal")
    assert report.ok
    assert changes_received(emulator) == sent


def test_the_blocking_client(tmp_path):
    from voxsip.emulator import Emulator

    with (
        Emulator(applications=1, users=3, registrations=3) as emulator,
        voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        rows = [{**row, "user_name": "user-2"} for row in client.desired.export()][:1]
        rows[0]["application_name"] = "app-1"
        plan = client.desired.plan(iter(rows)).save(tmp_path / "a.plan")
        assert plan.counts["bound"] == 1
        job = client.desired.apply(plan)
        assert [one.status for one in job] == ["done"]
        assert not client.desired.plan(rows)
        with pytest.raises(StalePlanError):
            client.desired.apply(Plan.load(tmp_path / "a.plan")).wait()


async def test_a_create_for_a_saved_user_waits_for_its_creation_after_a_kill(account, tmp_path):
    """The id that a creation made comes back from the journal."""
    emulator, client = account
    rows = [{"sip_username": "new", "proxy": PROXY, "application_id": 1, "user_id": 1}]
    plan = (await client.desired.plan(rows)).save(tmp_path / "a.plan")
    assert (await stopped_after(0, emulator, client, plan)).done == 1
    report = await client.desired.apply(plan)
    assert (report.done, report.restored) == (2, 1)
    assert by_id(emulator)[41]["user_id"] == 1


async def test_cancelled_in_the_middle_it_can_be_resumed(account, tmp_path):
    emulator, client = account
    emulator.latency = 0.02
    plan = (await client.desired.plan(CHAIN)).save(tmp_path / "a.plan")

    async def run():
        await client.desired.apply(plan)

    task = asyncio.create_task(run())
    while not changes_received(emulator) > 12:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await client.desired.apply(plan)).ok
    assert not await client.desired.plan(CHAIN)
