"""The folder of reports that `--report DIR` asks for."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxsip import ConfigurationError, VoxsipError
from voxsip.cli._exit_codes import print_message
from voxsip.cli._jobs.summary import can_resume
from voxsip.shared import is_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voxsip import Outcome
    from voxsip._bindings.rows import RowKind
    from voxsip._row_files import RowFile, Rows
    from voxsip.bulk import BulkJob


@contextlib.contextmanager
def reports(
    directory: str | None,
    kind: RowKind,
    file: RowFile[Any],
    rows: Rows[Any],
    job: BulkJob[Any],
    *,
    written: dict[str, Path],
    journal: str | None,
    account_id: int | None,
    resumed: bool,
) -> Iterator[Callable[[Outcome[Any], int | None], None] | None]:
    """Yield what takes every outcome; write the reports, also of a job cut off.

    Args:
        directory: the folder to write to, or None for no reports.
        written: is told where each report is, by its usual name, once it is there.
        resumed: the journal tells of earlier runs.
    """
    if directory is None:
        yield None
        return
    from voxsip.report import ReportWriter  # noqa: PLC0415 - only for those who want a report

    # As an absolute path it is found again from wherever failed.csv is run.
    source = file.name if file.path == "-" else str(Path(file.path).absolute())
    with ReportWriter(
        directory, kind, source, columns=rows.columns, account_id=account_id
    ) as writer:
        failed = False

        def give_up(error: ConfigurationError) -> None:
            """Print that the reports cannot be written; the job continues without them."""
            nonlocal failed
            failed = True
            print_message(f"voxsip: {error}; the job continues without")

        def add(outcome: Outcome[Any], line: int | None) -> None:
            if not failed:
                try:
                    writer.add(outcome, line, password_from=rows.origins.get(outcome.index))
                except ConfigurationError as error:
                    give_up(error)

        def needed(*, cut_off: bool) -> Iterator[str]:
            report = job.report
            if cut_off or (journal is not None and can_resume(report, resumed=resumed)):
                yield file.path
            if kind == "create" and report.failed + report.skipped + report.unknown:
                yield file.path  # and wherever else the passwords are that the new reports point to
                yield from {origin.rpartition(":")[0] for origin in rows.origins.values()}

        def finish(*, cut_off: bool) -> None:
            past = journal if resumed and journal is not None and not is_store(journal) else None
            if failed:
                return
            try:
                written.update(
                    writer.finish(job.report, journal=past, keep=needed(cut_off=cut_off))
                )
            except ConfigurationError as error:
                give_up(error)
            if writer.set_aside:
                names = ", ".join(path.name for path in writer.set_aside)
                print_message(f"{directory} holds an earlier report; it is kept as {names}")
            for name, path in written.items():
                if path.name != name:
                    print_message(
                        f"{directory}/{name} is still needed and stays; {path.name} is the new one"
                    )

        try:
            yield add
        except (asyncio.CancelledError, VoxsipError):  # cut off, or its journal failed
            if job.report.rows:
                finish(cut_off=True)
            raise
        finish(cut_off=False)
