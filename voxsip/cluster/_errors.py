"""Why a machine cannot work on a part, now or at all."""

from __future__ import annotations

from voxsip._errors import ConfigurationError


class WorkerRefusedError(ConfigurationError):
    """This machine cannot work on the job; another one may. Nothing was sent.

    Attributes:
        worker: The engine's name of the machine, or None.
    """

    worker: str | None = None


class PartHeldError(ConfigurationError):
    """Another process works on the part, or did until lately; nothing was sent.

    Attributes:
        seconds: After which the part is free if that process is dead.
    """

    in_use = True

    def __init__(self, message: str, *, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds
