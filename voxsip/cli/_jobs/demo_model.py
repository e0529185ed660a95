"""What running bind rows one after another leaves behind: ten lines to check ten thousand rows by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Bound(NamedTuple):
    """What a registration is bound to."""

    application: int | None
    user: int | None


def one_after_another(
    registrations: Iterable[int], rows: Iterable[tuple[int, int, int]]
) -> dict[int, Bound]:
    """Bind (registration, application, user) in order; a user keeps only its last registration.

    Arguments:
        registrations: all there are, unbound at first.
        rows: each registration at most once.
    """
    state = dict.fromkeys(registrations, Bound(None, None))
    holder: dict[int, int] = {}
    for registration, application, user in rows:
        if user in holder:
            loser = holder[user]
            state[loser] = state[loser]._replace(user=None)
        state[registration] = Bound(application, user)
        holder[user] = registration
    return state
