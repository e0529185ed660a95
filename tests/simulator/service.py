"""The service: the emulator's own, without its wire; it lives in the world, not in a client's loop."""

from datetime import UTC, datetime
from decimal import Decimal

from voxsip.emulator._service.clock import Clock
from voxsip.emulator._service.service import Call, Service
from voxsip.emulator._service.tokens import Grant
from voxsip.emulator._state.seed import seed

PRICE = Decimal(1)
ROLES = frozenset({"Owner", "Admin", "Developer", "Supervisor", "Accountant", "Support"})


class AnyToken:
    """Accepts every token: who may call is not what is simulated."""

    def __init__(self, account_id):
        self._grant = Grant(account_id=account_id, roles=ROLES, issued=0.0, expires=0.0)

    def verify(self, _):
        return self._grant


class Backend:
    """Executes commands at the world's time.

    Args:
        world: Tells the time.
        spelling: Rewrites user name and proxy as the service stores them.
        skew: Seconds its clock is ahead of true time.
    """

    def __init__(self, world, *, spelling=None, skew=0.0, registrations=0):
        self.clock = Clock(lambda: world.now, offset=skew)
        self.spelling = spelling or (lambda name, proxy: (name, proxy))
        self.service = Service(clock=self.clock, balance=Decimal(1_000_000), price=PRICE)
        self.service.tokens = AnyToken(self.service.main.id)
        seed(self.service.main, applications=3, users=12, registrations=registrations, price=PRICE)

    @property
    def registrations(self):
        return self.service.main.registrations

    def add_foreign(self, name, proxy, age):
        """Add a registration that somebody bought before, so many seconds ago."""
        name, proxy = self.spelling(name, proxy)
        bought = datetime.fromtimestamp(self.clock.now() - age, UTC)
        return self.service.main.add_registration(name, proxy, PRICE, bought=bought).id

    def execute(self, command, parameters):
        """Do what a request asks for; return the body of the reply."""
        if command == "CreateSipRegistration" and {"sip_username", "proxy"} <= parameters.keys():
            name, proxy = self.spelling(parameters["sip_username"], parameters["proxy"])
            parameters = {**parameters, "sip_username": name, "proxy": proxy}
        self.service.receive(command)
        return self.service.reply(Call(command=command, parameters=parameters))

    def snapshot(self):
        """Return what every registration is bound to."""
        return {
            number: (item.application_id, item.rule_id, item.user_id)
            for number, item in self.registrations.items()
        }
