"""What can be seen without the network: versions, extras, credentials, proxies."""

from __future__ import annotations

import importlib.util
import os
import platform
import ssl
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import voxsip
from voxsip.cli._doctor.findings import Finding, State, finding_of

if TYPE_CHECKING:
    from voxsip.cli._connection import Connection

_LIBRARIES = ("aiohttp", "attrs", "cattrs", "cryptography", "orjson", "python-jose", "tenacity")
_EXTRAS = {
    "speed": "uvloop",
    "shared": "asyncpg",
    "keyring": "keyring",
    "cluster": "distributed",
    "excel": "python_calamine",
}


def check_versions() -> Finding:
    """Name the versions of all that takes part."""
    libraries = {}
    for name in _LIBRARIES:
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            libraries[name] = "missing"
    extras = [extra for extra, module in _EXTRAS.items() if importlib.util.find_spec(module)]
    data = {
        "voxsip": voxsip.__version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "openssl": ssl.OPENSSL_VERSION,
        "libraries": libraries,
        "extras": extras,
    }
    return Finding(
        "versions",
        State.OK,
        f"voxsip {voxsip.__version__}, Python {data['python']}, aiohttp {libraries['aiohttp']}, {sys.platform}; "
        f"extras: {', '.join(extras) or 'none'}",
        data=data,
    )


def check_credentials(connection: Connection) -> tuple[Finding, voxsip.AsyncClient | None]:
    """Make the client; that reads the key and checks all options."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            client = connection.client(retry=voxsip.RetryPolicy(attempts=2))
        except voxsip.ConfigurationError as error:
            return finding_of("credentials", error), None
    source = _source(connection)
    data = {"source": source, "account_id": client.account_id}
    text = f"{source}; account {client.account_id or 'of the token'}"
    if any(issubclass(one.category, voxsip.CredentialsWarning) for one in told):
        finding = Finding(
            "credentials",
            State.WARNING,
            f"{text}; others on this machine may read the file",
            remedy="chmod 600 the credentials file",
            data=data,
        )
    else:
        finding = Finding("credentials", State.OK, text, data=data)
    return finding, client


def _source(connection: Connection) -> str:
    """Return where the credentials come from, in words."""
    for source, given in (
        ("the file of --credentials", connection.credentials),
        ("VOXIMPLANT_CREDENTIALS", os.environ.get("VOXIMPLANT_CREDENTIALS")),
    ):
        if given:
            if given.lstrip("\ufeff \t\r\n").startswith("{"):
                return f"{source} (the JSON itself)"
            return source
    return "VOXIMPLANT_TOKEN (cannot be renewed)"


def check_proxy(base_url: str, connection: Connection) -> Finding:
    """Report the proxy that calls use and what names it, never its password."""
    proxy = connection.find_proxy(base_url)
    if proxy is not None:
        source = "--proxy" if proxy.source == "proxy" else proxy.source
        return Finding(
            "proxy",
            State.OK,
            f"{proxy.name}, from {source}",
            data={"proxy": proxy.name, "with_password": proxy.authorization is not None},
        )
    named = [
        name
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
        if os.environ.get(name) or os.environ.get(name.lower())
    ]
    if named:
        text = (
            f"none for this address, though there is {' and '.join(named)} (NO_PROXY, or --proxy)"
        )
        return Finding("proxy", State.OK, text)
    return Finding("proxy", State.OK, "none in the environment")
