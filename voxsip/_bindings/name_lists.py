"""Lists names and ids; no other module requests them.

A filter by name matches parts of names, so a filtered list has every id of each name on it. `name_table` compares names
exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip._bindings.listing import every_item
from voxsip._bindings.name_table import Pair, Part

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient


async def list_applications(client: BaseAsyncClient, name: str | None = None) -> list[Pair]:
    """Return the applications of the account, or those whose name contains a text.

    Raises:
        VoxsipError: A page could not be read.
    """
    pager = client.applications.list(application_name=name)
    found = await every_item(pager, "GetApplications")
    return [(one.application_name, one.application_id) for one in found]


async def list_users(
    client: BaseAsyncClient, application: int, name: str | None = None
) -> list[Pair]:
    """Return the users of an application, or those whose name contains a text.

    Raises:
        VoxsipError: A page could not be read.
    """
    pager = client.users.list(application_id=application, user_name=name)
    found = await every_item(pager, "GetUsers")
    return [(one.user_name, one.user_id) for one in found]


async def list_rules(
    client: BaseAsyncClient, application: int | None = None, name: str | None = None
) -> list[tuple[int | None, str | None, int]]:
    """Return the rules of the account or of one application.

    Each is a tuple of the application's id, the rule's name and the rule's id.

    Raises:
        VoxsipError: A page could not be read.
    """
    pager = client.rules.list(application_id=application, rule_name=name)
    found = await every_item(pager, "GetRules")
    return [(one.application_id, one.rule_name, one.rule_id) for one in found]


async def list_part(
    client: BaseAsyncClient, part: Part, application: int | None, name: str | None = None
) -> list[Pair]:
    """Return the applications of the account, or the users or rules of an application.

    Raises:
        VoxsipError: A page could not be read.
    """
    if part == "application" or application is None:
        return await list_applications(client, name)
    if part == "user":
        return await list_users(client, application, name)
    return [(own, number) for _, own, number in await list_rules(client, application, name)]
