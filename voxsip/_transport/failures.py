"""Converts exceptions of aiohttp and the system to errors that say whether the request was sent.

Their text is quoted only if it cannot hold a URL or a header, and they are never chained, since their frames hold both.
"""

from __future__ import annotations

import os
import ssl

import aiohttp

from voxsip._errors import (
    NotSentError,
    OutcomeUnknownError,
    ProxyAuthenticationError,
    ProxyError,
    TransportError,
)
from voxsip._transport.proxy import Proxy

_TRUST = (
    "pass ssl= a CA file (PEM) or an ssl.SSLContext that trusts the server, name the file of an authority in "
    "VOXSIP_CA_BUNDLE, or reach the server by the name in its certificate"
)
PROXY_AUTHENTICATION_REQUIRED = 407
_MAY_PASS = frozenset({408, 425, 429})
"""Statuses of a proxy below 500 after which another attempt may succeed."""


def explain_failure(
    command: str, error: BaseException, proxy: Proxy | None = None, *, connecting: bool = False
) -> TransportError:
    """Return the voxsip error for an exception of aiohttp or the system.

    Args:
        command: The API command.
        error: The error that aiohttp or the system raised.
        proxy: The proxy of the request, or None.
        connecting: Whether the request certainly had no connection yet.
    """
    through = "" if proxy is None else f" (through the proxy {proxy.name})"
    match error:
        case aiohttp.ClientHttpProxyError():
            return refused_by_proxy(command, proxy or _named(error), error.status)
        case aiohttp.ClientConnectorError() if (name := _proxy_at_fault(error, proxy)) is not None:
            return _unreachable_proxy(command, name, error)
        case aiohttp.ClientConnectorCertificateError():
            reason = _certificate_reason(error.certificate_error)
            return NotSentError(
                f"{command}: not sent: the certificate of {error.host} is not trusted{through}: {reason}; {_TRUST}",
                permanent=True,
            )
        case aiohttp.ClientConnectorSSLError():
            return NotSentError(
                f"{command}: not sent: TLS handshake with {error.host} failed{through}: {_reason(error)}"
            )
        case aiohttp.ClientConnectorError():
            return NotSentError(
                f"{command}: not sent: cannot connect to {error.host}:{error.port}{through}: {_reason(error)}"
            )
    if connecting or isinstance(error, aiohttp.ConnectionTimeoutError):
        return _not_connected(command, error, proxy)
    match error:
        case TimeoutError():
            return OutcomeUnknownError(
                f"{command}: no reply within the timeout; the outcome is unknown"
            )
        case aiohttp.ServerDisconnectedError():
            return OutcomeUnknownError(
                f"{command}: the server closed the connection; the outcome is unknown"
            )
        case aiohttp.ClientPayloadError():
            return OutcomeUnknownError(
                f"{command}: the reply was cut short; the outcome is unknown"
            )
        case OSError():
            reason = os.strerror(error.errno) if error.errno else type(error).__name__
            return OutcomeUnknownError(
                f"{command}: the connection broke: {reason}; the outcome is unknown"
            )
    return OutcomeUnknownError(f"{command}: {type(error).__name__}; the outcome is unknown")


def refused_by_proxy(command: str, proxy: Proxy | str, status: int) -> ProxyError:
    """Return the error for a proxy that answered itself; the server received nothing.

    Args:
        command: The API command.
        proxy: The proxy, or its name if the client does not know it.
        status: The HTTP status of its answer.
    """
    name = proxy if isinstance(proxy, str) else proxy.name
    what = f"{command}: not sent: the proxy {name}"
    if status == PROXY_AUTHENTICATION_REQUIRED:
        told = isinstance(proxy, Proxy) and proxy.authorization is not None
        wants = (
            "refuses the given user name and password"
            if told
            else "wants a user name and a password"
        )
        text = f"{what} {wants}; give them in its URL, as in http://user:password@{name}"
        return ProxyAuthenticationError(text, proxy=name, http_status=status, permanent=True)
    final = 400 <= status < 500 and status not in _MAY_PASS
    remedy = "; have it allow this host, or list the host in NO_PROXY" if final else ""
    return ProxyError(
        f"{what} answered HTTP {status}{remedy}", proxy=name, http_status=status, permanent=final
    )


def _named(error: aiohttp.ClientHttpProxyError) -> str:
    """Return the name of the proxy of a session that the user gave."""
    url = error.request_info.real_url
    return f"{url.host}:{url.port}"


def _proxy_at_fault(error: aiohttp.ClientConnectorError, proxy: Proxy | None) -> str | None:
    """Return the name of the proxy if it was not reached; None if the server was not."""
    name = f"{error.host}:{error.port}"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return name
    if proxy is None or (error.host, error.port) != (proxy.url.host, proxy.url.port):
        return None
    return proxy.name


def _unreachable_proxy(command: str, name: str, error: aiohttp.ClientConnectorError) -> ProxyError:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = _certificate_reason(error.certificate_error)
        return ProxyError(
            f"{command}: not sent: the certificate of the proxy {name} is not trusted: {reason}; {_TRUST}",
            proxy=name,
            permanent=True,
        )
    return ProxyError(
        f"{command}: not sent: cannot connect to the proxy {name}: {_reason(error)}", proxy=name
    )


def _not_connected(command: str, error: BaseException, proxy: Proxy | None) -> NotSentError:
    """Return the error for a missing connection whose cause is not known more exactly."""
    if isinstance(error, TimeoutError):
        what = "no connection within the connect timeout"
    elif isinstance(error, aiohttp.ServerDisconnectedError):
        what = "the connection was closed before anything was sent"
    elif isinstance(error, aiohttp.ClientResponseError):
        what = "what answers does not speak HTTP"
    else:
        what = f"no connection ({type(error).__name__})"
    if proxy is None:
        return NotSentError(f"{command}: not sent: {what}")
    return ProxyError(
        f"{command}: not sent: {what}, by way of the proxy {proxy.name}", proxy=proxy.name
    )


def _reason(error: OSError) -> str:
    inner = getattr(error, "os_error", error)
    return getattr(inner, "reason", None) or inner.strerror or type(inner).__name__


def _certificate_reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "verification failed"
    return type(error).__name__
