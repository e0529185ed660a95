"""Whatever is posted to the callback URL: callbacks that were signed, or a CallbackError."""

import json

import pytest
from hypothesis import example, given, strategies as st

from tests.support.example_count import examples
from tests.support.signed_callbacks import SECRETS, signed
from voxsip.webhooks import Callback, CallbackError, UnverifiedCallbackError, parse

pytestmark = pytest.mark.slow

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
)
NAMES = (
    *("callbacks", "callback_id", "hash", "type", "account_id", "sip_registration_fail", "x"),
    *("sip_registration_recovered", "sip_registrations", "sip_registration_id", "status_code"),
)
KEYS = st.sampled_from(NAMES)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=4
)
TYPES = st.sampled_from(["sip_registration_fail", "sip_registration_recovered", "min_balance", ""])
SIGNED = st.builds(
    lambda number, kind, content, more: {
        **more,
        **signed(number, type=kind),
        kind or "x": content,
    },
    st.integers(0, 1 << 62),
    TYPES | st.text(max_size=5),
    JSON
    | st.builds(
        lambda items: {"sip_registrations": items},
        st.lists(
            st.dictionaries(KEYS, JSON)
            | st.builds(
                lambda number, item: {**item, "sip_registration_id": number},
                st.integers(1, 9),
                st.dictionaries(KEYS, JSON),
            )
        ),
    ),
    st.dictionaries(KEYS, JSON, max_size=2),
)


def outcome(body):
    """Return what a body comes to: callbacks, or the one kind of error there is."""
    try:
        return parse(body, **SECRETS)
    except CallbackError as error:
        return error


def sound(result):
    if isinstance(result, tuple):
        return all(isinstance(one, Callback) for one in result)
    said = str(result)
    return len(said) < 300 and SECRETS["api_key"] not in said and SECRETS["salt"] not in said


@examples(100)
@given(body=st.binary(max_size=100) | JSON.map(json.dumps))
@example(body=b"[" * 10_000)
@example(body=b'{"callbacks":' * 1000)
def test_any_body(body):
    result = outcome(body)
    assert sound(result)
    assert result == () or isinstance(result, CallbackError), "nobody can sign by chance"


@examples(100)
@given(items=st.lists(SIGNED, min_size=1, max_size=3))
def test_any_signed_content(items):
    result = outcome(json.dumps({"callbacks": items}))
    assert sound(result)
    if isinstance(result, tuple):
        assert [one.callback_id for one in result] == [item["callback_id"] for item in items]
    else:
        assert not isinstance(result, UnverifiedCallbackError)


@examples(40)
@given(item=SIGNED, change=st.sampled_from(["hash", "callback_id"]), value=SCALARS)
def test_any_forgery(item, change, value):
    if value == item[change]:
        return
    item[change] = value
    result = outcome(json.dumps({"callbacks": [item]}))
    assert isinstance(result, CallbackError), "a forgery was taken"
    assert isinstance(result, UnverifiedCallbackError) or change == "callback_id"
