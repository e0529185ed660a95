"""Any commands in any weather: client and server agree on what was done, or the client says that it does not know.

More of it: `pytest tests/properties/stateful --hypothesis-profile=long` (some minutes).
"""

from decimal import Decimal

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

import voxsip
from tests.support import sequential_model as model
from tests.support.fault_schedules import FAULTS
from tests.support.sequential_model import Registration, Step, World
from voxsip.emulator import Emulator, Fault, Faults

APPLICATIONS, USERS, REGISTRATIONS = 2, 4, 3
PLACES, BALANCE = 8, 9

NUMBERS = st.integers(1, 7)
LOGINS = {
    "sip_username": st.sampled_from(["ann", "bob", "ann", ""]),
    "proxy": st.sampled_from(["a.example", "b.example", "a.example", "a example"]),
}
OTHER_LOGINS = {  # a registration renamed to what is bought in the same second passes for bought
    "sip_username": st.sampled_from(["cyd", "cyd", ""]),
    "proxy": st.sampled_from(["c.example", "c.example", "c example"]),
    "outbound_proxy": st.just("o"),
}
SMALL = st.integers(1, 3)


def one_way(kind, names):
    """A thing named by id, by name, or not at all."""
    return st.one_of(
        st.just({}),
        st.builds(lambda number: {f"{kind}_id": number}, NUMBERS if kind == "user" else SMALL),
        st.builds(lambda name: {f"{kind}_name": name}, names),
    )


def joined(*parts):
    return st.tuples(*parts).map(lambda dicts: {k: v for one in dicts for k, v in one.items()})


def complete(given):
    """Name an application where the API's documents ask for one."""
    needed = {"rule_name", "user_id", "user_name"} & given.keys()
    if needed and not {"application_id", "application_name"} & given.keys():
        return {**given, "application_id": 1}
    return given


AIMS = joined(
    one_way("application", st.sampled_from(["app-1", "app-2", "app-3", "nowhere"])),
    one_way("rule", st.sampled_from(["rule-1", "rule-2"])),
    one_way("user", st.sampled_from(["user-1", "user-2", "user-3", "new"])),
).map(complete)
GOOD_AIMS = st.integers(1, USERS).map(
    lambda user: {"application_id": (user - 1) % APPLICATIONS + 1, "user_id": user}
)
ANY_AIM = st.one_of(GOOD_AIMS, AIMS)
POLICIES = st.builds(
    voxsip.RetryPolicy,
    attempts=st.integers(1, 5),
    backoff=st.just(0),
    max_retry_after=st.just(0),
    budget=st.sampled_from([1000.0, 3.0]),
)


NOT_DONE = voxsip.NotSentError | voxsip.RateLimitError | voxsip.AuthorizationError
"""What a command may fail with that could have been done, where the client knows that it was not."""
accounts = []


def account(credentials):
    """Parse a key once: emulators of one process share theirs."""
    if not accounts:
        accounts.append(voxsip.ServiceAccount.from_file(credentials))
    return accounts[0]


def read_world(emulator):
    """What the server has, read without faults."""
    service = emulator._service
    with service.lock:
        main = service.main
        return World(
            balance=main.balance,
            price=service.price,
            places=service.max_registrations,
            registrations={
                number: Registration(
                    row.sip_username,
                    row.proxy,
                    row.auth_user,
                    row.outbound_proxy,
                    row.application_id,
                    row.rule_id,
                    row.user_id,
                )
                for number, row in main.registrations.items()
            },
            applications={number: one.name for number, one in main.applications.items()},
            rules={number: (one.application_id, one.name) for number, one in main.rules.items()},
            users={number: (one.application_id, one.name) for number, one in main.users.items()},
        )


def bound(registration):
    """What a registration is bound to, as the client lists it or as the model has it."""
    if isinstance(registration, Registration):
        return registration.application, registration.rule, registration.user
    return registration.application_id, registration.rule_id, registration.user_id


