"""`client.bulk`: start bulk jobs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from voxsip._base_client import for_account
from voxsip._bindings.rows import BindRequest, CreateRequest, DeleteRequest
from voxsip._calls.limiter import LimiterSource, RateLimiter
from voxsip._config import RateLimit
from voxsip._redaction.values import conceal
from voxsip.bulk._funds import read_quote
from voxsip.bulk._job import BulkJob
from voxsip.bulk._live.purchases import Survey, survey
from voxsip.bulk._options import DEFAULT_CONCURRENCY, Options
from voxsip.bulk._outcomes import Kind, Quote
from voxsip.bulk._run import Run, make_source
from voxsip.bulk._source import hide_rows

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
        self,
        rows: BindRows,
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        rate_limit: RateLimit | RateLimiter | LimiterSource | None = None,
        journal: Path | None = None,
        skip_unchanged: bool = False,
        verify: bool = False,
        max_failures: int | None = None,
        max_failure_ratio: float | None = None,
        min_rows_for_ratio: int = 100,
        deadline: float | None = None,
        source: str | None = None,
        checksum: str | None = None,
    ) -> BulkJob[BindRequest, BindSipRegistrationReply]:
        """Bind and unbind registrations.

        Rows run concurrently; the final state is as if they had run in input order.

        Args:
            rows: an iterable or async iterable of `BindRequest`, or of mappings with its columns. It is read as
                needed and never kept in memory (except with `skip_unchanged`). An iterable is read in the
                event loop and should not block.
            concurrency: rows in flight at most, 1 to 256; fewer while the server throttles.
            rate_limit: requests per second at most, including retries, lowered while the server throttles; or a
                `Limiter`, whose rate you may change while the job runs; or a `SharedRate`, which several
                processes share.
            journal: path of a new SQLite file to resume the job from; or `postgresql://host/database#name`, so
                that another machine can resume it.
            skip_unchanged: read the input and the live state first, and send nothing for rows that change
                nothing.
            verify: read the live state at the end and report how it differs from what the rows ask for.
            max_failures: failed rows at most; one more stops the job.
            max_failure_ratio: share of failed rows, 0 to 1; a greater share stops the job.
            min_rows_for_ratio: rows that must end before the share is checked.
            deadline: seconds after which no further row is sent.
            source: name of the input, kept in the journal for people to read.
            checksum: checksum of the input, kept in the journal; resuming with another input is refused.

        Raises:
            InvalidArgumentError: an option is wrong, or `rows` cannot be iterated.
        """
        rows = hide_rows(rows)
        options = Options(
            concurrency=concurrency,
            rate_limit=rate_limit,
            skip_unchanged=skip_unchanged,
            verify=verify,
            max_failures=max_failures,
            max_failure_ratio=max_failure_ratio,
            min_rows_for_ratio=min_rows_for_ratio,
            deadline=deadline,
        )
        return BulkJob(self._run("bind", rows, options, journal, source, checksum))

    def create(
        self,
        rows: CreateRows,
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        rate_limit: RateLimit | RateLimiter | LimiterSource | None = None,
        journal: Path | None = None,
        skip_unchanged: bool = False,
        check_funds: bool = True,
        max_failures: int | None = None,
        max_failure_ratio: float | None = None,
        min_rows_for_ratio: int = 100,
        deadline: float | None = None,
        source: str | None = None,
        checksum: str | None = None,
    ) -> BulkJob[CreateRequest, CreateSipRegistrationReply]:
        """Buy registrations. Each costs money.

        Too little money (127) or a full quota (272) stops the job. With a journal, the intent of each purchase is on
        disk before its request leaves, so a job that is killed at any moment and resumed buys nothing twice.

        Args:
            rows: as for `bind`, of `CreateRequest`.
            concurrency: as for `bind`.
            rate_limit: as for `bind`.
            journal: as for `bind`.
            skip_unchanged: read the existing registrations first, and do not buy rows whose SIP user name and
                proxy exist already.
            check_funds: compare the price of all rows with the balance first, and buy nothing if the money does
                not suffice. If the length of the input is unknown, the price of one row is compared.
            max_failures: as for `bind`.
            max_failure_ratio: as for `bind`.
            min_rows_for_ratio: as for `bind`.
            deadline: as for `bind`.
            source: as for `bind`.
            checksum: as for `bind`.

        Raises:
            InvalidArgumentError: an option is wrong, or `rows` cannot be iterated.
        """
        rows = hide_rows(rows)
        options = Options(
            concurrency=concurrency,
            rate_limit=rate_limit,
            skip_unchanged=skip_unchanged,
            check_funds=check_funds,
            max_failures=max_failures,
            max_failure_ratio=max_failure_ratio,
            min_rows_for_ratio=min_rows_for_ratio,
            deadline=deadline,
        )
        return BulkJob(self._run("create", rows, options, journal, source, checksum))

    def delete(
        self,
        rows: DeleteRows,
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        rate_limit: RateLimit | RateLimiter | LimiterSource | None = None,
        journal: Path | None = None,
        skip_unchanged: bool = False,
        max_failures: int | None = None,
        max_failure_ratio: float | None = None,
        min_rows_for_ratio: int = 100,
        deadline: float | None = None,
        source: str | None = None,
        checksum: str | None = None,
    ) -> BulkJob[DeleteRequest, DeleteSipRegistrationReply]:
        """Delete registrations.

        Args:
            rows: as for `bind`, of `DeleteRequest`.
            concurrency: as for `bind`.
            rate_limit: as for `bind`.
            journal: as for `bind`.
            skip_unchanged: read the existing registrations first; rows for others are not sent.
            max_failures: as for `bind`.
            max_failure_ratio: as for `bind`.
            min_rows_for_ratio: as for `bind`.
            deadline: as for `bind`.
            source: as for `bind`.
            checksum: as for `bind`.

        Raises:
            InvalidArgumentError: an option is wrong, or `rows` cannot be iterated.
        """
        rows = hide_rows(rows)
        options = Options(
            concurrency=concurrency,
            rate_limit=rate_limit,
            skip_unchanged=skip_unchanged,
            max_failures=max_failures,
            max_failure_ratio=max_failure_ratio,
            min_rows_for_ratio=min_rows_for_ratio,
            deadline=deadline,
        )
        return BulkJob(self._run("delete", rows, options, journal, source, checksum))

    def resume(
        self,
        journal: Path,
        rows: BindRows | CreateRows | DeleteRows,
        *,
        concurrency: int | None = None,
        rate_limit: RateLimit | RateLimiter | LimiterSource | None = None,
        skip_unchanged: bool | None = None,
        verify: bool | None = None,
        check_funds: bool | None = None,
        max_failures: int | None = None,
        max_failure_ratio: float | None = None,
        min_rows_for_ratio: int | None = None,
        deadline: float | None = None,
        recovery_delay: float | None = None,
        checksum: str | None = None,
    ) -> BulkJob[Any]:
        """Resume a job from its journal; the end is that of an uninterrupted run.

        Every row has an outcome again. Rows that earlier runs finished are restored from the journal and not sent,
        except those that met what stopped the job: too little money, a full quota, a key without the role. A
        purchase that had begun and has no outcome is looked for before it is sent again.

        Args:
            journal: path of the journal, or `postgresql://host/database#name`.
            rows: the input of the job. A changed row is refused; a changed password is not noticed.
            concurrency: and all others below but the last two: instead of what the job was started with.
            rate_limit: as for `bind`.
            skip_unchanged: as for `bind`.
            verify: as for `bind`.
            check_funds: as for `create`.
            max_failures: as for `bind`; failures of earlier runs do not count.
            max_failure_ratio: as for `bind`.
            min_rows_for_ratio: as for `bind`.
            deadline: as for `bind`.
            recovery_delay: seconds to wait for the last requests of a killed or cancelled run to be executed,
                before anything is looked for or sent (3).
            checksum: of the input; compared with the one in the journal.

        Raises:
            InvalidArgumentError: an option is wrong, or `rows` cannot be iterated; when the job starts:
                the input changed.
            ConfigurationError: when the job starts: the journal cannot be opened, or belongs to
                another account.
        """
        rows = hide_rows(rows)
        overrides = {
            "concurrency": concurrency,
            "rate_limit": rate_limit,
            "skip_unchanged": skip_unchanged,
            "verify": verify,
            "check_funds": check_funds,
            "max_failures": max_failures,
            "max_failure_ratio": max_failure_ratio,
            "min_rows_for_ratio": min_rows_for_ratio,
            "deadline": deadline,
            "recovery_delay": recovery_delay,
        }
        options = Options.from_json({}, overrides)
        run = self._run(None, rows, options, journal, None, checksum)
        run.overrides = overrides
        return BulkJob(run)

    async def quote(self, rows: int | None = None, *, account_id: int | None = None) -> Quote:
        """Compare the price of registrations with the account's balance.

        Args:
            rows: how many are to be bought.
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
        self,
        kind: Kind | None,
        rows: Any,
        options: Options,
        journal: Path | None,
        source: str | None,
        checksum: str | None,
    ) -> Run:
        return Run(
            client=self._client,
            rows=make_source(rows),
            options=options,
            kind=kind,
            journal=_journal_name(journal),
            source=source,
            checksum=checksum,
            survey=self._survey,
        )


def _journal_name(journal: Path | None) -> str | None:
    if journal is None:
        return None
    name = os.fspath(journal)
    return conceal(name) if "://" in name else name  # an address may hold a password
