"""Secrets carried in values that do not show themselves.

A traceback with locals printed (rich, Sentry, pytest) shows the repr of what every frame holds. So a secret is concealed
where it enters, in the first statement of a public function, and revealed only where it leaves: on the wire, to a
library that signs. In between, whatever prints it shows `***`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

from voxsip._errors import InvalidArgumentError
from voxsip._redaction.text import HIDDEN, is_secret_name

T = TypeVar("T")
_text_of: Callable[[Any], Any] = str.__str__
"""Makes a plain text of a concealed one, in a single step."""


class SecretText(str):
    """A text that shows as `***` in repr, str and format, and is itself to all else.

    It equals, hashes, encodes, joins, pickles and goes into JSON as the text does.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return HIDDEN

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        """Pickle the text itself: rows travel between processes."""
        return type(self), (self.reveal(),)

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> SecretBytes:
        """Return the bytes, concealed as well."""
        return SecretBytes(super().encode(encoding, errors))

    def reveal(self) -> str:
        """Return the plain text."""
        plain: str = _text_of(self)
        return plain


class SecretBytes(bytes):
    """Bytes that show as `***`, and are themselves to all else."""

    __slots__ = ()

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return HIDDEN

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        """Pickle the bytes themselves."""
        return type(self), (self.reveal(),)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> SecretText:
        """Return the text, concealed as well."""
        return SecretText(super().decode(encoding, errors))

    def reveal(self) -> bytes:
        """Return the plain bytes."""
        return super().__bytes__()


class Hidden:
    """Any other value, out of the sight of what prints, or walks into attributes."""

    __slots__ = ("reveal",)

    def __init__(self, value: object) -> None:
        self.reveal: Callable[[], Any] = lambda: value

    def __repr__(self) -> str:
        return HIDDEN

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        """Pickle the value itself."""
        return type(self), (self.reveal(),)


_CONCEALED = frozenset({SecretText, SecretBytes, Hidden, type(None)})


def conceal(value: T) -> T:
    """Return a secret as a value that does not show itself; None stays None.

    Text stays text to a type checker and to all code. A wrong type is kept for the error message, out of sight.
    """
    if type(value) in _CONCEALED:
        return value
    if isinstance(value, str):
        return cast("T", SecretText(value))
    if isinstance(value, list | tuple):
        return cast("T", [conceal(item) for item in value])
    return cast("T", Hidden(value))


def reveal(value: T) -> T:
    """Return the plain value, for where it leaves."""
    kind = type(value)
    if kind is SecretText:
        plain: T = _text_of(value)  # `cast` is a call, and this is made several times a request
        return plain
    if kind is SecretBytes or kind is Hidden:
        return cast("T", cast("Hidden", value).reveal())
    return value


def conceal_members(mapping: Mapping[str, T]) -> Mapping[str, T]:
    """Return a mapping with the values of secret names concealed; itself if it has none."""
    if any(map(is_secret_name, mapping)):
        return {
            name: conceal(value) if is_secret_name(name) else value
            for name, value in mapping.items()
        }
    return mapping


def conceal_arguments(params: Mapping[str, Any] | Hidden | None) -> Any:
    """Return the arguments of a call, secret ones concealed; all of it hidden if it is no mapping.

    The result is for `checked_arguments`, which complains: only once no frame holds what was given.
    """
    if params is None:
        return {}
    if isinstance(params, Hidden):
        return params
    given: object = params
    return dict(conceal_members(params)) if isinstance(given, Mapping) else Hidden(params)


def checked_arguments(params: Any) -> dict[str, Any]:
    """Return arguments that `conceal_arguments` found to be a mapping.

    Raises:
        InvalidArgumentError: They are none.
    """
    if isinstance(params, Hidden):
        message = f"params: expected a mapping of names to values, got {type_name(params)}"
        raise InvalidArgumentError(message, field="params")
    return cast("dict[str, Any]", params)


def type_name(value: object) -> str:
    """Return the name of a value's type, of a concealed one that of the plain value."""
    return type(reveal(value)).__name__


def secret_texts(value: object) -> Iterator[SecretText]:
    """Yield the texts that a secret argument would be echoed as, each concealed."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from secret_texts(item)
    elif value is not None:
        yield SecretText(str(reveal(value)))
