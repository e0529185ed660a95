"""What importing the clients costs a program that has aiohttp, attrs and cattrs anyway."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.stage import ROOT

_PROGRAM = """
import time
begin = time.process_time()
import aiohttp, attrs, cattrs
middle = time.process_time()
from voxsip import AsyncClient, Client
print(middle - begin, time.process_time() - middle)
"""


def measure(rounds: int) -> list[tuple[float, float]]:
    """Return CPU seconds for the libraries and for voxsip beyond them, each round in a fresh process."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    taken = []
    for _ in range(rounds + 1):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        base, beyond = map(float, done.stdout.split())
        taken.append((base, beyond))
    return taken[1:]  # the first one compiles
