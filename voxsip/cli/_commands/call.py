"""`voxsip call`: any command of the Management API, its arguments as `name=value`."""

from __future__ import annotations

import difflib
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from voxsip.cli._commands.registrations import Json
from voxsip.cli._connection import DEFAULT, Connection, run
from voxsip.cli._exit_codes import CommandError
from voxsip.cli._terminal.output import print_json
from voxsip.spec.document import operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxsip import AsyncClient


def call(
    command: str,
    /,
    *arguments: Annotated[str, Parameter(metavar="NAME=VALUE")],
    json: Json = False,  # noqa: ARG001 - the reply is JSON either way; scripts name it all the same
    connection: Connection = DEFAULT,
) -> int:
    """Send any command of the Management API and print its reply as JSON.

    Arguments:
        command: As the API spells it, GetCallHistory for example.
        arguments: The command's own; lists are joined by ";", a file is @PATH.
    """
    operation = _find(command)
    values = dict(_argument(command, operation, text) for text in arguments)

    async def send(client: AsyncClient) -> None:
        print_json(await client.call(command, values))

    async def main() -> int:
        async with connection.client() as client:
            await send(client)
        return 0

    return run(main())


def _find(command: str) -> dict[str, Any]:
    known = operations()
    if command not in known:
        raise CommandError(f"{command}: no such command{_guess(command, known)}")
    if "application/json" not in known[command]["responses"]["200"]["content"]:
        raise CommandError(
            f"{command}: its reply is a file; download it with the library, "
            f"client.{known[command]['x-method']}"
        )
    return known[command]


def _argument(command: str, operation: dict[str, Any], text: str) -> tuple[str, Any]:
    """Take `name=value` apart, and read the value as the spec says."""
    name, sign, value = text.partition("=")
    if not sign:
        raise CommandError(f"{command}: {name!r}: expected NAME=VALUE")
    schemas = {item["name"]: item["schema"] for item in operation["parameters"]}
    if name not in schemas:
        raise CommandError(f"{command}: {name}: no such parameter{_guess(name, schemas)}")
    try:
        return name, _value(schemas[name], value)
    except (ValueError, InvalidOperation):
        kind = schemas[name].get("format") or schemas[name]["type"]
        raise CommandError(f"{command}: {name}: expected a value of type {kind}") from None


def _value(schema: dict[str, Any], text: str) -> Any:
    if schema["type"] == "array":
        return [_value(schema["items"], item) for item in text.split(";")]
    if schema.get("format") == "binary":
        return Path(text.removeprefix("@"))
    return _READERS.get(schema.get("format") or schema["type"], str)(text)


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)
    return text.lower() == "true"


def _timestamp(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": Decimal,
    "decimal": Decimal,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "timestamp": _timestamp,
    "unix": _timestamp,
}


def _guess(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f"; did you mean {close[0]}?" if close else ""
