"""What is wrong with a row file, gathered so that all of it can be shown at once."""

from __future__ import annotations

from attrs import define, field, frozen

from voxsip._errors import InvalidArgumentError, VoxsipError
from voxsip._printable import counted


@frozen
class Problem:
    """One mistake: where it stands, what it is, and what to do about it.

    `line` counts from 1, as editors do, and is None if the file as a whole is meant.
    """

    file: str
    message: str
    column: str | None = None
    remedy: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        column = "" if self.column is None else f"column {self.column}: "
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}: {column}{self.message}.{remedy}"


class InputError(InvalidArgumentError):
    """A row file that cannot be run; its text holds a line for each problem.

    Attributes:
        problems: The first of them.
        more: The number of the others.
        summary: "2 mistakes; nothing was sent".
    """

    def __init__(self, problems: list[Problem], more: int = 0) -> None:
        count = len(problems) + more
        self.summary = f"{counted(count, 'mistake')}; nothing was sent"
        lines = [str(problem) for problem in problems]
        if more:
            lines.append(f"and {more:,} more")
        super().__init__("\n".join([*lines, self.summary]))
        self.problems = problems
        self.more = more


@define
class ConversionError(Exception):
    """A file that cannot be made text."""

    message: str
    remedy: str


class FileChangedError(VoxsipError):
    """A row file is no longer what it was when it was checked."""


@define
class Problems:
    """The first problems of a file, and a count of the others."""

    file: str
    limit: int = 50
    found: list[Problem] = field(factory=list)
    more: int = 0

    @property
    def count(self) -> int:
        """The number of all of them."""
        return len(self.found) + self.more

    def add(
        self, message: str, column: str | None = None, remedy: str = "", *, line: int | None = None
    ) -> None:
        """Keep a problem, or only count it past the limit."""
        if len(self.found) < self.limit:
            self.found.append(Problem(self.file, message, column, remedy, line))
        else:
            self.more += 1

    def raise_if_any(self) -> None:
        """Raise what was gathered as one `InputError`, if anything was."""
        if self.found:
            raise InputError(sorted(self.found, key=lambda one: one.line or 0), self.more)


_MARK = "\ufdd0"  # a noncharacter


def marked(fault: str) -> str:
    """Return the text that stands for a faulty cell in the CSV copy of its sheet.

    The cell is refused if its column matters.
    """
    return f"{_MARK}{fault}"


def fault_of(text: str) -> str | None:
    """Return what is wrong with a marked cell; None if the cell is an ordinary one."""
    return text[1:] if text.startswith(_MARK) else None


def clipped(text: str) -> str:
    """Quote a value of the file for a message: short, on one line, nothing invisible."""
    return repr(text if len(text) <= 40 else text[:39] + "…")
