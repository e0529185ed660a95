"""Dask imports this module in every worker of `local_workers`; it keeps a lost heartbeat out of their logs.

A heartbeat can be in flight when the cluster ends. Dask then logs a traceback to standard error, after a job in which nothing
failed. The scheduler of these workers is in the process that runs the job, which reports a lost scheduler itself.
"""

from __future__ import annotations

import logging
from typing import Any

_LOST = "Failed to communicate with scheduler during heartbeat"


def dask_setup(_worker: Any) -> None:
    """Add the filter, as the worker starts."""
    logging.getLogger("distributed.worker").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_LOST)
