"""Dask clients: of a scheduler that runs somewhere, or of workers started here for as long as they are needed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from voxsip._errors import ConfigurationError, InvalidArgumentError
from voxsip._printable import brief
from voxsip._redaction.values import conceal, reveal
from voxsip.cluster._dask import STORE_VARIABLE, import_distributed

CONNECT_SECONDS = 10.0


@asynccontextmanager
async def connect(address: str) -> AsyncGenerator[Any, None]:
    """Connect to a Dask scheduler; give its client.

    Args:
        address: Such as `tcp://scheduler:8786`.

    Raises:
        ConfigurationError: No scheduler answers there, or Dask is not installed.
    """
    distributed = import_distributed()
    client: Any = None
    try:
        client = distributed.Client(address, asynchronous=True, timeout=CONNECT_SECONDS)
        await client
    except (OSError, TimeoutError, ValueError, TypeError, ImportError):  # the last two: ucx://
        if client is not None:  # else it closes itself later, with warnings
            with suppress(Exception):
                await client.close()
        raise ConfigurationError(
            f"scheduler {address}: no Dask scheduler answers there; start it with 'dask scheduler', or correct the address"
        ) from None
    async with client:
        yield client


@asynccontextmanager
async def local_workers(
    count: int, *, store: str, environment: Mapping[str, str] | None = None
) -> AsyncGenerator[Any, None]:
    """Start worker processes for Dask on this machine, and give its client.

    All of it ends with the context.

    Its parts talk to each other over TLS with keys of their own: nobody else on this machine can give them work.

    Args:
        count: The number of processes, each for one part at a time.
        store: The address of the store of jobs; the workers read it from their environment.
        environment: The other variables of their environment, such as `VOXIMPLANT_CREDENTIALS`.

    Raises:
        InvalidArgumentError: The number is not above 0.
        ConfigurationError: Dask is not installed.
    """
    store = conceal(store)
    if type(count) is not int or count < 1:
        raise InvalidArgumentError(
            f"workers: expected a whole number from 1, got {brief(count)}", field="workers"
        )
    distributed = import_distributed()
    with (
        _environment({**(environment or {}), STORE_VARIABLE: reveal(store)}),
        tempfile.TemporaryDirectory(prefix="voxsip-dask-") as folder,
    ):
        cluster = distributed.LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            security=True,
            dashboard_address=None,
            local_directory=folder,
            preload=["voxsip.cluster._preload"],
            asynchronous=True,
        )
        async with cluster, distributed.Client(cluster, asynchronous=True) as client:
            yield client


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process, which its children inherit, for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
