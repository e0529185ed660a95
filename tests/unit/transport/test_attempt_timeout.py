"""The time of an attempt: kept by one timer, told from everybody else's cancelling."""

import asyncio

import pytest

from voxsip import Timeout
from voxsip._transport.attempt_timeout import AttemptTimeout, AttemptTimers


@pytest.fixture
async def timers():
    return AttemptTimers(asyncio.get_running_loop())


async def forever(timers, seconds, began=None):
    with timers.attempt(seconds):
        if began is not None:
            began.set()
        await asyncio.Event().wait()


async def test_time_that_is_up_ends_an_attempt_and_nothing_else(timers):
    with pytest.raises(TimeoutError):
        await forever(timers, 0.01)
    assert asyncio.current_task().cancelling() == 0
    await asyncio.sleep(0)  # nothing is left that would cancel this


async def test_an_attempt_that_ends_in_time_is_forgotten(timers):
    with timers.attempt(30):
        await asyncio.sleep(0)
    assert not timers._watches[30].running


async def test_what_goes_wrong_meanwhile_is_raised_as_it_is(timers):
    with pytest.raises(KeyError), timers.attempt(30):
        raise KeyError
    assert not timers._watches[30].running


async def test_one_timer_looks_after_all(timers, monkeypatch):
    loop = asyncio.get_running_loop()
    scheduled = []
    call_at = loop.call_at
    monkeypatch.setattr(loop, "call_at", lambda *a, **k: scheduled.append(a) or call_at(*a, **k))
    over = asyncio.Event()

    async def attempt():
        for _ in range(5):
            with timers.attempt(30):
                await asyncio.sleep(0)
        with timers.attempt(30):
            await over.wait()

    tasks = [asyncio.create_task(attempt()) for _ in range(50)]
    await asyncio.sleep(0)
    over.set()
    await asyncio.gather(*tasks)
    assert len(scheduled) == 1


async def test_every_attempt_has_its_own_time(timers):
    attempts = [timers.attempt(0.02), timers.attempt(0.02)]
    ends = []

    async def wait(attempt):
        try:
            with attempt:
                await asyncio.Event().wait()
        except TimeoutError:
            ends.append(attempt)

    first = asyncio.create_task(wait(attempts[0]))
    await asyncio.sleep(0.005)
    await asyncio.gather(first, wait(attempts[1]))
    assert ends == attempts
    assert attempts[0].due < attempts[1].due


async def test_times_of_different_length_do_not_wait_for_each_other(timers):
    long = asyncio.create_task(forever(timers, 30))
    short = asyncio.create_task(forever(timers, 0.01))
    await asyncio.wait([short])
    assert not long.done()
    long.cancel()
    await asyncio.wait([long])
    assert long.cancelled()


async def test_a_caller_who_cancels_is_no_timeout(timers):
    began = asyncio.Event()
    task = asyncio.create_task(forever(timers, 30, began))
    await began.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert not timers._watches[30].running


@pytest.mark.parametrize("caller_first", [True, False])
async def test_a_caller_who_cancels_at_the_same_moment_has_it_his_way(timers, caller_first):
    began = asyncio.Event()
    task = asyncio.create_task(forever(timers, 30, began))
    await began.wait()
    [attempt] = timers._watches[30].running
    for cancel in (task.cancel, attempt.expire) if caller_first else (attempt.expire, task.cancel):
        cancel()
    timers._watches[30].running.clear()  # as the timer does
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_deadline_around_it_ends_it_first(timers):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01) as deadline:
            await forever(timers, 30)
    assert deadline.expired()
    assert asyncio.current_task().cancelling() == 0


async def test_a_deadline_around_it_is_not_touched_by_it(timers):
    async with asyncio.timeout(30) as deadline:
        with pytest.raises(TimeoutError):
            await forever(timers, 0.01)
    assert not deadline.expired()


async def test_a_watch_without_attempts_goes_away(timers):
    with timers.attempt(30):
        pass
    timers._watches[30]._ring()
    assert not timers._watches
    with pytest.raises(TimeoutError):
        await forever(timers, 0.01)


async def test_outside_of_a_task_there_is_nothing_to_cancel(timers):
    done = asyncio.get_running_loop().create_future()

    def outside():
        try:
            timers.attempt(1).__enter__()
        except RuntimeError as error:
            done.set_result(str(error))

    asyncio.get_running_loop().call_soon(outside)
    assert "inside a task" in await done


def test_aiohttp_keeps_the_time_of_connecting_only():
    patience = AttemptTimeout.of(Timeout(connect=2, total=30))
    assert patience.total == 30
    assert patience.connecting.total is None
    assert (patience.connecting.sock_connect, patience.connecting.connect) == (2, 27)
    assert AttemptTimeout.of(10).connecting.sock_connect == 9
