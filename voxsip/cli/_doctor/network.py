"""What the network gives: the way to the API, its certificate, its clock. Nothing that needs a token."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
from attrs import field, frozen
from yarl import URL

from voxsip._config import make_trust
from voxsip._printable import counted
from voxsip._transport.failures import PROXY_AUTHENTICATION_REQUIRED
from voxsip._version import __version__
from voxsip.cli._doctor.findings import Finding, State

if TYPE_CHECKING:
    from voxsip.cli._connection import Connection

_PATIENCE = 15  # seconds
_EXPIRES_SOON = 14  # days
_CLOCK_IS_OFF = 30  # seconds; a token lives an hour, the client corrects itself


@frozen(kw_only=True)
class Reached:
    """What came back from one request without a token, or why nothing did."""

    addresses: list[str]
    problem: str | None = None
    remedy: str | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(factory=dict)
    body: Any = None
    certificate: Mapping[str, Any] | None = None
    tls: str | None = None
    seconds: float = 0.0
    sent: datetime = field(factory=lambda: datetime.now(UTC))


async def reach(base_url: str, connection: Connection) -> Reached:
    """Send a request without a token: a refusal shows that the API is there."""
    host = urlsplit(base_url).hostname or ""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        addresses = sorted({str(entry[4][0]) for entry in found})
    except OSError:
        addresses = []  # a proxy may know the name
    context: ssl.SSLContext | bool = make_trust(connection.ca_file) or True
    proxy = connection.find_proxy(base_url)
    url, headers = URL(f"{base_url}/GetAccountInfo"), dict[str, str]()
    way = {} if proxy is None else proxy.options(url, headers, f"voxsip/{__version__}")

    def failed(problem: str, remedy: str) -> Reached:
        return Reached(addresses=addresses, problem=problem, remedy=remedy)

    def refused(status: int) -> Reached:
        """Explain a proxy's own answer, without its password."""
        name = "" if proxy is None else f" {proxy.name}"
        remedy = "have it allow this host, or list the host in NO_PROXY"
        if status == PROXY_AUTHENTICATION_REQUIRED:
            remedy = "give its user name and password in HTTPS_PROXY, as in http://user:password@host:port"
        return failed(f"the proxy{name} answers HTTP {status}", remedy)

    started = loop.time()
    sent = datetime.now(UTC)
    connector = aiohttp.TCPConnector(ssl=context)
    timeout = aiohttp.ClientTimeout(total=_PATIENCE)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.post(url, headers=headers, allow_redirects=False, **way) as reply,
        ):
            try:
                body = await reply.json(content_type=None)
            except (ValueError, aiohttp.ClientError):
                body = None
            seconds = loop.time() - started
            certificate, tls = None, None
            if proxy is None:
                certificate, tls = await _certificate(base_url, context)
            elif reply.status == PROXY_AUTHENTICATION_REQUIRED:
                return refused(reply.status)
            return Reached(
                addresses=addresses,
                status=reply.status,
                headers=dict(reply.headers),
                body=body,
                certificate=certificate,
                tls=tls,
                seconds=seconds,
                sent=sent,
            )
    except aiohttp.ClientConnectorCertificateError as error:
        reason = error.certificate_error
        text = getattr(reason, "verify_message", None) or "the certificate is not trusted"
        return failed(
            f"TLS: {text}", "trust the authority with --ca-file, or check that no one is in between"
        )
    except aiohttp.ClientProxyConnectionError as error:
        return failed(
            f"the proxy {error.host}:{error.port} does not answer",
            "check HTTPS_PROXY, NO_PROXY and --proxy",
        )
    except aiohttp.ClientHttpProxyError as error:
        return refused(error.status)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        inner = getattr(error, "os_error", error)
        text = getattr(inner, "strerror", None) or type(error).__name__
        if isinstance(error, TimeoutError):
            text = "no answer in time"
        name = "" if addresses else f"the name {host} leads nowhere; "
        return failed(
            f"{name}{text}", "check the network, the firewall, HTTPS_PROXY and --base-url"
        )


async def _certificate(
    base_url: str, context: ssl.SSLContext | bool
) -> tuple[Mapping[str, Any] | None, str | None]:
    """Return the server's certificate and the TLS version, on a connection of its own."""
    parts = urlsplit(base_url)
    if parts.scheme != "https":
        return None, None
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or 443, ssl=context
            )
    except OSError:
        return None, None
    secure = writer.get_extra_info("ssl_object")
    found = secure.getpeercert(), secure.version()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return found


def check_reachable(reached: Reached) -> Finding:
    """Judge whether a reply came at all."""
    data: dict[str, Any] = {"addresses": reached.addresses}
    if reached.problem is not None:
        return Finding(
            "reachable", State.PROBLEM, reached.problem, remedy=reached.remedy, data=data
        )
    data["seconds"] = round(reached.seconds, 3)
    return Finding(
        "reachable",
        State.OK,
        f"{', '.join(reached.addresses) or 'through the proxy'}, first reply after {reached.seconds * 1000:.0f} ms",
        data=data,
    )


def check_tls(reached: Reached, base_url: str) -> Finding:
    """Judge the certificate and how long it lives."""
    if not base_url.startswith("https"):
        return Finding("tls", State.WARNING, "plain HTTP: tokens travel in clear")
    if reached.certificate is None:
        return Finding("tls", State.OK, "trusted; the certificate is not seen through a proxy")
    certificate = reached.certificate
    issuer = {name: value for group in certificate.get("issuer", ()) for name, value in group}
    shown = issuer.get("organizationName") or issuer.get("commonName") or "unknown"
    data: dict[str, Any] = {"version": reached.tls, "issuer": shown}
    text = f"{reached.tls}, certificate by {shown}"
    ends = certificate.get("notAfter")
    if ends:
        days = (ssl.cert_time_to_seconds(ends) - reached.sent.timestamp()) / 86400
        data["days_left"] = round(days)
        text += f", {counted(round(days), 'day')} left"
        if days < _EXPIRES_SOON:
            return Finding(
                "tls",
                State.WARNING,
                text,
                remedy="tell the operator of the server, or of the proxy in between",
                data=data,
            )
    return Finding("tls", State.OK, text, data=data)


def check_service(reached: Reached) -> Finding:
    """Judge whether what answers is the Management API."""
    error = reached.body.get("error") if isinstance(reached.body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    data = {"http_status": reached.status, "code": code, "server": reached.headers.get("Server")}
    if isinstance(code, int):
        return Finding(
            "service", State.OK, f"the Management API: without a token it answers {code}", data=data
        )
    return Finding(
        "service",
        State.PROBLEM,
        f"HTTP {reached.status}, and no reply as the Management API gives",
        remedy="check --base-url (it ends in /platform_api), and whether a gateway answers in between",
        data=data,
    )


def check_clock(reached: Reached) -> Finding:
    """Compare this machine's clock with the server's `Date`, in whole seconds."""
    try:
        told = parsedate_to_datetime(reached.headers.get("Date", ""))
        behind = (told - reached.sent).total_seconds()
    except (TypeError, ValueError):
        return Finding(
            "clock", State.WARNING, "the server tells no Date; the clock cannot be compared"
        )
    data = {"server_ahead_seconds": round(behind)}
    if abs(behind) <= _CLOCK_IS_OFF:
        return Finding("clock", State.OK, "agrees with the server's", data=data)
    way = "behind" if behind > 0 else "ahead of"
    return Finding(
        "clock",
        State.WARNING,
        f"{abs(behind):.0f} s {way} the server's; voxsip corrects its tokens for that",
        remedy="let NTP set the clock",
        data=data,
    )
