"""What of a call is voxsip's own code, and what its retry layer costs: no network, no loop in between.

`python -m benchmarks.own ROUNDS [CORE]`
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable

from benchmarks.cores import pin
from benchmarks.instant import instant_client
from benchmarks.scene import rows
from voxsip._calls.request import Request
from voxsip._generated.sip_registrations.commands import BIND_SIP_REGISTRATION
from voxsip._generated.sip_registrations.models import BindSipRegistrationReply
from voxsip._protocol.structuring import structurer

CALLS = 2_000


async def measure(rounds: int) -> list[dict[str, float]]:
    """Return seconds per call, round by round: whole binds, attempts with the retry layer and without."""
    client = instant_client(turns=False)
    calls = client._caller  # noqa: SLF001 - the layers are what is measured
    decode = structurer(BindSipRegistrationReply)
    values = next(rows(1))
    encoded = BIND_SIP_REGISTRATION.encode(values)

    def request() -> Request:
        return Request(BIND_SIP_REGISTRATION, values, encoded)

    async def bind() -> None:
        await client.sip_registrations.bind(**values)

    async def with_retry() -> None:
        await calls.send_with_retries(request(), decode)

    async def without() -> None:
        await calls.send_once(request(), decode)

    taken = []
    for _ in range(rounds + 1):
        gc.collect()
        taken.append(
            {
                "bind": await _time(bind),
                "with_retry": await _time(with_retry),
                "without": await _time(without),
            }
        )
    return taken[1:]


async def _time(function: Callable[[], Awaitable[None]]) -> float:
    begun = time.process_time()
    for _ in range(CALLS):
        await function()
    return (time.process_time() - begun) / CALLS


def main() -> None:
    rounds, *core = sys.argv[1:]
    pin(*core)
    print(json.dumps(asyncio.run(measure(int(rounds)))))


if __name__ == "__main__":
    main()
