import asyncio
import random
from collections import Counter

import pytest

from tests.support import killed_job as killed
from tests.support.emulators import received
from tests.unit.bulk.conftest import bindings, kill_until_done, until
from voxsip import ConfigurationError, InvalidArgumentError, RetryPolicy, models
from voxsip._bindings.state import BindingState, Change
from voxsip.bulk import BindRequest, Stop
from voxsip.bulk._journal.journal import FileJournal
from voxsip.emulator import Fault, Faults


def rows(count):
    return [
        BindRequest(sip_registration_id=number, application_id=1) for number in range(1, count + 1)
    ]


def sorted_by_row(outcomes):
    return sorted(outcomes, key=lambda outcome: outcome.index)


async def test_a_stopped_job_resumes_where_it_was(account, tmp_path):
    emulator, client = account
    journal = tmp_path / "job.sqlite"
    job = client.bulk.bind([*rows(39), {"bind": "perhaps"}], journal=journal, concurrency=2)
    async for _ in job:
        job.stop("laptop closed")
    assert job.report.stopped == "laptop closed"
    assert job.report.skipped > 0
    sent = received(emulator)
    again = client.bulk.resume(journal, [*rows(39), {"bind": "perhaps"}])
    outcomes = {outcome.index: outcome async for outcome in again}
    assert received(emulator) == 39, "no row was sent twice"
    assert again.report.rows == 40
    assert (again.report.done, again.report.failed, again.report.restored) == (39, 1, sent)
    assert again.report.calls == 39 - sent
    assert again.report.stopped is None
    assert all(outcome.row == row for outcome, row in zip(
        [outcomes[index] for index in range(39)], rows(39), strict=True
    ))  # fmt: skip
    once_more = await client.bulk.resume(journal, [*rows(39), {"bind": "perhaps"}])
    assert (once_more.done, once_more.calls, once_more.restored) == (39, 0, 39)


async def test_what_earlier_runs_were_told_is_told_again(account, tmp_path):
    """The journal keeps no reply, but what a reply says of one registration it does."""
    emulator, client = account
    jobs = {
        "bind": rows(2),
        "create": [{"sip_username": "alice", "proxy": "p.example.com"}],
        "delete": [{"sip_registration_id": 3}],
    }
    for kind, wanted in jobs.items():
        first = [o async for o in getattr(client.bulk, kind)(wanted, journal=tmp_path / kind)]
        again = [o async for o in client.bulk.resume(tmp_path / kind, wanted, recovery_delay=0)]
        assert all(outcome.restored for outcome in again)
        for before, after in zip(sorted_by_row(first), sorted_by_row(again), strict=True):
            told = {name: value for name, value in before.result if name != "account_info"}
            assert type(after.result) is type(before.result)
            assert {name: value for name, value in after.result if value is not None} == told
    assert first[0].result == models.DeleteSipRegistrationReply(result=1)
    assert received(emulator, "CreateSipRegistration") == 1


@pytest.mark.parametrize("as_input", [list, iter])
@pytest.mark.parametrize("stopped", [True, False])
async def test_an_input_that_grew_is_refused_before_its_rows_are_sent(
    account, tmp_path, as_input, stopped
):
    emulator, client = account
    journal = tmp_path / "job.sqlite"
    job = client.bulk.bind(rows(6), journal=journal, concurrency=1)
    async for _ in job:
        if stopped:
            job.stop()
    sent = received(emulator)
    with pytest.raises(InvalidArgumentError, match="had 6 when the journal was written"):
        await client.bulk.resume(journal, as_input(rows(9)))
    assert received(emulator) <= 6
    if as_input is list:
        assert received(emulator) == sent
        with pytest.raises(InvalidArgumentError, match="the input has 5 rows now"):
            await client.bulk.resume(journal, rows(5))


