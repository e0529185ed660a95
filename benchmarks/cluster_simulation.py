"""When the store becomes the limit: jobs of ten million rows in virtual time, on up to a thousand workers.

    python -m benchmarks.cluster_simulation [--rows 10000000] [--cores 8] [--measure]

A worker asks the store for slots, sends rows when these are due, gets replies, and writes outcomes together: statements are
queued at the store's cores, one at a time for each connection, as they really are. What a statement costs was measured on a
real server (`--measure` does it again): CPU time of the server's processes for each, with as many rows as it carries.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs

MOST_WORKERS = 1000
SCENES = (
    *((workers, 40, rate) for workers in (40, 200) for rate in (50, 300, 1000)),
    *((MOST_WORKERS, accounts, rate) for accounts in (40, 400) for rate in (50, 300, 1000)),
)
"""Workers, accounts, and the rate of each account."""
WINDOW = 64
"""Rows that a part has in flight at most."""
GATHER = 0.03
"""Seconds for which outcomes wait for company."""
REPLY = 0.03
"""Seconds to a reply of the service."""
COMMIT = 0.002
"""Seconds that a write waits for the disk, with all that commit at the same time; the store's cores are free meanwhile."""
RENEW, WATCH = 5.0, 2.0
ONE_PART = """
INSERT INTO voxsip.cluster_job (name, token, ready, kind, service, options, min_rows, path, head, checksum, rows,
    parts, note, version) VALUES ('j', 't', true, 'bind', 's', '{}', 1, '/rows', 0, '', 1, 1, '', '1');
INSERT INTO voxsip.cluster_part (job, part, rows, largest) VALUES (1, 0, 1, 1);
"""


@attrs.frozen(kw_only=True)
class Costs:
    """CPU seconds of the store's server for a statement, by what it does."""

    slots: float = 150e-6
    write: float = 200e-6
    written_row: float = 25e-6
    renew: float = 90e-6
    watch: float = 180e-6
    begin: float = 20e-3
    """All that a part asks before its first row: connections, plan, journal."""


