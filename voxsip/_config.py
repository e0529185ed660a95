"""Options of a client, checked when it is created, so that a mistake is found before the first call."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl as ssl_module
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import attrs

from voxsip._errors import ConfigurationError
from voxsip._printable import brief
from voxsip._redaction.paths import is_content
from voxsip._redaction.values import conceal, reveal, type_name

BASE_URL = "https://api.voximplant.com/platform_api"
BASE_URL_VARIABLE = "VOXIMPLANT_BASE_URL"
CA_VARIABLE = "VOXSIP_CA_BUNDLE"
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}"
_PRODUCT = re.compile(f"{_WORD}(?:/{_WORD})?")
"""The syntax of a product (RFC 9110, 10.1.5)."""
_LABEL = "[0-9a-z_](?:[0-9a-z_-]{0,61}[0-9a-z_])?"
_NAME = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE | re.ASCII)
_AUTHORITY = re.compile(r"(?:\[[^\]%]+\]|[^:\[\]%]+)(?::[0-9]*)?")
"""A host, no zone of it, and perhaps a port."""
LOOKUP_DELAY = 3.0
"""Seconds within which a request without a reply is executed, if at all: an earlier lookup may find nothing."""

RequestEncoding = Literal["auto", "query", "form"]
Trust = str | os.PathLike[str] | ssl_module.SSLContext | None


LARGEST = 1e15
"""The first number that an option does not accept; below it, sums of times and of money stay exact."""


def above(minimum: float) -> Callable[[object, Any, Any], None]:
    """Return an attrs validator for a finite number above the minimum."""
    return _number(lambda value: value > minimum, f"a number above {minimum:g}")


def at_least(minimum: float) -> Callable[[object, Any, Any], None]:
    """Return an attrs validator for a finite number from the minimum up."""
    return _number(lambda value: value >= minimum, f"a number from {minimum:g} up")


def whole(minimum: int) -> Callable[[object, Any, Any], None]:
    """Return an attrs validator for a whole number from the minimum up."""
    return _number(
        lambda value: isinstance(value, int) and value >= minimum,
        f"a whole number from {minimum} up",
    )


def _number(fits: Callable[[float], bool], wanted: str) -> Callable[[object, Any, Any], None]:
    def check(_: object, attribute: Any, value: Any) -> None:
        if not is_number(value) or not fits(value):
            raise wrong(attribute.name, wanted, value)

    return check


def is_number(value: Any) -> bool:
    """Returns whether a value is a finite number that an option may have."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def wrong(name: str, wanted: str, value: object) -> ConfigurationError:
    """Return the error for an option of a wrong type or out of range."""
    return ConfigurationError(f"{name}: expected {wanted}, got {brief(value)}")


def check_flag(name: str, value: object) -> None:
    """Check an option that is true or false; "false" is neither.

    Raises:
        ConfigurationError: It is something else.
    """
    if not isinstance(value, bool):
        raise wrong(name, "True or False", value)


def check_pause(seconds: float) -> None:
    """Check the seconds of a pause.

    Raises:
        ConfigurationError: They are not a number from 0 up.
    """
    if not is_number(seconds) or seconds < 0:
        raise wrong("seconds", "a number from 0 up", seconds)


@attrs.frozen(kw_only=True)
class Timeout:
    """Time limits of one attempt, which start when it leaves the client's queue.

    Args:
        connect: seconds for a new connection, including TLS. After that the request was never sent.
        total: seconds for the whole attempt. After that the outcome is unknown.

    Raises:
        ConfigurationError: a number that is not above 0.
    """

    connect: float = attrs.field(default=10.0, validator=above(0))
    total: float = attrs.field(default=30.0, validator=above(0))

    @classmethod
    def of(cls, value: float | Timeout) -> Timeout:
        """Return a `Timeout` as it is, or make one of the seconds for an attempt."""
        if isinstance(value, Timeout):
            return value
        if not isinstance(value, int | float):
            raise wrong("timeout", "seconds or a Timeout", value)
        made = cls(total=value)
        # less than the whole, so that a missing connection is distinguished from a missing reply
        return attrs.evolve(made, connect=min(made.connect, 0.9 * value))


