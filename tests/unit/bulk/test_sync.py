"""The blocking client: same outcomes, the input read in the caller's thread, one hop per batch."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import voxsip
from tests.support.emulators import received
from tests.unit.bulk.conftest import bindings
from voxsip import InvalidArgumentError
from voxsip._sync.loop_thread import LoopThread
from voxsip.bulk import BindRequest, Stop
from voxsip.emulator import Emulator, Fault, Faults


@pytest.fixture
def emulator():
    with Emulator(applications=3, users=12, registrations=40, balance=100) as running:
        yield running


@pytest.fixture
def client(emulator):
    with voxsip.Client(emulator.credentials, base_url=emulator.base_url) as made:
        yield made


def rows(count):
    return [
        BindRequest(sip_registration_id=number % 40 + 1, application_id=1)
        for number in range(count)
    ]


def test_wait_gives_the_report(emulator, client):
    job = client.bulk.bind(rows(1000), verify=True)
    report = job.wait()
    assert report is job.report
    assert (report.rows, report.done, report.mismatches) == (1000, 1000, 0)
    assert received(emulator) == 1000
    assert job.wait() is report


def test_a_second_reader_is_refused_and_no_row_is_sent_twice(emulator, client):
    """Each reader would read the rows, and have each of them sent."""
    job = client.bulk.bind(rows(600))
    outcomes = iter(job)
    first = next(outcomes)
    told = []

    def read():
        for attempt in (job.wait, lambda: list(job)):
            with pytest.raises(RuntimeError, match="is being iterated already"):
                attempt()
            told.append(attempt)

    other = threading.Thread(target=read)
    other.start()
    other.join()
    read()
    assert len(told) == 4
    assert job.report.stopped is None
    assert {outcome.index for outcome in (first, *outcomes)} == set(range(600))
    assert received(emulator) == 600
    assert job.wait().rows == 600
    assert list(job) == []


def test_iterated_it_gives_every_outcome_of_rows_read_in_this_thread(client):
    wanted = rows(1000)
    threads = set()

    def reading():
        for row in wanted:
            threads.add(threading.get_ident())
            yield row

    outcomes = list(client.bulk.bind(reading()))
    assert sorted(outcome.index for outcome in outcomes) == list(range(1000))
    assert all(outcome.row is wanted[outcome.index] for outcome in outcomes)
    assert threads == {threading.get_ident()}


def test_threads_meet_once_per_batch(client, monkeypatch):
    hops = 0
    run = LoopThread.run

    def counted(self, coroutine):
        nonlocal hops
        hops += 1
        return run(self, coroutine)

    monkeypatch.setattr(LoopThread, "run", counted)
    assert client.bulk.bind(rows(2000)).wait().done == 2000
    assert hops <= 2 * 2000 / 256 + 10


def test_leaving_early_ends_what_is_in_flight(emulator, client):
    read = 0

    def endless():
        nonlocal read
        for row in rows(100_000):
            read += 1
            yield row

    job = client.bulk.bind(endless(), concurrency=8)
    for outcome in job:
        assert outcome.status == "done"
        break
    sent = received(emulator)
    assert read <= 3 * 256 + 8 + 256
    assert emulator.state.counters["BindSipRegistration"]["executed"] == sent
    assert job.report.stopped == Stop.REQUESTED
    assert list(job) == [], "a job runs once"


def test_a_with_block_ends_the_job(emulator, client):
    with client.bulk.bind(rows(5000), concurrency=8) as job:
        iterator = iter(job)
        next(iterator)
    assert received(emulator) == job.report.done < 5000


def test_what_the_input_raises_is_raised_once_the_rows_before_it_are_done(emulator, client):
    def broken():
        yield from rows(300)
        raise LookupError("the file ends in the middle of a line")

    job = client.bulk.bind(broken())
    seen = []
    with pytest.raises(LookupError, match="middle of a line"):
        seen.extend(job)
    assert job.report.done == received(emulator) == 300


def test_outcomes_come_while_a_slow_input_is_still_being_read(client):
    gate = threading.Event()

    def slow():
        yield from rows(3)
        time.sleep(0.06)  # longer than a batch is waited for
        yield from rows(1)
        assert gate.wait(60), "the first outcomes did not come before the last row"
        yield from rows(1)

    seen = 0
    for _ in client.bulk.bind(slow()):
        seen += 1
        gate.set()
    assert seen == 5


def test_a_stop_from_another_thread(client):
    job = client.bulk.bind(rows(50_000), concurrency=2)
    stopper = threading.Timer(0.2, job.stop, ["somebody else said so"])
    stopper.start()
    report = job.wait()
    stopper.join()
    assert report.stopped == "somebody else said so"
    assert report.done + report.skipped == report.rows == 50_000


def test_create_delete_quote_and_resume(emulator, client, tmp_path):
    journal = tmp_path / "job.sqlite"
    wanted = [{"sip_username": f"n{number}", "proxy": "p.example.com"} for number in range(5)]
    assert client.bulk.quote(5).enough
    job = client.bulk.create(wanted, journal=journal)
    made = [outcome.result.sip_registration_id for outcome in job]
    assert sorted(made) == [41, 42, 43, 44, 45]
    assert client.bulk.resume(journal, wanted).wait().restored == 5
    report = client.bulk.delete({"sip_registration_id": number} for number in made).wait()
    assert (report.done, len(bindings(emulator))) == (5, 40)


def test_an_async_iterable_is_refused(client):
    async def later():
        yield rows(1)[0]

    with pytest.raises(InvalidArgumentError, match="rows"):
        client.bulk.bind(later())


def test_skip_unchanged_reads_the_input_in_this_thread_too(emulator, client):
    assert client.bulk.bind(rows(500)).wait().done == 500
    sent = received(emulator)
    report = client.bulk.bind(iter(rows(500)), skip_unchanged=True).wait()
    assert (report.unchanged, received(emulator)) == (500, sent)


@contextmanager
def script(emulator, body):
    """Run a script as a process; kill it if the test does not see its end."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            "PYTHONPATH": str(Path(voxsip.__file__).parents[1]),
            "VOXIMPLANT_CREDENTIALS": str(emulator.credentials),
            "VOXIMPLANT_BASE_URL": emulator.base_url,
            "PATH": os.environ.get("PATH", ""),
        },
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_ctrl_c_ends_what_is_in_flight_and_is_raised(emulator):
    emulator.latency = 0.02
    body = """
        import voxsip
        with voxsip.Client() as client:
            job = client.bulk.bind(({"sip_registration_id": 1, "application_id": 1} for _ in range(10**6)))
            print("ready", flush=True)
            try:
                job.wait()
            except KeyboardInterrupt:
                print("interrupted", job.report.unknown, job.report.failed, job.report.done)
        """
    with script(emulator, body) as process:
        assert process.stdout.readline() == "ready\n"
        while not received(emulator):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    word, unknown, failed, done = out.split()
    assert (word, unknown, failed) == ("interrupted", "0", "0")
    assert int(done) == emulator.state.counters["BindSipRegistration"]["executed"]


