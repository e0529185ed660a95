"""Closing: at any time, from anywhere, as often as one likes; and not at all."""

import asyncio
import gc
import threading
import weakref

import pytest

import voxsip
from tests.support.in_child import leftovers
from voxsip._sync.loop_thread import LoopThread


def test_twice_does_no_harm_and_the_client_may_be_used_again(client, watch):
    for calls in range(1, 4):
        client.accounts.get_account_info()
        assert watch.seen["connect"] == calls
        client.close()
        client.close()


def test_a_with_block_closes(emulator, watch):
    with voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client:
        client.accounts.get_account_info()
    with client:
        client.accounts.get_account_info()
    assert watch.seen["connect"] == 2


def test_before_the_first_call_it_starts_nothing(run):
    def program(client):
        client.close()
        with client:
            pass
        assert threading.active_count() == 1
        assert not LoopThread.is_alive()

    run(program)


def test_from_any_thread(client):
    client.accounts.get_account_info()
    failures = []

    def close():
        try:
            client.close()
            client.accounts.get_account_info()
            client.close()
        except voxsip.TransportError:
            pass  # another thread closed the connection meanwhile
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=close) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert client.accounts.get_account_info().result.account_id == 1


def test_leaves_nothing_running(client):
    list(client.sip_registrations.list(count=5))
    client.close()
    assert not leftovers()


@pytest.mark.parametrize("in_a_cycle", [False, True])
def test_a_client_that_is_dropped_is_forgotten_and_its_connections_close(emulator, in_a_cycle):
    """Nothing is said, which `-W error` would make an error; nothing is scheduled by a destructor of ours."""
    client = voxsip.Client(emulator.credentials, base_url=emulator.base_url)
    client.accounts.get_account_info()
    if in_a_cycle:  # then the collector ends the client and its session in one go
        client.itself = client

    async def session_of(pool):
        return weakref.ref(pool.loop_state().session)

    pool = client._async._caller.pool
    session = LoopThread().run(session_of(pool))
    gone = weakref.ref(pool)
    del client, pool
    gc.collect()
    assert gone() is None
    while session() is not None:  # the loop sees to it
        LoopThread().run(asyncio.sleep(0))
        gc.collect()
    assert not leftovers()
    for kind in (voxsip.Client, LoopThread):
        assert not hasattr(kind, "__del__")


def test_a_client_may_be_dropped_on_the_loop_thread(emulator):
    kept = [voxsip.Client(emulator.credentials, base_url=emulator.base_url)]
    kept[0].accounts.get_account_info()
    gone = weakref.ref(kept[0])

    async def drop():
        kept.clear()
        gc.collect()

    LoopThread().run(drop())
    assert gone() is None
    while leftovers():
        pass
