"""An async-first client for Voximplant's Management API, made for binding SIP registrations in bulk.

`AsyncClient` is awaited, `Client` blocks; both have the same names. Everything public is imported when it is first asked
for, so that `import voxsip` costs a program nothing, and each part only those who use it.
"""

from __future__ import annotations

from importlib import import_module
from os import environ as _environ
from typing import TYPE_CHECKING, Any

from voxsip._lazy import IMPORTS
from voxsip._version import __version__

if TYPE_CHECKING:
    from voxsip import (
        bulk as bulk,
        cluster as cluster,
        emulator as emulator,
        events as events,
        models as models,
        otel as otel,
        plan as plan,
        report as report,
        shared as shared,
        webhooks as webhooks,
    )
    from voxsip._async_client import AsyncClient as AsyncClient
    from voxsip._auth.credentials import (
        CredentialsWarning as CredentialsWarning,
        ServiceAccount as ServiceAccount,
    )
    from voxsip._bindings.health import (
        HealthReport as HealthReport,
        RegistrationHealth as RegistrationHealth,
    )
    from voxsip._bindings.name_table import NameLookupError as NameLookupError
    from voxsip._calls.limiter import Limiter as Limiter
    from voxsip._calls.trace import CallTrace as CallTrace
    from voxsip._config import (
        RateLimit as RateLimit,
        RetryPolicy as RetryPolicy,
        Timeout as Timeout,
    )
    from voxsip._errors import (
        APIError as APIError,
        AuthorizationError as AuthorizationError,
        ConfigurationError as ConfigurationError,
        ForbiddenError as ForbiddenError,
        InsufficientFundsError as InsufficientFundsError,
        InvalidArgumentError as InvalidArgumentError,
        InvalidRequestError as InvalidRequestError,
        NotFoundError as NotFoundError,
        NotSentError as NotSentError,
        OutcomeUnknownError as OutcomeUnknownError,
        ProxyAuthenticationError as ProxyAuthenticationError,
        ProxyError as ProxyError,
        QuotaExceededError as QuotaExceededError,
        RateLimitError as RateLimitError,
        ServerError as ServerError,
        TransportError as TransportError,
        UnexpectedReplyError as UnexpectedReplyError,
        VoxsipError as VoxsipError,
    )
    from voxsip._protocol.arguments import ALL as ALL
    from voxsip._protocol.downloads import AsyncDownload as AsyncDownload
    from voxsip._protocol.paging import AsyncPager as AsyncPager, Page as Page
    from voxsip._sync.download import Download as Download
    from voxsip._sync.pager import Pager as Pager
    from voxsip._sync_client import Client as Client
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
    "HealthReport",
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
    "ProxyAuthenticationError",
    "ProxyError",
    "QuotaExceededError",
    "RateLimit",
    "RateLimitError",
    "RegistrationHealth",
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
    {
        "bulk",
        "cluster",
        "emulator",
        "events",
        "models",
        "otel",
        "plan",
        "report",
        "shared",
        "webhooks",
    }
)
_HOMES = {
    "voxsip._async_client": ("AsyncClient",),
    "voxsip._auth.credentials": ("CredentialsWarning", "ServiceAccount"),
    "voxsip._bindings.health": ("HealthReport", "RegistrationHealth"),
    "voxsip._bindings.name_table": ("NameLookupError",),
    "voxsip._calls.limiter": ("Limiter",),
    "voxsip._calls.trace": ("CallTrace",),
    "voxsip._config": ("RateLimit", "RetryPolicy", "Timeout"),
    "voxsip._errors": (
        "APIError",
        "AuthorizationError",
        "ConfigurationError",
        "ForbiddenError",
        "InsufficientFundsError",
        "InvalidArgumentError",
        "InvalidRequestError",
        "NotFoundError",
        "NotSentError",
        "OutcomeUnknownError",
        "ProxyAuthenticationError",
        "ProxyError",
        "QuotaExceededError",
        "RateLimitError",
        "ServerError",
        "TransportError",
        "UnexpectedReplyError",
        "VoxsipError",
    ),
    "voxsip._protocol.arguments": ("ALL",),
    "voxsip._protocol.downloads": ("AsyncDownload",),
    "voxsip._protocol.paging": ("AsyncPager", "Page"),
    "voxsip._sync.download": ("Download",),
    "voxsip._sync.pager": ("Pager",),
    "voxsip._sync_client": ("Client",),
    "voxsip.bulk": ("BindRequest", "CreateRequest", "DeleteRequest", "Outcome", "Report"),
    "voxsip.shared": ("SharedRate",),
}
"""Public names, by the module that has them."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name, or a public module, when it is first asked for."""
    if name in _SUBMODULES:
        home = f"voxsip.{name}"
    elif name in _HOME_OF:
        home = _HOME_OF[name]
    else:
        raise AttributeError(f"module 'voxsip' has no attribute {name!r}")
    with IMPORTS:
        module = import_module(home)
        value = globals()[name] = module if name in _SUBMODULES else getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})


if _environ.get("VOXSIP_LOG"):
    from voxsip._logging import switch_on as _switch_on

    _switch_on()
