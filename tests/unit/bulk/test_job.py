import asyncio

import pytest

import voxsip
from tests.support.emulators import received
from tests.unit.bulk.conftest import bindings, until
from voxsip import (
    ForbiddenError,
    InvalidArgumentError,
    NotFoundError,
    OutcomeUnknownError,
    RetryPolicy,
    models,
)
from voxsip._calls.limiter import Limiter
from voxsip._clock import SYSTEM, Seams, SystemClock
from voxsip.bulk import BindRequest, DeleteRequest, Outcome, Stop
from voxsip.emulator import Fault, Faults


def row(registration, user=None):
    """Bind a registration to a user, or to an application alone."""
    if user is None:
        return BindRequest(sip_registration_id=registration, application_id=1)
    return BindRequest(
        sip_registration_id=registration, application_id=(user - 1) % 3 + 1, user_id=user
    )


ROWS = [row(number, number if number <= 12 else None) for number in range(1, 41)]


async def test_awaited_it_gives_the_report(account):
    emulator, client = account
    job = client.bulk.bind(ROWS)
    report = await job
    assert report is job.report
    assert (report.kind, report.rows, report.done, report.calls) == ("bind", 40, 40, 40)
    assert (report.retries, report.errors, report.stopped, report.mismatches) == (0, {}, None, None)
    assert report.ok
    assert report.seconds > 0
    assert received(emulator) == 40
    assert await job is report, "a second await sends nothing"
    assert received(emulator) == 40


async def test_iterated_it_gives_every_outcome(account):
    _, client = account
    outcomes = [outcome async for outcome in client.bulk.bind(ROWS)]
    assert sorted(outcome.index for outcome in outcomes) == list(range(40))
    for outcome in outcomes:
        assert outcome.row is ROWS[outcome.index]
        assert (outcome.status, outcome.error, outcome.attempts) == ("done", None, 1)
        assert outcome.result == models.BindSipRegistrationReply(result=1)
        assert outcome.elapsed > 0


async def test_rows_may_be_mappings_and_come_from_any_iterable(account):
    emulator, client = account

    async def later():
        for number in (1, 2):
            yield {"sip_registration_id": str(number), "application_name": "app-2"}

    assert (await client.bulk.bind(later())).done == 2
    assert (
        await client.bulk.bind(iter([{"sip_registration_id": 3, "application_id": 1}]))
    ).done == 1
    assert [binding.application for binding in bindings(emulator).values()][:3] == [2, 2, 1]


async def test_no_rows(account):
    _, client = account
    assert (await client.bulk.bind([])).rows == 0
    assert [outcome async for outcome in client.bulk.bind(())] == []


@pytest.mark.parametrize("rows", ["text", b"bytes", {"sip_registration_id": 1}, 7, None])
async def test_what_is_no_input_is_refused_at_once(account, rows):
    _, client = account
    with pytest.raises(InvalidArgumentError, match="rows"):
        client.bulk.bind(rows)


@pytest.mark.parametrize(
    "options",
    [
        {"concurrency": 0},
        {"concurrency": 257},
        {"concurrency": 1.5},
        {"max_failures": -1},
        {"max_failure_ratio": 1.1},
        {"min_rows_for_ratio": 0},
        {"deadline": -1},
        {"rate_limit": 100},
    ],
)
async def test_wrong_options_are_refused_at_once(account, options):
    _, client = account
    with pytest.raises(InvalidArgumentError) as caught:
        client.bulk.bind([], **options)
    assert caught.value.field == next(iter(options))


async def test_a_row_never_raises(account):
    emulator, client = account
    rows = [
        row(1),
        {"sip_registration_id": "one"},
        {"sip_registration_id": 2, "aplication_id": 1},
        BindRequest(application_id=1),
        row(999),
        object(),
        DeleteRequest(sip_registration_id=1),
        row(2),
    ]
    outcomes = {outcome.index: outcome async for outcome in client.bulk.bind(rows)}
    assert [outcomes[index].status for index in range(8)] == [
        "done",
        *["failed"] * 6,
        "done",
    ]
    for index in (1, 2, 3, 5, 6):
        assert isinstance(outcomes[index].error, InvalidArgumentError)
        assert outcomes[index].attempts == 0
    assert isinstance(outcomes[4].error, NotFoundError)
    assert outcomes[4].attempts == 1
    assert outcomes[4].error.__traceback__ is None, "an outcome that is kept keeps no frames"
    assert received(emulator) == 3


