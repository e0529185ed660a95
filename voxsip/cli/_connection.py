"""The options every command that calls the API takes, and the client made from them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from attrs import frozen
from cyclopts import Group, Parameter

import voxsip
from voxsip.cli._parameters import ID, SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from voxsip._transport.proxy import Proxy

T = TypeVar("T")

_GROUP = Group("Connection", sort_key=100)
Switch = Annotated[bool, Parameter(negative=(), show_default=False)]
"""An option without a value."""


@Parameter(name="*", group=_GROUP)
@frozen(kw_only=True)
class Connection:
    """Endpoint, TLS and credentials."""

    credentials: Annotated[str | None, Parameter(metavar="PATH")] = None
    "The key's credentials.json; else VOXIMPLANT_CREDENTIALS, or a token in VOXIMPLANT_TOKEN."
    account_id: Annotated[int | None, ID] = None
    "Act for this child account, with the parent's key."
    base_url: Annotated[str | None, Parameter(metavar="URL")] = None
    "Base URL of the API, for an emulator or a gateway; else VOXIMPLANT_BASE_URL."
    ca_file: Annotated[str | None, Parameter(metavar="PATH")] = None
    "Trust the certificates in this PEM file, not the system's."
    proxy: Annotated[str | None, Parameter(name=("--proxy", "--http-proxy"), metavar="URL")] = None
    'HTTP proxy to use instead of HTTPS_PROXY\'s; "" for none. Put a password into HTTPS_PROXY instead.'
    timeout: Annotated[float | None, SECONDS] = None
    "Time limit of one attempt [default: 30]."
    encoding: Literal["auto", "query", "form"] = "auto"
    "Send parameters in the URL or in a form; auto: a form if one is secret or the URL would be too long."
    allow_plain_http: Switch = False
    "Permit http:// to another machine; the token then travels unencrypted."

    rate_store: Annotated[str | None, Parameter(metavar="ADDRESS")] = None
    "Share the account's rate with other processes, in this PostgreSQL database."

    def client(self, **options: Any) -> voxsip.AsyncClient:
        """Make the client. Raises ConfigurationError."""
        if self.rate_store is not None:
            options["rate_limit"] = voxsip.SharedRate(self.rate_store, urgent=True)
        if self.timeout is not None:
            options["timeout"] = self.timeout
        return voxsip.AsyncClient(
            self.credentials,
            account_id=self.account_id,
            base_url=self.base_url,
            ssl=self.ca_file,
            proxy=self.proxy,
            encoding=self.encoding,
            allow_plain_http=self.allow_plain_http,
            **options,
        )

    def run(self, action: Callable[[voxsip.AsyncClient], Awaitable[T]]) -> T:
        """Run an action with a client, on a loop of its own. Raises ConfigurationError."""

        async def main() -> T:
            async with self.client() as client:
                return await action(client)

        return run(main())

    def find_proxy(self, base_url: str) -> Proxy | None:
        """Return the proxy that the client's calls go through. Raises ConfigurationError."""
        from voxsip._transport.proxy import find_proxy  # noqa: PLC0415 - loads the HTTP library

        return find_proxy(self.proxy, base_url, allow_plain_http=self.allow_plain_http)


@Parameter(name="*", group=_GROUP)
@frozen(kw_only=True)
class SipConnection(Connection):
    """The same for commands whose `--proxy` is a registration's SIP proxy."""

    proxy: Annotated[str | None, Parameter(name="--http-proxy", metavar="URL")] = None
    'HTTP proxy to use instead of HTTPS_PROXY\'s; "" for none. Put a password into HTTPS_PROXY instead.'


DEFAULT = Connection()
SIP_DEFAULT = SipConnection()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own, on uvloop if it is installed."""
    factory = None
    with contextlib.suppress(ImportError):
        import uvloop  # noqa: PLC0415 - optional

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
