"""`client.sip_registrations`: the generated commands, and methods that send several of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from typing_extensions import Unpack

from voxsip._bindings.health import (
    HealthReport,
    RegistrationFilters,
    checked_ids,
    countdown,
    read_health,
    wait_until_registered,
)
from voxsip._errors import InvalidArgumentError
from voxsip._generated.sip_registrations.aio import AsyncSipRegistrations
from voxsip._generated.sip_registrations.blocking import SipRegistrations

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient
    from voxsip._protocol.interfaces import Runner


class AsyncRegistrations(AsyncSipRegistrations):
    """SIP registrations: accounts at SIP servers, and the bindings of their calls."""

    __slots__ = ("_client",)

    def __init__(self, client: BaseAsyncClient) -> None:
        super().__init__(client._caller)  # noqa: SLF001 - as the generated group gets it
        self._client = client

    async def health(
        self,
        ids: Iterable[int] | None = None,
        *,
        deadline: float | None = None,
        **filters: Unpack[RegistrationFilters],
    ) -> HealthReport:
        """Read which registrations work, which fail, and why.

        The list is read in pages: 10,000 registrations take eleven requests. Up to three ids are requested one by one.

        Args:
            ids (Iterable[int]): Ids of the registrations; None for all that match the filters.
            deadline (float): Seconds for the whole reading.
            filters: Filters of `list`, as `application_id=[4567]`; only without ids.

        Raises:
            InvalidArgumentError: An argument is wrong; nothing was sent.
            VoxsipError: The list could not be read.
        """
        if ids is not None and filters:
            raise InvalidArgumentError("ids: give ids or filters, not both", field="ids")
        wanted = None if ids is None else checked_ids(ids)
        remaining = None if deadline is None else countdown(self._client.clock, deadline)
        return await read_health(self._client, wanted, filters, remaining)

    async def wait_until_registered(
        self, ids: Iterable[int], *, deadline: float = 60.0, wait_for_failing: bool = True
    ) -> HealthReport:
        """Wait until registrations are registered, and return the state of each.

        The list is read again and again, in the end every five seconds. When the deadline passes, the last result is
        returned. A registration that is switched off is not waited for. One that is missing is waited for three
        seconds, in which a new one may not be listed yet.

        Args:
            ids (Iterable[int]): Ids of the registrations.
            deadline (float): Seconds for the whole wait, 60 by default.
            wait_for_failing (bool): Whether to wait for failing ones as well: the platform tries to log in again by
                itself. False returns as soon as none is in progress.

        Raises:
            InvalidArgumentError: An argument is wrong; nothing was sent.
            VoxsipError: The list could not be read.
        """
        return await wait_until_registered(
            self._client, ids, deadline=deadline, wait_for_failing=wait_for_failing
        )


class Registrations(SipRegistrations):
    """SIP registrations: accounts at SIP servers, and the bindings of their calls."""

    __slots__ = ()
    _aio: AsyncRegistrations

    def __init__(self, aio: AsyncRegistrations, runner: Runner) -> None:
        super().__init__(aio, runner)

    def health(
        self,
        ids: Iterable[int] | None = None,
        *,
        deadline: float | None = None,
        **filters: Unpack[RegistrationFilters],
    ) -> HealthReport:
        """Read which registrations work, which fail, and why.

        See `AsyncRegistrations.health`.
        """
        wanted = None if ids is None else checked_ids(ids)
        return self._runner.run(self._aio.health(wanted, deadline=deadline, **filters))

    def wait_until_registered(
        self, ids: Iterable[int], *, deadline: float = 60.0, wait_for_failing: bool = True
    ) -> HealthReport:
        """Wait until registrations are registered, and return the state of each.

        See `AsyncRegistrations.wait_until_registered`.
        """
        return self._runner.run(
            self._aio.wait_until_registered(
                checked_ids(ids), deadline=deadline, wait_for_failing=wait_for_failing
            )
        )
