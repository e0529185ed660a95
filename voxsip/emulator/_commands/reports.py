"""Reports: they are ordered, are complete a moment later, and are downloaded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from voxsip.emulator._commands.filters import wire
from voxsip.emulator._service.context import Context, Reply, command
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.files import csv_file
from voxsip.emulator._service.values import ALL
from voxsip.emulator._state.account import SETTLE
from voxsip.emulator._state.bindings import find_application

if TYPE_CHECKING:
    from voxsip.emulator._service.files import File
    from voxsip.emulator._state.account import Account
    from voxsip.emulator._state.table import Row

UNSUPPORTED_FORMAT = 105
INVALID_REPORT_ID = 355
IN_PROGRESS = 356

HISTORY = "history_report_id"
COMMON = "report_id"
_KEPT = timedelta(days=30)
_NOT_FILTERS = frozenset({"output", "with_header"})


def order(context: Context, kind: str, file: File, key: str = HISTORY) -> dict[str, Any]:
    """Order a report; it is complete a moment later, and once it is counted.

    Raises:
        RefusedError: 105 for another format than CSV.
    """
    account, values = context.account, context.values
    output = values.get("output", "csv")
    if output.lower() != "csv":
        raise RefusedError(UNSUPPORTED_FORMAT)
    filters = {
        name: str(value) if not isinstance(value, bool | int) else value
        for name, value in values.items()
        if name not in _NOT_FILTERS
    }
    context.uncounted.append(file)
    row = account.table(key).add(
        created=account.timestamp(),
        format="csv",
        filters=orjson.dumps(filters).decode(),
        _kind=kind,
        _file=file,
        _ready_at=account.clock.now() + SETTLE,
    )
    number = row[key]
    return {"result": 1, HISTORY: number} if key == HISTORY else {"result": number}


@command("RequestSmartQueueHistory")
def order_smart_queue_history(context: Context) -> Reply:
    """Order a report of smart queues, which have no past: one line."""
    find_application(context.account, context.values)
    return order(context, "sq", csv_file(";".join(context.values["report_type"]), lambda: ()))


@command("GetHistoryReports")
def list_history_reports(context: Context) -> Reply:
    """List the reports of the history."""
    return _listed(context, HISTORY, context.values.get("history_type"), "history_type")


@command("GetPhoneNumberReports")
def list_phone_number_reports(context: Context) -> Reply:
    """List the reports about phone numbers."""
    return _listed(context, COMMON, context.values.get("report_type"), "type")


@command("DownloadHistoryReport")
def download(context: Context) -> Reply:
    """Send a report that is complete."""
    account = context.account
    row = account.table(HISTORY).rows.get(context.values[HISTORY])
    if row is None:
        raise RefusedError(INVALID_REPORT_ID)
    if not _is_complete(account, row):
        raise RefusedError(IN_PROGRESS)
    row["download_count"] = row.get("download_count", 0) + 1
    row["last_downloaded"] = account.timestamp()
    file: File = row["_file"]
    return file


def _listed(context: Context, key: str, kinds: Any, shown_as: str) -> Reply:
    """Return the reports that pass every filter, in the order asked for."""
    account, values = context.account, context.values
    begin, end = values.get("created_from"), values.get("created_to")
    completed, wanted = values.get("is_completed"), values.get(key)
    rows = [
        row
        for row in account.table(key).rows.values()
        if (kinds in (None, ALL) or row["_kind"] in kinds)
        and wanted in (None, row[key])
        and (completed is None or completed is _is_complete(account, row))
        and (begin is None or row["created"] >= wire(begin))
        and (end is None or row["created"] <= wire(end))
    ]
    if values.get("desc_order", False):
        rows.reverse()
    return context.listed(rows, lambda row: _describe(account, row, shown_as))


def _is_complete(account: Account, row: Row) -> bool:
    return account.clock.now() >= row["_ready_at"] and row["_file"].size is not None


def _describe(account: Account, row: Row, kind: str) -> Row:
    shown = {name: value for name, value in row.items() if not name.startswith("_")}
    shown[kind] = row["_kind"]
    if not _is_complete(account, row):
        return shown
    completed = datetime.fromtimestamp(row["_ready_at"], UTC)
    shown |= {
        "completed": wire(completed),
        "file_name": f"{row['_kind']}.csv",
        "file_size": row["_file"].size,
        "download_size": row["_file"].size,
        "download_count": row.get("download_count", 0),
        "store_until": (completed + _KEPT).date().isoformat(),
    }
    return shown
