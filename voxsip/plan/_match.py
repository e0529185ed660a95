"""The first stage of planning: which live registration a row means, and whether it needs anything at all.

A row that changes nothing is forgotten at once, so that memory grows with the account and with what changes,
not with the input. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import attrs

from voxsip._bindings.digest import digest_of, new_checksum
from voxsip.plan._ledger import Ledger
from voxsip.plan._live import Live
from voxsip.plan._model import Binding
from voxsip.plan._names import Needs
from voxsip.plan._options import Options
from voxsip.plan._resolve import UNBOUND, needs_of
from voxsip.plan._rows import LEAVE, Fault, Wanted, read_wanted

if TYPE_CHECKING:
    from voxsip._generated.sip_registrations.models import SipRegistration  # noqa: TC004 - heavy


NOTHING: Mapping[str, Any] = {}


@attrs.define(eq=False, weakref_slot=False)
class Pending:
    """A row that may change something.

    Attributes:
        item: The live registration, or None if one is to be created.
        replaced: The live registration that a new one replaces, or None.
        target: Its desired binding, once that is resolved.
        create: The values of its creation, or None if it is there.
        updates: Names and values of what changes in its login.
    """

    wanted: Wanted
    item: SipRegistration | None
    replaced: SipRegistration | None = None
    target: Binding = UNBOUND
    create: dict[str, Any] | None = None
    updates: Mapping[str, Any] = NOTHING


class Matcher:
    """Matches rows with live registrations.

    Args:
        check_password: Raises Fault if a password's reference leads nowhere.

    Attributes:
        pending: Rows that may change something.
        needs: The lists that are needed to resolve these.
    """

    def __init__(
        self,
        live: Live,
        options: Options,
        ledger: Ledger,
        check_password: Callable[[str], object],
    ) -> None:
        self._live = live
        self._options = options
        self._ledger = ledger
        self._check_password = check_password
        self._checksum = new_checksum()
        self.pending: list[Pending] = []
        self.needs = Needs()

    @property
    def checksum(self) -> str:
        """The checksum of the rows so far, made without their passwords."""
        return self._checksum.hexdigest()

    def add(self, row: object) -> None:
        """Take the next row of the input."""
        ledger = self._ledger
        index = ledger.add()
        digest = b""
        try:
            wanted = read_wanted(index, row)
            digest = wanted_digest(wanted)
            if wanted.password is not LEAVE and wanted.password is not None:
                self._check_password(wanted.password)
            found, replaced = self._find(wanted)
            if found is not None:
                number = found.sip_registration_id
                ledger.claim(ledger.registrations, number, index, "registration")
            if found is not None and replaced is None and self._holds(wanted, found):
                if wanted.user is not LEAVE and found.user_id is not None:
                    ledger.claim(ledger.users, found.user_id, index, "user")
                ledger.leave(index)
                return
            needs_of(wanted, found, self.needs)
            self.pending.append(Pending(wanted, found, replaced))
        except Fault as fault:
            ledger.refuse(index, fault)
        finally:
            self._checksum.update(digest)

    def _find(self, wanted: Wanted) -> tuple[SipRegistration | None, SipRegistration | None]:
        """Return the registration that a row means, and one that it began to replace."""
        live = self._live
        number = wanted.sip_registration_id
        if number is not None:
            found = live.registrations.get(number)
            if found is None:
                raise Fault(
                    f"there is no registration {number}",
                    "correct the id, or leave it empty to create the registration",
                    "sip_registration_id",
                )
            return found, None
        equal, near = live.find(wanted.sip_username, wanted.proxy)
        if len(equal) == 1:
            return live.registrations[equal[0]], None
        login = f"{wanted.sip_username}@{wanted.proxy}"
        if equal:
            begun = self._begun_replacement(wanted, equal)
            if begun is not None:
                return begun
            raise Fault(
                f"{len(equal)} registrations are {login}: {listed(equal)}",
                "give sip_registration_id, or delete what is too many",
                "sip_username",
            )
        if near:
            item = live.registrations[near[0]]
            raise Fault(
                f"{login} may be registration {near[0]}, {item.sip_username}@{item.proxy}",
                "write it as it is there, or give sip_registration_id",
                "sip_username",
            )
        return None, None

    def _begun_replacement(
        self, wanted: Wanted, equal: list[int]
    ) -> tuple[SipRegistration, SipRegistration] | None:
        """Return two registrations if an earlier plan began to replace the second one.

        That is: replacing is allowed, there are two, and one of them alone is as persistent as the row wants.
        """
        items = [self._live.registrations[number] for number in equal]
        fit = [item for item in items if item.is_persistent is wanted.is_persistent]
        if not self._options.replace or len(items) != 2 or len(fit) != 1:
            return None
        other = items[1 - items.index(fit[0])]
        self._ledger.claim(
            self._ledger.registrations, other.sip_registration_id, wanted.index, "registration"
        )
        return fit[0], other

    def _holds(self, wanted: Wanted, item: SipRegistration) -> bool:
        """Return whether the registration is as wanted; False asks for a closer look."""
        if self._options.set_passwords and wanted.password is not LEAVE:
            return False
        for part, number, name in (
            (wanted.user, item.user_id, item.user_name),
            (wanted.application, item.application_id, item.application_name),
            (wanted.rule, item.rule_id, item.rule_name),
        ):
            if part is LEAVE:
                continue
            if part is None:
                if number is not None:
                    return False
            elif number is None or part != (name if type(part) is str else number):
                return False
        for part, now in (
            (wanted.sip_username, item.sip_username),
            (wanted.proxy, item.proxy),
            (wanted.auth_user, item.auth_user),
            (wanted.outbound_proxy, item.outbound_proxy),
            (wanted.is_persistent, item.is_persistent),
        ):
            if part is not LEAVE and part != now:
                return False
        return True


def wanted_digest(wanted: Wanted) -> bytes:
    """Return the digest of a row, made without its password."""
    values = _digested(wanted)
    plain = [None if value is LEAVE else "-" if value is None else value for value in values]
    return digest_of(plain)


_digested = attrgetter(
    *(name for name in sorted(Wanted.__slots__) if name not in {"index", "password"})
)


def listed(numbers: Iterable[int]) -> str:
    """List ids for a message, the first twenty of them."""
    first = list(numbers)
    shown = ", ".join(map(str, first[:20]))
    return f"{shown} and {len(first) - 20} more" if len(first) > 20 else shown
