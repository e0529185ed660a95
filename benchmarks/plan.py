"""Planning rows against a live state, without a network: `python -m benchmarks.plan [ROWS] [--changed SHARE]`.

Time is of this process's CPU; memory is what planning needs beyond the listing and the input, at its peak. The targets:
100,000 rows against 100,000 registrations within 2 s and 60 MiB, a million within 20 s.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import time
import tracemalloc
from collections.abc import Iterator

from voxsip.models import SipRegistration
from voxsip.plan._live import Live
from voxsip.plan._names import Names
from voxsip.plan._options import Options
from voxsip.plan._planner import Planner, Result
from voxsip.plan._scope import Scope

APPLICATIONS = 50
TARGETS = {100_000: (2.0, 60.0), 1_000_000: (20.0, None)}


def listing(count: int) -> list[SipRegistration]:
    """Registrations of as many users, in fifty applications."""
    return [
        SipRegistration(
            sip_registration_id=number,
            sip_username=f"phone-{number}",
            proxy="sip.example.com",
            is_persistent=True,
            application_id=number % APPLICATIONS + 1,
            application_name=f"app-{number % APPLICATIONS + 1}",
            user_id=number,
            user_name=f"user-{number}",
        )
        for number in range(1, count + 1)
    ]


def wanted_users(count: int, changed: float) -> dict[int, int]:
    """Let a share of the users change places within their applications."""
    chance = random.Random(11)
    groups: dict[int, list[int]] = {}
    for number in chance.sample(range(1, count + 1), int(count * changed)):
        groups.setdefault(number % APPLICATIONS, []).append(number)
    moved: dict[int, int] = {}
    for own in groups.values():
        moved.update(zip(own, chance.sample(own, len(own)), strict=True))
    return moved


def rows(count: int, moved: dict[int, int]) -> Iterator[dict[str, str]]:
    """Rows as a file gives them; one in a thousand buys, one in a thousand loses its user."""
    for number in range(1, count + 1):
        user = f"user-{moved.get(number, number)}"
        yield {
            "sip_username": f"phone-{number}" if number % 1000 else f"bought-{number}",
            "proxy": "sip.example.com",
            "application_name": f"app-{number % APPLICATIONS + 1}",
            "user_name": "-" if number % 1000 in {0, 1} and number not in moved else user,
        }


def names(count: int) -> Names:
    applications = [(f"app-{number}", number) for number in range(1, APPLICATIONS + 1)]
    users: dict[int, list[tuple[str | None, int]]] = {number: [] for _, number in applications}
    for number in range(1, count + 1):
        users[number % APPLICATIONS + 1].append((f"user-{number}", number))
    return Names([*applications], [], users)


def plan(live: list[SipRegistration], count: int, moved: dict[int, int], known: Names) -> Result:
    planner = Planner(Live(live), Options(scope=Scope(prefix="nothing-")))
    for row in rows(count, moved):
        planner.add(row)
    result: Result | None = None
    for step in planner.finish(known):
        result = step
    assert result is not None
    return result


def measure(count: int, changed: float) -> dict[str, object]:
    live, moved, known = listing(count), wanted_users(count, changed), names(count)
    reading = time.process_time()
    for _ in rows(count, moved):
        pass
    reading = time.process_time() - reading
    gc.collect()
    begun = time.process_time()
    result = plan(live, count, moved, known)
    seconds = time.process_time() - begun - reading
    counts, changes = result.counts, len(result.changes)
    del result
    gc.collect()
    tracemalloc.start()
    plan(live, count, moved, known)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return {
        "rows": count,
        "changes": changes,
        "seconds": round(seconds, 2),
        "peak_mib": round(peak, 1),
        "counts": counts,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("rows", type=int, nargs="?", default=100_000)
    options.add_argument("--changed", type=float, default=0.1, help="share of users who move")
    given = options.parse_args()
    found = measure(given.rows, given.changed)
    print(json.dumps(found))
    if given.rows in TARGETS:
        seconds, mib = TARGETS[given.rows]
        print(f"targets: {seconds} s" + ("" if mib is None else f", {mib} MiB"))


if __name__ == "__main__":
    main()
