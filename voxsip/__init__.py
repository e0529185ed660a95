"""An async-first client for Voximplant's Management API, made for binding SIP registrations in bulk.

`AsyncClient` is awaited, `Client` blocks; both have the same names.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from voxsip._async_client import AsyncClient
from voxsip._auth.credentials import CredentialsWarning, ServiceAccount
from voxsip._calls.limiter import Limiter
from voxsip._calls.trace import CallTrace
from voxsip._config import RateLimit, RetryPolicy, Timeout
from voxsip._errors import (
    APIError,
    AuthorizationError,
    ConfigurationError,
    ForbiddenError,
    InsufficientFundsError,
    InvalidArgumentError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
    TransportError,
    UnexpectedReplyError,
    VoxsipError,
)
from voxsip._protocol.arguments import ALL
from voxsip._protocol.paging import AsyncPager, Page
from voxsip._sync.pager import Pager
from voxsip._sync_client import Client
from voxsip._version import __version__

if TYPE_CHECKING:
    from voxsip import (
        bulk as bulk,
        cluster as cluster,
        emulator as emulator,
        models as models,
        plan as plan,
        report as report,
        shared as shared,
        webhooks as webhooks,
    )
    from voxsip._bindings.name_table import NameLookupError as NameLookupError
    from voxsip._protocol.downloads import AsyncDownload as AsyncDownload
    from voxsip._sync.download import Download as Download
    from voxsip.bulk import (
        BindRequest as BindRequest,
        CreateRequest as CreateRequest,
        DeleteRequest as DeleteRequest,
        Outcome as Outcome,
        Report as Report,
    )
    from voxsip.shared import SharedRate as SharedRate

__all__ = [
    "ALL",
    "APIError",
    "AsyncClient",
    "AsyncDownload",
    "AsyncPager",
    "AuthorizationError",
    "BindRequest",
    "CallTrace",
    "Client",
    "ConfigurationError",
    "CreateRequest",
    "CredentialsWarning",
    "DeleteRequest",
    "Download",
    "ForbiddenError",
    "InsufficientFundsError",
    "InvalidArgumentError",
    "InvalidRequestError",
    "Limiter",
    "NameLookupError",
    "NotFoundError",
    "NotSentError",
    "Outcome",
    "OutcomeUnknownError",
    "Page",
    "Pager",
    "QuotaExceededError",
    "RateLimit",
    "RateLimitError",
    "Report",
    "RetryPolicy",
    "ServerError",
    "ServiceAccount",
    "SharedRate",
    "Timeout",
    "TransportError",
    "UnexpectedReplyError",
    "VoxsipError",
    "__version__",
]

_SUBMODULES = frozenset(
    {"bulk", "cluster", "emulator", "models", "plan", "report", "shared", "webhooks"}
)
_LATE = {
    "NameLookupError": "voxsip._bindings.name_table",
    "AsyncDownload": "voxsip._protocol.downloads",
    "Download": "voxsip._sync.download",
    "SharedRate": "voxsip.shared",
}
_FROM_BULK = frozenset({"BindRequest", "CreateRequest", "DeleteRequest", "Outcome", "Report"})


def __getattr__(name: str) -> Any:
    """Import what most programs never touch when it is first asked for."""
    if name in _SUBMODULES:
        return import_module(f"voxsip.{name}")
    if name in _FROM_BULK:
        value = globals()[name] = getattr(import_module("voxsip.bulk"), name)
        return value
    if name in _LATE:
        value = globals()[name] = getattr(import_module(_LATE[name]), name)
        return value
    raise AttributeError(f"module 'voxsip' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
