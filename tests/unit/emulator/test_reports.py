import asyncio
import gzip

import aiohttp
import pytest

from voxsip.emulator import Fault, Faults


async def download(wire, report=1, **options):
    async with wire.post(
        "/DownloadHistoryReport", params={"history_report_id": report}, **options
    ) as reply:
        return reply, await reply.read()


async def test_a_report_is_ordered_waited_for_and_downloaded(serve):
    wire = await serve(calls=3)
    reply = await wire.done("GetCallHistoryAsync", with_header=True, desc_order=True)
    assert reply == {"result": 1, "history_report_id": 1}
    (row,) = (await wire.done("GetHistoryReports", history_report_id=1))["result"]
    assert (row["history_type"], "completed" in row) == ("calls", False)
    assert await wire.refused("DownloadHistoryReport", history_report_id=1) == 356
    assert (await wire.done("GetHistoryReports", is_completed=True))["total_count"] == 0
    wire.emulator.clock_offset = 2
    (row,) = (await wire.done("GetHistoryReports", is_completed=True))["result"]
    reply, body = await download(wire)
    lines = body.decode().splitlines()
    assert (len(body), reply.content_type) == (row["file_size"], "application/octet-stream")
    assert lines[0].startswith("call_session_history_id;start_date;")
    assert [line.split(";")[0] for line in lines[1:]] == ["3", "2", "1"]
    (row,) = (await wire.done("GetHistoryReports", history_type="all"))["result"]
    assert row["download_count"] == 1
    assert await wire.refused("DownloadHistoryReport", history_report_id=9) == 355


async def test_a_report_is_of_the_moment_when_it_was_ordered(serve):
    wire = await serve(calls=1)
    await wire.done("StartScenarios", rule_id=1)
    await wire.done("GetCallHistoryAsync")
    await wire.done("StartScenarios", rule_id=1)
    wire.emulator.clock_offset = 2
    assert len((await download(wire))[1].splitlines()) == 2


async def test_others_are_served_while_a_report_is_counted(serve):
    wire = await serve(calls=20_000, call_data="x" * 1000)
    order = asyncio.create_task(wire.done("GetCallHistoryAsync"))
    while not wire.emulator.state.counters["GetCallHistoryAsync"]["executed"]:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0)
    wire.emulator.clock_offset = 2
    assert (await wire.done("GetHistoryReports", is_completed=False))["total_count"] == 1
    assert await wire.refused("DownloadHistoryReport", history_report_id=1) == 356
    assert not order.done()
    await order
    (row,) = (await wire.done("GetHistoryReports", is_completed=True))["result"]
    assert row["file_size"] == len((await download(wire))[1])


@pytest.mark.parametrize("command", ["GetCallHistory", "GetCallHistoryAsync"])
async def test_others_are_served_while_what_no_call_has_is_looked_for(serve, command):
    wire = await serve(calls=50_000)
    search = asyncio.create_task(wire.done(command, remote_number="000"))
    while not wire.emulator.state.counters[command]["executed"]:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0)
    await wire.done("GetAccountInfo")
    assert not search.done()
    reply = await search
    if command == "GetCallHistory":
        assert (reply["result"], reply["total_count"], reply["count"]) == ([], 0, 0)
    else:
        wire.emulator.clock_offset = 2
        assert (await download(wire))[1] == b""


async def test_a_report_outlives_the_application_it_is_of(serve):
    wire = await serve(calls=3)
    await wire.done("GetCallHistoryAsync", application_id=1)
    await wire.done("DelApplication", application_id=1)
    wire.emulator.clock_offset = 2
    assert len((await download(wire))[1].splitlines()) == 1


