"""`client.cluster`: how jobs on several machines are made and found again."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from typing import Any, Literal, Unpack

import attrs
from yarl import URL

from voxsip._base_client import BaseAsyncClient, portable_options
from voxsip._bindings.rows import RowKind
from voxsip._config import RateLimit
from voxsip._errors import ConfigurationError, InvalidArgumentError
from voxsip._printable import brief
from voxsip._redaction.values import conceal
from voxsip._row_files.reading import Reading
from voxsip._row_files.row_file import OnConflict
from voxsip.bulk._options import Options, RunOptions, check_names
from voxsip.cluster._advice import describe
from voxsip.cluster._job import ClusterJob
from voxsip.cluster._plan import make_plan
from voxsip.cluster._store import ClusterStore, JobRecord, check_name

Path = str | os.PathLike[str]
Partitions = int | Literal["auto"]


class JobOptions(RunOptions, total=False):
    """Options of every job on several machines.

    `concurrency` holds for each part; failures are counted in all parts together, and soon after one too many the job
    stops; the deadline counts from the start of a run.

    Attributes:
        name: The name of the job; None makes one up.
        partitions: Number of parts; "auto": as many as suits the number of rows.
        on_conflict: Rows that share a registration or a user: refuse them ("error"), or keep their order ("order").
        map: Columns of ours by the headers that stand for them in the file.
        set: Values of columns that hold for all rows, as text.
        ignore_extra_columns: Ignore columns that mean nothing here.
        rate_limit: Requests a second for each account, all parts together; a ceiling. None lets the service's refusals find it.
        skip_unchanged: Send nothing for rows that would leave everything as it is.
    """

    name: str | None
    partitions: Partitions
    on_conflict: OnConflict
    map: Mapping[str, str]
    set: Mapping[str, str]
    ignore_extra_columns: bool
    rate_limit: RateLimit | None
    skip_unchanged: bool


class BindOptions(JobOptions, total=False):
    """Options of a job that binds.

    Attributes:
        verify: Read the live state at the end and report what differs.
    """

    verify: bool


class CreateOptions(JobOptions, total=False):
    """Options of a job that buys.

    Attributes:
        check_funds: Compare the price of all rows with the balance first, and buy nothing if the money does not suffice.
    """

    check_funds: bool


AnyOptions = BindOptions | CreateOptions | JobOptions


class AsyncCluster:
    """Makes and finds jobs on several machines. Reached as `client.cluster`.

    Args:
        client: The client that makes the calls; on each worker, a client like it makes them.
    """

    def __init__(self, client: BaseAsyncClient) -> None:
        self._client = client

    async def bind(self, path: Path, *, store: str, **options: Unpack[BindOptions]) -> ClusterJob:
        """Make a job that binds and unbinds registrations; it sends nothing yet.

        The final state is that of running the rows one after another, in the order of the file.

        Args:
            path: CSV or JSONL, with the columns of `client.bulk.bind`; every worker reads it by this path.
            store: `postgresql://user@host/database`, where the job is kept.
            options: Options by name: how the file is read and divided, and those of `client.bulk.bind`; see `BindOptions`.

        Raises:
            InvalidArgumentError: An option is wrong, or the file: all that is wrong with it.
            ConfigurationError: The store cannot be used, or has a job of this name.
        """
        return await self._make("bind", path, store, options)

    async def create(
        self, path: Path, *, store: str, **options: Unpack[CreateOptions]
    ) -> ClusterJob:
        """Make a job that buys registrations; it buys nothing yet.

        Args:
            path: CSV or JSONL, with the columns of `client.bulk.create`; every worker reads it by this path. Passwords stay in the file.
            store: `postgresql://user@host/database`, where the job is kept.
            options: Options by name; two rows that buy the same share a registration. See `CreateOptions`.

        Raises:
            InvalidArgumentError: An option is wrong, or the file: all that is wrong with it.
            ConfigurationError: The store cannot be used, or has a job of this name.
        """
        return await self._make("create", path, store, options)

    async def delete(self, path: Path, *, store: str, **options: Unpack[JobOptions]) -> ClusterJob:
        """Make a job that gives registrations up; nothing is sent before it is run.

        Args:
            path: CSV or JSONL, with the column of `client.bulk.delete`; every worker reads it by this path.
            store: `postgresql://user@host/database`, where the job is kept.
            options: Options by name; see `JobOptions`.

        Raises:
            InvalidArgumentError: An option is wrong, or the file: all that is wrong with it.
            ConfigurationError: The store cannot be used, or has a job of this name.
        """
        return await self._make("delete", path, store, options)

    async def open(self, job_id: str, *, store: str) -> ClusterJob:
        """Find a job again, to resume it or to look at it.

        Args:
            job_id: Its name.
            store: The address of the store that keeps it.

        Raises:
            ConfigurationError: There is no such job, it is of another account, or the store cannot be used.
        """
        store = conceal(store)
        kept = ClusterStore(store)
        try:
            record = await kept.job(job_id)
            self._check_account(record)
        except BaseException:
            await kept.aclose()
            raise
        return ClusterJob(self._client, kept, record)

    def _check_account(self, record: JobRecord) -> None:
        if self._client.account_id != record.account_id or self._service != record.service:
            raise ConfigurationError(
                f"job {record.name}: it runs on account {record.account_id} at {record.service}, "
                f"this client is for {self._client.account_id} at {self._service}"
            )

    @property
    def _service(self) -> str:
        return URL(self._client.base_url).authority

    async def _make(self, kind: RowKind, path: Path, store: str, given: AnyOptions) -> ClusterJob:
        store = conceal(store)
        options, reading = _checked(kind, given)
        wanted = _count(given.get("partitions", "auto"))
        name = given.get("name")
        name = f"{kind}-{secrets.token_hex(4)}" if name is None else check_name(name)
        if self._client.account_id is None:
            raise ConfigurationError(
                "cluster: a ready token does not tell its account, and runs out; use credentials"
            )
        kept = ClusterStore(store)
        try:
            plan = await make_plan(
                self._client,
                kind,
                path,
                partitions=wanted,
                on_conflict=given.get("on_conflict", "order"),
                reading=reading,
            )
            limit = options.rate_limit
            rate = limit.rate if isinstance(limit, RateLimit) else None
            record = await kept.create(
                name,
                plan,
                account_id=self._client.account_id,
                service=self._service,
                options={
                    "job": options.to_json(),
                    "client": portable_options(self._client),
                    "file": reading.to_dict(),
                },
                guards=given,
                note=describe(plan.parts, plan.in_one, rate),
            )
        except BaseException:
            await kept.aclose()
            raise
        return ClusterJob(self._client, kept, record)


_OPTIONS: dict[RowKind, type[JobOptions]] = {
    "bind": BindOptions,
    "create": CreateOptions,
    "delete": JobOptions,
}


_OF_BULK = {field.name for field in attrs.fields(Options)}


def _checked(kind: RowKind, given: AnyOptions) -> tuple[Options, Reading]:
    check_names(kind, given, _OPTIONS[kind])
    order: object = given.get("on_conflict", "order")
    if order not in {"error", "order"}:
        raise InvalidArgumentError(
            f"on_conflict: expected 'error' or 'order', got {brief(order)}", field="on_conflict"
        )
    limit: object = given.get("rate_limit")
    if limit is not None and not isinstance(limit, RateLimit):
        raise InvalidArgumentError(
            f"rate_limit: expected a RateLimit, got {type(limit).__name__}; a job on several machines keeps its rate in its store",
            field="rate_limit",
        )
    values: dict[str, Any] = {
        option: value for option, value in given.items() if option in _OF_BULK
    }
    reading = Reading(
        names=_texts("map", given.get("map", {})),
        constants=_texts("set", given.get("set", {})),
        ignore_extra=bool(given.get("ignore_extra_columns", False)),
    )
    return Options(**values), reading


def _texts(option: str, given: object) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(
        isinstance(text, str) for pair in given.items() for text in pair
    ):
        raise InvalidArgumentError(f"{option}: expected a mapping of texts to texts", field=option)
    return {**given}


def _count(partitions: object) -> int | None:
    if partitions == "auto":
        return None
    if type(partitions) is not int or partitions < 1:
        raise InvalidArgumentError(
            f"partitions: expected a whole number from 1, or 'auto', got {brief(partitions)}",
            field="partitions",
        )
    return partitions
