"""Types of arguments that are neither plain values nor models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from os import PathLike
from typing import Final, TypeAlias


class All(Enum):
    """The type of `voxsip.ALL`, which stands for every one where a command documents the word `all`."""

    ALL = "all"

    def __repr__(self) -> str:
        return "voxsip.ALL"


ALL: Final = All.ALL
"""Every one of them, where a command documents it. An empty list never means this."""

FileContent: TypeAlias = bytes | PathLike[str]
"""A file to upload: its bytes, or the path to read them from. Text is refused: it could be either."""

Json: TypeAlias = Mapping[str, object] | Sequence[object] | str
"""A value that goes as JSON text: dicts and lists, or the text itself."""
