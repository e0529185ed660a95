"""Reads whether registrations work, and waits until they do.

A registration is registered if its last login worked, failing if the login was answered with an error or the
registration is switched off, and in progress otherwise. An id that no registration of the account has is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import aclosing
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen
from typing_extensions import TypedDict

from voxsip._bindings.foreign import native
from voxsip._bindings.listing import PAGE, every_registration
from voxsip._errors import InvalidArgumentError, VoxsipError
from voxsip._generated.sip_registrations.models import SipRegistration
from voxsip._printable import brief

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient
    from voxsip._clock import Clock

RegistrationState = Literal["registered", "failing", "in_progress", "missing"]

FEW = 3
"""The most registrations that are requested one by one; for more, pages are read."""
MISSING_FOR = 3.0
"""Seconds in which a new registration may not be listed yet (docs, "What the documents leave open")."""
_FIRST_PAUSE, _LONGEST_PAUSE, _SHORTEST_PAUSE = 1.0, 5.0, 0.25


class RegistrationFilters(TypedDict, total=False):
    """Filters of GetSipRegistrations; those given must all match."""

    sip_username: str | None
    proxy: list[str] | None
    application_id: list[int] | None
    application_name: list[str] | None
    is_bound_to_application: bool | None
    rule_id: list[int] | None
    rule_name: list[str] | None
    user_id: list[int] | None
    is_persistent: bool | None


@frozen(kw_only=True)
class RegistrationHealth:
    """The state of one registration.

    Attributes:
        sip_registration_id: its id.
        state: "registered", "failing", "in_progress", or "missing": no registration of the account has this id.
        status_code: the SIP status that answered the last login, or None.
        error_message: the SIP server's text for the failed login, or None.
        since: the time at which the service wrote this state, by its clock, or None.
        deactivated: whether it is switched off, for example for lack of money; then it is failing.
        registration: the registration as it was listed; None if it is missing.
    """

    sip_registration_id: int
    state: RegistrationState
    status_code: int | None = None
    error_message: str | None = None
    since: datetime | None = None
    deactivated: bool = False
    registration: SipRegistration | None = field(default=None, repr=False)

    @classmethod
    def of(cls, registration: SipRegistration) -> RegistrationHealth:
        """Return the state of a listed registration."""
        return cls(
            sip_registration_id=registration.sip_registration_id,
            state=_state(registration),
            status_code=registration.status_code,
            error_message=registration.error_message,
            since=registration.last_updated,
            deactivated=bool(registration.deactivated),
            registration=registration,
        )


@frozen(kw_only=True)
class HealthReport:
    """The states of registrations, all read at about the same time.

    Attributes:
        registrations: one entry for each, in the order of the ids that were given, or of the list.
    """

    registrations: tuple[RegistrationHealth, ...]

    @property
    def registered(self) -> tuple[RegistrationHealth, ...]:
        """The registrations whose last login worked."""
        return self._in("registered")

    @property
    def failing(self) -> tuple[RegistrationHealth, ...]:
        """The registrations whose last login failed, and those that are switched off."""
        return self._in("failing")

    @property
    def in_progress(self) -> tuple[RegistrationHealth, ...]:
        """The registrations whose state is not known yet."""
        return self._in("in_progress")

    @property
    def missing(self) -> tuple[RegistrationHealth, ...]:
        """The registrations that do not exist."""
        return self._in("missing")

    @property
    def all_registered(self) -> bool:
        """Whether every registration is registered."""
        return len(self.registered) == len(self.registrations)

    def _in(self, state: RegistrationState) -> tuple[RegistrationHealth, ...]:
        return tuple(one for one in self.registrations if one.state == state)


def checked_ids(ids: Iterable[int]) -> list[int]:
    """Return ids of registrations, each once.

    Raises:
        InvalidArgumentError: The ids are not positive whole numbers.
    """
    given: object = ids
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise InvalidArgumentError(
            f"ids: expected several ids of registrations, got {type(given).__name__}; give a list",
            field="ids",
        )
    found = [native(number) for number in given]
    for number in found:
        if type(number) is not int or number < 1:
            raise InvalidArgumentError(
                f"ids: expected positive whole numbers, got {brief(number)}", field="ids"
            )
    return list(dict.fromkeys(found))


def countdown(clock: Clock, deadline: float) -> Callable[[], float]:
    """Return a function that returns the seconds left of a deadline that starts now.

    Raises:
        InvalidArgumentError: The deadline is not a number of seconds above zero.
    """
    given: object = deadline
    if type(given) not in {int, float} or not isfinite(deadline) or deadline <= 0:
        raise InvalidArgumentError(
            f"deadline: expected seconds above zero, got {brief(deadline)}", field="deadline"
        )
    end = clock.monotonic() + deadline
    return lambda: end - clock.monotonic()


async def read_health(
    client: BaseAsyncClient,
    ids: list[int] | None,
    filters: RegistrationFilters,
    remaining: Callable[[], float] | None = None,
) -> HealthReport:
    """Read registrations once.

    Args:
        client: The client that reads the list.
        ids: The ids of the registrations; None for all that match the filters.
        filters: Filters of the list.
        remaining: The function that returns the seconds left; None for no deadline.

    Raises:
        VoxsipError: The list could not be read.
    """
    options: dict[str, Any] = dict(filters)
    if ids is None:
        found = {}
        async for item in every_registration(client, remaining=remaining, **options):
            found[item.sip_registration_id] = RegistrationHealth.of(item)
        return HealthReport(registrations=tuple(found.values()))
    found = await _read_ids(client, ids, remaining)
    return HealthReport(
        registrations=tuple(
            found.get(number) or RegistrationHealth(sip_registration_id=number, state="missing")
            for number in ids
        )
    )


async def _read_ids(
    client: BaseAsyncClient, ids: list[int], remaining: Callable[[], float] | None
) -> dict[int, RegistrationHealth]:
    found: dict[int, RegistrationHealth] = {}
    if len(ids) <= FEW:
        for number in ids:
            deadline = None if remaining is None else remaining()
            for item in await client.sip_registrations.list(
                sip_registration_id=number, count=PAGE, deadline=deadline
            ):
                found[item.sip_registration_id] = RegistrationHealth.of(item)
        return found
    wanted = set(ids)
    async with aclosing(every_registration(client, remaining=remaining)) as reading:
        async for item in reading:
            if item.sip_registration_id in wanted:
                found[item.sip_registration_id] = RegistrationHealth.of(item)
                if len(found) == len(wanted):
                    break
    return found


async def wait_until_registered(
    client: BaseAsyncClient, ids: Iterable[int], *, deadline: float, wait_for_failing: bool
) -> HealthReport:
    """Read registrations repeatedly until all are registered or the deadline passes.

    Args:
        client: The client that reads the list and tells the time.
        ids: The ids of the registrations.
        deadline: The seconds for the whole wait.
        wait_for_failing: Whether to wait for failing ones as well.

    Raises:
        InvalidArgumentError: An argument is wrong; nothing was sent.
        VoxsipError: The list could not be read.
    """
    wanted = checked_ids(ids)
    clock = client.clock
    began = clock.monotonic()
    remaining = countdown(clock, deadline)
    if not wanted:
        return HealthReport(registrations=())
    report: HealthReport | None = None
    pause = _FIRST_PAUSE
    while True:
        started = clock.monotonic()
        try:
            report = await read_health(client, wanted, {}, remaining)
        except VoxsipError:
            if report is None or remaining() > 0:
                raise
            return report  # the deadline passed while reading: the last complete report counts
        now, left = clock.monotonic(), remaining()
        if not _waits(report, now - began, wait_for_failing=wait_for_failing):
            return report
        # Reading takes at most half of the time; near the end it is more frequent, so that the result is recent.
        wait = max(min(pause, left / 2), now - started, _SHORTEST_PAUSE)
        if wait >= left:
            return report
        await clock.sleep(wait)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _waits(report: HealthReport, elapsed: float, *, wait_for_failing: bool) -> bool:
    """Returns whether waiting may still change a state."""
    if report.in_progress or (report.missing and elapsed < MISSING_FOR):
        return True
    return wait_for_failing and any(not one.deactivated for one in report.failing)


def _state(registration: SipRegistration) -> RegistrationState:
    if registration.deactivated:
        return "failing"
    if registration.successful:
        return "registered"
    code = registration.status_code
    if registration.error_message or (code is not None and code >= 300):
        return "failing"
    return "in_progress"  # no answer yet, or a provisional one
