"""Names that no document knows: refused before anything is sent, with the nearest one that there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from voxsip._calls.registry import find_command
from voxsip._errors import InvalidArgumentError
from voxsip._lazy import IMPORTS

_NEAR = 0.6
"""Similarity from which on a name is suggested, as `difflib` counts it."""


def check_known(name: str, parameters: Collection[str]) -> None:
    """Check that a command and its parameters are of the API.

    Args:
        name: the command.
        parameters: names of its arguments.

    Raises:
        InvalidArgumentError: One of them is not, or changes what the reply or its times mean.
    """
    try:
        command = find_command(name)
    except (KeyError, TypeError):  # TypeError: no text at all
        with IMPORTS:
            from voxsip._generated._index import COMMAND_MODULES  # noqa: PLC0415 - only for a mistake

        message = f"{_shown(name)}: no such command; {_remedy(name, COMMAND_MODULES)}"
        raise InvalidArgumentError(message, field="command") from None
    for parameter in parameters:
        if parameter in command.hidden or parameter == "timezone":
            problem = "not offered: it would change what the reply holds, or means"
            if parameter == "timezone":
                problem = "not offered: moments are sent and read in UTC; leave it out"
        elif parameter in command.params or (parameter == "confirm_all" and command.confirms):
            continue
        else:
            known = command.params.keys() - command.hidden
            problem = f"no such parameter; {_remedy(parameter, known)}"
        raise InvalidArgumentError(f"{name}: {_shown(parameter)}: {problem}", field=str(parameter))


def _remedy(name: object, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    by_lower = {each.lower(): each for each in known}
    near = get_close_matches(str(name)[:80].lower(), by_lower, 1, _NEAR)
    guess = f"did you mean {by_lower[near[0]]}? If" if near else "if"
    return f"{guess} it is newer than this release, add unlisted=True"


def _shown(name: object) -> str:
    text = name if isinstance(name, str) and name.isidentifier() else repr(name)
    return text if len(text) <= 80 else f"{text[:77]}..."
