"""Mistakes in a command line, in the words of every other error: what, problem, remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from cyclopts.exceptions import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from voxsip._printable import nearest
from voxsip.cli._parameters import DEFAULTS, quoted

if TYPE_CHECKING:
    from cyclopts.argument import Argument

_SIMILAR = 0.6


def explain_usage(error: CycloptsError) -> str:
    """Put what cyclopts found into words."""
    match error:
        case UnknownOptionError():
            return _unknown_option(error, error.token.keyword or error.token.value)
        case UnknownCommandError():
            return _unknown_command(error)
        case UnusedCliTokensError():
            return f"{_command(error)}: unexpected argument: {quoted((error.unused_tokens or [''])[0])}; {_see_help(error)}"
        case MissingArgumentError():
            known = _names(error)
            for word in error.unused_tokens or ():
                if word.startswith("--") and word.partition("=")[0] not in known:
                    return _unknown_option(error, word)
            return _missing(error)
        case RepeatArgumentError():
            return f"{error.token.keyword}: it is given twice; give it once"
        case CoercionError(argument=argument) if argument is not None:
            return _wrong_value(error, argument)
    return str(error)


def _unknown_option(error: CycloptsError, word: str) -> str:
    name = word.partition("=")[0]  # what follows may be a password
    known = {option.strip("-"): option for option in _names(error) if option.startswith("--")}
    near = nearest(name.strip("-").replace("_", "-"), known, _SIMILAR)
    remedy = f"did you mean {known[near]}?" if near else _see_help(error)
    return f"unknown option {_plain(name)}; {remedy}"


def _plain(option: str) -> str:
    return quoted(option).strip("'")


def _unknown_command(error: UnknownCommandError) -> str:
    word = (error.unused_tokens or [""])[0]
    if word.startswith("-"):
        return f"unknown option {_plain(word.partition('=')[0])}; options stand after the command: {_see_help(error)}"
    names = [] if error.app is None else [name for name in error.app if not name.startswith("-")]
    near = nearest(word, names, _SIMILAR)
    remedy = f"did you mean {near}?" if near else f"the commands are {', '.join(sorted(names))}"
    return f"unknown command {quoted(word)}; {remedy}"


def _missing(error: MissingArgumentError) -> str:
    name = error.keyword or _name(error.argument)
    if error.keyword or (error.argument is not None and error.argument.tokens):
        return f"{name}: its value is missing; {_see_help(error)}"
    return f"{name} is missing; {_see_help(error)}"


def _wrong_value(error: CoercionError, argument: Argument) -> str:
    token = error.token or (argument.tokens[0] if argument.tokens else None)
    text = "" if token is None else token.value
    name = (token.keyword if token is not None else None) or _name(argument)
    if argument.parameter.allow_leading_hyphen and text.startswith("-") and text != "-":
        return _unknown_option(error, text)
    if error.msg is not None:
        return f"{name}: {error.msg}"
    return f"{name}: give {_expected(argument.hint)}, not {quoted(text)}"


def _expected(hint: Any) -> str:
    choices = [choice for choice in get_args(hint) if isinstance(choice, str)]
    if choices:
        return " or ".join(", ".join(choices).rsplit(", ", 1))
    return "true or false" if bool in (hint, *get_args(hint)) else "another value"


def _name(argument: Argument | None) -> str:
    """Return the option, or the argument as help shows it."""
    if argument is None:
        return "a value"
    return argument.name if argument.name.startswith("-") else argument.name.upper()


def _names(error: CycloptsError) -> set[str]:
    if error.app is None or error.app.default_command is None:
        return set()
    found = error.app.assemble_argument_collection(default_parameter=DEFAULTS)
    return {name for argument in found for name in argument.names} | {"--help"}


def _command(error: CycloptsError) -> str:
    return " ".join(error.command_chain or ("voxsip",))


def _see_help(error: CycloptsError) -> str:
    return f"see '{' '.join(['voxsip', *(error.command_chain or ())])} --help'"
