"""What a journal in PostgreSQL says to its server. Every write names the lease that it is made under.

Each may be sent again after a connection was lost with its reply: who holds the lease already is given the same answer.
"""

from __future__ import annotations

from voxsip.bulk._journal.lines import ACCOUNT, COLUMNS, NAMES, PLACE, STATUS, replacing

HEADER = ("kind", "account_id", "options", "source", "checksum", "version", "rows")
"""Columns of a job that `decoding.job_header` takes."""
HELD = """
WITH held AS (
    UPDATE voxsip.job SET lease_until = extract(epoch FROM clock_timestamp()) + $3
    WHERE id = $1 AND lease = $2 RETURNING id
)
"""
RENEW = f"{HELD} SELECT EXISTS (SELECT FROM held) AS held"  # noqa: S608 - made of constants
_UPSERT = f"ON CONFLICT (job, place) {replacing('r')}, price = coalesce(excluded.price, r.price)"
_ARRAYS = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(COLUMNS.values(), 4))
_PRICES, _SERVICE, _OWN = (f"${n}" for n in range(4 + len(COLUMNS), 7 + len(COLUMNS)))
_PLACE, _STATUS, _ACCOUNT = (f"${4 + n}" for n in (PLACE, STATUS, ACCOUNT))
WRITE = f"""
{HELD}, written AS (
    INSERT INTO voxsip.job_row AS r (job, {NAMES})
    SELECT held.id, given.* FROM held, unnest({_ARRAYS}) AS given ({NAMES})
    {_UPSERT}
)
SELECT EXISTS (SELECT FROM held) AS held
"""  # noqa: S608 - made of constants
BUY = f"""
{HELD}, paid AS (
    SELECT held.id, voxsip.reserve(held.id, {_SERVICE}, {_OWN}, {_PLACE}, {_STATUS}, {_ACCOUNT}, {_PRICES}) AS refused
    FROM held
), written AS (
    INSERT INTO voxsip.job_row AS r (job, {NAMES}, price)
    SELECT paid.id, given.* FROM paid, unnest({_ARRAYS}, {_PRICES}::numeric[]) AS given ({NAMES}, price)
    WHERE given.place <> ALL (paid.refused)
    {_UPSERT}
)
SELECT EXISTS (SELECT FROM held) AS held, (SELECT refused FROM paid) AS refused
"""  # noqa: S608 - made of constants
BEGIN_READING = """
INSERT INTO voxsip.money AS m (service, account_id, readings) VALUES ($1, $2, 1)
ON CONFLICT (service, account_id) DO UPDATE SET readings = m.readings + 1 RETURNING readings, spent
"""
# A reading that began before the one that is kept says less.
END_READING = """
UPDATE voxsip.money SET reading = $3, spent_before = $4, balance = $5
WHERE service = $1 AND account_id = $2 AND reading < $3
"""
LOOK_AT_MONEY = """
SELECT open, spent, balance - (spent - spent_before) - open AS free FROM voxsip.money
WHERE service = $1 AND account_id = $2
"""
UPDATE = "UPDATE voxsip.job SET {} WHERE id = $1 AND lease = $2 RETURNING true AS held"
GIVE_BACK = """
UPDATE voxsip.job SET lease = CASE WHEN $3 THEN '' END, lease_until = 0, holder = NULL
WHERE id = $1 AND (lease = $2 OR holder IS NULL) RETURNING true AS held
"""
_JOB = ", ".join(f"j.{name}" for name in ("id", *HEADER, "rows_total", "runs"))
CREATE = f"""
INSERT INTO voxsip.job AS j (name, kind, account_id, options, source, checksum, version, rows, known,
    holder, lease, lease_until, grace, runs)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, extract(epoch FROM clock_timestamp()) + $12, $13, 1)
ON CONFLICT (name) DO UPDATE SET lease_until = excluded.lease_until WHERE j.lease = excluded.lease
RETURNING {_JOB}
"""  # noqa: S608 - made of constants
TAKE_OVER = f"""
UPDATE voxsip.job AS j SET holder = $2, lease = $3, lease_until = extract(epoch FROM clock_timestamp()) + $4,
    grace = $5, runs = j.runs + (j.lease IS DISTINCT FROM $3)::integer, started = now(), stopped = NULL
FROM (SELECT id, lease FROM voxsip.job WHERE name = $1 FOR UPDATE) AS before
WHERE j.id = before.id
    AND (j.lease IS NULL OR j.lease = $3 OR j.lease_until + j.grace < extract(epoch FROM clock_timestamp()))
RETURNING {_JOB}, before.lease IS NOT NULL AS unclean
"""  # noqa: S608 - made of constants
LOOK = """
SELECT holder, lease_until + grace - extract(epoch FROM clock_timestamp()) AS left FROM voxsip.job WHERE name = $1
"""
FACTS = """
SELECT min(place) AS first, max(place) AS last, count(*) FILTER (WHERE status = ANY($2::int[])) AS open FROM voxsip.job_row WHERE job = $1
"""
NOTE_KNOWN = """
WITH held AS (SELECT id FROM voxsip.job WHERE id = $1 AND lease = $2 FOR UPDATE), written AS (
    INSERT INTO voxsip.job_account (job, account_id, known) SELECT id, $3, $4 FROM held
    ON CONFLICT (job, account_id) DO NOTHING
)
SELECT EXISTS (SELECT FROM held) AS held
"""
KNOWN = """
SELECT known FROM voxsip.job_account WHERE job = $1 AND account_id = $2
UNION ALL SELECT known FROM voxsip.job WHERE id = $1 AND $2 IS NULL
"""
SURVEYED = "SELECT account_id FROM voxsip.job_account WHERE job = $1"
ROWS = f"SELECT {NAMES} FROM voxsip.job_row WHERE job = $1 AND place >= $2 AND place < $3"  # noqa: S608 - made of constants
SETTLED = """
SELECT status, error_code, account_id, count(*) AS n FROM voxsip.job_row WHERE job = $1 GROUP BY 1, 2, 3
"""
DIGESTS = "SELECT digest FROM voxsip.job_row WHERE job = $1 AND place > $2"
RESULT_IDS = """
SELECT result_id FROM voxsip.job_row
WHERE job = $1 AND result_id IS NOT NULL AND account_id IS NOT DISTINCT FROM $2
"""
