"""Call lists: tasks that come in files, and can be changed and cancelled. Nobody is called."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from voxsip.emulator._commands.filters import Filter, chosen, contains, equals, one_of, wire
from voxsip.emulator._commands.scenarios import CALL_PRICE
from voxsip.emulator._service.context import Context, Reply, command
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.files import csv_file
from voxsip.emulator._service.values import INVALID_ARGUMENTS, REQUIRED
from voxsip.emulator._state.bindings import INVALID_RULE_ID
from voxsip.emulator._state.ledger import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip.emulator._state.account import Account
    from voxsip.emulator._state.table import Row

UNSUPPORTED_FORMAT = 105
INVALID_PRIORITY = 247
INVALID_MAX_SIMULTANEOUS = 248
INVALID_NUM_ATTEMPTS = 249
INVALID_CSV_FILE = 250
INVALID_LIST_ID = 255

LIST, TASK = "list_id", "task_id"
_DONE = {"result": True}
_IN_PROGRESS, _CANCELED, _SUSPENDED = "In progress", "Canceled", "Suspended"
_NEW, _TASK_CANCELED = (0, "New"), (4, "Canceled")
_UUID = "__task_uuid"
_COLUMNS = (TASK, "task_uuid", "status", "attempts_left", "custom_data")
_CHANGED = {
    **{name: name for name in ("priority", "max_simultaneous", "num_attempts")},
    **{name: name for name in ("interval_seconds", "task_priority_strategy")},
    "name": "list_name",
}


@command("CreateCallList")
def create(context: Context) -> Reply:
    """Make a list of the tasks in a file; each costs as a call does, at once."""
    account, values = context.account, context.values
    rule = account.rules.get(values["rule_id"])
    if rule is None:
        raise RefusedError(INVALID_RULE_ID)
    _check(values)
    records = _records(values)
    context.afford(CALL_PRICE * len(records))
    row = account.table(LIST).add(
        list_name=values["name"],
        priority=values["priority"],
        rule_id=rule.id,
        max_simultaneous=values["max_simultaneous"],
        num_attempts=values["num_attempts"],
        dt_submit=account.timestamp(),
        interval_seconds=values.get("interval_seconds", 0),
        status=_IN_PROGRESS,
        task_priority_strategy=values.get("task_priority_strategy", "first_attempts"),
        _batches=0,
        _tasks={},
        _type=values.get("call_list_type", "AUTOMATIC").upper(),
    )
    return _added(account, row, records)


@command("AppendToCallList")
def append(context: Context) -> Reply:
    """Append the tasks of a file; no `__task_uuid` may be in the list yet."""
    account = context.account
    row, records = _find(context), _records(context.values)
    known = {task["task_uuid"] for task in row["_tasks"].values()}
    if any(record.get(_UUID) in known for record in records):
        raise RefusedError(INVALID_CSV_FILE, f"A {_UUID} is in the list already")
    context.afford(CALL_PRICE * len(records))
    return _added(account, row, records)


@command("CancelCallListBatch")
def cancel_batch(context: Context) -> Reply:
    """Cancel the tasks that came with one file."""
    row = _find(context)
    batches = set(context.values["batch_ids"].replace(",", ";").split(";"))
    for task in row["_tasks"].values():
        if task["_batch"] in batches:
            _cancel(task)
    return _DONE


@command("EditCallList")
def edit(context: Context) -> Reply:
    """Change what is given."""
    row, values = _find(context), context.values
    _check(values)
    row |= {member: values[name] for name, member in _CHANGED.items() if name in values}
    return _DONE


@command("EditCallListTasksPriority")
def edit_priorities(context: Context) -> Reply:
    """Give tasks a priority; the reply shows for each whether it exists."""
    row, wanted = _find(context), context.values["tasks"]
    if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
        raise RefusedError(INVALID_ARGUMENTS, "tasks is a list of objects")
    results = []
    for item in wanted:
        named = {name: item[name] for name in (TASK, "task_uuid") if name in item}
        task = _task(row, named)
        if task is not None:
            task["_priority"] = item.get("task_priority")
        results.append({**named, "result": task is not None})
    return {"results": orjson.dumps(results).decode()}


@command("DeleteCallList")
def delete(context: Context) -> Reply:
    """Delete a list and its tasks."""
    context.account.table(LIST).remove(_find(context))
    return {"result": True, "msg": "The list is deleted"}


@command("GetCallLists")
def list_(context: Context) -> Reply:
    """List the lists; a name is matched by part."""
    account = context.account
    rows = chosen(account.table(LIST).rows.values(), context.values, _filters(account))
    return context.listed(rows, _shown)


@command("GetCallListDetails")
def list_tasks(context: Context) -> Reply:
    """List the tasks of a list, as CSV unless `output` is json."""
    values, row = context.values, _find(context)
    batch = values.get("batch_id")
    tasks = [task for task in row["_tasks"].values() if batch in (None, task["_batch"])]
    output = values.get("output", "csv").lower()
    if output == "json":
        page = context.page(tasks)
        return {"result": [_shown(task) for task in page], "count": len(page)}
    if output != "csv":
        raise RefusedError(UNSUPPORTED_FORMAT)
    begin, end = context.bounds(len(tasks))
    table = io.StringIO()
    writer = csv.writer(table, delimiter=(values.get("delimiter") or ";")[0], lineterminator="\n")
    writer.writerows([[task[column] for column in _COLUMNS] for task in tasks[begin:end]])
    lines = table.getvalue().splitlines()
    return csv_file(";".join(_COLUMNS), lambda: lines)


@command("EditCallListTask")
def edit_task(context: Context) -> Reply:
    """Change a task that is named by its id, or by the id that its file gave it."""
    values = context.values
    task = _task(_find(context), values)
    if task is None:
        raise RefusedError(INVALID_ARGUMENTS, "There is no such task in the list")
    for name in ("attempts_left", "custom_data"):
        if name in values:
            task[name] = values[name]
    if "call_schedule" in values:  # JSON text comes back as such, whatever it holds
        task["call_schedule"] = orjson.dumps(values["call_schedule"]).decode()
    if isinstance(values.get("start_at"), datetime):
        task["start_execution_time"] = wire(values["start_at"])
    return _DONE


@command("CancelCallListTask")
def cancel_task(context: Context) -> Reply:
    """Cancel tasks; the reply is about the last one named."""
    values, row = context.values, _find(context)
    named = [{TASK: number} for number in values.get("tasks_ids", ())]
    named += [{"task_uuid": text} for text in values.get("tasks_uuids", ())]
    if not named:
        raise RefusedError(REQUIRED, "tasks_ids or tasks_uuids are needed")
    tasks = [task for one in named if (task := _task(row, one)) is not None]
    if len(tasks) < len(named):
        raise RefusedError(INVALID_ARGUMENTS, "There is no such task in the list")
    for task in tasks:
        _cancel(task)
    return {"task_id": tasks[-1][TASK], "task_uuid": tasks[-1]["task_uuid"], "result": True}


@command("StopCallListProcessing")
def stop(context: Context) -> Reply:
    """Suspend a list."""
    _find(context)["status"] = _SUSPENDED
    return {"result": True, "msg": "The list is suspended"}


@command("RecoverCallList")
def recover(context: Context) -> Reply:
    """Let a list continue: its new tasks cost again."""
    row = _find(context)
    tasks = [task for task in row["_tasks"].values() if task["status_id"] == _NEW[0]]
    context.pay(CALL_PRICE * len(tasks), RESOURCE, f"Call list {row[LIST]}, again")
    row["status"] = _IN_PROGRESS
    return {"result": True, "count_recovery": len(tasks)}


def _added(account: Account, row: Row, records: list[dict[str, str]]) -> Reply:
    """Add tasks to a list as one more batch."""
    row["_batches"] += 1
    batch = str(uuid.UUID(int=(account.id << 96) | (row[LIST] << 32) | row["_batches"]))
    account.pay(CALL_PRICE * len(records), RESOURCE, f"Call list {row[LIST]}")
    for record in records:
        number, own = next(account.ids.of(TASK)), record.pop(_UUID, "")
        row["_tasks"][number] = {
            TASK: number,
            LIST: row[LIST],
            "custom_data": orjson.dumps(record).decode(),
            "attempts_left": row["num_attempts"],
            "status_id": _NEW[0],
            "status": _NEW[1],
            "task_uuid": own or str(uuid.UUID(int=(account.id << 64) | number)),
            "_batch": batch,
        }
    return {"result": True, "count": len(records), "list_id": row[LIST], "batch_id": batch}


def _records(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Read the file: its first line names the columns."""
    delimiter, quote = values.get("delimiter") or ";", values.get("quote") or '"'
    try:
        text = values["file_content"].decode(values.get("encoding") or "utf-8-sig")
        text.encode()  # some encodings make text that UTF-8 cannot carry
        reader = csv.DictReader(
            io.StringIO(text), delimiter=delimiter, quotechar=quote, escapechar=values.get("escape")
        )
        records = [
            {str(name): value for name, value in record.items() if isinstance(value, str)}
            for record in reader
        ]
    except (ValueError, LookupError, TypeError, csv.Error):
        raise RefusedError(INVALID_CSV_FILE) from None
    own = [record[_UUID] for record in records if record.get(_UUID)]
    if not text.strip() or len(set(own)) < len(own):
        raise RefusedError(INVALID_CSV_FILE)
    return records


