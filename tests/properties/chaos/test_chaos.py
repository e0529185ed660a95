"""Jobs through the command line while a fifth of all requests meets a fault and the process is killed again and again.

Nothing lost, nothing bought twice, no wrong binding, no row without an outcome. Short by default; long:
`pytest tests/properties/chaos -rP --timeout 0 --chaos-rows 100000 --chaos-creates 5000 --chaos-kills 20`.
"""

import json
import random
import time
from collections import Counter
from decimal import Decimal

import pytest

from tests.support import sequential_model as model
from tests.support.chaos_harness import Job
from tests.support.fault_mix import write_mix
from tests.support.sequential_model import Registration, World

pytestmark = pytest.mark.slow

APPLICATIONS = 3
CELL = 4
"""Registrations, and users, that rows of one crowded cell fight for."""


def application_of(user):
    return (user - 1) % APPLICATIONS + 1


class Cell:
    """Registrations and users that no row outside has to do with, and the rows inside, in order."""

    def __init__(self, first, size):
        self.numbers = range(first, first + size)
        self.rows = []

    def world(self):
        return World(
            balance=Decimal(0),
            price=Decimal(1),
            places=0,
            registrations={n: Registration(f"sip-{n}", "sip.example.com") for n in self.numbers},
            applications={n: f"app-{n}" for n in range(1, APPLICATIONS + 1)},
            rules={n: (n, "rule-1") for n in range(1, APPLICATIONS + 1)},
            users={n: (application_of(n), f"user-{n}") for n in self.numbers},
        )

    def ends(self, statuses):
        """Return every end that its rows may have come to one after another, given what was said of each."""
        worlds = [self.world()]
        for place, row in self.rows:
            known = {name: value for name, value in row.items() if name != "bind"}
            step = model.bind if row.get("bind", True) else model.unbind
            after = [step(world, known) for world in worlds]
            match statuses[place]:
                case "done":
                    assert not any(one.refusals for one in after), f"row {place}: done, yet wrong"
                    worlds = [one.world for one in after]
                case "unknown":
                    worlds += [one.world for one in after]
                case "failed":
                    pass
                case other:
                    pytest.fail(f"row {place}: {other}")
        return worlds


def random_row(numbers, cell):
    """A row of a crowded cell: binds by id or by name, unbinds one way or another; all of them possible."""
    user = numbers.choice(cell.numbers)
    row = {
        "sip_registration_id": numbers.choice(cell.numbers),
        "application_id": application_of(user),
    }
    if numbers.random() < 0.3:
        row["application_name"] = f"app-{row.pop('application_id')}"
    match numbers.randrange(8):
        case 0:
            return {**row, "bind": False}
        case 1:
            return {**row, "user_id": user, "bind": False}
        case 2:
            return {"user_id": user, "bind": False}
        case 3:
            return {**row, "rule_id": application_of(user)}
        case 4:
            return {**row, "rule_name": "rule-1", "user_id": user}
    return {**row, "user_id": user}


def make_binds(count, seed):
    """Rows to bind: most on their own, some in crowded cells of a few registrations and users."""
    numbers = random.Random(seed)
    cells, rows, first = [], [], 1
    while len(rows) < count:
        crowded = numbers.random() < 0.05
        cell = Cell(first, CELL if crowded else 1)
        first += len(cell.numbers)
        cells.append(cell)
        user = cell.numbers[0]
        alone = {
            "sip_registration_id": user,
            "application_id": application_of(user),
            "user_id": user,
        }
        inside = [random_row(numbers, cell) for _ in range(12)] if crowded else [alone]
        rows += [(cell, row) for row in inside]
    del rows[count:]
    numbers.shuffle(rows)
    for place, (cell, row) in enumerate(rows, start=1):
        cell.rows.append((place, row))
    return [row for _, row in rows], cells, first - 1


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path.name


def figures(what, job, statuses, began, state):
    counted = {name: count for name, count in state["counters"].items() if count["received"]}
    print(
        f"{what}: {dict(statuses)}, {job.kills} kills, {job.stops} stops,"
        f" {job.runs} processes,"
        f" {time.monotonic() - began:.0f} s, {counted}"
    )