@attrs.frozen
class RateLimit:
    """A limit on requests per second, including retries.

    Args:
        rate: requests per second.
        burst: requests that may leave at once after a pause; at most rate + burst leave in any second.

    Raises:
        ConfigurationError: a number that is not above 0.
    """

    rate: float = attrs.field(validator=above(0))
    burst: int = attrs.field(default=1, validator=whole(1), kw_only=True)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """The number of retries and the delays between them.

    Whether a failed call may be retried depends on its command and on the outcome.

    Args:
        attempts: requests for one call at most, including the first; 1 means no retry.
        backoff: seconds; the n-th retry waits a random time between 0 and backoff * 2**(n-1) (full jitter).
        max_backoff: longest backoff in seconds.
        max_retry_after: longest delay in seconds that is honored if the server asks for one.
        budget: retries that all calls of the client share. An outage uses them up; failures are then raised
            at once, so that the client does not add to the load.
        budget_refill: retries that each call returns to the budget.
        lookup_delay: seconds after the last request of a create during which lookups that find nothing are repeated;
            then the create is sent again. The backend may still be executing a request that a gateway gave up.

    Raises:
        ConfigurationError: a number out of range.
    """

    attempts: int = attrs.field(default=5, validator=whole(1))
    backoff: float = attrs.field(default=0.25, validator=at_least(0))
    max_backoff: float = attrs.field(default=20.0, validator=at_least(0))
    max_retry_after: float = attrs.field(default=60.0, validator=at_least(0))
    budget: float = attrs.field(default=100.0, validator=at_least(0))
    budget_refill: float = attrs.field(default=0.5, validator=at_least(0))
    lookup_delay: float = attrs.field(default=LOOKUP_DELAY, validator=at_least(0))

    def delay(self, retry: int, named: float | None, jitter: Callable[[], float]) -> float:
        """Return the seconds to wait before a retry.

        Args:
            retry: The number of the retry, from 1.
            named: The delay in seconds that the server named, or None.
            jitter: The function that returns a random number between 0 and 1.
        """
        ceiling = min(self.max_backoff, self.backoff * 2.0 ** min(retry - 1, 60))
        spread = ceiling * jitter()
        return (
            spread
            if named is None
            else min(named, self.max_retry_after) + min(spread, self.backoff)
        )


def make_base_url(base_url: str | None, *, allow_plain_http: bool) -> str:
    """Return the URL that commands are appended to, with no slash at its end.

    Raises:
        ConfigurationError: The URL is not http or https, or would send tokens in clear to another machine.
    """
    from yarl import URL  # noqa: PLC0415 - part of the HTTP library, which the pure rooms do without

    if base_url is None:
        base_url = os.environ.get(BASE_URL_VARIABLE) or BASE_URL
    base_url = conceal(base_url)  # it may hold a password, by mistake
    problem = _problem_of_base_url(base_url, allow_plain_http=allow_plain_http)
    if problem is not None:
        raise ConfigurationError(f"base_url: {problem}")
    return str(URL(reveal(base_url))).rstrip("/")


def _problem_of_base_url(base_url: str, *, allow_plain_http: bool) -> str | None:
    """Return the problem of a base URL, or None.

    It does not raise, since a traceback would show its variables, which hold the URL.
    """
    from yarl import URL  # noqa: PLC0415 - see `make_base_url`

    given: object = base_url
    if not isinstance(given, str):
        return f"expected https://host/platform_api, got {type_name(given)}"
    text = reveal(given)
    if not text.isprintable() or " " in text:
        return "must hold no spaces, line breaks or other invisible characters"
    if any(mark in text for mark in "@?#"):
        return "must hold no credentials, query or fragment"
    try:
        url = URL(text)
    except ValueError:
        return "not a URL"
    if url.scheme not in {"http", "https"} or not url.host:
        return "expected https://host/platform_api"
    authority = text.partition("//")[2].partition("/")[0]
    if not _AUTHORITY.fullmatch(authority) or not is_host(url.raw_host) or not url.port:
        return "its host or port is no valid one; expected https://host/platform_api"
    if url.scheme == "http" and not allow_plain_http and not is_loopback(url.host):
        return (
            f"http:// to {url.host} would send the token in clear; use https://, or pass "
            "allow_plain_http=True"
        )
    return None


