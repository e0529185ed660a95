"""Dask `distributed` as the engine: it places parts on workers, and that is all that is left to it.

Nothing that must be true is Dask's to remember: whether a part is done, and who works on it, is asked of the store. So a task
that runs again, a result that is lost, a worker that stands still or a scheduler that dies cost time, and no row.
Tasks carry the names of job and part alone: their arguments are in Dask's logs.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any

import attrs

from voxsip._errors import ConfigurationError, InvalidArgumentError, VoxsipError
from voxsip._redaction.values import conceal
from voxsip._version import __version__
from voxsip.cluster._errors import PartHeldError, WorkerRefusedError
from voxsip.cluster._part import run_part_sync

log = logging.getLogger("voxsip.cluster")
STORE_VARIABLE = "VOXSIP_STORE"
CHECK_SECONDS = 30.0
"""Seconds for which workers are given to say who they are."""


_NO_ANSWER = (OSError, TimeoutError, RuntimeError, ValueError, AttributeError)
"""What distributed raises when a connection is lost: errors of all of these kinds, one for a scheduler that is None."""


class EngineLostError(VoxsipError):
    """The engine no longer answers; what was done is in the store.

    Run the job again on an engine that answers.
    """


@attrs.frozen(kw_only=True)
class Ended:
    """A task that has ended; of one that Dask lost, neither is known.

    Attributes:
        held: Seconds for which another process may work on the part, or None.
        error: The error that the task raised, the reason why its worker cannot run it, or None.
    """

    held: float | None = None
    error: BaseException | None = None


def run_here(job: str, part: int) -> dict[str, Any]:
    """Run a part on this worker; what it needs comes from the worker's environment."""
    address = _worker_address()
    refused = {"state": "refused", "worker": address}
    if not os.environ.get(STORE_VARIABLE):
        return {**refused, "why": _NO_STORE}
    store = conceal(os.environ[STORE_VARIABLE])
    try:
        return run_part_sync(store, job, part, wait=0.0, worker=address).to_dict()
    except WorkerRefusedError as error:
        # returned, not raised: Dask's log would show a traceback of it
        return {**refused, "why": str(error)}
    except PartHeldError as held:
        return {"state": "held", "seconds": held.seconds}


def who_is_here() -> str:
    """Return the version of voxsip on this worker, or why it cannot work on jobs."""
    return __version__ if os.environ.get(STORE_VARIABLE) else _NO_STORE


_NO_STORE = (
    f"{STORE_VARIABLE}: it is not set where the worker runs; set it to the store's address, "
    "and VOXIMPLANT_CREDENTIALS as well"
)


class Dask:
    """A `distributed.Client` as a job uses it, blocking or not.

    Every method raises `EngineLostError` if the scheduler does not answer.

    Raises:
        InvalidArgumentError: It is none, or belongs to another event loop.
    """

    def __init__(self, client: Any) -> None:
        if not all(hasattr(client, name) for name in ("submit", "nthreads", "processing")):
            raise InvalidArgumentError(
                f"dask_client: expected a distributed.Client, got {type(client).__name__}",
                field="dask_client",
            )
        loop = asyncio.get_running_loop()
        self._client = client
        self._async = bool(client.asynchronous)
        if self._async and client.loop.asyncio_loop is not loop:
            raise InvalidArgumentError(
                "dask_client: it belongs to another event loop; give a blocking distributed.Client",
                field="dask_client",
            )
        self._address = getattr(client.scheduler, "address", "?")

    @property
    def closed(self) -> bool:
        """Whether the client has given its scheduler up."""
        return bool(self._client.status == "closed")

    async def workers(self) -> Mapping[str, int]:
        """Return the threads of each worker by address."""
        found: Mapping[str, int] = await self._ask(self._client.nthreads)
        return found

    async def check_workers(self) -> dict[str, str]:
        """Return what is wrong with workers that cannot work on jobs, by address."""
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                said = await self._ask(self._client.run, who_is_here, on_error="return")
        except TimeoutError:
            log.warning("not all workers answer; parts are given to those that do")
            return {}
        return {
            address: _complaint(answer) for address, answer in said.items() if answer != __version__
        }

    def submit(self, job: str, part: int, workers: Collection[str] | None) -> Any:
        """Give a part to a worker; return the task."""
        try:
            return self._client.submit(
                run_here,
                job,
                part,
                key=f"voxsip-{job}-{part}-{secrets.token_hex(4)}",
                pure=False,
                workers=None if workers is None else list(workers),
            )
        except _NO_ANSWER as error:
            raise self._lost(error) from None

    async def ended(self, task: Any) -> Ended | None:
        """Return how a task ended, or None while it has not."""
        status = task.status
        if status == "pending":
            return None
        if status == "finished":
            result = await self._ask(task.result)
            if result["state"] == "refused":
                refusal = WorkerRefusedError(result["why"])
                refusal.worker = result["worker"]
                return Ended(error=refusal)
            return Ended(held=result["seconds"] if result["state"] == "held" else None)
        if status == "error":
            return Ended(error=await self._ask(task.exception))
        return Ended()

    async def places(self) -> dict[str, str]:
        """Return the worker that each task stands or waits at, by the task's key."""
        placed: Mapping[str, Collection[Any]] = await self._ask(self._client.processing)
        return {str(key): address for address, keys in placed.items() for key in keys}

    async def cancel(self, task: Any) -> None:
        """Forget a task, whatever becomes of it."""
        await self._ask(self._client.cancel, [task], force=True)

    async def _ask(self, call: Callable[..., Any], *values: Any, **named: Any) -> Any:
        try:
            if self._async:
                return await call(*values, **named)
            return await asyncio.to_thread(call, *values, **named)
        except _NO_ANSWER as error:
            raise self._lost(error) from None

    def _lost(self, error: Exception) -> EngineLostError:
        return EngineLostError(
            f"Dask's scheduler at {self._address} does not answer ({type(error).__name__})"
        )


def _complaint(answer: object) -> str:
    if isinstance(answer, ImportError):
        return f"voxsip cannot be imported there ({answer}); install voxsip[cluster]=={__version__}"
    if isinstance(answer, str) and not answer.startswith(STORE_VARIABLE):
        return f"it has voxsip {answer}, and this is {__version__}; install the same version on every machine"
    return str(answer)


def _worker_address() -> str | None:
    from distributed import get_worker  # noqa: PLC0415 - only where Dask runs it

    try:
        return str(get_worker().address)
    except ValueError:
        return None


def import_distributed() -> Any:
    """Import Dask.

    Raises:
        ConfigurationError: The extra is not installed.
    """
    try:
        import distributed  # noqa: PLC0415 - only for those who use it
    except ImportError:
        raise ConfigurationError(
            "cluster: jobs on several machines need Dask; install it with: pip install 'voxsip[cluster]'"
        ) from None
    return distributed
