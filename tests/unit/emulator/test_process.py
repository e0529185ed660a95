import asyncio
import inspect
import signal
import socket
import ssl
import stat
import sys
from contextlib import ExitStack

import aiohttp
import pytest
import yarl

from tests.support.emulator_wire import make_token
from voxsip.emulator import serve
from voxsip.emulator.__main__ import main


async def start(*arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        "voxsip.emulator",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serves_until_told_to_stop(tmp_path, number):
    process = await start(
        "--dir", str(tmp_path), "--tls", "--registrations", "2", "--balance", "7.5"
    )
    base_url = (await process.stdout.readline()).decode().strip()
    assert base_url.startswith("https://127.0.0.1:")
    assert stat.S_IMODE((tmp_path / "credentials.json").stat().st_mode) == 0o600
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    headers = {"Authorization": "Bearer " + make_token(tmp_path / "credentials.json")}
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        async with session.post(f"{base_url}/GetSipRegistrations") as reply:
            assert (await reply.json())["count"] == 2
        async with session.post(f"{base_url}/GetAccountInfo") as reply:
            assert (await reply.json())["result"]["balance"] == 7.5
        process.send_signal(number)
        out, err = await process.communicate()
    assert process.returncode == 0
    assert err == b""
    assert out.decode().splitlines() == [
        f"credentials: {tmp_path / 'credentials.json'}",
        f"ca: {tmp_path / 'ca.pem'}",
    ]


@pytest.mark.parametrize("tls", [False, True])
async def test_clients_that_do_not_answer_are_left(tmp_path, tls):
    """One in the middle of its handshake, one that is idle and never acknowledges an end, one that reads nothing."""
    process = await start("--dir", str(tmp_path), "--registrations", "1000", *["--tls"] * tls)
    url = yarl.URL((await process.stdout.readline()).decode().strip())
    headers = f"Authorization: Bearer {make_token(tmp_path / 'credentials.json')}\r\nContent-Length: 0\r\n"
    with ExitStack() as stack:

        def connect(secure):
            sock = stack.enter_context(socket.create_connection((url.host, url.port)))
            if not secure:
                return sock
            context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
            return stack.enter_context(context.wrap_socket(sock, server_hostname="localhost"))

        def ask(sock, times=1):
            request = f"POST {url.path}/GetSipRegistrations?count=1000 HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"
            sock.sendall(request.encode() * times)

        connect(secure=False)
        idle, deaf = connect(tls), connect(tls)
        ask(deaf, times=64)
        ask(idle)
        assert await asyncio.to_thread(idle.recv, 12) == b"HTTP/1.1 200"
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()
    assert err == b""
    assert process.returncode == 0


async def test_faults_from_a_file(tmp_path):
    (tmp_path / "faults.toml").write_text("[[fault]]\nkind = 'error'\ncode = 162\n")
    process = await start("--faults", str(tmp_path / "faults.toml"), "--dir", str(tmp_path))
    base_url = (await process.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as session, session.post(f"{base_url}/GetUsers") as reply:
        assert (await reply.json())["error"]["code"] == 162
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--users", "-1"], "users must not be negative"),
        (["--users", "many"], "invalid int value"),
        (["--price", "much"], "price is no amount"),
        (["--faults", "/nowhere/faults.toml"], "No such file"),
        (["--host", "192.0.2.1"], "assign requested address"),
    ],
)
def test_options_that_make_no_sense(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert message in err
    assert out == ""


def test_options_are_those_of_the_command_line():
    assert list(inspect.signature(serve).parameters) == [
        "host",
        "port",
        "tls",
        "tls_name",
        "dir",
        "applications",
        "users",
        "registrations",
        "balance",
        "price",
        "rate_limit",
        "latency",
        "faults",
        "callback_url",
        "callback_salt",
    ]
