"""Whatever bytes reach the emulator: an answer of HTTP or a closed connection, nothing done, and it continues to serve."""

import asyncio
import logging

import aiohttp
import pytest
from aiohttp.http_exceptions import HttpProcessingError
from hypothesis import example, given, strategies as st

from tests.support.example_count import examples
from voxsip.emulator import Emulator

AIOHTTP = tuple(int(part) for part in aiohttp.__version__.split(".")[:3] if part.isdigit())
BROKEN_HOSTS = [b"http://[::1/"] if AIOHTTP >= (3, 14, 5) else []
"""Aiohttp's own server fails on these in older versions, before the emulator sees them."""
PATHS = st.sampled_from(
    [
        b"/platform_api/BindSipRegistration",
        b"/platform_api/CreateSipRegistration?sip_username=a&proxy=p",
        b"/platform_api/GetSipRegistrations?count=-1",
        b"/platform_api",
        b"/platform_api/",
        b"/platform_api/%00",
        b"/platform_api//../x?a=%zz&%ff=1",
        b"/platform_api/GetUsers?" + b"a=1&" * 3000,
        b"/platform_api?cmd=GetUsers&cmd=DelUser",
        b"/_emulator/state",
        *BROKEN_HOSTS,
        b"*",
        b"/" + b"\xff" * 20,
    ]
)
METHODS = st.sampled_from(
    [b"POST"] * 4 + [b"GET", b"HEAD", b"PUT", b"OPTIONS", b"CONNECT", b"X", b""]
)
LINES = st.lists(
    st.sampled_from(
        [
            b"Authorization: Bearer a.b.c",
            b"Authorization: Bearer eyJhbGciOiJub25lIn0.e30.",
            b"Authorization: \xff",
            b"Authorization: Basic " + b"A" * 7000,
            b"Content-Type: application/x-www-form-urlencoded",
            b"Content-Type: application/x-www-form-urlencoded; charset=nonsense",
            b"Content-Type: multipart/form-data; boundary=b",
            b"Content-Type: multipart/form-data",
            b"Content-Length: 5",
            b"Content-Length: 99",
            b"Content-Length: -1",
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding: nonsense",
            b"Content-Encoding: gzip",
            b"Expect: 100-continue",
            b"Expect: nonsense",
            b"Connection: upgrade",
            b"nonsense",
        ]
    ),
    max_size=5,
    unique_by=lambda line: line.partition(b":")[0],
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"",
            b"cmd=GetUsers&x=%zz",
            b"--b\r\nContent-Disposition: form-data; name=cmd\r\n\r\nGetUsers\r\n--b--\r\n",
            b"--b\r\nContent-Disposition: form-data; name=\r\n\r\n",
            b"--b\r\nContent-Disposition: nonsense\r\nContent-Encoding: nonsense\r\n\r\nx\r\n--b--",
            b"zz\r\n",
            b"5\r\na=b&c\r\n0\r\n\r\n",
            b"\x1f\x8b\x08\x00nonsense",
        ]
    ),
)
REQUESTS = st.one_of(
    st.builds(
        lambda method, path, lines, body: b"\r\n".join(
            [method + b" " + path + b" HTTP/1.1", b"Host: x", *lines, b"", body]
        ),
        METHODS,
        PATHS,
        LINES,
        BODIES,
    ),
    st.binary(max_size=100),
)


def posted_part(disposition):
    """A multipart form of one part that is disposed of as told."""
    part = b"--b\r\nContent-Disposition: " + disposition + b"\r\n\r\nx\r\n--b--\r\n"
    head = (
        b"POST /platform_api/GetUsers HTTP/1.1",
        b"Host: x",
        b"Content-Type: multipart/form-data; boundary=b",
        b"Content-Length: %d" % len(part),
    )
    return b"\r\n".join([*head, b"", part])


def refused(record):
    """What aiohttp says of bytes that are no request: with the traceback of its own error."""
    return record.exc_info is not None and issubclass(record.exc_info[0], HttpProcessingError)


@pytest.fixture
async def emulator(caplog):
    caplog.set_level(logging.INFO)
    async with Emulator(registrations=1) as emulator:
        yield emulator
        odd = [one for one in caplog.get_records("call") if not refused(one)]
        assert [f"{one.getMessage()}: {one.exc_info!r:.300}" for one in odd] == []
        for counter in emulator.state.counters.values():
            assert counter["executed"] == 0, "done without a token"


async def send(emulator, data):
    """Send bytes, say that there will be no more, and return all that comes back."""
    port = int(emulator.base_url.rpartition(":")[2].partition("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@examples(200)
@given(request=REQUESTS)
@example(request=b"POST /platform_api/GetUsers HTTP/1.1\r\n\r\n")
@example(request=posted_part(b"form-data; name="))
@example(request=posted_part(b"form-data; name=x; filename*=nonsense"))
@example(request=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
@example(request=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
async def test_any_request(emulator, request):
    answer = await send(emulator, request)
    assert not answer or answer.startswith(b"HTTP/1."), answer[:60]
    assert b" 500 " not in answer.partition(b"\r\n")[0], (request, answer)
