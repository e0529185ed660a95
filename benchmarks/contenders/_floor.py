"""The least a client can do on this machine: bytes out, bytes in, no HTTP library; and load generators in C."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import orjson

from benchmarks.contenders._base import Contender, LoopContender
from benchmarks.scene import COMMAND, Scene, rows


class BareProtocol(LoopContender):
    """An asyncio protocol per connection that writes the next request when a reply is whole."""

    async def open(self) -> None:
        self._head = (
            f" HTTP/1.1\r\nHost: {self.scene.host}\r\nAuthorization: Bearer {self.scene.token}\r\n"
            "Accept: application/json\r\nUser-Agent: bare\r\nContent-Length: 0\r\n\r\n"
        )
        context = self.scene.context()
        self._connections = []
        loop = asyncio.get_running_loop()
        for _ in range(self.scene.concurrency):
            _, connection = await loop.create_connection(
                lambda: _Connection(self._head), "localhost", self.scene.port, ssl=context
            )
            self._connections.append(connection)

    async def go(self, calls: int) -> int:
        todo = rows(calls)
        return sum(await asyncio.gather(*(c.work(todo) for c in self._connections[:calls])))

    async def shut(self) -> None:
        for connection in self._connections:
            connection.transport.close()
        await asyncio.sleep(0.05)  # TLS says goodbye


class _Connection(asyncio.Protocol):
    def __init__(self, head: str) -> None:
        self._head = head
        self._todo: Iterator[dict[str, Any]] = iter(())
        self._good = 0
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def work(self, todo: Iterator[dict[str, Any]]) -> asyncio.Future[int]:
        self._todo, self._good = todo, 0
        self._done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._next()
        return self._done

    def _next(self) -> None:
        row = next(self._todo, None)
        if row is None:
            self._done.set_result(self._good)
            return
        self.transport.write(
            (
                f"POST /platform_api/{COMMAND}?sip_registration_id={row['sip_registration_id']}"
                f"&application_id={row['application_id']}&user_id={row['user_id']}{self._head}"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        at = self._buffer.index(b"Content-Length: ") + 16
        whole = end + int(self._buffer[at : self._buffer.index(b"\r", at)])
        if len(self._buffer) < whole:
            return
        if self._buffer.startswith(b"HTTP/1.1 200"):
            self._good += orjson.loads(self._buffer[end:whole])["result"]
        self._buffer = self._buffer[whole:]
        self._next()


class LoadGenerator(Contender):
    """A program that sends the same request again and again; its CPU counts as a child's.

    It opens new connections each time, so a turn has to be long for that not to matter.
    """

    exact = False

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._url = f"{scene.url}?sip_registration_id=1000000&application_id=4567&user_id=2000000"

    def _execute(self, *command: str) -> str:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout


class Wrk(LoadGenerator):
    """wrk runs for a time: at least the second that is its smallest."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._script = Path(scene.directory) / "wrk.lua"
        self._script.write_text(
            f'wrk.method = "POST"\nwrk.headers["Authorization"] = "Bearer {scene.token}"\n'
        )

    def run(self, calls: int) -> int:  # noqa: ARG002 - it knows seconds only
        said = self._execute(
            *("wrk", "-t1", f"-c{self.scene.concurrency}", "-d1s", "-s", str(self._script)),
            self._url,
        )
        if "Non-2xx" in said:
            return 0
        found = re.search(r"(\d+) requests in", said)
        return int(found[1]) if found else 0


class H2load(LoadGenerator):
    """h2load in its HTTP/1.1 mode, one request in flight per connection."""

    LEAST = 20_000

    def run(self, calls: int) -> int:
        calls = max(calls, self.LEAST)
        said = self._execute(
            *(
                "h2load",
                "--h1",
                "-t1",
                f"-n{calls}",
                f"-c{self.scene.concurrency}",
                "-m1",
                "-H",
                ":method: POST",
            ),
            *("-H", f"Authorization: Bearer {self.scene.token}", self._url),
        )
        found = re.search(r"(\d+) succeeded", said)
        return int(found[1]) if found else 0