async def test_errors_are_counted_by_number_and_name(account):
    _, client = account
    report = await client.bulk.bind([row(999), row(998), {"bind": "perhaps"}])
    (numbered,) = (name for name in report.errors if name.startswith("275"))
    assert report.errors == {numbered: 2, "InvalidArgumentError": 1}
    assert not report.ok
    assert report.to_dict()["errors"] == report.errors


async def test_an_outcome_shows_no_password(account):
    _, client = account
    rows = [{"sip_username": "a", "proxy": "p", "password": "hunter2", "zzz": 1}]
    (outcome,) = [outcome async for outcome in client.bulk.create(rows)]
    assert outcome.status == "failed"
    assert "hunter2" not in repr(outcome)
    assert "hunter2" not in str(outcome.error)


async def test_an_endless_input_is_read_only_as_far_as_needed(account):
    _, client = account
    read = 0
    closed = False

    async def endless():
        nonlocal read, closed
        try:
            while True:
                read += 1
                yield row(read % 40 + 1)
        finally:
            closed = True

    seen = 0
    job = client.bulk.bind(endless(), concurrency=8)
    async with job:
        async for _ in job:
            seen += 1
            assert read - seen <= 256 + 1024 + 8
            if seen == 3000:
                break
    assert closed
    assert job.report.stopped == Stop.REQUESTED


async def test_a_reader_that_pauses_holds_the_workers_up(account):
    emulator, client = account
    job = client.bulk.bind((row(number % 40 + 1) for number in range(4000)), concurrency=32)
    async with job:
        async for _ in job:
            await until(lambda: job.report.rows >= 1024)
            break
        assert received(emulator) <= 1024 + 1024 + 64


async def test_leaving_early_ends_what_is_in_flight(account):
    emulator, client = account
    seen = []
    async for outcome in client.bulk.bind(ROWS * 50, concurrency=4):
        seen.append(outcome)
        break
    # The loop lets go of the generator, which sees to the end of the job; the fixture looks for tasks left.
    await asyncio.sleep(0)
    assert len(seen) == 1
    assert received(emulator) < 2000


async def test_cancelling_cancels_what_is_in_flight(start):
    emulator, client = await start(registrations=40, latency=30)

    async def consume():
        async for _ in client.bulk.bind(ROWS, concurrency=8):
            pass

    for work in (consume(), client.bulk.bind(ROWS, concurrency=8)._finish()):
        before = received(emulator)
        task = asyncio.create_task(work)
        await until(lambda: received(emulator) == before + 8)  # noqa: B023 - awaited here
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert received(emulator) == before + 8


async def test_what_the_input_raises_is_raised_once_the_rows_before_it_are_done(account):
    emulator, client = account

    def broken():
        yield from ROWS[:20]
        raise LookupError("the file ends in the middle of a line")

    async def broken_later():
        for each in broken():
            yield each

    for rows in (broken(), broken_later()):
        before = received(emulator)
        job = client.bulk.bind(rows)
        seen = []
        with pytest.raises(LookupError, match="middle of a line"):
            async for outcome in job:
                seen.append(outcome)  # noqa: PERF401 - the loop ends in an exception
        assert len(seen) == received(emulator) - before == 20
        assert job.report.done == 20


class GaveUpError(BaseException):
    """None that is caught as an error."""


