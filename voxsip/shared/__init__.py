"""One account, many processes: a rate limit that several programs share, in PostgreSQL.

Needs the extra `shared`: `pip install voxsip[shared]`. Nothing of it is imported before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from voxsip.shared._address import is_store, shown
from voxsip.shared._errors import StoreUnavailableError

if TYPE_CHECKING:
    from voxsip.shared._local_server import LocalServer
    from voxsip.shared._rate import RateStatus, SharedLimiter, SharedRate

__all__ = [
    "LocalServer",
    "RateStatus",
    "SharedLimiter",
    "SharedRate",
    "StoreUnavailableError",
    "is_store",
    "shown",
]


def __getattr__(name: str) -> Any:
    """Import when it is first asked for: `voxsip.bulk` looks here at addresses only."""
    if name in __all__:
        module = "_local_server" if name == "LocalServer" else "_rate"
        value = globals()[name] = getattr(import_module(f"voxsip.shared.{module}"), name)
        return value
    raise AttributeError(f"module 'voxsip.shared' has no attribute {name!r}")
