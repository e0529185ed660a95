"""`client.bulk`: start bulk jobs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Unpack

from voxsip._base_client import for_account
from voxsip._bindings.rows import BindRequest, CreateRequest, DeleteRequest
from voxsip._errors import InvalidArgumentError
from voxsip.bulk._funds import read_quote
from voxsip.bulk._job import BulkJob
from voxsip.bulk._live.purchases import Survey, survey
from voxsip.bulk._options import (
    BindOptions,
    CreateOptions,
    JobOptions,
    Options,
    ResumeOptions,
    check_names,
)
from voxsip.bulk._outcomes import Kind, Quote
from voxsip.bulk._run import Run, make_source
from voxsip.bulk._source import hide_address, hide_input, hide_rows

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient
    from voxsip._generated.sip_registrations.models import (
        BindSipRegistrationReply,
        CreateSipRegistrationReply,
        DeleteSipRegistrationReply,
    )

Path = str | os.PathLike[str]
BindRows = (
    Iterable[BindRequest | Mapping[str, object]] | AsyncIterable[BindRequest | Mapping[str, object]]
)
CreateRows = (
    Iterable[CreateRequest | Mapping[str, object]]
    | AsyncIterable[CreateRequest | Mapping[str, object]]
)
DeleteRows = (
    Iterable[DeleteRequest | Mapping[str, object]]
    | AsyncIterable[DeleteRequest | Mapping[str, object]]
)


_ABOUT_INPUT = ("journal", "source", "checksum")
"""Options that say where rows come from and where outcomes go, not how the job runs."""
_OPTIONS: dict[str, type] = {
    "bind": BindOptions,
    "create": CreateOptions,
    "delete": JobOptions,
    "resume": ResumeOptions,
}


class AsyncBulk:
    """Starts bulk jobs. Available as `client.bulk`.

    Args:
        client: sends the calls.
        survey: tells what an account has before the first purchase, for jobs that are a part of another.
    """

    def __init__(self, client: BaseAsyncClient, *, survey: Survey = survey) -> None:
        self._client = client
        self._survey = survey

    def bind(
        self, rows: BindRows, **options: Unpack[BindOptions]
    ) -> BulkJob[BindRequest, BindSipRegistrationReply]:
        """Bind and unbind registrations.

        Rows run concurrently; the final state is as if they had run in input order.

        Args:
            rows: an iterable or async iterable of `BindRequest`, or of mappings with its columns. It is read as
                needed and never kept in memory (except with `skip_unchanged`). An iterable is read in the
                event loop and should not block.
            options: options of the job by name; see `BindOptions`.

        Raises:
            InvalidArgumentError: an option is wrong, or `rows` cannot be iterated.
        """
        rows = hide_input(rows, options)
        return BulkJob(self._run("bind", rows, options))

    def create(
        self, rows: CreateRows, **options: Unpack[CreateOptions]
    ) -> BulkJob[CreateRequest, CreateSipRegistrationReply]:
        """Buy registrations. Each costs money.

        Too little money (127) or a full quota (272) stops the job. With a journal, the intent of each purchase is on
        disk before its request leaves, so a job that is killed at any moment and resumed buys nothing twice.

        Args:
            rows: an iterable or async iterable of `CreateRequest`, or of mappings with its columns; read as needed.
            options: options of the job by name; see `CreateOptions`.

        Raises:
            InvalidArgumentError: an option is wrong, or `rows` cannot be iterated.
        """
        rows = hide_input(rows, options)
        return BulkJob(self._run("create", rows, options))

    def delete(
        self, rows: DeleteRows, **options: Unpack[JobOptions]
    ) -> BulkJob[DeleteRequest, DeleteSipRegistrationReply]:
        """Delete registrations.

        Args:
            rows: an iterable or async iterable of `DeleteRequest`, or of mappings with its columns; read as needed.
            options: options of the job by name; see `JobOptions`.

        Raises:
            InvalidArgumentError: an option is wrong, or `rows` cannot be iterated.
        """
        rows = hide_input(rows, options)
        return BulkJob(self._run("delete", rows, options))

    def resume(
        self,
        journal: Path,
        rows: BindRows | CreateRows | DeleteRows,
        **options: Unpack[ResumeOptions],
    ) -> BulkJob[Any]:
        """Resume a job from its journal; the end is that of an uninterrupted run.

        Every row has an outcome again. Rows that earlier runs finished are restored from the journal and not sent,
        except those that met what stopped the job: too little money, a full quota, a key without the role. A
        purchase that had begun and has no outcome is looked for before it is sent again.

        Args:
            journal: path of the journal, or `postgresql://host/database#name`.
            rows: the input of the job. A changed row is refused; a changed password is not noticed.
            options: options by name, instead of those that the job was started with; see `ResumeOptions`.

        Raises:
            InvalidArgumentError: an option is wrong, or `rows` cannot be iterated; when the job starts:
                the input changed.
            ConfigurationError: when the job starts: the journal cannot be opened, or belongs to
                another account.
        """
        rows = hide_rows(rows)
        journal = hide_address(journal)
        return BulkJob(self._run(None, rows, options, journal))

    async def quote(self, rows: int | None = None, *, account_id: int | None = None) -> Quote:
        """Compare the price of registrations with the account's balance.

        Args:
            rows: the number of registrations to buy.
            account_id: a child account that pays; None for the client's own.

        Raises:
            VoxsipError: price or balance could not be read.
        """
        own = account_id in {None, self._client.account_id}
        client = (
            self._client if own or account_id is None else for_account(self._client, account_id)
        )
        return await read_quote(client, rows)

    def _run(
        self, kind: Kind | None, rows: Any, given: Mapping[str, Any], journal: Any = None
    ) -> Run:
        """Return the run of a job; without a kind, its journal tells the kind."""
        method = kind or "resume"
        check_names(method, given, _OPTIONS[method])
        about = {"journal": journal} | {n: given[n] for n in _ABOUT_INPUT if n in given}
        for name, value in about.items():
            if not isinstance(value, str | None) or value == "":
                expected = "a path or an address" if name == "journal" else "text"
                got = "''" if value == "" else type(value).__name__
                raise InvalidArgumentError(f"{name}: expected {expected}, got {got}", field=name)
        options = {name: value for name, value in given.items() if name not in _ABOUT_INPUT}
        return Run(
            client=self._client,
            rows=make_source(rows),
            options=Options.from_json({}, options) if kind is None else Options(**options),
            overrides=options if kind is None else {},
            kind=kind,
            survey=self._survey,
            **about,
        )
