"""A permutation of many users on the emulator: how long users are without a registration, against the bound."""

import random
import threading
import time

import pytest

import voxsip
from voxsip.emulator import Emulator

LATENCY = 0.02


class Watch:
    """Adds up how long users are without a registration, by looking at the emulator's own state under its lock."""

    def __init__(self, emulator, users):
        self._service = emulator._service
        self._users = users
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.lost = 0.0
        self.ever = set()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        before = time.monotonic()
        missing = 0
        while not self._stop.wait(0.001):
            now = time.monotonic()
            self.lost += missing * (now - before)
            before = now
            with self._service.lock:
                held = {one.user_id for one in self._service.main.registrations.values()}
            absent = self._users - held
            self.ever |= absent
            missing = len(absent)


def cycles(wanted):
    seen, lengths = set(), []
    for start in wanted:
        length, place = 0, start
        while place not in seen:
            seen.add(place)
            place = wanted[place]
            length += 1
        if length > 1:
            lengths.append(length)
    return lengths


@pytest.mark.slow
@pytest.mark.parametrize(("users", "swaps"), [(1000, False), (1000, True)])
async def test_rings_lose_no_more_than_they_must(users, swaps, tmp_path):
    """A ring of k loses at least k - 1 user-calls; overlapped, this is short."""
    async with (
        Emulator(applications=1, users=users, registrations=users) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        first = [
            {"sip_registration_id": n, "application_id": 1, "user_id": n}
            for n in range(1, users + 1)
        ]
        await client.bulk.bind(first)
        numbers = list(range(1, users + 1))
        if swaps:
            wanted = {n: n + 1 if n % 2 else n - 1 for n in numbers}
        else:
            chance = random.Random(3)
            wanted = dict(zip(numbers, chance.sample(numbers, users), strict=True))
        rows = [{"sip_registration_id": n, "user_id": wanted[n]} for n in numbers]
        plan = await client.desired.plan(rows, force=True)
        assert all(one.ring for one in plan.changes)
        emulator.latency = LATENCY
        with Watch(emulator, set(numbers)) as watch:
            report = await client.desired.apply(plan, journal=tmp_path / "journal")
        emulator.latency = 0
        assert report.ok
        assert not await client.desired.plan(rows)
    bound = sum(length - 1 for length in cycles(wanted)) * LATENCY
    print(f"lost {watch.lost:.2f} user-seconds, strictly one by one at least {bound:.2f}")
    assert watch.lost < bound


@pytest.mark.slow
async def test_a_chain_loses_nobody(tmp_path):
    users = 300
    async with (
        Emulator(applications=1, users=users, registrations=users + 1) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        first = [
            {"sip_registration_id": n, "application_id": 1, "user_id": n}
            for n in range(1, users + 1)
        ]
        await client.bulk.bind(first)
        rows = [
            {"sip_registration_id": n + 1, "application_id": 1, "user_id": n}
            for n in range(1, users + 1)
        ]
        plan = await client.desired.plan(rows, force=True)
        assert not any(one.ring for one in plan.changes)
        emulator.latency = 0.001
        with Watch(emulator, set(range(1, users + 1))) as watch:
            report = await client.desired.apply(plan, journal=tmp_path / "journal")
        assert report.ok
    assert watch.ever == set()
