"""The async client: commands, and jobs over many rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip._base_client import BaseAsyncClient
from voxsip._lazy import lazy

if TYPE_CHECKING:
    from voxsip._bindings.resolve import AsyncResolve
    from voxsip.bulk import AsyncBulk
    from voxsip.cluster import AsyncCluster
    from voxsip.plan import AsyncDesired


class AsyncClient(BaseAsyncClient):
    """A client of the Management API for asyncio.

    Making one needs no network and no running loop. It may be used from several event loops, one after another or at the
    same time, and after a fork: each loop has connections of its own.

    Args:
        credentials: path of a credentials file, or a `ServiceAccount`; None takes them from the environment
            (`VOXIMPLANT_CREDENTIALS`, a path, or `VOXIMPLANT_TOKEN`, a ready token).
        token: a ready token instead; it cannot be renewed.
        account_id: act for this child account with the parent's key.
        base_url: where the API is; None takes `VOXIMPLANT_BASE_URL`, then the public service.
        encoding: "query" sends arguments in the URL, as the API documents it; "form" sends them urlencoded in the
            body; "auto" sends the query, but a form where an argument is secret (no URL, and no proxy's log or
            trace, holds a password) or the query would be longer than 2 kB.
        timeout: seconds per attempt, or a `Timeout`.
        retry: how failed calls are tried again.
        rate_limit: requests per second that may leave, or a `SharedRate`, kept with other processes; or None.
        max_connections: requests in flight per event loop; more wait, before their timeout starts.
        session: an aiohttp session to use; it is not closed by the client.
        ssl: path of a CA file (PEM) or an `ssl.SSLContext`; None trusts what the system trusts, and what
            `VOXSIP_CA_BUNDLE` names.
        proxy: URL of an HTTP proxy, with credentials if it asks for them; None takes it from the environment
            (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), "" goes straight to the API.
        app_info: what the `User-Agent` tells of your program: "name" or "name/version".
        allow_plain_http: permit http:// to hosts other than this one, with the token in clear.
        _seams: for tests and simulations: another clock, another source of random numbers.

    Raises:
        ConfigurationError: names the file, the field or the option at fault, never a secret.
    """

    @lazy
    def bulk(self) -> AsyncBulk:
        """Jobs over many rows: bind, create, delete, resume."""
        from voxsip.bulk import AsyncBulk  # noqa: PLC0415 - only for those who use it

        return AsyncBulk(self)

    @lazy
    def cluster(self) -> AsyncCluster:
        """Jobs on several machines: bind, create, delete, open."""
        from voxsip.cluster import AsyncCluster  # noqa: PLC0415 - only for those who use it

        return AsyncCluster(self)

    @lazy
    def resolve(self) -> AsyncResolve:
        """Names of applications, users and rules into ids."""
        from voxsip._bindings.resolve import AsyncResolve  # noqa: PLC0415 - only for those who use it

        return AsyncResolve(self)

    @lazy
    def desired(self) -> AsyncDesired:
        """Desired state: a plan of what has to change, and that plan applied."""
        from voxsip.plan import AsyncDesired  # noqa: PLC0415 - only for those who use it

        return AsyncDesired(self)
