"""Rows divided into parts, each for one worker at a time: by account, then by groups of rows that conflict.

Pure. A group is never divided, so two parts never have a row in common that must keep an order. Groups of several rows go
to the part that has least, the largest first; rows that stand alone fill up the rest in the order of the file.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Mapping
from itertools import repeat

import attrs

ROWS_PER_PART = 5_000
"""Rows of a part unless the number of parts is given: minutes of work for most accounts."""
FEWEST_PARTS = 16
SMALLEST_PART = 100
MOST_PARTS = 10_000


@attrs.frozen(kw_only=True)
class Groups:
    """The rows of one account.

    Attributes:
        places: The places of its rows in the file, ascending.
        roots: The number of the first row of each row's group, counted within the account.
    """

    places: array[int]
    roots: array[int]


@attrs.frozen(kw_only=True)
class Part:
    """Rows for one worker.

    Attributes:
        account_id: The account they belong to; None for the client's own.
        places: The places of the rows in the file, from 0, ascending.
        largest: Rows of the largest group among them.
    """

    account_id: int | None
    places: array[int]
    largest: int


def part_count(rows: int) -> int:
    """Return how many parts so many rows are divided into if nobody says."""
    fewest = min(FEWEST_PARTS, rows // SMALLEST_PART)
    return max(1, min(MOST_PARTS, max(fewest, rows // ROWS_PER_PART)))


def divide(accounts: Mapping[int | None, Groups], wanted: int) -> list[Part]:
    """Divide rows into about so many parts of about the same size.

    Args:
        wanted: Number of parts; there are fewer if rows cannot be divided so far, and more if there are more accounts.
    """
    rows = sum(len(groups.places) for groups in accounts.values())
    parts: list[Part] = []
    for account, groups in accounts.items():
        own = max(1, round(wanted * len(groups.places) / rows))
        parts += _divide(account, groups, own)
    return parts


def _divide(account: int | None, groups: Groups, wanted: int) -> list[Part]:
    sizes = array("q", [0]) * len(groups.roots)
    for root in groups.roots:
        sizes[root] += 1
    joined = sorted(((size, root) for root, size in enumerate(sizes) if size > 1), reverse=True)
    alone = len(sizes) - sum(size for size, _ in joined)
    count = min(wanted, len(joined) + alone)
    loads = [(0, number) for number in range(count)]
    largest = [1] * count
    part_of: dict[int, int] = {}
    for size, root in joined:
        load, number = heapq.heappop(loads)
        part_of[root] = number
        largest[number] = max(largest[number], size)
        heapq.heappush(loads, (load + size, number))
    fill = _fill([load for load, _ in sorted(loads, key=lambda pair: pair[1])], alone)
    places = [array("q") for _ in range(count)]
    for place, root in zip(groups.places, groups.roots, strict=True):
        places[next(fill) if sizes[root] == 1 else part_of[root]].append(place)
    return [
        Part(account_id=account, places=own, largest=most)
        for own, most in zip(places, largest, strict=True)
    ]


def _fill(loads: list[int], rows: int) -> Iterator[int]:
    """Yield the part of each row that stands alone, so that parts become even."""
    order = sorted(range(len(loads)), key=loads.__getitem__)
    total, count = rows, 0
    while count < len(order) and loads[order[count]] * count < total:
        total += loads[order[count]]
        count += 1
    level, more = divmod(total, max(1, count))
    for rank, number in enumerate(order[:count]):
        yield from repeat(number, level + (rank < more) - loads[number])
