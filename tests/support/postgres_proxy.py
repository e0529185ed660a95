"""A PostgreSQL server whose replies get lost: it stands before a real one and says when."""

import asyncio
import shutil
import tempfile
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


def _message(kind, body):
    return kind + (len(body) + 4).to_bytes(4) + body


FATAL = _message(b"E", b"SFATAL\0VFATAL\0C57P01\0Mended by order of a test\0\0")
"""What a server says before it ends a connection."""


def notification(channel):
    """Return a NOTIFY without a payload: a client that was told has read all that came before."""
    return _message(b"A", bytes(4) + channel.encode() + b"\0\0")


class PostgresProxy:
    """Pass on what a client and a server say; a test may have one reply lost.

    Attributes:
        dsn: address to give to clients.
        answered: statements that the server has answered, over all connections.
        lose: the number of the statement whose reply is lost; None for none.
        how: what the client gets instead: "cut" (its connection ends), "fatal" (a FATAL message, and
            the connection ends) or "silence".
    """

    def __init__(self, dsn):
        self._folder = Path(tempfile.mkdtemp(prefix="voxsip-pg-"))  # short: a socket's path is
        before, _, self._server_folder = dsn.partition("?host=")
        self.dsn = f"{before}?host={self._folder}"
        self.answered, self.lose, self.how = 0, None, "cut"
        self._clients = set()
        self._tasks = set()

    async def __aenter__(self):
        self._server = await asyncio.start_unix_server(self._serve, self._folder / SOCKET)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shutil.rmtree(self._folder)

    def say(self, data):
        """Send every client something that nobody asked for."""
        for writer in self._clients:
            writer.write(data)

    async def _serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        self._clients.add(writer)
        inner_reader, inner_writer = await asyncio.open_unix_connection(
            f"{self._server_folder}/{SOCKET}"
        )
        asked = asyncio.Event()

        async def forth():
            while data := await reader.read(1 << 16):
                if data.startswith(b"B"):  # bind and execute
                    asked.set()
                inner_writer.write(data)

        async def back():
            while data := await inner_reader.read(1 << 16):
                if asked.is_set() and not self._continues(asked, writer):
                    return
                writer.write(data)

        sides = [asyncio.ensure_future(forth()), asyncio.ensure_future(back())]
        try:
            await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
            if self.how == "silence" and sides[1].done() and not sides[0].done():
                await sides[0]
        except ConnectionError:
            pass
        finally:
            self._clients.discard(writer)
            for side in sides:
                side.cancel()
            await asyncio.gather(*sides, return_exceptions=True)
            for one in (writer, inner_writer):
                one.transport.abort()

    def _continues(self, asked, writer):
        """Count a reply; return whether it arrives."""
        asked.clear()
        self.answered += 1
        if self.answered != self.lose:
            return True
        if self.how == "fatal":
            writer.write(FATAL)
        return False
