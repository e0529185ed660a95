"""Bytes to a result, or to an error that says what came."""

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest
from hypothesis import given, strategies as st

import voxsip
from tests.support.answers import Answer
from voxsip import _errors
from voxsip._config import RetryPolicy
from voxsip._errors import Disposition
from voxsip._protocol.reply import (
    LONGEST_TEXT,
    SHOWN,
    RawReply,
    failure_of,
    http_date,
    result_of,
    retry_after,
)

CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>"


def reply(body, status=200, **headers):
    body = body if isinstance(body, bytes) else orjson.dumps(body)
    return RawReply(status, body, headers)


def failure(body, status=200, secrets=(), **headers):
    answer = reply(body, status, **headers)
    assert result_of(answer) is None
    return failure_of("DoThing", answer, secrets)


# Results


@pytest.mark.parametrize(
    "data",
    [{"result": 1}, {"result": [], "count": 0}, {"result": 0}, {"result": 1, "error": None}],
)
def test_result_is_what_was_sent(data):
    assert result_of(reply(data)) == data


@pytest.mark.parametrize(
    "body", [b"", b"OK", b"[]", b"null", b"1", b"{}", b'{"result": 1', HTML, b"\xff"]
)
def test_anything_else_is_no_result(body):
    assert result_of(reply(body)) is None
    assert result_of(RawReply(200, b'{"result": 1}', {}, limit=10)) is None


@pytest.mark.parametrize("status", [201, 204, 301, 400, 500])
def test_only_status_200_is_a_result(status):
    assert result_of(reply({"result": 1}, status)) is None


# Errors of the API


@pytest.mark.parametrize(("code", "cls"), _errors.CLASS_BY_CODE.items())
def test_number_decides_on_the_class(code, cls):
    error = failure({"error": {"code": code, "msg": "no"}})
    assert type(error) is cls
    assert (error.code, error.message, error.command) == (code, "no", "DoThing")
    assert (error.http_status, error.attempts) == (200, 1)


@pytest.mark.parametrize("code", [101, 134, 393, 999_999])
def test_other_numbers_are_refusals(code):
    error = failure({"error": {"code": code}})
    assert type(error) is voxsip.InvalidRequestError
    assert error.message == ""
    assert not error.outcome_unknown


def test_money_that_is_missing_is_named():
    details = {"required_money": 12.3}
    error = failure({"error": {"code": 127, "msg": "Not enough", "details": details}})
    assert error.required_money == Decimal("12.3")
    assert error.details == details
    assert str(error) == f"DoThing: 127 {error.name}: Not enough"


@pytest.mark.parametrize("details", [None, [], "x", {"required_money": "much"}, {}])
def test_money_that_is_not_named(details):
    error = failure({"error": {"code": 127, "details": details}})
    assert error.required_money is None


@pytest.mark.parametrize("result", [None, 0, False, [], {}])
def test_error_wins_over_a_result_that_does_not_say_success(result):
    assert failure({"result": result, "error": {"code": 116}}).code == 116


@pytest.mark.parametrize("result", [1, True, [{"user_id": 1}], {"user_id": 1}])
@pytest.mark.parametrize("code", [116, 127, 340, 100])
@pytest.mark.parametrize("status", [200, 400, 429])
def test_success_and_error_at_once_say_nothing_of_the_work(result, code, status):
    error = failure({"result": result, "error": {"code": code}}, status)
    assert type(error) is voxsip.UnexpectedReplyError
    assert "a result and an error at once" in str(error)
    assert error.outcome_unknown


def test_success_under_429_says_nothing_of_the_work():
    assert failure({"result": 1, "sip_registration_id": 7}, 429).outcome_unknown


@pytest.mark.parametrize("status", [400, 401, 403, 404])
@pytest.mark.parametrize(
    ("code", "cls"), [(116, voxsip.NotFoundError), (340, voxsip.RateLimitError)]
)
def test_error_under_another_status_keeps_its_number(status, code, cls):
    """The number is the service's own; below 5xx, no status contradicts it."""
    error = failure({"error": {"code": code}}, status)
    assert (type(error), error.http_status) == (cls, status)
    assert not error.outcome_unknown


@pytest.mark.parametrize(
    ("status", "code", "cls"),
    [
        (429, 429, voxsip.RateLimitError),
        (429, 101, voxsip.RateLimitError),
        (503, 503, voxsip.ServerError),
        (500, 101, voxsip.ServerError),
        (503, 340, voxsip.ServerError),
        (500, 100, voxsip.ServerError),
        (500, 2, voxsip.ServerError),
    ],
)
def test_gateways_number_decides_nothing(status, code, cls):
    assert type(failure({"error": {"code": code}}, status)) is cls


# Replies that the API does not send


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (HTML, "not the API's JSON: <html> <head>"),
        (b"", "an empty body"),
        (b'{"result": 1', "not the API's JSON"),
        ({}, "without a result"),
        ([], "without a result"),
        ({"error": {"msg": "no"}}, "an error without a number"),
        ({"error": {"code": "5"}}, "an error without a number"),
        ({"error": {"code": True}}, "an error without a number"),
        ({"error": {"code": 0}}, "an error without a number"),
        ({"error": {"code": -1}}, "an error without a number"),
        ({"error": "no"}, "an error without a number"),
        ({"error": 0}, "an error without a number"),
    ],
)
def test_says_what_came(body, what):
    error = failure(body)
    assert type(error) is voxsip.UnexpectedReplyError
    assert what in str(error)
    assert str(error).startswith("DoThing: HTTP 200, ")
    assert error.outcome_unknown


