"""Servers that never stop, and small replies that grow: given up with a typed error, in bounded memory."""

import asyncio
import gzip
import subprocess
import sys
import zlib
from functools import cache
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "support" / "hostile_program.py"
MOST = 160
"""MiB that a client may take: twice the limit of a reply, and some room."""
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "body": (HEAD + b"\r\n", b" " * 65536),
    "chunks": (CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "tiny chunks": (CHUNKED, b"1\r\n \r\n" * 1000),
    "chunk extension": (CHUNKED + b"5;", b"y" * 65536),
    "trailers": (CHUNKED + b"1\r\n{\r\n0\r\n", b"X-A: yyyyyyyyyyyyyy\r\n" * 100),
    "headers": (HEAD, (b"X-A: " + b"y" * 100 + b"\r\n") * 100),
    "header": (HEAD + b"X: ", b"y" * 65536),
    "status": (b"HTTP/1.1 200 ", b"y" * 65536),
    "continues": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "silence": (HEAD, b""),
}


@cache
def bomb():
    """A gigabyte of zeros in a megabyte."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    return b"".join(deflate.compress(zeros) for _ in range(1 << 10)) + deflate.flush()


def bombs():
    coded = HEAD + b"Content-Encoding: "
    return {
        "of known length": coded + b"gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(bomb()), bomb()),
        "of unknown length": coded + b"gzip\r\n\r\n" + bomb(),
        "in a bomb": coded + b"gzip, gzip\r\n\r\n" + gzip.compress(bomb()),
    }


async def attack(head, more):
    """Serve what is given to a client in a process of its own; return what it says."""

    async def talk(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            while more:
                writer.write(more)
                await writer.drain()
            if more is None:
                writer.write_eof()
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass  # it hung up, as it should
        finally:
            writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        victim = await asyncio.create_subprocess_exec(
            *(sys.executable, PROGRAM, f"http://127.0.0.1:{port}/platform_api"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await victim.communicate()
    kind, unknown, mebibytes, text = said.decode("utf-8", "replace").split(maxsplit=3)
    assert kind in {"OutcomeUnknownError", "UnexpectedReplyError"}, said
    assert unknown == "True"
    assert int(mebibytes) <= MOST
    return text


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDLESS)
async def test_a_server_that_never_stops(name):
    await attack(*ENDLESS[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["of known length", "of unknown length", "in a bomb"])
async def test_a_bomb(name):
    text = await attack(bombs()[name], None)
    assert "a reply of more than 67108864 bytes" in text or name == "in a bomb"
