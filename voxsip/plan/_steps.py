"""The calls that turn a registration as it is into the one that is wanted, not yet in order. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.plan._model import BINDING_FIELDS, Action, Binding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip._generated.sip_registrations.models import SipRegistration

APPLICATION, RULE, USER = 0, 1, 2
HOST_FIELDS = frozenset({"proxy", "outbound_proxy"})
LOGIN_FIELDS = ("sip_username", "proxy", "auth_user", "outbound_proxy")


class Step:
    """A change without its number.

    Attributes:
        gets: The user that the registration has after it and had not before, or None.
        loses: The user that the registration had before it and has no more, or None.
        taken: The step that takes that user away first, to be waited for; or None.
        creator: The step that creates the registration, or the one that replaces it; or None.
        late: Whether it waits, directly or not, for a creation.
        number: Its number in the plan, once it has one.
        waits: The numbers of the steps that it waits for, once they have one.
        place: The place of a ring's step: that of the ring among the steps, and its own within the ring.
        seen: A mark for those who walk along `taken`.

    The others are those of `Change`.
    """

    __slots__ = (
        "action",
        "created_by",
        "creator",
        "fields",
        "gets",
        "late",
        "level",
        "loses",
        "new",
        "number",
        "old",
        "password",
        "place",
        "proxy",
        "registration",
        "replaces",
        "ring",
        "row",
        "seen",
        "sip_username",
        "taken",
        "takes",
        "user_name",
        "waits",
    )

    def __init__(
        self,
        action: Action,
        item: SipRegistration | None,
        row: int | None,
        fields: tuple[str, ...] = (),
        old: tuple[Any, ...] | None = None,
        new: tuple[Any, ...] | None = None,
    ) -> None:
        self.action: Action = action
        self.registration = None if item is None else item.sip_registration_id
        self.sip_username = None if item is None else item.sip_username
        self.proxy = None if item is None else item.proxy
        self.row = row
        self.fields = fields
        self.old = old
        self.new = new
        self.gets: int | None = None
        self.loses: int | None = None
        self.takes: int | None = None
        self.user_name: str | None = None
        self.password: str | None = None
        self.replaces: int | None = None
        self.taken: Step | None = None
        self.creator: Step | None = None
        self.late = False
        self.ring = False
        self.level = 0
        self.number = 0
        self.waits: tuple[int, ...] = ()
        self.created_by: int | None = None
        self.place: int | None = None
        self.seen: int | None = None


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
        item: The registration, or None if it is new.
        row: The index of the row that wants it.
        live: The registration's present binding.
        wanted: Its desired binding.
        holders: The registration of each user.
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
