"""`client.desired`: make plans and apply them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Unpack

import attrs

from voxsip._base_client import BaseAsyncClient, account_of
from voxsip._bindings.listing import every_registration
from voxsip._clock import utc_now, yield_to_loop
from voxsip._errors import InvalidArgumentError
from voxsip._printable import brief
from voxsip._redaction.paths import path_text
from voxsip.bulk import BulkJob
from voxsip.bulk._funds import read_quote
from voxsip.bulk._options import Options as CheckedOptions, check_names
from voxsip.bulk._run import make_source
from voxsip.bulk._source import END, Source
from voxsip.plan._apply import ApplyRun
from voxsip.plan._export import exported
from voxsip.plan._file import journal_of
from voxsip.plan._live import Live
from voxsip.plan._model import Change, Refusal
from voxsip.plan._names import Needs, fetch_names
from voxsip.plan._options import FLAGS, ApplyOptions, Options, PlanOptions
from voxsip.plan._passwords import IN_ROW, read_password, reference_of
from voxsip.plan._plan import Plan
from voxsip.plan._planner import STRIDE, Planner, Result
from voxsip.plan._rows import Fault
from voxsip.plan._scope import Scope

Path = str | os.PathLike[str]
Row = Mapping[str, object]
Rows = Iterable[Row] | AsyncIterable[Row]


class AsyncDesired:
    """Makes plans and applies them. Available as `client.desired`.

    Args:
        client: Reads the live state, and makes the changes.
    """

    def __init__(self, client: BaseAsyncClient) -> None:
        self._client = client

    async def plan(self, rows: Rows, **options: Unpack[PlanOptions]) -> Plan:
        """Read the live state once and return the changes it needs; change nothing.

        A cell that is absent or empty leaves the live value alone. None or "-" removes it, and any other value
        sets it. Rows that cannot be planned are in `refused`.
        A `csv.DictReader` gives None for cells that a short line does not have: pass it `restval=""`.

        Args:
            rows: Mappings of columns to values: `sip_registration_id`, `sip_username`, `proxy`, `auth_user`,
                `outbound_proxy`, `password`, `is_persistent`, `application_id` or `application_name`,
                `rule_id` or `rule_name`, `user_id` or `user_name`. A registration is found by its id if the
                row has one, else by SIP user name and proxy, and is created if it is not there. A password
                may be a reference: "env:NAME", "file:PATH", "keyring:SERVICE/NAME".
            options: Options of the plan by name; see `PlanOptions`.

        Returns:
            The plan; false if nothing has to change.

        Raises:
            InvalidArgumentError: An option is wrong, or `rows` cannot be iterated.
            VoxsipError: The live state could not be read.
        """
        check_names("plan", options, PlanOptions)
        planning = _planning(options)
        source, lines = options.get("source"), options.get("lines", ())
        client = self._client
        given = make_source(rows)
        account = await account_of(client)
        planner = Planner(
            Live([item async for item in every_registration(client)]),
            planning,
            place=lambda index: (
                f"line {lines[index]}" if index < len(lines) else f"row {index + 1}"
            ),
            number_of=lambda index: lines[index] if index < len(lines) else index + 1,
            check_password=_Checked(),
        )
        await _read(given, planner)
        names = await fetch_names(client, planner.needs)
        result: Result | None = None
        for step in planner.finish(names):
            result = step
            await yield_to_loop()
        if result is None:
            raise RuntimeError("planning came to no end")
        created = result.counts["created"]
        return Plan(
            changes=result.changes,
            counts=result.counts,
            price=await read_quote(client, created) if created else None,
            refused=tuple(_placed(refusal, source, lines) for refusal in result.refused),
            thresholds=result.thresholds,
            account_id=account,
            base_url=client.base_url,
            scope=None if planning.scope is None else planning.scope.to_dict(),
            options=planning.to_dict(),
            source=source,
            checksum=result.checksum,
            gaps=result.gaps,
            created=utc_now(client.clock).replace(microsecond=0),
            passwords=result.passwords,
        )

    def apply(
        self,
        plan: Plan,
        *,
        journal: Path | None = None,
        rows: Iterable[Row] | None = None,
        force: bool = False,
        **options: Unpack[ApplyOptions],
    ) -> BulkJob[Change]:
        """Apply a plan: exactly its changes, or none if the live state has changed since.

        If the journal belongs to a plan that began and did not end, the plan is resumed. A change is "skipped" if a
        change it depends on is not done.

        Args:
            plan: The plan, as made or as loaded.
            journal: The path of its journal; None: that of the saved plan, with ".journal" behind it.
            rows: The rows that the plan was made of: needed if the plan was loaded, and passwords are in the
                rows themselves.
            force: Apply the plan although it exceeds a threshold.
            options: Options of the job by name; see `ApplyOptions`.

        Returns:
            A job: iterated, it gives the outcome of every change; awaited, a report.

        Raises:
            InvalidArgumentError: An option is wrong. When the job starts: the plan has refused rows, is of
                another account or API, or a password is missing.
            ThresholdError: When the job starts: the plan exceeds a threshold.
            StalePlanError: When the job starts: the live state differs, or the plan was applied already.
            ConfigurationError: When the job starts: the journal cannot be used.
        """
        if not isinstance(plan, Plan):
            raise InvalidArgumentError(
                f"plan: expected a Plan, got {type(plan).__name__}; make one with 'plan', or load it",
                field="plan",
            )
        if journal is None:
            if plan.path is None:
                raise InvalidArgumentError(
                    "journal: the plan is not saved, so its journal has no name; name one, or save the plan and apply what save() returns",
                    field="journal",
                )
            journal = journal_of(plan.path)
        check_names("apply", options, ApplyOptions)
        run = ApplyRun(
            client=self._client,
            rows=make_source(plan.changes),
            options=CheckedOptions(**options),
            kind="apply",
            journal=path_text("journal", journal),
            plan=plan,
            force=force,
            input=rows,
        )
        return BulkJob(run)

    async def export(
        self, *, application_id: int | None = None, application_name: str | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the live registrations as rows of a desired state, whose plan is empty.

        Args:
            application_id: Only those bound to this application.
            application_name: Only those bound to the application of this name.

        Raises:
            InvalidArgumentError: There is no such application.
            VoxsipError: The live state could not be read.
        """
        found = False
        async for item in every_registration(self._client):
            if application_id not in {None, item.application_id}:
                continue
            if application_name in {None, item.application_name}:
                found = True
                yield exported(item)
        if not found:
            await _check_application(self._client, "application_id", application_id)
            await _check_application(self._client, "application_name", application_name)


