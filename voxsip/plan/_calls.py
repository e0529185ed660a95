"""How a change becomes a call, and which changes must not overlap. Pure, except for sending.

Changes that share a key run one after the other, in the order of the plan. The keys of a change are its
registration, the user it names, and the user that it takes a registration from: without that third key a
registration could be bound to its next user while its present one still waits to be taken elsewhere. The
changes of a ring leave it out, since in a ring nobody can be first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Hashable, Mapping, Sequence
from typing import Any

import attrs

from voxsip._base_client import BaseAsyncClient
from voxsip._bindings.rows import BindRequest, CreateRequest, DeleteRequest
from voxsip._protocol.model import Model
from voxsip.bulk._engine.interface import Item, Send, SkipRow
from voxsip.bulk._outcomes import Outcome
from voxsip.bulk._replies import made_by
from voxsip.plan._errors import PredecessorError
from voxsip.plan._model import Change


@attrs.frozen
class ChangeKeys:
    """Gives the changes of a plan their keys."""

    _changes: Sequence[Change]

    def keys(self, change: Change) -> tuple[Hashable, ...]:
        """Return a change's keys: registrations above 0, users below 0, new ones as text."""
        keys: list[Hashable] = []
        if change.sip_registration_id is not None:
            keys.append(change.sip_registration_id)
        if change.action == "create":
            keys.append(f"new {change.number}")
        keys += [
            f"new {number}"
            for number in change.after_change
            if self._changes[number - 1].action == "create"
        ]
        user = (change.after or {}).get("user_id")
        if user is not None:
            keys.append(-user)
        if change.loses is not None and not change.ring:
            keys.append(-change.loses)
        return tuple(keys)

    async def learn(self, change: Change) -> None:
        """Have nothing to learn: a plan knows every id."""


class Progress:
    """What has become of the changes so far.

    Attributes:
        made: The registrations that creations made, by the number of the change.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        self._ended = bytearray(len(changes) + 1)
        self.made: dict[int, int] = {}

    def observe(self, outcome: Outcome[Any]) -> None:
        """Take in an outcome."""
        change: Change = outcome.row
        fine = outcome.status in {"done", "unchanged"}
        self._ended[change.number] = 1 if fine else 2
        made = made_by(outcome.result)
        if fine and change.action == "create" and made is not None:
            self.made[change.number] = made

    def check(self, change: Change) -> None:
        """Let a change go ahead.

        Raises:
            SkipRow: One that it waits for is not done.
        """
        for number in change.after_change:
            if self._ended[number] != 1:
                raise SkipRow(
                    PredecessorError(
                        f"{change.label}: not tried, since change {number}, which it waits for, is not done"
                    )
                )


def bind_request(change: Change, made: Mapping[int, int]) -> BindRequest:
    """Return the call of a change that binds or unbinds."""
    registration = change.sip_registration_id
    if registration is None:
        registration = made[change.created_by or 0]
    before, after = change.before or {}, change.after or {}
    if change.action != "unbind":
        named = {name: value for name, value in after.items() if value is not None}
        return BindRequest(sip_registration_id=registration, **named)
    named = {"application_id": before["application_id"]}
    if after["application_id"] is not None:  # else all parts go with the application
        named |= {name: value for name, value in before.items() if after[name] is None}
    given = {name: value for name, value in named.items() if value is not None}
    return BindRequest(sip_registration_id=registration, bind=False, **given)


@attrs.frozen
class Sender:
    """Sends the changes of a plan.

    Args:
        sends: The functions with which bulk jobs send rows, by kind.
        passwords: The passwords to send, by the number of the change.
    """

    _client: BaseAsyncClient
    _sends: Mapping[str, Send]
    _progress: Progress
    _passwords: Mapping[int, str] = attrs.field(repr=False)

    def __call__(self, item: Item) -> Awaitable[Model]:
        """Send a change.

        Raises:
            SkipRow: It waits for a change that is not done.
            VoxsipError: The call failed.
        """
        change: Any = item.row
        self._progress.check(change)
        if change.action == "update":
            params = {"sip_registration_id": change.sip_registration_id, **(change.after or {})}
            if (password := self._passwords.get(change.number)) is not None:
                params["password"] = password
            return self._client.sip_registrations.update(**params)
        row: BindRequest | CreateRequest | DeleteRequest
        if change.action == "create":
            row = CreateRequest(password=self._passwords.get(change.number), **(change.after or {}))
        elif change.action == "delete":
            row = DeleteRequest(sip_registration_id=change.sip_registration_id)
        else:
            row = bind_request(change, self._progress.made)
        return self._sends[row.kind](Item(item.index, row, item.intended))
