"""How a row becomes a call, for each kind of row."""

from __future__ import annotations

from collections.abc import Awaitable, Container
from datetime import datetime
from typing import TYPE_CHECKING

from voxsip._errors import NotFoundError, OutcomeUnknownError, VoxsipError
from voxsip.bulk._engine.interface import Item, Send
from voxsip.bulk._replies import reply_of

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient
    from voxsip._protocol.model import Model
    from voxsip.bulk._journal.previous_runs import PreviousRuns
    from voxsip.bulk._outcomes import Kind

GONE = 275
"""The error number for a registration that does not exist."""


def sender(
    kind: Kind,
    client: BaseAsyncClient,
    previous_runs: PreviousRuns | None,
    claimed: Container[int],
) -> Send:
    """Return the function that sends a row.

    Args:
        kind: the kind of the rows.
        client: sends.
        previous_runs: the record in which an intent is written before a purchase or a deletion leaves; or None.
        claimed: ids that are not what a killed run bought for a row.
    """
    registrations = client.sip_registrations

    def bind(item: Item) -> Awaitable[Model]:
        return registrations.bind(**item.row.params())

    async def create(item: Item) -> Model:
        row = item.row
        row.check()  # before the intent: what is never sent need never be looked for
        if item.intended is not None:
            found = await _look(client, item, item.intended, claimed)
            if found is not None:
                return found
            item.intended = None
        if previous_runs is not None:
            await previous_runs.intend(item.index, row)
        return await registrations.create(**row.params())

    async def delete(item: Item) -> Model:
        row = item.row
        if previous_runs is not None:
            await previous_runs.intend(item.index, row)
        try:
            return await registrations.delete(**row.params())
        except NotFoundError as error:
            gone = reply_of(row.command)
            if item.intended is not None and error.code == GONE and gone is not None:
                return gone  # an earlier run has deleted it
            raise

    sends: dict[str, Send] = {"bind": bind, "create": create, "delete": delete}
    return sends[kind]


async def _look(
    client: BaseAsyncClient, item: Item, since: datetime, claimed: Container[int]
) -> Model | None:
    """Look for what a killed run may have bought for this row.

    Raises:
        OutcomeUnknownError: the lookup failed.
    """
    row = item.row
    try:
        found = await client.recover(row.command, row.params(), since=since, exclude=claimed)
    except VoxsipError as error:
        reason = str(error)
    else:
        return None if found is None else reply_of(row.command, int(found["sip_registration_id"]))
    raise OutcomeUnknownError(
        f"{row.label}: an earlier run may have bought it, and it could not be looked for: {reason}"
    )
