from datetime import UTC, date, datetime

import pytest

from voxsip.emulator._service.clock import Clock
from voxsip.emulator._state.account import month_later


def test_offset():
    now = [1_700_000_000.0]
    clock = Clock(lambda: now[0], 90)
    assert clock.now() == 1_700_000_090
    assert clock.utc() == datetime(2023, 11, 14, 22, 14, 50, tzinfo=UTC)
    assert clock.http_date() == "Tue, 14 Nov 2023 22:14:50 GMT"
    clock.offset = 0
    assert clock.http_date() == "Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2024, 1, 31), date(2024, 2, 29)),
        (date(2023, 1, 31), date(2023, 2, 28)),
        (date(2023, 12, 15), date(2024, 1, 15)),
        (date(2023, 11, 30), date(2023, 12, 30)),
    ],
)
def test_a_month_later(day, later):
    assert month_later(day) == later
