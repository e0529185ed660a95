"""`client.resolve`: finds the ids of applications, users and rules by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from voxsip._bindings.name_lists import list_part
from voxsip._bindings.name_table import NameTable, Part
from voxsip._errors import InvalidArgumentError
from voxsip._printable import brief

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient
    from voxsip._protocol.interfaces import Runner

Scope = tuple[Part, int | None]
"""The kind of object, and the application that it belongs to, or None."""
FEW = 3
"""The most names that are requested one by one; for more, the whole list is read."""


class AsyncResolve:
    """Lookups of ids by exact name: `client.resolve`.

    Case and spelling must match. An id that was found is kept as long as the client, so each name takes one request; a
    name that was not found is requested again each time. Call `forget` after an object was renamed, or deleted and
    created again.
    """

    def __init__(self, client: BaseAsyncClient) -> None:
        self._client = client
        self._tables: dict[Scope, NameTable] = {}
        self._missing: dict[Scope, dict[str, None]] = {}
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Scope, asyncio.Lock]] = (
            WeakKeyDictionary()
        )

    async def application(self, name: str) -> int:
        """Return the id of an application.

        Args:
            name (str): Name of the application.

        Raises:
            NameLookupError: There is no application of this name.
            VoxsipError: The list could not be read.
        """
        return (await self.applications([name]))[name]

    async def user(self, name: str, *, application: int | str) -> int:
        """Return the id of a user.

        Args:
            name (str): Login name of the user.
            application (int | str): Application of the user, by id or by name.

        Raises:
            NameLookupError: There is no user of this name in the application, or no such application.
            VoxsipError: The list could not be read.
        """
        return (await self.users([name], application=application))[name]

    async def rule(self, name: str, *, application: int | str) -> int:
        """Return the id of a rule.

        Args:
            name (str): Name of the rule.
            application (int | str): Application of the rule, by id or by name.

        Raises:
            NameLookupError: There is no rule of this name in the application, or no such application.
            VoxsipError: The list could not be read.
        """
        return (await self.rules([name], application=application))[name]

    async def applications(self, names: Iterable[str]) -> dict[str, int]:
        """Return the ids of several applications by name.

        Args:
            names (Iterable[str]): Names of applications.

        Raises:
            NameLookupError: No application has some of the names.
            VoxsipError: The list could not be read.
        """
        return await self._ids("application", None, names)

    async def users(self, names: Iterable[str], *, application: int | str) -> dict[str, int]:
        """Return the ids of several users of an application by name.

        Args:
            names (Iterable[str]): Login names of users.
            application (int | str): Application of the users, by id or by name.

        Raises:
            NameLookupError: No user of the application has some of the names, or there is no such application.
            VoxsipError: The list could not be read.
        """
        return await self._ids("user", await self._application(application), names)

    async def rules(self, names: Iterable[str], *, application: int | str) -> dict[str, int]:
        """Return the ids of several rules of an application by name.

        Args:
            names (Iterable[str]): Names of rules.
            application (int | str): Application of the rules, by id or by name.

        Raises:
            NameLookupError: No rule of the application has some of the names, or there is no such application.
            VoxsipError: The list could not be read.
        """
        return await self._ids("rule", await self._application(application), names)

    def forget(self) -> None:
        """Drop everything that was kept: the next call asks the service."""
        self._tables.clear()

    async def _application(self, wanted: object) -> int:
        if isinstance(wanted, str):
            return await self.application(wanted)
        if type(wanted) is not int or wanted < 1:
            raise InvalidArgumentError(
                f"application: expected an id (a positive whole number) or a name, got {brief(wanted)}",
                field="application",
            )
        return wanted

    async def _ids(
        self, part: Part, application: int | None, names: Iterable[str]
    ) -> dict[str, int]:
        scope, wanted = (part, application), _checked(part, names)
        if self._unknown(scope, wanted):
            await self._fetch(scope, wanted)
        return self._table(scope).need(part, wanted, application)

    async def _fetch(self, scope: Scope, wanted: list[str]) -> None:
        """List missing names, those of concurrent callers included."""
        waiting = self._missing.setdefault(scope, {})
        waiting.update(dict.fromkeys(wanted))
        try:
            async with self._lock(scope):
                missing = self._unknown(scope, waiting)
                if len(missing) > FEW:
                    self._table(scope).learn(await list_part(self._client, *scope))
                    missing = self._unknown(scope, wanted)
                for name in missing[:FEW]:  # including names that moved to another page meanwhile
                    self._table(scope).learn(await list_part(self._client, *scope, name))
        finally:
            for name in wanted:
                waiting.pop(name, None)

    def _table(self, scope: Scope) -> NameTable:
        return self._tables.setdefault(scope, NameTable())

    def _unknown(self, scope: Scope, names: Iterable[str]) -> list[str]:
        table = self._table(scope)
        return [name for name in names if not table.ids(name)]

    def _lock(self, scope: Scope) -> asyncio.Lock:
        """Return the running loop's lock: clients may be used on several loops."""
        locks = self._locks.setdefault(asyncio.get_running_loop(), {})
        return locks.setdefault(scope, asyncio.Lock())


class Resolve:
    """Lookups of ids by exact name, of the blocking client; see `AsyncResolve`."""

    def __init__(self, aio: AsyncResolve, runner: Runner) -> None:
        self._aio = aio
        self._runner = runner

    def application(self, name: str) -> int:
        """Return the id of an application; see `AsyncResolve.application`."""
        return self._runner.run(self._aio.application(name))

    def user(self, name: str, *, application: int | str) -> int:
        """Return the id of a user; see `AsyncResolve.user`."""
        return self._runner.run(self._aio.user(name, application=application))

    def rule(self, name: str, *, application: int | str) -> int:
        """Return the id of a rule; see `AsyncResolve.rule`."""
        return self._runner.run(self._aio.rule(name, application=application))

    def applications(self, names: Iterable[str]) -> dict[str, int]:
        """Return the ids of several applications by name; see `AsyncResolve.applications`."""
        return self._runner.run(self._aio.applications(_checked("application", names)))

    def users(self, names: Iterable[str], *, application: int | str) -> dict[str, int]:
        """Return the ids of several users by name; see `AsyncResolve.users`."""
        return self._runner.run(self._aio.users(_checked("user", names), application=application))

    def rules(self, names: Iterable[str], *, application: int | str) -> dict[str, int]:
        """Return the ids of several rules by name; see `AsyncResolve.rules`."""
        return self._runner.run(self._aio.rules(_checked("rule", names), application=application))

    def forget(self) -> None:
        """Drop everything that was kept: the next call asks the service."""
        self._aio.forget()


def _checked(part: Part, names: Iterable[str]) -> list[str]:
    given: object = names
    if isinstance(given, str) or not isinstance(given, Iterable):
        what = "one text" if isinstance(given, str) else type(given).__name__
        raise InvalidArgumentError(
            f"names: expected several names of {part}s, got {what}; use resolve.{part}(name)",
            field="names",
        )
    wanted = list(names)
    for name in wanted:
        text: object = name
        if not isinstance(text, str) or not text:
            raise InvalidArgumentError(
                f"{part}_name: expected text that is not empty, got {brief(text)}",
                field=f"{part}_name",
            )
    return list(dict.fromkeys(wanted))
