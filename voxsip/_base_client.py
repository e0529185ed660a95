"""The client without bulk jobs: credentials, tokens, rate limit, retries and connections."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Never, Self, TypeVar

import aiohttp
import attrs
from yarl import URL

from voxsip._auth.sources import Credentials, make_tokens
from voxsip._calls.call import CallExecutor, check_deadline
from voxsip._calls.creates import Creates
from voxsip._calls.id_set import IdSet
from voxsip._calls.known import check_known
from voxsip._calls.limiter import Limiter, LimiterSource, RateLimiter
from voxsip._calls.lookup import look_up, lookup_of
from voxsip._calls.registry import any_command
from voxsip._calls.request import Request
from voxsip._calls.retry import Retrier
from voxsip._clock import REAL, Clock, Seams
from voxsip._config import (
    LARGEST,
    RateLimit,
    RequestEncoding,
    RetryPolicy,
    Timeout,
    Trust,
    check_flag,
    make_app_info,
    make_base_url,
    make_trust,
    wrong,
)
from voxsip._errors import ConfigurationError, InvalidArgumentError
from voxsip._generated._async_groups import AsyncGroups
from voxsip._lazy import IMPORTS
from voxsip._redaction.values import (
    checked_arguments,
    conceal,
    conceal_arguments,
    refuse_copies,
)
from voxsip._transport.attempt_timeout import AttemptTimeout
from voxsip._transport.proxy import find_proxy
from voxsip._transport.session_pool import SessionPool

if TYPE_CHECKING:
    from voxsip._calls.observer import Observer
    from voxsip.events import EventHook

C = TypeVar("C", bound="BaseAsyncClient")


class BaseAsyncClient(AsyncGroups):
    """Commands, options and tokens of a client; `AsyncClient` adds bulk jobs."""

    _caller: CallExecutor

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
        if encoding not in ("auto", "query", "form"):
            raise wrong("encoding", "'auto', 'query' or 'form'", encoding)
        if type(max_connections) is not int or not 1 <= max_connections < LARGEST:
            raise wrong("max_connections", "a whole number from 1", max_connections)
        if session is not None and not callable(getattr(session, "request", None)):
            raise wrong("session", "an aiohttp.ClientSession", session)
        check_flag("allow_plain_http", allow_plain_http)
        where = make_base_url(base_url, allow_plain_http=allow_plain_http)
        self._caller = CallExecutor(
            base_url=where,
            pool=SessionPool(
                max_connections=max_connections,
                ssl=make_trust(ssl, environment=where.startswith("https:")),
                session=session,
                proxy=find_proxy(
                    proxy, where, allow_plain_http=allow_plain_http, environment=session is None
                ),
                app_info=make_app_info(app_info),
            ),
            tokens=make_tokens(credentials, token, account_id, _seams.clock),
            retrier=Retrier(_policy(retry), clock=_seams.clock, jitter=_seams.random),
            creates=Creates(_seams.clock),
            timeout=AttemptTimeout.of(timeout),
            encoding=encoding,
            observer=_observer(on_event, where),
            clock=_seams.clock,
        )
        self._limiters: list[RateLimiter] = []
        self._rate_limit: RateLimit | RateLimiter | LimiterSource | None = rate_limit
        self._caller.limiter = self._make_limiter(rate_limit)
        self._shared = False

    def __repr__(self) -> str:
        caller = getattr(self, "_caller", None)  # a traceback may show a client that is being made
        name = type(self).__name__
        return f"<{name}>" if caller is None else f"<{name} {caller.base_url}>"

    def __reduce_ex__(self, protocol: object) -> Never:
        """Refuse to be copied or pickled; see `refuse_copies`."""
        refuse_copies(self, "with_options() returns a view of it")

    @property
    def account_id(self) -> int | None:
        """The account that calls act for; None if a given token does not name it."""
        return self._caller.tokens.account_id

    @property
    def clock(self) -> Clock:
        """The clock of this client: the machine's, except in tests and simulations."""
        return self._caller.clock

    @property
    def base_url(self) -> str:
        """The base URL of the API."""
        return self._caller.base_url

    @property
    def proxy(self) -> str | None:
        """Host and port of the proxy; None if calls use no proxy."""
        proxy = self._caller.pool.proxy
        return None if proxy is None else proxy.name

    @property
    def limiter(self) -> RateLimiter | None:
        """The limiter of this client's or view's requests, or None."""
        return self._caller.limiter

    async def call(
        self,
        command: str,
        params: Mapping[str, Any] | None = None,
        *,
        deadline: float | None = None,
        unlisted: bool = False,
    ) -> dict[str, Any]:
        """Send any command by its name and return its decoded reply.

        Args:
            command: the command as the API spells it, such as "GetCallHistory".
            params: its arguments by wire name: int, str, bool, Decimal, date, aware datetime, or a list of these.
                Arguments that are None are not sent. Moments are sent in UTC.
            deadline: seconds for the whole call, including all attempts.
            unlisted: whether to accept parameters and values that this release does not list, and a command whose name
                differs from a listed one by a letter only.

        A command that this release does not list is retried after an unknown outcome only if its name says that it reads.

        Raises:
            InvalidArgumentError: an argument is wrong; nothing was sent.
            APIError: the API refused.
            TransportError: the request or its reply was lost.
            UnexpectedReplyError: the reply is not what the API sends.
        """
        params = conceal_arguments(params)
        values = checked_arguments(params)
        if not unlisted:
            check_known(command, values.keys())
        found = any_command(command, values.keys())
        if unlisted:
            found = attrs.evolve(found, longest={}, bounds={}, words={})
        return await self._caller.execute(found, values, dict, deadline)

    async def recover(
        self,
        command: str,
        params: Mapping[str, Any],
        *,
        since: datetime,
        exclude: Container[int] = (),
        known_before: Container[int] | None = None,
    ) -> dict[str, Any] | None:
        """Look for what a create made if its reply was lost, possibly in another process.

        Args:
            command: the create, such as "CreateSipRegistration".
            params: its arguments.
            since: the time it was sent, an aware datetime of the local clock.
            exclude: ids known to belong to other creates.
            known_before: ids that existed before the create was sent; any other match is then its result, whatever
                the clocks say. If None, only the server's times can decide, which is rarely certain.

        Returns:
            The reply that the create would have had; None if nothing exists that it could have made.

        Raises:
            InvalidArgumentError: the command has no lookup, or `since` is naive.
            OutcomeUnknownError: something of this name, or of nearly this name, exists and may belong to another create.
            VoxsipError: the lookup failed.
        """
        params = conceal_arguments(params)
        request = _create_of(command, checked_arguments(params), since)
        creates = self._caller.creates
        found = await look_up(
            self._caller,
            request,
            elapsed=lambda: self.clock.wall() - since.timestamp(),
            exclude=exclude,
            known_before=known_before if known_before is not None else creates.known,
            misplaced=creates.misplaced(request),
        )
        if found is not None:
            creates.claim(request, lookup_of(request.command).made(found))
        return found

    def with_options(
        self,
        *,
        timeout: float | Timeout | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | RateLimiter | LimiterSource | None = None,
        deadline: float | None = None,
    ) -> Self:
        """Return a view of this client with other options.

        The view shares connections and tokens with the client. Closing the view does nothing; close the client.

        Args:
            timeout: seconds per attempt, or a `Timeout`.
            retry: retry policy for failed calls.
            rate_limit: requests per second through the view at most.
            deadline: seconds for each whole call that has no deadline of its own.

        Raises:
            ConfigurationError: an option is wrong.
            InvalidArgumentError: the deadline is not a number of seconds.
        """
        changes: dict[str, Any] = {}
        if timeout is not None:
            changes["timeout"] = AttemptTimeout.of(timeout)
        if retry is not None:
            changes["retrier"] = self._caller.retrier.with_policy(_policy(retry))
        if rate_limit is not None:
            changes["limiter"] = self._make_limiter(rate_limit)
        if deadline is not None:
            check_deadline(deadline)
            changes["deadline"] = deadline
        view = object.__new__(type(self))
        view._caller = attrs.evolve(self._caller, **changes)
        view._shared = True
        view._limiters = self._limiters
        view._rate_limit = self._rate_limit if rate_limit is None else rate_limit
        return view

    def bearer(self) -> str:
        """Return a valid token to use elsewhere, in plain text."""
        return self._caller.tokens.bearer().removeprefix("Bearer ")

    async def close(self) -> None:
        """Close the client's connections.

        Closing twice is safe, and the client may be used again.
        """
        if not self._shared:
            for limiter in self._limiters:
                await limiter.aclose()
            await self._caller.pool.aclose()

    def _make_limiter(
        self, limit: RateLimit | RateLimiter | LimiterSource | None
    ) -> RateLimiter | None:
        """Return the limiter for an option; one of a source is closed with the client."""
        if limit is None or isinstance(limit, RateLimiter):
            return limit
        if isinstance(limit, RateLimit):
            return Limiter(limit, clock=self.clock)
        if not isinstance(limit, LimiterSource):
            raise ConfigurationError(
                f"rate_limit: expected a RateLimit or a SharedRate, got {type(limit).__name__}"
            )
        limiter = limit.limiter_for(URL(self._caller.base_url).authority, self.account_id)
        self._limiters.append(limiter)
        return limiter

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _create_of(command: str, values: dict[str, Any], since: object) -> Request:
    found = any_command(command, values.keys())
    if not found.looked_up(values):
        raise InvalidArgumentError(
            f"{command} cannot be looked up by these arguments", field="command"
        )
    if getattr(since, "tzinfo", None) is None:
        raise InvalidArgumentError("since: expected an aware datetime (with tzinfo)", field="since")
    return Request(found, values, found.encode(values))


