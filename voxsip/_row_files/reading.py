"""How a row file is to be read: which of its columns is which, what holds for all rows, how it is encoded."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from attrs import evolve, field, frozen

from voxsip._bindings.rows import SECRET_COLUMNS
from voxsip._errors import InvalidArgumentError
from voxsip._redaction.values import SecretText

_KEYS = {"map": dict, "set": dict, "ignore_extra_columns": bool, "encoding": str, "sheet": str}


@frozen(kw_only=True)
class Reading:
    """How a row file is read.

    Attributes:
        names: Columns of the API by the headers that stand for them in the file.
        constants: Values of columns that hold for all rows, as text.
        ignore_extra: Skip columns that have no meaning for these rows.
        encoding: The encoding of a text file; None for UTF-8, UTF-16 with its mark, or a guess.
        sheet: The sheet of a workbook; None for the first one.
    """

    names: Mapping[str, str] = field(factory=dict)
    constants: Mapping[str, str] = field(factory=dict)
    ignore_extra: bool = False
    encoding: str | None = None
    sheet: str | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in self.constants:
            if name in SECRET_COLUMNS:
                raise InvalidArgumentError(
                    f"set: {name} is a secret, and cannot be set for all rows; put it into the file of rows, "
                    "or name the file that has it in a column password_from",
                    field="set",
                )
        if self.encoding is not None:
            try:
                # Fails for codecs that are no encodings of text, such as rot13, too.
                "".encode(self.encoding)
            except (LookupError, ValueError):
                raise InvalidArgumentError(
                    f"file_encoding: {self.encoding!r} is not known; "
                    "give one such as utf-8, windows-1251 or utf-16",
                    field="file_encoding",
                ) from None

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Self:
        """Read the settings from a TOML file; its keys are those of `_KEYS`.

        Raises:
            InvalidArgumentError: It cannot be read, or holds something else.
        """

        def wrong(problem: str) -> InvalidArgumentError:
            return InvalidArgumentError(f"columns: {os.fsdecode(path)}: {problem}", field="columns")

        try:
            told = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise wrong(f"cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise wrong("it is not UTF-8; save it as such") from None
        except tomllib.TOMLDecodeError as error:
            raise wrong(f"it is no TOML: {error}") from None
        for key, value in told.items():
            kind = _KEYS.get(key)
            if kind is None:
                raise wrong(f"unknown key {key!r}; known are {', '.join(_KEYS)}")
            if not isinstance(value, kind):
                raise wrong(f"{key}: expected a {_WORDS[kind]}")
            if isinstance(value, dict) and not all(isinstance(one, str) for one in value.values()):
                raise wrong(f'{key}: expected texts, as in "name"')
        try:
            return cls(
                names=told.get("map", {}),
                constants=told.get("set", {}),
                ignore_extra=told.get("ignore_extra_columns", False),
                encoding=told.get("encoding"),
                sheet=told.get("sheet"),
            )
        except InvalidArgumentError as error:
            raise wrong(str(error).replace("file_encoding: ", "encoding: ")) from None

    def to_dict(self) -> dict[str, Any]:
        """Return the settings for a UTF-8 text file as JSON-able data."""
        return {
            "names": dict(self.names),
            "constants": dict(self.constants),
            "ignore_extra": self.ignore_extra,
        }

    def with_more(
        self,
        *,
        names: Iterable[str] = (),
        constants: Iterable[str] = (),
        ignore_extra: bool = False,
        encoding: str | None = None,
        sheet: str | None = None,
    ) -> Self:
        """Return this with what a command line adds.

        Args:
            names: "HEADER=COLUMN" each.
            constants: "COLUMN=VALUE" each.

        Raises:
            InvalidArgumentError: A text without "=", or one thing twice.
        """
        return evolve(
            self,
            names={**self.names, **_pairs("map", names)},
            constants={**self.constants, **_pairs("set", constants)},
            ignore_extra=self.ignore_extra or ignore_extra,
            encoding=self.encoding if encoding is None else encoding,
            sheet=self.sheet if sheet is None else sheet,
        )


PLAIN = Reading()
_WORDS: dict[type, str] = {dict: "table", bool: "true or false", str: "text"}


def _pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    found: dict[str, Any] = {}
    for text in texts:
        left, mark, right = text.partition("=")
        left, right = left.strip(), right.strip()
        if not mark or not left or not right:
            wanted = "HEADER=COLUMN" if option == "map" else "COLUMN=VALUE"
            shown = left if left in SECRET_COLUMNS else text
            raise InvalidArgumentError(f"{option}: {shown!r}: expected {wanted}", field=option)
        if left in found:
            raise InvalidArgumentError(f"{option}: {left} is given twice", field=option)
        found[left] = SecretText(right) if left in SECRET_COLUMNS else right
    return found
