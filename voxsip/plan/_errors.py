"""Why a plan is not applied, though nothing is wrong with it in itself."""

from __future__ import annotations

from voxsip._errors import VoxsipError


class PlanNotAppliedError(VoxsipError):
    """A plan that is not applied; nothing was sent."""


class StalePlanError(PlanNotAppliedError):
    """The live state has changed since, or the plan was applied already.

    Attributes:
        differences: The first hundred differences, a line each.
        count: The number of differences.
    """

    def __init__(self, message: str, differences: tuple[str, ...] = (), count: int = 0) -> None:
        super().__init__(message)
        self.differences = differences
        self.count = count


class ThresholdError(PlanNotAppliedError):
    """The plan disturbs more than its thresholds allow."""


class PredecessorError(VoxsipError):
    """A change that was not tried, since one that it waits for is not done."""
