"""How a row becomes a call, for each kind of row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from voxsip._errors import NotFoundError, OutcomeUnknownError, VoxsipError
from voxsip.bulk._engine.interface import Item

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient
    from voxsip.bulk._journal.previous_runs import PreviousRuns
    from voxsip.bulk._outcomes import Kind

Send = Callable[[Item], Awaitable[Mapping[str, Any]]]
GONE = 275
"""The error number for a registration that does not exist."""


def sender(
    kind: Kind,
    client: BaseAsyncClient,
    previous_runs: PreviousRuns | None,
    claimed: Container[int],
) -> Send:
    """Return the function that sends a row.

    Arguments:
        kind: what the rows are for.
        client: sends.
        previous_runs: where an intent is written before a purchase or a deletion leaves; or None.
        claimed: ids that are not what a killed run bought for a row.
    """
    call = client.call

    def bind(item: Item) -> Awaitable[Mapping[str, Any]]:
        row = item.row
        return call(row.command, row.params())

    async def create(item: Item) -> Mapping[str, Any]:
        row = item.row
        row.check()  # before the intent: what is never sent need never be looked for
        if item.intended is not None:
            found = await _look(client, item, item.intended, claimed)
            if found is not None:
                return found
            item.intended = None
        if previous_runs is not None:
            await previous_runs.intend(item.index, row)
        return await call(row.command, row.params())

    async def delete(item: Item) -> Mapping[str, Any]:
        row = item.row
        if previous_runs is not None:
            await previous_runs.intend(item.index, row)
        try:
            return await call(row.command, row.params())
        except NotFoundError as error:
            if item.intended is not None and error.code == GONE:
                return {"result": 1}  # an earlier run has deleted it
            raise

    sends: dict[str, Send] = {"bind": bind, "create": create, "delete": delete}
    return sends[kind]


async def _look(
    client: BaseAsyncClient, item: Item, since: datetime, claimed: Container[int]
) -> Mapping[str, Any] | None:
    """Look for what a killed run may have bought for this row.

    Raises:
        OutcomeUnknownError: the look-up failed.
    """
    row = item.row
    try:
        return await client.recover(row.command, row.params(), since=since, exclude=claimed)
    except VoxsipError as error:
        reason = str(error)
    raise OutcomeUnknownError(
        f"{row.label}: an earlier run may have bought it, and it could not be looked for: {reason}"
    )
