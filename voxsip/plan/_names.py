"""Applications, rules and users by id and by exact name, fetched as far as a plan needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip.plan._rows import Fault

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient


class Needs:
    """What must be listed before every row can be resolved.

    Attributes:
        applications: Whether the applications are needed.
        rules: Whether the rules are needed.
        users_of: Applications whose users are needed: ids, or names.
        users_of_rules: Rules whose applications' users are needed.
    """

    __slots__ = ("applications", "rules", "users_of", "users_of_rules")

    def __init__(self) -> None:
        self.applications = False
        self.rules = False
        self.users_of: set[int | str] = set()
        self.users_of_rules: set[int] = set()


class Names:
    """Ids by name, and what belongs to what. Pure.

    Args:
        applications: Names and ids.
        rules: Applications, names and ids.
        users: Names and ids, by application.
    """

    __slots__ = (
        "_application_ids",
        "_application_of",
        "_applications",
        "_rules",
        "_user_ids",
        "_user_names",
        "_users",
    )

    def __init__(
        self,
        applications: list[tuple[str | None, int]] | None = None,
        rules: list[tuple[int | None, str | None, int]] | None = None,
        users: dict[int, list[tuple[str | None, int]]] | None = None,
    ) -> None:
        self._application_ids = {number for _, number in applications or ()}
        self._applications = _by_name(applications or ())
        self._application_of = {number: application for application, _, number in rules or ()}
        grouped: dict[int, list[tuple[str | None, int]]] = {}
        for application, name, number in rules or ():
            grouped.setdefault(application or 0, []).append((name, number))
        self._rules = {application: _by_name(pairs) for application, pairs in grouped.items()}
        self._users = {application: _by_name(pairs) for application, pairs in (users or {}).items()}
        self._user_ids = {
            application: {number for _, number in pairs}
            for application, pairs in (users or {}).items()
        }

        self._user_names: dict[int, str] | None = None

    def name_of_user(self, user: int) -> str | None:
        """Return a user's name, for people; None if it was not listed."""
        if self._user_names is None:
            self._user_names = {
                number: name
                for own in self._users.values()
                for name, numbers in own.items()
                for number in numbers
            }
        return self._user_names.get(user)

    def application(self, wanted: int | str) -> int:
        """Return the id of an application named by id or by name.

        Raises:
            Fault: There is none, or there are two.
        """
        if isinstance(wanted, int):
            if wanted not in self._application_ids:
                raise Fault(f"there is no application {wanted}", _CHECK_ID, "application_id")
            return wanted
        return _single("application", wanted, self._applications.get(wanted), "in this account")

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
            found = self._rules.get(application, {}).get(wanted)
            return _single("rule", wanted, found, f"in application {application}")
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
        if isinstance(wanted, str):
            found = self._users.get(application, {}).get(wanted)
            return _single("user", wanted, found, f"in application {application}")
        if wanted not in self._user_ids.get(application, ()):
            raise Fault(
                f"application {application} has no user {wanted}",
                "name a user of the application, or another application",
                "user_id",
            )
        return wanted


_CHECK_ID = "check the id"


def _by_name(pairs: object) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, number in pairs:  # type: ignore[attr-defined]
        if name is not None:
            found.setdefault(name, []).append(number)
    return found


def _single(kind: str, name: str, found: list[int] | None, where: str) -> int:
    if not found:
        raise Fault(
            f"there is no {kind} {name!r} {where}",
            "check the spelling: names are compared exactly",
            f"{kind}_name",
        )
    if len(found) > 1:
        listed = ", ".join(map(str, found))
        raise Fault(
            f"{kind} {name!r} stands for {len(found)} {kind}s {where}: {listed}",
            f"use {kind}_id",
            f"{kind}_name",
        )
    return found[0]


async def fetch_names(client: BaseAsyncClient, needs: Needs) -> Names:
    """List what is needed, and nothing else.

    Raises:
        VoxsipError: A list could not be fetched.
    """
    applications: list[tuple[str | None, int]] = []
    rules: list[tuple[int | None, str | None, int]] = []
    users: dict[int, list[tuple[str | None, int]]] = {}
    if needs.applications or needs.users_of or needs.users_of_rules:
        applications = [
            (one.application_name, one.application_id) async for one in client.applications.list()
        ]
    if needs.rules:
        rules = [
            (one.application_id, one.rule_name, one.rule_id) async for one in client.rules.list()
        ]
    through_rules = {owner for owner, _, rule in rules if rule in needs.users_of_rules}
    for name, number in applications:
        if number in needs.users_of or name in needs.users_of or number in through_rules:
            users[number] = [
                (user.user_name, user.user_id)
                async for user in client.users.list(application_id=number)
            ]
    return Names(applications, rules, users)
