"""When a job should stop by itself. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from voxsip.bulk._options import Options
from voxsip.bulk._outcomes import Kind, Outcome, Stop, stop_reason


@attrs.define(kw_only=True)
class Guards:
    """Compares the outcomes of this run with the limits of the options.

    Args:
        stop_account: Stops the account of a row in place of the job if the error concerns it alone; returns whether it did.
    """

    kind: Kind
    options: Options
    stop_account: Callable[[Outcome[Any], Stop], bool] | None = None
    _rows: int = attrs.field(default=0, init=False)
    _failures: int = attrs.field(default=0, init=False)

    def judge(self, outcome: Outcome[object]) -> Stop | None:
        """Take in an outcome; return why the job should stop now, or None."""
        self._rows += 1
        if outcome.status not in {"failed", "unknown"}:
            # A row that does not fail lowers the share, but may be the one from which it is checked.
            return self._share() if self._rows == self.options.min_rows_for_ratio else None
        self._failures += 1
        stop = stop_reason(self.kind, type(outcome.error))
        if stop is not None and not (
            self.stop_account is not None and self.stop_account(outcome, stop)
        ):
            return stop
        most = self.options.max_failures
        if most is not None and self._failures > most:
            return Stop.FAILURES
        return self._share()

    def _share(self) -> Stop | None:
        share, least = self.options.max_failure_ratio, self.options.min_rows_for_ratio
        over = share is not None and self._rows >= least and self._failures > share * self._rows
        return Stop.RATIO if over else None