def test_binds(tmp_path, served, amount):
    count, seed = amount("--chaos-rows"), amount("--chaos-seed")
    rows, cells, last = make_binds(count, seed)
    server = served(
        applications=APPLICATIONS,
        users=last,
        registrations=last,
        faults=write_mix(tmp_path / "faults.toml", seed),
    )
    job, began = Job(tmp_path, server, seed), time.monotonic()
    arguments = ("bind", write_rows(tmp_path / "rows.jsonl", rows), "--on-conflict", "order")
    outcomes = job.run(*arguments, kills=amount("--chaos-kills"), rows=count)

    assert outcomes.keys() == set(range(1, count + 1)), "rows without an outcome"
    statuses = {place: one["status"] for place, one in outcomes.items()}
    live = {row["sip_registration_id"]: row for row in server.state["registrations"]}
    assert len(live) == last
    for cell in cells:
        found = {
            number: Registration(
                f"sip-{number}",
                "sip.example.com",
                application=live[number]["application_id"],
                rule=live[number]["rule_id"],
                user=live[number]["user_id"],
            )
            for number in cell.numbers
        }
        assert any(world.registrations == found for world in cell.ends(statuses)), cell.rows
    summed = Counter(statuses.values())
    figures("binds", job, summed, began, server.state)
    assert summed["done"] >= 0.99 * count
    assert job.kills


def make_creates(count, seed):
    numbers = random.Random(seed)
    rows = []
    for number in range(1, count + 1):
        row = {"sip_username": f"phone-{number}", "proxy": f"{number % 3}.example.com"}
        row["password"] = f"secret-{number}"
        if numbers.random() < 0.2:
            row["application_id"] = application_of(number)
            if numbers.random() < 0.2:
                row["user_id"] = number
        rows.append(row)
    return rows


def check_purchases(rows, outcomes, state, money):
    """Every row bought once or not at all, paid for once, and what was said of it is so."""
    assert outcomes.keys() == set(range(1, len(rows) + 1)), "rows without an outcome"
    bought = Counter(row["sip_username"] for row in state["registrations"])
    assert not bought or max(bought.values()) == 1, "bought twice"
    live = {row["sip_username"]: row for row in state["registrations"]}
    for place, row in enumerate(rows, start=1):
        outcome, found = outcomes[place], live.pop(row["sip_username"], None)
        match outcome["status"]:
            case "done":
                assert found["sip_registration_id"] == outcome["sip_registration_id"]
                for name in ("proxy", "application_id", "user_id"):
                    assert found[name] == row.get(name)
            case "failed":
                assert found is None
            case status:
                assert status == "unknown"
    assert not live, "bought, and nobody had asked for it"
    assert state["account"]["balance"] == money - len(state["registrations"])
    executed = state["counters"]["CreateSipRegistration"]["executed"]
    assert executed == len(state["registrations"])
    return Counter(outcome["status"] for outcome in outcomes.values())


def test_creates(tmp_path, served, amount):
    count, seed = amount("--chaos-creates"), amount("--chaos-seed")
    rows, money = make_creates(count, seed), count + 10
    server = served(
        applications=APPLICATIONS,
        users=count,
        balance=money,
        faults=write_mix(tmp_path / "faults.toml", seed),
    )
    job, began = Job(tmp_path, server, seed), time.monotonic()
    arguments = ("create", write_rows(tmp_path / "rows.jsonl", rows), "--yes")
    outcomes = job.run(*arguments, kills=amount("--chaos-kills"), rows=count)
    state = server.state
    summed = check_purchases(rows, outcomes, state, money)
    figures("creates", job, summed, began, state)
    assert summed["done"] >= 0.98 * count
    assert job.kills


def test_jobs_that_are_killed_buy_every_row_once(tmp_path, served, amount):
    """No faults but death: then every row is done in the end."""
    runs, count, seed = amount("--kill-runs"), amount("--kill-rows"), amount("--chaos-seed")
    kills = 0
    for run in range(runs):
        numbers = random.Random(f"{seed}/{run}")
        folder = tmp_path / str(run)
        folder.mkdir()
        rows = make_creates(count, f"{seed}/{run}")
        server = served(applications=APPLICATIONS, users=count, balance=count, latency=0.005)
        job, began = Job(folder, server, f"{seed}/{run}"), time.monotonic()
        arguments = ("create", write_rows(folder / "rows.jsonl", rows), "--yes")
        outcomes = job.run(*arguments, kills=numbers.randint(1, 3), rows=count)
        state = server.state
        summed = check_purchases(rows, outcomes, state, count)
        assert summed == {"done": count}
        figures(f"run {run + 1}", job, summed, began, state)
        kills += job.kills
        server.close()
    assert kills >= runs // 2
