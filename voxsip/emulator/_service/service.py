"""The service without its wire: a request's parts go in, a reply comes out. No I/O."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING

import orjson
from attrs import define, field

import voxsip.emulator._commands  # noqa: F401  (enters the handlers in the table)
from voxsip.emulator._service.context import HANDLERS, Context, Reply
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.files import File, Scan
from voxsip.emulator._service.samples import SAMPLE_FILE, is_file, sample_reply
from voxsip.emulator._service.spec import CommandSpec, command_specs
from voxsip.emulator._service.tokens import TokenVerifier
from voxsip.emulator._service.values import typed_values
from voxsip.emulator._state.account import Account
from voxsip.emulator._state.directory import Ids

if TYPE_CHECKING:
    from decimal import Decimal

    from voxsip.emulator._service.clock import Clock
    from voxsip.emulator._service.limit import TokenBucket

MISSING_COMMAND = 102
UNKNOWN_COMMAND = 103
FORBIDDEN_COMMAND = 104
RATE_LIMIT = 340

_EMPTY_TEXTS = {"sip_username": 273, "proxy": 274}


@define(kw_only=True)
class Call:
    """One request: its command, parameters as text, and `Authorization` header.

    `page_cap` and `shift` are what faults do to a page, `skew` what they do to the clock.
    """

    command: str
    parameters: Mapping[str, str] = field(repr=False)
    files: Mapping[str, bytes] = field(factory=dict, repr=False)
    authorization: str | None = field(default=None, repr=False)
    page_cap: int | None = None
    shift: int = 0
    skew: float = 0.0


class Service:
    """Keep the accounts of one server and execute commands on them.

    One lock makes a command atomic, also against a look at the state from another thread.

    Attributes:
        uncounted: files of reports that were ordered; each is complete once it is counted.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        balance: Decimal,
        price: Decimal,
        page_cap: int = 1000,
        max_registrations: int | None = None,
        max_users: int = 1000,
    ) -> None:
        self.clock = clock
        self.price = price
        self.page_cap = page_cap
        self.max_registrations = max_registrations
        self.max_users = max_users
        self.api_address = "localhost"
        self.lock: threading.Lock = threading.Lock()
        self.accounts: dict[int, Account] = {}
        self.received: dict[str, int] = dict.fromkeys(sorted(command_specs()), 0)
        self.executed: dict[str, int] = dict.fromkeys(sorted(command_specs()), 0)
        self.callback_ids: Iterator[int] = count(1)
        self.uncounted: list[File] = []
        self._ids = Ids()
        self._balance = balance
        self._children: dict[int, dict[int, Account]] = {}
        self.tokens: TokenVerifier = TokenVerifier(clock, self._may_act)
        self.main: Account = self.add_account()

    def add_account(
        self,
        parent: int | None = None,
        *,
        balance: Decimal | None = None,
        limit: TokenBucket | None = None,
        own_ids: bool = False,
    ) -> Account:
        """Open an account, the first or a child of another.

        Args:
            parent: the account whose keys may act for it.
            balance: its money; None gives it what the first account had.
            limit: the calls a second that it may make.
            own_ids: count the ids of its things from 1, as the first account does, so that both have the same.
        """
        account = Account(
            len(self.accounts) + 1,
            balance=self._balance if balance is None else balance,
            ids=Ids() if own_ids else self._ids,
            clock=self.clock,
        )
        account.limit = limit
        self.accounts[account.id] = account
        if parent is not None:
            self._children.setdefault(parent, {})[account.id] = account
        return account

    def _may_act(self, owner: int, account_id: int) -> bool:
        if owner == account_id:
            return account_id in self.accounts
        return account_id in self._children.get(owner, ())

    def receive(self, command: str) -> bool:
        """Count a request that names a command; returns whether the command exists."""
        if command not in self.received:
            return False
        self.received[command] += 1
        return True

    def reply(self, call: Call) -> bytes | File | Scan:
        """Execute a call and return the body of the reply, an error's included."""
        try:
            result = self.execute(call)
        except RefusedError as refused:
            return orjson.dumps(refused.body())
        return result if isinstance(result, File | Scan) else orjson.dumps(result)

    def execute(self, call: Call) -> Reply:
        """Do what a call asks for.

        Raises:
            RefusedError: the call was refused and has changed nothing.
        """
        spec = command_specs().get(call.command)
        if spec is None:
            raise RefusedError(UNKNOWN_COMMAND if call.command else MISSING_COMMAND)
        with self.lock:
            self.clock.skew = call.skew
            try:
                return self._execute(call, spec)
            finally:
                self.clock.skew = 0.0

    def _execute(self, call: Call, spec: CommandSpec) -> Reply:
        grant = self.tokens.verify(call.authorization)
        account = self.accounts[grant.account_id]
        if account.limit is not None and not account.limit.take():
            account.refused += 1
            raise RefusedError(RATE_LIMIT)
        if spec.roles and not spec.roles & grant.roles:
            raise RefusedError(FORBIDDEN_COMMAND)
        context = Context(
            account=account,
            values=typed_values(spec, call.parameters, _EMPTY_TEXTS, call.files),
            price=self.price,
            max_registrations=self.max_registrations,
            max_users=self.max_users,
            api_address=self.api_address,
            page_cap=self.page_cap if call.page_cap is None else min(self.page_cap, call.page_cap),
            shift=call.shift,
            children=self._children.get(account.id, {}),
            accounts=self.accounts.values(),
            uncounted=self.uncounted,
        )
        handler = HANDLERS.get(call.command)
        result: Reply
        if handler is not None:
            result = handler(context)
        elif is_file(call.command, dict(context.values)):
            result = SAMPLE_FILE
        else:
            result = sample_reply(context, call.command)
        self.executed[call.command] += 1
        account.executed[call.command] += 1
        if not spec.reads:
            account.audit.append((next(account.ids.audit), account.timestamp(), call.command))
        return result
