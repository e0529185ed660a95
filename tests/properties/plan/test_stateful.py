"""Live state, wanted state, strangers, faults and stops in any order: a plan is applied exactly, or nothing is sent.

More of it: `pytest tests/properties/plan --hypothesis-profile=long` (some minutes).
"""

import tempfile
from pathlib import Path

import pytest
from hypothesis import event, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

import voxsip
from tests.support.emulators import changes_received
from voxsip.emulator import Emulator, Fault, Faults
from voxsip.plan import Plan, StalePlanError

PROXY = "sip.example.com"
APPLICATIONS, USERS, REGISTRATIONS = 2, 6, 5
LOGINS = [f"sip-{n}" for n in range(1, REGISTRATIONS + 1)] + ["new-1", "new-2"]
QUICK = voxsip.RetryPolicy(attempts=3, backoff=0, max_retry_after=0)
FAULTS = st.one_of(
    st.just([]),
    st.lists(
        st.builds(
            Fault,
            kind=st.sampled_from(["lose_reply", "refuse", "http", "truncated", "error"]),
            share=st.sampled_from([0.1, 0.4]),
        ),
        min_size=1,
        max_size=2,
    ),
)
accounts = []


def account(credentials):
    """Parse a key once: emulators of one process share theirs."""
    if not accounts:
        accounts.append(voxsip.ServiceAccount.from_file(credentials))
    return accounts[0]


@st.composite
def wants(draw):
    """Rows, by SIP user name: what each registration should be bound to. No user is wanted twice."""
    users = draw(st.permutations(range(1, USERS + 1)))
    rows = {}
    for login in draw(st.lists(st.sampled_from(LOGINS), unique=True, min_size=1)):
        user = draw(st.sampled_from([None, users.pop() if users else None, *users[-1:]]))
        if user in users:
            users.remove(user)
        if user is not None:
            rows[login] = ((user - 1) % APPLICATIONS + 1, user)
        else:
            rows[login] = (draw(st.sampled_from([None, 1, 2])), None)
    return rows


class Desired(RuleBasedStateMachine):
    """One account, its operator with plans, and strangers."""

    @initialize(rows=wants())
    def open(self, rows):
        self.folder = tempfile.TemporaryDirectory()
        self.emulator = Emulator(
            applications=APPLICATIONS, users=USERS, registrations=REGISTRATIONS, balance=1000
        ).__enter__()
        self.client = voxsip.Client(
            account(self.emulator.credentials), base_url=self.emulator.base_url, retry=QUICK
        )
        self.number = 0
        self.make_plan(rows, prune=False)

    def teardown(self):
        if hasattr(self, "client"):
            self.client.close()
            self.emulator.__exit__(None, None, None)
            self.folder.cleanup()

    @rule(rows=wants(), prune=st.booleans())
    def make_plan(self, rows, prune):
        self.emulator.faults = None
        self.rows = rows
        self.pruned = prune
        before = changes_received(self.emulator)
        plan = self.planned()
        assert changes_received(self.emulator) == before, "planning changes nothing"
        assert not plan.refused, plan.refused
        self.number += 1
        self.plan = plan.save(Path(self.folder.name) / f"{self.number}.plan")
        self.start = self.live()
        self.touched = self.ended = self.complete = False

    @rule(user=st.integers(1, USERS), place=st.integers(0, 6))
    def stranger(self, user, place):
        """Somebody else binds a user elsewhere, or deletes a registration."""
        self.emulator.faults = None
        numbers = sorted(self.live())
        number = numbers[place % len(numbers)] if numbers else None
        if number is None:
            return
        before = self.live()
        if place == 6:
            self.client.sip_registrations.delete(sip_registration_id=number)
        else:
            application = (user - 1) % APPLICATIONS + 1
            self.client.sip_registrations.bind(
                sip_registration_id=number, application_id=application, user_id=user
            )
        self.touched = self.touched or self.live() != before

    @rule(
        outcomes=st.none() | st.integers(0, 3),
        loaded=st.booleans(),
        concurrency=st.integers(1, 4),
        faults=FAULTS,
        seed=st.integers(0, 1 << 16),
    )
    def apply(self, outcomes, loaded, concurrency, faults, seed):
        """Apply the plan, to its end or until some outcomes are in, in any weather."""
        self.emulator.faults = Faults(faults, seed=seed)
        plan = Plan.load(self.plan.path) if loaded else self.plan
        before = changes_received(self.emulator)
        job = self.client.desired.apply(plan, force=True, concurrency=concurrency)
        try:
            with job:
                for count, _ in enumerate(job):
                    if count == outcomes:
                        break
        except StalePlanError:
            assert changes_received(self.emulator) == before, "a stale plan sends nothing"
            assert self.touched or self.ended or self.complete, "nobody else changed anything"
            event("refused: " + ("applied already" if self.ended else "stale"))
            return
        except voxsip.VoxsipError:
            assert changes_received(self.emulator) == before, (
                "whatever stops a plan at its beginning, nothing is sent"
            )
            return
        report = job.report
        assert not self.ended, "a plan is applied to its end once"
        # Stopped at its last outcome it may count as ended, if whatever continues it fails.
        self.complete = report.rows == len(plan.changes) and not report.skipped
        if report.rows == len(plan.changes) and report.stopped is None:
            self.ended = True
        self.check_logins()
        event(
            f"{'resumed, ' if report.restored else ''}{'to its end' if self.ended else 'stopped'}"
        )
        if self.touched:
            event("despite a stranger, who touched nothing of it")
            return
        if report.ok and self.ended:
            self.emulator.faults = None
            assert self.by_login() == self.expected()
            again = self.planned()
            assert not again.changes
        elif not report.unknown:
            self.check_nobody_is_lost(plan)

    def planned(self):
        rows = [
            {
                "sip_username": login,
                "proxy": PROXY,
                "application_id": application,
                "user_id": user,
                "rule_id": None,
            }
            for login, (application, user) in self.rows.items()
        ]
        scope = {"prefix": "sip-"} if self.pruned else None
        return self.client.desired.plan(rows, prune=self.pruned, scope=scope)

    def check_logins(self):
        logins = [row["sip_username"] for row in self.emulator.state.registrations]
        assert len(logins) == len(set(logins)), "bought twice"

    def check_nobody_is_lost(self, plan):
        """Every user who had a registration and should have one has one, except for those in rings."""
        ring = {user for one in plan.changes if one.ring for user in (one.gets, one.loses)}
        holds = {one["user_id"] for one in self.live().values()}
        stays = {one["user_id"] for one in self.start.values()} & {
            user for _, user in self.expected().values()
        }
        assert stays - ring - {None} <= holds

    def expected(self):
        """What the plan leaves, by SIP user name."""
        wanted = {user for _, user in self.rows.values()}
        left = dict(self.rows)
        for one in self.start.values():
            login = one["sip_username"]
            if login in left or (self.pruned and login.startswith("sip-")):
                continue
            user = None if one["user_id"] in wanted else one["user_id"]
            left[login] = (one["application_id"], user)
        return left

    def by_login(self):
        return {
            one["sip_username"]: (one["application_id"], one["user_id"])
            for one in self.live().values()
        }

    def live(self):
        return {one["sip_registration_id"]: one for one in self.emulator.state.registrations}


TestDesired = pytest.mark.slow(Desired.TestCase)
TestDesired.settings = (
    settings(max_examples=500, stateful_step_count=40)
    if settings.get_current_profile_name() == "long"
    else settings(max_examples=60, stateful_step_count=16, derandomize=True)
)
