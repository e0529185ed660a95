import aiohttp
import orjson
import pytest

CSV = b"name;__task_uuid\nAnn;a\nBob;b\n"
LIST = {"rule_id": 1, "priority": 1, "max_simultaneous": 2, "num_attempts": 3, "name": "Spring"}


async def upload(wire, command, content, *, as_file=True, **values):
    form = aiohttp.FormData()
    for name, value in values.items():
        form.add_field(name, str(value))
    if as_file:
        form.add_field("file_content", content, filename="tasks.csv", content_type="text/csv")
    else:
        form.add_field("file_content", content.decode())
    async with wire.post(f"/{command}", data=form) as reply:
        return orjson.loads(await reply.read())


async def tasks(wire, **filters):
    reply = await wire.done("GetCallListDetails", list_id=1, output="json", **filters)
    return reply["result"]


@pytest.fixture
async def made(wire):
    assert (await upload(wire, "CreateCallList", CSV, **LIST))["count"] == 2
    return wire


@pytest.mark.parametrize("as_file", [True, False])
async def test_each_line_is_a_task_that_costs(serve, as_file):
    wire = await serve(balance="0.03")
    reply = await upload(wire, "CreateCallList", CSV, as_file=as_file, **LIST)
    assert (reply["result"], reply["list_id"], reply["count"]) == (True, 1, 2)
    assert wire.emulator.state.account == {"balance": 0.01}
    refused = await upload(wire, "CreateCallList", CSV, as_file=as_file, **LIST)
    assert refused["error"]["code"] == 127
    first, second = await tasks(wire)
    assert orjson.loads(first["custom_data"]) == {"name": "Ann"}
    assert (second["task_uuid"], second["attempts_left"], second["status"]) == ("b", 3, "New")


async def test_a_list_grows_by_batches(made):
    added = await upload(made, "AppendToCallList", b"name\nEve\n", list_id=1)
    assert [row["task_id"] for row in await tasks(made, batch_id=added["batch_id"])] == [3]
    twice = await upload(made, "AppendToCallList", CSV, list_id=1)
    assert twice["error"]["code"] == 250
    await made.done("CancelCallListBatch", list_id=1, batch_ids=added["batch_id"])
    assert [row["status"] for row in await tasks(made)] == ["New", "New", "Canceled"]


@pytest.mark.parametrize(
    ("content", "values", "code"),
    [
        (b"", {}, 250),
        (b"\xff\xfe", {}, 250),
        (CSV, {"encoding": "nonsense"}, 250),
        (CSV, {"delimiter": "ab"}, 250),
        (b"__task_uuid\na\na\n", {}, 250),
        (CSV, {"rule_id": 9}, 147),
        (CSV, {"max_simultaneous": 0}, 248),
        (CSV, {"num_attempts": 0}, 249),
        (CSV, {"priority": -1}, 247),
    ],
)
async def test_what_is_no_list(wire, content, values, code):
    reply = await upload(wire, "CreateCallList", content, **LIST | values)
    assert reply["error"]["code"] == code
    assert (await wire.done("GetCallLists"))["total_count"] == 0
    assert wire.emulator.state.account == {"balance": 1000}


async def test_lists_are_filtered_changed_and_deleted(made):
    await made.done("EditCallList", list_id=1, name="Autumn", max_simultaneous=9)
    (row,) = (await made.done("GetCallLists", name="autu", application_id=[1]))["result"]
    assert (row["list_name"], row["max_simultaneous"]) == ("Autumn", 9)
    assert (await made.done("GetCallLists", rule_name=["x"]))["total_count"] == 0
    assert (await made.done("GetCallLists", from_date="2100-01-01 00:00:00"))["total_count"] == 0
    await made.done("StopCallListProcessing", list_id=1)
    assert (await made.done("GetCallLists", is_active=True))["total_count"] == 0
    assert (await made.done("RecoverCallList", list_id=1))["count_recovery"] == 2
    assert made.emulator.state.account == {"balance": 999.96}
    assert (await made.done("GetCallLists", status="In progress", list_id="all"))["count"] == 1
    await made.done("DeleteCallList", list_id=1)
    for command in ("DeleteCallList", "StopCallListProcessing", "EditCallList"):
        assert await made.refused(command, list_id=1) == 255


async def test_tasks_are_changed_and_cancelled(made):
    await made.done("EditCallListTask", list_id=1, task_uuid="a", attempts_left=1)
    for schedule in ("0", '"any"', '{"mon":[]}'):
        await made.done("EditCallListTask", list_id=1, task_id=2, call_schedule=schedule)
        assert (await tasks(made))[1]["call_schedule"] == schedule
    wanted = '[{"task_id": 2, "task_priority": 5}, {"task_id": 9, "task_priority": 1}]'
    reply = await made.done("EditCallListTasksPriority", list_id=1, tasks=wanted)
    assert [row["result"] for row in orjson.loads(reply["results"])] == [True, False]
    reply = await made.done("CancelCallListTask", account_id=1, list_id=1, tasks_uuids=["b"])
    assert reply == {"task_id": 2, "task_uuid": "b", "result": True}
    first, second = await tasks(made)
    assert (first["attempts_left"], second["status"]) == (1, "Canceled")
    nobody = {"account_id": 1, "list_id": 1, "tasks_ids": [1, 9]}
    assert await made.refused("CancelCallListTask", **nobody) == 101
    assert await made.refused("EditCallListTasksPriority", list_id=1, tasks="{") == 101


async def test_tasks_as_a_file(made):
    async with made.post("/GetCallListDetails", params={"list_id": "1", "delimiter": ","}) as reply:
        lines = (await reply.text()).splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("1,a,New,3,")
