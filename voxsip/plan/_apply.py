"""One application of a plan, from the checks to the last change; the engine and journal are those of bulk jobs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import attrs

from voxsip._base_client import account_of, knowing
from voxsip._bindings.listing import every_registration
from voxsip._errors import ConfigurationError, InvalidArgumentError, error_class
from voxsip.bulk._engine.engine import Engine
from voxsip.bulk._engine.sender import sender
from voxsip.bulk._engine.window import Window
from voxsip.bulk._funds import can_pay
from voxsip.bulk._guards import Guards
from voxsip.bulk._journal.interface import JobHeader, Journal
from voxsip.bulk._journal.previous_runs import PreviousRuns
from voxsip.bulk._journal.status import read_journal
from voxsip.bulk._live.purchases import Purchases, survey_again
from voxsip.bulk._outcomes import Stop, stop_reason
from voxsip.bulk._run import Run
from voxsip.plan._calls import ChangeKeys, Progress, Sender
from voxsip.plan._check import Check, Done, compare
from voxsip.plan._errors import PredecessorError, StalePlanError, ThresholdError
from voxsip.plan._live import Live
from voxsip.plan._model import Change
from voxsip.plan._phases import Phases
from voxsip.plan._plan import Plan
from voxsip.plan._sent_passwords import find_passwords

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient

log = logging.getLogger("voxsip.plan")


@attrs.define(kw_only=True, eq=False)
class ApplyRun(Run):
    """Applies a plan.

    Attributes:
        force: Whether to apply it despite its thresholds.
        input: The rows that the plan was made of, if it was saved and its passwords are in them; or None.
    """

    plan: Plan
    force: bool = False
    input: Iterable[object] | None = None
    _account: int | None = attrs.field(default=None, init=False)
    _digest: str = attrs.field(default="", init=False)
    _passwords: dict[int, str] = attrs.field(factory=dict, init=False, repr=False)
    _resumed: bool = attrs.field(default=False, init=False)

    async def _survey(self) -> list[int] | None:
        """Check the plan; unless it has begun, compare it and return the existing ids."""
        plan = self.plan
        plan.check_rows()
        self._resumed = os.path.lexists(self.journal or "")  # noqa: ASYNC240 - one look
        forced = plan.thresholds.forced or self.force
        if plan.thresholds.exceeded and not (forced or self._resumed):
            raise ThresholdError(threshold_text(plan))
        await self._check_account()
        self._digest = plan.fingerprint()
        self._passwords = find_passwords(plan, self.input)
        if self._resumed:
            self._check_begun()
            return None
        if not plan.changes:
            return []
        live = await self._compare({}, {})
        known = list(live.registrations)
        self._purchases = Purchases(known)
        return known

    async def _check_account(self) -> None:
        plan = self.plan
        if plan.base_url != self.client.base_url:
            raise InvalidArgumentError(
                f"plan: it was made with {plan.base_url}, and the client talks to {self.client.base_url}; "
                "use the API it was made with, or plan again",
                field="plan",
            )
        self._account = await account_of(self.client)
        if self._account != plan.account_id:
            raise InvalidArgumentError(
                f"plan: it was made for account {plan.account_id}, and the credentials are for {self._account}; "
                "use the account it was made for, or plan again",
                field="plan",
            )

    def _check_begun(self) -> None:
        status = read_journal(self.journal or "")
        if status.kind != "apply" or status.checksum != self._digest:
            raise ConfigurationError(
                f"journal {self.journal}: it belongs to another job; name another journal for this plan"
            )
        counts = status.counts
        # What waited for a failed change stays skipped; what was skipped since the job stopped does not.
        over = counts["skipped"] == status.errors.get(PredecessorError.__name__, 0)
        ended = status.rows == sum(counts.values()) - counts["intended"]
        if over and ended and not status.running and status.stopped is None:
            raise StalePlanError(
                f"plan: it was applied to its end already, says {self.journal}; plan again to see what is left"
            )

    async def _open_journal(self, known: Iterable[int] | None) -> Journal | None:
        if self._resumed:
            return await self._journal_at(self.journal or "", None, None)
        header = JobHeader(
            kind="apply",
            account_id=self._account,
            options=self.options.to_json(),
            source=self.plan.path or self.plan.source,
            checksum=self._digest,
            rows=len(self.plan.changes),
        )
        return await self._journal_at(self.journal or "", header, known)

    async def _compare(self, done: Mapping[int, Done], made: Mapping[int, int]) -> Live:
        """Compare the plan with the live state.

        Raises:
            StalePlanError: They differ.
        """
        live = Live([item async for item in every_registration(self.client)])
        differences, count = compare(Check(self.plan.changes, live, done, made))
        if count:
            what = "1 thing differs" if count == 1 else f"{count} things differ"
            raise StalePlanError(
                f"plan: {what} from what it was made for; nothing was sent, plan again",
                differences,
                count,
            )
        return live

    async def _rows(self, journal: Journal | None) -> None:
        changes, options = self.plan.changes, self.options
        if journal is None:
            raise ConfigurationError("journal: a plan is applied with one")
        self._report.kind = "apply"
        self._report.options = options.to_json()
        limits = self._make_limits()
        client: BaseAsyncClient = limits.client
        previous = PreviousRuns(journal)
        await previous.check(self.rows, Change)
        await journal.begin()
        done: Mapping[int, Done] = {}
        purchases = self._purchases
        if self._resumed:
            if journal.log_lost:
                log.warning("the journal has lost its -wal file: changes not in it may be done")
            await self._until_quiet(journal, "apply")
            purchases = await survey_again(client, journal, None)
            done, made = await _restore(journal, changes)
            await self._compare(done, made)
        if purchases is not None:
            previous.find = purchases.find
            if purchases.known is not None:
                client = knowing(client, purchases.known, purchases.present)
        claimed = () if purchases is None else purchases.claimed
        phases, progress = Phases(changes), Progress(changes)
        engine = self._engine = Engine(
            row_class=Change,
            source=phases,
            send=Sender(
                client,
                {
                    "bind": sender("bind", client, previous, claimed),
                    "create": sender("create", client, previous, claimed),
                    "delete": sender("delete", client, previous, claimed),
                },
                progress,
                self._passwords,
            ),
            keys=ChangeKeys(changes),
            window=Window(max(4 * options.concurrency, 256)),
            queue=self.queue,
            report=self._report,
            limits=limits.adaptive,
            guards=Guards(kind="apply", options=options),
            workers=options.concurrency,
            previous_runs=previous if journal.resumed else None,
            on_end=previous.end,
            observers=[
                *([] if purchases is None else [purchases.observe]),
                progress.observe,
                phases.observe,
                previous.observe,
            ],
            catch_up=journal.room,
            clock=self.client.clock.monotonic,
            sleep=self.client.clock.sleep,
        )
        left = sum(
            change.action == "create" and done.get(change.number, Done.NOT) is Done.NOT
            for change in changes
        )
        if self._stop is not None:
            engine.stop(self._stop[0], read_rest=self._stop[1])
        elif left and options.check_funds and not await can_pay(client, left):
            engine.stop(Stop.FUNDS)
        await self._run_engine(engine)


async def _restore(
    journal: Journal, changes: Iterable[Change]
) -> tuple[dict[int, Done], dict[int, int]]:
    """Read the known state of every change from the journal, and what was made."""
    done: dict[int, Done] = {}
    made: dict[int, int] = {}
    for change in changes:
        known = await journal.restored(change.number - 1)
        if known is None:
            # An intent is on the disk before a creation or a deletion leaves, as long as the journal is whole;
            # of other calls that ended in the last moment, a killed process may have written nothing.
            durable = change.kind in {"create", "delete"} and not journal.log_lost
            state = Done.NOT if durable else Done.MAYBE
        elif known.status in {"intended", "unknown"}:
            state = Done.MAYBE
        elif known.status in {"done", "unchanged"}:
            state = Done.YES
        elif known.status == "failed" and not stop_reason("apply", error_class(known.error_code)):
            state = Done.NEVER
        else:
            state = Done.NOT
        done[change.number] = state
        if known is not None and known.result_id is not None:
            made[change.number] = known.result_id
    return done, made


def threshold_text(plan: Plan) -> str:
    """Return which thresholds a plan exceeds."""
    limits = plan.thresholds
    counts = {"disruptive": limits.disruptive, "deletes": limits.deletes}
    names = {"disruptive": "disruptive changes", "deletes": "deletions"}
    parts = " and ".join(f"{counts[name]:,} {names[name]}" for name in limits.exceeded)
    return (
        f"plan: {parts} are more than {limits.share:.0%} of the {limits.in_scope:,} registrations in scope; "
        "look through the plan, then pass --force (force=True)"
    )