async def test_outcomes_come_back_as_they_were(start, tmp_path):
    _, client = await start(
        registrations=3,
        retry=RetryPolicy(attempts=1),
        faults=Faults([Fault(kind="lose_reply", command="BindSipRegistration", times=(3,))]),
    )
    journal = tmp_path / "job.sqlite"
    wanted = [*rows(1), *rows(4)[3:], *rows(3)[1:]]
    first = {o.index: o async for o in client.bulk.bind(wanted, journal=journal, concurrency=1)}
    second = {o.index: o async for o in client.bulk.resume(journal, wanted)}
    assert [first[index].status for index in range(4)] == ["done", "failed", "unknown", "done"]
    for index in range(4):
        assert second[index].restored
        assert second[index].status == first[index].status
        assert type(second[index].error) is type(first[index].error)
        assert str(second[index].error) == str(first[index].error)
        assert second[index].attempts == first[index].attempts
    assert second[1].error.code == 275


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda wanted: [*wanted[:5], *rows(40)[30:31], *wanted[6:]], r"row 6 \(registration 31\)"),
        (lambda wanted: wanted[:-1], "has 9 rows now and had 10"),
        (lambda wanted: [*wanted, *rows(1)], "has 11 rows now and had 10"),
    ],
)
@pytest.mark.parametrize("read_twice", [True, False])
async def test_another_input_is_refused(account, tmp_path, change, message, read_twice):
    _, client = account
    journal = tmp_path / "job.sqlite"
    await client.bulk.bind(rows(10), journal=journal)
    other = change(rows(10))
    with pytest.raises(InvalidArgumentError, match=message):
        await client.bulk.resume(journal, other if read_twice else iter(other))
    assert (await client.bulk.resume(journal, rows(10))).restored == 10, "the right one still works"


async def test_a_changed_row_is_refused_before_anything_is_sent(account, tmp_path):
    emulator, client = account
    journal = tmp_path / "job.sqlite"
    job = client.bulk.bind(rows(10), journal=journal)
    job.stop()
    await job
    changed = [*rows(9), BindRequest(sip_registration_id=10, application_id=2)]
    with pytest.raises(InvalidArgumentError, match="row 10"):
        await client.bulk.resume(journal, changed)
    assert received(emulator) == 0


async def test_a_password_that_changed_is_none_of_the_journals_business(start, tmp_path):
    _, client = await start()
    journal = tmp_path / "job.sqlite"
    wanted = [{"sip_username": "a", "proxy": "p.example.com", "password": "hunter2"}]
    await client.bulk.create(wanted, journal=journal)
    wanted[0]["password"] = "hunter3"
    assert (await client.bulk.resume(journal, wanted)).restored == 1
    for file in tmp_path.iterdir():
        assert b"hunter2" not in file.read_bytes()


async def test_the_journal_must_be_new_to_start_and_there_to_resume(account, tmp_path):
    _, client = account
    journal = tmp_path / "job.sqlite"
    with pytest.raises(ConfigurationError):
        await client.bulk.resume(journal, rows(1))
    await client.bulk.bind(rows(1), journal=journal)
    with pytest.raises(ConfigurationError):
        await client.bulk.bind(rows(1), journal=journal)
    with pytest.raises(InvalidArgumentError, match="checksum"):
        job = client.bulk.bind(rows(1), journal=tmp_path / "other", checksum="aa")
        await job
        await client.bulk.resume(tmp_path / "other", rows(1), checksum="bb")


async def test_options_are_taken_over_except_for_those_given_again(account, tmp_path):
    _, client = account
    journal = tmp_path / "job.sqlite"
    job = client.bulk.bind(rows(10), journal=journal, concurrency=3, verify=True, max_failures=0)
    job.stop()
    await job
    again = client.bulk.resume(journal, rows(10), concurrency=2)
    async for _ in again:
        assert again.concurrency <= 2
    assert again.report.mismatches == 0


