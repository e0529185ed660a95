"""What exceptions below mean for the request."""

import errno

import aiohttp
import pytest

import voxsip
from voxsip._transport.failures import explain_failure

URL = "http://127.0.0.1/platform_api/DoThing?password=MARK"


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(URL),
        aiohttp.ServerTimeoutError(URL),
        aiohttp.SocketTimeoutError(URL),
        aiohttp.ServerDisconnectedError(URL),
        aiohttp.ClientPayloadError(URL),
        aiohttp.ClientOSError(errno.EPIPE, f"Can not write request body for {URL}"),
        aiohttp.ClientConnectionResetError(URL),
        aiohttp.ClientConnectionError(URL),
        aiohttp.ClientError(URL),
        aiohttp.InvalidURL(URL),
        ConnectionResetError(errno.ECONNRESET, URL),
        OSError(URL),
        OSError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_outcome_is_unknown_and_no_url_is_shown(error):
    failure = explain_failure("DoThing", error)
    assert type(failure) is voxsip.OutcomeUnknownError
    assert str(failure).startswith("DoThing: ")
    assert "MARK" not in f"{failure} {failure!r}"
    assert failure.__cause__ is failure.__context__ is None


def test_no_connection_in_time_was_never_sent():
    failure = explain_failure("DoThing", aiohttp.ConnectionTimeoutError(URL))
    assert type(failure) is voxsip.NotSentError
    assert not failure.permanent
    assert "MARK" not in str(failure)
