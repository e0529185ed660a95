"""How a job's rows are divided, in words: how evenly, and whether several machines are of any use. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from voxsip._printable import counted
from voxsip.cluster._partition import Part

ROWS_PER_SECOND = 1_000
"""Rows that one process sends in a second, if the service is near and takes so many; measured in docs/speed.md."""
UNEVEN = 1.5
"""How many times the average the largest part may have before it is worth a word."""


def describe(parts: list[Part], in_one: Mapping[int | None, str], rate: float | None) -> str:
    """Return some lines for people.

    Args:
        in_one: Accounts whose rows could not be divided, and why.
        rate: Requests a second that an account may take, or None if nobody said.
    """
    rows = sum(len(part.places) for part in parts)
    accounts = {part.account_id for part in parts}
    if not rows:
        return "no rows"
    largest = max(len(part.places) for part in parts)
    average = rows / len(parts)
    of = f" of {len(accounts):,} accounts" if len(accounts) > 1 else ""
    size = f"{average:,.0f} on average, {largest:,} in the largest"
    divided = f"{counted(rows, 'row')}{of} in {counted(len(parts), 'part')}"
    lines = [f"{divided}: {size} ({largest / average:.1f} times the average)"]
    for account, reason in in_one.items():
        whose = "" if account is None else f" of account {account}"
        lines.append(f"the rows{whose} are one part: {reason}")
    group = max(part.largest for part in parts)
    if largest > UNEVEN * average and group > average:
        lines.append(
            f"{group:,} rows share registrations or users with one another, {group / rows:.0%} of all: they stay together, "
            f"so {rows / largest:.1f} machines at most have something to do"
        )
    useful = _machines(rows, largest, len(accounts), rate)
    if useful is not None:
        lines.append(useful)
    return "\n".join(lines)


def _machines(rows: int, largest: int, accounts: int, rate: float | None) -> str | None:
    """Return whether one machine is as good."""
    safer = "several are only safer, as the job outlives each of them"
    if largest == rows:
        return f"one machine is as fast: there is only one part; {safer}"
    if rate is not None:
        total = rate * accounts
        if total <= ROWS_PER_SECOND:
            each = f"{rate:g} {'request' if rate == 1 else 'requests'} a second" + (
                f" for each of {accounts}" if accounts > 1 else ""
            )
            return f"one machine is as fast: the rate is the limit ({each}), and one process sends {ROWS_PER_SECOND:,}; {safer}"
        return None
    if accounts == 1:
        return (
            f"one machine is as fast if the account may be called less than {ROWS_PER_SECOND:,} times a second, "
            f"which one process sends; {safer}"
        )
    return None
