"""Called where a loop runs: it works, and says once that it holds the loop up."""

import asyncio
import gc
import inspect
import warnings

import pytest

from voxsip._sync import loop_thread
from voxsip._sync.loop_thread import LoopThread


@pytest.fixture
def _silent_so_far(monkeypatch):
    LoopThread().run(asyncio.sleep(0))  # where no loop thread runs, close has nothing to do
    monkeypatch.setattr(loop_thread._state, "warned", False)


def iterate(client):
    for _ in client.sip_registrations.list():
        break


def page(client):
    client.sip_registrations.list().first_page()


def plain(client):
    client.accounts.get_account_info()


def secret(client):
    client.sip_registrations.update(sip_registration_id=1, password="secret")


def any_command(client):
    client.call("GetAccountInfo")


def close(client):
    client.close()


USES = [iterate, page, plain, secret, any_command, close]


@pytest.mark.usefixtures("_silent_so_far")
@pytest.mark.parametrize("use", USES)
async def test_works_inside_a_running_loop_and_warns_once_at_the_callers_line(client, use):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            use(client)
            use(client)
    [warning] = caught
    assert warning.category is RuntimeWarning
    assert "AsyncClient" in str(warning.message)
    lines, first = inspect.getsourcelines(use)
    assert warning.filename == __file__
    assert first < warning.lineno < first + len(lines)


@pytest.mark.usefixtures("_silent_so_far")
@pytest.mark.parametrize("use", USES)
async def test_a_warning_made_an_error_is_raised_once_and_leaves_nothing_behind(client, use):
    with pytest.raises(RuntimeWarning):
        use(client)
    gc.collect()  # a coroutine that was never awaited would say so
    use(client)


@pytest.mark.usefixtures("_silent_so_far")
async def test_no_warning_where_the_call_is_moved_off_the_loop(client):
    reply = await asyncio.to_thread(client.accounts.get_account_info)
    assert reply.result.account_id == 1


@pytest.mark.parametrize("use", USES)
def test_on_its_own_loop_it_raises_instead_of_hanging(client, use):
    async def inside():
        with pytest.raises(RuntimeError, match="use AsyncClient there"):
            use(client)

    client.accounts.get_account_info()
    LoopThread().run(inside())
    gc.collect()
    assert client.accounts.get_account_info().result.account_id == 1
