"""`VOXSIP_LOG=debug`: what voxsip logs, on standard error, for a program that sets up no logging itself."""

from __future__ import annotations

import logging
import os

VARIABLE = "VOXSIP_LOG"
LEVELS = ("debug", "info", "warning", "error")


def switch_on() -> None:
    """Give the logger `voxsip` the level that the environment names, and a handler; once."""
    logger = logging.getLogger("voxsip")
    if any(handler.get_name() == VARIABLE for handler in logger.handlers):
        return
    wanted = os.environ.get(VARIABLE, "").strip().lower()
    handler = logging.StreamHandler()
    handler.set_name(VARIABLE)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(wanted.upper() if wanted in LEVELS else logging.WARNING)
    if wanted not in LEVELS:
        logger.warning("%s: expected %s; warnings are shown", VARIABLE, ", ".join(LEVELS))
