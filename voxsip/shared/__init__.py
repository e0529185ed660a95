"""One account, many processes: a rate that several programs keep together, in PostgreSQL.

Needs the extra `shared`: `pip install voxsip[shared]`. Nothing of it is imported before it is asked for.
"""

from __future__ import annotations

from voxsip.shared._rate import RateStatus, SharedLimiter, SharedRate

__all__ = ["RateStatus", "SharedLimiter", "SharedRate"]
