"""The folder of reports that a bulk job leaves: what succeeded, what did not, and how it went.

- `succeeded.csv`: the rows that are done or unchanged; for a purchase with the registration it made.
- `failed.csv`: the rows to run again: failed, skipped, and of unknown outcome if a second run is harmless
  (bind, delete). The columns of the input come first, so the file can be the next input as it is.
- `unknown.csv`, only if there are any: purchases that may have been made. Running them blindly could buy
  twice; `skip_unchanged` looks for what is there first.
- `report.json` and `report.html`: the sums, for machines and for people.

Passwords are in none of them. Where the input is a file, `password_from` says in which line of it the password
of a row stands, and the command line reads it from there when the row is run again.

Nothing is overwritten: reports that an earlier job left in the folder are renamed, such as failed.1.csv
(`set_aside` lists them). All are readable by their owner only.

Files are written as rows end, under temporary names, and renamed when all is written: a report is there whole or
not at all, and the last one may be the next input. Nothing is kept in memory but sums.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, get_args

import orjson

from voxsip._bindings.rows import COLUMNS, REQUESTS, SECRET_COLUMNS
from voxsip._clock import SYSTEM, utc_now
from voxsip._errors import APIError, ConfigurationError, InvalidArgumentError
from voxsip._printable import brief, printable
from voxsip._redaction.paths import path_text
from voxsip._version import __version__
from voxsip.bulk._outcomes import Kind, Outcome, Report
from voxsip.bulk._replies import made_by
from voxsip.report._failures import MOST_FAILURES, Failure
from voxsip.report._series import TimeSeries

if TYPE_CHECKING:
    import _csv

_ID = "sip_registration_id"
_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_NAMES = ("succeeded.csv", "failed.csv", "unknown.csv", "report.json", "report.html")
_FAILURE = ("row", "status", "error_code", "error")


class ReportWriter:
    """Writes the reports of one job, in a `with` block; they appear with `finish`.

    Args:
        directory: the folder to write to; created if it does not exist.
        kind: the kind of the job.
        source: the input, as people know it.
        columns: the columns of the input, in its order; None for all of its kind.
        account_id: the account it ran on, for the reports.
        clock: monotonic seconds.

    Raises:
        ConfigurationError: the folder cannot be written to.
        InvalidArgumentError: the folder is no path, or there are no jobs of the kind.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        kind: Kind,
        source: str | None = None,
        *,
        columns: Iterable[str] | None = None,
        account_id: int | None = None,
        clock: Callable[[], float] = SYSTEM.monotonic,
    ) -> None:
        kinds = tuple(REQUESTS) if columns is None else get_args(Kind)  # "apply" has no columns
        if kind not in kinds:
            raise InvalidArgumentError(
                f"kind: expected one of {', '.join(kinds)}, got {brief(kind)}", field="kind"
            )
        self.directory: Path = Path(path_text("directory", directory))
        self.series: TimeSeries = TimeSeries()
        self._kind = kind
        self._source = source
        self._account_id = account_id
        self._clock = clock
        self._begun = clock()
        self._date = utc_now()
        wanted = COLUMNS[REQUESTS[kind]] if columns is None else tuple(columns)
        self._columns = tuple(name for name in wanted if name not in SECRET_COLUMNS)
        self._files = ExitStack()
        self._parts: dict[str, Path] = {}
        self._counts: dict[str, int] = {}
        self._writers: dict[str, _csv.Writer] = {}
        self._quoted: dict[str, _csv.Writer] = {}
        self._failures: list[Failure] = []
        self.set_aside: list[Path] = []
        made = (_ID,) if kind == "create" else ()
        origin = ("password_from",) if kind == "create" else ()
        self._failure_columns = (*self._columns, *origin, *_FAILURE)
        with _readable_errors(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
        try:
            self._open("succeeded.csv", (*self._columns, *made, "row", "status"))
            self._open("failed.csv", self._failure_columns)
        except BaseException:
            self.discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def add(
        self,
        outcome: Outcome[Any],
        line: int | None = None,
        *,
        password_from: str | None = None,
    ) -> None:
        """Write a row.

        Args:
            outcome: the outcome of the row.
            line: the line of the row in the source, if that has lines.
            password_from: "FILE:LINE" where its password is to be found, if not there.
        """
        status = outcome.status
        elapsed = 0.0 if outcome.restored else outcome.elapsed
        if not outcome.restored:
            self.series.add(self._clock() - self._begun, status, elapsed)
        place = outcome.index + 1 if line is None else line
        values = _values(outcome.row, self._columns)
        if self._kind == "apply" and _ID in self._columns and (made := made_by(outcome.result)):
            values[self._columns.index(_ID)] = made  # the plan cannot know it
        cells = [value if type(value) is int else _cell(value) for value in values]
        if status in {"done", "unchanged"}:
            if self._kind == "create":
                cells.append(_cell(made_by(outcome.result)))
            self._write("succeeded.csv", [*cells, place, status])
            return
        if self._kind == "create":
            cells.append(_origin(outcome.row, self._source, line, password_from))
        error = outcome.error
        code = error.code if isinstance(error, APIError) else None
        text = "" if error is None else printable(_without_secrets(str(error), outcome.row))
        if len(self._failures) < MOST_FAILURES:
            label = getattr(outcome.row, "label", "")
            self._failures.append(Failure(place, printable(label), status, text))
        risky = self._kind == "create" and status == "unknown"
        self._write(
            "unknown.csv" if risky else "failed.csv", [*cells, place, status, _cell(code), text]
        )

    def finish(
        self,
        report: Report,
        *,
        journal: str | os.PathLike[str] | None = None,
        series: TimeSeries | None = None,
        keep: Iterable[str | os.PathLike[str]] = (),
    ) -> dict[str, Path]:
        """Write the sums, and put all files in their places; return them by name.

        Args:
            report: the report of the job.
            journal: the journal of a resumed job; the plots then show all its runs.
            series: the data of the plots, in place of the rows as they were added.
            keep: files still needed: the input of a job that is to be resumed, those that passwords stand in. An
                earlier report in this folder that is one of them stays: what would have its name has "new" in it,
                such as failed.new.csv. Every other earlier report gets a number: failed.1.csv.

        Raises:
            ConfigurationError: the folder cannot be written to, or the journal not be read.
        """
        from voxsip.report._html import render  # noqa: PLC0415 - plots, only at the end

        kept = {os.path.realpath(path) for path in keep}
        series = self.series if series is None else series
        if journal is not None:
            from voxsip.report._history import read_history  # noqa: PLC0415 - SQLite, seldom needed

            series = read_history(journal)
        facts = self._facts(report, series)
        with _readable_errors(self.directory):
            self._part("report.json", "wb").write(
                orjson.dumps(facts, str, orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
            )
            self._part("report.html", "wb").write(render(facts, series, self._failures).encode())
            self._files.close()
            files = {name: self._place(name, kept) for name in sorted(self._parts)}
            self.set_aside = self._set_aside(kept)
            for name, part in self._parts.items():
                part.replace(files[name])
            self._parts.clear()
        return files

    def discard(self) -> None:
        """Remove what was written and not finished."""
        with suppress(OSError):  # a full disk takes no buffer's rest
            self._files.close()
        for part in self._parts.values():
            with suppress(OSError):
                part.unlink()
        self._parts.clear()

    def _place(self, name: str, kept: Container[str]) -> Path:
        path = self.directory / name
        while os.path.realpath(path) in kept:
            path = path.with_suffix(f".new{path.suffix}")
        return path

    def _set_aside(self, kept: Container[str]) -> list[Path]:
        """Rename the reports of an earlier job, all with one number; return the new names."""
        names = (
            *_NAMES,
            *(f"{name.partition('.')[0]}.new.{name.partition('.')[2]}" for name in _NAMES),
        )
        earlier = [path for path in map(self.directory.joinpath, names) if os.path.lexists(path)]
        earlier = [path for path in earlier if os.path.realpath(path) not in kept]
        number = 1
        while any(os.path.lexists(_numbered(path, number)) for path in earlier):
            number += 1
        return [path.rename(_numbered(path, number)) for path in earlier]

    def _facts(self, report: Report, series: TimeSeries) -> dict[str, Any]:
        seconds = max(report.seconds, 1e-9)
        ran = report.rows - report.restored - report.skipped
        return {
            "voxsip": __version__,
            "kind": self._kind,
            "source": None if self._source is None else printable(self._source),
            "account_id": self._account_id,
            "begun": self._date.isoformat(timespec="seconds"),
            "ended": (self._date + timedelta(seconds=self._clock() - self._begun)).isoformat(
                timespec="seconds"
            ),
            "ok": report.ok,
            **report.to_dict(),
            "rows_per_second": round(ran / seconds, 3),
            "calls_per_second": round(report.calls / seconds, 3),
            "latency": {name: series.latency(share) for name, share in _SHARES.items()},
            "files": {name: self._counts[name] for name in sorted(self._counts)},
            "notes": self._notes(),
        }

    def _notes(self) -> list[str]:
        notes = []
        if self._kind == "create" and self._counts["failed.csv"]:
            notes.append(
                "Passwords are not in any report: failed.csv names the line of the input that has each one. "
                "Keep the input, or fill in a password column, to run failed.csv again."
            )
        if self._counts.get("unknown.csv"):
            notes.append(
                "unknown.csv holds purchases that may have been made: resume the journal, or run the file "
                "with --skip-unchanged, which looks for each before it buys."
            )
        return notes

    def _open(self, name: str, columns: Iterable[str]) -> _csv.Writer:
        with _readable_errors(self.directory):
            # The name of a file that is not UTF-8 is read back byte for byte from where it is written.
            file = self._part(name, "w", encoding="utf-8", errors="surrogateescape", newline="")
            writer = csv.writer(file, lineterminator="\n")
            self._quoted[name] = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            writer.writerow(columns)
        self._counts[name] = 0
        self._writers[name] = writer
        return writer

    def _part(self, name: str, mode: str, **options: Any) -> IO[Any]:
        path = self.directory / f".{name}.{os.getpid()}.part"
        # It may be of a dead process of this number, or a link that somebody put there.
        path.unlink(missing_ok=True)
        # For its owner alone, as the journal: both hold the same names.
        file = open(path, mode.replace("w", "x"), opener=_private, **options)  # noqa: SIM115 - closed by the stack
        self._parts[name] = path
        return self._files.enter_context(file)

    def _write(self, name: str, cells: list[object]) -> None:
        writer = self._writers.get(name) or self._open(name, self._failure_columns)
        for cell in cells:
            if type(cell) is not int and isinstance(cell, str) and "\r" in cell:
                writer = self._quoted[name]  # or a reader would take it for the end of the line
        try:
            writer.writerow(cells)
        except OSError as error:
            raise _unwritable(self.directory, error) from None
        self._counts[name] += 1


def _values(row: object, columns: Iterable[str]) -> list[object]:
    """Return a row's cells, also of a row that could not be read."""
    if isinstance(row, Mapping):
        return [row.get(name) for name in columns]
    return [getattr(row, name, None) for name in columns]


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        try:
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return printable(value)
    return value


def _numbered(path: Path, number: int) -> Path:
    return path.with_suffix(f".{number}{path.suffix}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _origin(row: object, source: str | None, line: int | None, named: str | None) -> str:
    """Return where a row's password stands, if it has one."""
    if named is not None:
        return named
    has = row.get("password") if isinstance(row, Mapping) else getattr(row, "password", None)
    return f"{source}:{line}" if has and source and line is not None else ""


def _without_secrets(text: str, row: object) -> str:
    """Hide the row's secrets in an error once more; the client has done so before."""
    for secret in _values(row, SECRET_COLUMNS):
        if secret:
            text = text.replace(secret if isinstance(secret, str) else str(secret), "***")
    return text


@contextmanager
def _readable_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(directory, error) from None


def _unwritable(directory: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"reports in {directory}: cannot be written: {error.strerror or error}"
    )
