"""What jobs on several machines say to their store. Each statement may be repeated without harm."""

from __future__ import annotations

NOW = "extract(epoch FROM clock_timestamp())"
_COLUMNS = "id, name, kind, account_id, service, options, path, head, checksum, columns, rows, parts, note, version, starts, stop"
JOB = f"SELECT {_COLUMNS} FROM voxsip.cluster_job WHERE name = $1 AND ready"  # noqa: S608 - made of constants
# What an interrupted creation left is replaced; its own rows are found again by their token.
_GIVEN = [
    "token",
    "kind",
    "account_id",
    "service",
    "options",
    "max_failures",
    "max_failure_ratio",
    "min_rows",
    "deadline",
    "path",
    "head",
    "checksum",
    "columns",
    "rows",
    "parts",
    "note",
    "version",
]
CREATE = f"""
INSERT INTO voxsip.cluster_job AS j (name, {", ".join(_GIVEN)})
VALUES ($1, {", ".join(f"${n}" for n, _ in enumerate(_GIVEN, 2))})
ON CONFLICT (name) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _GIVEN)}
    WHERE NOT j.ready
RETURNING id
"""  # noqa: S608 - made of constants
ADD_PARTS = """
WITH mine AS (SELECT id FROM voxsip.cluster_job WHERE id = $1 AND token = $2 AND NOT ready FOR UPDATE),
given AS (SELECT * FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[])
    AS given (part, account_id, rows, largest, data)),
parts AS (
    INSERT INTO voxsip.cluster_part (job, part, account_id, rows, largest)
    SELECT mine.id, part, given.account_id, given.rows, largest FROM mine, given
    ON CONFLICT (job, part) DO UPDATE SET account_id = excluded.account_id, rows = excluded.rows,
        largest = excluded.largest
),
indexes AS (
    INSERT INTO voxsip.cluster_index (job, part, data) SELECT mine.id, part, data FROM mine, given
    ON CONFLICT (job, part) DO UPDATE SET data = excluded.data
)
SELECT EXISTS (SELECT FROM mine) AS mine
"""
MAKE_READY = f"""
WITH rest AS (DELETE FROM voxsip.cluster_part AS p USING voxsip.cluster_job AS j
    WHERE j.id = $1 AND j.token = $2 AND p.job = j.id AND p.part >= j.parts)
UPDATE voxsip.cluster_job SET ready = true WHERE id = $1 AND token = $2 RETURNING {_COLUMNS}
"""  # noqa: S608 - made of constants
# A part is complete once its journal has been closed in order: what the journal says is fenced by its lease.
_STATE = f"""
    coalesce(j.rows_total IS NOT NULL AND j.lease IS NULL AND j.stopped IS NULL, false) AS complete,
    coalesce(j.lease IS NOT NULL AND j.lease_until + j.grace >= {NOW}, false) AS held,
    greatest(0, j.lease_until + j.grace - {NOW}) AS held_for
"""
PART = f"""
SELECT p.*, coalesce(p.stop, c.stop) AS stop_now, i.data, j.id AS journal, {_STATE}
FROM voxsip.cluster_job AS c JOIN voxsip.cluster_part AS p ON p.job = c.id
JOIN voxsip.cluster_index AS i ON i.job = p.job AND i.part = p.part
LEFT JOIN voxsip.job AS j ON j.name = c.name || '/' || p.part
WHERE c.id = $1 AND p.part = $2
"""  # noqa: S608 - made of constants
PARTS = f"""
SELECT p.*, coalesce(p.stop, c.stop) AS stop_now, j.id AS journal, {_STATE}
FROM voxsip.cluster_job AS c JOIN voxsip.cluster_part AS p ON p.job = c.id
LEFT JOIN voxsip.job AS j ON j.name = c.name || '/' || p.part
WHERE c.id = $1 ORDER BY p.part
"""  # noqa: S608 - made of constants
# Begins a run: what stopped the one before no longer does. A run of another voxsip must have ended.
BEGIN = f"""
WITH busy AS (
    SELECT c.id FROM voxsip.cluster_job AS c JOIN voxsip.cluster_part AS p ON p.job = c.id
    JOIN voxsip.job AS j ON j.name = c.name || '/' || p.part
    WHERE c.id = $1 AND c.version <> $2 AND j.lease IS NOT NULL AND j.lease_until + j.grace >= {NOW} LIMIT 1
),
begun AS (
    UPDATE voxsip.cluster_job SET version = $2, stop = NULL, started = {NOW}, starts = starts || {NOW}, run_token = $3
    WHERE id = $1 AND NOT EXISTS (SELECT FROM busy) AND run_token IS DISTINCT FROM $3 RETURNING id
),
parts AS (
    UPDATE voxsip.cluster_part AS p SET stop = NULL, error = NULL, fresh = 0, failures = 0,
        again = $4 AND EXISTS (
            SELECT FROM voxsip.job AS j JOIN voxsip.job_row AS r ON r.job = j.id
            WHERE j.name = $5 || '/' || p.part AND r.status = $6
        )
    FROM begun WHERE p.job = begun.id
)
SELECT EXISTS (SELECT FROM busy) AS busy
"""  # noqa: S608 - made of constants
# Notes how far a part is, and answers whether it should stop.
WATCH = f"""
WITH noted AS (
    UPDATE voxsip.cluster_part SET done = $3, unchanged = $4, failed = $5, unknown = $6, skipped = $7, fresh = $8,
        failures = $9, concurrency = $10, worker = $11
    WHERE job = $1 AND part = $2
),
sums AS (
    SELECT sum(CASE WHEN part = $2 THEN $9 ELSE failures END) AS failures,
        sum(CASE WHEN part = $2 THEN $8 ELSE fresh END) AS fresh
    FROM voxsip.cluster_part
    WHERE job = $1 AND (SELECT coalesce(max_failures, max_failure_ratio) IS NOT NULL FROM voxsip.cluster_job WHERE id = $1)
)
SELECT coalesce(p.stop, c.stop) AS stop,
    CASE
        WHEN {NOW} - c.started > c.deadline THEN 'deadline reached'
        WHEN sums.failures > c.max_failures THEN 'too many failures'
        WHEN sums.fresh >= c.min_rows AND sums.failures > c.max_failure_ratio * sums.fresh
            THEN 'too high a share of failures'
    END AS reason
FROM voxsip.cluster_job AS c JOIN voxsip.cluster_part AS p ON p.job = c.id, sums WHERE c.id = $1 AND p.part = $2
"""  # noqa: S608 - made of constants
STOP = "UPDATE voxsip.cluster_job SET stop = coalesce(stop, $2) WHERE id = $1 RETURNING stop"
STOP_ACCOUNT = """
UPDATE voxsip.cluster_part SET stop = coalesce(stop, $3)
WHERE job = $1 AND account_id IS NOT DISTINCT FROM $2 RETURNING stop
"""
NOTE_END = "UPDATE voxsip.cluster_part SET again = false, concurrency = 0, error = $3 WHERE job = $1 AND part = $2 RETURNING part"
KNOWN = "SELECT known FROM voxsip.cluster_known WHERE job = $1 AND account_id = $2"
# Who was first has told it for all parts of the job.
NOTE_KNOWN = """
INSERT INTO voxsip.cluster_known AS k (job, account_id, known) VALUES ($1, $2, $3)
ON CONFLICT (job, account_id) DO UPDATE SET known = k.known RETURNING known
"""
COUNTS = """
SELECT r.status, count(*) AS rows, sum(r.attempts) AS attempts, sum(r.attempts - 1) FILTER (WHERE r.attempts > 0) AS retries
FROM voxsip.job_row AS r WHERE r.job = ANY($1::bigint[]) GROUP BY r.status
"""
ERRORS = """
SELECT error_code, error_name, count(*) AS rows FROM voxsip.job_row
WHERE job = ANY($1::bigint[]) AND error_name IS NOT NULL GROUP BY 1, 2
"""
ENDS = """
SELECT width_bucket(at::double precision, $2::double precision[]) AS run, max(at) AS last
FROM voxsip.job_row WHERE job = ANY($1::bigint[]) GROUP BY 1
"""
JOBS = "SELECT name FROM voxsip.cluster_job WHERE ready ORDER BY created DESC LIMIT 10"
