"""The calls that turn a registration as it is into the one that is wanted, not yet in order. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from voxsip.plan._model import BINDING_FIELDS, Action, Binding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip._generated.sip_registrations.models import SipRegistration

APPLICATION, RULE, USER = 0, 1, 2
HOST_FIELDS = frozenset({"proxy", "outbound_proxy"})
LOGIN_FIELDS = ("sip_username", "proxy", "auth_user", "outbound_proxy")


@attrs.define(eq=False, init=False, weakref_slot=False)
class Step:
    """A change in the making.

    Attributes:
        gets: The user that the registration has after it and had not before, or None.
        loses: The user that the registration had before it and has no more, or None.
        taken: The step that takes that user away first, to be waited for; or None.
        creator: The step that creates the registration, or the one that replaces it; or None.
        late: Whether it waits, directly or not, for a creation.
        level: The number of steps that it waits for, one after another.
        place: The place of a step of a ring: of the ring among the steps, and of the step within the ring.
        seen: A mark for those who walk along `taken`.

    The others are those of `Change`.
    """

    action: Action
    sip_registration_id: int | None
    sip_username: str | None
    proxy: str | None
    index: int | None
    fields: tuple[str, ...]
    old: tuple[Any, ...] | None
    new: tuple[Any, ...] | None
    gets: int | None = None
    loses: int | None = None
    takes: int | None = None
    user_name: str | None = None
    password: str | None = None
    replaces: int | None = None
    taken: Step | None = None
    creator: Step | None = None
    late: bool = False
    ring: bool = False
    level: int = 0
    number: int = 0
    after_change: tuple[int, ...] = ()
    created_by: int | None = None
    place: int | None = None
    seen: int | None = None

    def __init__(
        self,
        action: Action,
        item: SipRegistration | None,
        index: int | None,
        fields: tuple[str, ...] = (),
        old: tuple[Any, ...] | None = None,
        new: tuple[Any, ...] | None = None,
    ) -> None:
        number = None if item is None else item.sip_registration_id
        name, proxy = (None, None) if item is None else (item.sip_username, item.proxy)
        self.__attrs_init__(action, number, name, proxy, index, fields, old, new)


def binding_steps(
    item: SipRegistration | None,
    row: int | None,
    live: Binding,
    wanted: Binding,
    holders: Mapping[int, int],
    *,
    user_moves: bool,
) -> list[Step]:
    """Return the steps that change a binding: none, one, or an unbind and a bind.

    Args:
        user_moves: Whether another registration takes the user that it has.
    """
    if live == wanted:
        return []
    if wanted[APPLICATION] is None:
        return [_loses(Step("unbind", item, row, BINDING_FIELDS, live, wanted), live, wanted)]
    if live[APPLICATION] != wanted[APPLICATION]:
        return [_bind(item, row, (RULE, USER), live, wanted, holders)]
    cleared = tuple(
        part
        for part in (RULE, USER)
        if wanted[part] is None
        and live[part] is not None
        # Who takes the user clears it here: nothing is left to unbind.
        and not (part == USER and user_moves)
    )
    given = tuple(
        part for part in (RULE, USER) if wanted[part] is not None and live[part] != wanted[part]
    )
    steps = []
    if cleared:
        fields, old, new = _parts(cleared, live, wanted)
        step = Step("unbind", item, row, fields, old, new)
        steps.append(_loses(step, live, wanted) if USER in cleared else step)
    if given:
        steps.append(_bind(item, row, given, live, wanted, holders))
    return steps


def _bind(
    item: SipRegistration | None,
    row: int | None,
    parts: tuple[int, ...],
    live: Binding,
    wanted: Binding,
    holders: Mapping[int, int],
) -> Step:
    step = Step("bind", item, row, *_parts(parts, live, wanted))
    if USER in parts:
        _loses(step, live, wanted)
        user = wanted[USER]
        if user is not None and user != live[USER]:
            step.gets = user
            step.takes = holders.get(user)
            if step.takes is not None:
                step.action = "move"
    return step


def _loses(step: Step, live: Binding, wanted: Binding) -> Step:
    if live[USER] is not None and live[USER] != wanted[USER]:
        step.loses = live[USER]
    return step


def _parts(
    parts: tuple[int, ...], live: Binding, wanted: Binding
) -> tuple[tuple[str, ...], tuple[int | None, ...], tuple[int | None, ...]]:
    """Return names and values of the application and of other parts."""
    fields = _FIELDS[parts]
    if len(parts) == 2:
        return fields, live, wanted
    part = parts[0]
    return fields, (live[APPLICATION], live[part]), (wanted[APPLICATION], wanted[part])


_FIELDS = {
    (RULE,): (BINDING_FIELDS[APPLICATION], BINDING_FIELDS[RULE]),
    (USER,): (BINDING_FIELDS[APPLICATION], BINDING_FIELDS[USER]),
    (RULE, USER): BINDING_FIELDS,
}


def delete_step(item: SipRegistration, row: int | None) -> Step:
    """Return the step that deletes a registration."""
    fields = (*LOGIN_FIELDS, *BINDING_FIELDS)
    step = Step("delete", item, row, fields, tuple(getattr(item, name) for name in fields))
    step.loses = item.user_id
    return step


def is_disruptive(step: Step) -> bool:
    """Return whether a step takes a user or an application away from a registration."""
    if step.action == "unbind":
        return True
    if step.action not in {"bind", "move"}:
        return False
    if step.takes is not None or step.loses is not None:
        return True
    old, new = step.old or (None,), step.new or (None,)
    return old[APPLICATION] is not None and old[APPLICATION] != new[APPLICATION]
