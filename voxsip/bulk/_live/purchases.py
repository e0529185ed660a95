"""What a purchase job knows of the account's registrations: which were there before it, and which are its rows' own.

No clock takes part. What was there before the first purchase is noted by id, in the journal if there is one; what
carries a row's name later, and is neither among those nor told to another row, was bought for that row.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from voxsip._bindings.listing import every_registration
from voxsip._bindings.rows import CreateRequest
from voxsip._calls.id_set import IdSet
from voxsip._errors import ConfigurationError, OutcomeUnknownError, VoxsipError
from voxsip._protocol.identity import fold_login
from voxsip.bulk._outcomes import Outcome
from voxsip.bulk._replies import made_by

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient
    from voxsip._generated.sip_registrations.models import SipRegistration
    from voxsip.bulk._journal.interface import Journal
    from voxsip.bulk._live.existing import Existing

log = logging.getLogger("voxsip.bulk")


class Purchases:
    """The ids that a purchase job may claim for its rows, and those it may not.

    Args:
        known: Ids of the registrations there were before the job; None if they could not be listed.
        told: Ids that rows of earlier runs were told.

    Attributes:
        claimed: Ids that belong to others or to rows; with `known`, those of before as well.
        present: Ids that are there as a job is resumed; none of them can be the answer to a purchase sent now.
        unread: Why the list could not be read, if a row without a trace may have been bought for all that; or None.
        known: The same set if the registrations of before are among them, else None: then only the time tells.
    """

    def __init__(self, known: Iterable[int] | None, told: Iterable[int] = ()) -> None:
        self.claimed = IdSet(chain(known or (), told))
        self.known = None if known is None else self.claimed
        self.present = IdSet()
        self.unread: VoxsipError | None = None
        self._found: dict[tuple[str, str], deque[tuple[tuple[str, str], int]]] = {}
        self._nameless: list[int] = []

    def __len__(self) -> int:
        """Return the number of unclaimed registrations that may be the job's own."""
        return sum(len(found) for found in self._found.values()) + len(self._nameless)

    def offer(self, item: SipRegistration) -> None:
        """Take in a registration that is there as a job is resumed."""
        self.present.add(item.sip_registration_id)
        if item.sip_registration_id in self.claimed:
            return
        if item.sip_username is None or item.proxy is None:  # it may carry any row's name
            self._nameless.append(item.sip_registration_id)
            return
        login = (item.sip_username, item.proxy)
        self._found.setdefault(fold_login(*login), deque()).append(
            (login, item.sip_registration_id)
        )

    def find(self, row: CreateRequest) -> int | OutcomeUnknownError | None:
        """Return and claim the purchase of an earlier run for a row, or None.

        If what is there may be the row's own, or may not, the error that says so is returned.

        Raises:
            VoxsipError: What is there could not be listed: nothing is bought unseen.
        """
        if self.unread is not None:
            raise self.unread
        login = (row.sip_username, row.proxy)
        found = self._found.get(fold_login(*login), ())
        left = [(theirs, number) for theirs, number in found if number not in self.claimed]
        if not left:
            return self._any_nameless(row)
        theirs, number = min(left, key=lambda one: one[0] != login)
        if self.known is None or theirs != login:
            return OutcomeUnknownError(
                f"{row.label}: registration {number} ({'@'.join(theirs)}) may be what an earlier run bought for it, or"
                " may not: compare them"
            )
        self.claimed.add(number)
        return number

    def _any_nameless(self, row: CreateRequest) -> OutcomeUnknownError | None:
        """Return an error while a nameless registration may be the row's own."""
        for number in self._nameless:
            if number not in self.claimed:
                return OutcomeUnknownError(
                    f"{row.label}: registration {number} does not tell its name, and may be what an earlier run bought for"
                    " it, or may not: compare them"
                )
        return None

    def observe(self, outcome: Outcome[Any]) -> None:
        """Claim what a row was told."""
        made = made_by(outcome.result)
        if made is not None:
            self.claimed.add(made)


Survey: TypeAlias = (
    "Callable[[BaseAsyncClient, Existing | None, int | None], Awaitable[list[int] | None]]"
)
"""Returns the ids of an account's registrations before the first purchase; None if they are unknown."""


async def survey(
    client: BaseAsyncClient, existing: Existing | None, _: int | None = None
) -> list[int] | None:
    """List the registrations before a job's first purchase; None if that fails.

    Args:
        existing: Takes in what is there, for `skip_unchanged`; or None.
    """
    found: list[int] = []
    error = await _read(client, existing, lambda item: found.append(item.sip_registration_id))
    if error is None:
        return found
    log.warning(
        "the registrations there are could not be listed (%s): purchases whose reply is lost may stay unknown",
        type(error).__name__,
    )
    return None


async def survey_again(
    client: BaseAsyncClient,
    journal: Journal,
    existing: Existing | None,
    account_id: int | None = None,
) -> Purchases:
    """List the registrations when a job resumes, after earlier requests.

    Args:
        existing: Takes in what is there, for `skip_unchanged`; or None.
    """
    known = await journal.known_ids(account_id)
    purchases = Purchases(known, await journal.result_ids(account_id))
    error = await _read(client, existing, purchases.offer)
    if error is not None:
        if journal.unclean or journal.log_lost or known is not None:
            purchases.unread = error  # the journal may be an older copy, which shows nowhere
        log.warning("the registrations there are could not be listed; rows in doubt stay unknown")
    return purchases


async def _read(
    client: BaseAsyncClient, existing: Existing | None, take: Callable[[SipRegistration], object]
) -> VoxsipError | None:
    """Read every registration; return why that failed, if the job can do without."""
    try:
        async for item in every_registration(client):
            take(item)
            if existing is not None:
                existing.add(item)
    except VoxsipError as error:
        if existing is not None or isinstance(error, ConfigurationError):
            raise
        return error
    return None
