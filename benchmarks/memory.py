"""How much memory a process has."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak() -> int:
    """Return the most memory this process ever had, in bytes."""
    return _from_status("VmHWM") if _STATUS.exists() else _from_usage()


def resident() -> int:
    """Return the memory this process has now, in bytes; the most it had where the system tells no better."""
    return _from_status("VmRSS") if _STATUS.exists() else _from_usage()


def _from_status(field: str) -> int:
    # ru_maxrss would do, had it not the memory of the process that started this one in it
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def _from_usage() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
