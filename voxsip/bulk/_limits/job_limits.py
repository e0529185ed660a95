"""What a job may have in flight and how fast it may send: one adaptive pair of limits per job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip._calls.limiter import Limiter, LimiterSource, RateLimiter
from voxsip._config import RateLimit
from voxsip.bulk._limits.adaptive import AdaptiveLimits

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient


class JobLimits:
    """The limits of one job, and the view of the client that keeps to them.

    A rate that the job was given is a ceiling: throttled attempts lower it, quiet raises it again. A limiter
    made by the user, for the job or for the client, is shared with others and left at their rate.

    Args:
        client: the user's.
        concurrency: rows in flight at most.
        rate_limit: the rate limit of the job, or None.
    """

    def __init__(
        self,
        client: BaseAsyncClient,
        concurrency: int,
        rate_limit: RateLimit | RateLimiter | LimiterSource | None,
    ) -> None:
        own = rate_limit if isinstance(rate_limit, RateLimit) else None
        given = client.limiter if rate_limit is None else rate_limit
        shared = given is not None and own is None
        self.client = client.with_options(
            rate_limit=given if shared else Limiter(own, clock=client.clock)
        )
        limiter = self.client.limiter
        if limiter is None:
            raise TypeError("a view with a limiter has one")
        self.limiter: RateLimiter = limiter
        self.adaptive = AdaptiveLimits(
            concurrency,
            max_rate=own.rate if own else None,
            on_rate=None if shared else self.limiter.set_rate,
            on_pause=self.limiter.pause,
        )
