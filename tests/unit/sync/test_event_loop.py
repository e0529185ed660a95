"""The loop thread takes uvloop where it is installed, and does without."""

import asyncio
import sys

import pytest

from voxsip._sync.event_loop import new_loop
from voxsip._sync.loop_thread import LoopThread


async def kind_of_loop():
    return type(asyncio.get_running_loop()).__module__


def test_uvloop_where_it_is_installed():
    pytest.importorskip("uvloop")
    assert LoopThread().run(kind_of_loop()).startswith("uvloop")


def test_asyncio_where_it_is_not(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = new_loop()
    loop.close()
    assert type(loop).__module__.startswith("asyncio.")


def test_uvloop_is_imported_by_the_first_call_only(run):
    def program(client):
        assert "uvloop" not in sys.modules
        client.accounts.get_account_info()
        assert "uvloop" in sys.modules

    pytest.importorskip("uvloop")
    run(program)


def test_the_policy_of_the_program_is_not_touched(client):
    client.accounts.get_account_info()
    loop = asyncio.new_event_loop()
    loop.close()
    assert type(loop).__module__.startswith("asyncio.")


@pytest.mark.parametrize("with_uvloop", [True, False])
def test_a_refusing_executor_works_by_itself(monkeypatch, with_uvloop):
    """As it refuses once the main thread has ended: then the loop's own thread does the work."""
    if not with_uvloop:
        monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = new_loop()
    try:
        loop.run_until_complete(loop.run_in_executor(None, int))
        monkeypatch.setattr("concurrent.futures.thread._shutdown", True)
        assert loop.run_until_complete(loop.run_in_executor(None, int, "7")) == 7
        with pytest.raises(ValueError, match="invalid literal"):
            loop.run_until_complete(loop.run_in_executor(None, int, "seven"))
    finally:
        loop.close()
