"""Faults of voxsip itself, or of objects a user gave as rows: the row has an outcome, and the job continues."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping

from voxsip._bindings.rows import SECRET_COLUMNS
from voxsip._errors import NotSentError, OutcomeUnknownError, VoxsipError
from voxsip._redaction.text import redact
from voxsip._redaction.values import reveal

log = logging.getLogger("voxsip.bulk")
LONGEST_TRACEBACK = 8000
"""Characters of a traceback that are kept: its end says where the fault is."""
KEPT = 20
"""Tracebacks of one job that are logged and kept; the same fault may meet every one of 100,000 rows."""


class Bugs:
    """Turns unexpected exceptions of one job into errors of rows."""

    def __init__(self) -> None:
        self._seen = 0

    def unsent(self, index: int, row: object, error: Exception) -> VoxsipError:
        """Returns the error of a row that was not sent."""
        return self._note(
            NotSentError(
                f"row {index}: not sent: unexpected {type(error).__name__}; please report it with the traceback in the log"
            ),
            row,
            error,
        )

    def unknown(self, index: int, row: object, error: Exception) -> VoxsipError:
        """Returns the error of a row that may have been sent."""
        return self._note(
            OutcomeUnknownError(
                f"row {index}: unexpected {type(error).__name__}; the outcome is unknown; "
                "please report it with the traceback in the log"
            ),
            row,
            error,
        )

    def note(self, what: str, row: object, error: Exception) -> str:
        """Log and return a bug's traceback without the row's secrets."""
        self._seen += 1
        if self._seen > KEPT:
            return ""
        text = "".join(traceback.format_exception(error, limit=-20))
        text = redact(text[-3 * LONGEST_TRACEBACK :], _secrets(row))[-LONGEST_TRACEBACK:]
        log.error("%s\n%s", what, text)
        return text

    def _note(self, made: VoxsipError, row: object, error: Exception) -> VoxsipError:
        if text := self.note(str(made), row, error):
            made.add_note(text)
        return made


def _secrets(row: object) -> tuple[str, ...]:
    try:
        values = (
            row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)
            for name in SECRET_COLUMNS
        )
        return tuple(str(reveal(value)) for value in values if value)
    except Exception:
        return ()  # a row that cannot be read has no secret that could have been used