def _observer(on_event: EventHook | Iterable[EventHook] | None, base_url: str) -> Observer | None:
    if on_event is None:
        return None
    with IMPORTS:
        from voxsip._calls.observer import make_observer  # noqa: PLC0415 - only for those who use it

    return make_observer(on_event, base_url)


def _policy(retry: RetryPolicy) -> RetryPolicy:
    if not isinstance(retry, RetryPolicy):
        raise ConfigurationError(f"retry: expected a RetryPolicy, got {type(retry).__name__}")
    return retry


def knowing(client: C, known: IdSet, present: Container[int] = ()) -> C:
    """Return a view of a client that recognizes new objects by id, not by time.

    Args:
        client: The client.
        known: The ids that existed before, or belong to others; the ids of the view's creates are added.
        present: The ids that exist now: none of them can be in the reply to a create of the view.
    """
    caller = client._caller  # noqa: SLF001 - a view, as `with_options` makes one
    view = client.with_options()
    view._caller = attrs.evolve(caller, creates=caller.creates.knowing(known, present))  # noqa: SLF001
    return view


def portable_options(client: BaseAsyncClient) -> dict[str, Any]:
    """Return a client's options as plain data for `client_from`, without credentials."""
    caller = client._caller  # noqa: SLF001 - of this module's class
    return {
        "account_id": client.account_id,
        "timeout": {
            "total": caller.timeout.total,
            "connect": caller.timeout.connecting.sock_connect,
        },
        "retry": attrs.asdict(caller.retrier.policy),
        "encoding": caller.encoding,
        "app_info": caller.pool.app_info,
        "allow_plain_http": caller.base_url.startswith("http:"),
    }


