"""`voxsip demo --desired`: a thousand users change places by a file of desired state."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxsip import AsyncClient
from voxsip.cli._display.plan_text import print_plan
from voxsip.cli._exit_codes import Exit, print_message
from voxsip.cli._jobs.demo_model import read_users

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from voxsip import Report
    from voxsip.bulk import BulkJob

    Follow = Callable[[BulkJob[Any], str, int], Awaitable[Report]]


async def demonstrate(
    url: str, credentials: Path, rows: int, concurrency: int, follow: Follow
) -> Exit:
    """Bind every user, export that, shuffle the users, plan, apply, and plan again.

    The emulator has as many users as registrations. `follow` runs a job with a display.
    """
    async with AsyncClient(credentials, base_url=url, proxy="") as client:
        first = [
            {
                "sip_registration_id": number,
                "application_name": application.application_name,
                "user_name": user.user_name,
            }
            for number, (application, user) in enumerate(await read_users(client), 1)
        ]
        bound = await follow(client.bulk.bind(first, concurrency=concurrency), "binding", rows)
        exported = [row async for row in client.desired.export()]
        wanted = shuffled(exported)
        plan = await client.desired.plan(wanted, force=True)
        print_plan(plan, "the shuffled rows")
        journal = credentials.with_name("demo.journal")
        job = client.desired.apply(plan, journal=journal, concurrency=concurrency)
        applied = await follow(job, "applying", len(plan.changes))
        again = await client.desired.plan(wanted)
    print_message(f"applied in {applied.seconds:.1f} seconds; planned again:")
    print_plan(again, "the shuffled rows")
    fine = bound.ok and applied.ok and not again.changes and not again.refused
    return Exit.DONE if fine else Exit.FAILED


def shuffled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let the users of each application change places, at random but always the same."""
    chance = random.Random(7)
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row["application_name"], []).append(place)
    mixed = list(rows)
    for own in places.values():
        for place, other in zip(own, chance.sample(own, len(own)), strict=True):
            mixed[place] = {**rows[place], "user_name": rows[other]["user_name"]}
    return mixed
