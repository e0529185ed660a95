"""`voxsip emulator`."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from cyclopts import Parameter

from voxsip.cli._connection import Switch
from voxsip.cli._exit_codes import CommandError
from voxsip.cli._parameters import AMOUNT, HOST, LATENCY, MONEY, PORT, RATE


def emulator(
    *,
    host: Annotated[str, HOST] = "127.0.0.1",
    port: Annotated[int, PORT] = 0,
    tls: Switch = False,
    tls_name: Annotated[tuple[str, ...], Parameter(metavar="NAME", show_default=False)] = (),
    dir: Annotated[str | None, Parameter(metavar="DIR")] = None,
    applications: Annotated[int, AMOUNT] = 3,
    users: Annotated[int, AMOUNT] = 10,
    registrations: Annotated[int, AMOUNT] = 0,
    balance: Annotated[Decimal | None, MONEY] = None,
    price: Annotated[Decimal | None, MONEY] = None,
    rate_limit: Annotated[float | None, RATE] = None,
    latency: Annotated[float, LATENCY] = 0.0,
    faults: Annotated[str | None, Parameter(metavar="FILE")] = None,
    callback_url: Annotated[str | None, Parameter(metavar="URL")] = None,
    callback_salt: Annotated[str, Parameter(metavar="TEXT", show_default=False)] = "",
) -> int:
    """Serve a local Management API until Ctrl-C.

    The first line it prints is the base URL; credentials.json is in DIR.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        tls: Serve HTTPS; the certificate to trust is DIR/ca.pem.
        tls_name: Further host name or address for the certificate; may be repeated.
        dir: Directory for the files; by default a temporary one, which is printed.
        applications: Number of applications at the start, each with one rule.
        users: Number of users at the start.
        registrations: Number of registrations at the start, unbound.
        balance: Money at the start [default: 1000].
        price: Price of a registration [default: 1].
        rate_limit: Calls per second; above it, the answer is error 340.
        latency: Seconds a request takes.
        faults: TOML file of faults to inject.
        callback_url: URL that callbacks (webhooks) are posted to, on a loopback address.
        callback_salt: The salt of their hashes; the API key is emulator-api-key-1.
    """
    from voxsip.emulator import serve  # noqa: PLC0415 - a server's worth of modules

    money = {"balance": balance, "price": price}
    try:
        serve(
            host=host,
            port=port,
            tls=tls,
            tls_name=tls_name,
            dir=dir,
            applications=applications,
            users=users,
            registrations=registrations,
            rate_limit=rate_limit,
            latency=latency,
            faults=faults,
            callback_url=callback_url,
            callback_salt=callback_salt,
            **{name: amount for name, amount in money.items() if amount is not None},
        )
    except OSError as error:
        place = f"{host}:{port}" if error.filename is None else error.filename
        raise CommandError(f"{place}: {error.strerror or error}") from None
    except ValueError as error:
        raise CommandError(str(error)) from None
    return 0