def client_from(options: Mapping[str, Any]) -> BaseAsyncClient:
    """Make a client of the result of `portable_options`.

    Credentials, URL and proxy come from the environment.

    Raises:
        ConfigurationError: The credentials are missing, or an option is wrong.
    """
    return BaseAsyncClient(
        account_id=options["account_id"],
        timeout=Timeout(**options["timeout"]),
        retry=RetryPolicy(**options["retry"]),
        encoding=options["encoding"],
        app_info=options.get("app_info"),
        allow_plain_http=options["allow_plain_http"],
    )


def for_account(client: C, account_id: int) -> C:
    """Return a view of a client that acts for another account with the same key.

    Connections and the retry budget are shared. The account has a rate of its own, unless the client was given a ready
    limiter, which is then shared too.

    Args:
        client: The client.
        account_id: The child account.

    Raises:
        ConfigurationError: The client has a ready token, which is valid for one account only.
    """
    caller = client._caller  # noqa: SLF001 - a view, as `with_options` makes one
    view = client.with_options()
    view._caller = attrs.evolve(  # noqa: SLF001
        caller,
        tokens=caller.tokens.for_account(account_id),
        creates=Creates(caller.clock),
    )
    limit = client._rate_limit  # noqa: SLF001
    return view if isinstance(limit, RateLimiter | None) else view.with_options(rate_limit=limit)


async def account_of(client: BaseAsyncClient) -> int | None:
    """Return the account that a client acts for; one whose token does not tell asks.

    Raises:
        VoxsipError: The account could not be read.
    """
    if client.account_id is not None:
        return client.account_id
    return (await client.accounts.get_account_info()).result.account_id


def attempt_seconds(client: BaseAsyncClient) -> float:
    """Return the timeout of one attempt in seconds."""
    return client._caller.timeout.total  # noqa: SLF001 - of this module's class
