"""Called where a loop runs: it works, and says once that it holds the loop up."""

import asyncio
import gc
import inspect
import os
import sys
import warnings

from tests.sync.inside import say, wait_for_child
from voxsip._loopthread import LoopThread


def test_works_inside_a_running_loop_and_warns_once_at_the_callers_line(run):
    def program(client):
        source = inspect.getsource(sys.modules["__main__"]).splitlines()

        async def main():
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                assert client.accounts.get_account_info().result.account_id == 1
                assert len(list(client.sip_registrations.list())) == 20
                client.call("GetAccountInfo")
            [warning] = caught
            assert warning.category is RuntimeWarning
            assert "AsyncClient" in str(warning.message)
            assert warning.filename == __file__
            assert "client.accounts" in source[warning.lineno - 1]

        asyncio.run(main())

    run(program)


def test_the_warning_names_the_callers_line_however_it_called(run):
    def program(client):
        def iterate(client):
            for _ in client.sip_registrations.list():
                break

        def page(client):
            client.sip_registrations.list().first_page()

        def secret(client):
            client.sip_registrations.update(sip_registration_id=1, password="secret")

        def any_command(client):
            client.call("GetAccountInfo")

        def close(client):
            client.close()

        async def main(use):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                use(client)
            assert [warning.filename for warning in caught] == [__file__], (use, caught)
            assert caught[0].lineno in range(
                use.__code__.co_firstlineno, use.__code__.co_firstlineno + 3
            )

        client.accounts.get_account_info()
        for use in (iterate, page, secret, any_command, close):
            pid = os.fork()  # a process warns once
            if not pid:
                client.accounts.get_account_info()  # close has nothing to do without a loop
                asyncio.run(main(use))
                sys.exit()
            assert wait_for_child(pid) == 0, use

    run(program)


def test_a_warning_made_an_error_is_raised_once_and_leaves_nothing_behind(run):
    def program(client):
        async def main():
            try:
                client.accounts.get_account_info()
            except RuntimeWarning:
                say("raised")
            gc.collect()  # a coroutine that was never awaited would say so
            assert client.accounts.get_account_info().result.account_id == 1

        asyncio.run(main())

    assert run(program) == ["raised"]


def test_no_warning_where_the_call_is_moved_off_the_loop(run):
    def program(client):
        async def main():
            reply = await asyncio.to_thread(client.accounts.get_account_info)
            assert reply.result.account_id == 1

        asyncio.run(main())

    run(program)


def test_on_its_own_loop_it_raises_instead_of_hanging(run):
    def program(client):
        async def inside(use):
            try:
                use()
            except RuntimeError as error:
                return "use AsyncClient there" in str(error)

        client.accounts.get_account_info()
        for use in (
            client.accounts.get_account_info,
            lambda: client.call("GetAccountInfo"),
            lambda: client.sip_registrations.create(sip_username="a", proxy="b", password="c"),
            lambda: list(client.sip_registrations.list()),
            client.close,
        ):
            assert LoopThread().run(inside(use)), use
            gc.collect()
        assert client.accounts.get_account_info().result.account_id == 1

    run(program)