async def test_packed_if_it_is_taken_so(serve):
    wire = await serve(calls=1000)
    await wire.done("GetBriefCallHistory", output="csv")
    wire.emulator.clock_offset = 2
    plain, body = await download(wire, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    reply, unpacked = await download(wire, headers={"Accept-Encoding": "gzip"})
    assert reply.headers["Content-Encoding"] == "gzip"
    assert unpacked == body
    assert body.count(b"\n") == 1000
    assert len(gzip.compress(body)) < len(body) / 4


async def test_calls_may_have_data_of_their_own(serve):
    wire = await serve(calls=2, call_data='a;"b"')
    await wire.done("GetCallHistoryAsync")
    wire.emulator.clock_offset = 2
    assert [
        line.rpartition(b"15550199;")[2] for line in (await download(wire))[1].splitlines()
    ] == [b'"a;""b"""'] * 2
    reply = await wire.done("GetCallHistory", call_session_history_custom_data='a;"b"')
    assert [row["custom_data"] for row in reply["result"]] == ['a;"b"'] * 2


async def test_each_kind(serve):
    wire = await serve(calls=2)
    await wire.done("StartScenarios", rule_id=1)
    for command, values in (
        ("GetTransactionHistoryAsync", {}),
        ("GetAuditLogAsync", {"with_header": True}),
        (
            "RequestSmartQueueHistory",
            {
                "sq_queue_id": [1],
                "application_id": 1,
                "report_type": ["service_level"],
                "from_date": "2026-01-01 00:00:00",
                "to_date": "2026-01-02 00:00:00",
            },
        ),
    ):
        await wire.done(command, **values)
    wire.emulator.clock_offset = 2
    reply = await wire.done("GetHistoryReports", history_type=["audit", "transactions"])
    assert [row["history_type"] for row in reply["result"]] == ["transactions", "audit"]
    assert (await download(wire, 1))[1].splitlines()[0].split(b";")[2] == b"-0.01"
    assert b"StartScenarios" in (await download(wire, 2))[1]
    assert (await download(wire, 3))[1] == b"service_level\n"
    assert await wire.refused("GetCallHistoryAsync", output="xls") == 105
    assert await wire.refused("GetCallHistory", is_async=True) == 492


async def test_calls_are_filtered(serve):
    wire = await serve(applications=2, calls=200)

    async def found(**filters):
        reply = await wire.done("GetCallHistory", **filters)
        assert reply["count"] == len(reply["result"])
        return reply["total_count"], [row["call_session_history_id"] for row in reply["result"]]

    assert await found(count=2, offset=199) == (200, [200])
    assert await found(count=2, desc_order=True) == (200, [200, 199])
    assert (await found(application_id=2))[0] == 100
    assert await found(call_session_history_id=[7, 300]) == (1, [7])
    rows = (await wire.done("GetCallHistory", count=3, offset=100))["result"]
    begin, end = rows[0]["start_date"], rows[2]["start_date"]
    assert await found(from_date=begin, to_date=end) == (3, [101, 102, 103])
    assert (await found(min_duration=500, max_duration=510))[0] == 4
    assert (await found(remote_number=["15550100"]))[0] == 3
    assert (await found(remote_number_list='["15550100", "15550101"]'))[0] == 6
    (row,) = (await wire.done("GetCallHistory", count=1, with_calls=True))["result"]
    assert row["calls"][0]["remote_number"] == "15550100"


async def test_calls_of_children(serve):
    wire = await serve()
    child = wire.emulator.add_child(applications=1)
    await wire.acting(iss=child).done("StartScenarios", rule_id=4)
    assert (await wire.done("GetCallHistory"))["total_count"] == 0
    (row,) = (await wire.done("GetCallHistory", child_account_id=[child]))["result"]
    assert row["account_id"] == child
    assert (await wire.done("GetCallHistory", children_calls_only=True))["total_count"] == 1
    assert await wire.refused("GetCallHistory", child_account_id=[99]) == 194


@pytest.mark.parametrize("how", ["json", "connection"])
async def test_faults_strike_files_too(serve, how):
    wire = await serve(calls=100)
    await wire.done("GetCallHistoryAsync")
    wire.emulator.clock_offset = 2
    whole = (await download(wire))[1]
    wire.emulator.faults = Faults(
        [Fault(kind="truncated", how=how, command="DownloadHistoryReport")]
    )
    if how == "connection":
        with pytest.raises(aiohttp.ClientPayloadError):
            await download(wire)
    else:
        assert (await download(wire))[1] == whole[: len(whole) // 2]
