"""Find rows whose order matters: one user or one registration named by two of them.

The keys of all rows go through a temporary SQLite file, which sorts on disk: memory does not grow
with the number of rows.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from voxsip._bindings.rows import BindRequest, CreateRequest, DeleteRequest, Row
from voxsip._protocol.identity import fold_name, login_key

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH = 1000
_Key = tuple[str, str, int, int, str, str]
_ANY_TWICE = "SELECT 1 FROM keys GROUP BY key HAVING count(*) > 1 LIMIT 1"
# Per key: each row that names it, beside the first one that does. For a user, rows that bind one and
# the same registration are no conflict; for the others `registration` is always 0. A key with a scope
# clashes with the same key of another scope only: an application by name and one by id may be one.
_CLASHES = """
WITH firsts AS (
    SELECT key, scope, min(line) AS line FROM keys GROUP BY key, scope
)
SELECT keys.line, min(firsts.line), keys.what, keys.name, earlier.name, keys.scope
FROM firsts JOIN keys
    ON keys.key = firsts.key AND (keys.scope = firsts.scope) = (keys.scope = '')
JOIN keys AS earlier
    ON earlier.key = firsts.key AND earlier.line = firsts.line AND earlier.scope = firsts.scope
WHERE keys.line > firsts.line AND (keys.what <> 'user' OR keys.registration <> earlier.registration)
GROUP BY keys.line, keys.what
ORDER BY keys.line
"""


class Conflicts:
    """The keys of a file's rows, and which of them clash."""

    def __init__(self) -> None:
        # The empty name is a private database that spills to a file of its own.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("BEGIN")
        self._database.execute(
            "CREATE TABLE keys"
            " (key TEXT, scope TEXT, line INTEGER, registration INTEGER, what TEXT, name TEXT)"
        )
        self._batch: list[_Key] = []
        self._user_ids = self._user_names = False

    def add(self, line: int, row: Row) -> None:
        """Take in the keys of a row."""
        self._batch += self._keys(line, row)
        if len(self._batch) >= _BATCH:
            self._flush()

    def found(self) -> Iterator[tuple[int, int, str]]:
        """Yield (line, earlier line, what both do), by line."""
        self._flush()
        if self._database.execute(_ANY_TWICE).fetchone() is None:
            return  # most files, at a third of the cost
        self._database.execute("CREATE INDEX by_key ON keys (key, scope, line)")
        for line, first, what, name, earlier, scope in self._database.execute(_CLASHES):
            does = f"{_DOES[what]} {name}"
            if what == "user" and scope:
                does += ", whose application stands by name in one row and by id in the other"
            elif name != earlier:
                does += f", which may be {earlier} in another spelling"
            yield line, first, does

    @property
    def mixed_users(self) -> bool:
        """Whether users are named both by id and by name, and may be the same."""
        return self._user_ids and self._user_names

    def close(self) -> None:
        """Drop the keys."""
        self._database.close()

    def _flush(self) -> None:
        self._database.executemany("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?)", self._batch)
        self._batch.clear()

    def _keys(self, line: int, row: Row) -> Iterator[_Key]:
        if isinstance(row, BindRequest) and not row.bind:
            return
        # What belongs to one account is another thing than what has the same name in another.
        account = row.account_id
        mark, within = ("", "") if account is None else (f"{account}\0", f" of account {account}")
        # A row that buys makes a registration of its own: its line, negated, stands for it.
        mine = -line
        if isinstance(row, CreateRequest):
            key = login_key(row.sip_username, row.proxy)
            name = f"{row.sip_username} at {row.proxy}{within}"
            yield f"{mark}s{key}", "", line, 0, "purchase", name
        elif row.sip_registration_id is not None:
            mine = row.sip_registration_id
            yield f"{mark}r{mine}", "", line, 0, "registration", f"{mine}{within}"
        if isinstance(row, DeleteRequest):
            return
        if row.user_id is not None:
            self._user_ids = True
            yield f"{mark}u{row.user_id}", "", line, mine, "user", f"{row.user_id}{within}"
        elif row.user_name is not None:
            self._user_names = True
            name, shown = fold_name(row.user_name), f"{row.user_name}{within}"
            number = row.application_id
            scope = "name" if number is None else "id"
            application = fold_name(str(row.application_name)) if number is None else number
            yield f"{mark}{scope}\0{application}\0{name}", "", line, mine, "user", shown
            yield f"{mark}a{name}", scope, line, mine, "user", shown


_DOES = {
    "registration": "names registration",
    "purchase": "buys registration",
    "user": "binds a registration to user",
}
