"""Which account a client acts for."""

from __future__ import annotations

from voxsip._base_client import BaseAsyncClient


async def account_of(client: BaseAsyncClient) -> int | None:
    """Return the account; one whose token does not tell is asked for.

    Raises:
        VoxsipError: The account could not be read.
    """
    if client.account_id is not None:
        return client.account_id
    return (await client.accounts.get_account_info()).result.account_id
