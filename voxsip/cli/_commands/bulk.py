"""`voxsip bulk bind|create|delete`: a file of rows, checked and then run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from voxsip._bindings.rows import REQUESTS, RowKind
from voxsip._printable import counted
from voxsip._row_files import RowFile
from voxsip._row_files.row_file import OnConflict
from voxsip.bulk import check_journal
from voxsip.cli._commands.resume import continue_job
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._jobs.dry_run import print_checked, print_mixed_users
from voxsip.cli._jobs.notes import print_note
from voxsip.cli._jobs.options import NO_OPTIONS, CommonOptions, DryRun, File, Flag, Journal, Yes
from voxsip.cli._jobs.price import confirm
from voxsip.cli._jobs.run import launch, resume_command
from voxsip.cli._terminal import questions as _ask
from voxsip.shared import is_store, shown

if TYPE_CHECKING:
    from voxsip import AsyncClient
    from voxsip._row_files import Rows
    from voxsip.bulk import BulkJob


def bind(
    file: File,
    /,
    *,
    journal: Journal = None,
    resume: Flag = False,
    dry_run: DryRun = False,
    skip_unchanged: Flag = False,
    verify: Flag = False,
    on_conflict: OnConflict = "error",
    options: CommonOptions = NO_OPTIONS,
) -> int:
    """Bind and unbind the registrations named in a file.

    Rows run concurrently; the final state is as if they had run in the order of the file.

    Args:
        file: CSV or JSONL, - for standard input; 'voxsip bulk template bind' shows the columns.
        journal: New file for the journal, to resume the job from; or postgresql://host/database#name, which
            other machines can reach.
        resume: Resume the job if its journal exists, else start it [journal: FILE.journal unless given].
        dry_run: Check the file and send nothing.
        skip_unchanged: Read the live state first; send nothing for rows that are already applied.
        verify: Read the live state at the end; report what differs.
        on_conflict: How to treat rows that name a user or a registration twice: refuse them, or run them in
            the order of the file.
    """
    how = How(resume, dry_run, skip_unchanged, on_conflict, options, verify=verify)
    return how.start("bind", file, journal)


def create(
    file: File,
    /,
    *,
    journal: Journal = None,
    resume: Flag = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    skip_unchanged: Flag = False,
    on_conflict: OnConflict = "error",
    options: CommonOptions = NO_OPTIONS,
) -> int:
    """Buy the registrations of a file, and bind those whose rows name a target.

    Price and balance are shown first. A journal is always kept, so that a job killed at any moment
    and resumed buys nothing twice.

    Args:
        file: CSV or JSONL, - for standard input; 'voxsip bulk template create' shows the columns.
        journal: The journal, a new file [default: FILE.journal].
        resume: Resume the job if its journal exists, else start it [journal: FILE.journal unless given].
        dry_run: Check the file and send nothing.
        yes: Do not ask before buying.
        skip_unchanged: Do not buy registrations that exist: the same user name at the same proxy.
        on_conflict: How to treat rows that buy the same twice, or name a user twice: refuse them, or run
            them in the order of the file.
    """
    how = How(resume, dry_run, skip_unchanged, on_conflict, options, yes=yes)
    return how.start("create", file, journal)


def delete(
    file: File,
    /,
    *,
    journal: Journal = None,
    resume: Flag = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    skip_unchanged: Flag = False,
    on_conflict: OnConflict = "error",
    options: CommonOptions = NO_OPTIONS,
) -> int:
    """Delete the registrations named in a file. This cannot be undone.

    Args:
        file: CSV or JSONL with a column sip_registration_id, - for standard input.
        journal: Keep a journal in this new file, to resume the job from.
        resume: Resume the job if its journal exists, else start it [journal: FILE.journal unless given].
        dry_run: Check the file and send nothing.
        yes: Do not ask; on a terminal only.
        skip_unchanged: Read the live state first; send nothing for registrations that are already gone.
        on_conflict: How to treat rows that name a registration twice: refuse them, or run them in the
            order of the file.
    """
    how = How(resume, dry_run, skip_unchanged, on_conflict, options, yes=yes)
    return how.start("delete", file, journal)


@frozen
class How:
    """What a command is told about its job, by the names of its arguments."""

    resume: bool
    dry_run: bool
    skip_unchanged: bool
    on_conflict: OnConflict
    options: CommonOptions
    verify: bool = False
    yes: bool = False

    def start(self, kind: RowKind, file: str, journal: str | None) -> int:
        """Check a file of rows and run its job."""
        self.options.for_client()  # a mistake in the limits is told before anything is read
        if self.resume and not self.dry_run:
            journal = _journal_of(file, journal)
            flags = {"skip_unchanged": self.skip_unchanged, "verify": self.verify}
            code = continue_job(journal, file, kind, self.options, flags)
            if code is not None:
                return code
        with RowFile(file, REQUESTS[kind], self.options.file_options.reading()) as source:
            print_note(source)
            rows = source.check(on_conflict=self.on_conflict)
            print_mixed_users(kind, source, rows)
            if self.dry_run:
                return print_checked(source, rows, as_json=self.options.output.json)
            if kind == "create":
                journal = _journal_of(file, journal)
            _check_place(journal, file)
            if kind == "delete" and rows and not self.yes and _ask.on_terminal():
                _ask.confirm(f"Delete {counted(len(rows), 'registration')}?", "nothing was deleted")
            return self._run(kind, source, rows, journal)

    def _run(
        self, kind: RowKind, source: RowFile[Any], rows: Rows[Any], journal: str | None
    ) -> Exit:
        output, skip_unchanged = self.options.output, self.skip_unchanged
        of_kind: dict[str, Any] = {}
        if kind == "bind":
            of_kind["verify"] = self.verify
        elif kind == "create" and journal is not None:
            of_kind["check_funds"] = skip_unchanged or is_store(journal)

        async def ask(client: AsyncClient) -> None:
            await confirm(
                client, rows.accounts, yes=self.yes, as_json=output.json, at_most=skip_unchanged
            )
            print_message(f"the journal is {shown(journal or '')}")

        def make(client: AsyncClient) -> BulkJob[Any]:
            job: BulkJob[Any] = getattr(client.bulk, kind)(
                rows,
                journal=journal,
                skip_unchanged=skip_unchanged,
                source=_origin(source),
                checksum=rows.checksum,
                **of_kind,
                **self.options.for_client(),
            )
            return job

        return launch(
            kind,
            source,
            rows,
            make,
            journal=journal,
            options=self.options,
            ask=ask if kind == "create" else None,
            reads_first=skip_unchanged,
            verify=self.verify,
        )


def _journal_of(file: str, journal: str | None) -> str:
    """Return the journal that was named, or the one beside the file."""
    if journal is None and file == "-":
        raise CommandError("the rows come from standard input: name a --journal")
    return f"{file}.journal" if journal is None else journal


def _check_place(journal: str | None, rows: str) -> None:
    """Refuse a place where no journal can be made, or where one is.

    Its job may have bought the same rows.
    """
    if journal is None:
        return
    if "://" in journal:
        check_journal(journal)
        return
    if not journal:
        raise CommandError("--journal: give the path of a new file")
    place = Path(journal)
    if place.is_dir():
        raise CommandError(f"--journal: {journal} is a folder: name a new file in it")
    if place.exists() and rows != "-" and Path(rows).exists() and place.samefile(rows):
        raise CommandError(f"--journal: {journal} is the file of rows: name a new file")
    if place.exists():
        raise CommandError(
            f"the journal {journal} exists already: resume its job with "
            f"'{resume_command(journal, None)}', or name another with --journal"
        )
    if not place.absolute().parent.is_dir():
        raise CommandError(f"the journal {journal} cannot be made: there is no such folder")


def _origin(source: RowFile[Any]) -> str | None:
    """Return the path for the journal; None if its name is not UTF-8."""
    path = str(Path(source.path).absolute())
    return None if source.path == "-" or not _is_utf8(path) else path


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
