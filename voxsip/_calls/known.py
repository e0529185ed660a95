"""Refuses misspelled commands and parameters before anything is sent, and suggests the right name.

The API grows, so a command that resembles no documented one is sent: `client.call` takes any command.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from voxsip._calls.registry import find_command
from voxsip._errors import InvalidArgumentError
from voxsip._lazy import IMPORTS
from voxsip._printable import nearest

_NEAR = 0.6
"""The least similarity, as `difflib` measures it, of a parameter name to suggest."""


def check_known(name: str, parameters: Collection[str]) -> None:
    """Check that a command is not misspelled, and that it has these parameters.

    Args:
        name: The command.
        parameters: The names of its arguments; they are checked if the command is known.

    Raises:
        InvalidArgumentError: A name is misspelled or unknown, or a parameter would change the meaning of the reply.
    """
    try:
        command = find_command(name)
    except (KeyError, TypeError):  # TypeError: the name is no text
        with IMPORTS:
            from voxsip._generated._index import COMMAND_MODULES  # noqa: PLC0415 - only for a mistake

        # a name that differs by one letter is misspelled; one that differs by more may be a new command
        if near := _near(name, COMMAND_MODULES, 1 - 1.01 / max(len(str(name)), 2)):
            message = f"{_shown(name)}: no such command; {_remedy(near)}"
            raise InvalidArgumentError(message, field="command") from None
        return
    for parameter in parameters:
        if parameter == "timezone":
            problem = "not offered: moments are sent and read in UTC; leave it out"
        elif parameter in command.hidden:
            problem = "not offered: it would change what the reply holds, or means"
        elif parameter in command.params or (parameter == "confirm_all" and command.confirms):
            continue
        else:
            known = command.params.keys() - command.hidden
            problem = f"no such parameter; {_remedy(_near(parameter, known, _NEAR))}"
        raise InvalidArgumentError(f"{name}: {_shown(parameter)}: {problem}", field=str(parameter))


def _near(name: object, known: Iterable[str], cutoff: float) -> str | None:
    return nearest(str(name)[:80], known, cutoff)


def _remedy(near: str | None) -> str:
    guess = "if" if near is None else f"did you mean {near}? If"
    return f"{guess} it is newer than this release, add unlisted=True"


def _shown(name: object) -> str:
    text = name if isinstance(name, str) and name.isidentifier() else repr(name)
    return text if len(text) <= 80 else f"{text[:77]}..."
