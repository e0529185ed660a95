"""All accounts of a job. Of a job for one account, by far the most, nothing here is called for a row.

A child account is opened when the first row for it is read. From then on the engine asks here which rows conflict, who
sends a row and at what pace: accounts share nothing but the number of rows in flight at most.
"""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
from yarl import URL

from voxsip._base_client import BaseAsyncClient, account_of, for_account, knowing
from voxsip._bindings.rows import CreateRequest, Row
from voxsip._calls.id_set import IdSet
from voxsip._calls.trace import uncounted
from voxsip._errors import AuthorizationError, NotSentError, OutcomeUnknownError, VoxsipError
from voxsip._protocol.model import Model
from voxsip.bulk._accounts.account import Account
from voxsip.bulk._engine.engine import Engine
from voxsip.bulk._engine.interface import Holds, Item, Send, SkipRow
from voxsip.bulk._engine.sender import sender
from voxsip.bulk._funds import can_pay, count_purchases
from voxsip.bulk._journal.interface import Journal
from voxsip.bulk._journal.previous_runs import PreviousRuns
from voxsip.bulk._limits.job_limits import JobLimits
from voxsip.bulk._live.existing import Existing, read_bindings
from voxsip.bulk._live.purchases import Purchases, Survey, survey, survey_again
from voxsip.bulk._options import Options
from voxsip.bulk._outcomes import Kind, Outcome, Quote, Stop
from voxsip.bulk._source import Source

if TYPE_CHECKING:
    from voxsip._bindings.names import AccountNames
    from voxsip._bindings.state import Binding

log = logging.getLogger("voxsip.bulk")


