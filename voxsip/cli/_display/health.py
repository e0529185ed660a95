"""Displays of `registrations watch`: a live table on a terminal, lines of changes elsewhere, or JSON."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from voxsip._printable import counted, printable
from voxsip.cli._display.events import print_event
from voxsip.cli._terminal.output import print_text

if TYPE_CHECKING:
    from rich.console import Console

    from voxsip import HealthReport, RegistrationHealth, VoxsipError

_AROUND = 5  # lines of a terminal that the table leaves to its head, its foot and the prompt
_COLUMNS = ("id", "user name", "proxy", "state", "code", "reason", "since")
_WHOLE = frozenset({"id", "state", "code", "since"})
_STYLES = {"failing": "red", "missing": "red", "in_progress": "yellow"}


class HealthDisplay:
    """Shows readings to somebody, from `with` to its end."""

    def __init__(self) -> None:
        self._before: dict[int, RegistrationHealth] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, report: HealthReport) -> None:
        """Show a reading."""
        raise NotImplementedError

    def error(self, error: VoxsipError) -> None:
        """Show why there was none this time."""
        raise NotImplementedError

    def _changed(self, report: HealthReport) -> tuple[bool, list[RegistrationHealth]]:
        """Return whether this is the first reading, and what has changed since the last."""
        before, now = self._before, {one.sip_registration_id: one for one in report.registrations}
        self._before = now
        if before is None:
            return True, list(report.registrations)
        from voxsip import RegistrationHealth  # noqa: PLC0415 - known by now

        gone = [
            RegistrationHealth(sip_registration_id=number, state="missing")
            for number in before
            if number not in now
        ]
        changed = [one for number, one in now.items() if _told(before.get(number)) != _told(one)]
        return False, changed + gone


def choose_display(*, json: bool) -> HealthDisplay:
    """Choose a display for where the output goes."""
    if json:
        return JsonDisplay()
    if sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 - only on a terminal

        console = Console()
        if console.is_interactive:
            return TableDisplay(console)
    return LineDisplay()


class LineDisplay(HealthDisplay):
    """Lines of counts and of what changes; at first, of what does not work."""

    def __init__(self) -> None:
        super().__init__()
        self._counts = ""

    def show(self, report: HealthReport) -> None:
        """Print what has changed."""
        first, changed = self._changed(report)
        for one in changed:
            if not first or one.state != "registered":
                print_text(f"{_clock()}  {_name(one)}: {_words(one)}")
        counts = _counts(report)
        if counts != self._counts:
            print_text(f"{_clock()}  {counts}")
            self._counts = counts
        sys.stdout.flush()

    def error(self, error: VoxsipError) -> None:
        """Print an error."""
        print_text(f"{_clock()}  not read: {error}")
        sys.stdout.flush()


class JsonDisplay(HealthDisplay):
    """An object for each registration that is new or changes, and counts each time."""

    def show(self, report: HealthReport) -> None:
        """Write what has changed, then the counts."""
        _, changed = self._changed(report)
        for one in changed:
            print_event("registration", **_members(one))
        print_event("summary", **_numbers(report))

    def error(self, error: VoxsipError) -> None:
        """Write an error."""
        print_event("error", error=str(error), error_class=type(error).__name__)


class TableDisplay(HealthDisplay):
    """A table of the registrations that do not work, redrawn at each reading."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live  # noqa: PLC0415 - only on a terminal

        super().__init__()
        self._console = console
        self._live = Live(console=console, auto_refresh=False)
        self._report: HealthReport | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, report: HealthReport) -> None:
        """Draw the table."""
        self._report = report
        self._draw(_counts(report))

    def error(self, error: VoxsipError) -> None:
        """Draw the table as it was, with the error above it."""
        self._draw(f"not read: {printable(str(error))}")

    def _draw(self, title: str) -> None:
        from rich.table import Column, Table  # noqa: PLC0415 - only on a terminal
        from rich.text import Text  # noqa: PLC0415

        report = self._report
        broken = [] if report is None else [*report.failing, *report.missing, *report.in_progress]
        room = max(1, self._console.height - _AROUND)
        rows = [_row(one) for one in broken[:room]]
        head = _COLUMNS if rows else ()
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)] or [0] * len(head)
        table = Table(
            # On a narrow terminal names and reasons are cut, not what is short and counts.
            *(
                Column(name, no_wrap=True, min_width=width if name in _WHOLE else None)
                for name, width in zip(head, widths, strict=True)
            ),
            title=Text(f"{_clock()}  {title}"),
            title_justify="left",
            box=None,
            pad_edge=False,
            header_style="bold",
        )
        for one, cells in zip(broken, rows, strict=False):
            table.add_row(*map(Text, cells), style=_STYLES[one.state])
        if len(broken) > room:
            table.caption = Text(f"and {counted(len(broken) - room, 'other')}")
            table.caption_justify = "left"
        self._live.update(table, refresh=True)


def _row(one: RegistrationHealth) -> list[str]:
    since = _since(one)
    if since.startswith(f"{datetime.now(UTC):%Y-%m-%d} "):
        since = since.partition(" ")[2]
    cells = (
        str(one.sip_registration_id),
        (one.registration and one.registration.sip_username) or "",
        (one.registration and one.registration.proxy) or "",
        one.state.replace("_", " "),
        "" if one.status_code is None else str(one.status_code),
        _reason(one),
        since,
    )
    return [printable(cell) for cell in cells]


def _numbers(report: HealthReport) -> dict[str, int]:
    states = ("registered", "failing", "in_progress", "missing")
    return {state: len(getattr(report, state)) for state in states}


def _counts(report: HealthReport) -> str:
    counts = _numbers(report)
    if not counts["missing"]:
        del counts["missing"]
    parts = [f"{number:,} {state.replace('_', ' ')}" for state, number in counts.items()]
    return f"{counted(len(report.registrations), 'registration')}: {', '.join(parts)}"


def _told(one: RegistrationHealth | None) -> tuple[object, ...] | None:
    """Return what counts as a change; `since` does not, as a bind writes it too."""
    if one is None:
        return None
    return one.state, one.status_code, one.error_message, one.deactivated


def _name(one: RegistrationHealth) -> str:
    if one.registration is None:
        return f"registration {one.sip_registration_id}"
    login = (one.registration.sip_username, one.registration.proxy)
    return f"registration {one.sip_registration_id} ({' at '.join(filter(None, login))})"


def _words(one: RegistrationHealth) -> str:
    said = [str(part) for part in (one.status_code, _reason(one)) if part]
    if one.state != "failing":
        return one.state.replace("_", " ")
    since = _since(one)
    return " ".join(["failing", *said]) + (f", since {since}" if since else "")


def _reason(one: RegistrationHealth) -> str:
    if one.deactivated:
        return "switched off"
    return one.error_message or ""


def _since(one: RegistrationHealth) -> str:
    return f"{one.since:%Y-%m-%d %H:%M:%S}Z" if one.since is not None else ""


def _members(one: RegistrationHealth) -> dict[str, Any]:
    members = {
        "sip_registration_id": one.sip_registration_id,
        "sip_username": one.registration and one.registration.sip_username,
        "proxy": one.registration and one.registration.proxy,
        "state": one.state,
        "status_code": one.status_code,
        "error_message": one.error_message,
        "since": one.since and one.since.isoformat().replace("+00:00", "Z"),
        "deactivated": one.deactivated,
    }
    return {name: value for name, value in members.items() if value is not None}


def _clock() -> str:
    return f"{datetime.now(UTC):%H:%M:%S}Z"