def test_an_interpreter_that_ends_in_the_middle_says_nothing(emulator):
    body = """
        import voxsip
        client = voxsip.Client()
        job = client.bulk.bind(({"sip_registration_id": 1, "application_id": 1} for _ in range(10**6)))
        outcomes = iter(job)
        print(next(outcomes).status)
        """
    with script(emulator, body) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "done\n", "")


def test_its_client_works_in_a_thread_beside_a_loop(emulator):
    async def main():
        def blocking():
            with voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client:
                return client.bulk.bind(rows(10)).wait().done

        return await asyncio.to_thread(blocking)

    assert asyncio.run(main()) == 10


@pytest.mark.parametrize("kind", ["bind", "create"])
def test_throttled_rows_do_not_hold_up_a_deadline(kind):
    faults = Faults([Fault(kind="error", code=340, retry_after=3600)])
    rows = [{"sip_registration_id": 1, "application_id": 1}]
    if kind == "create":
        faults = Faults(
            [Fault(kind="error", code=340, command="CreateSipRegistration", retry_after=3600)]
        )
        rows = [{"sip_username": "alice", "proxy": "sip.example.com"}]
    with (
        Emulator(registrations=1, balance=100, faults=faults) as emulator,
        voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        report = getattr(client.bulk, kind)(rows, deadline=0.3).wait()
        assert (report.skipped, report.stopped) == (1, Stop.DEADLINE)
