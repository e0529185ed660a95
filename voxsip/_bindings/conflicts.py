"""Finds which rows conflict: those that share a registration or a user.

Every other pair of rows commutes; docs/bulk-ordering.md shows why, and a property test on the sequential model checks
it. A row has a key for its registration, for its user, and for a purchase for the user name at the proxy. Rows with a
key in common run in input order.

A user named by id in one row and by name in another must get the same key. No lookup is needed as long as all rows of a
job name users in the same way. At the first row that differs, the engine waits until no row is in flight, and the
directory is fetched. A user may belong to several applications, so before that the same name counts as the same user in
any application; the directory distinguishes them.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Hashable

from voxsip._bindings.names import AccountNames, Named
from voxsip._bindings.rows import BindRequest, DeleteRequest, Row
from voxsip._errors import VoxsipError
from voxsip._protocol.identity import fold_login, fold_name

log = logging.getLogger("voxsip")
Keys = tuple[Hashable, ...]


class _Mode(enum.Enum):
    """How users are identified."""

    NONE = "no row has named a user yet"
    IDS = "all rows name users by id"
    NAMES = "all rows name users by name"
    RESOLVED = "by id; the directory turns names into ids"


def overlaps_nothing(row: Row) -> bool:
    """Returns whether a row may run only while no other row does.

    A row that unbinds a user and a rule without naming the registration depends on the rule which that registration has
    at the moment, so it commutes with no row that changes rules.
    """
    return (
        isinstance(row, BindRequest)
        and not row.bind
        and row.sip_registration_id is None
        and (row.rule_id is not None or row.rule_name is not None)
    )


class ConflictKeys:
    """The keys of rows: numbers above 0 for registrations, below 0 for users.

    Args:
        directory: The names of the account, used when rows name users by id and by name.
    """

    def __init__(self, directory: AccountNames) -> None:
        self._directory = directory
        self._mode = _Mode.NONE
        self._lookup_refused = False

    def keys(self, row: Row) -> Keys | None:
        """Return a row's distinct keys; None if `learn` must be awaited first.

        No row may be in flight while `learn` runs.
        """
        if isinstance(row, DeleteRequest):
            return (row.sip_registration_id,)
        first: Keys
        if isinstance(row, BindRequest):
            first = () if row.sip_registration_id is None else (row.sip_registration_id,)
        else:
            first = (fold_login(row.sip_username, row.proxy),)
        if row.user_id is not None:
            if self._mode is _Mode.NONE:
                self._mode = _Mode.IDS
            return None if self._mode is _Mode.NAMES else (*first, -row.user_id)
        if row.user_name is not None:
            if self._mode is _Mode.NONE:
                self._mode = _Mode.NAMES
            if self._mode is _Mode.NAMES:
                return (*first, fold_name(row.user_name))
            if self._mode is _Mode.IDS or not self._directory.knows_user(row):
                return None
            users = {-user for user in self._directory.user_candidates(row)}
            # The API refuses a name that no user has; rows that share it still keep their order.
            return (*first, *users) if users else (*first, fold_name(row.user_name))
        return first

    async def learn(self, row: Named) -> None:
        """Look up what `keys` needs for this row. No row may be in flight meanwhile.

        If the directory cannot be read, rows that name users by id and rows that name them by name run in turns, which
        is correct but slower.
        """
        if not self._lookup_refused:
            try:
                await self._directory.learn_user(row)
            except VoxsipError as error:
                self._lookup_refused = True
                log.warning(
                    "users are named by id and by name, and cannot be looked up (%s): "
                    "rows of the two kinds will run in turns",
                    type(error).__name__,
                )
            else:
                self._mode = _Mode.RESOLVED
                return
        self._mode = _Mode.IDS if row.user_id is not None else _Mode.NAMES
