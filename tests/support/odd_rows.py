"""Values that voxsip does not write, put one at a time into the tables of a store, which is put back after each."""

from contextlib import asynccontextmanager, suppress

import asyncpg

from voxsip import VoxsipError

_WHOLE = ("NULL", "-1", "99", "9223372036854775807")
_TIMES = ("NULL", "'NaN'", "'Infinity'", "1e300")
ODD = {
    "bigint": _WHOLE,
    "integer": _WHOLE,
    "smallint": (*_WHOLE, "32767"),
    "text": ("NULL", "'abc'", "'[['", """'{"job": 1, "rate": "x"}'"""),
    "double precision": _TIMES,
    "numeric": _TIMES,
    "boolean": ("NULL", "true", "false"),
    "bytea": ("NULL", r"'\x'", r"'\x00ff'"),
    "timestamp with time zone": ("'infinity'", "'-infinity'", "'4000-01-01 BC'"),
    "ARRAY": ("NULL", "'{}'", "'{NULL}'", "'{NaN}'", "'{{1,2},{3,4}}'"),
}
_COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = 'voxsip' AND table_name = ANY($1::text[]) ORDER BY table_name, ordinal_position
"""


class OddStore:
    """A store whose tables are kept as they are, to be spoiled and put back.

    Args:
        connection: To it.
        tables: Those of the schema voxsip that are spoiled, in the order in which they refer to each other.
    """

    def __init__(self, connection, tables):
        self._connection = connection
        self._tables = tables

    async def keep(self):
        for table in self._tables:
            await self._connection.execute(f"CREATE TABLE public.{table} AS TABLE voxsip.{table}")

    async def crashes(self, *looks):
        """Put each odd value that PostgreSQL takes into each column, and look.

        Args:
            looks: Asynchronous functions that read the store or go on with its job.

        Returns:
            the number of values, and of each that ended in anything but an error of voxsip's that names a place, which.
        """
        tried, crashed = 0, []
        for table, column, kind in await self._connection.fetch(_COLUMNS, self._tables):
            for value in ODD[kind]:
                if not await self._put(table, column, value):
                    continue
                tried += 1
                for look in looks:
                    error = await _error_of(look)
                    if error is not None and (
                        not isinstance(error, VoxsipError) or ": " not in str(error)
                    ):
                        crashed.append(f"{table}.{column} = {value}: {error!r}")
                await self._put_back()
        return tried, crashed

    async def _put(self, table, column, value):
        with suppress(asyncpg.PostgresError):  # PostgreSQL itself keeps some values out
            await self._connection.execute(f"UPDATE voxsip.{table} SET {column} = {value}")  # noqa: S608 - constants
            return True
        return False

    async def _put_back(self):
        statements = [f"DELETE FROM voxsip.{table}" for table in reversed(self._tables)]  # noqa: S608 - constants
        statements += [
            f"INSERT INTO voxsip.{table} OVERRIDING SYSTEM VALUE TABLE public.{table}"
            for table in self._tables
        ]
        await self._connection.execute("; ".join(statements))


async def _error_of(look):
    try:
        await look()
    except Exception as error:
        return error
    return None


@asynccontextmanager
async def odd_store(address, *tables):
    connection = await asyncpg.connect(address)
    try:
        odd = OddStore(connection, tables)
        await odd.keep()
        yield odd
    finally:
        await connection.close()
