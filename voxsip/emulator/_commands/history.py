"""The history of calls, transactions and commands: as pages, and as reports to order and download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.emulator._commands.reports import order
from voxsip.emulator._service.context import Context, Reply, command, money
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.files import Scan, csv_file
from voxsip.emulator._service.values import ALL
from voxsip.emulator._service.zones import Zone
from voxsip.emulator._state.bindings import find_application
from voxsip.emulator._state.sessions import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from voxsip.emulator._state.account import Account
    from voxsip.emulator._state.ledger import Transaction
    from voxsip.emulator._state.table import Row

INVALID_CHILD_ID = 194
FORBIDDEN_PARAMETER = 492
STRIDE = 1000
"""Sessions that are looked at without a pause: a millisecond or two."""
CALL_COLUMNS = (
    *(KEY, "start_date", "duration", "application_id", "application_name", "rule_name"),
    *("user_id", "remote_number", "local_number", "custom_data"),
)
BRIEF_COLUMNS = (KEY, "start_date", "duration", "application_name", "rule_name")
TRANSACTION_COLUMNS = ("transaction_id", "performed_at", "amount", "currency", "transaction_type")
AUDIT_COLUMNS = ("audit_log_id", "requested", "cmd_name")


@command("GetCallHistory")
def list_calls(context: Context) -> Reply:
    """List call sessions, oldest first without `desc_order`, with calls on request."""
    zone = Zone(context.values)
    _refuse_async(context)
    sessions = _sessions(context, zone)
    begin, end = context.bounds()
    found: dict[str, Any] = {}

    def steps() -> Iterator[None]:
        page, total = [], 0
        for row in sessions():
            if row is None:
                yield
                continue
            if begin <= total < end:
                page.append(_describe(row, zone, context.values))
            total += 1
        found.update(result=page, total_count=total, count=len(page), timezone=zone.name)

    return Scan(steps(), found)


@command("GetCallHistoryAsync")
def order_calls(context: Context) -> Reply:
    """Order a report of call sessions."""
    return _order_calls(context, CALL_COLUMNS, "calls")


@command("GetBriefCallHistory")
def order_brief_calls(context: Context) -> Reply:
    """Order a short report of call sessions."""
    return _order_calls(context, BRIEF_COLUMNS, "calls_brief")


@command("GetTransactionHistory")
def list_transactions(context: Context) -> Reply:
    """List what was paid, oldest first unless `desc_order` is given."""
    return _page(context, Zone(context.values), _transactions)


@command("GetTransactionHistoryAsync")
def order_transactions(context: Context) -> Reply:
    """Order a report of what was paid."""
    rows = list(_transactions(context, Zone(context.values)))
    return _order(context, "transactions", TRANSACTION_COLUMNS, lambda: rows)


@command("GetAuditLog")
def list_audit(context: Context) -> Reply:
    """List the latest commands that changed something; their arguments are not kept."""
    return _page(context, Zone(context.values, bounds=False), _audit)


@command("GetAuditLogAsync")
def order_audit(context: Context) -> Reply:
    """Order a report of the audit log."""
    rows = list(_audit(context, Zone(context.values, bounds=False)))
    return _order(context, "audit", AUDIT_COLUMNS, lambda: rows)


def _order_calls(context: Context, columns: tuple[str, ...], kind: str) -> Reply:
    """Order a report whose lines are made as it is downloaded: it may be of any size."""
    zone = Zone(context.values)
    sessions = _sessions(context, zone)

    def rows() -> Iterator[Row | None]:
        for row in sessions():
            yield row and row | {"start_date": zone.text(row["start_date"])}

    return _order(context, kind, columns, rows)


def _order(
    context: Context, kind: str, columns: tuple[str, ...], rows: Callable[[], Iterable[Row | None]]
) -> Reply:
    header = ";".join(columns) if context.values.get("with_header", False) else None

    def lines() -> Iterator[str | None]:
        for row in rows():
            if row is None:
                yield None
            else:
                yield ";".join([_field(row.get(column, "")) for column in columns])

    return order(context, kind, csv_file(header, lines, packed=True))


def _field(value: object) -> str:
    text = str(value)
    if '"' in text or ";" in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def _page(
    context: Context, zone: Zone, find: Callable[[Context, Zone], Iterable[Row]]
) -> dict[str, Any]:
    """Return the reply of a list command; only its page is kept in memory."""
    _refuse_async(context)
    begin, end = context.bounds()
    page, total = [], 0
    for row in find(context, zone):
        if begin <= total < end:
            page.append(row)
        total += 1
    return {"result": page, "total_count": total, "count": len(page), "timezone": zone.name}


def _refuse_async(context: Context) -> None:
    if context.values.get("is_async", False):
        raise RefusedError(FORBIDDEN_PARAMETER, "Reports are ordered by the Async command here")


def _accounts(context: Context) -> list[Account]:
    """Return the accounts whose calls are listed."""
    values, children = context.values, context.children
    wanted = values.get("child_account_id", ())
    if wanted == ALL:
        wanted = tuple(children)
    if any(number not in children for number in wanted):
        raise RefusedError(INVALID_CHILD_ID)
    only = values.get("children_calls_only", values.get("children_transactions_only", False))
    own = [] if only else [context.account]
    return own + [children[number] for number in (wanted or (children if only else ()))]


def _sessions(context: Context, zone: Zone) -> Callable[[], Iterator[Row | None]]:
    """Return a function that yields the present sessions that pass every filter.

    It yields None after every `STRIDE` sessions, of which there may be millions: the emulator serves others then.
    """
    values = context.values
    begin, end = zone.seconds(values.get("from_date")), zone.seconds(values.get("to_date"))
    application = find_application(context.account, values)
    shortest, longest = values.get("min_duration"), values.get("max_duration")
    wanted = [
        (member, frozenset(map(str, values[name])))
        for name, member in (
            (KEY, KEY),
            ("user_id", "user_id"),
            ("remote_number", "remote_number"),
            ("local_number", "local_number"),
        )
        if name in values
    ]
    exact = [
        (member, values[name])
        for name, member in (
            ("rule_name", "rule_name"),
            ("call_session_history_custom_data", "custom_data"),
        )
        if name in values
    ]
    if application is not None:
        exact.append(("application_id", application.id))
    numbers = values.get("remote_number_list")
    if isinstance(numbers, list):
        wanted.append(("remote_number", frozenset(map(str, numbers))))
    descending = values.get("desc_order", False)
    places = [(account.sessions, len(account.sessions)) for account in _accounts(context)]

    def rows() -> Iterator[Row | None]:
        for sessions, limit in places:
            found = sessions.rows(begin, end, limit=limit, descending=descending)
            for number, row in enumerate(found, 1):
                if not number % STRIDE:
                    yield None
                if (
                    (shortest is None or row["duration"] >= shortest)
                    and (longest is None or row["duration"] <= longest)
                    and all(str(row.get(member)) in allowed for member, allowed in wanted)
                    and all(row.get(member) == value for member, value in exact)
                ):
                    yield row

    return rows


def _describe(row: Row, zone: Zone, values: Mapping[str, Any]) -> Row:
    began = zone.text(row["start_date"])
    shown = {
        name: value for name, value in row.items() if name not in {"remote_number", "local_number"}
    }
    shown.pop("transaction_id", None)
    shown |= {"start_date": began, "finish_reason": "Normal termination"}
    if values.get("with_calls", False):
        shown["calls"] = []
        if "remote_number" in row:
            shown["calls"] = [
                {
                    "call_id": row[KEY],
                    "start_time": began,
                    "duration": row["duration"],
                    "remote_number": row["remote_number"],
                    "remote_number_type": "pstn",
                    "local_number": row["local_number"],
                    "incoming": True,
                    "successful": True,
                }
            ]
    if values.get("with_records", False):
        shown["records"] = []
    if values.get("with_other_resources", False):
        shown["other_resource_usage"] = []
    return shown


def _transactions(context: Context, zone: Zone) -> Iterator[Row]:
    values = context.values
    find_application(context.account, values)
    begin, end = zone.seconds(values.get("from_date")), zone.seconds(values.get("to_date"))
    numbers, kinds = values.get("transaction_id"), values.get("transaction_type")
    utc = Zone({})
    for account in _accounts(context):
        found: Iterable[Transaction] = account.ledger.transactions
        if values.get("desc_order", False):
            found = reversed(account.ledger.transactions)
        for one in found:
            if (
                (begin is None or one.performed_at >= utc.text(begin))
                and (end is None or one.performed_at <= utc.text(end))
                and (numbers is None or one.id in numbers)
                and (kinds is None or one.kind in kinds)
            ):
                yield {
                    "transaction_id": one.id,
                    "account_id": str(account.id),
                    "performed_at": zone.told(one.performed_at),
                    "amount": money(one.amount),
                    "currency": account.currency,
                    "transaction_type": one.kind,
                    "transaction_description": one.description,
                }


def _audit(context: Context, zone: Zone) -> Iterator[Row]:
    values, account = context.values, context.account
    begin, end = zone.seconds(values.get("from_date")), zone.seconds(values.get("to_date"))
    numbers, names = values.get("audit_log_id"), values.get("filtered_cmd")
    utc = Zone({})
    entries = list(account.audit)
    for number, requested, name in reversed(entries) if values.get("desc_order") else entries:
        if (
            (begin is None or requested >= utc.text(begin))
            and (end is None or requested <= utc.text(end))
            and (numbers is None or number in numbers)
            and (names is None or name in names)
        ):
            yield {
                "audit_log_id": number,
                "account_id": account.id,
                "requested": zone.told(requested),
                "cmd_name": name,
            }
