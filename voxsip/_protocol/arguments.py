"""Types of arguments that are neither plain values nor models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Final, TypeAlias


class All:
    """The type of `voxsip.ALL`, which a command sends as the word `all`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "voxsip.ALL"

    def __reduce__(self) -> str:
        return "ALL"


ALL: Final = All()
"""Every object, in commands that document the word `all`. An empty list never means this."""

FileContent: TypeAlias = bytes | PathLike[str]
"""A file to upload: its bytes, or the path to read them from. Text is rejected: it could be either."""

Json: TypeAlias = Mapping[str, object] | Sequence[object] | str
"""A value sent as JSON text: dicts and lists, or the text itself."""