@attrs.define
class Account:
    """The rate of an account, as the store keeps it."""

    step: float
    next: float = 0.0

    def take(self, now: float, wanted: int) -> tuple[int, float]:
        """Return how many slots are given, and when the last of them is due; none: ask again at that time."""
        start = max(self.next, now - 0.05)
        if start - now > 0.25:
            return 0, start - 0.2
        given = min(wanted, max(1, -(-0.02 // self.step).__trunc__()))
        self.next = start + given * self.step
        return given, self.next


class Store:
    """Cores that serve statements in the order in which they come."""

    def __init__(self, cores: int) -> None:
        self.free = [0.0] * cores
        self.busy = 0.0
        self.waited = 0.0
        self.statements = 0

    def run(self, now: float, seconds: float) -> float:
        """Return when a statement that comes now is done."""
        start = max(now, heapq.heappop(self.free))
        heapq.heappush(self.free, start + seconds)
        self.busy += seconds
        self.waited += start - now
        self.statements += 1
        return start + seconds


@attrs.define
class Worker:
    """What a worker does: one part after another of the accounts in turn."""

    account: Account
    rows: int = 0
    flying: int = 0
    asking: bool = False
    writing: bool = False
    unwritten: int = 0


class World:
    """Virtual time: what happens next, and what comes of it."""

    def __init__(
        self, rows: int, workers: int, accounts: int, rate: float, cores: int, costs: Costs
    ) -> None:
        self.costs = costs
        self.store = Store(cores)
        self.accounts = [Account(1 / rate) for _ in range(accounts)]
        per_part = max(1, rows // (4 * workers))
        self.parts = deque(
            (self.accounts[number % accounts], per_part) for number in range(rows // per_part)
        )
        self.events: list[tuple[float, int, Callable[[float, Worker, int], None], Worker, int]] = []
        self.count = self.done = 0
        chance = random.Random(1)
        for _ in range(workers):
            worker = Worker(self.accounts[0])
            self.at(chance.random(), self.begin, worker)
            self.at(chance.random() * RENEW, self.renew, worker)
            self.at(chance.random() * WATCH, self.watch, worker)

    def at(
        self, when: float, what: Callable[[float, Worker, int], None], worker: Worker, n: int = 0
    ) -> None:
        self.count += 1
        heapq.heappush(self.events, (when, self.count, what, worker, n))

    def run(self) -> float:
        """Return when the last row was written."""
        now = 0.0
        total = sum(rows for _, rows in self.parts)
        while self.done < total:
            now, _, what, worker, n = heapq.heappop(self.events)
            what(now, worker, n)
        return now

    def begin(self, now: float, worker: Worker, _: int) -> None:
        if self.parts:
            worker.account, worker.rows = self.parts.popleft()
            self.at(self.store.run(now, self.costs.begin), self.ask, worker)

    def ask(self, now: float, worker: Worker, _: int) -> None:
        wanted = min(WINDOW - worker.flying, worker.rows)
        if worker.asking or wanted <= 0:
            return
        worker.asking = True
        self.at(self.store.run(now, self.costs.slots), self.given, worker, wanted)

    def given(self, now: float, worker: Worker, wanted: int) -> None:
        worker.asking = False
        given, last = worker.account.take(now, min(wanted, worker.rows))
        if not given:
            worker.asking = True
            self.at(min(last, now + 1.0), self.again, worker)
            return
        worker.rows -= given
        worker.flying += given
        self.at(max(now, last) + REPLY, self.replied, worker, given)
        if worker.rows:
            self.at(max(now, last - 0.01), self.ask, worker)

    def again(self, now: float, worker: Worker, _: int) -> None:
        worker.asking = False
        self.ask(now, worker, 0)

    def replied(self, now: float, worker: Worker, n: int) -> None:
        worker.flying -= n
        worker.unwritten += n
        if not worker.writing:
            worker.writing = True
            self.at(now + GATHER, self.write, worker)
        self.ask(now, worker, 0)

    def write(self, now: float, worker: Worker, _: int) -> None:
        n, worker.unwritten = worker.unwritten, 0
        seconds = self.costs.write + n * self.costs.written_row
        self.at(self.store.run(now, seconds) + COMMIT, self.written, worker, n)

    def written(self, now: float, worker: Worker, n: int) -> None:
        self.done += n
        if worker.unwritten:
            self.at(now + GATHER, self.write, worker)
            return
        worker.writing = False
        if not worker.rows and not worker.flying:
            self.begin(now, worker, 0)

    def renew(self, now: float, worker: Worker, _: int) -> None:
        self.at(self.store.run(now, self.costs.renew) + RENEW, self.renew, worker)

    def watch(self, now: float, worker: Worker, _: int) -> None:
        self.at(self.store.run(now, self.costs.watch) + WATCH, self.watch, worker)


def table(rows: int, cores: int, costs: Costs) -> Iterator[str]:
    yield (
        f"{rows:,} rows for {MOST_WORKERS:,} workers, fewer for fewer; a store of {cores} cores\n\n"
        "| workers | accounts | an account's rate | allowed | reached | store busy | a statement waits | statements a row |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for workers, accounts, rate in SCENES:
        world = World(rows * workers // MOST_WORKERS, workers, accounts, rate, cores, costs)
        ended = world.run()
        store = world.store
        yield (
            f"| {workers:,} | {accounts:,} | {rate:,}/s | {accounts * rate:,}/s | {world.done / ended:,.0f}/s | "
            f"{store.busy / ended / cores:.0%} | {1e3 * store.waited / store.statements:.1f} ms | "
            f"{store.statements / world.done:.2f} |"
        )


async def measure() -> Costs:
    """CPU time of a real server for each statement."""
    import asyncpg  # noqa: PLC0415 - only to measure

    from voxsip.bulk._journal.interface import JobHeader  # noqa: PLC0415
    from voxsip.bulk._journal.store import LEASE, StoreJournal  # noqa: PLC0415
    from voxsip.bulk._journal.store_statements import RENEW as RENEW_QUERY  # noqa: PLC0415
    from voxsip.cluster._statements import WATCH as WATCH_QUERY  # noqa: PLC0415
    from voxsip.shared import LocalServer  # noqa: PLC0415

    with LocalServer() as server:
        journal = await StoreJournal.create(f"{server.dsn()}#job", JobHeader(kind="bind"))
        connection = await asyncpg.connect(server.dsn())
        try:
            await connection.execute("INSERT INTO voxsip.rate VALUES ('s', 1, 1e9, 1e9)")
            backend = await connection.fetchval("SELECT pg_backend_pid()")
            own = await journal._connection.fetchrow("SELECT pg_backend_pid() AS pid")  # noqa: SLF001
            number, lease = journal._job, journal._lease  # noqa: SLF001
            take = "SELECT * FROM voxsip.take_slots('s', 1, 6, false)"
            await connection.execute(ONE_PART)
            figures = (*[0] * 8, None)
            slots = await spent(backend, lambda: connection.fetchrow(take))
            renew = await spent(
                backend, lambda: connection.fetchrow(RENEW_QUERY, number, lease, LEASE)
            )
            watch = await spent(backend, lambda: connection.fetchrow(WATCH_QUERY, 1, 0, *figures))

            async def write(place: int, rows: int) -> None:
                for n in range(rows):
                    journal.record(place + n, bytes(16), "done", "registration 1", attempts=1)
                await journal.flush()

            few = await spent(own["pid"], counting(write, 1))
            many = await spent(own["pid"], counting(write, 50))
        finally:
            await connection.close()
            await journal.close()
    a_row = (many - few) / 49
    return Costs(slots=slots, write=few - a_row, written_row=a_row, renew=renew, watch=watch)


def counting(
    write: Callable[[int, int], Awaitable[None]], rows: int
) -> Callable[[], Awaitable[None]]:
    places = iter(range(rows * 10**6, 10**9, rows))
    return lambda: write(next(places), rows)


async def spent(process: int, call: Callable[[], Awaitable[Any]], times: int = 300) -> float:
    """CPU seconds of a server process for a call, on average; commits are in it, waiting is not."""
    await call()
    before = cpu(process)
    for _ in range(times):
        await call()
    return (cpu(process) - before) / times


def cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--cores", type=int, default=8)
    parser.add_argument("--measure", action="store_true")
    arguments = parser.parse_args()
    costs = asyncio.run(measure()) if arguments.measure else Costs()
    print(costs)
    started = time.monotonic()
    for line in table(arguments.rows, arguments.cores, costs):
        print(line, flush=True)
    print(f"\nsimulated in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
