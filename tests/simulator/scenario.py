"""What one seed asks of a job: its rows, what is there before, when its lives end."""

import attrs

from tests.simulator.profile import Profile

PROXIES = ("sip.example.com", "SIP.Example.com", "sip.example.com.", "sip.example.com:5060")


def stored(name, proxy):
    """Spell a name as a service may store it: in lower case, without the default port and the last dot."""
    return name.lower(), proxy.lower().removesuffix(":5060").rstrip(".")


@attrs.frozen(kw_only=True)
class Less:
    """What the shrinker has taken away.

    Attributes:
        rows: Rows that are left, or None for all.
        quiet: Requests that meet no fate.
        calm_lives: Lives that are not killed.
        awake_lives: Lives in which the machine does not sleep.
    """

    rows: int | None = None
    quiet: frozenset = frozenset()
    calm_lives: frozenset = frozenset()
    awake_lives: frozenset = frozenset()


@attrs.frozen(kw_only=True)
class Life:
    """One life of the client: when and how it ends, what its clock shows, what journal and what input it finds."""

    crash_at: int | None = None
    suspend_at: int | None = None
    suspend_for: float = 0.0
    wall_error: float = 0.0
    journal: str = "whole"
    ending: str = "killed"
    mistaken: bool = False


@attrs.frozen(kw_only=True)
class Scenario:
    """Rows and lives of one seed."""

    profile: Profile
    rows: list
    foreign: list
    lives: list
    concurrency: int


def scenario(world, profile, less):
    """Work out what a seed asks for; what the shrinker took away leaves the rest as it was."""
    random = world.random("rows")
    count = random.randint(4, 24)
    rows = [_row(world, profile, number) for number in range(1, count + 1)][: less.rows]
    return Scenario(
        profile=profile,
        rows=rows,
        foreign=_foreign(world, profile, rows),
        lives=[_life(world, profile, number, less) for number in range(1, profile.kills + 1)],
        concurrency=world.random("concurrency").choice((1, 2, 4, 8)),
    )


def _row(world, profile, number):
    random = world.random("row", number)
    if profile.kind == "delete":
        return {"sip_registration_id": number}
    if profile.kind == "bind":
        user = random.randint(1, 12)
        return {
            "sip_registration_id": random.randint(1, 15),
            "application_id": (user - 1) % 3 + 1,
            "user_id": user,
        }
    base = random.randint(1, number) if random.random() < profile.twins else number
    spelling = world.random("spelling", base)
    name = f"User-{base}" if profile.spelling and spelling.random() < 0.5 else f"user-{base}"
    proxy = spelling.choice(PROXIES) if profile.spelling else PROXIES[0]
    return {"sip_username": name, "proxy": proxy, "password": "hunter2"}


def _foreign(world, profile, rows):
    if profile.kind != "create":
        return []
    names = {(row["sip_username"], row["proxy"]): None for row in rows}
    found = []
    for name, proxy in names:
        random = world.random("foreign", name)
        if random.random() < profile.foreign:
            found.append((name, proxy, random.choice((0.0, 1.0, 30.0, 90_000.0))))
    return found


def _life(world, profile, number, less):
    random = world.random("life", number)
    early = random.random() < 0.5  # half of them early: else few kills hit anything
    crash_at = random.randint(3, 60) if early else random.randint(10, 500)
    suspend_at = random.randint(3, 200) if random.random() < profile.sleeps else None
    names = list(profile.copies)
    manner = world.random("manner", number)
    return Life(
        crash_at=None if number in less.calm_lives else crash_at,
        suspend_at=None if number in less.awake_lives else suspend_at,
        suspend_for=random.choice((1.0, 30.0, 4000.0)),
        wall_error=random.uniform(-profile.wall_jump, profile.wall_jump),
        journal=random.choices(names, [profile.copies[one] for one in names])[0],
        ending=manner.choices(list(profile.endings), list(profile.endings.values()))[0],
        mistaken=manner.random() < profile.mistakes,
    )
