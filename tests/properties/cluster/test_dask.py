"""Jobs on real Dask workers, of which some die: what the emulator has executed is what was asked for, once."""

import asyncio
import csv
import json
import random
import signal

import asyncpg
import distributed
import pytest

import voxsip
from tests.support.dask_processes import PATIENCE, Processes, kill, said, until
from voxsip import RateLimit
from voxsip._bindings.state import Binding, BindingState, Change
from voxsip.emulator import Emulator

pytestmark = [pytest.mark.slow, pytest.mark.dask]
CANARY = "canary-of-a-password"


@pytest.fixture
def emulator(request):
    given = getattr(request, "param", {})
    with Emulator(**{"applications": 3, "balance": 10_000, "price": 1, **given}) as emulator:
        yield emulator


@pytest.fixture
def processes(emulator, store, tmp_path):
    environment = {
        "VOXSIP_STORE": store,
        "VOXIMPLANT_CREDENTIALS": str(emulator.credentials),
        "VOXIMPLANT_BASE_URL": emulator.base_url,
    }
    with Processes(tmp_path, environment) as processes:
        yield processes


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def make(emulator, kind, path, store, **options):
    async def making():
        async with (
            voxsip.AsyncClient(
                emulator.credentials, base_url=emulator.base_url, timeout=2
            ) as client,
            await getattr(client.cluster, kind)(path, store=store, **options) as job,
        ):
            return job.job_id

    return asyncio.run(making())


def executed(emulator, command="CreateSipRegistration"):
    return emulator.state.counters[command]["executed"]


def report_of(driver):
    line = next(line for line in said(driver).splitlines() if line.startswith("REPORT "))
    return json.loads(line.removeprefix("REPORT "))


def purchases(count):
    return [
        {"sip_username": f"u{n}", "proxy": "sip.example.com", "password": f"{CANARY}-{n}"}
        for n in range(count)
    ]


async def dump(store):
    connection = await asyncpg.connect(store)
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'voxsip'"
        )
        rows = [
            await connection.fetch(f"SELECT * FROM voxsip.{table}")  # noqa: S608 - its own names
            for (table,) in tables
        ]
    finally:
        await connection.close()
    return str(rows)


async def test_a_purchase_job_outlives_worker_driver_and_scheduler(
    emulator, store, processes, tmp_path
):
    path = write(tmp_path / "rows.csv", purchases(240))
    await asyncio.to_thread(outlive, emulator, store, processes, path)
    told = await dump(store)
    assert "u0@sip.example.com" in told
    assert CANARY not in told
    assert CANARY not in processes.text()
    assert store not in processes.text()


def outlive(emulator, store, processes, path):
    job_id = make(emulator, "create", path, store, partitions=12, rate_limit=RateLimit(40))
    scheduler = processes.scheduler()
    workers = [processes.worker(scheduler) for _ in range(3)]
    driver = processes.driver(scheduler, job_id)
    until(lambda: executed(emulator) >= 40, driver)
    processes.worker(scheduler, without=["VOXSIP_STORE"])
    kill(workers[0])
    until(lambda: executed(emulator) >= 80, driver)
    kill(driver)
    driver = processes.driver(scheduler, job_id, "sync")
    until(lambda: executed(emulator) >= 140, driver)
    kill(scheduler)
    until(lambda: driver.poll() is not None)
    assert "resume job" in said(driver)
    scheduler = processes.scheduler()
    for _ in range(2):
        processes.worker(scheduler)
    driver = processes.driver(scheduler, job_id)
    until(lambda: "REPORT" in said(driver), driver)
    report = report_of(driver)
    assert (report["done"], report["rows"], report["stopped"]) == (240, 240, None)
    assert report["restored"] > 100
    assert emulator.state.counters["CreateSipRegistration"]["executed"] == 240
    names = [row["sip_username"] for row in emulator.state.registrations]
    assert len(names) == len(set(names)) == 240
    assert emulator.state.account["balance"] == 10_000 - 240
    assert "VOXSIP_STORE: it is not set where the worker runs" in processes.text()


def test_a_worker_that_stood_still_sends_nothing_when_it_wakes(
    emulator, store, processes, tmp_path
):
    path = write(tmp_path / "rows.csv", purchases(60))
    job_id = make(emulator, "create", path, store, partitions=4, rate_limit=RateLimit(20))
    scheduler = processes.scheduler()
    workers = [processes.worker(scheduler) for _ in range(2)]
    driver = processes.driver(scheduler, job_id)
    until(lambda: executed(emulator) >= 10, driver)
    workers[0].send_signal(signal.SIGSTOP)
    until(lambda: "REPORT" in said(driver), driver)
    assert "stands still" in said(driver)
    assert report_of(driver)["done"] == 60
    workers[0].send_signal(signal.SIGCONT)
    with distributed.Client(scheduler.address) as dask:
        # A worker has one thread: once it does something else, its part has ended.
        others = [dask.submit(abs, -1, workers=[one], pure=False) for one in dask.nthreads()]
        assert [other.result(PATIENCE) for other in others] == [1, 1]
    assert emulator.state.counters["CreateSipRegistration"]["executed"] == 60
    names = [row["sip_username"] for row in emulator.state.registrations]
    assert len(names) == len(set(names)) == 60


def binds(count, registrations, users):
    """Rows that now and then take a user from another registration; and what they leave."""
    chance = random.Random(5)
    state = BindingState({number: Binding() for number in range(1, registrations + 1)})
    rows = []
    for _ in range(count):
        registration, user = chance.randint(1, registrations), chance.randint(1, users)
        application = (user - 1) % 3 + 1
        named = {"application_id": application, "user_id": user}
        rows.append({"sip_registration_id": registration, **named})
        state.apply(Change(registration, application, None, user))
    return rows, {number: (one.application, one.user) for number, one in state.bindings()}


@pytest.mark.parametrize("emulator", [{"registrations": 400, "users": 400}], indirect=True)
def test_binds_of_many_parts_leave_what_a_sequential_run_leaves(
    emulator, store, processes, tmp_path
):
    rows, left = binds(300, 400, 400)
    path = write(tmp_path / "rows.csv", rows)
    job_id = make(
        emulator, "bind", path, store, partitions=12, verify=True, rate_limit=RateLimit(60)
    )
    scheduler = processes.scheduler()
    workers = [processes.worker(scheduler) for _ in range(3)]
    driver = processes.driver(scheduler, job_id)
    until(lambda: executed(emulator, "BindSipRegistration") >= 60, driver)
    kill(workers[0])
    until(lambda: "REPORT" in said(driver), driver)
    report = report_of(driver)
    assert (report["done"], report["mismatches"]) == (300, 0)
    assert left == {
        row["sip_registration_id"]: (row["application_id"], row["user_id"])
        for row in emulator.state.registrations
    }
