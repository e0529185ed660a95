"""From an HTTP request to a call, in every shape that the vendor's own clients and docs use."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from aiohttp import BadContentDispositionHeader, BadContentDispositionParam
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import FileField

from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.service import Call
from voxsip.emulator._service.values import INVALID_ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp.web import BaseRequest

API_PATH = "/platform_api"

_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_MOST_FIELDS = 1000
# What aiohttp raises for a form that it cannot read; warnings as well, if they are errors.
_UNREADABLE = (
    ValueError,
    LookupError,
    AssertionError,
    HttpProcessingError,
    BadContentDispositionHeader,
    BadContentDispositionParam,
)


async def read_call(request: BaseRequest) -> Call:
    """Read a command and its parameters.

    The command is the last step of the path, or the parameter `cmd` if the path has none.
    Parameters come in the query, in an urlencoded or in a multipart form; a form's win. Files are parts of a
    multipart form. A parameter given several times is a list, as if joined by `;`. Other bodies, such as the `{}` of
    the vendor's samples, are not looked at.

    Raises:
        RefusedError: 101 for a form that cannot be read.
    """
    parameters: dict[str, str] = {}
    files: dict[str, bytes] = {}
    query = request.rel_url.raw_query_string
    try:
        if query:
            _merge(
                parameters,
                parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS),
            )
        if request.body_exists and request.content_type in _FORMS:
            form: dict[str, str] = {}
            posted = await request.post()
            for name, value in posted.items():
                if isinstance(value, FileField):
                    files[name] = value.file.read()
                else:
                    _merge(form, [(name, _text(value))])
            parameters.update(form)
        for text in (*parameters, *parameters.values()):
            text.encode()  # the charset that a form names may make text that UTF-8 cannot carry
    except _UNREADABLE:
        raise RefusedError(INVALID_ARGUMENTS, "The parameters cannot be read") from None
    command = request.path[len(API_PATH) :].strip("/") or parameters.get("cmd", "")
    return Call(
        command=command,
        parameters=parameters,
        files=files,
        authorization=request.headers.get("Authorization"),
    )


def _text(value: str | bytes | bytearray) -> str:
    """Return what a field holds, as far as it is text."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _merge(into: dict[str, str], pairs: Iterable[tuple[str, str]]) -> None:
    for name, value in pairs:
        into[name] = f"{into[name]};{value}" if name in into else value
