"""`voxsip rate show|set|pause`: the rate that processes share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from voxsip._printable import counted
from voxsip.cli._connection import DEFAULT, Connection, Switch
from voxsip.cli._exit_codes import CommandError
from voxsip.cli._terminal.output import print_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from voxsip import AsyncClient
    from voxsip.shared import RateStatus, SharedLimiter


def show_(*, json: Switch = False, connection: Connection = DEFAULT) -> int:
    """Show the account's rate. Nothing is sent to the API.

    Args:
        json: Write it as JSON.
    """
    return _with_limiter(connection, None, as_json=json)


def set_(rate: str, /, *, json: Switch = False, connection: Connection = DEFAULT) -> int:
    """Change the account's rate for all processes, at once.

    Args:
        rate: Requests per second at most, or "none" to follow the service's throttling only.
        json: Write the new state as JSON.
    """
    number = None if rate == "none" else _number("RATE", rate)
    return _with_limiter(connection, lambda limiter: limiter.change(number), as_json=json)


def pause_(seconds: str, /, *, json: Switch = False, connection: Connection = DEFAULT) -> int:
    """Pause all requests of the account, in all processes.

    Args:
        seconds: Length of the pause; 0 ends one.
        json: Write the new state as JSON.
    """
    number = 0.0 if seconds == "0" else _number("SECONDS", seconds)
    return _with_limiter(connection, lambda limiter: limiter.pause_all(number), as_json=json)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise CommandError(f"{name}: give a number above 0, not {text!r}")
    return number


def _with_limiter(
    connection: Connection,
    change: Callable[[SharedLimiter], Awaitable[None]] | None,
    *,
    as_json: bool,
) -> int:
    from voxsip.shared import SharedLimiter  # noqa: PLC0415 - only for those who share

    async def read(client: AsyncClient) -> RateStatus:
        limiter = client.limiter
        if not isinstance(limiter, SharedLimiter):
            raise CommandError("name the store: --rate-store postgresql://user@host/database")
        if change is not None:
            await change(limiter)
        return await limiter.status()

    status = connection.run(read)
    if as_json:
        print_json(status)
    else:
        print(_words(status))
    return 0


def _words(status: RateStatus) -> str:
    rate = "no limit" if status.rate is None else f"{status.rate:g} a second"
    if status.ceiling is not None and status.rate != status.ceiling:
        rate += f" (lowered from {status.ceiling:g})"
    lines = [
        f"account {status.account_id} at {status.service}: {rate}",
        f"used lately: {status.used:.0f} a second; {status.total:,} since the beginning",
        f"lowered after refusals: {counted(status.cuts, 'time')}",
    ]
    if status.paused > 0:
        lines.append(f"paused for another {status.paused:.0f} s")
    return "\n".join(lines)
