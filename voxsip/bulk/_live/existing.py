"""The live state of an account's registrations, read by paging once: for `skip_unchanged` and `verify`."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from voxsip._bindings.listing import BoundRegistration, every_binding, every_registration
from voxsip._bindings.name_table import NameLookupError
from voxsip._bindings.rows import BindRequest, CreateRequest, DeleteRequest, Row
from voxsip._bindings.state import ANY, Binding, BindingState
from voxsip._errors import InvalidArgumentError, VoxsipError
from voxsip._protocol.identity import fold_login
from voxsip._protocol.model import Model
from voxsip.bulk._outcomes import Mismatch, Outcome, Report
from voxsip.bulk._replies import made_by, reply_of

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient
    from voxsip._bindings.names import AccountNames
    from voxsip._generated.sip_registrations.models import SipRegistration

log = logging.getLogger("voxsip.bulk")
SHOWN = 100
"""Mismatches kept in a report; all are counted."""


def binding_of(registration: SipRegistration | BoundRegistration) -> Binding:
    """Return what a registration is bound to, as the API lists it."""
    return Binding(registration.application_id, registration.rule_id, registration.user_id)


async def read_bindings(client: BaseAsyncClient) -> dict[int, Binding]:
    """Return the bindings of all registrations. Some 150 bytes each."""
    known: dict[Binding, Binding] = {}
    return {
        item.sip_registration_id: known.setdefault(binding := binding_of(item), binding)
        async for item in every_binding(client)
    }


class Existing:
    """The registrations that exist, so that rows for them are not sent again.

    A registration is the same as a row of a purchase if SIP user name and proxy are; as many rows as there
    are such registrations hold. Their bindings do not matter: a later row may have changed them. A row is not bought
    while a registration of nearly its name is there that no other row stands for.
    """

    __slots__ = ("_by_login", "_ids", "_near")

    def __init__(self) -> None:
        self._by_login: dict[tuple[str, str], deque[int]] = {}
        self._near: dict[tuple[str, str], set[tuple[str, str]]] = {}
        self._ids: set[int] = set()

    async def read(self, client: BaseAsyncClient) -> None:
        """Read all registrations."""
        async for item in every_registration(client):
            self.add(item)

    def add(self, item: SipRegistration) -> None:
        """Take in a registration that is there."""
        if item.sip_registration_id in self._ids:
            return
        self._ids.add(item.sip_registration_id)
        if item.sip_username is not None and item.proxy is not None:
            login = (item.sip_username, item.proxy)
            self._by_login.setdefault(login, deque()).append(item.sip_registration_id)
            self._near.setdefault(fold_login(*login), set()).add(login)

    def holds(self, _: int, row: Row) -> Model | bool:
        """Return whether a row need not be sent; for a purchase, its reply.

        Raises:
            InvalidArgumentError: A registration of nearly this name is there; buying it again may be a mistake.
        """
        if isinstance(row, CreateRequest):
            found = self._by_login.get((row.sip_username, row.proxy))
            if found:
                return reply_of(row.command, found.popleft()) or True
            near = self._nearly(row)
            if near is not None:
                raise InvalidArgumentError(
                    f"sip_username: registration {near} is nearly {row.label}, and may be the same written otherwise; "
                    "write the row as GetSipRegistrations shows it, or buy it without skip_unchanged",
                    field="sip_username",
                )
            return False
        return isinstance(row, DeleteRequest) and row.sip_registration_id not in self._ids

    def claim(self, outcome: Outcome[Any]) -> None:
        """Take in what a row has made: it holds for no other row."""
        row, made = outcome.row, made_by(outcome.result)
        if isinstance(row, CreateRequest) and made is not None:
            for login in self._near.get(fold_login(row.sip_username, row.proxy), ()):
                if made in self._by_login[login]:
                    self._by_login[login].remove(made)

    def _nearly(self, row: CreateRequest) -> int | None:
        """Return an unclaimed registration that differs from the row in spelling only."""
        for login in self._near.get(fold_login(row.sip_username, row.proxy), ()):
            if found := self._by_login[login]:
                return found[0]
        return None

    def missing(self, rows: Iterable[CreateRequest]) -> int:
        """Count the rows that would have to be bought."""
        left = {login: len(found) for login, found in self._by_login.items()}
        count = 0
        for row in rows:
            login = (row.sip_username, row.proxy)
            left[login] = left.get(login, 0) - 1
            if left[login] < 0:
                near = self._near.get(fold_login(*login), ())
                count += not any(left.get(other, 0) > 0 for other in near)
        return count


class Verifier:
    """Compares the registrations of done rows with the live state at the end.

    Looks at the registrations and users that these rows touched. Parts that rows left as they were are not
    known and not compared. Some 200 bytes per registration touched.

    Args:
        account_id: the child account that the client acts for; None for its own.
    """

    def __init__(
        self, client: BaseAsyncClient, directory: AccountNames, account_id: int | None = None
    ) -> None:
        self._client = client
        self._account_id = account_id
        self._directory = directory
        self._model = BindingState(application_of=directory.application_of)
        self._failure: VoxsipError | None = None

    def knows(self, row: Row) -> bool:
        """Returns whether `learn` has nothing to do for a row."""
        if self._failure is not None or not isinstance(row, BindRequest):
            return True
        return self._directory.knows(row)

    async def learn(self, row: Row) -> None:
        """Fetch the names that a row uses, to compare it; the job continues without."""
        if isinstance(row, BindRequest) and not self.knows(row):
            try:
                await self._directory.learn(row)
            except VoxsipError as error:
                self._failure = error
                log.warning("names cannot be looked up, nothing will be compared: %s", error)

    def observe(self, outcome: Outcome[Any]) -> None:
        """Take in an outcome. Rows that conflict must come in input order; others commute."""
        row = outcome.row
        if outcome.status in {"failed", "skipped"} or not isinstance(row, BindRequest):
            return
        if self._failure is not None:
            return
        try:
            change = self._directory.resolve(row)
        except NameLookupError as error:  # whom it changed cannot be told
            self._failure = error
            return
        if change is None:
            return
        if outcome.status == "unknown":
            self._model.forget(change)
        else:  # what was there already is the row's doing as well: it may undo an earlier one's
            self._model.apply(change)

    async def compare(self, report: Report) -> None:
        """Read the live state and add the differences, or an error, to the report."""
        try:
            if self._failure is not None:
                raise self._failure
            await self._compare(report)
        except VoxsipError as error:
            where = "" if self._account_id is None else f"account {self._account_id}: "
            report.verify_error = report.verify_error or f"{where}{error}"

    async def _compare(self, report: Report) -> None:
        found: list[Mismatch] = []
        count = 0
        expected = dict(self._model.changed)
        async for item in every_binding(self._client):
            wanted = expected.pop(item.sip_registration_id, None)
            mismatch = self._judge(item, wanted)
            if mismatch is not None:
                count += 1
                found.append(mismatch)
                del found[SHOWN:]
        # What others deleted meanwhile is one thing, what they moved to another page another: ask again.
        for registration, wanted in expected.items():
            again = None
            if len(found) < SHOWN:
                page = await self._client.sip_registrations.list(sip_registration_id=registration)
                again = self._judge(page[0], wanted) if page else None
                if page and again is None:
                    continue
            count += 1
            found.append(again or self._mismatch(registration, wanted, None))
            del found[SHOWN:]
        report.mismatches = (report.mismatches or 0) + count
        report.mismatched = [*report.mismatched, *found][:SHOWN]

    def _judge(
        self, item: SipRegistration | BoundRegistration, wanted: Binding | None
    ) -> Mismatch | None:
        number, found = item.sip_registration_id, binding_of(item)
        holder = ANY if found.user is None else self._model.holders.get(found.user, ANY)
        if holder in {ANY, number} and (wanted is None or matches(wanted, found)):
            return None
        expected = wanted or Binding(ANY, ANY, None)
        return self._mismatch(number, expected, found)

    def _mismatch(self, number: int, expected: Binding, found: Binding | None) -> Mismatch:
        account = self._account_id
        return Mismatch(
            sip_registration_id=number, expected=expected, found=found, account_id=account
        )


def matches(wanted: Binding, found: Binding) -> bool:
    """Compare bindings; parts that are not known match everything."""
    return all(one in (ANY, other) for one, other in zip(wanted, found, strict=True))