async def _check_application(client: BaseAsyncClient, field: str, wanted: int | str | None) -> None:
    """Check that an application exists of which no registration was found."""
    if wanted is None:
        return
    names = await fetch_names(client, Needs(applications=True))
    try:
        names.application(wanted)
    except Fault as fault:
        raise InvalidArgumentError(
            f"{field}: {fault.message}; {fault.remedy}", field=field
        ) from None


class _Checked:
    """Proves references to passwords, each once."""

    __slots__ = ("_proved",)

    def __init__(self) -> None:
        self._proved: set[str] = set()

    def __call__(self, password: str) -> None:
        reference = reference_of(password)
        if reference != IN_ROW and reference not in self._proved:
            read_password(reference)
            self._proved.add(reference)


def _planning(given: Mapping[str, Any]) -> Options:
    for name in ("prune", *FLAGS):
        if not isinstance(value := given.get(name, False), bool):
            raise InvalidArgumentError(
                f"{name}: expected True or False, got {brief(value)}", field=name
            )
    prune, scope = given.get("prune", False), given.get("scope")
    if prune and scope is None:
        raise InvalidArgumentError(
            "scope: pruning needs one; say what may be deleted: an application, a proxy, a prefix",
            field="scope",
        )
    if not prune and scope is not None:
        raise InvalidArgumentError(
            "scope: it limits what is pruned, and nothing is; pass prune (--prune) too, or leave it out",
            field="scope",
        )
    flags = {name: given[name] for name in FLAGS if name in given}
    return Options(scope=None if scope is None else Scope.of(scope), **flags)


async def _read(source: Source, planner: Planner) -> None:
    count = 0
    while (item := await source.pull()) is not END:
        planner.add(item)
        count += 1
        if not count % STRIDE:
            await yield_to_loop()


def _placed(refusal: Refusal, source: str | None, lines: Sequence[int]) -> Refusal:
    index = refusal.index
    line = lines[index] if index is not None and index < len(lines) else None
    return attrs.evolve(refusal, line=line, source=source)
