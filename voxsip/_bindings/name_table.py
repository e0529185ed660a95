"""Finds ids by name, compared exactly; a name must have one id. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from voxsip._errors import InvalidArgumentError
from voxsip._protocol.identity import fold_name

Part = Literal["application", "rule", "user"]
Pair = tuple[str | None, int]
"""A name, or None, and its id."""
SHOWN = 5
"""The most names that an error lists; it counts the others."""


class NameLookupError(InvalidArgumentError, LookupError):
    """A name has no id, or two.

    Attributes:
        problem: the problem with the name.
        remedy: the way to correct it.
        found: the ids of the name; empty if there are none.
    """

    def __init__(self, part: Part, problem: str, remedy: str, found: tuple[int, ...] = ()) -> None:
        super().__init__(f"{part}: {problem}; {remedy}", field=f"{part}_name")
        self.problem = problem
        self.remedy = remedy
        self.found = found


class NameTable:
    """Ids by name, within the account or within one application."""

    __slots__ = ("_exact", "_folded", "_numbers")

    def __init__(self, pairs: Iterable[Pair] = ()) -> None:
        self._exact: dict[str, tuple[int, ...]] = {}
        self._folded: dict[str, tuple[int, ...]] = {}
        self._numbers: set[int] = set()
        self.learn(pairs)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Yield every name with each of its ids."""
        return ((name, number) for name, numbers in self._exact.items() for number in numbers)

    def learn(self, pairs: Iterable[Pair]) -> None:
        """Add a listing, which has every id of each of its names."""
        listed: dict[str, dict[int, None]] = {}
        for name, number in pairs:
            self._numbers.add(number)
            if name is not None:
                listed.setdefault(name, {})[number] = None
        for name, numbers in listed.items():
            self._exact[name] = tuple(numbers)
            folded = fold_name(name)
            self._folded[folded] = tuple(dict.fromkeys((*self._folded.get(folded, ()), *numbers)))

    def ids(self, name: str) -> tuple[int, ...]:
        """Return the ids of exactly this name: more than one breaks the service's rule."""
        return self._exact.get(name, ())

    def has(self, number: int) -> bool:
        """Returns whether this id was listed."""
        return number in self._numbers

    def candidates(self, name: str) -> tuple[int, ...]:
        """Return the ids of exactly this name, or else those of other spellings."""
        return self.ids(name) or self._folded.get(fold_name(name), ())

    def find(self, part: Part, name: str, application: int | None = None) -> int | None:
        """Return the id of exactly this name, or None.

        Raises:
            NameLookupError: The name has two ids.
        """
        found = self.ids(name)
        if len(found) > 1:
            raise NameLookupError(
                part,
                f"{part} {name!r} stands for {len(found)} {part}s {where(application)}:"
                f" {', '.join(map(str, found))}",
                f"use {part}_id",
                found,
            )
        return found[0] if found else None

    def need(self, part: Part, names: Iterable[str], application: int | None) -> dict[str, int]:
        """Return the ids of names, all of which must exist.

        Raises:
            NameLookupError: A name has two ids, or none.
        """
        found = {name: self.find(part, name, application) for name in names}
        missing = [name for name, number in found.items() if number is None]
        if missing:
            shown = ", ".join(map(repr, missing[:SHOWN]))
            if len(missing) > SHOWN:
                shown += f" and {len(missing) - SHOWN} others"
            what = f"is no {part}" if len(missing) == 1 else f"are no {part}s"
            raise NameLookupError(
                part,
                f"there {what} {shown} {where(application)}",
                "check the spelling: names are compared exactly",
            )
        return {name: number for name, number in found.items() if number is not None}


def where(application: int | None) -> str:
    """Return the scope in which names are unique, for messages."""
    return "in this account" if application is None else f"in application {application}"
