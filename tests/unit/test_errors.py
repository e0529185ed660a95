"""The exception tree: what each says, carries and survives."""

import copy
import inspect
import pickle

import pytest

import voxsip
from voxsip import _errors
from voxsip._errors import Disposition
from voxsip._protocol.reply import RawReply, failure_of

REASONS = {"command": "DoThing", "code": 1, "http_status": 200, "proxy": "p:1"}


def make(cls):
    wanted = inspect.signature(cls.__init__).parameters
    return cls("said", **{name: value for name, value in REASONS.items() if name in wanted})


CLASSES = sorted(
    (
        cls
        for cls in vars(_errors).values()
        if inspect.isclass(cls) and issubclass(cls, voxsip.VoxsipError)
    ),
    key=lambda cls: cls.__name__,
)


def test_every_class_is_public():
    assert {cls.__name__ for cls in CLASSES} <= set(voxsip.__all__)
    assert all(getattr(voxsip, cls.__name__) is cls for cls in CLASSES)


def pickled(error):
    return pickle.loads(pickle.dumps(error))  # noqa: S301 - our own


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, pickled])
def test_survives_a_trip(cls, through):
    error = make(cls)
    error.attempts = 3
    error.retry_after = 1.5
    error.add_note("a note")
    if isinstance(error, _errors.APIError):
        error.details = {"required_money": 5}
    again = through(error)
    assert type(again) is cls
    assert vars(again) == vars(error)
    assert (str(again), repr(again), again.args) == (str(error), repr(error), error.args)
    assert again.outcome_unknown == error.outcome_unknown
    assert again.__notes__ == ["a note"]


def test_real_errors_survive_a_trip():
    for status, body in (
        (200, b'{"error": {"code": 127, "msg": "x", "details": {"a": [1]}}}'),
        (502, b"<p>"),
    ):
        error = failure_of("X", RawReply(status, body, {"Retry-After": "5"}))
        again = pickled(error)
        assert (type(again), vars(again)) == (type(error), vars(error))


def test_a_repr_has_the_command_and_the_number():
    def shown(status, body, *secrets):
        return repr(failure_of("BindX", RawReply(status, body), secrets))

    body = b'{"error": {"code": 127, "msg": "%s"}}'
    assert shown(200, body % b"S3CRET is wrong", "S3CRET") == (
        "InsufficientFundsError(command='BindX', code=127, message='*** is wrong')"
    )
    long = shown(200, body % (b"x" * 900))
    assert long.endswith("x...')")
    assert len(long) < 300
    assert shown(429, b"{}").startswith("RateLimitError(command='BindX', http_status=429, ")
    assert "BindX" in shown(502, b"<p>")
    assert "502" in shown(502, b"<p>")


def test_the_tree_is_what_the_design_says():
    tree = {cls.__name__: cls.__mro__[1].__name__ for cls in CLASSES}
    api = dict.fromkeys(
        [
            "AuthorizationError",
            "ForbiddenError",
            "InvalidRequestError",
            "NotFoundError",
            "InsufficientFundsError",
            "QuotaExceededError",
            "RateLimitError",
            "ServerError",
        ],
        "APIError",
    )
    assert tree == {
        **api,
        "APIError": "VoxsipError",
        "ConfigurationError": "VoxsipError",
        "InvalidArgumentError": "VoxsipError",
        "NotSentError": "TransportError",
        "OutcomeUnknownError": "TransportError",
        "ProxyAuthenticationError": "ProxyError",
        "ProxyError": "NotSentError",
        "TransportError": "VoxsipError",
        "UnexpectedReplyError": "VoxsipError",
        "VoxsipError": "Exception",
    }
    assert issubclass(voxsip.InvalidArgumentError, ValueError)


@pytest.mark.parametrize(
    ("cls", "disposition"),
    [
        (voxsip.NotSentError, Disposition.NOT_SENT),
        (voxsip.OutcomeUnknownError, Disposition.UNKNOWN),
        (voxsip.ServerError, Disposition.UNKNOWN),
        (voxsip.RateLimitError, Disposition.THROTTLED),
        (voxsip.AuthorizationError, Disposition.TOKEN),
        (voxsip.NotFoundError, Disposition.REFUSED),
        (voxsip.ConfigurationError, Disposition.REFUSED),
    ],
)
def test_class_says_what_it_means_for_the_work(cls, disposition):
    error = make(cls)
    assert error.disposition is disposition
    assert error.outcome_unknown == (disposition is Disposition.UNKNOWN)


def test_text_names_command_number_and_attempts():
    error = voxsip.NotFoundError("no such rule", code=156, command="BindSipRegistration")
    assert str(error) == f"BindSipRegistration: 156 {error.name}: no such rule"
    error.attempts = 4
    assert str(error).endswith("(after 4 attempts)")
    assert str(voxsip.InvalidRequestError("", code=999_999, command="X")) == "X: 999999"
    assert (
        str(voxsip.RateLimitError("slow", code=None, command="X", http_status=429))
        == "X: HTTP_429: slow"
    )


def test_every_number_of_the_table_has_a_name_and_a_class():
    from voxsip._generated._error_names import NAMES

    assert len(NAMES) == 457
    for code, name in NAMES.items():
        error = _errors.error_class(code)("", code=code, command="X")
        assert error.name == name


def test_details_are_a_copy():
    details = {"a": 1}
    error = voxsip.InvalidRequestError("", code=101, command="X", details=details)
    details["a"] = 2
    assert error.details == {"a": 1}
