"""The job of the design: a server that allows 200 calls a second and answers 340 above."""

import pytest

import voxsip
from voxsip import BindRequest
from voxsip.emulator import Emulator


@pytest.mark.slow
@pytest.mark.parametrize("latency", [0.01, 0.1])
async def test_nine_tenths_of_the_allowed_rate_and_no_failed_row(latency):
    rows = [BindRequest(sip_registration_id=n % 500 + 1, application_id=1) for n in range(3000)]
    async with (
        Emulator(rate_limit=200, latency=latency, registrations=500) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        report = await client.bulk.bind(rows)
    assert (report.done, report.failed, report.unknown) == (3000, 0, 0)
    assert report.rows / report.seconds >= 0.9 * 200
    assert report.retries <= 0.1 * report.calls
