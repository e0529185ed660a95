"""The driver of the store, asyncpg, and what its exceptions mean."""

from __future__ import annotations

from typing import Any

from voxsip._errors import ConfigurationError


def import_asyncpg() -> Any:
    """Import the driver.

    Raises:
        ConfigurationError: the extra is not installed.
    """
    try:
        import asyncpg  # noqa: PLC0415 - only for those who share
    except ImportError:
        raise ConfigurationError(
            "store: PostgreSQL needs the driver asyncpg; install it with: pip install 'voxsip[shared]'"
        ) from None
    return asyncpg


def is_lost(error: Exception) -> bool:
    """Returns whether an error concerns the connection or the server.

    The driver tells of a connection that the server ends while it is used by its `InternalClientError` too.
    """
    asyncpg = import_asyncpg()
    if isinstance(error, ValueError):  # the driver's DataError: a value that it cannot encode
        return False
    return isinstance(
        error,
        (
            OSError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            asyncpg.PostgresConnectionError,
            asyncpg.OperatorInterventionError,
            asyncpg.IdleInTransactionSessionTimeoutError,
            asyncpg.InsufficientResourcesError,
            asyncpg.LockNotAvailableError,
            asyncpg.PostgresSystemError,
            asyncpg.ReadOnlySQLTransactionError,  # a server that has become a standby
            asyncpg.TransactionRollbackError,
        ),
    )
