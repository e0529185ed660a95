"""Passwords by reference: `env:NAME`, `file:PATH`, `keyring:SERVICE/NAME`; anything else is the password.

A reference is resolved while planning, to prove that it leads somewhere, and again when it is sent. What it
leads to is kept nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from voxsip._redaction.values import SecretText
from voxsip.plan._rows import Fault

IN_ROW = "row"
"""Stands for a password that is in the input itself."""
_PLAIN = "plain:"
_LONGEST = 4096


def reference_of(password: str) -> str:
    """Return where a password is, in a form that may be saved: never the password."""
    if not password.startswith(_REFERENCES):
        return IN_ROW
    kind, _, rest = password.partition(":")
    return f"file:{Path(rest).absolute()}" if kind == "file" else f"{kind}:{rest}"


def read_password(password: str) -> str:
    """Return the password that a cell holds or refers to.

    Raises:
        Fault: The reference leads nowhere; never shows what it leads to.
    """
    if password.startswith(_REFERENCES):
        kind, _, rest = password.partition(":")
        return _READERS[kind](rest)
    return SecretText(password.removeprefix(_PLAIN))


def _from_environment(name: str) -> str:
    value = SecretText(os.environ.get(name, ""))
    if not value:
        raise Fault(
            f"the environment variable {name} is not set",
            f"export {name} before planning, and before applying",
            "password",
        )
    return value


def _from_file(path: str) -> str:
    problem = ""
    value = ""
    try:
        with Path(path).open("rb") as file:
            value = SecretText(
                file.read(_LONGEST + 1).decode().removesuffix("\n").removesuffix("\r")
            )
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "it is not UTF-8 text"
    if not problem and not value:
        problem = "it is empty"
    if not problem and (len(value) > _LONGEST or "\n" in value):
        problem = "it holds more than one line"
    if problem:
        raise Fault(
            f"the password file {path} cannot be used: {problem}",
            "write the password, and nothing else, into that file",
            "password",
        )
    return value


def _from_keyring(entry: str) -> str:
    service, mark, name = entry.rpartition("/")
    if not mark or not service or not name:
        raise Fault(
            f"keyring:{entry} names no entry", "write it as keyring:SERVICE/NAME", "password"
        )
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - an extra
    except ImportError:
        raise Fault(
            "passwords in a keyring need the extra 'keyring'",
            "install it: pip install 'voxsip[keyring]'",
            "password",
        ) from None
    problem = "has no such entry"
    value: str | None = None
    try:
        value = SecretText(keyring.get_password(service, name) or "")
    except Exception as error:  # whatever a backend raises
        problem = f"cannot be read ({type(error).__name__})"
    if not value:
        raise Fault(
            f"keyring:{entry}: the keyring {problem}",
            f"store it: keyring set {service} {name}",
            "password",
        )
    return value


_REFERENCES = ("env:", "file:", "keyring:")
_READERS: dict[str, Callable[[str], str]] = {
    "env": _from_environment,
    "file": _from_file,
    "keyring": _from_keyring,
}