class Account(RuleBasedStateMachine):
    """One account, one blocking client, one model."""

    @initialize(policy=POLICIES, ahead=st.sampled_from([0.0, -400.0, 400.0, 4000.0]))
    def open(self, policy, ahead):
        self.emulator = Emulator(
            applications=APPLICATIONS,
            users=USERS,
            registrations=REGISTRATIONS,
            balance=BALANCE,
            max_registrations=PLACES,
            clock_offset=-86_400,  # what is there was bought yesterday
        ).__enter__()
        self.emulator.clock_offset = ahead
        self.client = voxsip.Client(
            account(self.emulator.credentials), base_url=self.emulator.base_url, retry=policy
        )
        self.registrations = self.client.sip_registrations
        self.world = World(
            balance=Decimal(BALANCE),
            price=Decimal(1),
            places=PLACES,
            registrations={n: Registration(f"sip-{n}", "sip.example.com") for n in range(1, 4)},
            applications={1: "app-1", 2: "app-2"},
            rules={1: (1, "rule-1"), 2: (2, "rule-1")},
            users={n: ((n - 1) % APPLICATIONS + 1, f"user-{n}") for n in range(1, USERS + 1)},
            last_registration=REGISTRATIONS,
            last_application=APPLICATIONS,
            last_user=USERS,
        )
        assert self.live() == self.world

    def teardown(self):
        if hasattr(self, "client"):
            self.client.close()
            self.emulator.__exit__(None, None, None)

    @rule(faults=st.lists(FAULTS, max_size=3), seed=st.integers(0, 1 << 16))
    def weather(self, faults, seed):
        self.emulator.faults = Faults([Fault(**fault) for fault in faults], seed=seed)

    @rule(
        login=st.fixed_dictionaries(LOGINS),
        more=st.fixed_dictionaries({}, optional={"auth_user": st.just("x")}),
        aim=ANY_AIM,
    )
    def create(self, login, more, aim):
        given = {**login, **more, **aim}
        self.change(model.create, self.registrations.create, given, "sip_registration_id")

    @rule(
        number=NUMBERS,
        login=st.fixed_dictionaries({}, optional=OTHER_LOGINS),
        aim=ANY_AIM,
    )
    def update(self, number, login, aim):
        given = {"sip_registration_id": number, **login, **aim}
        self.change(model.update, self.registrations.update, given)

    @rule(number=NUMBERS, aim=ANY_AIM)
    def bind(self, number, aim):
        self.change(model.bind, self.registrations.bind, {"sip_registration_id": number, **aim})

    @rule(number=NUMBERS, aim=ANY_AIM)
    def unbind(self, number, aim):
        self.change(model.unbind, self.registrations.unbind, {"sip_registration_id": number, **aim})

    @rule(aim=GOOD_AIMS, alone=st.booleans())
    def unbind_user(self, aim, alone):
        given = {"user_id": aim["user_id"]} if alone else aim
        self.change(model.unbind, self.registrations.unbind, given)

    @rule(number=NUMBERS)
    def delete(self, number):
        self.change(model.delete, self.registrations.delete, {"sip_registration_id": number})

    @rule(
        filters=st.fixed_dictionaries(
            {},
            optional={
                "sip_username": st.sampled_from(["ann", "sip-1"]),
                "proxy": st.sampled_from([["a.example"], ["a.example", "sip.example.com"]]),
                "application_id": st.sampled_from([[1], [1, 2]]),
                "user_id": st.sampled_from([[1], [2, 3]]),
                "is_bound_to_application": st.booleans(),
            },
        )
    )
    def list_(self, filters):
        try:
            found = list(self.registrations.list(**filters))
        except voxsip.VoxsipError:
            pass  # a read changes nothing, whatever becomes of it
        else:
            assert {one.sip_registration_id: bound(one) for one in found} == {
                number: bound(self.world.registrations[number])
                for number in model.listed(self.world, filters)
            }
        assert self.live() == self.world

    @rule(application=SMALL, name=st.sampled_from(["user-1", "new", "newer"]))
    def add_user(self, application, name):
        given = {"application_id": application, "user_name": name}
        rest = {"user_display_name": "N", "user_password": "swordfish"}
        self.change(
            model.add_user, lambda **known: self.client.users.add(**known, **rest), given, "user_id"
        )

    @rule(number=NUMBERS, name=st.sampled_from(["user-1", "new", "newest"]))
    def rename_user(self, number, name):
        given = {"user_id": number, "new_user_name": name}
        self.change(model.rename_user, self.client.users.set, given)

    @rule(numbers=st.lists(st.integers(3, 7), min_size=1, max_size=2))
    def delete_users(self, numbers):
        self.change(model.delete_users, self.client.users.delete, {"user_id": numbers})

    @rule(name=st.sampled_from(["app-2", "app-3"]))
    def add_application(self, name):
        given = {"application_name": name}
        self.change(model.add_application, self.client.applications.add, given, "application_id")

    @rule(number=st.integers(2, 4))
    def delete_application(self, number):
        given = {"application_id": [number]}
        self.change(model.delete_application, self.client.applications.delete, given)

    def change(self, step_of, send, given, key=None):
        """Send a command, and compare what the client says of it with what the server shows."""
        before = self.world
        step: Step = step_of(before, given)
        reply, failure = None, None
        try:
            reply = send(**given)
        except voxsip.VoxsipError as error:
            failure = error
        if failure is None:
            # to delete what is gone is done: an attempt before may have been the one that did it
            gone = step_of is model.delete and step.refusals == {model.NO_REGISTRATION}
            assert gone or not step.refusals, "done, and should have been refused"
            assert key is None or getattr(reply, key) == step.made
            self.world = step.world
        elif failure.outcome_unknown:
            assert self.live() in (before, step.world), "neither done nor not done"
            self.world = step.world if self.live() == step.world else before
        elif getattr(failure, "code", None) not in step.refusals:
            assert isinstance(failure, NOT_DONE)
        assert self.live() == self.world

    def live(self):
        return read_world(self.emulator)


TestAccount = pytest.mark.slow(Account.TestCase)
TestAccount.settings = (
    settings(max_examples=1000, stateful_step_count=50)
    if settings.get_current_profile_name() == "long"
    else settings(max_examples=100, stateful_step_count=30, derandomize=True)
)
