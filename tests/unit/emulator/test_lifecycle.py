import asyncio
import socket
import stat
import threading

import aiohttp
import orjson
import pytest

from tests.support.emulator_wire import Wire, new_session, until
from tests.support.emulators import received
from voxsip.emulator import Emulator, Fault, Faults


async def use(emulator):
    async with new_session() as session:
        return await Wire(session, emulator).create()


async def test_async():
    async with Emulator() as emulator:
        assert emulator.base_url.startswith("http://127.0.0.1:")
        assert emulator.base_url.endswith("/platform_api")
        assert await use(emulator) == 1
        assert emulator.ca is None


def test_sync():
    threads = threading.active_count()
    with Emulator() as emulator:
        assert asyncio.run(use(emulator)) == 1
        assert asyncio.run(use(emulator)) == 2
        assert len(emulator.state.registrations) == 2
    assert threading.active_count() <= threads


async def test_sync_inside_a_running_loop():
    with Emulator() as emulator:
        assert await use(emulator) == 1


async def test_several_at_once():
    async with Emulator() as one, Emulator(registrations=1) as other:
        assert one.base_url != other.base_url
        assert [await use(one), await use(other)] == [1, 2]


async def test_credentials_file(tmp_path):
    async with Emulator(directory=tmp_path / "deep" / "er") as emulator:
        assert emulator.credentials == tmp_path / "deep" / "er" / "credentials.json"
        assert stat.S_IMODE(emulator.credentials.stat().st_mode) == 0o600
        document = orjson.loads(emulator.credentials.read_bytes())
        assert set(document) == {"account_email", "account_id", "key_id", "private_key"}
        assert document["account_id"] == 1
        assert document["private_key"].startswith("-----BEGIN PRIVATE KEY-----\n")
        another = emulator.add_key(roles=["Support"])
        assert another != emulator.credentials
        assert stat.S_IMODE(another.stat().st_mode) == 0o600
    assert emulator.credentials.exists()


async def test_an_open_file_that_was_there_before_becomes_private(tmp_path):
    path = tmp_path / "credentials.json"
    path.write_text("old")
    path.chmod(0o644)
    async with Emulator(directory=tmp_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_temporary_directory_is_removed():
    async with Emulator() as emulator:
        directory = emulator.credentials.parent
        assert directory.is_dir()
    assert not directory.exists()


async def test_not_started():
    emulator = Emulator()
    for name in ("base_url", "state_url", "credentials"):
        with pytest.raises(RuntimeError, match="has not been started"):
            getattr(emulator, name)
    with pytest.raises(RuntimeError, match="has not been started"):
        emulator.add_key()
    assert emulator.state.registrations == []


async def test_runs_once():
    emulator = Emulator()
    async with emulator:
        with pytest.raises(RuntimeError, match="runs once"):
            await emulator.__aenter__()
        assert await use(emulator) == 1
    with pytest.raises(RuntimeError, match="runs once"):
        emulator.__enter__()


async def test_a_port_that_is_taken():
    async with Emulator() as emulator:
        port = int(emulator.base_url.split(":")[2].split("/")[0])
        clash = Emulator(port=port)
        with pytest.raises(OSError, match="in use"):
            await clash.__aenter__()
        assert clash._temporary is None


def test_a_port_that_is_taken_leaves_no_thread():
    threads = threading.active_count()
    with Emulator() as emulator:
        port = int(emulator.base_url.split(":")[2].split("/")[0])
        with pytest.raises(OSError, match="in use"):
            Emulator(port=port).__enter__()
    assert threading.active_count() <= threads


@pytest.mark.parametrize(
    ("host", "origin"),
    [("localhost", "http://localhost:"), ("0.0.0.0", "http://127.0.0.1:")],  # noqa: S104
)
async def test_hosts(host, origin):
    async with Emulator(host) as emulator:
        assert emulator.base_url.startswith(origin)
        assert await use(emulator) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"users": -1}, "users must not be negative"),
        ({"page_cap": -1}, "page_cap must not be negative"),
        ({"page_cap": 0}, "page_cap must be 1 or more"),
        ({"max_registrations": -1}, "max_registrations must not be negative"),
        ({"balance": "much"}, "balance is no amount"),
        ({"price": -1}, "price must be"),
        ({"price": "NaN"}, "price must be"),
        ({"rate_limit": 0}, "rate must be more than zero"),
        ({"latency": -1}, "latency must not be negative"),
        ({"latency": float("nan")}, "latency must be a number of seconds"),
        ({"latency": float("inf")}, "latency must be a number of seconds"),
        ({"port": -1}, "port must be 0 to 65535"),
        ({"port": 65536}, "port must be 0 to 65535"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        Emulator(**options)


def test_roles_in_one_text_are_no_list():
    with pytest.raises(TypeError, match="roles must be a list of names"):
        Emulator(roles="Owner")
    with Emulator() as emulator, pytest.raises(TypeError, match="roles must be a list of names"):
        emulator.add_key("Support")


def test_faults_are_more_than_a_list():
    emulator = Emulator()
    with pytest.raises(TypeError, match="faults must be Faults"):
        Emulator(faults=[Fault(kind="refuse")])
    with pytest.raises(TypeError, match="faults must be Faults"):
        emulator.faults = [Fault(kind="refuse")]


async def test_stopping_does_not_wait_for_those_in_flight():
    faults = Faults(
        [
            Fault(kind="delay", seconds=3600, times=[1]),
            Fault(kind="late_duplicate", seconds=3600, times=[2]),
            Fault(kind="slow_body", seconds=3600, times=[3]),
        ]
    )
    async with new_session() as session:
        async with Emulator(faults=faults) as emulator:
            wire = Wire(session, emulator)
            tasks = [asyncio.create_task(wire.ids()) for _ in range(3)]
            await until(lambda: received(emulator, "GetSipRegistrations") == 3)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(result, aiohttp.ClientError) for result in results) == 2


async def test_latency_is_asked_for_every_request():
    asked = []

    def latency():
        asked.append(1)
        return 0.001

    async with Emulator(latency=latency) as emulator:
        await use(emulator)
        await use(emulator)
        assert len(asked) == 2
        emulator.latency = 0
        await use(emulator)
        assert len(asked) == 2
        assert emulator.latency == 0


async def test_half_of_the_latency_comes_after_the_work():
    async with Emulator(latency=0.2) as emulator:
        task = asyncio.create_task(use(emulator))
        await until(lambda: emulator.state.registrations)
        assert not task.done()
        await task


def test_state_can_be_read_while_another_thread_writes():
    with Emulator(balance=10_000) as emulator:

        async def many():
            async with new_session() as session:
                wire = Wire(session, emulator)
                await asyncio.gather(*(wire.create() for _ in range(200)))

        writer = threading.Thread(target=asyncio.run, args=(many(),))
        writer.start()
        while writer.is_alive():
            state = emulator.state
            assert state.account["balance"] == 10_000 - len(state.registrations)
        writer.join()
        assert len(emulator.state.registrations) == 200


def test_a_client_that_never_finishes_its_request():
    with Emulator() as emulator:
        host, port = emulator.base_url.split("/")[2].split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(4096)  # so that the server has the connection, not only the kernel
            client.sendall(
                b"POST /platform_api HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\nhalf"
            )
            emulator.__exit__(None, None, None)
            while rest := client.recv(4096):
                assert b"200 OK" not in rest
