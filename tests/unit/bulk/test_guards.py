import pytest

from voxsip import AuthorizationError, ForbiddenError, InsufficientFundsError, QuotaExceededError
from voxsip.bulk import Outcome, Stop
from voxsip.bulk._guards import Guards
from voxsip.bulk._options import Options


def outcome(status, error=None):
    return Outcome(index=0, row=None, status=status, error=error)


def api(kind, code):
    return kind("no", code=code, command="X")


def guards(kind, **options):
    return Guards(kind=kind, options=Options(**options))


def reasons(judging, *outcomes):
    return [judging.judge(each) for each in outcomes]


def test_more_failures_than_allowed_stop():
    failed = outcome("failed")
    assert reasons(guards("bind", max_failures=1), failed, outcome("done"), failed) == [
        None,
        None,
        Stop.FAILURES,
    ]
    assert reasons(guards("bind", max_failures=0), outcome("unknown")) == [Stop.FAILURES]
    assert reasons(guards("bind"), *[failed] * 5) == [None] * 5


def test_the_share_counts_once_there_are_enough_rows():
    half = guards("bind", max_failure_ratio=0.5, min_rows_for_ratio=4)
    failed, done = outcome("failed"), outcome("done")
    assert reasons(half, failed, failed, done, done, failed) == [
        None,
        None,
        None,
        None,
        Stop.RATIO,
    ]


def test_the_share_is_checked_from_a_row_that_does_not_fail_too():
    half = guards("bind", max_failure_ratio=0.5, min_rows_for_ratio=4)
    failed, done = outcome("failed"), outcome("done")
    assert reasons(half, failed, failed, failed, done) == [None, None, None, Stop.RATIO]


@pytest.mark.parametrize("error", [api(AuthorizationError, 100), api(ForbiddenError, 104)])
def test_a_refused_key_stops(error):
    assert guards("bind").judge(outcome("failed", error)) is Stop.AUTHORIZATION


@pytest.mark.parametrize(
    ("error", "reason"),
    [(api(InsufficientFundsError, 127), Stop.FUNDS), (api(QuotaExceededError, 272), Stop.QUOTA)],
)
def test_want_of_money_or_places_stops_buying_only(error, reason):
    assert guards("create").judge(outcome("failed", error)) is reason
    assert guards("bind").judge(outcome("failed", error)) is None
