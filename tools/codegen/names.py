"""Names: from the API's to Python's."""

from __future__ import annotations

import keyword
import re

_WORD_STARTS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z](?!\b|_))")

_READING = re.compile(r"(?:SQ_|A2P)?Get|Check|Is[A-Z]")


def is_reading(command: str) -> bool:
    """Returns whether a command's name says that it only reads."""
    return _READING.match(command) is not None


def constant(command: str) -> str:
    """Name the constant of a command: `GetSipRegistrations` becomes `GET_SIP_REGISTRATIONS`."""
    return _WORD_STARTS.sub("_", command).upper()


def class_name(group: str) -> str:
    """Name the class of a group: `sip_registrations` becomes `SipRegistrations`."""
    return "".join(part.capitalize() for part in group.split("_"))


def usable(name: str) -> str:
    """Return a name that Python takes for a member: a keyword gets an underscore."""
    return f"{name}_" if keyword.iskeyword(name) else name


def is_usable(name: str) -> bool:
    """Returns whether Python takes a name for a parameter or a member, as it is."""
    return name.isidentifier() and not keyword.iskeyword(name)
