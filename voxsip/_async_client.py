"""The async client: commands and bulk jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip._base_client import BaseAsyncClient
from voxsip._lazy import lazy

if TYPE_CHECKING:
    from voxsip._bindings.registrations import AsyncRegistrations
    from voxsip._bindings.resolve import AsyncResolve
    from voxsip.bulk import AsyncBulk
    from voxsip.cluster import AsyncCluster
    from voxsip.plan import AsyncDesired


class AsyncClient(BaseAsyncClient):
    """A client of the Management API for asyncio.

    Creating a client needs no network and no running loop. One client may serve several event loops, one after another or
    at the same time, and it works after a fork: each loop has its own connections.

    Args:
        credentials: path of a credentials file, or a `ServiceAccount`. If None, they come from the environment:
            `VOXIMPLANT_CREDENTIALS` (a path or the JSON text), or `VOXIMPLANT_TOKEN` (a token).
        token: a token to use instead of credentials; it cannot be renewed.
        account_id: child account to act for, with the parent's key.
        base_url: base URL of the API. If None, `VOXIMPLANT_BASE_URL`, then the public service.
        encoding: "query" sends arguments in the URL, as the API documents it; "form" sends them urlencoded in the
            body; "auto" uses the query, and the form if an argument is secret (so that no URL in a log or trace
            holds a password) or if the query would be longer than 2 kB.
        timeout: seconds per attempt, or a `Timeout`.
        retry: retry policy for failed calls.
        rate_limit: requests per second at most; a `SharedRate`, which several processes share; or None.
        max_connections: requests in flight per event loop; further requests queue, and their timeout starts later.
        session: an aiohttp session to use; the client does not close it.
        ssl: path of a CA file (PEM) or an `ssl.SSLContext`. If None, the system's certificates and those in
            `VOXSIP_CA_BUNDLE` are trusted.
        proxy: URL of an HTTP proxy, with credentials if it requires them. If None, it comes from the environment
            (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`); "" uses no proxy.
        app_info: your program's name in the `User-Agent`: "name" or "name/version".
        allow_plain_http: permit http:// to other hosts; the token then travels unencrypted.
        on_event: function, or list of functions, called with every event of every call (`voxsip.events`): attempts,
            retries, throttling, outcomes.
        _seams: clock and random numbers, replaced by tests and simulations.

    Raises:
        ConfigurationError: credentials or an option are wrong; the text names the file, field or option, never a secret.
    """

    @lazy
    def bulk(self) -> AsyncBulk:
        """Bulk jobs: bind, create, delete, resume."""
        from voxsip.bulk import AsyncBulk  # noqa: PLC0415 - only for those who use it

        return AsyncBulk(self)

    @lazy
    def cluster(self) -> AsyncCluster:
        """Bulk jobs on several machines: bind, create, delete, open."""
        from voxsip.cluster import AsyncCluster  # noqa: PLC0415 - only for those who use it

        return AsyncCluster(self)

    @lazy
    def sip_registrations(self) -> AsyncRegistrations:
        """SIP registrations: accounts at SIP servers, and the bindings of their calls."""
        from voxsip._bindings.registrations import (  # noqa: PLC0415 - only for those who use it
            AsyncRegistrations,
        )

        return AsyncRegistrations(self)

    @lazy
    def resolve(self) -> AsyncResolve:
        """Lookups of application, user and rule ids by name."""
        from voxsip._bindings.resolve import AsyncResolve  # noqa: PLC0415 - only for those who use it

        return AsyncResolve(self)

    @lazy
    def desired(self) -> AsyncDesired:
        """Desired state: plan changes and apply them."""
        from voxsip.plan import AsyncDesired  # noqa: PLC0415 - only for those who use it

        return AsyncDesired(self)
