"""Which display a job gets: a live bar on a terminal, plain lines elsewhere, or JSON events."""

from __future__ import annotations

import sys

from voxsip.cli._display.base import Display, Work
from voxsip.cli._display.plain import PlainDisplay


def display(work: Work, *, json: bool = False) -> Display:
    """Choose a display for where the output goes."""
    if json:
        from voxsip.cli._display.json_lines import JsonDisplay  # noqa: PLC0415

        return JsonDisplay(work)
    if sys.stderr.isatty():
        from voxsip.cli._display.live import LiveDisplay, can_move  # noqa: PLC0415 - imports rich

        if can_move():
            return LiveDisplay(work)
    return PlainDisplay(work)
