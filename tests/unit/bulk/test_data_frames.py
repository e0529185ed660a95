"""Jobs and plans over data frames."""

import pytest

from voxsip import AsyncClient, Client
from voxsip.emulator import Emulator

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

pytestmark = pytest.mark.once


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
async def test_bind_create_and_plan(library):
    async with Emulator(registrations=3) as emulator:
        async with AsyncClient(emulator.credentials, base_url=emulator.base_url) as client:
            binds = library.DataFrame(
                {
                    "sip_registration_id": [1, 2, 3],
                    "application_id": [1.0, 2.0, 1.0],
                    "user_id": [1, 2, None],
                }
            )
            job = client.bulk.bind(binds, skip_unchanged=True, verify=True)
            outcomes = [outcome async for outcome in job]
            assert sorted(outcome.index for outcome in outcomes) == [0, 1, 2]
            assert job.report.ok

            made = library.DataFrame({"sip_username": ["a"], "proxy": ["h"], "password": ["pw"]})
            assert (await client.bulk.create(made)).done == 1

            wanted = library.DataFrame(
                {"sip_registration_id": [3, 4], "application_id": [None, 3], "user_id": [4, None]}
            )
            plan = await client.desired.plan(wanted)
            assert len(plan.refused) == 0
            assert len(plan.changes) == 2
        rows = emulator.state.registrations
    assert [(row["application_id"], row["user_id"]) for row in rows] == [
        (1, 1),
        (2, 2),
        (1, None),
        (None, None),
    ]


def test_the_blocking_client_takes_them_as_well():
    with (
        Emulator(registrations=2) as emulator,
        Client(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        assert client.bulk.delete(pd.DataFrame({"sip_registration_id": [1, 2]})).wait().done == 2
