"""The plan of a job on several machines: its file read and checked, its rows divided into parts."""

from __future__ import annotations

import asyncio
import os
from array import array
from collections.abc import Hashable

import attrs

from voxsip._base_client import BaseAsyncClient, for_account
from voxsip._bindings.components import Components
from voxsip._bindings.conflicts import ConflictKeys, overlaps_nothing
from voxsip._bindings.digest import new_checksum
from voxsip._bindings.names import AccountNames
from voxsip._bindings.rows import (
    REQUESTS,
    BindRequest,
    CreateRequest,
    DeleteRequest,
    Row,
    RowKind,
)
from voxsip._errors import InvalidArgumentError
from voxsip._row_files.part import Spans
from voxsip._row_files.problems import FileChangedError
from voxsip._row_files.reading import PLAIN, Reading
from voxsip._row_files.row_file import READ_IN_PLACE, OnConflict, RowFile
from voxsip.cluster._index import encode
from voxsip.cluster._partition import Groups, Part, divide, part_count


@attrs.frozen(kw_only=True)
class Plan:
    """What a job does, and which part does what of it.

    Attributes:
        head: Its bytes before the first row.
        checksum: The checksum of its records without passwords.
        columns: The columns of a CSV file, in its order; None for other files.
        lines: The first line of each row.
        starts: Its first byte.
        sizes: Its number of bytes.
        in_one: Accounts whose rows could not be divided, and why.
    """

    kind: RowKind
    path: str
    head: int
    checksum: str
    columns: tuple[str, ...] | None
    parts: list[Part]
    lines: array[int]
    starts: array[int]
    sizes: array[int]
    in_one: dict[int | None, str]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.starts)

    def index(self, part: Part) -> bytes:
        """Return where the rows of a part stand, as the store keeps it."""
        spans = Spans(
            lines=array("q", map(self.lines.__getitem__, part.places)),
            starts=array("q", map(self.starts.__getitem__, part.places)),
            sizes=array("q", map(self.sizes.__getitem__, part.places)),
            head=self.head,
        )
        return encode(part.places, spans)


class _Account:
    """The rows of one account as they are read."""

    def __init__(self, client: BaseAsyncClient) -> None:
        self.keys = ConflictKeys(AccountNames(client))
        self.samples: dict[Hashable, Row] = {}
        self.begin()

    def begin(self) -> None:
        """Forget what was read: the file is read again."""
        self.places = array("q")
        self.components = Components()
        self.in_one: str | None = None

    def add(self, place: int, row: Row) -> None:
        """Take the next row."""
        self.places.append(place)
        if overlaps_nothing(row):
            self.in_one = "a row takes a rule from whichever registration has its user"
            self.components.make_one()
        keys = self.keys.keys(row)
        if keys is None:  # the account's users may not be listed
            self.in_one = "users are named by id and by name, and cannot be looked up"
            self.components.make_one()
        self.components.add(keys or ())


@attrs.define
class _Reader:
    """Reads a file, in a thread: of a large one it takes minutes."""

    path: str
    kind: RowKind
    on_conflict: OnConflict
    client: BaseAsyncClient
    reading: Reading
    accounts: dict[int | None, _Account] = attrs.field(factory=dict)
    lines: array[int] = attrs.field(factory=lambda: array("q"))
    starts: array[int] = attrs.field(factory=lambda: array("q"))
    sizes: array[int] = attrs.field(factory=lambda: array("q"))
    names: bool = False
    checksum: str = ""
    columns: tuple[str, ...] | None = None

    def read(self) -> None:
        """Read all rows; those that name users by name are known afterwards."""
        with RowFile(self.path, REQUESTS[self.kind], self.reading) as file:
            if file.converted:
                raise InvalidArgumentError(
                    f"{self.path}: {READ_IN_PLACE}",
                    field="path",
                )
            checksum = file.cells = new_checksum()
            for place, (line, row) in enumerate(file.scan(on_conflict=self.on_conflict)):
                start, end = file.span
                self.lines.append(line)
                self.starts.append(start)
                self.sizes.append(end - start)
                self._add(place, row)
            self.columns = file.columns
        self.checksum = checksum.hexdigest()

    def read_again(self) -> None:
        """Read all rows, now that names can be told apart."""
        with RowFile(self.path, REQUESTS[self.kind], self.reading) as file:
            checksum = file.cells = new_checksum()
            for account in self.accounts.values():
                account.begin()
            for place, (_, row) in enumerate(file.scan(on_conflict="order")):
                if (known := self.accounts.get(self._account_of(row))) is not None:
                    known.add(place, row)
        if checksum.hexdigest() != self.checksum:
            raise FileChangedError(f"{self.path} changed while it was read; nothing was sent")

    def _account_of(self, row: Row) -> int | None:
        return None if row.account_id == self.client.account_id else row.account_id

    def _add(self, place: int, row: Row) -> None:
        number = self._account_of(row)
        account = self.accounts.get(number)
        if account is None:
            account = self.accounts[number] = _Account(client_of(self.client, number))
        if not isinstance(row, DeleteRequest) and row.user_name is not None:
            self.names = True
            account.samples.setdefault((row.application_id, row.application_name), row)
        if not self.names:
            account.add(place, row)


def client_of(client: BaseAsyncClient, account_id: int | None) -> BaseAsyncClient:
    """Return a client that acts for an account; None is the client's own."""
    return client if account_id is None else for_account(client, account_id)


async def make_plan(
    client: BaseAsyncClient,
    kind: RowKind,
    path: str | os.PathLike[str],
    *,
    partitions: int | None,
    on_conflict: OnConflict = "order",
    reading: Reading = PLAIN,
) -> Plan:
    """Read a file and divide its rows.

    Args:
        partitions: Number of parts; None: as many as suits the number of rows.
        on_conflict: Rows that share a registration or a user: refuse them, or keep their order.
    """
    name = os.path.abspath(os.fspath(path))  # noqa: PTH100, ASYNC240 - a text, as messages show it
    if os.fspath(path) == "-":
        raise InvalidArgumentError(
            "path: rows of standard input are nowhere that another machine could read; name a file",
            field="path",
        )
    reader = _Reader(name, kind, on_conflict, client, reading)
    await asyncio.to_thread(reader.read)
    if reader.names:
        for account in reader.accounts.values():
            for sample in account.samples.values():
                if isinstance(sample, BindRequest | CreateRequest):
                    await account.keys.learn(sample)
        await asyncio.to_thread(reader.read_again)
    groups = {
        number: Groups(places=account.places, roots=account.components.roots())
        for number, account in reader.accounts.items()
    }
    rows = len(reader.starts)
    return Plan(
        kind=kind,
        path=name,
        head=reader.starts[0] if rows else 0,
        checksum=reader.checksum,
        columns=reader.columns,
        parts=divide(groups, partitions or part_count(rows)) if rows else [],
        lines=reader.lines,
        starts=reader.starts,
        sizes=reader.sizes,
        in_one={
            number: account.in_one for number, account in reader.accounts.items() if account.in_one
        },
    )