@pytest.mark.parametrize(
    ("raised", "told"),
    [(asyncio.CancelledError, RuntimeError), (GaveUpError, GaveUpError)],
    ids=["cancelled", "no error"],
)
@pytest.mark.parametrize("later", [False, True], ids=["iterable", "async"])
async def test_an_input_that_was_cut_does_not_look_like_one_that_ended(
    account, tmp_path, raised, told, later
):
    _, client = account

    def broken():
        yield from ROWS[:20]
        raise raised

    async def broken_later():
        for each in broken():
            yield each

    journal = tmp_path / "job.sqlite"
    job = client.bulk.bind(broken_later() if later else broken(), journal=journal)
    with pytest.raises(told):
        await job
    assert job.report.stopped is not None
    assert not job.report.ok
    report = await client.bulk.resume(journal, ROWS, recovery_delay=0)
    assert report.ok
    assert report.rows == 40


async def test_a_job_is_iterated_by_one(account):
    _, client = account
    job = client.bulk.bind(ROWS, concurrency=1)

    async def read():
        return [outcome async for outcome in job]

    async with asyncio.timeout(30):
        first, second = await asyncio.gather(read(), read(), return_exceptions=True)
    assert len(first) == 40
    assert isinstance(second, RuntimeError)
    assert "iterated already" in str(second)


async def test_a_second_reader_is_refused_while_the_first_is_busy(account):
    _, client = account
    job = client.bulk.bind(ROWS)
    outcomes = [outcome async for outcome in _read_beside(job)]
    assert len(outcomes) == 40
    assert job.report.stopped is None


async def _read_beside(job):
    async for outcome in job:
        with pytest.raises(RuntimeError, match="iterated already"):
            await anext(aiter(job))
        yield outcome


async def test_closing_a_job_before_its_first_step_ends_its_reader(account):
    _, client = account
    job = client.bulk.bind(ROWS)

    async def read():
        return [outcome async for outcome in job]

    reader = asyncio.create_task(read())
    await asyncio.sleep(0)  # it waits now, and the job's own task has not begun
    async with asyncio.timeout(30):
        await job.aclose()
        with pytest.raises(asyncio.CancelledError):
            await reader
    assert job.report.stopped is Stop.CANCELLED


async def test_a_stop_skips_the_rest(account):
    emulator, client = account
    job = client.bulk.bind(ROWS * 10, concurrency=4)
    outcomes = []
    async for outcome in job:
        outcomes.append(outcome)
        job.stop("enough")
    report = job.report
    assert sorted(outcome.index for outcome in outcomes) == list(range(400))
    assert report.stopped == "enough"
    assert report.done == received(emulator) < 400
    assert report.done + report.skipped == 400
    assert all(outcome.attempts == 0 for outcome in outcomes if outcome.status == "skipped")


async def test_a_stop_before_the_start_sends_nothing(account):
    emulator, client = account
    job = client.bulk.bind(ROWS)
    job.stop()
    report = await job
    assert (report.skipped, report.stopped) == (40, Stop.REQUESTED)
    assert received(emulator) == 0


async def test_a_stop_can_leave_an_input_that_never_ends_unread(account):
    _, client = account
    waiting = asyncio.Event()

    async def silent():
        yield ROWS[0]
        waiting.set()
        await asyncio.Event().wait()

    job = client.bulk.bind(silent())
    task = asyncio.ensure_future(job._finish())
    await waiting.wait()
    job.stop(read_rest=False)
    report = await task
    assert (report.rows, report.done) == (1, 1)


async def test_a_deadline_skips_the_rest(account):
    emulator, client = account
    report = await client.bulk.bind(ROWS, deadline=0)
    assert (report.skipped, report.stopped) == (40, Stop.DEADLINE)
    assert received(emulator) == 0


async def test_failures_stop_the_job(account):
    emulator, client = account
    rows = [row(900 + number) for number in range(200)]
    report = await client.bulk.bind(rows, concurrency=4, max_failures=10)
    assert report.stopped == Stop.FAILURES
    assert 11 <= report.failed == received(emulator) <= 11 + 4
    assert report.failed + report.skipped == 200


