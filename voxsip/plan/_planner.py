"""Rows against the live state: the pure part of planning, in three stages.

`add` every row; list what `needs` asks for; `finish`. Nothing is sent, and no clock or file is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from voxsip.plan._ledger import Ledger
from voxsip.plan._live import Live
from voxsip.plan._logins import check_logins, resolve_login
from voxsip.plan._match import Matcher, Pending
from voxsip.plan._model import BINDING_FIELDS, COUNT_OF, Change, Refusal, Thresholds
from voxsip.plan._names import Names, Needs
from voxsip.plan._options import Options
from voxsip.plan._order import in_order
from voxsip.plan._passwords import IN_ROW, reference_of
from voxsip.plan._resolve import UNBOUND, binding_of, resolve
from voxsip.plan._rows import LEAVE, Fault
from voxsip.plan._steps import USER, Step, binding_steps, delete_step, is_disruptive

STRIDE = 512
"""Rows after which a long stage lets others run."""


@attrs.frozen(kw_only=True)
class Result:
    """What planning came to; the rest of a `Plan` is about where and when.

    Attributes:
        passwords: Passwords that are in the rows themselves, by the number of the change that sends them.

    The others are those of `Plan`.
    """

    changes: tuple[Change, ...]
    counts: dict[str, int]
    refused: tuple[Refusal, ...]
    thresholds: Thresholds
    passwords: dict[int, str] = attrs.field(repr=False)
    checksum: str
    gaps: int


class Planner:
    """Plans one input against one listing.

    Args:
        place: Names a row by its index, for messages.
        number_of: Numbers a row by its index, as people count it.
        check_password: Raises Fault if a password's reference leads nowhere.
    """

    def __init__(
        self,
        live: Live,
        options: Options,
        *,
        place: Callable[[int], str] = lambda index: f"row {index + 1}",
        number_of: Callable[[int], int] = lambda index: index + 1,
        check_password: Callable[[str], object] = lambda password: None,  # noqa: ARG005
    ) -> None:
        self._live = live
        self._options = options
        self._ledger = Ledger(place)
        self._matcher = Matcher(live, options, self._ledger, check_password)
        self.add = self._matcher.add
        self._covers_any = options.scope is None or any(
            map(options.scope.covers, live.registrations.values())
        )
        self._number_of = number_of
        self._secrets: dict[int, str] = {}

    @property
    def needs(self) -> Needs:
        """The lists that `finish` needs, once all rows are added."""
        needs = self._matcher.needs
        needs.applications = needs.applications or not self._covers_any
        return needs

    def finish(self, names: Names) -> Iterator[Result | None]:
        """Yield None now and then, so that others may run, and the result at last."""
        ledger = self._ledger
        self._check_scope(names)
        pending = self._matcher.pending
        for count, row in enumerate(pending):
            try:
                self._resolve(row, names)
            except Fault as fault:
                ledger.refuse(row.wanted.index, fault)
            if not count % STRIDE:
                yield None
        pending[:] = [row for row in pending if not ledger.is_refused(row.wanted.index)]
        check_logins(pending, self._live, ledger)
        self._live.forget_logins()
        steps: list[Step] = []
        pending.reverse()
        while pending:  # each is let go of as its steps are made
            row = pending.pop()
            if not ledger.is_refused(row.wanted.index):
                made = self._creation(row) if row.create is not None else self._changes(row)
                self._name_users(made, names)
                steps += made
                if not made:
                    ledger.leave(row.wanted.index)
            if not len(pending) % STRIDE:
                yield None
        pruned = self._prune()
        steps += pruned
        ordered, gaps = in_order(steps, delete_first=self._options.delete_first)
        steps.clear()
        yield None
        thresholds = self._thresholds(ordered, len(pruned))
        counts = self._count(ordered)
        changes: list[Change] = []
        passwords: dict[int, str] = {}
        ordered.reverse()
        while ordered:
            step = ordered.pop()
            changes.append(_change(step, self._number_of))
            if step.password == IN_ROW and step.index is not None:
                passwords[step.number] = self._secrets[step.index]
            if not step.number % STRIDE:
                yield None
        yield Result(
            changes=tuple(changes),
            counts=counts,
            refused=tuple(sorted(ledger.refusals, key=_by_place)),
            thresholds=thresholds,
            passwords=passwords,
            checksum=self._matcher.checksum,
            gaps=gaps,
        )

    def _resolve(self, row: Pending, names: Names) -> None:
        wanted, item = row.wanted, row.item
        like = item
        if item is not None and row.replaced is not None and binding_of(item) == UNBOUND:
            like = (
                row.replaced
            )  # the replacement was begun, and what the row leaves alone is still there
        row.target = resolve(wanted, like, names)
        resolve_login(row, self._options)
        user = row.target[USER]
        if user is not None and (wanted.user is not LEAVE or row.replaced is not None):
            self._ledger.claim(self._ledger.users, user, wanted.index, "user")
        wanted.forget()
        torn = self._live.torn
        if torn and not torn.isdisjoint((user, None if item is None else item.user_id)):
            moved = user if user in torn else None if item is None else item.user_id
            raise Fault(
                f"user {moved} moved from one registration to another while they were listed",
                "plan again",
                "user_id",
            )

    def _changes(self, row: Pending) -> list[Step]:
        """Return the steps for a registration that is there."""
        wanted, item, index = row.wanted, row.item, row.wanted.index
        steps: list[Step] = []
        sends_password = self._options.set_passwords and wanted.password is not LEAVE
        if row.updates or sends_password:
            fields = tuple(row.updates)
            old = tuple(getattr(item, name) for name in fields)
            step = Step("update", item, index, fields, old, tuple(row.updates.values()))
            if sends_password:
                self._give_password(step, wanted.password)
            steps.append(step)
        live = binding_of(item)
        user = live[USER]
        moves = user is not None and self._ledger.users.get(user, index) != index
        steps += binding_steps(item, index, live, row.target, self._live.holders, user_moves=moves)
        if row.replaced is not None:
            steps.append(delete_step(row.replaced, index))
        return steps

    def _creation(self, row: Pending) -> list[Step]:
        """Return the steps that create a registration and bind it."""
        values, index, user = dict(row.create or {}), row.wanted.index, row.target[USER]
        holders = self._live.holders
        moves = user is not None and user in holders
        if not moves:
            bound = zip(BINDING_FIELDS, row.target, strict=True)
            values.update((name, part) for name, part in bound if part is not None)
        create = Step("create", None, index, tuple(values), None, tuple(values.values()))
        create.sip_username, create.proxy = values["sip_username"], values["proxy"]
        if row.wanted.password is not LEAVE and row.wanted.password is not None:
            self._give_password(create, row.wanted.password)
        steps = [create]
        if moves:
            made = binding_steps(None, index, UNBOUND, row.target, holders, user_moves=False)
            for step in made:
                step.creator = create
                step.sip_username, step.proxy = create.sip_username, create.proxy
            steps += made
        if row.replaced is not None:
            create.replaces = row.replaced.sip_registration_id
            delete = delete_step(row.replaced, index)
            delete.creator = create
            steps.append(delete)
        return steps

    def _name_users(self, steps: list[Step], names: Names) -> None:
        for step in steps:
            if step.new is None or step.fields[-1:] != ("user_id",) or step.new[-1] is None:
                continue
            holder = self._live.registrations.get(step.takes or 0)
            step.user_name = (
                names.name_of_user(step.new[-1]) if holder is None else holder.user_name
            )

    def _give_password(self, step: Step, password: str) -> None:
        step.password = reference_of(password)
        if step.password == IN_ROW and step.index is not None:
            self._secrets[step.index] = password

    def _check_scope(self, names: Names) -> None:
        scope, ledger = self._options.scope, self._ledger
        if scope is None:
            return
        if ledger.rows == 0:
            ledger.refuse(
                None,
                Fault(
                    "the input is empty, and an empty input prunes nothing",
                    "give the rows to keep, or delete with 'voxsip bulk delete'",
                ),
            )
        if self._covers_any:
            return
        for wanted in (scope.application_id, scope.application_name):
            if wanted is not None:
                try:
                    names.application(wanted)
                except Fault as fault:
                    ledger.refuse(None, Fault(f"scope: {fault.message}", fault.remedy))

    def _prune(self) -> list[Step]:
        """Return the deletions of what is in the scope and in no row."""
        scope, kept = self._options.scope, self._ledger.registrations
        if scope is None or self._ledger.rows == 0:
            return []
        return [
            delete_step(item, None)
            for number, item in self._live.registrations.items()
            if number not in kept and scope.covers(item)
        ]

    def _thresholds(self, steps: list[Step], pruned: int) -> Thresholds:
        return Thresholds(
            in_scope=len(self._ledger.registrations) + pruned,
            disruptive=sum(map(is_disruptive, steps)),
            deletes=sum(step.action == "delete" for step in steps),
            forced=self._options.force,
        )

    def _count(self, steps: list[Step]) -> dict[str, int]:
        counts = dict.fromkeys(COUNT_OF.values(), 0)
        for step in steps:
            counts[COUNT_OF[step.action]] += 1
        ledger = self._ledger
        counts["unchanged"] = ledger.unchanged
        counts["refused"] = ledger.refused
        counts["unmanaged"] = len(self._live.registrations) - len(ledger.registrations)
        counts["rows"] = ledger.rows
        return counts


_SAME = tuple(field.name for field in attrs.fields(Change) if field.name != "row")


def _change(step: Step, number_of: Callable[[int], int]) -> Change:
    same: dict[str, Any] = {name: getattr(step, name) for name in _SAME}
    return Change(row=None if step.index is None else number_of(step.index), **same)


def _by_place(refusal: Refusal) -> int:
    return -1 if refusal.index is None else refusal.index