@attrs.define(kw_only=True, eq=False)
class Accounts:
    """The accounts of one job.

    Args:
        client: The user's; acts for the client's own account.
        own: The client's own account.
        survey: Tells what an account has before the first purchase.
    """

    kind: Kind
    client: BaseAsyncClient
    options: Options
    own: Account
    source: Source
    journal: Journal | None
    previous_runs: PreviousRuns | None
    survey: Survey = survey

    limit: int = attrs.field(init=False)
    """Rows in flight at most, of all accounts together."""
    _known: dict[int | None, Account] = attrs.field(init=False)
    _holds_own: Holds | None = attrs.field(default=None, init=False)
    _engine: Engine | None = attrs.field(default=None, init=False)
    _key_refused: bool | None = attrs.field(default=None, init=False)
    _asking: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        """Know the client's own account under both its names."""
        self.limit = self.options.concurrency
        self._known = {None: self.own}
        if self.client.account_id is not None:
            self._known[self.client.account_id] = self.own

    def __contains__(self, number: int | None) -> bool:
        return number in self._known

    def __iter__(self) -> Iterator[Account]:
        """Give every account, each once."""
        yield self.own
        yield from (one for one in self._known.values() if one is not self.own)

    def of(self, row: Row) -> Account:
        """Return a row's account."""
        return self._known[row.account_id]

    async def open(self, number: int | None) -> None:
        """Get ready for rows of a child account; the client's own is ready.

        Raises:
            ConfigurationError: The client's token cannot act for another account.
            VoxsipError: What is there could not be read, and has to be known.
        """
        if number is None:
            return
        client = for_account(self.client, number)
        options = self.options
        limits = JobLimits(client, options.concurrency, options.rate_limit)
        account = Account(number, limits, verify=self.own.verifier is not None)
        try:
            await self.prepare(account)
        except AuthorizationError as error:
            await self._refuse(account, error)
        self._known[number] = account
        if self._engine is not None:
            self._serve_all(self._engine)

    async def prepare(self, account: Account) -> Send:
        """Find out what is there and whether the money suffices; return what sends."""
        existing = account.existing
        claimed: IdSet | tuple[int, ...] = ()
        if existing is None and self.options.skip_unchanged and self.kind != "bind":
            existing = account.existing = Existing()
        if self.kind == "create":
            purchases = account.purchases = await self._survey(account, existing)
            claimed = purchases.claimed
            if purchases.known is not None:
                account.client = knowing(account.client, purchases.known, purchases.present)
        elif existing is not None:
            await existing.read(account.client)
        elif self.options.skip_unchanged and account is not self.own:
            account.live = await read_bindings(account.client)  # refused here, if it is
        send = account.send = sender(self.kind, account.client, self.previous_runs, claimed)
        if self.kind == "create" and account is not self.own:
            await self.check_funds(account)
        return send

    async def check_funds(self, account: Account) -> None:
        """Stop an account whose money does not suffice before anything is bought there."""
        if not self.options.check_funds:
            return
        settled = 0 if self.journal is None else self.journal.settled.get(account.number, 0)
        settled += len(account.purchases or ())
        names = {number for number, one in self._known.items() if one is account}
        wanted = count_purchases(self.source, account.existing, settled, names or {account.number})
        if not await can_pay(account.client, wanted, await self._holder(account)):
            account.stopped = Stop.FUNDS
            self._note_stop(account, Stop.FUNDS)

    async def _holder(self, account: Account) -> Callable[..., Awaitable[Quote]] | None:
        """Return the reserve that an account's jobs share in a store, or None."""
        hold_money = getattr(self.journal, "hold_money", None)
        if hold_money is None:
            return None
        own = await account_of(self.client)
        service = URL(self.client.base_url).authority
        return partial(hold_money, service, own, account.number)

    async def _survey(self, account: Account, existing: Existing | None) -> Purchases:
        if account.purchases is not None:
            return account.purchases  # the job's own account, before there was a journal
        journal, number = self.journal, account.number
        if journal is not None and (
            journal.resumed if number is None else number in journal.surveyed
        ):
            return await survey_again(account.client, journal, existing, number)
        known = await self.survey(account.client, existing, number)
        if journal is not None and number is not None:
            await journal.note_known(number, known)
        return Purchases(known)

    async def bindings(
        self, number: int | None
    ) -> tuple[int | None, AccountNames, Mapping[int, Binding]]:
        """Return which account a number means, its names, and its bindings as they are."""
        if number not in self:
            await self.open(number)
        account = self._known[number]
        if account.live is None:
            account.live = {} if account.refusal else await read_bindings(account.client)
        return account.number, account.names, account.live

    def attach(self, engine: Engine) -> None:
        """Work for an engine."""
        self._engine = engine
        engine.accounts = self
        if any(one is not self.own for one in self._known.values()):
            self._serve_all(engine)
        elif self.own.stopped is not None:
            engine.stop(self.own.stopped)

    def _serve_all(self, engine: Engine) -> None:
        """Have the engine ask here for every row from now on."""
        if engine.limits is self:
            return
        engine.limits, engine.limits_of = self, self.of
        engine.keys, engine.send = self, self.send
        engine.guards.stop_account = self._stop_account
        if engine.learn is not None:
            engine.learn, engine.knows = self._learn, self._knows
        if engine.holds is not None:
            self._holds_own, engine.holds = engine.holds, self._holds
        engine.observers = [
            self._observe,
            *([] if self.previous_runs is None else [self.previous_runs.observe]),
        ]
        if self.own.stopped is not None:
            self._note_stop(self.own, self.own.stopped)

    # What the engine asks

    def on_success(self, now: float, in_flight: int) -> None:
        """Do nothing: each account has limits of its own."""

    def on_failure(self, now: float, error: VoxsipError) -> None:
        """Do nothing: each account has limits of its own."""

    def keys(self, row: Row) -> tuple[Any, ...] | None:
        """Return a row's keys: those of its account, which no row of another shares."""
        account = self.of(row)
        keys = account.keys.keys(row)
        if keys is None or account.number is None:
            return keys
        return tuple((account.number, key) for key in keys)

    async def learn(self, row: Any) -> None:
        """Make `keys` able to answer for this row."""
        await self.of(row).keys.learn(row)

    async def send(self, item: Item) -> Model:
        """Send a row at the pace of its account.

        Raises:
            SkipRow: The account is stopped.
        """
        account = self.of(item.row)
        await account.enter()
        try:
            if account.refusal is not None or account.stopped is not None:
                raise _unsent(account, item)
            if account.send is None:
                raise NotSentError(f"account {account.number}: it could not be made ready")
            return await account.send(item)
        except AuthorizationError as error:
            if account is not self.own and account.refusal is None:
                await self._refuse(account, error)
            raise
        finally:
            account.leave()

    def find(self, row: CreateRequest) -> int | OutcomeUnknownError | None:
        """Return and claim the purchase of an earlier run for a row; see `Purchases`."""
        purchases = self.of(row).purchases
        return None if purchases is None else purchases.find(row)

    async def _learn(self, row: Row) -> None:
        verifier = self.of(row).verifier
        if verifier is not None:
            await verifier.learn(row)

    def _knows(self, row: Row) -> bool:
        verifier = self.of(row).verifier
        return verifier is None or verifier.knows(row)

    def _holds(self, index: int, row: Any) -> Model | bool:
        account = self.of(row)
        if account.refusal is not None:
            return False  # nothing is known of what is there
        if account.existing is not None:
            return account.existing.holds(index, row)
        return self._holds_own is not None and self._holds_own(index, row)

    def _observe(self, outcome: Outcome[Any]) -> None:
        account = self._known.get(getattr(outcome.row, "account_id", None))
        for observe in () if account is None else observers(account):
            observe(outcome)

    # Accounts that cannot be used

    async def _refuse(self, account: Account, error: AuthorizationError) -> None:
        """Give up an account that the key may not use; stop the job if the key is bad."""
        if not await self._is_key_refused():
            log.warning("account %s: the key may not act for it (%s)", account.number, error)
        account.refusal = copy.copy(error)

    async def _is_key_refused(self) -> bool:
        async with self._asking:
            if self._key_refused is None:
                try:
                    with uncounted():
                        await self.client.accounts.get_account_info()
                except AuthorizationError:
                    self._key_refused = True
                except VoxsipError:
                    pass  # nothing is known of the key
                else:
                    self._key_refused = False
            return bool(self._key_refused)

    def _stop_account(self, outcome: Outcome[Any], reason: Stop) -> bool:
        """Stop an account in place of the job if the error is its own; return whether."""
        account = self.of(outcome.row)
        if reason is Stop.AUTHORIZATION:  # else the role forbids it, and that is the key's
            refused = isinstance(outcome.error, AuthorizationError)
            return refused and account is not self.own and not self._key_refused
        if reason is Stop.PROXY:
            return False
        account.stopped = reason
        self._note_stop(account, reason)
        return True

    def _note_stop(self, account: Account, reason: Stop) -> None:
        log.warning("account %s: stopping: %s", account.number or self.client.account_id, reason)
        if self._engine is not None and self._engine.report.stopped is None:
            self._engine.report.stopped = reason


def check_accounts(client: BaseAsyncClient, source: Source) -> None:
    """Refuse an input that names accounts the client cannot act for."""
    for number in source.named_accounts:
        if number not in {None, client.account_id} and number is not None:
            for_account(client, number)
            return


def observers(account: Account) -> list[Callable[[Outcome[Any]], None]]:
    """Return what takes in the outcomes of an account's rows."""
    found: list[Callable[[Outcome[Any]], None]] = []
    if account.existing is not None:
        found.append(account.existing.claim)
    if account.purchases is not None:
        found.append(account.purchases.observe)
    if account.verifier is not None:
        found.append(account.verifier.observe)
    return found


def _unsent(account: Account, item: Item) -> Exception:
    """Return what a row meets whose account cannot be used."""
    label = item.row.label
    if item.intended is not None:
        return OutcomeUnknownError(
            f"{label}: an earlier run may have sent it, and this one could not look"
        )
    if account.refusal is not None:
        return copy.copy(account.refusal)
    return SkipRow(NotSentError(f"{label}: not sent: its account is stopped: {account.stopped}"))
