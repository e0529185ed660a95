"""`voxsip registrations watch`: which registrations work, which fail and why, for people and scripts."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from voxsip._printable import counted
from voxsip.cli._commands.registrations import NO_FILTERS, Filters, Json
from voxsip.cli._connection import SIP_DEFAULT, SipConnection, Switch
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._parameters import SECONDS, read_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from voxsip import AsyncClient, HealthReport, VoxsipError
    from voxsip.cli._display.health import HealthDisplay

_SHORTEST = 0.25  # seconds between two readings, and for one


def watch(
    file: Annotated[
        str | None, Parameter(metavar="FILE", allow_leading_hyphen=True, converter=read_path)
    ] = None,
    /,
    *,
    filters: Filters = NO_FILTERS,
    interval: Annotated[float, SECONDS] = 5.0,
    once: Switch = False,
    until_registered: Switch = False,
    deadline: Annotated[float | None, SECONDS] = None,
    json: Json = False,
    connection: SipConnection = SIP_DEFAULT,
) -> int:
    """Show which registrations work, fail (with the reason) or are in progress.

    On a terminal a live table of those that do not work; elsewhere a line for each change. It ends with 0 if all are
    registered, and with 1 if not, or if there is none; without one of the three options below, at Ctrl-C.

    Args:
        file: A file of rows with a column sip_registration_id, or -; other columns do not matter.
        interval: Seconds from the end of one reading to the next.
        once: Read once.
        until_registered: End when all are registered.
        deadline: End after so many seconds.
    """
    if once and (until_registered or deadline is not None):
        raise CommandError("--once: reads once; leave out --until-registered and --deadline")
    selection = filters.values()
    ids = None
    if file is not None:
        if selection:
            raise CommandError("give a FILE or filters, not both")
        ids = _ids_in(file)

    from voxsip.cli._display.health import choose_display  # noqa: PLC0415 - may import rich

    with choose_display(json=json) as display:

        async def watch_(client: AsyncClient) -> HealthReport:
            read = partial(client.sip_registrations.health, ids, **selection)
            ends = {"once": once, "until_registered": until_registered}
            return await _watch(client, read, display, interval, deadline, **ends)

        report = connection.run(watch_)
    if not report.registrations:
        print_message("voxsip: no registration matches")
        return Exit.FAILED
    return Exit.DONE if report.all_registered else Exit.FAILED


async def _watch(
    client: AsyncClient,
    read: Callable[..., Awaitable[HealthReport]],
    display: HealthDisplay,
    interval: float,
    deadline: float | None,
    *,
    once: bool,
    until_registered: bool,
) -> HealthReport:
    """Read again and again; return the last reading."""
    from voxsip import (  # noqa: PLC0415 - loads the HTTP library
        RateLimitError,
        ServerError,
        TransportError,
        UnexpectedReplyError,
    )

    passing = (TransportError, ServerError, RateLimitError, UnexpectedReplyError)
    clock = client.clock
    end = math.inf if deadline is None else clock.monotonic() + deadline
    report: HealthReport | None = None
    while True:
        left = max(end - clock.monotonic(), _SHORTEST)
        failure: VoxsipError | None = None
        try:
            report = await read(deadline=left if left < math.inf else None)
        except passing as error:
            if once:
                raise
            failure = error  # a service that is out of reach for a while is no reason to stop
            display.error(error)
        else:
            display.show(report)
            registered = bool(report.registrations) and report.all_registered
            if once or (until_registered and registered):
                return report
        left = end - clock.monotonic()
        pause = min(interval, max(left / 2, _SHORTEST))  # the last reading is not an old one
        if pause < left:
            await clock.sleep(pause)
        elif report is not None:
            return report
        elif failure is not None:
            raise failure


def _ids_in(file: str) -> list[int]:
    """Return the registrations that the rows of a file name. Raises InputError."""
    from voxsip._row_files import RowFile  # noqa: PLC0415 - only with a file
    from voxsip._row_files.reading import Reading  # noqa: PLC0415
    from voxsip.bulk import DeleteRequest  # noqa: PLC0415 - the rows that name a registration alone

    ids: dict[int, None] = {}
    with RowFile(file, DeleteRequest, Reading(ignore_extra=True)) as source:
        for line, row in source.scan(on_conflict="order"):
            if row.account_id is not None:
                raise CommandError(
                    f"{source.name}:{line}: account_id: one account is watched at a time; "
                    "use --account-id and a file of its rows"
                )
            ids[row.sip_registration_id] = None
    if not ids:
        raise CommandError(f"{source.name}: {counted(0, 'row')}; give at least one")
    return list(ids)
