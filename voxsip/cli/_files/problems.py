"""What is wrong with a row file, gathered so that all of it can be shown at once."""

from __future__ import annotations

from attrs import define, field, frozen

from voxsip.cli._exit_codes import CommandError


@frozen(kw_only=True)
class Problem:
    """One mistake: where it stands, what it is, and what to do about it.

    `line` counts from 1, as editors do, and is None where the file as a whole is meant.
    """

    file: str
    line: int | None = None
    column: str | None = None
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        column = "" if self.column is None else f"column {self.column}: "
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}: {column}{self.message}.{remedy}"


class InputError(CommandError):
    """A row file that cannot be run; its text holds a line for each problem."""

    def __init__(self, problems: list[Problem], more: int = 0) -> None:
        count = len(problems) + more
        super().__init__(f"{count:,} mistake{'' if count == 1 else 's'}; nothing was sent")
        self.problems = problems
        self.more = more

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems]
        if self.more:
            lines.append(f"and {self.more:,} more")
        lines.append(super().__str__())
        return "\n".join(lines)


@define
class Problems:
    """The first problems of a file, and a count of the others."""

    limit: int = 50
    found: list[Problem] = field(factory=list)
    more: int = 0

    def add(self, problem: Problem) -> None:
        """Keep a problem, or only count it past the limit."""
        if len(self.found) < self.limit:
            self.found.append(problem)
        else:
            self.more += 1

    def raise_if_any(self) -> None:
        """Raise what was gathered as one `InputError`, if anything was."""
        if self.found:
            raise InputError(sorted(self.found, key=lambda one: one.line or 0), self.more)


def clipped(text: str, length: int = 40) -> str:
    """Quote a value of the file for a message: short, on one line, nothing invisible."""
    return repr(text if len(text) <= length else text[: length - 1] + "…")
