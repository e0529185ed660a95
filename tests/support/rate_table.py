"""The table of docs/pace.md, from virtual time: `python -m tests.support.rate_table` prints it."""

from __future__ import annotations

from tests.support.rate_simulation import UNLIMITED, Job, Server

LATENCY = 0.05
ROWS_IN_FLIGHT = 64
HEADER = """\
| what the server does | of what it allows, in the first 20 s | from then on, to 2 minutes | attempts throttled |
|---|---|---|---|"""


def servers():
    """Yield what each server does, the calls a second that it allows, and the server."""
    for limit in (5, 50, 200, 1000):
        for burst, words in ((max(2, limit // 10), "a tenth of a second"), (limit, "a second")):
            yield (
                f"{limit:,} calls a second, bursts of {words}",
                limit,
                Server(limit, burst, LATENCY),
            )
    yield "200 calls a second, never two at once", 200, Server(200, 1, LATENCY)
    yield (
        "50 calls a second, and it names a delay of 5 seconds",
        50,
        Server(50, 50, LATENCY, named=5.0),
    )
    everything = ROWS_IN_FLIGHT / LATENCY
    for code, says, shares in ((162, "try later", (10,)), (340, "too fast", (1, 10))):
        for share in shares:
            server = Server(
                UNLIMITED,
                UNLIMITED,
                LATENCY,
                background_refusals=share / 100,
                background_code=code,
            )
            words = f'Everything, but it says "{says}" ({code}) to {share} % of calls at random'
            yield words, everything, server


def lines():
    """Yield the lines of the table."""
    yield from HEADER.splitlines()
    for words, allowed, server in servers():
        job = Job(server, maximum=ROWS_IN_FLIGHT).run(120.0)
        throttled = job.counts["refused"] / job.counts["sent"]
        shares = (job.rate(0.0, 20.0) / allowed, job.rate(20.0, 120.0) / allowed, throttled)
        yield f"| {words} | " + " | ".join(f"{100 * share:.0f} %" for share in shares) + " |"


if __name__ == "__main__":
    print("\n".join(lines()))
