"""What every bulk job can be told on the command line."""

from __future__ import annotations

import math
from typing import Annotated, Any

from attrs import frozen
from cyclopts import Group, Parameter

from voxsip import RateLimit, SharedRate
from voxsip.cli._exit_codes import CommandError

_GROUP = Group("Job", sort_key=40)
_FLAG = Parameter(negative=(), show_default=False)


@Parameter(name="*", group=_GROUP)
@frozen(kw_only=True)
class Limits:
    """How fast a job goes, and what ends it; a resumed job may be told anew."""

    concurrency: int | None = None
    "Rows in flight at most, 1 to 256 [default: 64]; fewer while the service pushes back."
    rate: float | None = None
    "Requests a second at most [default: as many as the service takes]."
    max_failures: int | None = None
    "Stop after more than so many failed rows."
    max_failure_ratio: float | None = None
    "Stop when more than this share of rows fails, 0 to 1, after the first 100."
    deadline: Annotated[float | None, Parameter(metavar="SECONDS")] = None
    "Send no further row after so long."

    def values(self, rate_store: str | None = None) -> dict[str, Any]:
        """Return what is given, as `client.bulk` calls it.

        Args:
            rate_store: address of the store that the rate is kept in, or None.
        """
        if self.rate is not None and not 0 < self.rate < math.inf:
            raise CommandError("--rate: give a number above 0")
        given = {
            "concurrency": self.concurrency,
            "rate_limit": self._rate_limit(rate_store),
            "max_failures": self.max_failures,
            "max_failure_ratio": self.max_failure_ratio,
            "deadline": self.deadline,
        }
        return {name: value for name, value in given.items() if value is not None}

    def _rate_limit(self, rate_store: str | None) -> RateLimit | SharedRate | None:
        if rate_store is not None:
            return SharedRate(rate_store, rate=self.rate)
        return None if self.rate is None else RateLimit(self.rate)


@Parameter(name="*", group=_GROUP)
@frozen(kw_only=True)
class Output:
    """Where a job tells what it did."""

    report: Annotated[str | None, Parameter(metavar="DIR")] = None
    "Write succeeded.csv, failed.csv, report.json and report.html into this folder."
    json: Annotated[bool, _FLAG] = False
    "Write events to standard output, one JSON object on a line."


Journal = Annotated[str | None, Parameter(metavar="PATH", group=_GROUP)]
DryRun = Annotated[bool, Parameter(negative=(), show_default=False, group=_GROUP)]
Yes = Annotated[
    bool, Parameter(name=("--yes", "-y"), negative=(), show_default=False, group=_GROUP)
]
Flag = Annotated[bool, Parameter(negative=(), show_default=False, group=_GROUP)]
File = Annotated[str, Parameter(allow_leading_hyphen=True)]

NO_LIMITS = Limits()
NO_OUTPUT = Output()
