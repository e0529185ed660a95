"""Faults: what goes wrong, for which requests. Repeatable: no clock and no shared randomness.

Whether a fault strikes is decided by the seed, the place of its rule and the number of the request
among those of its command, so a test that sends the same requests meets the same faults.
"""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from voxsip.emulator._faults.fault import Fault


class Faults:
    """A list of faults and the count of what they met.

    Args:
        rules: the faults; each is asked for every request, several may strike one.
        seed: the seed of the draws for `share`.

    Attributes:
        applied: the number of times each kind was applied.
    """

    def __init__(self, rules: Iterable[Fault] = (), seed: int = 0) -> None:
        self.rules: tuple[Fault, ...] = tuple(rules)
        self.seed = seed
        self.applied: Counter[str] = Counter()
        self._met = [0] * len(self.rules)
        self._commands: Counter[str] = Counter()

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a file: `seed = 7`, and a table `[[fault]]` for each.

        Raises:
            ValueError: the file is no TOML, or says something a fault does not know.
            OSError: the file cannot be read.
        """
        try:
            document = tomllib.loads(Path(path).read_text("utf-8"))
            return cls(_rules(document), seed=_seed(document))
        except (tomllib.TOMLDecodeError, ValueError) as problem:
            raise ValueError(f"{path}: {problem}") from None

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
                self.applied[rule.kind] += 1
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


def _seed(document: dict[str, Any]) -> int:
    unknown = document.keys() - {"seed", "fault"}
    if unknown:
        raise ValueError(f"unknown key {min(unknown)!r}; known: seed, fault")
    seed = document.get("seed", 0)
    if type(seed) is not int:
        raise ValueError("seed must be a whole number")
    return seed


def _rules(document: dict[str, Any]) -> Iterator[Fault]:
    tables = document.get("fault", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError("faults must be tables: [[fault]]")
    for number, table in enumerate(tables, start=1):
        try:
            yield Fault(**table)
        except (TypeError, ValueError) as problem:
            raise ValueError(f"fault {number}: {problem}") from None
