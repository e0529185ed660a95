"""Values that hold a secret and show `***` when printed.

A traceback with local variables (rich, Sentry, pytest) prints the repr of every value in every frame. So a public
function conceals a secret in its first statement, and the secret is revealed only for the wire or a library that
signs. In between it prints as `***`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Never, TypeVar, cast

from voxsip._errors import InvalidArgumentError
from voxsip._redaction.text import HIDDEN, is_secret_name

T = TypeVar("T")
_text_of: Callable[[Any], Any] = str.__str__
"""Returns the plain text of a concealed one, in a single call."""


class _Concealed:
    """A value that shows as `***` in repr, str and format.

    It is pickled with the plain value: rows are sent between processes.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return HIDDEN

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return type(self), (reveal(self),)


class SecretText(_Concealed, str):
    """A text that shows as `***` in repr, str and format.

    In all else (equality, hash, encoding, joining, pickle, JSON) it is like the plain text.
    """

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> SecretBytes:
        """Return the bytes, concealed as well."""
        return SecretBytes(super().encode(encoding, errors))

    def reveal(self) -> str:
        """Return the plain text."""
        plain: str = _text_of(self)
        return plain


class SecretBytes(_Concealed, bytes):
    """Bytes that show as `***`; in all else they are like plain bytes."""

    __slots__ = ()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> SecretText:
        """Return the text, concealed as well."""
        return SecretText(super().decode(encoding, errors))

    def reveal(self) -> bytes:
        """Return the plain bytes."""
        return super().__bytes__()


class Hidden(_Concealed):
    """Any other value, hidden from code that prints it or walks its attributes."""

    __slots__ = ("reveal",)

    def __init__(self, value: object) -> None:
        self.reveal: Callable[[], Any] = lambda: value


_CONCEALED = frozenset({SecretText, SecretBytes, Hidden, type(None)})


def conceal(value: T) -> T:
    """Return a secret as a value that shows `***`; None stays None.

    Text stays a `str`. A value of a wrong type becomes `Hidden`; the error about it can still name its type.
    """
    if type(value) in _CONCEALED:
        return value
    if isinstance(value, str):
        return cast("T", SecretText(value))
    if isinstance(value, list | tuple):
        return cast("T", [conceal(item) for item in value])
    return cast("T", Hidden(value))


def reveal(value: T) -> T:
    """Return the plain value of a concealed one, or the value itself."""
    kind = type(value)
    if kind is SecretText:
        plain: T = _text_of(value)  # without `cast`, a call: this runs several times a request
        return plain
    if kind is SecretBytes or kind is Hidden:
        return cast("T", cast("Hidden", value).reveal())
    return value


def conceal_members(mapping: Mapping[str, T]) -> Mapping[str, T]:
    """Return a mapping with the values of secret names concealed."""
    if any(map(is_secret_name, mapping)):
        return {
            name: conceal(value) if is_secret_name(name) else value
            for name, value in mapping.items()
        }
    return mapping


def conceal_arguments(params: Mapping[str, Any] | Hidden | None) -> Any:
    """Return the arguments of a call with secret ones concealed.

    Arguments that are no mapping are hidden whole. `checked_arguments` raises for them, when no frame holds the plain
    value any more.
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
        InvalidArgumentError: The arguments are not a mapping.
    """
    if isinstance(params, Hidden):
        message = f"params: expected a mapping of names to values, got {type_name(params)}"
        raise InvalidArgumentError(message, field="params")
    return cast("dict[str, Any]", params)


def refuse_copies(holder: object, remedy: str) -> Never:
    """Refuse to copy or pickle an object that holds a key or a token.

    A pickle would have it in plain text, and connections belong to one process.

    Raises:
        TypeError: In every case.
    """
    raise TypeError(
        f"{type(holder).__name__} cannot be copied or pickled: it holds a secret; make one in each process; {remedy}"
    )


def type_name(value: object) -> str:
    """Return the name of a value's type; for a concealed value, that of the plain one."""
    return type(reveal(value)).__name__


def secret_texts(value: object) -> Iterator[SecretText]:
    """Yield the texts to redact for a secret argument or a list of them, concealed."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from secret_texts(item)
    elif value is not None:
        yield SecretText(str(reveal(value)))
