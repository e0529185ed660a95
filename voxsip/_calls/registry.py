"""Finds commands by name: those of the spec, and a safe description of any other."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from importlib import import_module

import attrs

from voxsip._errors import InvalidArgumentError
from voxsip._lazy import IMPORTS
from voxsip._printable import brief
from voxsip._protocol.command import Command, RetryClass
from voxsip._redaction.text import is_secret_name

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_READS = re.compile(r"(?:SQ_|A2P)?Get|Check")


@cache
def find_command(name: str) -> Command:
    """Return a command that the spec describes.

    Raises:
        KeyError: The spec has no command of this name.
    """
    with IMPORTS:
        from voxsip._generated._index import COMMAND_MODULES  # noqa: PLC0415 - only for calls by name

        module, constant = COMMAND_MODULES[name]
        command: Command = getattr(import_module(module), constant)
    return command


def _is_secret(parameter: str) -> bool:
    """Returns whether a parameter is secret, by the spec or, if unknown, by its name."""
    with IMPORTS:
        from voxsip._generated._index import PUBLIC, SECRETS  # noqa: PLC0415 - only for calls by name

    return parameter in SECRETS or (parameter not in PUBLIC and is_secret_name(parameter))


def any_command(name: str, parameters: Collection[str]) -> Command:
    """Return the spec's command, or a description of one that the spec lacks.

    A command that the spec lacks is treated as a create, which is not repeated when its outcome is unknown, unless its
    name says that it only reads.

    Args:
        name: The command, as the API spells it.
        parameters: The names of its arguments.

    Raises:
        InvalidArgumentError: A name has other characters than letters, digits and underscores.
    """
    try:
        command = find_command(name)
    except (KeyError, TypeError):  # TypeError: the name is no text
        command = None
    if command is not None and command.params.keys() >= set(parameters):
        return command
    given: tuple[object, ...] = (name, *parameters)  # may be of wrong types at run time
    for text in given:
        if not isinstance(text, str) or not _NAME.fullmatch(text):
            raise InvalidArgumentError(
                f"{brief(text)} is not the name of a command or parameter", field="command"
            )
    secret = frozenset(filter(_is_secret, parameters))
    if command is not None:  # a parameter newer than the spec may be secret as well
        return attrs.evolve(command, secret=command.secret | secret) if secret else command
    reads = _READS.match(name) is not None
    retry: RetryClass = "idempotent" if reads else "create"
    return Command(
        name=name,
        retry=retry,
        result="any" if reads else "success",
        secret=secret,
    )
