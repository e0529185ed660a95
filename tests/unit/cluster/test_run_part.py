"""Parts of a job, run without an engine: by whom and how often ever, the rows come out as from one sequential run."""

import asyncio
import csv
import json
import random
from contextlib import suppress

import asyncpg
import pytest

import voxsip
from tests.support.emulators import received
from tests.unit.cluster.conftest import bound, run_all
from voxsip._bindings.state import Binding, BindingState, Change
from voxsip.cluster import (
    PartHeldError,
    PartSummary,
    WorkerRefusedError,
    _part as part_module,
    run_part,
)
from voxsip.emulator import Emulator, Fault, Faults

CANARY = "canary-of-a-password"


def binds(count, seed=3):
    """Rows that take users from one another; users are named by id and by name in turn. And what they leave."""
    chance = random.Random(seed)
    state = BindingState({number: Binding() for number in range(1, 61)})
    rows = []
    for number in range(count):
        registration, user = chance.randint(1, 60), chance.randint(1, 30)
        application = (user - 1) % 3 + 1
        named = (
            {"application_id": application, "user_id": user}
            if number % 2
            else {"application_name": f"app-{application}", "user_name": f"user-{user}"}
        )
        rows.append({"sip_registration_id": registration, **named})
        state.apply(Change(registration, application, None, user))
    left = {number: (one.application, one.user) for number, one in state.bindings()}
    return rows, left


def purchases(count):
    return [
        {"sip_username": f"u{n}", "proxy": "sip.example.com", "password": f"{CANARY}-{n}"}
        for n in range(count)
    ]


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
async def test_binds_leave_what_a_sequential_run_leaves(account, store, write, name):
    emulator, client = account
    rows, left = binds(40)
    async with await client.cluster.bind(
        write(rows, name), store=store, partitions=6, verify=True
    ) as job:
        assert job.parts > 1
        await asyncio.gather(
            *(run_part(store, job.job_id, part, client=client) for part in range(job.parts))
        )
        report = await job.report()
    assert bound(emulator) == left
    assert (report.done, report.mismatches, report.ok) == (40, 0, True)
    assert received(emulator, "BindSipRegistration") == 40


async def test_a_part_that_is_done_is_left_alone(account, store, write):
    emulator, client = account
    async with await client.cluster.create(write(purchases(9)), store=store, partitions=3) as job:
        first = await run_all(job, store, client)
        again = await run_all(job, store, client)
    assert first == again
    assert again[1] == PartSummary(job=job.job_id, part=1, state="done", rows=3, done=3)
    assert emulator.state.counters["CreateSipRegistration"] == {"received": 9, "executed": 9}


@pytest.mark.slow
async def test_two_who_run_a_part_at_once_buy_once(account, store, write):
    emulator, client = account
    async with await client.cluster.create(write(purchases(12)), store=store, partitions=1) as job:
        both = await asyncio.gather(
            *(run_part(store, job.job_id, 0, client=client) for _ in range(2))
        )
    assert both[0] == both[1]
    assert received(emulator, "CreateSipRegistration") == 12


@pytest.fixture
async def slow_account():
    """An emulator whose first purchase hangs for as long as the test lasts; a client that bears with it."""
    async with Emulator(balance=1000, price=1) as emulator:
        hang = Fault(kind="delay", command="CreateSipRegistration", seconds=600, times=(1,))
        emulator.faults = Faults([hang])
        async with voxsip.AsyncClient(
            emulator.credentials, base_url=emulator.base_url, timeout=300
        ) as client:
            yield emulator, client


async def begun(emulator, command="CreateSipRegistration", count=1):
    while received(emulator, command) < count:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.01)


