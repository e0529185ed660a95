"""The emulator that tests and the command line start: server, accounts, keys and files."""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from aiohttp import web

from voxsip.emulator._faults.fault import CONNECT
from voxsip.emulator._faults.faults import Faults
from voxsip.emulator._http.admin import STATE_PATH
from voxsip.emulator._http.callbacks import Callbacks
from voxsip.emulator._http.listener import Listener, listen
from voxsip.emulator._http.request import API_PATH
from voxsip.emulator._http.server import Handler
from voxsip.emulator._http.thread import LoopThread
from voxsip.emulator._http.tls import server_context
from voxsip.emulator._service.callbacks import is_loopback_url
from voxsip.emulator._service.clock import Clock
from voxsip.emulator._service.health import set_status
from voxsip.emulator._service.keys import key_pair, write_credentials
from voxsip.emulator._service.limit import TokenBucket
from voxsip.emulator._service.service import Service
from voxsip.emulator._state.seed import seed
from voxsip.emulator._state.state import State

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

T = TypeVar("T")

_GRACE = 0.2  # seconds for requests in flight when stopping; zero would mean forever
_END = 5.0  # seconds for connections that were cut to be closed by the loop
_LONGEST_LINE = 1 << 20  # a request line may hold an id list of a megabyte
_LONGEST_BODY = 16 << 20
_LAST_PORT = 65535
_TURNS = 3  # of the loop: asyncio loses a connection whose server closes while it is being accepted
_ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (recognized, not bound to)


