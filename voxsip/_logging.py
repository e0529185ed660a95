"""Shows the log of voxsip on standard error if `VOXSIP_LOG` is set, for programs that do not set up logging."""

from __future__ import annotations

import logging
import os

VARIABLE = "VOXSIP_LOG"
LEVELS = ("debug", "info", "warning", "error")


def switch_on() -> None:
    """Give the logger `voxsip` the level that the environment names, and a handler."""
    logger = logging.getLogger("voxsip")
    wanted = os.environ.get(VARIABLE, "").strip().lower()
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(_is_alone)
    logger.addHandler(handler)
    logger.setLevel(wanted.upper() if wanted in LEVELS else logging.WARNING)
    if wanted not in LEVELS:
        logger.warning(
            "%s: expected %s; warnings and errors are shown", VARIABLE, ", ".join(LEVELS)
        )


def _is_alone(_: logging.LogRecord) -> bool:
    """Returns whether the root logger has no handler, which would repeat the record."""
    return not logging.getLogger().handlers
