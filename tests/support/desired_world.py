"""A small account with the API's rules, written apart from the planner, and runs of a plan on it in any allowed order."""

import attrs

from voxsip.bulk._engine.window import Window
from voxsip.models import SipRegistration
from voxsip.plan._calls import ChangeKeys, bind_request
from voxsip.plan._live import Live
from voxsip.plan._names import Names
from voxsip.plan._options import Options
from voxsip.plan._planner import Planner

APPLICATIONS = {1: "app-1", 2: "app-2"}
RULES = {1: 1, 2: 1, 3: 2}
USERS = {1: {1, 3, 5, 6, 8}, 2: {2, 4, 5, 7, 8}}
"""The users of each application; 5 and 8 belong to both."""

NAMES = Names(
    [(name, number) for number, name in APPLICATIONS.items()],
    [(application, f"rule-{rule}", rule) for rule, application in RULES.items()],
    {application: [(f"user-{u}", u) for u in users] for application, users in USERS.items()},
)


@attrs.define
class Registration:
    sip_username: str
    proxy: str = "sip.example.com"
    auth_user: str | None = None
    is_persistent: bool = True
    application: int | None = None
    rule: int | None = None
    user: int | None = None


class World:
    """Registrations by id, changed by the API's commands."""

    def __init__(self, registrations=()):
        self.registrations = {n: attrs.evolve(one) for n, one in enumerate(registrations, 1)}
        self.last = len(self.registrations)

    def listing(self):
        return [
            SipRegistration(
                sip_registration_id=number,
                sip_username=one.sip_username,
                proxy=one.proxy,
                auth_user=one.auth_user,
                is_persistent=one.is_persistent,
                application_id=one.application,
                application_name=APPLICATIONS.get(one.application),
                rule_id=one.rule,
                rule_name=None if one.rule is None else f"rule-{one.rule}",
                user_id=one.user,
                user_name=None if one.user is None else f"user-{one.user}",
            )
            for number, one in self.registrations.items()
        ]

    def holder(self, user):
        found = [n for n, one in self.registrations.items() if one.user == user]
        assert len(found) <= 1
        return found[0] if found else None

    def bind(self, number, application=None, rule=None, user=None):
        one = self.registrations[number]
        if application is None:
            return
        assert rule is None or RULES[rule] == application
        assert user is None or user in USERS[application]
        stays = one.application == application
        if user is not None and self.holder(user) not in {None, number}:
            self.registrations[self.holder(user)].user = None
        one.application = application
        one.rule = rule if rule is not None else one.rule if stays else None
        one.user = user if user is not None else one.user if stays else None

    def unbind(self, number, application=None, rule=None, user=None):
        one = self.registrations[number]
        if rule is None and user is None:
            if application in {None, one.application}:
                one.application = one.rule = one.user = None
            return
        if rule is not None and one.rule == rule:
            one.rule = None
        if user is not None and one.user == user:
            one.user = None

    def run(self, change, made):
        """Do a change of a plan."""
        after = change.after or {}
        if change.action == "create":
            self.last += 1
            made[change.number] = self.last
            logins = {n: v for n, v in after.items() if not n.endswith("_id")}
            self.registrations[self.last] = Registration(**logins)
            parts = {n.removesuffix("_id"): v for n, v in after.items() if n.endswith("_id")}
            self.bind(self.last, **parts)
        elif change.action == "update":
            for name, value in after.items():
                setattr(self.registrations[change.sip_registration_id], name, value)
        elif change.action == "delete":
            del self.registrations[change.sip_registration_id]
        else:
            request = bind_request(change, made)
            request.check()
            parts = {
                "application": request.application_id,
                "rule": request.rule_id,
                "user": request.user_id,
            }
            (self.bind if request.bind else self.unbind)(request.sip_registration_id, **parts)


def plan(world, rows, **options):
    """Plan rows against a world."""
    planner = Planner(Live(world.listing()), Options(**options))
    for row in rows:
        planner.add(row)
    return list(planner.finish(NAMES))[-1]


class Runner:
    """Runs changes on a world as the engine may: through a window, phase by phase, in an order drawn at random."""

    def __init__(self, world, changes, chance, keys=ChangeKeys):
        self.world = world
        self.changes = changes
        self.chance = chance
        self.keys = keys(changes)
        self.made = {}
        self.done = set()

    def steps(self, limit=6):
        """Do the changes one after another; give each once it is done."""
        window = Window(limit)
        waiting = list(self.changes)
        running = []
        while waiting or window:
            moves = []
            if waiting and not window.full and self._phase_begun(waiting[0]):
                moves.append("admit")
            if window.ready:
                moves.append("take")
            if running:
                moves.append("end")
            move = self.chance.choice(moves)
            if move == "admit":
                change = waiting.pop(0)
                window.admit(change, self.keys.keys(change))
            elif move == "take":
                running.append(window.take())
            else:
                entry = running.pop(self.chance.randrange(len(running)))
                assert self.done.issuperset(entry.item.after_change), (
                    "begun before what it waits for"
                )
                self.world.run(entry.item, self.made)
                self.done.add(entry.item.number)
                window.complete(entry)
                yield entry.item

    def _phase_begun(self, change):
        kind = {"create": "create", "delete": "delete"}
        own = kind.get(change.action)
        before = self.changes[: change.number - 1]
        for place in range(len(before) - 1, -1, -1):
            if kind.get(before[place].action) != own:
                return self.done.issuperset(one.number for one in before[: place + 1])
        return True