async def test_a_purchase_that_only_began_is_looked_for(start, tmp_path):
    """Cancelled once the server has done the work and not yet answered: an intent without an outcome."""
    emulator, client = await start(latency=0.4, balance=10)
    journal = tmp_path / "job.sqlite"
    wanted = [{"sip_username": name, "proxy": "p.example.com"} for name in ("a", "b")]
    task = asyncio.ensure_future(
        client.bulk.create(wanted, journal=journal, check_funds=False)._finish()
    )
    await until(lambda: emulator.state.counters["CreateSipRegistration"]["executed"] == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    emulator.latency = 0
    outcomes = [o async for o in client.bulk.resume(journal, wanted, recovery_delay=0)]
    assert [o.status for o in outcomes] == ["done", "done"]
    assert {o.result.sip_registration_id for o in outcomes} == {1, 2}
    assert received(emulator, "CreateSipRegistration") == 2


async def test_a_purchase_that_cannot_be_looked_for_stays_unknown(start, tmp_path):
    emulator, client = await start(latency=0.4, retry=RetryPolicy(attempts=1))
    journal = tmp_path / "job.sqlite"
    wanted = [{"sip_username": "a", "proxy": "p.example.com"}]
    task = asyncio.ensure_future(
        client.bulk.create(wanted, journal=journal, check_funds=False)._finish()
    )
    await until(lambda: emulator.state.counters["CreateSipRegistration"]["executed"] == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    emulator.latency = 0
    emulator.faults = Faults([Fault(kind="http", command="GetSipRegistrations", status=503)])
    (outcome,) = [o async for o in client.bulk.resume(journal, wanted, recovery_delay=0)]
    assert outcome.status == "unknown"
    emulator.faults = Faults()
    (outcome,) = [o async for o in client.bulk.resume(journal, wanted, recovery_delay=0)]
    assert (outcome.status, outcome.result.sip_registration_id) == ("done", 1)


async def test_money_is_compared_with_the_rows_that_are_left(start, tmp_path):
    _, client = await start(balance=10, price=1)
    journal = tmp_path / "job.sqlite"
    wanted = [{"sip_username": f"n{number}", "proxy": "p.example.com"} for number in range(10)]
    job = client.bulk.create(wanted, journal=journal, concurrency=1)
    async for _ in job:
        job.stop()
    assert job.report.stopped == Stop.REQUESTED
    report = await client.bulk.resume(journal, wanted)
    assert (report.done, report.stopped) == (10, None)


async def test_a_journal_that_cannot_be_written_ends_the_job(account, tmp_path, monkeypatch):
    _, client = account
    record, written = FileJournal.record, 0

    def full(self, *arguments, **more):
        nonlocal written
        written += 1
        if written > 5:
            raise ConfigurationError("journal: the disk is full")
        return record(self, *arguments, **more)

    monkeypatch.setattr(FileJournal, "record", full)
    job = client.bulk.bind(rows(40), journal=tmp_path / "job.sqlite", concurrency=4)
    outcomes = []
    with pytest.raises(ConfigurationError, match="disk is full"):
        async for outcome in job:
            outcomes.append(outcome)  # noqa: PERF401 - the loop ends in an exception
    assert job.report.stopped == Stop.ERROR
    assert {outcome.status for outcome in outcomes} == {"done"}
    assert len(outcomes) <= 6 + 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_a_killed_purchase_buys_every_row_once(start, tmp_path, seed):
    numbers = random.Random(seed)
    emulator, _ = await start(balance=600, price=2, latency=lambda: numbers.random() * 0.02)
    moments = [numbers.randint(1, 90) for _ in range(3)]
    words, killings = await kill_until_done("create", emulator, tmp_path / "j", 300, moments)
    assert words == [300, 300, 0, 0]
    assert killings >= 1
    bought = Counter(row["sip_username"] for row in emulator.state.registrations)
    assert bought == Counter(row["sip_username"] for row in killed.rows_of("create", 300))
    assert emulator.state.account["balance"] == 0, "the money was just enough"


@pytest.mark.slow
async def test_a_killed_bind_leaves_the_state_of_an_uninterrupted_run(start, tmp_path):
    numbers = random.Random(7)
    emulator, _ = await start(
        applications=3, users=30, registrations=90, latency=lambda: numbers.random() * 0.02
    )
    model = BindingState(bindings(emulator))
    for row in killed.rows_of("bind", 600):
        model.apply(Change(row["sip_registration_id"], row["application_id"], None, row["user_id"]))
    moments = [numbers.randint(1, 140) for _ in range(4)]
    words, killings = await kill_until_done("bind", emulator, tmp_path / "j", 600, moments)
    assert words == [600, 600, 0, 0]
    assert killings >= 1
    assert bindings(emulator) == dict(model.bindings())


@pytest.mark.slow
async def test_a_killed_deletion_counts_what_is_gone_as_done(start, tmp_path):
    numbers = random.Random(9)
    emulator, _ = await start(registrations=300, latency=lambda: numbers.random() * 0.02)
    moments = [numbers.randint(1, 90) for _ in range(3)]
    words, killings = await kill_until_done("delete", emulator, tmp_path / "j", 300, moments)
    assert words == [300, 300, 0, 0]
    assert killings >= 1
    assert emulator.state.registrations == []
