import traceback

import pytest

import voxsip
from tests.support.signed_callbacks import SECRETS, body, signed
from voxsip.webhooks import (
    Callback,
    CallbackError,
    FailedRegistration,
    RecoveredRegistration,
    SipRegistrationFail,
    SipRegistrationRecovered,
    UnverifiedCallbackError,
    parse,
)

FAIL = {
    "type": "sip_registration_fail",
    "sip_registration_fail": {
        "sip_registrations": [
            {"sip_registration_id": 7, "status_code": "403", "error_message": "Forbidden"},
            {"sip_registration_id": 8, "status_code": 408, "since": "today"},
        ]
    },
}
RECOVERED = {
    "type": "sip_registration_recovered",
    "sip_registration_recovered": {"sip_registrations": [{"sip_registration_id": 7}]},
}


def test_what_is_known_is_typed():
    fail, recovered = parse(body(signed(1, **FAIL), signed(2, **RECOVERED)), **SECRETS)
    assert isinstance(fail, SipRegistrationFail)
    assert fail.sip_registrations == (
        FailedRegistration(sip_registration_id=7, status_code="403", error_message="Forbidden"),
        FailedRegistration(sip_registration_id=8, status_code="408"),
    )
    assert isinstance(recovered, SipRegistrationRecovered)
    assert recovered.sip_registrations == (RecoveredRegistration(sip_registration_id=7),)
    assert (fail.callback_id, fail.type, fail.account_id) == (1, "sip_registration_fail", 1)


def test_what_is_not_is_kept():
    given = signed(3, type="min_balance", min_balance={"is_repeated": True}, balance=1.5)
    (callback,) = parse(body(given), **SECRETS)
    assert type(callback) is Callback
    assert callback.content == {"is_repeated": True}
    assert callback.account == {"account_id": 1, "balance": 1.5}


def test_types_without_content():
    (callback,) = parse(body(signed(4, type="account_is_frozen")), **SECRETS)
    assert callback.content == {}
    (callback,) = parse(body(signed(5, type="sip_registration_fail")), **SECRETS)
    assert callback.sip_registrations == ()


def test_nothing_happened():
    assert parse(body(), **SECRETS) == ()


@pytest.mark.parametrize("form", [bytes, bytearray, lambda data: data.decode()])
def test_bodies_in_any_form(form):
    assert len(parse(form(body(signed(1, **FAIL))), **SECRETS)) == 1


def test_an_account_without_a_salt():
    given = signed(1, salt="", **FAIL)
    assert parse(body(given), **{**SECRETS, "salt": ""})


@pytest.mark.parametrize(
    "change",
    [
        {"hash": None},
        {"hash": 5},
        {"hash": ""},
        {"hash": "0" * 32},
        {"hash": "ä" * 32},
        {"callback_id": 2},
        {"account_id": 2},
        {"account_id": []},
    ],
)
def test_a_hash_that_does_not_hold(change):
    given = {**signed(1, **FAIL), **change}
    with pytest.raises(UnverifiedCallbackError, match=r"callbacks\[0\]"):
        parse(body(given), **SECRETS)


@pytest.mark.parametrize("other", [{"account_id": 2}, {"api_key": "x"}, {"salt": "x"}])
def test_the_secrets_of_another_account(other):
    with pytest.raises(UnverifiedCallbackError):
        parse(body(signed(1, **FAIL)), **{**SECRETS, **other})


def test_one_that_does_not_hold_spoils_all():
    with pytest.raises(UnverifiedCallbackError, match=r"callbacks\[1\]"):
        parse(body(signed(1, **FAIL), {**signed(2, **FAIL), "hash": "0" * 32}), **SECRETS)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "callbacks"),
        (b"{}", "callbacks"),
        (b'{"callbacks": {}}', "callbacks"),
        (b'{"callbacks": [1]}', r"callbacks\[0\]: expected an object"),
        (b'{"callbacks": [{}]}', "callback_id"),
        (b'{"callbacks": [{"callback_id": true}]}', "callback_id"),
        (b'{"callbacks": [{"callback_id": 1e3}]}', "callback_id"),
        (body(signed(1)), "type"),
        (body(signed(1, type=5)), "type"),
        (body(signed(1, type="x", x=[])), "expected an object"),
        (
            body(
                signed(
                    1, type="sip_registration_fail", sip_registration_fail={"sip_registrations": 1}
                )
            ),
            "list",
        ),
        (
            body(
                signed(
                    1,
                    type="sip_registration_fail",
                    sip_registration_fail={"sip_registrations": [{}]},
                )
            ),
            "with sip_registration_id",
        ),
    ],
)
def test_what_the_service_does_not_send(given, what):
    with pytest.raises(CallbackError, match=what) as caught:
        parse(given, **SECRETS)
    assert not isinstance(caught.value, UnverifiedCallbackError)
    assert isinstance(caught.value, voxsip.VoxsipError)


def test_a_body_past_the_limit_is_not_read():
    given = body(signed(1, **FAIL))
    assert parse(given, **SECRETS, max_body=len(given))
    with pytest.raises(CallbackError, match="more than"):
        parse(given, **SECRETS, max_body=len(given) - 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"account_id": "1"},
        {"account_id": 0},
        {"api_key": ""},
        {"api_key": None},
        {"salt": None},
        {"salt": "\ud800"},
    ],
)
def test_secrets_that_cannot_be_right(wrong):
    with pytest.raises(voxsip.InvalidArgumentError):
        parse(body(signed(1, **FAIL)), **{**SECRETS, **wrong})


def test_a_body_of_another_kind():
    with pytest.raises(voxsip.InvalidArgumentError, match="body: expected bytes, got NoneType"):
        parse(None, **SECRETS)


def test_nothing_secret_shows():
    callbacks = parse(body(signed(1, **FAIL, account_email=f"{'me'}@example.com")), **SECRETS)
    with pytest.raises(UnverifiedCallbackError) as caught:
        parse(body({**signed(1, **FAIL), "hash": "0" * 32}), **SECRETS)
    trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = "".join(trace.format()) + repr(caught.value) + repr(callbacks)
    assert "of-the-account" not in shown
    assert "me@example.com" not in shown


def test_it_is_imported_when_asked_for():
    assert voxsip.webhooks.parse is parse