@pytest.mark.once
async def test_a_part_that_is_held_can_be_refused(slow_account, store, write):
    emulator, client = slow_account
    async with await client.cluster.create(write(purchases(1)), store=store) as job:
        first = asyncio.create_task(run_part(store, job.job_id, 0, client=client))
        await begun(emulator)
        with pytest.raises(PartHeldError, match="held by another process") as held:
            await run_part(store, job.job_id, 0, client=client, wait=0)
        assert held.value.in_use
        assert held.value.seconds > 300  # the lease, and one attempt
        progress = await job.progress()
        assert (progress.running, progress.ended) == (1, 0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


@pytest.mark.slow
async def test_who_was_cut_off_is_continued(slow_account, store, write):
    emulator, client = slow_account
    quick = client.with_options(timeout=1.0)
    async with await client.cluster.create(
        write(purchases(7)), store=store, partitions=2, concurrency=1
    ) as job:
        first = asyncio.create_task(run_part(store, job.job_id, 0, client=client))
        await begun(emulator)
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        await run_all(job, store, quick)
        report = await job.report()
    assert report.done == 7
    assert emulator.state.counters["CreateSipRegistration"]["executed"] == 7
    assert len(emulator.state.registrations) == 7


@pytest.mark.once
async def test_no_password_is_in_the_store(account, store, write):
    _, client = account
    async with await client.cluster.create(write(purchases(5)), store=store, partitions=2) as job:
        await run_all(job, store, client)
        outcomes = [outcome async for outcome in job.outcomes()]
    assert min(outcome.row.password for outcome in outcomes) == f"{CANARY}-0"
    connection = await asyncpg.connect(store)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'voxsip'")
    text = ""
    for (table,) in tables:
        text += str(await connection.fetch(f"SELECT * FROM voxsip.{table}"))  # noqa: S608 - its own names
    await connection.close()
    assert "u0@sip.example.com" in text
    assert CANARY not in text


@pytest.mark.once
async def test_outcomes_and_reports_are_those_of_a_bulk_job(account, store, write, tmp_path):
    _, client = account
    rows = [{"sip_registration_id": n, "application_id": 1 + n // 50} for n in range(1, 65)]
    async with await client.cluster.bind(
        write(rows), store=store, partitions=4, name="night"
    ) as job:
        await run_all(job, store, client)
        report = await job.report(reports=tmp_path / "report")
        failed = {o.index: str(o.error) async for o in job.outcomes() if o.status == "failed"}
    assert (report.rows, report.done, report.failed) == (64, 60, 4)
    assert sorted(failed) == [60, 61, 62, 63]
    assert list(report.errors.values()) == [4]
    folder = tmp_path / "report"
    assert sorted(path.name for path in folder.iterdir()) == [
        "failed.csv", "report.html", "report.json", "succeeded.csv",
    ]  # fmt: skip
    facts = json.loads((folder / "report.json").read_text())
    assert (facts["done"], facts["failed"], facts["kind"]) == (60, 4, "bind")
    assert facts["latency"]["p50"] is not None
    with (folder / "failed.csv").open() as file:
        lines = {int(row["sip_registration_id"]): int(row["row"]) for row in csv.DictReader(file)}
    assert lines == {61: 62, 62: 63, 63: 64, 64: 65}


@pytest.mark.once
async def test_a_file_of_another_system_is_read_by_every_worker_as_it_was_told(
    account, store, write, tmp_path
):
    emulator, client = account
    rows = [{"ext": f"u{n}", "secret": CANARY, "floor": n} for n in range(5)]
    options = {"map": {"ext": "sip_username", "secret": "password"}, "ignore_extra_columns": True}
    with pytest.raises(voxsip.InvalidArgumentError, match="proxy"):
        await client.cluster.create(write(rows), store=store, **options)
    options["set"] = {"proxy": "pbx.example.com"}
    async with await client.cluster.create(
        write(rows), store=store, partitions=2, **options
    ) as job:
        await run_all(job, store, client)
        report = await job.report(reports=tmp_path / "report")
    assert (report.done, job.parts) == (5, 2)
    found = {row["sip_username"]: row["proxy"] for row in emulator.state.registrations[60:]}
    assert found == {f"u{n}": "pbx.example.com" for n in range(5)}
    header = (tmp_path / "report" / "succeeded.csv").read_text().splitlines()[0]
    assert header.startswith("sip_username,proxy,")


@pytest.mark.once
async def test_what_others_changed_is_found(account, store, write):
    _, client = account
    rows = [{"sip_registration_id": n, "application_id": 1} for n in range(1, 5)]
    async with await client.cluster.bind(write(rows), store=store, verify=True) as job:
        await run_all(job, store, client)
        await client.sip_registrations.bind(sip_registration_id=2, application_id=3)
        report = await job.report()
    assert [mismatch.sip_registration_id for mismatch in report.mismatched] == [2]
    assert not report.ok


@pytest.mark.once
async def test_a_job_that_was_stopped_sends_nothing_until_it_is_opened_again(account, store, write):
    emulator, client = account
    async with await client.cluster.create(write(purchases(4)), store=store, name="night") as job:
        await job.stop("lunch")
    async with await client.cluster.open("night", store=store) as job:
        [summary] = await run_all(job, store, client)
        assert (summary.state, summary.stopped, summary.done) == ("stopped", "lunch", 0)
        report = await job.report()
        assert (report.stopped, report.skipped) == ("lunch", 4)
        assert received(emulator, "CreateSipRegistration") == 0
        await job.reopen()
        [summary] = await run_all(job, store, client)
    assert (summary.state, summary.done) == ("done", 4)


@pytest.mark.once
async def test_failures_of_all_parts_together_stop_the_job(account, store, write):
    _, client = account
    rows = [{"sip_registration_id": n, "application_id": 99} for n in range(1, 61)]
    path = write(rows)
    async with await client.cluster.bind(path, store=store, partitions=6, max_failures=25) as job:
        summaries = await run_all(job, store, client)
        report = await job.report()
    assert report.stopped == "too many failures"
    assert [summary.failed for summary in summaries] == [10, 10, 10, 0, 0, 0]
    assert (report.failed, report.skipped) == (30, 30)


@pytest.mark.once
async def test_an_empty_purse_stops_the_parts_of_its_account(account, store, write):
    emulator, client = account
    no_money = Fault(kind="error", command="CreateSipRegistration", code=127, times=range(6, 99))
    emulator.faults = Faults([no_money])
    async with await client.cluster.create(write(purchases(9)), store=store, partitions=3) as job:
        summaries = await run_all(job, store, client)
        assert [(one.state, one.done) for one in summaries] == [
            ("done", 3), ("stopped", 2), ("stopped", 0),
        ]  # fmt: skip
        assert {one.stopped for one in summaries[1:]} == {"insufficient funds"}
        emulator.faults = None
        await job.reopen()
        await run_all(job, store, client)
        report = await job.report()
    assert report.done == 9
    assert emulator.state.counters["CreateSipRegistration"]["executed"] == 9


@pytest.mark.slow
async def test_money_that_is_just_enough_is_enough_for_all_parts_at_once(store, write):
    rows = [{"sip_username": f"u{n}", "proxy": "sip.example.com"} for n in range(60)]
    async with (
        Emulator(balance=60, price=1) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
        await client.cluster.create(write(rows), store=store, partitions=6) as job,
    ):
        # All of these have taken their money, and none has its reply yet.
        late = Fault(kind="slow_body", command="CreateSipRegistration", seconds=2.0, first=50)
        emulator.faults = Faults([late])
        first = asyncio.gather(
            *(run_part(store, job.job_id, part, client=client) for part in range(5))
        )
        await begun(emulator, count=50)
        await run_part(store, job.job_id, 5, client=client)
        await first
        report = await job.report()
        assert (report.done, report.stopped) == (60, None)
        assert emulator.state.account["balance"] == 0


@pytest.mark.once
async def test_another_voxsip_is_refused(account, store, write, monkeypatch):
    emulator, client = account
    async with await client.cluster.create(write(purchases(1)), store=store) as job:
        with monkeypatch.context() as patch:
            patch.setattr(part_module, "__version__", "0.0.1")
            with pytest.raises(
                WorkerRefusedError, match=r"this machine has 0\.0\.1; install the same"
            ):
                await run_part(store, job.job_id, 0, client=client)
    assert received(emulator, "CreateSipRegistration") == 0


@pytest.mark.once
async def test_another_file_is_refused_before_anything_is_sent(account, store, write):
    emulator, client = account
    path = write(purchases(3))
    async with await client.cluster.create(path, store=store) as job:
        write([*purchases(2), {"sip_username": "other", "proxy": "p.example.com"}])
        with pytest.raises(WorkerRefusedError, match="not what it was when the job was made"):
            await run_part(store, job.job_id, 0, client=client)
    assert emulator.state.counters["CreateSipRegistration"]["received"] == 0


@pytest.mark.once
async def test_a_file_that_is_not_there_is_refused(account, store, write, tmp_path):
    _, client = account
    async with await client.cluster.create(write(purchases(3)), store=store) as job:
        (tmp_path / "rows.csv").rename(tmp_path / "moved.csv")
        with pytest.raises(
            WorkerRefusedError, match="it cannot be read here: there is no such file"
        ):
            await run_part(store, job.job_id, 0, client=client)


async def test_credentials_come_from_the_environment(account, store, write, monkeypatch):
    emulator, client = account
    path = write([{"sip_registration_id": 1}])
    async with await client.cluster.delete(path, store=store) as job:
        monkeypatch.delenv("VOXIMPLANT_CREDENTIALS", raising=False)
        with pytest.raises(WorkerRefusedError, match="credentials"):
            await run_part(store, job.job_id, 0)
        monkeypatch.setenv("VOXIMPLANT_CREDENTIALS", str(emulator.credentials))
        with pytest.raises(WorkerRefusedError, match="set VOXIMPLANT_BASE_URL"):
            await run_part(store, job.job_id, 0)
        monkeypatch.setenv("VOXIMPLANT_BASE_URL", emulator.base_url)
        summary = await run_part(store, job.job_id, 0)
    assert summary.done == 1


@pytest.mark.once
async def test_what_does_not_exist_is_named(account, store, write):
    _, client = account
    with pytest.raises(voxsip.ConfigurationError, match="no job of that name; there is none"):
        await run_part(store, "night", 0, client=client)
    async with await client.cluster.create(write(purchases(1)), store=store, name="night") as job:
        with pytest.raises(voxsip.InvalidArgumentError, match="has parts 0 to 0, got 1"):
            await run_part(store, job.job_id, 1, client=client)
        with pytest.raises(voxsip.ConfigurationError, match="has a job of that name already"):
            await client.cluster.create(job.path, store=store, name="night")
        with pytest.raises(
            voxsip.ConfigurationError, match="no job of that name; the latest are night"
        ):
            await client.cluster.open("day", store=store)
        with pytest.raises(voxsip.InvalidArgumentError, match="expected a name of letters"):
            await client.cluster.open("night/1", store=store)


@pytest.mark.once
async def test_a_job_of_another_account_is_refused(account, store, write):
    _, client = account
    job = await client.cluster.create(write(purchases(1)), store=store, name="night")
    await job.close()
    async with (
        Emulator() as other,
        voxsip.AsyncClient(other.credentials, base_url=other.base_url) as stranger,
    ):
        with pytest.raises(voxsip.ConfigurationError, match="this client is for"):
            await stranger.cluster.open("night", store=store)
        with pytest.raises(WorkerRefusedError, match="its API is at"):
            await run_part(store, "night", 0, client=stranger)
