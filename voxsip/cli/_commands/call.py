"""`voxsip call`: any command of the Management API, its arguments as `name=value`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from voxsip import InvalidArgumentError
from voxsip._printable import nearest
from voxsip.cli._commands.registrations import Json
from voxsip.cli._connection import DEFAULT, Connection
from voxsip.cli._exit_codes import CommandError, print_message
from voxsip.cli._terminal.output import print_json
from voxsip.cli._values import WrongValueError, read_value
from voxsip.spec.document import attributes, operations

if TYPE_CHECKING:
    from voxsip import AsyncClient, AsyncDownload

CONFIRM = {"name": "confirm_all", "schema": {"type": "boolean"}}
"""Not of the API: what a deletion of all asks for."""
JSON = "application/json"


def call(
    command: str,
    /,
    *arguments: Annotated[str, Parameter(metavar="NAME=VALUE")],
    output: Annotated[str | None, Parameter(name=("--output", "-o"), metavar="FILE")] = None,
    json: Json = False,  # noqa: ARG001 - the reply is JSON either way; scripts name it all the same
    connection: Connection = DEFAULT,
) -> int:
    """Send any command of the Management API and print its whole reply as JSON.

    Args:
        command: Name of the command in the API, for example GetCallHistory.
        arguments: The command's own. Lists are joined by ";"; a day is 2026-01-31, a moment 2026-01-31T12:00:00, in
            UTC unless it has an offset; @PATH reads a file, also for JSON and secrets; "all" means every one, if the
            command accepts it. A deletion of all needs confirm_all=true as well.
        output: File for a reply that is a file. It appears under its name only when it is complete.
    """
    operation = _find(command)
    values: dict[str, Any] = {}
    for text in arguments:
        name, value = _argument(command, operation, text)
        if name in values:
            raise CommandError(f"{command}: {name}: given twice; join lists by ';'")
        values[name] = value
    method = _method(command, operation, values, output)

    async def send(client: AsyncClient) -> None:
        if method is None:
            print_json(await client.call(command, values))
        else:
            group = getattr(client, attributes()[command])
            download: AsyncDownload = getattr(group, method)(**values)
            print_message(f"saved {await download.save(output or '')}")

    try:
        connection.run(send)
    except InvalidArgumentError as error:  # arguments are called as they were given, not as options
        raise CommandError(str(error)) from None
    return 0


def _find(command: str) -> dict[str, Any]:
    known = operations()
    if command not in known:
        raise CommandError(f"{command}: no such command{_guess(command, known)}")
    return known[command]


def _argument(command: str, operation: dict[str, Any], text: str) -> tuple[str, Any]:
    """Take `name=value` apart, and read the value as the spec says."""
    name, sign, value = text.partition("=")
    if not sign:
        raise CommandError(f"{command}: {name!r}: expected NAME=VALUE")
    parameters = {item["name"]: item for item in operation["parameters"]}
    if operation["x-retry"] == "delete" and any(item.get("x-all") for item in parameters.values()):
        parameters["confirm_all"] = CONFIRM
    if name not in parameters:
        raise CommandError(f"{command}: {name}: no such parameter{_guess(name, parameters)}")
    try:
        return name, read_value(parameters[name], value)
    except WrongValueError as error:
        raise CommandError(f"{command}: {name}: {error}") from None


def _method(
    command: str, operation: dict[str, Any], values: dict[str, Any], output: str | None
) -> str | None:
    """Return the method that downloads the reply, or None; drop values that it fixes.

    Raises:
        CommandError: A file has no place to go, or there is a place and no file.
    """
    variants = operation.get("x-variants", {}).items()
    formats = {name: each["fixed"] for name, each in variants if each.get("file")}
    method = None
    if JSON not in operation["responses"]["200"]["content"]:
        method = operation["x-method"]
    for name, fixed in formats.items():
        if all(values.get(key) == value for key, value in fixed.items()):
            method = name
            for key in fixed:
                del values[key]
        for key, value in fixed.items():
            if values.get(key, "json") != "json":
                raise CommandError(f"{command}: {key}: expected json or {value}")
    if method is not None and output is None:
        raise CommandError(f"{command}: its reply is a file; say where to save it: --output FILE")
    if method is None and output is not None:
        hints = [f"{key}={value}" for fixed in formats.values() for key, value in fixed.items()]
        hint = f"; with {' '.join(hints)} it is one" if hints else ""
        raise CommandError(f"{command}: its reply is no file, leave out --output{hint}")
    return method


def _guess(name: str, known: Any) -> str:
    close = nearest(name, known, 0.5)
    return f"; did you mean {close}?" if close else ""
