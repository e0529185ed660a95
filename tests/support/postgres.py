"""A real PostgreSQL server for tests, one per worker, with a fresh database for each test."""

import asyncio
import functools
import itertools
import os

import asyncpg
import pytest

from tests.support.real_parts import SERVER
from voxsip.shared._local_server import INSTALL, LocalServer, find_programs

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(request):
    if find_programs() is None:
        text = f"PostgreSQL's server programs are not here; {INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    server = _start()
    request.session.stash[SERVER] = server
    return server


@functools.cache
def _start():
    return LocalServer()  # of all the folders whose conftest.py imports the fixture


@pytest.fixture
async def store(postgres):
    """The address of an empty database."""
    return await _new_database(postgres)


@pytest.fixture
def store_address(postgres):
    """The same, for tests that run event loops of their own."""
    return asyncio.run(_new_database(postgres))


async def _new_database(postgres):
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(postgres.dsn())
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return postgres.dsn(name)