class Emulator:
    """A local Management API over real HTTP or HTTPS, seeded the same way every time.

    Use it as a context manager: `async with` serves from the running loop, `with` from a loop and
    a thread of its own.

    Args:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        tls: serve HTTPS, with a certificate for `localhost` and 127.0.0.1 that `ca` vouches for.
        tls_names: further host names or addresses for the certificate, such as a container's name.
        directory: the folder for `credentials.json` and `ca.pem`; None makes a temporary one, removed at
            the end.
        applications: the number of applications at the start.
        users: the number of users at the start.
        registrations: the number of registrations at the start, already paid for.
        calls: past calls, a minute apart, in the history; they take no memory, so that reports may be of any size.
        call_data: custom data of each of them; a long text makes a large report of few calls.
        children: child accounts at the start, numbered from 2; each has as many of these things, and as much money.
        balance: money at the start; anything `Decimal` takes.
        price: the price of a registration.
        rate_limit: calls a second of each account; above it, error 340. After a pause, a second's worth may come
            at once. None for no limit. May be changed while running.
        latency: seconds a request takes, half before its work and half after it; or a callable that
            gives them. May be changed while running.
        faults: the faults to inject; may be changed while running.
        clock_offset: seconds by which the server's clock is ahead. May be changed while running.
        page_cap: most rows in a page.
        roles: roles of the key in `credentials`.
        max_registrations: most registrations in an account; error 272 above.
        max_users: most users in an account; error 109 above.
        callback_url: the URL that callbacks of the main account are posted to, on a loopback address; the API sets it as well.
        callback_salt: the salt of their hashes.
        clock: source of seconds since the epoch.

    Raises:
        ValueError: a negative number, money that is none, or a callback URL that leads elsewhere.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: bool = False,
        tls_names: Iterable[str] = (),
        directory: str | Path | None = None,
        applications: int = 3,
        users: int = 10,
        registrations: int = 0,
        calls: int = 0,
        call_data: str = "",
        children: int = 0,
        balance: Decimal | float | str = 1000,
        price: Decimal | float | str = 1,
        rate_limit: float | None = None,
        latency: float | Callable[[], float] = 0.0,
        faults: Faults | None = None,
        clock_offset: float = 0.0,
        page_cap: int = 1000,
        roles: Iterable[str] = ("Owner",),
        max_registrations: int | None = None,
        max_users: int = 1000,
        callback_url: str | None = None,
        callback_salt: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        for name, number in {
            "applications": applications,
            "users": users,
            "registrations": registrations,
            "calls": calls,
            "children": children,
            "page_cap": page_cap,
            "max_users": max_users,
            "max_registrations": 0 if max_registrations is None else max_registrations,
        }.items():
            if type(number) is not int:
                raise ValueError(f"{name} must be a whole number")
            if number < 0:
                raise ValueError(f"{name} must not be negative")
        if page_cap == 0:
            raise ValueError("page_cap must be 1 or more")
        self._tls_names = tuple(_names("tls_names", tls_names))
        if not all(name and name.isascii() for name in self._tls_names):
            raise ValueError("tls_names must be host names in ASCII; write others as xn--...")
        if type(port) is not int or not 0 <= port <= _LAST_PORT:
            raise ValueError(f"port must be 0 to {_LAST_PORT}")
        self._address = (host, port)
        self._tls = tls
        self._directory = None if directory is None else Path(directory)
        self._roles = frozenset(_names("roles", roles))
        self._clock = Clock(clock, clock_offset)
        self._service = Service(
            clock=self._clock,
            balance=_money("balance", balance),
            price=_money("price", price),
            page_cap=page_cap,
            max_registrations=max_registrations,
            max_users=max_users,
        )
        seed(
            self._service.main,
            applications=applications,
            users=users,
            registrations=registrations,
            price=self._service.price,
            calls=calls,
            call_data=call_data,
        )
        main = self._service.main
        if callback_url is not None:
            if not is_loopback_url(callback_url):
                raise ValueError("callback_url must lead to a loopback address of this machine")
            main.settings["callback_url"] = callback_url
        main.callback_salt = callback_salt
        self._handler = Handler(self._service)
        self.rate_limit = rate_limit
        self.latency = latency
        self.faults = faults
        for _ in range(children):
            self.add_child(applications=applications, users=users, registrations=registrations)
        self._keys = 0
        self._started = False
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._runner: web.ServerRunner | None = None
        self._listener: Listener | None = None
        self._thread: LoopThread | None = None
        self._credentials: Path | None = None
        self._ca: Path | None = None
        self._origin = ""

    # What a client is given

    @property
    def base_url(self) -> str:
        """The URL that commands are appended to."""
        return self._running(self._origin) + API_PATH

    @property
    def state_url(self) -> str:
        """The URL that answers the state, without a token, to this machine only."""
        return self._running(self._origin) + STATE_PATH

    @property
    def credentials(self) -> Path:
        """The credentials file of the first key."""
        return self._running(self._credentials)

    @property
    def ca(self) -> Path | None:
        """The certificate authority to trust, as a PEM file; None without TLS."""
        return self._ca

    @property
    def account_id(self) -> int:
        """The id of the main account."""
        return self._service.main.id

    def add_key(self, roles: Iterable[str] = ("Owner",), *, account_id: int | None = None) -> Path:
        """Make one more key and return its credentials file.

        Args:
            roles: the roles of the key.
            account_id: the account of the key; the main account by default.
        """
        directory = self._running(self._directory)
        role_names = frozenset(_names("roles", roles))
        pair = key_pair()
        self._keys += 1
        key_id = f"emulator-key-{self._keys}"
        account = self._service.accounts[account_id or self._service.main.id]
        with self._service.lock:
            self._service.tokens.add_key(key_id, pair.public, owner=account.id, roles=role_names)
        name = "credentials.json" if self._keys == 1 else f"credentials-{self._keys}.json"
        return write_credentials(
            directory / name,
            account_id=account.id,
            email=account.email,
            key_id=key_id,
            pem=pair.private,
        )

    def add_child(
        self,
        *,
        applications: int = 0,
        users: int = 0,
        registrations: int = 0,
        balance: Decimal | float | str | None = None,
        rate_limit: float | None = None,
        own_ids: bool = False,
    ) -> int:
        """Open a child account and return its id; the main account's keys may act for it.

        Args:
            applications: the number of applications at the start, named as in the main account.
            users: the number of users at the start.
            registrations: the number of registrations at the start.
            balance: money at the start; None gives it what the main account had.
            rate_limit: calls a second that it may make; None for as many as the main account, counted apart.
            own_ids: count the ids of its things from 1, so that they equal those of the main account.
        """
        rate = self._rate_limit if rate_limit is None else rate_limit
        service = self._service
        with service.lock:
            child = service.add_account(
                parent=service.main.id,
                balance=None if balance is None else _money("balance", balance),
                limit=self._bucket(rate),
                own_ids=own_ids,
            )
            seed(
                child,
                applications=applications,
                users=users,
                registrations=registrations,
                price=service.price,
            )
        return child.id

    def state_of(self, account_id: int) -> State:
        """Return a copy of the state of one account.

        Raises:
            LookupError: there is no such account.
        """
        return State.of(self._service, account_id)

    # What a test reads and changes

    @property
    def api_key(self) -> str:
        """The main account's API key, which signs its callbacks."""
        return self._service.main.api_key

    @property
    def callbacks(self) -> Callbacks:
        """The callbacks of all accounts, and what came of each."""
        return self._handler.callbacks

    def set_status(
        self,
        sip_registration_id: int | Iterable[int],
        status_code: int | None,
        error_message: str | None = None,
        *,
        account_id: int | None = None,
    ) -> None:
        """Let registrations fail, recover, or be in progress, with callbacks.

        Args:
            sip_registration_id: the ids of the registrations; ids that do not exist change nothing.
            status_code: the SIP status; 200 works, others fail, None is in progress until told otherwise.
            error_message: the reason of a failure.
            account_id: a child account; None for the main one.

        Raises:
            ValueError: a status that is none.
            LookupError: there is no such registration or account.
        """
        ids = sip_registration_id
        numbers = [ids] if isinstance(ids, int) else [*ids]
        made = set_status(self._service, numbers, status_code, error_message, account_id)
        self.callbacks.send(made)

    @property
    def state(self) -> State:
        """A copy of the main account's state and of the counters."""
        return State.of(self._service)

    @property
    def faults(self) -> Faults | None:
        """What goes wrong; assign to change it."""
        return self._handler.faults

    @faults.setter
    def faults(self, faults: Faults | None) -> None:
        if faults is not None and not hasattr(faults, "pick"):
            raise TypeError("faults must be Faults, as in Faults([Fault(kind='refuse')])")
        self._handler.faults = faults

    @property
    def latency(self) -> float | Callable[[], float]:
        """Seconds a request takes, or what gives them; assign to change it."""
        return self._latency

    @latency.setter
    def latency(self, latency: float | Callable[[], float]) -> None:
        if callable(latency):
            self._handler.latency = latency
        elif latency < 0:
            raise ValueError("latency must not be negative")
        elif not latency < math.inf:
            raise ValueError("latency must be a number of seconds")
        else:
            seconds = latency
            self._handler.latency = (lambda: seconds) if seconds else None
        self._latency = latency

    @property
    def rate_limit(self) -> float | None:
        """Calls a second of each account, or None; assign to change it."""
        return self._rate_limit

    @rate_limit.setter
    def rate_limit(self, rate: float | None) -> None:
        for account in self._service.accounts.values():
            account.limit = self._bucket(rate)
        self._rate_limit = rate

    def _bucket(self, rate: float | None) -> TokenBucket | None:
        return None if rate is None else TokenBucket(rate, self._clock.source)

    @property
    def clock_offset(self) -> float:
        """Seconds by which the server's clock is ahead; assign to change it."""
        return self._clock.offset

    @clock_offset.setter
    def clock_offset(self, seconds: float) -> None:
        self._clock.offset = seconds

    # Life

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    def __enter__(self) -> Self:
        thread = LoopThread()
        try:
            thread.run(self._start())
        except BaseException:
            thread.close()
            raise
        self._thread = thread
        return self

    def __exit__(self, *_: object) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            try:
                thread.run(self._stop())
            finally:
                thread.close()

    async def _start(self) -> None:
        if self._started:
            raise RuntimeError("an emulator runs once: make another one")
        self._started = True
        try:
            await asyncio.to_thread(self._prepare)
            self._listener = listen(*self._address)
            self._listener.resets = self._resets
            server = web.Server(
                self._handler,
                request_factory=_request_factory,
                access_log=None,
                max_line_size=_LONGEST_LINE,
                lingering_time=0,
            )
            self._runner = web.ServerRunner(server, shutdown_timeout=_GRACE)
            await self._runner.setup()
            await web.SockSite(self._runner, self._listener, ssl_context=self._ssl).start()
        except BaseException:
            await self._stop()
            raise
        host, port = self._listener.getsockname()[:2]
        host = _ANY_HOST.get(host, host) if self._address[0] != "localhost" else "localhost"
        netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._origin = f"{'https' if self._tls else 'http'}://{netloc}"
        self._service.api_address = netloc
        self.callbacks.start()

    def _prepare(self) -> None:
        """Make the files; in a thread, because making keys takes a while."""
        if self._directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="voxsip-emulator-")
            self._directory = Path(self._temporary.name)
        self._directory.mkdir(parents=True, exist_ok=True)
        self._credentials = self.add_key(self._roles)
        self._ssl: ssl.SSLContext | None = None
        if self._tls:
            self._ca = self._directory / "ca.pem"
            self._ssl = server_context(self._ca, self._tls_names)

    async def _stop(self) -> None:
        """End every connection, also to TLS clients that do not answer."""
        self._handler.close()
        await self.callbacks.stop()
        runner, self._runner = self._runner, None
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop_accepting()
        if runner is not None:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            open_ones = [] if runner.server is None else runner.server.connections
            transports = [connection.transport for connection in open_ones]
            await runner.cleanup()
            for transport in transports:
                if transport is not None:
                    transport.abort()
        if listener is not None:
            await listener.end_connections(_END)
            listener.close()
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def _resets(self) -> bool:
        faults = self._handler.faults
        return faults is not None and bool(faults.pick(CONNECT))

    def _running(self, value: T | None) -> T:
        if not value:
            raise RuntimeError("the emulator has not been started: use `async with` or `with`")
        return value


def _request_factory(
    message: Any, payload: Any, protocol: Any, writer: Any, task: Any
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=_LONGEST_BODY
    )


def _names(name: str, names: Iterable[str]) -> Iterable[str]:
    if isinstance(names, str):
        raise TypeError(f"{name} must be a list of names, as in [{names!r}]")
    return names


def _money(name: str, amount: Decimal | float | str) -> Decimal:
    try:
        value = Decimal(str(amount))
    except ArithmeticError:
        raise ValueError(f"{name} is no amount of money") from None
    if not value.is_finite() or value < 0:
        raise ValueError(f"{name} must be an amount of money, zero or more")
    return value
