"""The emulator as a process: serve until told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from voxsip.emulator._emulator import Emulator
from voxsip.emulator._faults.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal
    from pathlib import Path


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: bool = False,
    tls_name: Iterable[str] = (),
    dir: str | Path | None = None,
    applications: int = 3,
    users: int = 10,
    registrations: int = 0,
    balance: Decimal | float | str = 1000,
    price: Decimal | float | str = 1,
    rate_limit: float | None = None,
    latency: float = 0.0,
    faults: str | Path | None = None,
    callback_url: str | None = None,
    callback_salt: str = "",
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then return.

    Prints the base URL as the first line of standard output, then where the files are. Call it
    from the main thread: nowhere else can signals be caught.

    Args:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        tls: serve HTTPS.
        tls_name: further host names or addresses for the certificate.
        dir: the folder for `credentials.json` and `ca.pem`; None for a temporary one.
        applications: the number of applications at the start.
        users: the number of users at the start.
        registrations: the number of registrations at the start.
        balance: money at the start.
        price: the price of a registration.
        rate_limit: calls a second; above it, error 340.
        latency: seconds a request takes.
        faults: a TOML file for `Faults.from_toml`.
        callback_url: the URL that callbacks are posted to, on a loopback address of this machine.
        callback_salt: the salt of their hashes.

    Raises:
        ValueError: an option or the file of faults makes no sense.
        OSError: the address is taken, or a file cannot be read or written.
    """
    emulator = Emulator(
        host,
        port,
        tls=tls,
        tls_names=tls_name,
        directory=dir,
        applications=applications,
        users=users,
        registrations=registrations,
        balance=balance,
        price=price,
        rate_limit=rate_limit,
        latency=latency,
        faults=None if faults is None else Faults.from_toml(faults),
        callback_url=callback_url,
        callback_salt=callback_salt,
    )
    with suppress(KeyboardInterrupt):  # if the loop cannot catch signals
        asyncio.run(_serve(emulator))


async def _serve(emulator: Emulator) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):
        numbers = [signal.SIGINT, signal.SIGTERM]
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)  # or its temporary files would be left behind
        for number in numbers:
            loop.add_signal_handler(number, stopped.set)
    async with emulator:
        lines = [emulator.base_url, f"credentials: {emulator.credentials}"]
        if emulator.ca is not None:
            lines.append(f"ca: {emulator.ca}")
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        await stopped.wait()
