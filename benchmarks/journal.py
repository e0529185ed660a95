"""What a journal adds to a row: `python -m benchmarks.journal [--rows N] [--work MICROSECONDS]`.

The rows' work is simulated: so many microseconds of CPU in the event loop, with a turn of the loop after
every 64, which is what binding over TLS looks like to the journal. Everything is a ratio within one run.
"""

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from pathlib import Path

from voxsip._bindings.digest import row_digest
from voxsip._bindings.rows import BindRequest
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.journal import create_journal

ROUNDS = 5


def spin(seconds: float) -> None:
    """Use so much CPU while holding the interpreter, as encoding and decoding do."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


async def run(
    rows: int, work: float, directory: Path, *, journal: bool
) -> tuple[float, float, float]:
    """Return CPU seconds, wall seconds, and the longest the loop was away, over so many rows."""
    log = None
    if journal:
        log = await create_journal(
            directory / f"{time.perf_counter_ns()}.sqlite", JobHeader(kind="bind")
        )
    longest = 0.0
    cpu, wall = time.process_time(), time.perf_counter()
    for index in range(rows):
        spin(work)
        row = BindRequest(sip_registration_id=index + 1, application_id=1, user_id=index + 1)
        if log is not None:
            log.record(index, row_digest(row), "done", str(index), attempts=1, elapsed=0.05)
        if index % 64 == 63:
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)
            if log is not None:
                await log.room()
    if log is not None:
        await log.close()
    return time.process_time() - cpu, time.perf_counter() - wall, longest


async def intents(rows: int, directory: Path, *, workers: int) -> float:
    """Return wall seconds for so many purchases that are noted before and after, by so many workers."""
    log = await create_journal(
        directory / f"{time.perf_counter_ns()}.sqlite", JobHeader(kind="create")
    )
    left = iter(range(rows))

    async def worker() -> None:
        for index in left:
            await log.intend(index, b"0123456789abcdef", "alice@sip.example.com")
            log.record(index, b"0123456789abcdef", "done", "alice@sip.example.com", result_id=index)

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(workers)))
    await log.close()
    return time.perf_counter() - begun


async def measure(rows: int, work: float, directory: Path) -> None:
    pairs = []
    added = 0.0
    for _ in range(ROUNDS):
        without = await run(rows, work, directory, journal=False)
        with_it = await run(rows, work, directory, journal=True)
        pairs.append((with_it[0] / without[0], with_it[1] / without[1], with_it[2]))
        added = (with_it[0] - without[0]) / rows * 1e6
    cpu, wall = (statistics.median(pair[part] for pair in pairs) for part in (0, 1))
    longest = statistics.median(pair[2] for pair in pairs)
    print(f"bind, {work * 1e6:.0f} us of work a row: CPU x {cpu:.3f}, time x {wall:.3f}", end="")
    print(f" (last round: {added:.1f} us a row; loop away {longest * 1e3:.1f} ms at most)")
    alone = await intents(rows // 40, directory, workers=1)
    together = await intents(rows // 4, directory, workers=64)
    per_alone, per_together = alone / (rows // 40), together / (rows // 4)
    print(
        f"create: an intent among 64 workers takes {per_together / per_alone:.3f} of one alone",
        end="",
    )
    print(f" ({per_together * 1e6:.0f} us and {per_alone * 1e6:.0f} us)")


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def million(directory: Path) -> None:
    before = memory()
    log = await create_journal(directory / "million.sqlite", JobHeader(kind="bind"))
    early = 0.0
    for index in range(1_000_000):
        log.record(index, b"0123456789abcdef", "done", str(index), attempts=1, elapsed=0.05)
        if index % 64 == 63:
            await asyncio.sleep(0)
            await log.room()
        if index == 10_000:
            early = memory()
    await log.close()
    print(
        f"a million rows: {early - before:.1f} MiB above idle at row 10,000, {memory() - before:.1f} at the end"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--work", type=float, default=150.0, help="microseconds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(million(Path(directory)))
        asyncio.run(measure(arguments.rows, arguments.work * 1e-6, Path(directory)))


if __name__ == "__main__":
    main()
