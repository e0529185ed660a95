"""Parameters of commands: how the text of a number is read, which numbers are possible, what help calls them.

cyclopts alone reads 1.5 as the whole number 2, and takes nan and inf for numbers.
"""

from __future__ import annotations

import math
import os
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_origin

from attrs import frozen
from cyclopts import Parameter

from voxsip._printable import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclopts import Token

DEFAULTS = Parameter(negative_iterable=())
"""Of every option: there is no --empty-NAME."""

_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,9})?", re.ASCII)
_CLIPPED = 60


@frozen
class Reader:
    """Reads the numbers of one option.

    Attributes:
        expected: Words for a possible number, after "give".
        kind: The type of the numbers.
        least: The smallest number.
        most: The largest number.
        above: Whether the smallest number itself is too small.
    """

    expected: str
    kind: type[int | float | Decimal]
    least: int
    most: float = math.inf
    above: bool = False

    def __call__(self, hint: Any, tokens: Sequence[Token]) -> Any:
        """Return the number, or the list of numbers, that an option is given.

        Raises:
            ValueError: One is none, or not a possible one.
        """
        numbers = [self._read(token.value) for token in tokens]
        return numbers if get_origin(hint) is list else numbers[0]

    def _read(self, text: str) -> int | float | Decimal:
        form = _WHOLE if self.kind is int else _NUMBER
        if form.fullmatch(text) and len(text) <= _CLIPPED:
            number = self.kind(text)
            too_small = number <= self.least if self.above else number < self.least
            if not too_small and number <= self.most and math.isfinite(number):
                return number
        raise ValueError(f"give {self.expected}, not {quoted(text)}")


def quoted(text: str) -> str:
    """Quote a short text; a long one may be the content of a file, with a key."""
    return repr(printable(text)) if len(text) <= _CLIPPED else f"{counted(len(text), 'character')}"


def _parameter(metavar: str, *reader: Any, **bounds: Any) -> Parameter:
    return Parameter(metavar=metavar, converter=Reader(*reader, **bounds))


COUNT = _parameter("N", "a whole number from 1", int, 1)
AMOUNT = _parameter("N", "a whole number from 0", int, 0)
CONCURRENCY = _parameter("N", "a whole number from 1 to 256", int, 1, 256)
WORKERS = _parameter("N", "a whole number from 2", int, 2)
ID = _parameter("ID", "an id in digits, such as 12345", int, 1, 2**63 - 1)
PORT = _parameter("PORT", "a whole number from 0 to 65535", int, 0, 65535)
RATE = _parameter("R", "a number above 0", float, 0, above=True)
RATIO = _parameter("X", "a number from 0 to 1", float, 0, 1)
SECONDS = _parameter("SECONDS", "a number of seconds above 0", float, 0, 1e9, above=True)
LATENCY = _parameter("SECONDS", "a number of seconds from 0", float, 0, 1e9)
MONEY = _parameter("M", "an amount of money from 0, such as 12.50", Decimal, 0)

TEXT = Parameter(metavar="TEXT")
NAME = Parameter(metavar="NAME")
HOST = Parameter(metavar="HOST")


def read_path(_: Any, tokens: Sequence[Token]) -> str:
    """Return the path of a file, or "-" for standard input.

    Raises:
        ValueError: It is a misspelled option, and no file has this name.
    """
    [token] = tokens
    text = token.value
    if text.startswith("-") and text != "-" and not os.path.lexists(text):
        raise ValueError("there is no such file")
    return text
