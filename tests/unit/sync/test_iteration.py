"""Lists: a page is fetched when its first item is asked for, and nothing is left open when one stops early."""

import itertools

import pytest

import voxsip
from tests.support.in_child import leftovers


def test_pages_are_fetched_not_items(client, watch):
    registrations = list(client.sip_registrations.list(count=7))
    assert [one.sip_registration_id for one in registrations] == list(range(1, 21))
    assert (
        watch.seen["GetSipRegistrations"] == 4
    )  # the reply has no total: an empty page is the end
    users = list(client.users.list(application_id=1, count=2))
    assert len(users) == 4
    assert watch.seen["GetUsers"] == 2  # it has


def test_a_page_is_fetched_when_it_is_needed(client, watch):
    pager = client.sip_registrations.list(count=5)
    assert watch.seen["GetSipRegistrations"] == 0
    items = iter(pager)
    assert watch.seen["GetSipRegistrations"] == 0
    for read, page in [(5, 1), (5, 2), (1, 3)]:
        assert len(list(itertools.islice(items, read))) == read
        assert watch.seen["GetSipRegistrations"] == page


def test_each_iteration_reads_again(client, watch):
    pager = client.sip_registrations.list(count=10)
    assert list(pager) == list(pager)
    assert watch.seen["GetSipRegistrations"] == 6


def test_pages(client, watch):
    pages = list(client.sip_registrations.list(count=8).pages())
    assert [(page.offset, len(page)) for page in pages] == [(0, 8), (8, 8), (16, 4)]
    assert watch.seen["GetSipRegistrations"] == 4
    first = client.sip_registrations.list(count=8).first_page()
    assert first == pages[0]


def test_an_empty_list(client):
    empty = client.sip_registrations.list(sip_username="nobody")
    assert list(empty) == list(empty.pages()) == []
    assert len(empty.first_page()) == 0


@pytest.mark.parametrize("by", ["items", "pages"])
def test_leaving_early_leaves_nothing_open(client, watch, by):
    pager = client.sip_registrations.list(count=5)
    for _ in pager if by == "items" else pager.pages():
        break
    assert watch.seen["GetSipRegistrations"] == 1
    assert not leftovers()
    client.accounts.get_account_info()
    assert watch.seen["connect"] == 1  # the connection was left in order


def test_a_failing_page_is_raised_where_it_is_asked_for(client, emulator, watch):
    client = client.with_options(retry=voxsip.RetryPolicy(attempts=1))
    items = iter(client.sip_registrations.list(count=5))
    assert len(list(itertools.islice(items, 5))) == 5
    emulator.rate_limit = 1e-6
    client.call("GetAccountInfo")  # the one that may come
    with pytest.raises(voxsip.RateLimitError):
        next(items)
    emulator.rate_limit = None
    assert list(items) == []


def test_a_wrong_argument_is_said_before_iteration(client, watch):
    with pytest.raises(voxsip.InvalidArgumentError, match="application_name"):
        client.sip_registrations.list(application_id=[1], application_name=["app-1"])
    assert not watch.seen


def test_one_pager_in_two_threads_at_once(client):
    pager = client.sip_registrations.list(count=3)
    one, other = iter(pager), iter(pager)
    pairs = list(zip(one, other, strict=True))
    assert len(pairs) == 20
    assert all(left == right for left, right in pairs)
