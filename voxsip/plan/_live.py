"""The live registrations of an account, indexed by id, by login and by user. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from voxsip._protocol.identity import login_key

if TYPE_CHECKING:
    from voxsip._generated.sip_registrations.models import SipRegistration


class Live:
    """What is there, as one listing saw it.

    Args:
        registrations: The listing; an item that comes twice counts once, as it came last.

    Attributes:
        registrations: Every registration by its id.
        holders: The registration that has a user, by the user's id.
        torn: Users that the listing showed at two registrations: they moved while it was read.
    """

    __slots__ = ("_logins", "holders", "registrations", "torn")

    def __init__(self, registrations: Iterable[SipRegistration]) -> None:
        self.registrations = {item.sip_registration_id: item for item in registrations}
        self.holders: dict[int, int] = {}
        self.torn: set[int] = set()
        # One entry per login, most often a single id: a list is made for the second.
        self._logins: dict[str, int | list[int]] = {}
        for number, item in self.registrations.items():
            if item.user_id is not None and self.holders.setdefault(item.user_id, number) != number:
                self.torn.add(item.user_id)
            if item.sip_username is None or item.proxy is None:
                continue
            key = login_key(item.sip_username, item.proxy)
            known = self._logins.setdefault(key, number)
            if known is number:
                continue
            if isinstance(known, list):
                known.append(number)
            else:
                self._logins[key] = [known, number]

    def forget_logins(self) -> None:
        """Let go of what `find` needs, once all logins are looked at."""
        self._logins.clear()

    def find(self, sip_username: str, proxy: str) -> tuple[list[int], list[int]]:
        """Find the registrations of a login.

        Returns:
            The ids that are certainly the same login, and those that a server might take for it.
        """
        found = self._logins.get(login_key(sip_username, proxy))
        if found is None:
            return [], []
        equal: list[int] = []
        near: list[int] = []
        for number in found if isinstance(found, list) else [found]:
            item = self.registrations[number]
            same = item.sip_username == sip_username and item.proxy == proxy
            (equal if same else near).append(number)
        return equal, near
