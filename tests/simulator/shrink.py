"""A failing seed made small: fewer rows, fewer kills, fewer faults, as long as it still fails."""

import attrs

from tests.simulator.run import run_seed
from tests.simulator.scenario import Less

MOST_RUNS = 300


def shrink(seed, profile):
    """Return the least that still fails, and what it comes to."""
    best, result = Less(), run_seed(seed, profile)
    runs = 0

    def fails(less):
        nonlocal best, result, runs
        runs += 1
        if runs > MOST_RUNS:
            return False
        tried = run_seed(seed, profile, less)
        if tried.findings:
            best, result = less, tried
            return True
        return False

    rows = len(result.scenario.rows)
    while rows > 1 and (
        fails(attrs.evolve(best, rows=rows // 2)) or fails(attrs.evolve(best, rows=rows - 1))
    ):
        rows = best.rows
    for number in range(1, len(result.scenario.lives) + 1):
        fails(attrs.evolve(best, calm_lives=best.calm_lives | {number}))
        fails(attrs.evolve(best, awake_lives=best.awake_lives | {number}))
    for key in list(result.network.fates):
        fails(attrs.evolve(best, quiet=best.quiet | {key}))
    return best, result
