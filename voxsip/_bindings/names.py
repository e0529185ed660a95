"""Finds an account's applications, users and rules by name; lists are fetched when a row first needs them.

Whole lists are fetched and kept for the job: they grow with the account, not with the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from voxsip._bindings.name_lists import list_applications, list_rules, list_users
from voxsip._bindings.name_table import NameTable, Pair
from voxsip._bindings.rows import BindRequest, CreateRequest
from voxsip._bindings.state import Change

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient

Named = BindRequest | CreateRequest


class AccountNames:
    """The names of an account; only lists that rows need are fetched.

    Args:
        client: The client that lists applications, users and rules.
    """

    def __init__(self, client: BaseAsyncClient) -> None:
        self._client = client
        self._applications: NameTable | None = None
        self._users: dict[int, NameTable] = {}
        self._rules: dict[int, NameTable] | None = None
        self._application_of: dict[int, int] = {}

    def application_of(self, rule: int) -> int | None:
        """Return a rule's application, or None if it is not known."""
        return self._application_of.get(rule)

    # Users only, for the keys of rows

    def knows_user(self, row: Named) -> bool:
        """Returns whether `user_candidates` can answer for this row."""
        if row.user_name is None:
            return True
        if row.application_name is not None and self._applications is None:
            return False
        return all(found in self._users for found in self._application_candidates(row))

    async def learn_user(self, row: Named) -> None:
        """Fetch the lists that `user_candidates` needs for this row.

        Raises:
            VoxsipError: A list could not be fetched.
        """
        await self._learn_applications()
        for application in self._application_candidates(row):
            if application not in self._users:
                await self._learn_users(application)

    def user_candidates(self, row: Named) -> list[int]:
        """Return the ids that the row's user name may have."""
        name = row.user_name or ""
        return [
            user
            for application in self._application_candidates(row)
            if application in self._users
            for user in self._users[application].candidates(name)
        ]

    # All names of a row, for the model

    def knows(self, row: Named) -> bool:
        """Returns whether `resolve` can answer for this row."""
        if row.application_name is not None and self._applications is None:
            return False
        needs_rules = row.rule_name is not None or (
            row.rule_id is not None and not _names_application(row)
        )
        return self.knows_user(row) and (not needs_rules or self._rules is not None)

    async def learn(self, row: Named) -> None:
        """Fetch the lists that `resolve` needs for this row.

        Raises:
            VoxsipError: A list could not be fetched.
        """
        if row.application_name is not None:
            await self._learn_applications()
        if row.user_name is not None:
            await self.learn_user(row)
        if self._rules is None and (row.rule_name is not None or row.rule_id is not None):
            rules: dict[int, list[Pair]] = {}
            for application, name, number in await list_rules(self._client):
                if application is not None:
                    self._application_of[number] = application
                    rules.setdefault(application, []).append((name, number))
            self._rules = {application: NameTable(pairs) for application, pairs in rules.items()}

    def resolve(self, row: BindRequest) -> Change | None:
        """Return the row with ids for names; None if a name has no id.

        The API refuses such a row, so it changes nothing.

        Raises:
            NameLookupError: A name has two ids.
        """
        application, rule, user = row.application_id, row.rule_id, row.user_id
        if row.application_name is not None:
            known = self._applications
            application = known.find("application", row.application_name) if known else None
            if application is None:
                return None
        if row.rule_name is not None:
            names = (self._rules or {}).get(application or 0)
            rule = names.find("rule", row.rule_name, application) if names else None
            if rule is None:
                return None
        if row.user_name is not None:
            names = self._users.get(application or 0)
            user = names.find("user", row.user_name, application) if names else None
            if user is None:
                return None
        return Change(row.sip_registration_id, application, rule, user, row.bind)

    def _application_candidates(self, row: Named) -> Sequence[int]:
        if row.application_id is not None:
            return (row.application_id,)
        if row.application_name is None or self._applications is None:
            return ()
        return self._applications.candidates(row.application_name)

    async def _learn_applications(self) -> None:
        if self._applications is None:
            self._applications = NameTable(await list_applications(self._client))

    async def _learn_users(self, application: int) -> None:
        known = self._applications
        if known is not None and not known.has(application):
            self._users[application] = NameTable(())  # the API would refuse to list them
            return
        self._users[application] = NameTable(await list_users(self._client, application))


def _names_application(row: Named) -> bool:
    return row.application_id is not None or row.application_name is not None
