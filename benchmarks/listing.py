"""10,000 registrations in pages of 1,000, against decoding alone: `python -m benchmarks.listing SCENE ROUNDS [CORE]`.

The yardstick is the same bytes through orjson and a cattrs converter with the same hooks, with no network at all.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import cattrs
import orjson

import voxsip
from benchmarks.cores import pin
from benchmarks.responder import PAGE, REGISTRATIONS, page
from benchmarks.scene import Scene
from voxsip.models import SipRegistration


def make_decoder() -> Callable[[bytes], list[SipRegistration]]:
    """Return the least that turns a page into models."""
    converter = cattrs.Converter(detailed_validation=False)
    converter.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
    converter.register_structure_hook(
        datetime, lambda value, _: datetime.fromisoformat(value).replace(tzinfo=UTC)
    )
    converter.register_structure_hook(Decimal, lambda value, _: Decimal(str(value)))

    def decode(body: bytes) -> list[SipRegistration]:
        return converter.structure(orjson.loads(body)["result"], list[SipRegistration])

    return decode


async def measure(scene: Scene, rounds: int) -> list[dict[str, float]]:
    """Return CPU and wall seconds of listing, and CPU seconds of decoding, round by round."""
    decode = make_decoder()
    bodies = [page(offset) for offset in range(0, REGISTRATIONS, PAGE)]
    taken = []
    async with voxsip.AsyncClient(
        scene.credentials, base_url=scene.base_url, ssl=scene.trust
    ) as client:
        for _ in range(rounds + 1):
            cpu, wall = time.process_time(), time.perf_counter()
            listed = [item async for item in client.sip_registrations.list()]
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            alone = time.process_time()
            decoded = [item for body in bodies for item in decode(body)]
            alone = time.process_time() - alone
            assert listed == decoded
            assert len(listed) == REGISTRATIONS
            taken.append({"cpu": cpu, "wall": wall, "alone": alone})
    return taken[1:]


def main() -> None:
    path, rounds, *core = sys.argv[1:]
    pin(*core)
    print(json.dumps(asyncio.run(measure(Scene.load(Path(path)), int(rounds)))))


if __name__ == "__main__":
    main()
