"""Connections to the store: one per event loop and purpose, closed when the loop ends.

A connection is made when it is first needed and again after it broke. A forked child forgets its parent's connections
without touching their sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any

from voxsip._errors import ConfigurationError, VoxsipError
from voxsip._redaction.frames import clear_values
from voxsip._redaction.values import reveal
from voxsip.shared._address import StoreAddress
from voxsip.shared._driver import import_asyncpg, is_lost
from voxsip.shared._errors import StoreUnavailableError
from voxsip.shared._schema import prepare_schema

CONNECT_SECONDS = 10.0
STATEMENT_SECONDS = 15.0
"""A statement without an answer for so long is on a connection that is lost; it is repeated on a new one."""
LOCK_SECONDS = 5
IDLE_TRANSACTION_SECONDS = 5
OPEN_SECONDS = 30.0
"""For a connection with its tables checked and its channels listened to. The driver alone may wait longer: for a
server that does not acknowledge the cancellation of a statement."""
CLOSE_SECONDS = 1.0
_SETTINGS = {
    "application_name": "voxsip",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_TRANSACTION_SECONDS}s",
}
"""What keeps a stopped process from blocking others: it loses its transaction, so that they do not wait forever."""

_abandoned: list[object] = []


async def connect(address: StoreAddress) -> Any:
    """Open a connection and see that the store's tables are there and of this version.

    Raises:
        ConfigurationError: the store refuses us, or its tables are of another version.
        StoreUnavailableError: no server answers.
    """
    asyncpg = import_asyncpg()
    failure: Exception
    try:
        connection = await asyncpg.connect(
            reveal(address.dsn),
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings=_SETTINGS,
        )
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        failure = ConfigurationError(
            f"store {address}: user or password refused; check the address, PGPASSWORD or ~/.pgpass"
        )
    except asyncpg.InvalidCatalogNameError:
        failure = ConfigurationError(
            f"store {address}: there is no such database; create it with createdb"
        )
    except Exception as error:
        if is_lost(error):
            failure = StoreUnavailableError(
                f"store {address}: no PostgreSQL server answers there; start it, or correct the address"
            )
        elif isinstance(error, (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError)):
            failure = ConfigurationError(
                f"store {address}: cannot be used ({type(error).__name__}); check the address"
            )
        else:
            raise
    else:
        try:
            await prepare_schema(connection, address)
        except BaseException:
            connection.terminate()
            raise
        return connection
    clear_values(failure, None)
    raise failure


class LoopConnection:
    """The connection of one event loop; statements run one after another.

    Args:
        on_close: called in the loop when the connection is closed and will not be opened again.
    """

    def __init__(self, address: StoreAddress, on_close: Callable[[], None]) -> None:
        self._address = address
        self._on_close = on_close
        self._connection: Any = None
        self._lock = asyncio.Lock()
        self._closer: AsyncGenerator[None, None] | None = None
        self._listeners: list[tuple[str, Callable[..., None]]] = []

    async def fetchrow(self, query: str, *values: object) -> Any:
        """Run one statement; after a broken connection once more on a new one.

        Every statement sent here may be repeated without harm.

        Raises:
            ConfigurationError: the store refuses us, or the statement.
            StoreUnavailableError: it does not answer.
        """
        return await self._run("fetchrow", query, values)

    async def fetch(self, query: str, *values: object) -> Any:
        """Run one statement and return all its rows; see `fetchrow`."""
        return await self._run("fetch", query, values)

    def listen(self, channel: str, callback: Callable[..., None]) -> None:
        """Have a function called for notifications, on every connection made from now on."""
        self._listeners.append((channel, callback))

    async def _run(self, method: str, query: str, values: tuple[object, ...]) -> Any:
        import_asyncpg()
        failure: VoxsipError
        async with self._lock:
            for _ in range(2):
                try:
                    connection = await self._open()
                    return await getattr(connection, method)(query, *values)
                except VoxsipError:
                    raise
                except Exception as error:
                    self._drop()  # the reply may still come: nobody else may take it for theirs
                    if not is_lost(error):
                        failure = _explain(self._address, error)
                        break
                except BaseException:
                    self._drop()
                    raise
            else:
                failure = StoreUnavailableError(
                    f"store {self._address}: it stopped answering; nothing was sent"
                )
        raise failure

    async def _open(self) -> Any:
        connection = self._connection
        if connection is not None and not connection.is_closed():
            return connection
        if self._closer is None:
            self._closer = self._closing()
            await anext(self._closer)  # the loop ends its async generators before itself
        async with asyncio.timeout(OPEN_SECONDS):
            connection = self._connection = await connect(self._address)
            for channel, callback in self._listeners:
                await connection.add_listener(channel, callback)
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.terminate()

    async def _closing(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._on_close()
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(Exception):
                    async with asyncio.timeout(CLOSE_SECONDS):
                        await connection.close(timeout=CLOSE_SECONDS)
                with suppress(Exception):
                    connection.terminate()

    async def aclose(self) -> None:
        """Close the connection; the loop is the one that made it."""
        closer, self._closer = self._closer, None
        if closer is not None:
            await closer.aclose()

    def abandon(self) -> None:
        """In a forked child: forget the parent's connection without touching its socket."""
        _abandoned.append((self._connection, self._closer))
        self._connection = self._closer = None


def _explain(address: StoreAddress, error: Exception) -> VoxsipError:
    """Return the error for a failed statement without the server's text."""
    code = getattr(error, "sqlstate", None)
    if code is None:
        raise error
    return ConfigurationError(
        f"store {address}: a statement was refused ({type(error).__name__}, SQLSTATE {code}); "
        "check the server's log, and that the tables of the schema voxsip were not changed"
    )
