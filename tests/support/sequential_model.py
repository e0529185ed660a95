"""The account as one command after another leaves it: a reading of the API's documents, not of the emulator.

A command takes a world to the next one, or is refused and leaves it as it was. Worlds are values: a test may hold on
to the one before and to the one after, and ask which of them a server shows.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import Factory, evolve, field, frozen

MISSING_APPLICATION = {107, 116}
MISSING_RULE = {147, 156}
MISSING_USER = {117, 393}
NO_MONEY, TOO_MANY, BAD_USERNAME, BAD_PROXY, NO_REGISTRATION = 127, 272, 273, 274, 275
USER_NAME_TAKEN, APPLICATION_NAME_TAKEN = 118, 129
LOGIN = ("sip_username", "proxy", "auth_user", "outbound_proxy")


@frozen
class Registration:
    """What a registration logs in as, and what it is bound to."""

    sip_username: str
    proxy: str
    auth_user: str | None = None
    outbound_proxy: str | None = None
    application: int | None = None
    rule: int | None = None
    user: int | None = None


@frozen(kw_only=True)
class World:
    """Everything the commands can change; the last id of each kind, which no server shows, tells the next one."""

    balance: Decimal
    price: Decimal
    places: int
    registrations: Mapping[int, Registration] = Factory(dict)
    applications: Mapping[int, str] = Factory(dict)
    rules: Mapping[int, tuple[int, str]] = Factory(dict)
    users: Mapping[int, tuple[int | None, str]] = Factory(dict)
    last_registration: int = field(default=0, eq=False)
    last_application: int = field(default=0, eq=False)
    last_user: int = field(default=0, eq=False)


@frozen
class Step:
    """What a command must come to: the next world, or one of the numbers it may be refused with."""

    world: World
    refusals: frozenset[int] = frozenset()
    made: int | None = None


@frozen
class Target:
    """The application, rule and user that a command names, as far as they exist; and what is wrong with them."""

    application: int | None
    rule: int | None
    user: int | None
    wrong: frozenset[int]


def target(world: World, given: Mapping[str, Any]) -> Target:
    """Find what is named. Names count within the application; a rule by id needs none and brings its own."""
    wrong: set[int] = set()
    application = _find(given, "application", world.applications, given.get("application_name"))
    if application == 0:
        return Target(
            None, None, None, frozenset(MISSING_APPLICATION | MISSING_RULE | MISSING_USER)
        )
    rule = _find(given, "rule", world.rules, (application, given.get("rule_name")))
    if rule is not None and (
        rule == 0 or (application is not None and world.rules[rule][0] != application)
    ):
        wrong |= MISSING_RULE
    elif rule is not None and application is None:
        application = world.rules[rule][0]
    user = _find(given, "user", world.users, (application, given.get("user_name")))
    if user is not None and (
        user == 0 or (application is not None and world.users[user][0] != application)
    ):
        wrong |= MISSING_USER
    return Target(application, rule, user, frozenset(wrong))


def create(world: World, given: Mapping[str, Any]) -> Step:
    """Buy a registration; bind it in the same step where it says to what."""
    aim = target(world, given)
    wrong = _wrong_login(given) | aim.wrong
    if len(world.registrations) >= world.places:
        wrong |= {TOO_MANY}
    if world.balance < world.price:
        wrong |= {NO_MONEY}
    if wrong:
        return Step(world, frozenset(wrong))
    made = world.last_registration + 1
    new = Registration(**{name: given.get(name) for name in LOGIN})
    bought = evolve(
        world,
        balance=world.balance - world.price,
        registrations={**world.registrations, made: new},
        last_registration=made,
    )
    return Step(_bound(bought, made, aim), made=made)


def update(world: World, given: Mapping[str, Any]) -> Step:
    """Change what is given of the login, and bind."""
    number = given["sip_registration_id"]
    aim = target(world, given)
    wrong = _wrong_login(given) | aim.wrong | _gone(world, number)
    if wrong:
        return Step(world, frozenset(wrong))
    changes = {name: given[name] for name in LOGIN if given.get(name) is not None}
    return Step(_bound(_with(world, number, **changes), number, aim))


def bind(world: World, given: Mapping[str, Any]) -> Step:
    """Bind a registration to what is named."""
    number = given["sip_registration_id"]
    aim = target(world, given)
    wrong = aim.wrong | _gone(world, number)
    return Step(world, frozenset(wrong)) if wrong else Step(_bound(world, number, aim))


def unbind(world: World, given: Mapping[str, Any]) -> Step:
    """Clear what is named: the user, the rule, or all three parts where neither is; a user alone from wherever it is."""
    aim = target(world, given)
    number = given.get("sip_registration_id")
    wrong = aim.wrong if number is None else aim.wrong | _gone(world, number)
    if wrong:
        return Step(world, frozenset(wrong))
    if number is None:
        number = next((n for n, r in world.registrations.items() if r.user == aim.user), None)
        if number is None:
            return Step(world)
    here = world.registrations[number]
    if aim.rule is None and aim.user is None:
        if aim.application in {None, here.application}:
            return Step(_with(world, number, application=None, rule=None, user=None))
        return Step(world)
    return Step(
        _with(
            world,
            number,
            rule=None if here.rule == aim.rule else here.rule,
            user=None if here.user == aim.user else here.user,
        )
    )


def delete(world: World, given: Mapping[str, Any]) -> Step:
    """Give a registration up; what was paid is not paid back."""
    number = given["sip_registration_id"]
    if wrong := _gone(world, number):
        return Step(world, frozenset(wrong))
    left = {n: r for n, r in world.registrations.items() if n != number}
    return Step(evolve(world, registrations=left))


def add_user(world: World, given: Mapping[str, Any]) -> Step:
    """Add a user to an application; names are unique in it."""
    owner = (given["application_id"], given["user_name"])
    if owner[0] not in world.applications:
        return Step(world, frozenset(MISSING_APPLICATION))
    if owner in world.users.values():
        return Step(world, frozenset({USER_NAME_TAKEN}))
    made = world.last_user + 1
    return Step(evolve(world, users={**world.users, made: owner}, last_user=made), made=made)


def rename_user(world: World, given: Mapping[str, Any]) -> Step:
    """Give a user another name."""
    number = given["user_id"]
    if number not in world.users:
        return Step(world, frozenset(MISSING_USER))
    owner = (world.users[number][0], given["new_user_name"])
    if owner in (name for other, name in world.users.items() if other != number):
        return Step(world, frozenset({USER_NAME_TAKEN}))
    return Step(evolve(world, users={**world.users, number: owner}))


def delete_users(world: World, given: Mapping[str, Any]) -> Step:
    """Delete users, all of them or none; registrations lose them."""
    doomed = set(given["user_id"])
    if doomed - world.users.keys():
        return Step(world, frozenset(MISSING_USER))
    return Step(
        evolve(
            world,
            users={n: user for n, user in world.users.items() if n not in doomed},
            registrations={
                n: evolve(r, user=None) if r.user in doomed else r
                for n, r in world.registrations.items()
            },
        )
    )


def add_application(world: World, given: Mapping[str, Any]) -> Step:
    """Add an application, without rules and users; its name is unique."""
    name = given["application_name"]
    if name in world.applications.values():
        return Step(world, frozenset({APPLICATION_NAME_TAKEN}))
    made = world.last_application + 1
    added = {**world.applications, made: name}
    return Step(evolve(world, applications=added, last_application=made), made=made)


def delete_application(world: World, given: Mapping[str, Any]) -> Step:
    """Delete an application with its rules and users; registrations bound to it lose all of it."""
    (number,) = given["application_id"]
    if number not in world.applications:
        return Step(world, frozenset(MISSING_APPLICATION))
    return Step(
        evolve(
            world,
            applications={n: a for n, a in world.applications.items() if n != number},
            rules={n: rule for n, rule in world.rules.items() if rule[0] != number},
            users={n: user for n, user in world.users.items() if user[0] != number},
            registrations={
                n: evolve(r, application=None, rule=None, user=None)
                if r.application == number
                else r
                for n, r in world.registrations.items()
            },
        )
    )


def listed(world: World, given: Mapping[str, Any]) -> list[int]:
    """Return the ids of the registrations that every filter lets through, in order."""
    tests = {
        "sip_username": lambda r, wanted: r.sip_username == wanted,
        "proxy": lambda r, wanted: r.proxy in wanted,
        "application_id": lambda r, wanted: r.application in wanted,
        "user_id": lambda r, wanted: r.user in wanted,
        "is_bound_to_application": lambda r, wanted: (r.application is not None) is wanted,
    }
    return sorted(
        number
        for number, registration in world.registrations.items()
        if all(tests[name](registration, wanted) for name, wanted in given.items())
    )


def _find(given: Mapping[str, Any], kind: str, table: Mapping[int, Any], name: Any) -> int | None:
    """Return the id of what a command names, None where it names none, 0 for what is not there."""
    if given.get(f"{kind}_name") is not None:
        return next((number for number, found in table.items() if found == name), 0)
    number: int | None = given.get(f"{kind}_id")
    return number if number is None or number in table else 0


def _wrong_login(given: Mapping[str, Any]) -> set[int]:
    wrong = set()
    if given.get("sip_username") == "":
        wrong.add(BAD_USERNAME)
    if (proxy := given.get("proxy")) is not None and (not proxy or " " in proxy):
        wrong.add(BAD_PROXY)
    return wrong


def _gone(world: World, number: int) -> set[int]:
    return set() if number in world.registrations else {NO_REGISTRATION}


def _with(world: World, number: int, **changes: Any) -> World:
    changed = evolve(world.registrations[number], **changes)
    return evolve(world, registrations={**world.registrations, number: changed})


def _bound(world: World, number: int, aim: Target) -> World:
    """Another application clears rule and user, the same keeps them; a user is in one place only."""
    if aim.application is None:
        return world
    here = world.registrations[number]
    stays = here.application == aim.application
    if aim.user is not None:
        for other, registration in world.registrations.items():
            if registration.user == aim.user:
                world = _with(world, other, user=None)
    return _with(
        world,
        number,
        application=aim.application,
        rule=aim.rule or (here.rule if stays else None),
        user=aim.user or (here.user if stays else None),
    )
