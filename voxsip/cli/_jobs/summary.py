"""How a job ended: its exit code, its figures, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip.bulk import Stop
from voxsip.cli._display.events import print_finished
from voxsip.cli._display.progress import duration
from voxsip.cli._exit_codes import Exit, print_message
from voxsip.cli._jobs.follow import INTERRUPTED, READER_GONE
from voxsip.cli._terminal.output import print_figures

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from voxsip import Report
    from voxsip.cli._jobs.options import Output


def finish(
    report: Report,
    total: int,
    output: Output,
    *,
    again: str | None,
    reports: Mapping[str, Path],
    resumed: bool,
) -> Exit:
    """Write how a job ended and what to do next; return the exit code.

    Args:
        output: The output that the user asks for; a report that could not be written is a failure.
        again: The command that resumes the job, if it has a journal.
        reports: The path of each report that was written, by its usual name.
        resumed: Whether the job was resumed, and so has looked for purchases of unknown outcome.
    """
    code = exit_code(report)
    if code is Exit.DONE and output.report and not reports:
        code = Exit.FAILED
    print_report(report, total, code, as_json=output.json)
    _print_next_step(report, again=again, reports=reports, resumed=resumed)
    return code


def exit_code(report: Report) -> Exit:
    """Return what a job's report means for the user."""
    if report.stopped in {INTERRUPTED, READER_GONE}:
        return Exit.INTERRUPTED
    if report.stopped in {Stop.AUTHORIZATION, Stop.PROXY, Stop.STORE}:
        return Exit.REFUSED
    if report.stopped is not None:
        return Exit.STOPPED
    return Exit.DONE if report.ok and report.verify_error is None else Exit.FAILED


def print_report(report: Report, total: int, code: Exit, *, as_json: bool) -> None:
    """Write the figures of a job that has ended."""
    if as_json:
        print_finished(report, code)
        return
    rate = report.calls / report.seconds if report.seconds > 0 else 0.0
    left = total - report.rows
    figures = [
        ("rows", f"{report.rows + left:,}"),
        ("done", f"{report.done:,}"),
        ("unchanged", f"{report.unchanged:,}"),
        ("failed", f"{report.failed:,}"),
        ("unknown", f"{report.unknown:,}"),
        ("not sent", f"{report.skipped + left:,}"),
        ("seconds", f"{report.seconds:,.1f} ({duration(report.seconds)})"),
        ("calls", f"{report.calls:,} ({rate:,.0f} per second)"),
        ("retries", f"{report.retries:,}"),
    ]
    if report.restored:
        figures.insert(1, ("from earlier", f"{report.restored:,}"))
    if report.mismatches is not None:
        figures.append(("mismatches", f"{report.mismatches:,}"))
    errors = sorted(report.errors.items(), key=lambda item: -item[1])
    figures += [("", f"{count:,} x {name}") for name, count in errors]
    if report.stopped is not None:
        figures.append(("stopped", report.stopped))
    print_figures(figures)


def can_resume(report: Report, *, resumed: bool) -> bool:
    """Returns whether a job with a journal has rows to send, or purchases to look for."""
    lost = report.kind == "create" and report.unknown > 0
    return report.stopped is not None or (lost and not resumed)


def _print_next_step(
    report: Report, *, again: str | None, reports: Mapping[str, Path], resumed: bool
) -> None:
    """Print one way to send the rest: a second way would send the same rows again."""
    if report.verify_error is not None:
        print_message(f"the live state could not be compared: {report.verify_error}")
    for mismatch in report.mismatched[:10]:
        print_message(
            f"registration {mismatch.sip_registration_id}: "
            f"expected {mismatch.expected}, found {mismatch.found}"
        )
    if report.stopped == Stop.AUTHORIZATION:
        print_message("check the key and its account, or use a key whose roles allow this")
    if report.stopped == Stop.PROXY:
        print_message("give the proxy's user name and password in its URL (HTTPS_PROXY)")
    buying = report.kind == "create"
    if again is not None and can_resume(report, resumed=resumed):
        print_message(f"resume with: {again}")
    elif not reports:
        if report.unknown or report.stopped is not None:
            print_message("continue by running it again; --skip-unchanged skips what is done")
    else:
        if buying and report.unknown:
            file = reports["unknown.csv"]
            print_message(
                f"run {file} with --skip-unchanged, which looks for each row before it buys"
            )
        if report.failed or report.skipped or (report.unknown and not buying):
            file = reports["failed.csv"]
            print_message(
                f"correct the rows in {file} and run that file"
                if report.failed
                else f"run the rows that are left: {file}"
            )
