"""Many threads, several clients: one loop thread, and every caller gets its own answer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import voxsip
from tests.support.in_child import loop_threads
from voxsip.emulator import Emulator


def test_two_hundred_threads_at_once_each_get_their_own_answer(client):
    together = threading.Barrier(200)

    def ask(number):
        wanted = number % 20 + 1
        together.wait()
        [found] = client.sip_registrations.list(sip_registration_id=wanted)
        client.sip_registrations.bind(sip_registration_id=wanted, application_id=1)
        return wanted, found.sip_registration_id

    before = set(threading.enumerate())
    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(ask, range(200)))
    assert all(wanted == found for wanted, found in answers)
    assert len(loop_threads()) == 1
    assert set(threading.enumerate()) - before <= set(loop_threads())


def test_two_hundred_threads_share_connections(client, watch):
    with ThreadPoolExecutor(200) as pool:
        list(pool.map(lambda _: client.accounts.get_account_info(), range(400)))
    assert watch.seen["GetAccountInfo"] == 400
    assert watch.seen["connect"] <= 100  # max_connections


def test_the_first_calls_of_many_threads_start_one_thread(run):
    def program(client):
        together = threading.Barrier(50)
        answers = []

        def ask():
            together.wait()
            answers.append(client.accounts.get_account_info().result.account_id)

        threads = [threading.Thread(target=ask) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [1] * 50
        assert len(loop_threads()) == 1
        assert threading.active_count() == 2

    run(program)


def test_two_clients_share_the_thread_and_nothing_else(client, watch):
    with (
        Emulator(users=3) as other,
        voxsip.Client(other.credentials, base_url=other.base_url) as second,
    ):
        watch.hold("GetUsers")
        users = client.with_options(retry=voxsip.RetryPolicy(attempts=1)).users
        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(users.list(application_id=1).first_page)
            watch.wait()
            assert len(list(second.users.list(application_id=1))) == 1
            assert len(loop_threads()) == 1
            second.close()
            assert not held.done()
            client.close()
            assert isinstance(held.exception(), voxsip.TransportError)


def test_a_view_shares_connections(client, watch):
    client.accounts.get_account_info()
    view = client.with_options(retry=voxsip.RetryPolicy(attempts=1))
    view.accounts.get_account_info()
    view.close()
    client.accounts.get_account_info()
    assert watch.seen["connect"] == 1