def make_trust(trust: Trust, *, environment: bool = True) -> ssl_module.SSLContext | None:
    """Return the TLS context for the option `ssl`; None for the system's trust.

    If the option is None, the environment may name authorities: `VOXSIP_CA_BUNDLE` those to trust in addition to the
    system's, `SSL_CERT_FILE` and `SSL_CERT_DIR`, which OpenSSL reads, those to trust instead of the system's.

    Args:
        trust: The value of the option.
        environment: Whether to read the environment; plain HTTP needs no trust.

    Raises:
        ConfigurationError: The file holds no certificates, or the option is of a wrong type.
    """
    if trust is None:
        return _trust_of_environment() if environment else None
    if isinstance(trust, ssl_module.SSLContext):
        return trust
    given: object = trust
    if not isinstance(given, str | os.PathLike) or not os.fspath(given):
        raise ConfigurationError("ssl: expected the path of a CA file (PEM) or an ssl.SSLContext")
    try:
        return ssl_module.create_default_context(cafile=os.fspath(trust))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no certificates in it"
    name = os.fsdecode(trust)
    if is_content(name):
        raise ConfigurationError(
            "ssl: expected the path of a CA file (PEM), got what may be its content; "
            "pass the path, or ssl.create_default_context(cadata=...)"
        )
    raise ConfigurationError(f"ssl: cannot use {name} as a CA file: {reason}")


def _openssl_variables() -> tuple[str | None, str | None]:
    return os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")


_AT_START = _openssl_variables()
"""The variables with which aiohttp made its default context, at its import."""


def _trust_of_environment() -> ssl_module.SSLContext | None:
    bundle, variables = os.environ.get(CA_VARIABLE) or None, _openssl_variables()
    if bundle is None and variables == _AT_START:
        return None
    stamps = []
    for name, path in ((CA_VARIABLE, bundle), ("SSL_CERT_FILE", variables[0])):
        # OpenSSL ignores a file that it cannot read, and then trusts no server
        if path and (reason := _problem_of_bundle(path)) is not None:
            raise ConfigurationError(f"{name}: {reason}")
        stamps.append(Path(path).stat().st_mtime_ns if path else None)
    return _context_with(bundle, variables, *stamps)


@lru_cache(maxsize=4)  # the system's authorities take a tenth of a second to read
def _context_with(bundle: str | None, *_changes: object) -> ssl_module.SSLContext:
    context = ssl_module.create_default_context()  # reads the variables of OpenSSL
    if bundle is not None:
        context.load_verify_locations(cafile=bundle)
    return context


def _problem_of_bundle(path: str) -> str | None:
    if is_content(path):
        return "expected the path of a CA file (PEM), got what may be its content"
    try:
        ssl_module.SSLContext(ssl_module.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no certificates in it"
        return f"cannot use {path} as a CA file: {reason}"
    return None


def make_app_info(app_info: str | None) -> str | None:
    """Check the option `app_info`, "name" or "name/version", and return it.

    Raises:
        ConfigurationError: The value is not a product in the form of the `User-Agent` header.
    """
    given: object = app_info
    if given is None or (isinstance(given, str) and _PRODUCT.fullmatch(given)):
        return app_info
    raise wrong(
        "app_info",
        '"name" or "name/version", of letters, digits and !#$%&\'*+-.^_`|~',
        app_info,
    )


def is_host(host: str | None) -> bool:
    """Returns whether the host of a parsed URL is an address or a name that can exist."""
    return host is not None and (":" in host or bool(_NAME.fullmatch(host)))


def is_loopback(host: str) -> bool:
    """Returns whether a host is this machine, however its address is written."""
    if host.lower() in {"localhost", "localhost."}:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
