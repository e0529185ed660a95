"""Times of the history are sent and read in UTC: `timezone`, by which the service would change that, is not offered.

What it would change them to cannot be read back: an hour of each autumn comes twice in local time.
"""

import inspect
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

import voxsip
from tests.support.answers import Answer
from voxsip.spec.document import attributes, operations

BERLIN = ZoneInfo("Europe/Berlin")
HISTORY = (
    *("GetCallHistory", "GetCallHistoryAsync", "GetBriefCallHistory", "GetTransactionHistory"),
    *("GetTransactionHistoryAsync", "GetAuditLog", "GetAuditLogAsync", "GetSmsHistory"),
)
QUEUES = (
    *("GetSmartQueueRealtimeMetrics", "GetSmartQueueDayHistory", "RequestSmartQueueHistory"),
    "GetSQState",
)
NEEDED = {"GetBriefCallHistory": {"output": "csv"}}
ROWS = {
    "GetCallHistory": ({"call_session_history_id": 1}, "start_date"),
    "GetTransactionHistory": ({"transaction_id": 1}, "performed_at"),
    "GetAuditLog": ({"audit_log_id": 1}, "requested"),
    "GetSmsHistory": ({"message_id": 1}, "processed_date"),  # a day
}
MOMENTS = {
    "winter": (datetime(2026, 1, 31, 12, tzinfo=BERLIN), "2026-01-31 11:00:00"),
    "summer": (datetime(2026, 7, 31, 12, tzinfo=BERLIN), "2026-07-31 10:00:00"),
    "first of two": (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN), "2026-10-25 00:30:00"),
    "second of two": (datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN), "2026-10-25 01:30:00"),
    "never": (datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN), "2026-03-29 01:30:00"),
}


def methods(client, name):
    operation = operations()[name]
    group = getattr(client, attributes()[name])
    return [
        getattr(group, method)
        for method in (operation["x-method"], *operation.get("x-variants", ()))
    ]


@pytest.mark.parametrize("name", [*HISTORY, *QUEUES])
async def test_no_zone_can_be_asked_for(answer, connect, name):
    server = await answer(Answer({"result": []}))
    side = connect(base_url=server.base_url)
    for zone in ("Europe/Berlin", "Nowhere/Here", "UTC"):
        error = await side.fails(
            voxsip.InvalidArgumentError, lambda client, z=zone: client.call(name, {"timezone": z})
        )
        assert error.field == "timezone"
        assert "moments are sent and read in UTC" in str(error)
    for method in methods(side.client, name):
        assert "timezone" not in inspect.signature(method).parameters
        assert "UTC" in inspect.getdoc(method).partition("Command:")[0]
    assert server.requests == []


@pytest.mark.parametrize("name", HISTORY)
@pytest.mark.parametrize(("moment", "sent"), MOMENTS.values(), ids=MOMENTS)
async def test_bounds_are_sent_in_utc_and_times_are_read_so(answer, connect, name, moment, sent):
    row, member = ROWS.get(name, ({}, None))
    text = sent[:10] if member == "processed_date" else sent
    report = {"result": 1, "history_report_id": 2}
    reply = {"result": [row | {member: text}], "total_count": 1} if member else report
    server = await answer(Answer(reply))
    side = connect(base_url=server.base_url)
    [method, *_] = methods(side.client, name)
    found = await method(from_date=moment, to_date=moment, **NEEDED.get(name, {}))
    [request] = server.requests
    assert request.query["from_date"] == request.query["to_date"] == sent
    assert "timezone" not in request.query
    if text != sent:
        assert str(getattr(found[0], member)) == text
    elif member:
        told = getattr(found[0], member)
        assert told.tzinfo is UTC
        assert told == moment.astimezone(UTC)


@pytest.mark.parametrize("name", HISTORY)
async def test_a_time_without_a_zone_is_refused(answer, connect, name):
    server = await answer(Answer({"result": []}))
    side = connect(base_url=server.base_url)

    async def acting(client):
        naive = datetime(2026, 1, 31, 12)  # noqa: DTZ001
        await methods(client, name)[0](from_date=naive, **NEEDED.get(name, {}))

    error = await side.fails(voxsip.InvalidArgumentError, acting)
    assert error.field == "from_date"
    assert "aware datetime" in str(error)
    assert server.requests == []


def test_all_commands_that_know_zones_are_here():
    offering = {
        name
        for name, operation in operations().items()
        if any(item["name"] == "timezone" for item in operation["parameters"])
    }
    assert offering == set(QUEUES)
