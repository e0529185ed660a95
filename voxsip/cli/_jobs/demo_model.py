"""The rows of the demo, and what running them one after another leaves behind: ten lines to check ten thousand rows by."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

from voxsip.bulk import BindRequest, CreateRequest
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._jobs.follow import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from voxsip import AsyncClient, Report


_SHOWN = 10


class Bound(NamedTuple):
    """What a registration is bound to."""

    application: int | None
    user: int | None


def one_after_another(
    registrations: Iterable[int], rows: Iterable[tuple[int, int, int]]
) -> dict[int, Bound]:
    """Bind (registration, application, user) in order; a user keeps the last one."""
    state = dict.fromkeys(registrations, Bound(None, None))
    holder: dict[int, int] = {}
    for registration, application, user in rows:
        if user in holder:
            loser = holder[user]
            state[loser] = state[loser]._replace(user=None)
        state[registration] = Bound(application, user)
        holder[user] = registration
    return state


async def find_mismatches(
    client: AsyncClient, registrations: Iterable[int], plan: Iterable[BindRow]
) -> tuple[int, list[str]]:
    """Read all registrations; return their number, and those that are not as expected."""
    found = {
        item.sip_registration_id: Bound(item.application_id, item.user_id)
        async for item in client.sip_registrations.list()
    }
    expected = one_after_another(
        registrations, ((row.registration, row.application, row.user) for row in plan)
    )
    return len(found), [
        f"registration {one}: expected {expected.get(one)}, found {found.get(one)}"
        for one in sorted(expected.keys() | found.keys())
        if expected.get(one) != found.get(one)
    ]


def print_mismatches(mismatches: list[str]) -> None:
    """Print the first of them."""
    for text in mismatches[:_SHOWN]:
        print_message(text)


def uninterrupted(report: Report) -> Report:
    """Return a report. Raises CommandError if its job was interrupted."""
    if report.stopped == INTERRUPTED:
        raise CommandError("interrupted; the emulator and all it held are gone", Exit.INTERRUPTED)
    return report


def purchases(rows: int) -> Iterator[CreateRequest]:
    """Yield what is bought."""
    for number in range(1, rows + 1):
        yield CreateRequest(
            sip_username=f"phone-{number}", proxy="sip.example.com", password=f"secret-{number}"
        )


class BindRow(NamedTuple):
    """A row to bind, and what its names stand for."""

    registration: int
    application: int
    user: int
    request: BindRequest


async def read_users(client: AsyncClient) -> list[tuple[Any, Any]]:
    """Read which users each application has."""
    return [
        (application, user)
        async for application in client.applications.list()
        async for user in client.users.list(application_id=application.application_id)
    ]


def make_rows(registrations: list[int], users: list[tuple[Any, Any]]) -> list[BindRow]:
    """Give every registration a user at random, always the same, by id or by name."""
    chance = random.Random(7)
    shuffled = chance.sample(registrations, len(registrations))
    rows = []
    for number, registration in enumerate(shuffled):
        application, user = chance.choice(users)
        named: dict[str, Any] = (
            {"application_id": application.application_id, "user_id": user.user_id}
            if number % 2
            else {"application_name": application.application_name, "user_name": user.user_name}
        )
        request = BindRequest(sip_registration_id=registration, **named)
        rows.append(BindRow(registration, application.application_id, user.user_id, request))
    return rows
