"""Finds the HTTP proxy of a client, from its option or the environment.

It is chosen once, when the client is made. Credentials are taken out of its URL at once; they are never shown, and
plain only when a request is passed to aiohttp.
"""

from __future__ import annotations

import base64
import ipaddress
import os
from contextlib import suppress
from typing import Any

import attrs
from yarl import URL

from voxsip._config import is_host, is_loopback
from voxsip._errors import ConfigurationError
from voxsip._redaction.values import SecretText, conceal, reveal

AUTHORIZATION = "Proxy-Authorization"
_WANTED = (
    "expected http://host:port, with user:password@ before the host if the proxy asks for them"
)


@attrs.frozen(kw_only=True)
class Proxy:
    """A proxy, and the option or variable that it comes from.

    Attributes:
        url: The URL of the proxy, without credentials.
        authorization: The value of its authorization header, concealed; None for no header.
        source: The option or the variable that names the proxy.
    """

    url: URL
    authorization: str | None = attrs.field(repr=False)
    source: str

    @property
    def name(self) -> str:
        """The host and port, for errors."""
        host = self.url.host or ""
        return f"[{host}]:{self.url.port}" if ":" in host else f"{host}:{self.url.port}"

    def tunnels(self, url: URL) -> bool:
        """Returns whether requests use a tunnel (CONNECT), which hides all but the host."""
        return url.scheme == "https"

    def options(self, url: URL, headers: dict[str, str], user_agent: str) -> dict[str, Any]:
        """Return aiohttp's arguments that send a request through the proxy, in plain text.

        Args:
            url: The URL of the request.
            headers: The headers of the request; without a tunnel, the proxy's are added to them.
            user_agent: The `User-Agent` header sent to the proxy.
        """
        if not self.tunnels(url):
            if self.authorization is not None:
                headers[AUTHORIZATION] = reveal(self.authorization)
            return {"proxy": self.url}
        told = {"User-Agent": user_agent}
        if self.authorization is not None:
            told[AUTHORIZATION] = reveal(self.authorization)
        return {"proxy": self.url, "proxy_headers": told}


def find_proxy(
    proxy: str | None, base_url: str, *, allow_plain_http: bool, environment: bool = True
) -> Proxy | None:
    """Return the proxy for a base URL; None for a direct connection.

    Args:
        proxy: The URL of the proxy; "" for none; None to read it from the environment: `HTTPS_PROXY` or `HTTP_PROXY`,
            by the scheme of the base URL, then `ALL_PROXY`, unless `NO_PROXY` lists the host. Names in small letters
            come first.
        base_url: The base URL of the API.
        allow_plain_http: Whether a token may be sent in clear to another machine.
        environment: Whether to read the environment.

    Raises:
        ConfigurationError: The URL is not a proxy's, or tokens would be sent to the proxy in clear.
    """
    proxy, source = conceal(proxy), "proxy"
    url = URL(base_url)
    host = url.host or ""
    if proxy is None and environment:
        proxy, source = _from_environment(url)
    if not isinstance(proxy, str | None):
        raise ConfigurationError(f"{source}: {_WANTED}")
    if not proxy:
        return None
    found = _parse(proxy, source)
    if isinstance(found, str):
        raise ConfigurationError(f"{source}: {found}")
    if is_loopback(host) and not is_loopback(found.url.host or ""):
        if source != "proxy":
            return None  # for the proxy, a loopback address is its own machine
        if url.scheme == "http" and not allow_plain_http:
            raise ConfigurationError(
                f"proxy: http:// to {host} through {found.name} would send the token in clear; use https://, "
                'pass proxy="" to go straight there, or pass allow_plain_http=True'
            )
    return found


def _from_environment(url: URL) -> tuple[str | None, str]:
    """Return the URL of a proxy, concealed, and the variable that names it."""
    if bypasses(url.host or "", url.port, _variable("NO_PROXY")[0] or ""):
        return None, ""
    for name in (f"{url.scheme.upper()}_PROXY", "ALL_PROXY"):
        value, found = _variable(name)
        if value is not None:
            return conceal(value), found
    return None, ""


def _variable(name: str) -> tuple[str | None, str]:
    small = name.lower()
    if (value := os.environ.get(small)) is not None:
        return value.strip(), small
    # in a CGI program this variable holds the header "Proxy" of a request, which anybody can set
    if name == "HTTP_PROXY" and "REQUEST_METHOD" in os.environ:
        return None, name
    value = os.environ.get(name)
    return (None if value is None else value.strip()), name


def bypasses(host: str, port: int | None, listed: str) -> bool:
    """Returns whether `NO_PROXY` lists a host.

    Args:
        host: The name, or the address without brackets.
        port: The port of the host.
        listed: The value of `NO_PROXY`, separated by commas or spaces: names (which include their subdomains),
            addresses, networks such as 10.0.0.0/8, or `*` for all; with `:port`, only for this port.
    """
    host = host.lower().rstrip(".")
    return any(_matches(host, port, entry) for entry in listed.lower().replace(",", " ").split())


def _matches(host: str, port: int | None, entry: str) -> bool:
    if entry == "*":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    with suppress(ValueError):  # a name, or an address with a port
        if address is not None and address in ipaddress.ip_network(entry, strict=False):
            return True
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdecimal():
        entry = name
        if int(wanted) != port:
            return False
    entry = entry.strip("[]").removeprefix("*").strip(".")
    return bool(entry) and (host == entry or (address is None and host.endswith(f".{entry}")))


def _parse(proxy: str, source: str) -> Proxy | str:
    """Return the proxy, or the problem of its URL.

    It does not raise, since a traceback would show its variables, which hold the URL.
    """
    text = reveal(proxy)
    try:
        url = URL(text if "://" in text else f"http://{text}")
        port = url.port
    except ValueError:
        return _WANTED
    if url.scheme.startswith("socks"):
        return "SOCKS proxies are not supported; give an HTTP proxy, or list the host in NO_PROXY"
    if url.scheme not in {"http", "https"} or not is_host(url.raw_host) or not port:
        return _WANTED
    if url.path not in {"", "/"} or url.query_string or url.fragment:
        return f"{_WANTED}; / ? and # in a password are written %2F %3F %23"
    authorization = None
    if url.user is not None or url.password is not None:
        credentials = f"{url.user or ''}:{url.password or ''}".encode()
        authorization = SecretText(f"Basic {base64.b64encode(credentials).decode()}")
    bare = URL.build(scheme=url.scheme, host=url.host or "", port=port)
    return Proxy(url=bare, authorization=authorization, source=source)