def test_says_when_it_was_too_much():
    error = failure_of("X", RawReply(200, b'{"result": [1, 2', {}, limit=16))
    assert "a reply of more than 16 bytes" in str(error)
    assert error.body_start == '{"result": [1, 2'


@pytest.mark.parametrize(
    "status", [204, 301, 303, 400, 401, 404, 408, 409, 413, 499, 500, 502, 599]
)
@pytest.mark.parametrize("body", [HTML, b"", {"result": 1, "sip_registration_id": 7}])
def test_no_status_says_that_the_work_was_not_done(status, body):
    assert failure(body, status).disposition is Disposition.UNKNOWN


@pytest.mark.parametrize("body", [HTML, b"", {"message": "slow down"}])
def test_too_many_requests_by_status(body):
    error = failure(body, 429, **{"Retry-After": "9"})
    assert (type(error), error.code, error.retry_after) == (voxsip.RateLimitError, None, 9)
    assert error.name == "HTTP_429"


def test_start_of_the_body_is_short_and_on_one_line():
    error = failure(b"<p>\n\t x\r\n" * 1000, 500)
    assert error.body_start.startswith("<p> x <p> x")
    assert len(error.body_start) <= SHOWN


@pytest.mark.parametrize("place", range(0, SHOWN + 20, 7))
def test_secret_at_the_cut_is_hidden(place):
    secret = "pässword-with a  gap\n!" * 5
    error = failure(b"x" * place + secret.encode(), 500, (secret,))
    assert "ss" not in error.body_start
    assert "gap" not in error.body_start


def test_secret_in_a_message_is_hidden():
    error = failure(
        {"error": {"code": 101, "msg": "bad s3cr3t", "details": {"x": ["s3cr3t"]}}},
        200,
        ("s3cr3t",),
    )
    assert "s3cr3t" not in f"{error} {error!r} {error.details} {error.message}"


def test_message_without_end_is_cut():
    assert len(failure({"error": {"code": 101, "msg": "x" * 10**6}}).message) == LONGEST_TEXT


@given(st.binary(), st.integers(200, 599))
def test_any_bytes_make_a_result_or_a_typed_error(body, status):
    answer = reply(body, status)
    if result_of(answer) is None:
        assert isinstance(failure_of("DoThing", answer), voxsip.VoxsipError)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["code", "msg", "details", "retry_after", "x"]), inner)
    ),
    max_leaves=8,
)


@given(JSON, st.sampled_from([200, 429, 500]))
def test_any_error_object_makes_a_typed_error(error, status):
    made = failure_of("DoThing", reply({"error": error}, status))
    assert isinstance(made, voxsip.VoxsipError)
    assert str(made)
    assert made.retry_after is None or made.retry_after >= 0


# Headers

NOW = datetime(2025, 6, 15, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5),
        (" 5 ", 5),
        ("0", 0),
        ("1.5", 1.5),
        ("1.5.1", None),
        ("1.", None),
        ("9" * 100, 999_999_999_999),
        ("Sun, 15 Jun 2025 12:01:00 GMT", 60),
        ("Sun, 15 Jun 2025 14:01:00 +0200", 60),
        ("Sun, 15 Jun 2025 11:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
    ],
)
def test_retry_after(text, seconds):
    assert retry_after({"Retry-After": text}, NOW) == seconds


def test_retry_after_counts_from_the_replys_own_date():
    headers = {
        "Retry-After": "Mon, 05 Jan 1998 00:00:30 GMT",
        "Date": "Mon, 05 Jan 1998 00:00:00 GMT",
    }
    assert retry_after(headers) == 30


@given(st.text())
def test_any_date_is_read_or_not(text):
    moment = http_date(text)
    assert moment is None or moment.tzinfo is UTC


# The same, over a socket


@CLIENTS
@pytest.mark.parametrize(
    ("body", "status", "shown"),
    [
        (HTML, 502, "<html> <head>"),
        (b"", 200, ""),
        (b'{"result": {"acc', 200, '{"result": {"acc'),
        ({"error": {"msg": "broken"}}, 200, "broken"),
        ({"result": []}, 200, "result"),
        ({"result": {"account_id": "x"}}, 200, "account_id"),
        ({"result": {"account_id": 1, "balance": "much"}}, 200, "much"),
        ({"result": {"account_id": 1, "created": "long ago"}}, 200, "long ago"),
        ("text", 200, "text"),
        (b"<html>moved</html>", 302, "moved"),
    ],
)
async def test_broken_reply_is_a_typed_error(answer, connect, cls, body, status, shown):
    headers = {"Location": "/elsewhere"} if status == 302 else {}
    server = await answer(Answer(body, status, headers))
    side = connect(base_url=server.base_url, cls=cls, policy=RetryPolicy(attempts=1))
    error = await side.fails(
        voxsip.UnexpectedReplyError, lambda client: client.accounts.get_account_info()
    )
    assert (error.http_status, error.command, error.attempts) == (status, "GetAccountInfo", 1)
    assert shown in error.body_start
    assert len(server.requests) == 1


@CLIENTS
@pytest.mark.parametrize(
    "kind", ["text/html", "application/octet-stream", "x", "text/plain; charset=utf-16"]
)
async def test_body_decides_whatever_its_type(answer, connect, cls, kind):
    server = await answer(Answer({"result": {"account_id": 7}}, headers={"Content-Type": kind}))
    reply = await connect(base_url=server.base_url, cls=cls)(
        lambda client: client.accounts.get_account_info()
    )
    assert reply.result.account_id == 7
