"""The property bulk stands on: the final state is that of running the rows one after another."""

import random

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from tests.unit.bulk.conftest import bindings
from voxsip._bindings.state import BindingState, Change
from voxsip.emulator import Fault, Faults

pytestmark = pytest.mark.slow

APPLICATIONS, USERS, REGISTRATIONS = 2, 4, 4


def application_of(number):
    """Users are dealt out to the applications in turn, as the emulator's docs say."""
    return (number - 1) % APPLICATIONS + 1


def random_row(numbers):
    """A bind row: well or badly aimed, by ids or by names; registrations and users are few and meet often."""
    row = {}
    bind = row["bind"] = numbers.random() < 0.75
    user = numbers.choice([None, *range(1, USERS + 1)])
    application = numbers.randint(1, APPLICATIONS)
    if user is not None and numbers.random() < 0.9:
        application = application_of(user)
    if bind or user is None or numbers.random() < 0.5:
        row["sip_registration_id"] = numbers.randint(1, REGISTRATIONS)
    if numbers.random() < 0.02:
        row["sip_registration_id"] = 999
    by_id, by_name = numbers.choice(["11", "10", "01", "00"])
    row |= (
        {"application_id": application}
        if by_id == "1"
        else {"application_name": f"app-{application}"}
    )
    if user is not None:
        row |= {"user_id": user} if by_name == "1" else {"user_name": f"user-{user}"}
    if numbers.random() < 0.2:
        row |= {"rule_id": application} if numbers.random() < 0.5 else {"rule_name": "rule-1"}
    return row


def change(row):
    """The row with ids for names, None where the API refuses it."""
    application = row.get("application_id") or int(row["application_name"].removeprefix("app-"))
    user = row.get("user_id") or int(row.get("user_name", "user-0").removeprefix("user-")) or None
    rule = application if "rule_id" in row or "rule_name" in row else None
    registration = row.get("sip_registration_id")
    if registration is not None and registration > REGISTRATIONS:
        return None
    if user is not None and application_of(user) != application:
        return None
    return Change(registration, application, rule, user, row["bind"])


@pytest.fixture
async def served(start):
    """One emulator for all examples of a test: each starts from the state the one before has left."""
    numbers = random.Random(1)
    return await start(
        applications=APPLICATIONS,
        users=USERS,
        registrations=REGISTRATIONS,
        latency=lambda: numbers.random() * 0.01,
    )


async def check(served, concurrency, rows):
    emulator, client = served
    model = BindingState(bindings(emulator))
    expected = {}
    for index, row in enumerate(rows):
        step = change(row)
        expected[index] = "failed" if step is None else "done"
        if step is not None:
            model.apply(step)
    job = client.bulk.bind(rows, concurrency=concurrency, verify=True)
    assert {outcome.index: outcome.status async for outcome in job} == expected
    assert bindings(emulator) == dict(model.bindings())
    assert (job.report.mismatches, job.report.verify_error) == (0, None)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(concurrency=st.integers(1, 64), seed=st.integers(0, 2**32))
@example(concurrency=1, seed=0)
@example(concurrency=64, seed=0)
async def test_same_state_as_one_after_another(served, concurrency, seed):
    numbers = random.Random(seed)
    await check(served, concurrency, [random_row(numbers) for _ in range(60)])


@pytest.mark.parametrize("how", ["user_id", "user_name"])
async def test_rows_that_name_users_in_one_way(served, how):
    numbers = random.Random(2)
    for _ in range(5):
        rows = [random_row(numbers) for _ in range(120)]
        kept = [row for row in rows if {"user_id", "user_name"} & row.keys() <= {how}]
        await check(served, 64, kept)
    lists = served[0].state.counters["GetUsers"]["received"]
    assert lists == (0 if how == "user_id" else 2 * 5), (
        "only verify asks, once per application and job"
    )


async def test_a_user_is_looked_up_only_where_rows_mix_id_and_name(account):
    emulator, client = account
    by_name = [
        {
            "sip_registration_id": n,
            "application_name": f"app-{(n - 1) % 3 + 1}",
            "user_name": f"user-{n}",
        }
        for n in range(1, 13)
    ]
    assert (await client.bulk.bind(by_name)).done == 12
    assert emulator.state.counters["GetUsers"]["received"] == 0
    mixed = [*by_name, {"sip_registration_id": 20, "application_id": 1, "user_id": 1}]
    assert (await client.bulk.bind(mixed)).done == 13
    assert bindings(emulator)[20].user == 1
    assert emulator.state.counters["GetApplications"]["received"] == 1


async def test_without_look_ups_the_two_ways_to_name_users_take_turns(served):
    served[0].faults = Faults(
        [Fault(kind="error", code=104, command=["GetUsers", "GetApplications"])]
    )
    emulator, client = served
    numbers = random.Random(4)
    for _ in range(4):
        rows = [row for row in (random_row(numbers) for _ in range(60)) if change(row) is not None]
        model = BindingState(bindings(emulator))
        for row in rows:
            model.apply(change(row))
        assert (await client.bulk.bind(rows)).done == len(rows)
        assert bindings(emulator) == dict(model.bindings())
