"""One clock for everything a client measures and waits for."""

import sqlite3
from contextlib import closing

import pytest

import voxsip
from tests.support.harness import Clock
from voxsip._clock import Seams
from voxsip.emulator import Emulator, Fault, Faults

ROWS = [{"sip_registration_id": n, "application_id": 1, "user_id": n} for n in (1, 2, 3)]


@pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client])
def test_client_hands_its_clock_down(account, cls):
    clock = Clock()
    client = cls(account, rate_limit=voxsip.RateLimit(5), _seams=Seams(clock=clock))
    view = client.with_options(rate_limit=voxsip.RateLimit(7), timeout=3)
    assert client.clock is view.clock is client.limiter._clock is view.limiter._clock is clock
    inner = client if cls is voxsip.AsyncClient else client._async
    calls = inner._caller
    assert calls.tokens._clock is calls.retrier._clock is calls.creates._clock is clock


async def test_whole_job_runs_in_the_time_it_is_given(account, tmp_path):
    clock = Clock(start=1_000_000_000.0)
    faults = Faults([Fault(kind="http", status=503, command="BindSipRegistration", first=2)])
    async with (
        Emulator(registrations=3, users=3, applications=1, clock=clock, faults=faults) as emulator,
        voxsip.AsyncClient(
            account,
            base_url=emulator.base_url,
            retry=voxsip.RetryPolicy(backoff=40.0, max_backoff=40.0),
            _seams=Seams(clock=clock, random=lambda: 0.5),
        ) as client,
    ):
        journal = tmp_path / "job.sqlite"
        report = await client.bulk.bind(ROWS, concurrency=1, journal=journal)
    assert report.done == 3
    assert clock.delays[:2] == [20.0, 20.0]  # jitter from the given source, nothing waited for
    assert report.seconds == sum(clock.delays)
    with closing(sqlite3.connect(journal)) as connection:
        times = [at for (at,) in connection.execute("SELECT at FROM row")]
        [(started,)] = connection.execute("SELECT started_at FROM run")
    assert started == 1_000_000_000_000
    assert {started + 20_000 <= at <= clock.wall() * 1e3 for at in times} == {True}
