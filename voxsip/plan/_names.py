"""Applications, rules and users by id and by exact name, fetched as far as a plan needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import attrs

from voxsip._bindings.name_lists import list_applications, list_rules, list_users
from voxsip._bindings.name_table import NameLookupError, NameTable, Pair, Part
from voxsip.plan._rows import Fault

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient


@attrs.define(eq=False)
class Needs:
    """What must be listed before every row can be resolved.

    Attributes:
        users_of: Applications whose users are needed: ids, or names.
        users_of_rules: Rules whose applications' users are needed.
    """

    applications: bool = False
    rules: bool = False
    users_of: set[int | str] = attrs.field(factory=set)
    users_of_rules: set[int] = attrs.field(factory=set)


class Names:
    """Ids by name, and what belongs to what. Pure.

    Args:
        applications: Names and ids.
        rules: Applications, names and ids.
        users: Names and ids, by application.
    """

    __slots__ = ("_application_of", "_applications", "_rules", "_user_names", "_users")

    def __init__(
        self,
        applications: Sequence[Pair] = (),
        rules: Sequence[tuple[int | None, str | None, int]] = (),
        users: Mapping[int, Sequence[Pair]] = MappingProxyType({}),
    ) -> None:
        self._applications = NameTable(applications)
        self._application_of = {number: application for application, _, number in rules}
        grouped: dict[int, list[Pair]] = {}
        for application, name, number in rules:
            grouped.setdefault(application or 0, []).append((name, number))
        self._rules = {application: NameTable(pairs) for application, pairs in grouped.items()}
        self._users = {application: NameTable(pairs) for application, pairs in users.items()}
        self._user_names: dict[int, str] | None = None

    def name_of_user(self, user: int) -> str | None:
        """Return a user's name, for people; None if it was not listed."""
        if self._user_names is None:
            self._user_names = {
                number: name for own in self._users.values() for name, number in own
            }
        return self._user_names.get(user)

    def application(self, wanted: int | str) -> int:
        """Return the id of an application named by id or by name.

        Raises:
            Fault: There is none, or there are two.
        """
        if isinstance(wanted, int):
            if not self._applications.has(wanted):
                raise Fault(f"there is no application {wanted}", _CHECK_ID, "application_id")
            return wanted
        return _single(self._applications, "application", wanted, None)

    def application_of_rule(self, rule: int) -> int:
        """Return the application that a rule belongs to.

        Raises:
            Fault: There is no such rule.
        """
        application = self._application_of.get(rule)
        if application is None:
            raise Fault(f"there is no rule {rule}", _CHECK_ID, "rule_id")
        return application

    def rule(self, wanted: int | str, application: int) -> int:
        """Return the id of a rule of an application.

        Raises:
            Fault: There is none, there are two, or it belongs to another application.
        """
        if isinstance(wanted, str):
            return _single(self._rules.get(application, _NONE), "rule", wanted, application)
        owner = self.application_of_rule(wanted)
        if owner != application:
            raise Fault(
                f"rule {wanted} belongs to application {owner}, not to {application}",
                "name a rule of the application, or that application",
                "rule_id",
            )
        return wanted

    def user(self, wanted: int | str, application: int) -> int:
        """Return the id of a user of an application.

        Raises:
            Fault: The application has none, or two.
        """
        users = self._users.get(application, _NONE)
        if isinstance(wanted, str):
            return _single(users, "user", wanted, application)
        if not users.has(wanted):
            raise Fault(
                f"application {application} has no user {wanted}",
                "name a user of the application, or another application",
                "user_id",
            )
        return wanted


_CHECK_ID = "check the id"
_NONE = NameTable()


def _single(table: NameTable, part: Part, name: str, application: int | None) -> int:
    try:
        return table.need(part, (name,), application)[name]
    except NameLookupError as error:
        fault = Fault(error.problem, error.remedy, error.field)
    raise fault


async def fetch_names(client: BaseAsyncClient, needs: Needs) -> Names:
    """List what is needed, and nothing else.

    Raises:
        VoxsipError: A list could not be fetched.
    """
    applications: list[Pair] = []
    if needs.applications or needs.users_of or needs.users_of_rules:
        applications = await list_applications(client)
    rules = await list_rules(client) if needs.rules else []
    through_rules = {owner for owner, _, rule in rules if rule in needs.users_of_rules}
    return Names(
        applications,
        rules,
        {
            number: await list_users(client, number)
            for name, number in applications
            if number in needs.users_of or name in needs.users_of or number in through_rules
        },
    )
