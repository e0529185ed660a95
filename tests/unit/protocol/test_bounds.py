"""What a reply may cost: time and memory, whatever its bytes say."""

import gzip
import tracemalloc

import pytest

import voxsip
from tests.support.answers import Answer
from voxsip._protocol.reply import (
    LONGEST_REPLY,
    LONGEST_TEXT,
    MOST_VALUES,
    RawReply,
    failure_of,
    result_of,
)
from voxsip._redaction.text import LONGEST_DETAILS, MOST_DETAILS, redact_details, redact_start

ONE = voxsip.RetryPolicy(attempts=1)
MEGABYTES = 60 * 1024 * 1024


class Counted(str):
    """A text that tells how much of it was looked at."""

    __slots__ = ("read",)

    def __getitem__(self, key):
        found = super().__getitem__(key)
        self.read = len(found)
        return found


def test_of_a_long_text_only_the_start_is_searched():
    text = Counted("password=" * (MEGABYTES // 9))
    assert len(redact_start(text, ("secret",), 100)) <= 100
    assert text.read < 1000


def test_long_words_of_many_errors_are_not_kept_whole():
    def refuse(number):
        body = b'{"error": {"code": 101, "msg": "%d %b"}}' % (number, b"w" * 1_000_000)
        return failure_of("DoThing", RawReply(200, body), ("secret",))

    refuse(0)
    tracemalloc.start()
    try:
        for number in range(1, 31):
            refuse(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 3_000_000, "the start of each may be kept, 30 MB may not"


@pytest.mark.parametrize("count", [1, 10, 100, 1000])
def test_a_secret_at_the_cut_is_not_shown_in_part(count):
    secret = "s3cr&t-" * 20
    for shift in range(0, 200, 7):
        shown = redact_start("x" * shift + secret * count, (secret,), 200)
        assert "s3cr" not in shown


def test_words_and_details_of_an_error_are_cut():
    long = "word " * 2_000_000
    body = b'{"error": {"code": 101, "msg": "%b", "details": {"a": "%b"}}}' % ((long.encode(),) * 2)
    error = failure_of("DoThing", RawReply(200, body), ("secret",))
    assert len(error.message) <= LONGEST_TEXT
    assert len(error.details["a"]) <= LONGEST_DETAILS


@pytest.mark.parametrize(
    "details",
    [[{"a": [1]}] * 100_000, {str(n): {"b": n} for n in range(100_000)}, ["x" * 50] * 100_000],
)
def test_details_are_bounded_whatever_their_shape(details):
    shown = redact_details({"d": details}, ("secret",))
    assert len(repr(shown)) < 8 * (LONGEST_DETAILS + MOST_DETAILS * 10)
    assert "..." in repr(shown)


def test_small_details_are_what_was_sent():
    details = {"required_money": 1.5, "list": [1, None, True, {"x": "y"}], "e": "", "f": {}}
    assert redact_details(details) == details


@pytest.mark.parametrize("value", [b"[]", b"{}", b"0", b'""', b"[[]]", b'{"a":[]}'])
def test_values_beyond_the_most_are_not_parsed(value):
    body = b'{"result": [' + b",".join([value] * MOST_VALUES) + b"]}"
    tracemalloc.start()
    try:
        reply = RawReply(200, body)
        assert result_of(reply, "list") is None
        error = failure_of("GetThings", reply)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "values" in str(error)
    assert peak < len(body)


async def test_gzip_that_grows_is_no_reply(answer, connect):
    packed = gzip.compress(b'{"result": 1, "x": "' + b" " * MEGABYTES + b'"}')
    server = await answer(Answer(packed, headers={"Content-Encoding": "gzip"}))
    side = connect(base_url=server.base_url, policy=ONE)
    with pytest.raises(voxsip.VoxsipError) as caught:
        await side(lambda client: client.sip_registrations.delete(sip_registration_id=1))
    assert caught.value.outcome_unknown
    # the oldest aiohttp that is allowed gives up by itself
    said = f"a reply of more than {LONGEST_REPLY['one']} bytes", "the reply was cut short"
    assert any(words in str(caught.value) for words in said)


async def test_a_list_may_be_long(answer, connect):
    size = 2 * LONGEST_REPLY["one"]
    server = await answer(Answer(b'{"result": [], "x": "' + b" " * size + b'"}'))
    client = connect(base_url=server.base_url, policy=ONE).client
    assert list(await client.sip_registrations.list()) == []


async def test_a_reply_with_a_byte_order_mark_is_read(answer, connect):
    mark = b"\xef\xbb\xbf"
    server = await answer(
        Answer(mark + b'{"result": 1}'), Answer(mark + b'{"error": {"code": 275, "msg": "no"}}')
    )
    side = connect(base_url=server.base_url, policy=ONE)
    assert (await side(lambda c: c.sip_registrations.delete(sip_registration_id=1))).result == 1
    error = await side.fails(
        voxsip.NotFoundError, lambda c: c.sip_registrations.delete(sip_registration_id=1)
    )
    assert error.code == 275
