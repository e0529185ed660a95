"""A real HTTP proxy on a loopback port, in a thread of its own: CONNECT, and requests with a whole URL in them."""

import asyncio
import base64
import re
import threading
from contextlib import suppress
from urllib.parse import urlsplit

TURNS = 20
HEAD = b"\r\n\r\n"


class ForwardProxy:
    """Forward what it is asked to, and keep what it saw.

    Args:
        login: "user:password" that it wants; None for nobody's.
        status: what it answers instead of forwarding; None to forward.
        answer: raw bytes to answer with instead; b"" closes the connection.
        silent: say nothing at all.
        tls: a server's context, to be spoken to over TLS.

    Attributes:
        tunnels: targets of CONNECT, as host:port.
        forwarded: first lines of other requests.
        heads: the head of every request, as text.
        carried: bytes of clients that went through tunnels.
    """

    def __init__(self, *, login=None, status=None, answer=None, silent=False, tls=None):
        self.login, self.status, self.answer, self.silent = login, status, answer, silent
        self.tunnels, self.forwarded, self.heads = [], [], []
        self.carried = bytearray()
        self._writers, self._tasks = [], set()
        self._tls = tls
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @property
    def name(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"{'http' if self._tls is None else 'https'}://{self.name}"

    def __enter__(self):
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def flush(self):
        """Wait until what has arrived here is forwarded."""
        asyncio.run_coroutine_threadsafe(_turns(), self._loop).result()

    def _run(self):
        asyncio.run(self._serve())

    async def _serve(self):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._take, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        await _turns()  # a connection that is being accepted would be lost
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await _turns()

    async def _take(self, reader, writer):
        self._tasks.add(task := asyncio.current_task())
        self._writers.append(writer)
        try:
            # cancelled is it only at the end, and 3.12.1 logs a handler that ends so
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._handle(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _handle(self, reader, writer):
        head = await reader.readuntil(HEAD)
        text = head.decode("latin-1")
        self.heads.append(text)
        if self.silent:
            await reader.read()
        elif self.answer is not None:
            writer.write(self.answer)
            await writer.drain()
        elif self.login is not None and not self._is_known(text):
            await self._refuse(writer, 407, 'Proxy-Authenticate: Basic realm="x"\r\n')
        elif self.status is not None:
            await self._refuse(writer, self.status)
        else:
            method, target, _ = text.split(" ", 2)
            if method == "CONNECT":
                await self._tunnel(target, reader, writer)
            else:
                await self._forward(target, head, reader, writer)

    async def _refuse(self, writer, status, headers=""):
        body = b"<html>no</html>"
        writer.write(
            f"HTTP/1.1 {status} No\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
        )
        await writer.drain()

    def _is_known(self, text):
        given = re.search(r"(?i)^proxy-authorization: Basic (\S+)\r$", text, re.MULTILINE)
        return given is not None and base64.b64decode(given[1]).decode() == self.login

    async def _tunnel(self, target, reader, writer):
        self.tunnels.append(target)
        host, _, port = target.rpartition(":")
        there, back = await asyncio.open_connection(host.strip("[]"), int(port))
        self._writers.append(back)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await self._both(self._pump(reader, back, self.carried), self._pump(there, writer))
        finally:
            back.close()

    async def _forward(self, target, head, reader, writer):
        parts = urlsplit(target)
        there, back = await asyncio.open_connection(parts.hostname, parts.port or 80)
        self._writers.append(back)
        try:
            await self._both(self._requests(head, reader, back), self._pump(there, writer))
        finally:
            back.close()

    async def _requests(self, head, reader, back):
        while True:
            line, rest = head.split(b"\r\n", 1)
            self.forwarded.append(line.decode("latin-1"))
            method, target, version = line.split(b" ")
            parts = urlsplit(target.decode())
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            length = re.search(rb"(?i)content-length: (\d+)", rest)
            body = await reader.readexactly(int(length[1]) if length else 0)
            rest = re.sub(rb"(?i)proxy-authorization: [^\r]*\r\n", b"", rest)
            back.write(b" ".join((method, path.encode(), version)) + b"\r\n" + rest + body)
            await back.drain()
            head = await reader.readuntil(HEAD)
            self.heads.append(head.decode("latin-1"))

    @staticmethod
    async def _both(*ways):
        """Run both ways until one ends; the other is cancelled."""
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    async def _pump(reader, writer, copy=None):
        while data := await reader.read(1 << 16):
            if copy is not None:
                copy += data
            writer.write(data)
            await writer.drain()


async def _turns():
    """Let the loop turn: what has arrived is read, what is read is sent, what is closed is gone."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
