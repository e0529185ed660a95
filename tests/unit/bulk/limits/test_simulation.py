"""Jobs against servers with limits nobody told them, in virtual time."""

from pathlib import Path

import pytest

from tests.support import rate_table
from tests.support.rate_simulation import Job, Server

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("latency", [0.01, 0.3, 1.0])  # 0.05: see the table
@pytest.mark.parametrize("burst", ["a tenth", "a second's worth"])
@pytest.mark.parametrize("limit", [5, 50, 200, 1000])
def test_reaches_nine_tenths_of_what_the_server_allows(limit, burst, latency):
    size = max(2, limit // 10) if burst == "a tenth" else limit
    job = Job(Server(limit, size, latency)).run(100.0)
    reach = min(limit, 64 / latency)  # 64 rows in flight carry no more than that
    assert job.rate(20.0, 100.0) >= 0.9 * reach
    assert job.rate(0.0, 100.0) >= 0.8 * reach
    assert job.most_calls <= 3  # of the twenty that the engine makes before a row fails
    assert job.most_in_flight <= 64
    assert job.counts["refused"] <= 0.1 * job.counts["sent"] + 150


@pytest.mark.parametrize("latency", [0.01, 0.05])
def test_few_calls_are_refused_once_the_rate_is_known(latency):
    job = Job(Server(200, 200, latency)).run(120.0)
    assert sum(at > 20.0 for at in job.refused_at) <= 0.03 * job.counts["sent"]


def test_a_server_that_takes_no_two_calls_at_once_is_not_given_up():
    job = Job(Server(200, 1, 0.01)).run(120.0)
    assert job.rate(60.0, 120.0) >= 0.3 * 200


def test_a_server_without_a_limit_is_not_slowed_down():
    job = Job(Server(1e9, 1e9, 0.05)).run(20.0)
    assert job.limits.rate is None
    assert job.rate(2.0, 20.0) >= 0.99 * 64 / 0.05


@pytest.mark.parametrize("background_refusals", [0.01, 0.036, 0.1])
def test_refusals_that_come_at_any_rate_do_not_slow_it_down_for_good(background_refusals):
    job = Job(Server(1e9, 1e9, 0.2, background_refusals=background_refusals)).run(120.0)
    assert job.rate(60.0, 120.0) >= 0.6 * 64 / 0.2
    assert job.most_calls <= 3


@pytest.mark.parametrize(
    ("background_refusals", "seconds"), [(0.02, 1.5), (0.1, 2.5), (0.3, 7.0), (0.5, 20.0)]
)
def test_refusals_that_come_at_any_rate_do_not_slow_it_down_for_long(background_refusals, seconds):
    job = Job(Server(1e9, 1e9, 0.005, background_refusals=background_refusals)).run(60.0)
    assert job.done_at[1999] <= seconds
    waiting = (
        background_refusals / (1.0 - background_refusals) / 4.0
    )  # about what backing off takes of a row's time
    assert job.rate(30.0, 60.0) >= 0.4 * 64 / (0.005 + waiting)


def test_the_table_of_the_docs_is_what_it_says():
    page = Path("docs/pace.md").read_text(encoding="utf-8").splitlines()
    table = list(rate_table.lines())
    start = page.index(table[0])
    assert page[start : start + len(table) + 1] == [*table, ""]


@pytest.mark.parametrize(
    ("share", "used"), [(0.01, 0.9), (0.036, 0.8), (0.1, 0.6), (0.2, 0.4), (0.3, 0.2)]
)
def test_a_server_that_says_too_fast_at_random_is_used_all_the_same(share, used):
    server = Server(1e9, 1e9, 0.05, background_refusals=share, background_code=340)
    job = Job(server).run(60.0)
    assert job.rate(20.0, 60.0) >= used * 64 / 0.05
    assert job.most_calls <= 12


@pytest.mark.parametrize("latency", [0.01, 0.05])
@pytest.mark.parametrize("limit", [200, 1000])
def test_a_server_that_limits_the_rate_is_not_taken_for_one_that_throttles_at_random(
    limit, latency
):
    job = Job(Server(limit, limit, latency)).run(100.0)
    assert sum(at > 20.0 for at in job.refused_at) <= 0.04 * job.counts["sent"]


def test_a_limit_that_a_server_begins_to_have_ends_what_was_tolerated():
    server = Server(1e9, 1e9, 0.05, background_refusals=0.1, background_code=340)
    job = Job(server).run(30.0)
    server.rate, server.burst, server.background_refusals = 100, 10, 0.0
    job.run(120.0)
    assert job.rate(60.0, 120.0) >= 0.9 * 100
    assert sum(at > 60.0 for at in job.refused_at) <= 0.05 * 100 * 60


def test_a_server_that_takes_nothing_for_half_a_minute_is_used_fully_soon_after():
    server = Server(0.001, 1, 0.05)
    job = Job(server).run(30.0)
    assert job.counts["sent"] <= 150
    server.rate, server.burst = 50, 5
    job.run(90.0)
    assert job.rate(70.0, 90.0) >= 0.9 * 50


def test_a_rate_that_was_not_used_has_not_grown():
    server = Server(200, 20, 0.05)
    job = Job(server).run(20.0)
    server.latency = 2.0  # 64 rows in flight carry 32 calls a second
    job.run(120.0)
    refused = job.counts["refused"]
    server.latency = 0.05
    job.run(140.0)
    assert job.counts["refused"] - refused <= 150
    assert job.rate(122.0, 140.0) >= 0.8 * 200


@pytest.mark.parametrize("limit", [5, 50, 200])
def test_a_limit_is_kept_to_beside_refusals_that_come_at_any_rate(limit):
    job = Job(Server(limit, limit, 0.05, background_refusals=0.036)).run(120.0)
    assert 0.75 * limit <= job.rate(20.0, 120.0) <= 1.02 * limit
    assert job.counts["refused"] <= 0.15 * job.counts["sent"] + 50


@pytest.mark.parametrize("named", [1.0, 5.0])
def test_nothing_leaves_while_the_server_wants_to_be_left_alone(named):
    job = Job(Server(50, 50, 0.05, named=named))
    job.run(120.0)
    assert job.rate(40.0, 120.0) >= 0.6 * 50
    starts = [
        at for n, at in enumerate(job.refused_at) if n == 0 or at - job.refused_at[n - 1] > 0.2
    ]
    for at in starts:
        assert not any(at + 0.2 < done < at + named for done in job.done_at)


def test_the_users_rate_is_a_ceiling():
    job = Job(Server(1e9, 1e9, 0.05), max_rate=20.0).run(30.0)
    assert 0.95 * 20 <= job.rate(5.0, 30.0) <= 20.5


def test_a_limit_that_falls_and_rises_again_is_followed():
    server = Server(200, 20, 0.05)
    job = Job(server).run(30.0)
    server.rate = 50
    job.run(60.0)
    assert 0.85 * 50 <= job.rate(40.0, 60.0) <= 1.05 * 50
    server.rate = 200
    job.run(150.0)
    assert job.rate(120.0, 150.0) >= 0.9 * 200
    assert job.most_calls <= 4


def test_the_same_again_is_the_same():
    jobs = [Job(Server(50, 50, 0.05), seed=3).run(30.0) for _ in range(2)]
    assert jobs[0].done_at == jobs[1].done_at
    assert jobs[0].counts == jobs[1].counts
