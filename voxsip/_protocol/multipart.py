"""Encodes fields and files as a multipart form (RFC 7578). Pure, except that it reads files."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from os import PathLike

_ESCAPES = {ord('"'): "%22", ord("\r"): "%0D", ord("\n"): "%0A"}


def check_file(value: object) -> None:
    """Check that a value is the path of a file that can be read.

    Raises:
        TypeError: The value is not a path.
        ValueError: There is no such file, or it may not be read.
    """
    if not isinstance(value, PathLike):
        raise TypeError("expected bytes or a path (pathlib.Path)")
    if not os.path.isfile(value):  # noqa: PTH113 - any path-like
        raise ValueError("there is no such file")
    if not os.access(value, os.R_OK):
        raise ValueError("the file may not be read")


def read_file(value: object, name: str) -> tuple[str, bytes]:
    """Return the file name and the content of an argument.

    Args:
        value: The bytes, or a path.
        name: The parameter, used as the file name of bytes.

    Raises:
        TypeError: The value is neither.
        ValueError: The file cannot be read.
    """
    if isinstance(value, bytes):
        return name, value
    check_file(value)
    path = os.fspath(value)  # type: ignore[call-overload]
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - any path-like
            return os.path.basename(os.fsdecode(path)), file.read()  # noqa: PTH119
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise ValueError(f"cannot be read: {reason}")


def encode_multipart(
    fields: Iterable[tuple[str, str]], files: Mapping[str, tuple[str, bytes]]
) -> tuple[bytes, str]:
    """Return a body and its `Content-Type`.

    Args:
        fields: The names and values, not encoded.
        files: The file name and content by field name.
    """
    boundary = secrets.token_hex(16)
    parts = []
    for name, value in fields:
        head = f'Content-Disposition: form-data; name="{name}"'
        parts += [f"--{boundary}\r\n{head}\r\n\r\n{value}\r\n".encode()]
    for name, (file_name, content) in files.items():
        shown = file_name.translate(_ESCAPES)
        head = f'Content-Disposition: form-data; name="{name}"; filename="{shown}"'
        kind = "Content-Type: application/octet-stream"
        parts += [f"--{boundary}\r\n{head}\r\n{kind}\r\n\r\n".encode(), content, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"