def _check(values: Mapping[str, Any]) -> None:
    if values.get("priority", 1) < 0:
        raise RefusedError(INVALID_PRIORITY)
    if values.get("max_simultaneous", 1) < 1:
        raise RefusedError(INVALID_MAX_SIMULTANEOUS)
    if values.get("num_attempts", 1) < 1:
        raise RefusedError(INVALID_NUM_ATTEMPTS)


def _find(context: Context) -> Row:
    row = context.account.table(LIST).rows.get(context.values.get(LIST, 0))
    if row is None:
        raise RefusedError(INVALID_LIST_ID)
    return row


def _task(row: Row, named: Mapping[str, Any]) -> Row | None:
    """Return the task of an id: the list's own id, or the one of its file."""
    if TASK not in named and "task_uuid" not in named:
        raise RefusedError(REQUIRED, "A task_id or task_uuid is needed")
    return next(
        (
            task
            for task in row["_tasks"].values()
            if all(task[name] == named[name] for name in (TASK, "task_uuid") if name in named)
        ),
        None,
    )


def _cancel(task: Row) -> None:
    task["status_id"], task["status"] = _TASK_CANCELED


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def _filters(account: Account) -> dict[str, Filter]:
    def rule_named(row: Row, names: Any) -> bool:
        rule = account.rules.get(row["rule_id"])
        return rule is not None and rule.name in names

    def application(row: Row, wanted: Any) -> bool:
        rule = account.rules.get(row["rule_id"])
        home = None if rule is None else account.applications[rule.application_id]
        return home is not None and (home.id in wanted or home.name in wanted)

    return {
        LIST: one_of(LIST),
        "name": contains("list_name"),
        "is_active": lambda row, wanted: (row["status"] == _IN_PROGRESS) is wanted,
        "from_date": lambda row, time: row["dt_submit"] >= wire(time),
        "to_date": lambda row, time: row["dt_submit"] <= wire(time),
        "type_list": lambda row, text: row["_type"] == text.upper(),
        "application_id": application,
        "application_name": application,
        "rule_id": one_of("rule_id"),
        "rule_name": rule_named,
        "status": equals("status"),
    }
