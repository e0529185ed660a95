"""Things that are only added, changed, deleted and listed: one description of each kind, one code for all."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from ipaddress import ip_network
from typing import Any

from attrs import frozen

from voxsip.emulator._commands.filters import Filter, chosen, contains, equals, one_of
from voxsip.emulator._service.context import Context, Reply, command, money
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.spec import command_specs
from voxsip.emulator._service.values import ALL, REQUIRED
from voxsip.emulator._state.bindings import find_application, find_target
from voxsip.emulator._state.table import Row, Table
from voxsip.spec.document import operations, resolve


@frozen(kw_only=True)
class Kind:
    """How the commands of one kind of thing behave.

    Args:
        key: the member that holds the id; things that the API knows by name only have one that is not shown.
        name: the member that holds the name.
        missing: error number for an id or a name that does not exist.
        taken: error number for a name that is taken; None if several things may have the same name.
        scoped: names are of one application, and commands say which.
        add: the command that adds one.
        list: the command that lists them.
        delete: the command that deletes some.
        set: the command that changes one, if there is one.
        given: the parameter that holds the name in `add`, if it is called otherwise.
        new: the parameter that holds a new name in `set`, if there is one.
        nested: the reply of `add` has the id within `result`.
        no_network: error number for a name that is no IP network; None if names need not be networks.
        kept: further members that are kept and not listed.
    """

    key: str
    name: str
    missing: int
    taken: int | None = None
    scoped: bool = False
    add: str
    list: str
    delete: str
    set: str | None = None
    given: str | None = None
    new: str | None = None
    nested: bool = False
    no_network: int | None = None
    kept: tuple[str, ...] = ()


INVALID = 496
NOT_UNIQUE = 493

KINDS = (
    Kind(
        key="pstn_blacklist_id",
        name="pstn_blacklist_phone",
        missing=400,
        add="AddPstnBlackListItem",
        list="GetPstnBlackList",
        delete="DelPstnBlackListItem",
        set="SetPstnBlackListItem",
        new="pstn_blacklist_phone",
    ),
    Kind(
        key="sip_whitelist_id",
        name="sip_whitelist_network",
        missing=169,
        add="AddSipWhiteListItem",
        list="GetSipWhiteList",
        delete="DelSipWhiteListItem",
        set="SetSipWhiteListItem",
        new="sip_whitelist_network",
        no_network=170,
    ),
    Kind(
        key="acd_queue_id",
        name="acd_queue_name",
        missing=218,
        taken=219,
        add="AddQueue",
        list="GetQueues",
        delete="DelQueue",
        set="SetQueueInfo",
        new="new_acd_queue_name",
    ),
    Kind(
        key="skill_id",
        name="skill_name",
        missing=222,
        taken=221,
        add="AddSkill",
        list="GetSkills",
        delete="DelSkill",
        set="SetSkillInfo",
        new="new_skill_name",
    ),
    Kind(
        key="sq_queue_id",
        name="sq_queue_name",
        missing=INVALID,
        taken=NOT_UNIQUE,
        scoped=True,
        add="SQ_AddQueue",
        list="SQ_GetQueues",
        delete="SQ_DelQueue",
        set="SQ_SetQueueInfo",
        new="new_sq_queue_name",
        nested=True,
    ),
    Kind(
        key="sq_skill_id",
        name="sq_skill_name",
        missing=INVALID,
        taken=NOT_UNIQUE,
        scoped=True,
        add="SQ_AddSkill",
        list="SQ_GetSkills",
        delete="SQ_DelSkill",
        set="SQ_SetSkillInfo",
        new="new_sq_skill_name",
        nested=True,
    ),
    Kind(
        key="secret_id",
        name="secret_name",
        missing=INVALID,
        taken=NOT_UNIQUE,
        scoped=True,
        add="AddSecret",
        list="GetSecrets",
        delete="DelSecret",
        set="SetSecretInfo",
        new="new_secret_name",
        nested=True,
        kept=("secret_value",),
    ),
    Kind(
        key="_wab_phone_id",
        name="wab_phone_number",
        missing=121,
        taken=335,
        add="AddWABPhoneNumber",
        list="GetWABPhoneNumbers",
        delete="DeleteWABPhoneNumber",
        set="SetWABPhoneNumberInfo",
    ),
    Kind(
        key="subuser_id",
        name="subuser_name",
        missing=434,
        taken=436,
        add="AddSubUser",
        list="GetSubUsers",
        delete="DelSubUser",
        set="SetSubUserInfo",
        given="new_subuser_name",
        nested=True,
    ),
    Kind(
        key="push_credential_id",
        name="push_provider_name",
        missing=378,
        taken=384,
        add="AddPushCredential",
        list="GetPushCredential",
        delete="DelPushCredential",
        set="SetPushCredential",
    ),
)


def _enter(kind: Kind) -> None:
    """Enter the commands of a kind in the table."""
    members = _members(kind.list)

    @command(kind.add)
    def add(context: Context) -> Reply:
        values, scope = context.values, _scope(kind, context)
        table, name = context.account.table(kind.key), values.get(kind.given or kind.name)
        _check_name(kind, table, name, scope)
        now = context.account.timestamp()
        row = table.add(
            **{kind.name: name, **_kept(kind, members, context)},
            **{time: now for time in ("created", "modified") if time in members},
            _scope=scope,
        )
        made = {} if kind.key.startswith("_") else {kind.key: row[kind.key]}
        return {"result": made} if kind.nested else {"result": 1, **made}

    @command(kind.delete)
    def delete(context: Context) -> Reply:
        table = context.account.table(kind.key)
        for row in _named(kind, context, table):
            table.remove(row)
        return {"result": 1}

    @command(kind.list)
    def list_(context: Context) -> Reply:
        rows = context.account.table(kind.key).rows.values()
        scope = _scope(kind, context)
        shown = [
            {name: value for name, value in row.items() if name in members}
            for row in chosen(rows, context.values, _filters(kind, members))
            if not kind.scoped or row["_scope"] == scope
        ]
        paged = any(item.name == "count" for item in command_specs()[kind.list].parameters)
        page = context.page(shown) if paged else shown
        sizes = {"total_count": len(shown), "count": len(page)}
        return {"result": page, **{name: sizes[name] for name in _sizes(kind.list)}}

    if kind.set is None:
        return

    @command(kind.set)
    def set_(context: Context) -> Reply:
        table = context.account.table(kind.key)
        [row] = _named(kind, context, table)
        change = _kept(kind, members, context)
        change.pop(kind.name, None)
        name = context.values.get(kind.new or "", row.get(kind.name))
        if name != row.get(kind.name):
            _check_name(kind, table, name, row.get("_scope"))
        row |= {kind.name: name, **change}
        if "modified" in members:
            row["modified"] = context.account.timestamp()
        return {"result": 1}


def _members(list_command: str) -> frozenset[str]:
    """Name the members that an item of a list has, and that are plain values."""
    schema = _reply(list_command)["properties"]["result"]
    properties = resolve(schema["items"])["properties"]
    return frozenset(name for name, member in properties.items() if member.get("type") != "array")


def _sizes(list_command: str) -> list[str]:
    return [name for name in ("total_count", "count") if name in _reply(list_command)["properties"]]


def _reply(name: str) -> dict[str, Any]:
    return resolve(operations()[name]["responses"]["200"]["content"]["application/json"]["schema"])


def _scope(kind: Kind, context: Context) -> int | None:
    """Return the application whose things are meant, if they are of one."""
    application = find_application(context.account, context.values)
    if not kind.scoped:
        return None
    if application is None:
        raise RefusedError(REQUIRED, "An application_id or application_name is needed")
    return application.id


def _kept(kind: Kind, members: frozenset[str], context: Context) -> Row:
    """Return what a row keeps of the values that were given."""
    values = context.values
    kept = {
        name: money(value) if isinstance(value, Decimal) else value
        for name, value in values.items()
        if (name in members and name != kind.key) or name in kind.kept
    }
    if "rule_id" in members and not kind.scoped:
        target = find_target(context.account, values)
        if target.application is not None:
            kept["application_id"] = target.application.id
            kept["application_name"] = target.application.name
        if target.rule is not None:
            kept |= {"rule_id": target.rule.id, "rule_name": target.rule.name}
    elif "application_id" in members:
        application = find_application(context.account, values)
        if application is not None:
            kept["application_id"] = application.id
    return kept


def _check_name(kind: Kind, table: Table, name: Any, scope: int | None) -> None:
    if kind.no_network is not None:
        try:
            ip_network(name, strict=False)
        except ValueError:
            raise RefusedError(kind.no_network) from None
    if kind.taken is None or name is None:
        return
    for row in table.rows.values():
        if row.get(kind.name) == name and row.get("_scope") == scope:
            raise RefusedError(kind.taken)


def _named(kind: Kind, context: Context, table: Table) -> list[Row]:
    """Return the things that are named: all of them or, if one is missing, none."""
    values, scope = context.values, _scope(kind, context)
    rows = [row for row in table.rows.values() if not kind.scoped or row["_scope"] == scope]
    if values.get(kind.key) == ALL:
        return rows
    by = kind.key if kind.key in values else kind.name
    if by not in values:
        raise RefusedError(REQUIRED, f"{kind.key} or {kind.name} is needed")
    wanted = values[by] if isinstance(values[by], tuple) else (values[by],)
    found = {row[by]: row for row in rows if by in row}
    if any(one not in found for one in wanted):
        raise RefusedError(kind.missing)
    return [found[one] for one in dict.fromkeys(wanted)]


def _filters(kind: Kind, members: frozenset[str]) -> Mapping[str, Filter]:
    found: dict[str, Filter] = {}
    for parameter in command_specs()[kind.list].parameters:
        name = parameter.name
        if name == kind.name and parameter.kind == "str":
            found[name] = contains(name)
        elif name in members or name == kind.key:
            found[name] = (one_of if parameter.kind in {"ints", "strs"} else equals)(name)
        elif name.removesuffix("_part").removesuffix("_template") == kind.name:
            found[name] = contains(kind.name)
    if kind.scoped:
        found.pop("application_id", None)
        found.pop("application_name", None)
    return found


@command("GetSecretValue")
def get_secret_value(context: Context) -> Reply:
    """Return a secret with its value."""
    kind = next(kind for kind in KINDS if kind.key == "secret_id")
    [row] = _named(kind, context, context.account.table(kind.key))
    return {"result": {name: value for name, value in row.items() if not name.startswith("_")}}


for _kind in KINDS:
    _enter(_kind)
