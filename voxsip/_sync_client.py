"""The blocking client: the async one behind the same names, run by the process's loop thread."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from voxsip._async_client import AsyncClient
from voxsip._auth.sources import Credentials
from voxsip._calls.limiter import LimiterSource, RateLimiter
from voxsip._clock import REAL, Clock, Seams
from voxsip._config import RateLimit, RequestEncoding, RetryPolicy, Timeout, Trust
from voxsip._errors import ConfigurationError
from voxsip._generated._sync_groups import SyncGroups
from voxsip._lazy import lazy
from voxsip._redaction.values import conceal, conceal_arguments
from voxsip._sync.loop_thread import LoopThread

if TYPE_CHECKING:
    from voxsip._bindings.resolve import Resolve
    from voxsip.bulk import Bulk
    from voxsip.cluster import Cluster
    from voxsip.plan import Desired


class Client(SyncGroups):
    """A blocking client of the Management API; safe to share between threads.

    All clients of a process run on one loop thread of voxsip's own. A call may be interrupted (Ctrl-C): what it was doing
    is cancelled and waited for. Arguments and errors are those of `AsyncClient`, but for `session`, which belongs to
    an event loop.

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
        max_connections: requests in flight; more wait, before their timeout starts.
        session: refused: an aiohttp session belongs to the loop that made it.
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

    _async: AsyncClient

    def __init__(
        self,
        credentials: Credentials = None,
        *,
        token: str | None = None,
        account_id: int | None = None,
        base_url: str | None = None,
        encoding: RequestEncoding = "auto",
        timeout: float | Timeout = Timeout(),  # noqa: B008 - frozen
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        rate_limit: RateLimit | LimiterSource | None = None,
        max_connections: int = 100,
        session: aiohttp.ClientSession | None = None,
        ssl: Trust = None,
        proxy: str | None = None,
        app_info: str | None = None,
        allow_plain_http: bool = False,
        _seams: Seams = REAL,
    ) -> None:
        token, base_url, proxy = conceal(token), conceal(base_url), conceal(proxy)
        if session is not None:
            raise ConfigurationError(
                "session: an aiohttp session belongs to one event loop; give it to AsyncClient"
            )
        self._async = AsyncClient(
            credentials,
            token=token,
            account_id=account_id,
            base_url=base_url,
            encoding=encoding,
            timeout=timeout,
            retry=retry,
            rate_limit=rate_limit,
            max_connections=max_connections,
            ssl=ssl,
            proxy=proxy,
            app_info=app_info,
            allow_plain_http=allow_plain_http,
            _seams=_seams,
        )
        self._runner = LoopThread()

    def __repr__(self) -> str:
        inner = getattr(self, "_async", None)  # a traceback may show a client that is being made
        return "<Client>" if inner is None else repr(inner).replace("AsyncClient", "Client", 1)

    @property
    def account_id(self) -> int | None:
        """The account that calls act for; None where a ready token does not tell."""
        return self._async.account_id

    @property
    def clock(self) -> Clock:
        """What this client measures time by and waits with: the machine's clock, but in tests and simulations."""
        return self._async.clock

    @property
    def base_url(self) -> str:
        """The API that calls go to."""
        return self._async.base_url

    @property
    def proxy(self) -> str | None:
        """Host and port of the proxy that calls go through; None where they go straight to the API."""
        return self._async.proxy

    @property
    def limiter(self) -> RateLimiter | None:
        """What the requests of this client, or of this view of it, wait for; None where nothing limits their rate."""
        return self._async.limiter

    @lazy
    def bulk(self) -> Bulk:
        """Jobs over many rows: bind, create, delete, resume."""
        from voxsip.bulk import Bulk  # noqa: PLC0415 - only for those who use it

        return Bulk(self._async.bulk, self._runner)

    @lazy
    def cluster(self) -> Cluster:
        """Jobs on several machines: bind, create, delete, open."""
        from voxsip.cluster import Cluster  # noqa: PLC0415 - only for those who use it

        return Cluster(self._async.cluster, self._runner)

    @lazy
    def resolve(self) -> Resolve:
        """Names of applications, users and rules into ids."""
        from voxsip._bindings.resolve import Resolve  # noqa: PLC0415 - only for those who use it

        return Resolve(self._async.resolve, self._runner)

    @lazy
    def desired(self) -> Desired:
        """Desired state: a plan of what has to change, and that plan applied."""
        from voxsip.plan import Desired  # noqa: PLC0415 - only for those who use it

        return Desired(self._async.desired, self._runner)

    def call(
        self,
        command: str,
        params: Mapping[str, Any] | None = None,
        *,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Send any command, generated or not, and return its decoded reply; see `AsyncClient.call`."""
        params = conceal_arguments(params)
        return self._runner.run(self._async.call(command, params, deadline=deadline))

    def recover(
        self,
        command: str,
        params: Mapping[str, Any],
        *,
        since: datetime,
        exclude: Container[int] = (),
        known_before: Container[int] | None = None,
    ) -> dict[str, Any] | None:
        """Look for what a create has made whose reply never came; see `AsyncClient.recover`."""
        params = conceal_arguments(params)
        return self._runner.run(
            self._async.recover(
                command, params, since=since, exclude=exclude, known_before=known_before
            )
        )

    def with_options(
        self,
        *,
        timeout: float | Timeout | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | RateLimiter | LimiterSource | None = None,
        deadline: float | None = None,
    ) -> Self:
        """Return a view of this client with other options; see `AsyncClient.with_options`."""
        view = object.__new__(type(self))
        view._async = self._async.with_options(
            timeout=timeout, retry=retry, rate_limit=rate_limit, deadline=deadline
        )
        view._runner = self._runner
        return view

    def bearer(self) -> str:
        """Return a token to use elsewhere; a new one is minted if the present one has expired."""
        return self._async.bearer()

    def close(self) -> None:
        """Close the client's connections; twice does no harm. It may be used again afterwards."""
        if LoopThread.is_alive():
            self._runner.run(self._async.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
