"""A server of raw bytes, and bytes as servers, gateways and nobody at all might send them."""

import asyncio
import gzip
import json
import zlib

from hypothesis import strategies as st


class Raw:
    """Answer every request with the same bytes, whatever it says, and close the connection."""

    def __init__(self):
        self.reply = b""
        self.base_url = ""
        self._server = None

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{port}/platform_api"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _answer(self, reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.reply)
            await writer.drain()
            writer.write_eof()
            await reader.read()  # until the other side has closed as well
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


GOOD = {
    "result": 1,
    "sip_registration_id": 7,
    "account_info": {"account_id": 1, "balance": 5.5, "currency": "USD", "frozen": False},
}
ROW = {
    "sip_registration_id": 7,
    "sip_username": "ann",
    "proxy": "p.example",
    "last_updated": 1_700_000_000,
    "successful": True,
    "next_subscription_renewal": "2025-07-01",
    "purchase_date": "2025-06-15 15:06:40",
    "subscription_price": "1.5",
    "is_persistent": True,
}
NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([2**63, 2**64, -(2**63) - 1, 1e308, 1e-400, 10**400, 0.1]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8), st.just("2025-13-41")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["result", "error", "code", "msg", "details", "x"]), inner
        )
    ),
    max_leaves=6,
)
NAMES = [*GOOD, *ROW, "error", "total_count", "count"]


def spoilt(good):
    """A right object with some members changed, added or taken away."""
    return st.builds(
        lambda changes, gone: {
            name: value for name, value in {**good, **changes}.items() if name not in gone
        },
        st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3),
        st.sets(st.sampled_from(list(good)), max_size=2),
    )


ERRORS = st.builds(
    lambda code, rest: {"error": {"code": code, **rest}},
    st.sampled_from([1, 2, 100, 101, 127, 162, 275, 340, 456, 100_000, -1, True, "340", None]),
    st.dictionaries(st.sampled_from(["msg", "details", "retry_after"]), VALUES, max_size=2),
)
OBJECTS = st.one_of(
    spoilt(GOOD),
    st.builds(lambda rows: {"result": rows}, st.lists(spoilt(ROW), max_size=3)),
    st.builds(lambda row: {"result": row}, spoilt(ROW)),
    ERRORS,
    VALUES,
)


def as_json(value):
    return json.dumps(value).encode("utf-8", "surrogatepass")


BODIES = st.one_of(
    OBJECTS.map(as_json),
    st.builds(lambda body, cut: body[:cut], OBJECTS.map(as_json), st.integers(0, 60)),
    st.binary(max_size=60),
    st.sampled_from([b"", b"[" * 5_000, b'{"result":' * 3_000, b"\xef\xbb\xbf{}", b"\x00" * 50]),
)
STATUS = st.sampled_from(
    [b"200 OK"] * 6
    + [b"204 No Content", b"301 Moved", b"304 Not Modified", b"401 Who", b"403 No", b"408 Late"]
    + [b"418 Tea", b"429 Many", b"500 Oops", b"502 Bad", b"503 Full", b"999 What", b"-1 X", b"20"]
)
CODINGS = {
    b"gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"identity": bytes,
    b"br": lambda body: b"\x0b" + body,
    b"gzip, gzip": gzip.compress,
    b"nonsense": bytes,
}
HEADERS = st.lists(
    st.sampled_from(
        [
            b"Content-Type: application/json",
            b"Content-Type: text/html; charset=nonsense",
            b"Content-Type: \xff\xfe",
            b"Retry-After: 1e9",
            b"Retry-After: 99999999999999999999",
            b"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT",
            b"Retry-After: never",
            b"Retry-After: -5",
            b"Date: Sun, 99 Foo 2025 99:99:99",
            b"Date: Sun, 15 Jun 2025 15:06:40 GMT",
            b"Date: Mon, 01 Jan 0001 00:00:00 +2359",
            b"Set-Cookie: a=b; Domain=\xff",
            b"Location: http://[",
            b"Transfer-Encoding: chunked",
            b"Content-Length: 5",
            b"Content-Length: -1",
            b"Connection: upgrade",
            b"Upgrade: websocket",
            b": nameless",
            b"Folded: a\r\n b",
        ]
    ),
    max_size=3,
)


def assembled(status, headers, body, coding, framing):
    """An HTTP reply, more or less."""
    if coding is not None:
        headers = [*headers, b"Content-Encoding: " + coding]
        body = CODINGS[coding](body)
    match framing:
        case "length":
            headers = [*headers, b"Content-Length: %d" % len(body)]
        case "longer":
            headers = [*headers, b"Content-Length: %d" % (len(body) + 7)]
        case "chunked":
            headers = [*headers, b"Transfer-Encoding: chunked"]
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        case "bad chunks":
            headers = [*headers, b"Transfer-Encoding: chunked"]
            body = b"zz\r\n" + body
    return b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"", body])


REPLIES = st.one_of(
    st.builds(
        assembled,
        STATUS,
        HEADERS,
        BODIES,
        st.none() | st.none() | st.sampled_from(list(CODINGS)),
        st.sampled_from(["length", "length", "length", "longer", "chunked", "bad chunks", "close"]),
    ),
    st.binary(max_size=80),
    st.sampled_from(
        [
            b"",
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/9.9 200 OK\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello",
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5_000 + b"\r\n",
        ]
    ),
)