async def test_a_refused_key_stops_the_job(start):
    emulator, client = await start(registrations=40, roles=["Support"])
    report = await client.bulk.bind(ROWS, concurrency=4)
    assert report.stopped == Stop.AUTHORIZATION
    assert 1 <= received(emulator) == report.failed <= 4 + 1
    (name,) = report.errors
    assert name.startswith("104")
    outcomes = [outcome async for outcome in client.bulk.bind(ROWS[:1])]
    assert isinstance(outcomes[0].error, ForbiddenError)


async def test_a_lost_reply_leaves_the_outcome_unknown(start):
    emulator, client = await start(
        registrations=3,
        retry=RetryPolicy(attempts=1),
        faults=Faults([Fault(kind="lose_reply", command="BindSipRegistration", times=(2,))]),
    )
    outcomes = [o async for o in client.bulk.bind([row(1), row(2), row(3)], concurrency=1)]
    assert [o.status for o in outcomes] == ["done", "unknown", "done"]
    assert isinstance(outcomes[1].error, OutcomeUnknownError)
    assert bindings(emulator)[2].application == 1


async def test_a_lost_reply_stays_in_doubt_whatever_the_next_attempt_meets(start):
    _, client = await start(
        registrations=3,
        retry=RetryPolicy(attempts=2, backoff=0.001),
        faults=Faults(
            [
                Fault(kind="lose_reply", command="BindSipRegistration", times=(1, 3)),
                Fault(kind="error", code=340, command="BindSipRegistration", times=(2,)),
            ]
        ),
    )
    (first,) = [o async for o in client.bulk.bind([row(1)])]
    assert (first.status, first.attempts) == ("unknown", 2)
    (second,) = [o async for o in client.bulk.bind([row(999)])]
    assert (second.status, second.attempts) == ("failed", 2), "the server did look at it in the end"


async def test_throttled_rows_are_tried_until_they_are_taken(start):
    emulator, client = await start(
        registrations=40,
        retry=RetryPolicy(attempts=1, backoff=0.001),
        faults=Faults([Fault(kind="error", code=340, first=6, command="BindSipRegistration")]),
    )
    report = await client.bulk.bind(ROWS[12:32])
    assert report.done == 20
    assert report.calls == received(emulator) == 26
    assert report.retries == 6


async def test_an_outcome_can_be_made_by_hand_and_compared():
    one = Outcome(index=0, row=row(1), status="done")
    assert one == Outcome(index=0, row=row(1), status="done")


async def test_a_job_keeps_to_the_limit_of_its_client(account):
    _, client = account
    slow = client.with_options(rate_limit=voxsip.RateLimit(50))
    job = slow.bulk.bind(ROWS[:10])
    await job
    assert job.rate == 50
    own = client.bulk.bind(ROWS[:3], rate_limit=voxsip.RateLimit(1000))
    await own
    assert own.rate == 1000


async def test_a_limiter_of_the_users_may_change_its_rate_while_the_job_runs(account):
    _, client = account
    limiter = voxsip.Limiter(voxsip.RateLimit(50))
    job = client.bulk.bind(ROWS, rate_limit=limiter)
    async for _ in job:
        limiter.set_rate(None)
    assert job.report.done == 40
    assert job.rate is None


async def test_the_clients_own_queue_is_no_latency(account):
    emulator, _ = account
    ahead = 0.0

    class Late(SystemClock):
        def monotonic(self):
            return SYSTEM.monotonic() + ahead

    class Queue(Limiter):
        async def acquire(self):
            nonlocal ahead
            await super().acquire()
            ahead += 1000.0

    seams = Seams(clock=Late())
    options = {"base_url": emulator.base_url, "_seams": seams}
    async with voxsip.AsyncClient(emulator.credentials, **options) as client:
        job = client.bulk.bind(ROWS[:3], concurrency=1, rate_limit=Queue(clock=seams.clock))
        outcomes = [outcome async for outcome in job]
    assert [outcome.status for outcome in outcomes] == ["done"] * 3
    assert all(0 < outcome.elapsed < 500 for outcome in outcomes)
