"""One fault: its kind, its parameters, and the requests it may strike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from attrs import field, frozen

from voxsip.emulator._service.spec import command_specs

CONNECT = "connect"  # what `tls_reset` counts instead of a command: connections

_DEFAULTS: dict[str, dict[str, Any]] = {
    "delay": {"seconds": 0.1},
    "refuse": {},
    "lose_reply": {},
    "http": {
        "status": 503,
        "body": "html",
        "retry_after": None,
        "retry_after_form": "seconds",
        "when": "before",
    },
    "error": {
        "code": 340,
        "msg": None,
        "details": None,
        "retry_after": None,
        "retry_after_form": "seconds",
        "when": "before",
    },
    "token_error": {"code": 456, "msg": None},
    "truncated": {"how": "json"},
    "not_json": {"body": "OK"},
    "empty": {},
    "wrong_shape": {"shape": "list"},
    "wrong_content_type": {"content_type": "text/html"},
    "slow_body": {"seconds": 0.2},
    "late_duplicate": {"seconds": 0.05, "requests": None},
    "clock": {"seconds": 300.0},
    "page_cap": {"rows": 1},
    "shift": {"rows": -1},
    "tls_reset": {},
}
_CHOICES: dict[str, frozenset[str]] = {
    "when": frozenset({"before", "after"}),
    "how": frozenset({"json", "connection"}),
    "retry_after_form": frozenset({"seconds", "date"}),
    "shape": frozenset({"list", "text", "null", "no_result", "no_code", "error_text"}),
}
_WHOLE = frozenset({"first", "status", "code", "requests", "rows"})
_NUMBERS = frozenset({"share", "seconds", "retry_after"})
_LEAST = {"first": 0, "requests": 1, "seconds": 0, "retry_after": 0}
_STATUSES = range(200, 600)
_BODIES = ("empty", "html", "json")
_CONVERTED = frozenset({"command", "times"})
_SELECTORS = frozenset({"kind", "share", "first"}) | _CONVERTED


def _times(value: Iterable[int] | None) -> frozenset[int] | None:
    if value is None:
        return None
    try:
        numbers = frozenset(value)
    except TypeError:
        raise TypeError("times must be a list of whole numbers") from None
    if not all(type(number) is int for number in numbers):
        raise ValueError("times must be a list of whole numbers")
    if numbers and min(numbers) < 1:
        raise ValueError("times must be numbers of requests, from 1")
    return numbers


def _commands(value: str | Iterable[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, str | Iterable):
        raise TypeError("command must be a name or a list of names")
    names = frozenset({value}) if isinstance(value, str) else frozenset(value)
    unknown = names - command_specs().keys()
    if unknown:
        raise ValueError(f"unknown command {min(unknown)!r}")
    return names


def _check(kind: str, name: str, value: Any) -> None:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(sorted(_CHOICES[name]))}")
    elif name in _WHOLE:
        if type(value) is not int:
            raise ValueError(f"{name} must be a whole number")
    elif name in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} must be a number")
    elif name == "details":
        if not isinstance(value, Mapping):
            raise ValueError("details must be a table")
    elif not isinstance(value, str):
        raise ValueError(f"{name} must be a text")
    if name in _WHOLE or name in _NUMBERS:
        _check_range(kind, name, value)


def _check_range(kind: str, name: str, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number")
    if name == "status" and value not in _STATUSES:
        raise ValueError(f"status must be from {_STATUSES[0]} to {_STATUSES[-1]}")
    if kind == "page_cap" and name == "rows" and value < 1:
        raise ValueError("rows must be 1 or more")
    least = None if kind == "clock" else _LEAST.get(name)
    if least is not None and value < least:
        raise ValueError(f"{name} must be {least} or more")


@frozen(kw_only=True)
class Fault:
    """One thing that goes wrong.

    Args:
        kind: one of

            - `delay`: wait `seconds` before anything else;
            - `refuse`: close the connection before the work;
            - `lose_reply`: do the work, then close the connection;
            - `http`: answer with `status` and an `html`, `empty` or `json` body, `before` or
              `after` the work (`when`), with `Retry-After` as `seconds` or as `date`
              (`retry_after_form`) if `retry_after` seconds are given;
            - `error`: answer with an API error (`code`, `msg`, `details`), `when` and
              `Retry-After` as above;
            - `token_error`: refuse the token, whatever it is (`code`);
            - `truncated`: cut the JSON in half (`how` = `json`), or promise all of it and close the
              connection half way (`connection`);
            - `not_json`, `empty`: the work is done, the body is `body`, or nothing;
            - `wrong_shape`: valid JSON that makes no sense, see `shape`;
            - `wrong_content_type`: the right body under a wrong `content_type`;
            - `slow_body`: the body takes `seconds` to arrive;
            - `late_duplicate`: the request is executed once more, `seconds` later or just before
              the `requests`-th request from now; nobody gets a reply to that one;
            - `clock`: the server's clock is ahead by `seconds`, or behind if they are negative;
            - `page_cap`: a page has at most `rows` rows;
            - `shift`: since the page before, `rows` rows came (or went, if negative) ahead of
              the one being read;
            - `tls_reset`: reset a new connection, before TLS begins; counts connections.

        command: the command or commands it may strike; None for all.
        share: part of the requests it strikes, 0 to 1.
        times: numbers of the matching requests it strikes, from 1.
        first: strike the first so many matching requests. With none of these three, all.

    Raises:
        ValueError: an unknown kind, a parameter that the kind does not have, a value out of range.
        TypeError: a command that is no text.
    """

    kind: str
    command: frozenset[str] | None = field(default=None, converter=_commands)
    share: float | None = None
    times: frozenset[int] | None = field(default=None, converter=_times)
    first: int | None = None
    seconds: float | None = None
    status: int | None = None
    body: str | None = None
    retry_after: float | None = None
    retry_after_form: str | None = None
    when: str | None = None
    code: int | None = None
    msg: str | None = None
    details: Mapping[str, Any] | None = None
    how: str | None = None
    shape: str | None = None
    content_type: str | None = None
    requests: int | None = None
    rows: int | None = None

    def __attrs_post_init__(self) -> None:
        defaults = _DEFAULTS.get(self.kind)
        if defaults is None:
            raise ValueError(f"unknown kind of fault {self.kind!r}; known: {', '.join(_DEFAULTS)}")
        for name in (attribute.name for attribute in attrs.fields(type(self))):
            value = getattr(self, name)
            if name not in _SELECTORS and name not in defaults:
                if value is not None:
                    raise ValueError(f"a fault of kind {self.kind!r} has no parameter {name!r}")
            elif value is None:
                object.__setattr__(self, name, defaults.get(name))
            elif name not in _CONVERTED:
                _check(self.kind, name, value)
        if self.kind == "http" and self.body not in _BODIES:
            raise ValueError(f"body must be one of {', '.join(_BODIES)}")
        if sum(choice is not None for choice in (self.share, self.times, self.first)) > 1:
            raise ValueError("give at most one of share, times and first")
        if self.share is not None and not 0 <= self.share <= 1:
            raise ValueError("share must be between 0 and 1")

    def matches(self, command: str) -> bool:
        """Returns whether the fault may strike a command (or a connection)."""
        if self.kind == "tls_reset" or command == CONNECT:
            return self.kind == "tls_reset" and command == CONNECT
        return self.command is None or command in self.command
