"""Desired state: rows that describe registrations, a plan of the changes they need, and its application.

Use it through a client: `client.desired.plan(rows)`, `client.desired.apply(plan)`. A plan is made from one reading
of the live state. It can be saved and read by people, and it is applied exactly or not at all.
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
from voxsip.plan._options import ApplyOptions, PlanOptions
from voxsip.plan._plan import Plan
from voxsip.plan._rows import COLUMNS
from voxsip.plan._scope import Scope
from voxsip.plan._sync import Desired

__all__ = [
    "COLUMNS",
    "ApplyOptions",
    "AsyncDesired",
    "Change",
    "Desired",
    "Plan",
    "PlanNotAppliedError",
    "PlanOptions",
    "PredecessorError",
    "Refusal",
    "Scope",
    "StalePlanError",
    "ThresholdError",
    "Thresholds",
    "is_plan",
]
