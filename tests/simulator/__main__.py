"""`python -m tests.simulator`: many seeds, or one of them told as a story.

`--seeds N` runs N seeds of every profile (or of `--profile P`) from `--seed S` on; a failing one is made small and told.
`--replay S --profile P` tells one seed.
"""

import argparse
import logging
import sys
import time

from tests.simulator.profile import PROFILES
from tests.simulator.run import run_seed
from tests.simulator.shrink import shrink


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="seeds of each profile")
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--profile", choices=PROFILES, help="one profile instead of all")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell this seed")
    options = parser.parse_args()
    logging.disable()  # a story tells what happened
    if options.replay is not None:
        return _replay(options.replay, options.profile or "mixed")
    failed = 0
    for name in [options.profile] if options.profile else PROFILES:
        began = time.process_time()
        for seed in range(options.seed, options.seed + options.seeds):
            if run_seed(seed, name).findings:
                failed += 1
                less, result = shrink(seed, name)
                print(f"{name} {seed} fails: {'; '.join(result.findings)}")
                print(f"  replay: python -m tests.simulator --profile {name} --replay {seed}")
                print(f"  made small: {less}")
                print("\n".join(f"  {line}" for line in result.world.story))
                break
        spent = time.process_time() - began
        print(f"{name}: seeds {options.seed} to {seed}, {spent:.1f} s", flush=True)
    return 1 if failed else 0


def _replay(seed, profile):
    result = run_seed(seed, profile)
    print("\n".join(result.world.story))
    print("\n".join(result.findings) or "nothing wrong")
    print(f"digest {result.digest}")
    return 1 if result.findings else 0


if __name__ == "__main__":
    sys.exit(main())
