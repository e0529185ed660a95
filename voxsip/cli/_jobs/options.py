"""What every bulk job can be told on the command line."""

from __future__ import annotations

from typing import Annotated, Any

from attrs import frozen
from cyclopts import Group, Parameter

from voxsip import RateLimit, SharedRate
from voxsip._row_files.reading import PLAIN, Reading
from voxsip.cli._connection import DEFAULT, Connection, Switch
from voxsip.cli._exit_codes import CommandError
from voxsip.cli._parameters import AMOUNT, CONCURRENCY, RATE, RATIO, SECONDS, read_path
from voxsip.cli._terminal.streams import lost_output

_GROUP = Group("Job", sort_key=40)


@Parameter(name="*", group=_GROUP)
@frozen(kw_only=True)
class Limits:
    """How fast a job goes, and what ends it; a resumed job may be given others."""

    concurrency: Annotated[int | None, CONCURRENCY] = None
    "Rows in flight at most, 1 to 256 [default: 64]; fewer while the service throttles."
    rate: Annotated[float | None, RATE] = None
    "Requests per second at most [default: as many as the service accepts]."
    max_failures: Annotated[int | None, AMOUNT] = None
    "Stop after more failed rows than this."
    max_failure_ratio: Annotated[float | None, RATIO] = None
    "Stop when a greater share of rows has failed than this, 0 to 1, after the first 100."
    deadline: Annotated[float | None, SECONDS] = None
    "Send no further row after this time."

    def values(self, rate_store: str | None = None) -> dict[str, Any]:
        """Return what is given, checked, by the names of `client.bulk`."""
        given: dict[str, Any] = {
            "concurrency": self.concurrency,
            "rate_limit": self._rate_limit(rate_store),
            "max_failures": self.max_failures,
            "max_failure_ratio": self.max_failure_ratio,
            "deadline": self.deadline,
        }
        given = {name: value for name, value in given.items() if value is not None}
        from voxsip.bulk._options import Options  # noqa: PLC0415 - `--help` does without jobs

        Options(**given)
        return given

    def _rate_limit(self, rate_store: str | None) -> RateLimit | SharedRate | None:
        if rate_store is not None:
            return SharedRate(rate_store, rate=self.rate)
        return None if self.rate is None else RateLimit(self.rate)


@Parameter(name="*", group=_GROUP)
@frozen(kw_only=True)
class Output:
    """Output of a job."""

    report: Annotated[str | None, Parameter(metavar="DIR")] = None
    "Write succeeded.csv, failed.csv, report.json and report.html into this folder."
    json: Switch = False
    "Write events to standard output, one JSON object per line."

    def check(self) -> None:
        """Refuse to begin what nobody will hear of."""
        if self.json and lost_output() is not None:
            raise CommandError("--json: standard output is closed; nothing was sent")


@Parameter(name="*", group=Group("File", sort_key=35))
@frozen(kw_only=True)
class FileOptions:
    """How the file of rows is read."""

    map: Annotated[tuple[str, ...], Parameter(metavar="HEADER=COLUMN", show_default=False)] = ()
    "Read a column of the file as one of ours, such as extension=sip_username; may be repeated."
    set: Annotated[tuple[str, ...], Parameter(metavar="COLUMN=VALUE", show_default=False)] = ()
    "A value for all rows, such as proxy=pbx.example.com; may be repeated."
    ignore_extra_columns: Switch = False
    "Skip columns that have no meaning for these rows."
    columns: Annotated[str | None, Parameter(metavar="FILE.toml")] = None
    "Read these settings from a file."
    file_encoding: Annotated[str | None, Parameter(metavar="NAME")] = None
    "Encoding of the file, such as windows-1251 [default: UTF-8, UTF-16 by its mark, or a guess that is reported]."
    sheet: Annotated[str | None, Parameter(metavar="NAME")] = None
    "Sheet of a workbook [default: the first]."

    def words(self) -> list[str]:
        """Return the options as they are written on a command line."""
        words = [word for text in self.map for word in ("--map", text)]
        words += [word for text in self.set for word in ("--set", text)]
        if self.ignore_extra_columns:
            words.append("--ignore-extra-columns")
        for name in ("columns", "file_encoding", "sheet"):
            if (value := getattr(self, name)) is not None:
                words += [f"--{name.replace('_', '-')}", value]
        return words

    def reading(self) -> Reading:
        """Return how the file is to be read. Raises InvalidArgumentError."""
        told = PLAIN if self.columns is None else Reading.from_toml(self.columns)
        if self == NO_FILE_OPTIONS:
            return told
        return told.with_more(
            names=self.map,
            constants=self.set,
            ignore_extra=self.ignore_extra_columns,
            encoding=self.file_encoding,
            sheet=self.sheet,
        )


NO_FILE_OPTIONS = FileOptions()


Journal = Annotated[str | None, Parameter(metavar="PATH", group=_GROUP)]
Flag = Annotated[Switch, Parameter(group=_GROUP)]
DryRun = Flag
Yes = Annotated[Flag, Parameter(name=("--yes", "-y"))]
File = Annotated[str, Parameter(allow_leading_hyphen=True, converter=read_path)]

NO_LIMITS = Limits()
NO_OUTPUT = Output()


@Parameter(name="*")
@frozen(kw_only=True)
class CommonOptions:
    """All of these, for commands that run a file of rows."""

    file_options: FileOptions = NO_FILE_OPTIONS
    limits: Limits = NO_LIMITS
    output: Output = NO_OUTPUT
    connection: Connection = DEFAULT

    def for_client(self) -> dict[str, Any]:
        """Return the limits as `client.bulk` calls them, with the store of a shared rate."""
        return self.limits.values(self.connection.rate_store)


NO_OPTIONS = CommonOptions()
