"""Faults: what goes wrong, for which requests. Repeatable: no clock and no shared randomness.

Whether a fault strikes is decided by the seed, the place of its rule and the number of the request
among those of its command, so a test that sends the same requests meets the same faults.
"""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import attrs
from attrs import field, frozen

__all__ = ["CONNECT", "Fault", "Faults"]

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
    "error": {"code": 340, "msg": None, "details": None, "when": "before"},
    "token_error": {"code": 456, "msg": None},
    "truncated": {"how": "json"},
    "not_json": {"body": "OK"},
    "empty": {},
    "wrong_shape": {"shape": "list"},
    "wrong_content_type": {"content_type": "text/html"},
    "slow_body": {"seconds": 0.2},
    "late_duplicate": {"seconds": 0.05, "requests": None},
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
_SELECTORS = frozenset({"kind", "command", "share", "times", "first"})


def _numbers(value: Iterable[int] | None) -> frozenset[int] | None:
    return None if value is None else frozenset(value)


def _names(value: str | Iterable[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    return frozenset({value}) if isinstance(value, str) else frozenset(value)


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
            - `error`: answer with an API error (`code`, `msg`, `details`), `when` as above;
            - `token_error`: refuse the token, whatever it is (`code`);
            - `truncated`: cut the JSON in half (`how` = `json`), or promise all of it and close the
              connection half way (`connection`);
            - `not_json`, `empty`: the work is done, the body is `body`, or nothing;
            - `wrong_shape`: valid JSON that makes no sense, see `shape`;
            - `wrong_content_type`: the right body under a wrong `content_type`;
            - `slow_body`: the body takes `seconds` to arrive;
            - `late_duplicate`: the request is executed once more, `seconds` later or just before
              the `requests`-th request from now; nobody gets a reply to that one;
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
    """

    kind: str
    command: frozenset[str] | None = field(default=None, converter=_names)
    share: float | None = None
    times: frozenset[int] | None = field(default=None, converter=_numbers)
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
        for attribute in attrs.fields(type(self)):
            name = attribute.name
            if name in _SELECTORS:
                continue
            value = getattr(self, name)
            if name not in defaults:
                if value is not None:
                    raise ValueError(f"a fault of kind {self.kind!r} has no parameter {name!r}")
            elif value is None:
                object.__setattr__(self, name, defaults[name])
            elif name in _CHOICES and value not in _CHOICES[name]:
                raise ValueError(f"{name} must be one of {', '.join(sorted(_CHOICES[name]))}")
        if sum(selector is not None for selector in (self.share, self.times, self.first)) > 1:
            raise ValueError("give at most one of share, times and first")
        if self.share is not None and not 0 <= self.share <= 1:
            raise ValueError("share must be between 0 and 1")

    def matches(self, command: str) -> bool:
        """Tell whether the fault may strike a command (or a connection)."""
        if self.kind == "tls_reset" or command == CONNECT:
            return self.kind == "tls_reset" and command == CONNECT
        return self.command is None or command in self.command


class Faults:
    """A list of faults and the count of what they met.

    Args:
        rules: the faults; each is asked for every request, several may strike one.
        seed: what `share` draws from.

    Attributes:
        struck: how often each kind has struck.
    """

    def __init__(self, rules: Iterable[Fault] = (), seed: int = 0) -> None:
        self.rules = tuple(rules)
        self.seed = seed
        self.struck: Counter[str] = Counter()
        self._met = [0] * len(self.rules)
        self._commands: Counter[str] = Counter()

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a file: `seed = 7`, and a table `[[fault]]` for each.

        Raises:
            ValueError: the file is no TOML, or says something a fault does not know.
        """
        with Path(path).open("rb") as file:
            try:
                document = tomllib.load(file)
            except tomllib.TOMLDecodeError as problem:
                raise ValueError(f"{path}: {problem}") from None
        unknown = set(document) - {"seed", "fault"}
        if unknown:
            raise ValueError(f"{path}: unknown key {min(unknown)!r}; known: seed, fault")
        rules = []
        for number, table in enumerate(document.get("fault", []), start=1):
            try:
                rules.append(Fault(**table))
            except (TypeError, ValueError) as problem:
                raise ValueError(f"{path}: fault {number}: {problem}") from None
        return cls(rules, seed=document.get("seed", 0))

    def pick(self, command: str) -> list[Fault]:
        """Return the faults that strike the next request of a command."""
        self._commands[command] += 1
        number = self._commands[command]
        hits = []
        for place, rule in enumerate(self.rules):
            if not rule.matches(command):
                continue
            self._met[place] += 1
            if self._strikes(rule, place, self._met[place], command, number):
                self.struck[rule.kind] += 1
                hits.append(rule)
        return hits

    def _strikes(self, rule: Fault, place: int, met: int, command: str, number: int) -> bool:
        if rule.times is not None:
            return met in rule.times
        if rule.first is not None:
            return met <= rule.first
        if rule.share is not None:
            draw = random.Random(f"{self.seed}/{place}/{command}/{number}").random()
            return draw < rule.share
        return True
