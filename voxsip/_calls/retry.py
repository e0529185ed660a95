"""Retries attempts by the policy, with tenacity's loop.

The first attempt runs outside the loop, so that calls that succeed do not pay for it; its failure is replayed as the
loop's first turn.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from voxsip._calls.halt import wait_to_send
from voxsip._clock import REAL, SYSTEM, Clock
from voxsip._config import RetryPolicy
from voxsip._errors import Disposition, NotSentError, VoxsipError
from voxsip._lazy import IMPORTS

T = TypeVar("T")


class RetryBudget:
    """The client-wide allowance of retries.

    Throttled attempts do not consume the budget: the server is healthy and told us to wait.
    """

    __slots__ = ("_left", "_refill", "_size")

    def __init__(self, policy: RetryPolicy) -> None:
        self._size = self._left = policy.budget
        self._refill = policy.budget_refill

    def earn(self) -> None:
        """Count a call, which refills the budget a little."""
        if self._left < self._size:
            self._left = min(self._size, self._left + self._refill)

    def spend(self, error: VoxsipError) -> bool:
        """Take a retry for this error from the budget; return False if none is left."""
        if error.disposition is Disposition.THROTTLED:
            return True
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Retrier:
    """Runs the attempts that follow a failed first one.

    Args:
        policy: The number of attempts and the delays between them.
        clock: The clock that waits.
        jitter: The function that returns a random number between 0 and 1.
        budget: The client-wide allowance of retries; None makes one by the policy.
    """

    __slots__ = ("_clock", "_jitter", "budget", "policy")

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        clock: Clock = SYSTEM,
        jitter: Callable[[], float] = REAL.random,
        budget: RetryBudget | None = None,
    ) -> None:
        self.policy = policy
        self.budget = budget or RetryBudget(policy)
        self._clock = clock
        self._jitter = jitter

    def with_policy(self, policy: RetryPolicy) -> Retrier:
        """Return a retrier with another policy, its own budget, and the same clock."""
        return Retrier(policy, clock=self._clock, jitter=self._jitter)

    async def again(
        self,
        first: VoxsipError,
        attempt: Callable[[], Awaitable[T]],
        more: Callable[[int], bool],
        note: Callable[[VoxsipError, float], None] | None = None,
    ) -> T:
        """Continue after a failed first attempt.

        Args:
            first: The error of the first attempt.
            attempt: The function that makes the next attempt.
            more: The function that returns whether there may be another turn after this number of them.
            note: The function called before each wait with the error and the seconds to wait; None for none.

        Raises:
            VoxsipError: The last attempt failed, and no other may follow.
        """
        with IMPORTS:
            from tenacity import AsyncRetrying, RetryCallState  # noqa: PLC0415 - seldom needed

        replay: VoxsipError | None = first

        async def turn() -> T:
            nonlocal replay
            if replay is not None:
                error, replay = replay, None
                raise error
            return await attempt()

        def may_retry(state: RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            return (
                isinstance(error, VoxsipError)
                and more(state.attempt_number)
                and self._may_retry(error)
            )

        def delay(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return self.policy.delay(
                state.attempt_number, getattr(error, "retry_after", None), self._jitter
            )

        async def sleep(seconds: float) -> None:
            await wait_to_send(self._clock.sleep(seconds))

        def before_sleep(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            if note is not None and isinstance(error, VoxsipError) and state.next_action:
                note(error, state.next_action.sleep)

        retrying = AsyncRetrying(
            wait=delay,
            retry=may_retry,
            sleep=sleep,
            before_sleep=before_sleep,
            reraise=True,
        )
        return await retrying(turn)

    def _may_retry(self, error: VoxsipError) -> bool:
        if error.disposition in {Disposition.REFUSED, Disposition.TOKEN}:
            return False
        if isinstance(error, NotSentError) and error.permanent:
            return False
        return self.budget.spend(error)
