"""Desired state: rows that say how registrations shall be, a plan of what that changes, and that plan applied.

Reached through a client: `client.desired.plan(rows)`, `client.desired.apply(plan)`. A plan is made of one look
at the live state, can be saved and read by people, and is applied exactly or not at all.
"""

from __future__ import annotations

from voxsip.plan._async import AsyncDesired
from voxsip.plan._errors import (
    PlanNotAppliedError,
    PredecessorError,
    StalePlanError,
    ThresholdError,
)
from voxsip.plan._file import is_plan
from voxsip.plan._model import Change, Refusal, Thresholds
from voxsip.plan._plan import Plan
from voxsip.plan._rows import COLUMNS
from voxsip.plan._scope import Scope
from voxsip.plan._sync import Desired

__all__ = [
    "COLUMNS",
    "AsyncDesired",
    "Change",
    "Desired",
    "Plan",
    "PlanNotAppliedError",
    "PredecessorError",
    "Refusal",
    "Scope",
    "StalePlanError",
    "ThresholdError",
    "Thresholds",
    "is_plan",
]
