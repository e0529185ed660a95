"""A plan for people: what it changes, grouped by kind, and its counts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from voxsip._printable import printable
from voxsip.cli._terminal.output import print_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip.plan import Change, Plan, Refusal

SHOWN = 20
"""Changes of each kind, and refusals, that are shown; the others are counted."""
_ACTIONS = {
    "create": ("+", "created", "green"),
    "update": ("~", "updated", "yellow"),
    "bind": ("=", "bound", "green"),
    "move": (">", "moved", "cyan"),
    "unbind": ("<", "unbound", "magenta"),
    "delete": ("-", "deleted", "red"),
}
_NOTES = {
    "unmanaged": "registrations that the file does not mention",
    "unchanged": "rows that need nothing",
    "refused": "rows that cannot be planned",
}
_PARTS = {"application_id": "application", "rule_id": "rule", "user_id": "user"}


def print_plan(plan: Plan, name: str) -> None:
    """Write a plan to standard output, in colors on a terminal."""
    lines = _lines(plan, name)
    if not sys.stdout.isatty():
        for text, _ in lines:
            print_text(text)
        return
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    for text, style in lines:
        console.print(Text(printable(text), style=style), soft_wrap=True)


def _lines(plan: Plan, name: str) -> Iterator[tuple[str, str]]:
    shown = dict.fromkeys(_ACTIONS, 0)
    logins: dict[int | None, str] = {
        change.sip_registration_id: f" ({change.sip_username}@{change.proxy})"
        for change in plan.changes
        if change.sip_registration_id is not None
    }
    groups: dict[str, list[Change]] = {action: [] for action in _ACTIONS}
    for change in plan.changes:
        shown[change.action] += 1
        if shown[change.action] <= SHOWN:
            groups[change.action].append(change)
    for action, changes in groups.items():
        mark, _, style = _ACTIONS[action]
        for change in changes:
            yield (
                f"{mark} {action:<7} {change.label}{_details(change, logins)}",
                style,
            )
        if shown[action] > SHOWN:
            yield f"  and {shown[action] - SHOWN:,} more; --json and --out have all of them", "dim"
    for refusal in plan.refused[:SHOWN]:
        yield f"! {place_of(refusal, name)}", "bold red"
    if len(plan.refused) > SHOWN:
        yield f"  and {len(plan.refused) - SHOWN:,} more", "dim"
    if plan.changes or plan.refused:
        yield "", ""
    for count, number in plan.counts.items():
        note = _NOTES.get(count, "")
        if count == "created" and plan.price is not None:
            price = plan.price
            note = (
                f"at {price.price:f} {price.currency}: {price.total:f}; the balance is {price.balance:f}"
                + ("" if price.enough else ", which does not suffice")
            )
        yield f"{count:<10} {number:>9,}  {note}".rstrip(), _count_style(count, number)
    yield from ((text, "bold yellow") for text in warnings_of(plan))


def warnings_of(plan: Plan) -> Iterator[str]:
    """Yield what deserves a second look before the plan is applied."""
    limits = plan.thresholds
    counts = {"disruptive": limits.disruptive, "deletes": limits.deletes}
    words = {"disruptive": "changes that take something away", "deletes": "deletions"}
    for what in limits.exceeded:
        forced = "allowed by --force" if limits.forced else "apply needs --force"
        yield (
            f"past the threshold: {counts[what]:,} {words[what]} of {limits.in_scope:,} registrations in scope, "
            f"more than {limits.share:.0%}; {forced}"
        )
    if plan.gaps:
        users = "1 user is" if plan.gaps == 1 else f"{plan.gaps:,} users are"
        yield f"{users} without a registration between deletion and creation (--delete-first)"


def place_of(refusal: Refusal, name: str) -> str:
    """Word a refusal, with the file as its user calls it."""
    where = name if refusal.line is None else f"{name}:{refusal.line}"
    column = "" if refusal.column is None else f"column {refusal.column}: "
    remedy = f"; {refusal.remedy}" if refusal.remedy else ""
    return f"{where}: {column}{refusal.message}{remedy}"


def _details(change: Change, logins: Mapping[int | None, str]) -> str:
    after = change.after or {}
    if change.action == "create":
        parts = [f"{_PARTS[n]} {_shown(n, v, change)}" for n, v in after.items() if n in _PARTS]
        if change.replaces is not None:
            parts.append(f"replaces registration {change.replaces}")
    elif change.action == "delete":
        parts = [] if change.loses is None else [f"it has user {change.loses}"]
    elif change.action == "move":
        origin = f"registration {change.takes}{logins.get(change.takes, '')}"
        parts = [
            f"user {_shown('user_id', change.gets, change)} from {origin}",
            *_differences(change, leave="user_id" if change.loses is None else ""),
        ]
    else:
        parts = list(_differences(change))
    if change.password is not None and change.action == "update":
        parts.append("password")
    return f": {', '.join(parts)}" if parts else ""


def _differences(change: Change, leave: str = "") -> Iterator[str]:
    before = change.before or {}
    for name, value in (change.after or {}).items():
        if before.get(name) != value and name != leave:
            was = "none" if before.get(name) is None else before[name]
            yield f"{_PARTS.get(name, name)} {was} -> {_shown(name, value, change)}"


def _shown(name: str, value: object, change: Change) -> str:
    """Show a value; a user by name as well, if that is known."""
    if value is None:
        return "none"
    known = change.user_name if name == "user_id" else None
    return f"{value}" if known is None else f"{value} {known}"


def _count_style(count: str, number: int) -> str:
    for _, name, style in _ACTIONS.values():
        if name == count and number:
            return style
    return "bold red" if count == "refused" and number else ""
