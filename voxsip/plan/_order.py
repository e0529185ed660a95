"""The order of a plan's calls. Pure.

Binding takes the user from its former registration without notice, and a registration that is bound to another
user sets its own free. So the registration R that has user U now, and is to have another or none, waits for
the registration that takes U: U is never without one. Every registration has at most one user before and
after, and every user at most one registration, so "waits for" links steps to chains, which begin at a free
registration, and to rings, in which nobody can be first. A ring is run overlapped, to keep it short.
"""

from __future__ import annotations

from voxsip.plan._steps import Step


def in_order(steps: list[Step], *, delete_first: bool) -> tuple[list[Step], int]:
    """Return the steps in order, numbered, and the `gaps` of the plan.

    Creations come first, then what changes bindings and logins, then deletions; within each, steps that wait
    for none come first, then those that wait for these, and so on, so that long chains do not hold up others.

    Args:
        delete_first: Deletions come before creations, to make room for them, but after what needs no creation.
    """
    takers = {step.gets: step for step in steps if step.gets is not None}
    for step in steps:
        if step.loses is not None:
            taker = takers.get(step.loses)
            step.taken = None if taker is step else taker
    takers.clear()
    _find_rings(steps)
    _find_levels(steps)
    phases = _DELETE_FIRST if delete_first else _CREATE_FIRST
    keys = []
    for place, step in enumerate(steps):
        kind = step.action if step.action in phases else "late" if step.late else "main"
        own = place << _BITS if step.place is None else step.place
        keys.append((phases[kind] << 3 * _BITS) | (step.level << 2 * _BITS) | own)
    # Steps of one row have one key at most for each action and stay in their order: sorting is stable.
    ordered = [steps[place] for place in sorted(range(len(steps)), key=keys.__getitem__)]
    keys.clear()
    gaps = 0
    for number, step in enumerate(ordered, 1):
        step.number = number
    for step in ordered:
        before = [other for other in (step.taken, step.creator) if other is not None]
        # With `delete_first` a deletion does not wait for what itself waits for a creation.
        gaps += step.taken is not None and step.taken.number > step.number
        step.after_change = tuple(sorted(one.number for one in before if one.number < step.number))
        if step.creator is not None and step.action != "delete":
            step.created_by = step.creator.number
    for step in ordered:
        step.taken = step.creator = None
    return ordered, gaps


_BITS = 32
_CREATE_FIRST = {"create": 0, "main": 1, "late": 1, "delete": 2}
_DELETE_FIRST = {"main": 0, "delete": 1, "create": 2, "late": 3}


def _find_rings(steps: list[Step]) -> None:
    """Mark the steps of rings, give them their places, and let them wait for nobody."""
    for place, start in enumerate(steps):
        step: Step | None = start
        while step is not None and step.seen is None:
            step.seen = place
            step = step.taken
        if step is None or step.seen != place or step.ring:
            continue
        # `taken` leads from who waits to who is waited for: the other way round is the order of a chain.
        ring = [step]
        while (other := ring[-1].taken) is not None and other is not step:
            ring.append(other)
        for position, member in enumerate(reversed(ring)):
            member.ring = True
            member.taken = None
            member.place = (place << _BITS) | position


def _find_levels(steps: list[Step]) -> None:
    """Give every step the length of its chain, and note whether a creation is in it."""
    for start in steps:
        path: list[Step] = []
        step: Step | None = start
        while step is not None and step.seen is not None:
            path.append(step)
            step.seen = None
            step = step.taken
        for member in reversed(path):
            if member.action in {"create", "delete"}:
                continue
            before = member.taken
            member.late = member.creator is not None or (before is not None and before.late)
            member.level = 0 if before is None else before.level + 1
