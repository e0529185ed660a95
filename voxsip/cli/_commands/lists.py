"""`voxsip applications|users|rules list` and `voxsip account`: what an account holds, for people and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from voxsip.cli._commands.registrations import Json
from voxsip.cli._connection import DEFAULT, Connection
from voxsip.cli._parameters import ID, NAME, TEXT
from voxsip.cli._terminal.output import plain, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxsip import AsyncClient, AsyncPager


def applications(
    *,
    application_name: Annotated[str | None, TEXT] = None,
    json: Json = False,
    connection: Connection = DEFAULT,
) -> int:
    """List applications.

    Args:
        application_name: Only those whose name contains this text.
    """
    columns = ("application_id", "application_name", "modified")
    return _show(
        lambda client: client.applications.list(application_name=application_name),
        columns,
        connection,
        json=json,
    )


def users(
    *,
    application_id: Annotated[int | None, ID] = None,
    application_name: Annotated[str | None, NAME] = None,
    user_name: Annotated[str | None, TEXT] = None,
    json: Json = False,
    connection: Connection = DEFAULT,
) -> int:
    """List users.

    Args:
        application_id: Only those of this application.
        application_name: Only those of this application.
        user_name: Only those whose name contains this text.
    """
    columns = ("user_id", "user_name", "user_display_name", "user_active")
    return _show(
        lambda client: client.users.list(
            application_id=application_id, application_name=application_name, user_name=user_name
        ),
        columns,
        connection,
        json=json,
    )


def rules(
    *,
    application_id: Annotated[int | None, ID] = None,
    application_name: Annotated[str | None, NAME] = None,
    rule_name: Annotated[str | None, TEXT] = None,
    json: Json = False,
    connection: Connection = DEFAULT,
) -> int:
    """List rules.

    Args:
        application_id: Only those of this application.
        application_name: Only those of this application.
        rule_name: Only those whose name contains this text.
    """
    columns = ("rule_id", "rule_name", "rule_pattern", "application_id")
    return _show(
        lambda client: client.rules.list(
            application_id=application_id, application_name=application_name, rule_name=rule_name
        ),
        columns,
        connection,
        json=json,
    )


def account(*, json: Json = False, connection: Connection = DEFAULT) -> int:
    """Show the account: name, balance, settings."""

    async def read(client: AsyncClient) -> Any:
        return (await client.accounts.get_account_info(return_live_balance=True)).result

    info = connection.run(read)
    if json:
        print_json(info)
    else:
        print_table(("what", "value"), list(plain(info).items()))
    return 0


def _show(
    find: Callable[[AsyncClient], AsyncPager[Any]],
    columns: tuple[str, ...],
    connection: Connection,
    *,
    json: bool,
) -> int:
    async def show(client: AsyncClient) -> None:
        rows = []
        async for item in find(client):
            if json:
                print_json(item)
            else:
                rows.append([getattr(item, name, None) for name in columns])
        print_table(columns, rows)

    connection.run(show)
    return 0
