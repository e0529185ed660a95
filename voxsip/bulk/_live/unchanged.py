"""Which bind rows still change anything: the first pass over the input that `skip_unchanged` makes.

Whether a row may be left out cannot be told from the row alone. Of two rows that bind two registrations to
one user, one after the other, the first never holds once both are done; sending it again would take the user
away for a moment. So the whole input is run on the model first. Rows that share a registration or a user, with
the registrations that lose a user by them, form a group; no other row touches what a group touches. A group
that leaves everything as it is needs no call at all; of any other group every row is sent, in order.

The input is read to its end before the first call, and kept: some 200 bytes per row, and as much again per
registration.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from voxsip._bindings.components import Components
from voxsip._bindings.rows import BindRequest, Row, read_row
from voxsip._bindings.state import ANY, Binding, BindingState, Change
from voxsip._clock import yield_to_loop
from voxsip._errors import InvalidArgumentError
from voxsip.bulk._engine.engine import YIELD_EVERY
from voxsip.bulk._engine.interface import Holds
from voxsip.bulk._outcomes import Outcome
from voxsip.bulk._source import END, Source

if TYPE_CHECKING:
    from voxsip._bindings.names import AccountNames
    from voxsip.bulk._journal.previous_runs import PreviousRuns


class UnchangedRows:
    """Finds the rows that need not be sent."""

    def __init__(
        self, live: Mapping[int, Binding], application_of: Callable[[int], int | None]
    ) -> None:
        self._live = live
        self._model = BindingState(live, application_of=application_of)
        self._groups = Components()
        self._apart: set[int] = set()
        self._changed: set[int] = set()

    def add(self, change: Change | None) -> None:
        """Take the next row of the input.

        Args:
            change: the change it asks for; None if that is not known: the row is then sent by itself.
        """
        keys = [] if change is None else self._keys(change)
        if not keys:
            self._apart.add(len(self._groups))
        self._groups.add(keys)
        if change is None or not keys:
            return
        # A row for a registration that is not there, or that the model cannot follow, has to be sent.
        followed = change.application is not None or change.rule is None or not change.bind
        if change.registration is not None and not (followed or self._known_rule(change.rule)):
            self._changed.add(change.registration)
        if not self._model.apply(change) and change.registration is not None:
            self._changed.add(change.registration)

    def finish(self) -> bytearray:
        """Return for every row whether it has to be sent."""
        for registration, binding in self._model.changed.items():
            if self._live.get(registration) != binding:
                self._changed.add(registration)
        dirty = {self._groups.root(registration) for registration in self._changed}
        roots = enumerate(self._groups.roots())
        return bytearray(root in dirty or row in self._apart for row, root in roots)

    def _keys(self, change: Change) -> list[int]:
        keys = [] if change.registration is None else [change.registration]
        if change.user is not None:
            keys.append(-change.user)
            holder = self._model.holders.get(change.user)
            if holder is not None and holder != ANY:
                keys.append(holder)
        return keys

    def _known_rule(self, rule: int | None) -> bool:
        return rule is not None and self._model.application_of(rule) is not None


async def find_unchanged(
    source: Source,
    bindings: Callable[
        [int | None], Awaitable[tuple[int | None, AccountNames, Mapping[int, Binding]]]
    ],
    previous_runs: PreviousRuns | None,
) -> tuple[Source, Holds]:
    """Read the whole input and the live state, and run the one on the other.

    Args:
        bindings: Returns which account a number means, its names, and its bindings as they are.
        previous_runs: the outcomes of earlier runs, which are not run again; or None.

    Returns:
        the input, to be read again, and a function that returns whether a row need not be sent.

    Raises:
        VoxsipError: the live state could not be read, or a name stands for two things; whatever the input raises.
    """
    rows: list[object] = []
    while (item := await source.pull()) is not END:
        rows.append(_smaller(item))
        if not len(rows) % YIELD_EVERY:
            await yield_to_loop()
    plans: dict[int | None, UnchangedRows] = {}
    plan_of: list[UnchangedRows] = []
    for index, item in enumerate(rows):
        number, names, live = await bindings(getattr(item, "account_id", None))
        plan = plans.get(number)
        if plan is None:
            plan = plans[number] = UnchangedRows(live, names.application_of)
        plan.add(await _change(index, item, names, previous_runs))
        plan_of.append(plan)
        if not index % YIELD_EVERY:
            await yield_to_loop()
    sent = {plan: iter(plan.finish()) for plan in plans.values()}
    send = bytearray(next(sent[plan]) for plan in plan_of)

    def holds(index: int, _: Row) -> bool:
        return index < len(send) and not send[index]

    return Source(rows), holds


def _smaller(item: object) -> object:
    """Make a row of what the input gave: most mappings take more memory."""
    try:
        return read_row(BindRequest, item)
    except Exception:  # whatever is wrong with it: the engine says so in its outcome
        return item


async def _change(
    index: int, row: object, directory: AccountNames, previous_runs: PreviousRuns | None
) -> Change | None:
    """Return the change of a row; None if it is invalid or an earlier run did it."""
    if not isinstance(row, BindRequest):
        return None
    try:
        row.check()
    except InvalidArgumentError:
        return None
    if previous_runs is not None and isinstance(await previous_runs.restore(index, row), Outcome):
        return None
    if not directory.knows(row):
        await directory.learn(row)
    return directory.resolve(row)
