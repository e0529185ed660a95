"""Rows divided into parts: what conflicts stays together, the rest is spread evenly."""

from array import array

import pytest
from hypothesis import given, strategies as st

from voxsip._bindings.components import Components
from voxsip._row_files.part import Spans
from voxsip.cluster._advice import describe
from voxsip.cluster._index import decode, encode
from voxsip.cluster._partition import Groups, Part, divide, part_count

pytestmark = pytest.mark.once


def groups_of(keys):
    components = Components()
    for own in keys:
        components.add(own)
    return Groups(places=array("q", range(len(keys))), roots=components.roots())


def joined(keys):
    """The groups, found the slow way: sets of rows that share a key, merged while any two meet."""
    groups = []
    for row, own in enumerate(keys):
        mine = [group for group in groups if group[1] & set(own)]
        groups = [group for group in groups if group not in mine]
        rows = {row}.union(*(group[0] for group in mine))
        groups.append((rows, set(own).union(*(group[1] for group in mine))))
    return {frozenset(rows) for rows, _ in groups}


ROWS = st.lists(st.lists(st.integers(0, 12), max_size=2), min_size=1, max_size=40)


@given(ROWS)
def test_groups_are_those_that_share_keys(keys):
    roots = groups_of(keys).roots
    found = {}
    for row, root in enumerate(roots):
        found.setdefault(root, set()).add(row)
    assert set(map(frozenset, found.values())) == joined(keys)
    assert all(root == min(rows) for root, rows in found.items())


@given(ROWS, st.integers(1, 50))
def test_every_row_is_in_one_part_with_all_of_its_group(keys, wanted):
    groups = groups_of(keys)
    parts = divide({None: groups}, wanted)
    part_of = {place: number for number, part in enumerate(parts) for place in part.places}
    assert sorted(place for part in parts for place in part.places) == list(range(len(keys)))
    assert all(list(part.places) == sorted(part.places) for part in parts)
    assert all(len({part_of[row] for row in rows}) == 1 for rows in joined(keys))
    assert len(parts) == min(wanted, len(joined(keys)))
    for number, part in enumerate(parts):
        assert part.largest == max(
            len(rows) for rows in joined(keys) if part_of[min(rows)] == number
        )


@given(ROWS, st.integers(1, 12))
def test_no_part_has_more_than_its_share_and_one_group(keys, wanted):
    parts = divide({None: groups_of(keys)}, wanted)
    share = -(-len(keys) // len(parts))
    assert all(len(part.places) < share + part.largest for part in parts)


def test_rows_that_stand_alone_keep_to_their_places_in_the_file():
    parts = divide({None: groups_of([[n] for n in range(10)])}, 3)
    assert [list(part.places) for part in parts] == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_an_account_shares_no_part_with_another():
    keys = [[n] for n in range(90)]
    parts = divide({1: groups_of(keys), 2: groups_of(keys[:9]), None: groups_of(keys[:1])}, 10)
    assert [part.account_id for part in parts] == [1] * 9 + [2] + [None]


def test_rows_can_be_made_one_group():
    components = Components()
    components.add([1])
    components.make_one()
    components.add([2])
    assert list(components.roots()) == [0, 0]


def test_the_number_of_parts_grows_with_the_rows():
    assert [part_count(rows) for rows in (0, 1, 250, 10_000, 100_000, 10**8)] == [
        1,
        1,
        2,
        16,
        20,
        10_000,
    ]


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3), st.integers(1, 1 << 40)), max_size=30)
)
def test_an_index_comes_back_as_it_was(steps):
    places, lines, starts = array("q"), array("q"), array("q")
    sums = (0, 1, 0)
    for step in steps:
        sums = tuple(map(sum, zip(sums, step, strict=True)))
        for column, number in zip((places, lines, starts), sums, strict=True):
            column.append(number)
    sizes = array("q", (size for _, size, _ in steps))
    spans = Spans(lines=lines, starts=starts, sizes=sizes, head=7)
    assert decode(encode(places, spans), 7, len(steps)) == (places, spans)


def part_of(rows, largest=1, account_id=None):
    return Part(account_id=account_id, places=array("q", range(rows)), largest=largest)


def test_says_how_even_the_parts_are():
    assert describe([part_of(60), part_of(40)], {}, None).splitlines()[0] == (
        "100 rows in 2 parts: 50 on average, 60 in the largest (1.2 times the average)"
    )
    assert describe([part_of(1)], {}, None).startswith("1 row in 1 part: ")
    assert describe([], {}, None) == "no rows"


def test_says_when_one_group_holds_much():
    text = describe([part_of(410, largest=400), *[part_of(59)] * 10], {}, 5_000.0)
    assert "400 rows share registrations or users with one another, 40% of all" in text
    assert "2.4 machines at most have something to do" in text


def test_says_when_one_machine_is_as_good():
    parts = [part_of(10), part_of(10)]
    assert "the rate is the limit (300 requests a second)" in describe(parts, {}, 300.0)
    assert "if the account may be called less than 1,000 times" in describe(parts, {}, None)
    assert "there is only one part" in describe([part_of(10)], {}, None)
    accounts = [part_of(10, account_id=number) for number in range(40)]
    assert "one machine" not in describe(accounts, {}, 300.0)
    assert "(20 requests a second for each of 40)" in describe(accounts, {}, 20.0)
    assert "are one part: names" in describe([part_of(10)], {None: "names"}, None)
