"""The blocking client: the async client under the same names, run on the process's loop thread."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Never, Self

import aiohttp

from voxsip._async_client import AsyncClient
from voxsip._auth.sources import Credentials
from voxsip._calls.limiter import LimiterSource, RateLimiter
from voxsip._clock import REAL, Clock, Seams
from voxsip._config import RateLimit, RequestEncoding, RetryPolicy, Timeout, Trust
from voxsip._errors import ConfigurationError
from voxsip._generated._sync_groups import SyncGroups
from voxsip._lazy import lazy
from voxsip._redaction.values import conceal, conceal_arguments, refuse_copies
from voxsip._sync.loop_thread import LoopThread

if TYPE_CHECKING:
    from voxsip._bindings.registrations import Registrations
    from voxsip._bindings.resolve import Resolve
    from voxsip.bulk import Bulk
    from voxsip.cluster import Cluster
    from voxsip.events import EventHook
    from voxsip.plan import Desired


class Client(SyncGroups):
    """A blocking client of the Management API; safe to share between threads.

    All clients of a process share one loop thread. Ctrl-C during a call cancels the call and waits for its end. Arguments
    and errors are those of `AsyncClient`, except `session`, which belongs to an event loop.

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
        max_connections: requests in flight; further requests queue, and their timeout starts later.
        session: not accepted: an aiohttp session belongs to the loop that created it.
        ssl: path of a CA file (PEM) or an `ssl.SSLContext`. If None, the system's certificates and those in
            `VOXSIP_CA_BUNDLE` are trusted.
        proxy: URL of an HTTP proxy, with credentials if it requires them. If None, it comes from the environment
            (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`); "" uses no proxy.
        app_info: your program's name in the `User-Agent`: "name" or "name/version".
        allow_plain_http: permit http:// to other hosts; the token then travels unencrypted.
        on_event: function, or list of functions, called with every event of every call (`voxsip.events`) in the thread
            of the client's loop: attempts, retries, throttling, outcomes.
        _seams: clock and random numbers, replaced by tests and simulations.

    Raises:
        ConfigurationError: credentials or an option are wrong; the text names the file, field or option, never a secret.
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
        on_event: EventHook | Iterable[EventHook] | None = None,
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
            on_event=on_event,
            _seams=_seams,
        )
        self._runner = LoopThread()

    def __repr__(self) -> str:
        inner = getattr(self, "_async", None)  # a traceback may show a client that is being made
        return "<Client>" if inner is None else repr(inner).replace("AsyncClient", "Client", 1)

    def __reduce_ex__(self, protocol: object) -> Never:
        """Refuse to be copied or pickled; see `refuse_copies`."""
        refuse_copies(self, "with_options() returns a view of it")

    @property
    def account_id(self) -> int | None:
        """The account that calls act for; None if a given token does not name it."""
        return self._async.account_id

    @property
    def clock(self) -> Clock:
        """The clock of this client: the machine's, except in tests and simulations."""
        return self._async.clock

    @property
    def base_url(self) -> str:
        """The base URL of the API."""
        return self._async.base_url

    @property
    def proxy(self) -> str | None:
        """Host and port of the proxy; None if calls use no proxy."""
        return self._async.proxy

    @property
    def limiter(self) -> RateLimiter | None:
        """The limiter of this client's or view's requests, or None."""
        return self._async.limiter

    @lazy
    def bulk(self) -> Bulk:
        """Bulk jobs: bind, create, delete, resume."""
        from voxsip.bulk import Bulk  # noqa: PLC0415 - only for those who use it

        return Bulk(self._async.bulk, self._runner)

    @lazy
    def cluster(self) -> Cluster:
        """Bulk jobs on several machines: bind, create, delete, open."""
        from voxsip.cluster import Cluster  # noqa: PLC0415 - only for those who use it

        return Cluster(self._async.cluster, self._runner)

    @lazy
    def sip_registrations(self) -> Registrations:
        """SIP registrations: accounts at SIP servers, and the bindings of their calls."""
        from voxsip._bindings.registrations import (  # noqa: PLC0415 - only for those who use it
            Registrations,
        )

        return Registrations(self._async.sip_registrations, self._runner)

    @lazy
    def resolve(self) -> Resolve:
        """Lookups of application, user and rule ids by name."""
        from voxsip._bindings.resolve import Resolve  # noqa: PLC0415 - only for those who use it

        return Resolve(self._async.resolve, self._runner)

    @lazy
    def desired(self) -> Desired:
        """Desired state: plan changes and apply them."""
        from voxsip.plan import Desired  # noqa: PLC0415 - only for those who use it

        return Desired(self._async.desired, self._runner)

    def call(
        self,
        command: str,
        params: Mapping[str, Any] | None = None,
        *,
        deadline: float | None = None,
        unlisted: bool = False,
    ) -> dict[str, Any]:
        """Send any command by its name and return its reply; see `AsyncClient.call`."""
        params = conceal_arguments(params)
        return self._runner.run(
            self._async.call(command, params, deadline=deadline, unlisted=unlisted)
        )

    def recover(
        self,
        command: str,
        params: Mapping[str, Any],
        *,
        since: datetime,
        exclude: Container[int] = (),
        known_before: Container[int] | None = None,
    ) -> dict[str, Any] | None:
        """Look for what a create made if its reply was lost; see `AsyncClient.recover`."""
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
        """Return a valid token to use elsewhere, in plain text."""
        return self._async.bearer()

    def close(self) -> None:
        """Close the client's connections.

        Closing twice is safe, and the client may be used again.
        """
        if LoopThread.is_alive():
            self._runner.run(self._async.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
