"""`voxsip token`."""

import pytest

pytestmark = pytest.mark.slow


def test_the_token_is_good(serve):
    _, voxsip = serve()
    ended = voxsip("token")
    assert (ended.code, ended.err) == (0, "")
    voxsip.environment.pop("VOXIMPLANT_CREDENTIALS")
    again = voxsip("registrations", "list", VOXIMPLANT_TOKEN=ended.out.strip())
    assert again.code == 0


def test_a_ready_token_is_given_back(serve):
    _, voxsip = serve()
    voxsip.environment.pop("VOXIMPLANT_CREDENTIALS")
    assert voxsip("token", VOXIMPLANT_TOKEN="abc").out == "abc\n"


def test_no_credentials(serve):
    _, voxsip = serve()
    voxsip.environment.pop("VOXIMPLANT_CREDENTIALS")
    assert voxsip("token").code == 3
