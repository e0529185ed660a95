"""Many seeds of every profile; a failing one is told with the command that replays it."""

import pytest

from tests.simulator.mutants import MUTANTS
from tests.simulator.profile import PROFILES
from tests.simulator.run import run_seed

pytestmark = pytest.mark.slow
SEEDS = 190
"""Of each profile: some 2,000 in all."""


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_bought_twice_and_nothing_told_wrongly(profile):
    for seed in range(1, SEEDS + 1):
        findings = run_seed(seed, profile).findings
        assert not findings, f"python -m tests.simulator --profile {profile} --replay {seed}"


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_that_is_put_back_is_found(name, record_property):
    profile, mutant = MUTANTS[name]
    with mutant():
        found = next(seed for seed in range(1, 1001) if run_seed(seed, profile).findings)
    record_property("found after seeds", found)
    assert found <= 1000
