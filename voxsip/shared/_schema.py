"""The store's tables and functions, and the check of their version.

All times are the database's own, in seconds since the epoch: no decision rests on two clocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip._errors import ConfigurationError
from voxsip.shared._driver import is_lost

if TYPE_CHECKING:
    from voxsip.shared._address import StoreAddress

VERSION = 2
CHANNEL = "voxsip_rate"
_LOCK = 0x766F78736970  # "voxsip": one process at a time makes the tables

# Read as a table: what is looked up by name may be known from before another process made it.
_EXISTS = "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'voxsip' AND tablename = 'store')"
_VERSION_TABLE = """
CREATE SCHEMA IF NOT EXISTS voxsip;
CREATE TABLE IF NOT EXISTS voxsip.store (version integer NOT NULL);
"""

RATE_SCHEMA = """
CREATE TABLE voxsip.rate (
    service text NOT NULL,
    account_id bigint NOT NULL,
    ceiling double precision,
    rate double precision,
    next_slot double precision NOT NULL DEFAULT 0,
    next_urgent double precision NOT NULL DEFAULT 0,
    paused_until double precision NOT NULL DEFAULT 0,
    cut_at double precision NOT NULL DEFAULT 0,
    cuts bigint NOT NULL DEFAULT 0,
    slots bigint NOT NULL DEFAULT 0,
    window_start double precision NOT NULL DEFAULT 0,
    window_slots integer NOT NULL DEFAULT 0,
    used double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (service, account_id)
) WITH (fillfactor = 50);

-- Takes slots: `given` of them, the first in `delay` seconds and one every `step`; with none given, ask again after `delay`.
CREATE FUNCTION voxsip.take_slots(
    p_service text, p_account bigint, p_wanted integer, p_urgent boolean,
    OUT given integer, OUT delay double precision, OUT step double precision, OUT current double precision
) LANGUAGE plpgsql AS $$
DECLARE
    r voxsip.rate;
    t double precision;
    start double precision;
    passed double precision;
    latest double precision;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT * INTO STRICT r FROM voxsip.rate
        WHERE service = p_service AND account_id = p_account FOR UPDATE;
    t := extract(epoch FROM clock_timestamp());
    passed := t - r.window_start;
    IF passed >= 1.0 OR passed < 0 THEN
        r.used := CASE WHEN passed BETWEEN 1.0 AND 2.0 THEN r.window_slots / passed ELSE 0 END;
        IF r.rate < coalesce(r.ceiling, 'Infinity') AND t - r.cut_at > 1.0 AND r.used >= 0.7 * r.rate THEN
            r.rate := least(coalesce(r.ceiling, 'Infinity'), r.rate * 1.03);
        END IF;
        r.window_start := t;
        r.window_slots := 0;
    END IF;
    step := CASE WHEN r.rate IS NULL THEN 0 ELSE 1.0 / r.rate END;
    -- A database clock that was set back must not hold slots back for longer than a debt ever can.
    latest := t + 5 + 2 * step;
    given := 0;
    IF t < r.paused_until THEN
        delay := r.paused_until - t;
    ELSIF r.rate IS NULL THEN
        given := p_wanted;
        delay := 0;
    ELSIF p_urgent THEN
        given := p_wanted;
        start := greatest(least(r.next_urgent, t + 60 + 2 * step), t);
        delay := start - t;
        r.next_urgent := start + given * step;
        -- What went before the others is paid for by them, later.
        r.next_slot := least(greatest(r.next_slot, t - 0.05) + given * step, latest);
    ELSE
        start := greatest(least(r.next_slot, latest), t - 0.05);
        delay := greatest(start - t, 0);
        IF delay <= 0.25 THEN
            given := least(p_wanted, greatest(1, ceil(r.rate * 0.02)::integer));
            r.next_slot := start + given * step;
        ELSE
            delay := delay - 0.2;
        END IF;
    END IF;
    r.window_slots := r.window_slots + given;
    UPDATE voxsip.rate SET rate = r.rate, next_slot = r.next_slot, next_urgent = r.next_urgent,
        window_start = r.window_start, window_slots = r.window_slots, used = r.used, slots = slots + given
        WHERE service = p_service AND account_id = p_account;
    current := r.rate;
END $$;

-- Records a throttled call: lowers the rate once for a burst, however many calls were throttled.
CREATE FUNCTION voxsip.note_throttled(p_service text, p_account bigint, p_pause double precision)
RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    r voxsip.rate;
    t double precision;
    passed double precision;
BEGIN
    SELECT * INTO STRICT r FROM voxsip.rate
        WHERE service = p_service AND account_id = p_account FOR UPDATE;
    t := extract(epoch FROM clock_timestamp());
    IF t - r.cut_at >= 1.0 THEN
        passed := t - r.window_start;
        r.rate := greatest(0.5, CASE
            WHEN r.rate IS NOT NULL THEN 0.9 * r.rate
            WHEN passed >= 0.5 OR r.used = 0 THEN 0.95 * r.window_slots / greatest(passed, 0.1)
            ELSE 0.95 * r.used END);
        r.cut_at := t;
        r.cuts := r.cuts + 1;
        r.next_slot := t + 1.0 / r.rate;
        PERFORM pg_notify('voxsip_rate', p_service || ' ' || p_account);
    END IF;
    IF t + p_pause > r.paused_until THEN
        r.paused_until := t + p_pause;
        PERFORM pg_notify('voxsip_rate', p_service || ' ' || p_account);
    END IF;
    UPDATE voxsip.rate SET rate = r.rate, cut_at = r.cut_at, cuts = r.cuts, next_slot = r.next_slot,
        paused_until = r.paused_until WHERE service = p_service AND account_id = p_account;
    RETURN r.rate;
END $$;
"""

JOB_SCHEMA = """
CREATE TABLE voxsip.job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    kind text NOT NULL,
    account_id bigint,
    options text NOT NULL,
    source text,
    checksum text,
    version text NOT NULL,
    rows bigint,
    rows_total bigint,
    known bigint[],
    stopped text,
    runs integer NOT NULL DEFAULT 0,
    created timestamptz NOT NULL DEFAULT now(),
    started timestamptz NOT NULL DEFAULT now(),
    holder text,
    lease text,
    lease_until double precision NOT NULL DEFAULT 0,
    grace double precision NOT NULL DEFAULT 0
);
CREATE TABLE voxsip.job_account (
    job bigint NOT NULL REFERENCES voxsip.job ON DELETE CASCADE,
    account_id bigint NOT NULL,
    known bigint[],
    PRIMARY KEY (job, account_id)
);
CREATE TABLE voxsip.job_row (
    job bigint NOT NULL REFERENCES voxsip.job ON DELETE CASCADE,
    place bigint NOT NULL,
    digest bytea NOT NULL,
    key text NOT NULL,
    status smallint NOT NULL,
    intended_at bigint,
    at bigint NOT NULL,
    attempts integer NOT NULL,
    elapsed bigint NOT NULL,
    error_code text,
    error_name text,
    error_text text,
    result_id text,
    account_id bigint,
    price numeric,
    PRIMARY KEY (job, place)
);
"""

MONEY_SCHEMA = """
CREATE TABLE voxsip.money (
    service text NOT NULL,
    account_id bigint NOT NULL,
    balance numeric NOT NULL DEFAULT 0,
    open numeric NOT NULL DEFAULT 0,
    spent numeric NOT NULL DEFAULT 0,
    spent_before numeric NOT NULL DEFAULT 0,
    reading bigint NOT NULL DEFAULT 0,
    readings bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (service, account_id)
) WITH (fillfactor = 50);

-- Reserves the price of rows that are about to be sent (status 0), gives back that of rows that were refused, and notes that
-- of rows that are done (1, 2) as spent; what became of others (5) is not known, and stays reserved. Returns the places of
-- rows for which the balance does not suffice. Called in the statement that writes these rows; again, it changes nothing.
CREATE FUNCTION voxsip.reserve(
    p_job bigint, p_service text, p_own bigint,
    p_places bigint[], p_statuses smallint[], p_accounts bigint[], p_prices numeric[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    payer bigint;
    m voxsip.money;
    r record;
    refused bigint[] := '{}';
BEGIN
    FOR payer IN SELECT DISTINCT coalesce(account, p_own) FROM unnest(p_accounts) AS account ORDER BY 1 LOOP
        SELECT * INTO m FROM voxsip.money WHERE service = p_service AND account_id = payer FOR UPDATE;
        CONTINUE WHEN NOT FOUND;
        FOR r IN
            SELECT given.place, given.status, given.price,
                CASE WHEN old.status IN (0, 5) THEN coalesce(old.price, 0) ELSE 0 END AS reserved
            FROM unnest(p_places, p_statuses, p_accounts, p_prices) AS given (place, status, account, price)
                LEFT JOIN voxsip.job_row AS old ON old.job = p_job AND old.place = given.place
            WHERE coalesce(given.account, p_own) = payer
            ORDER BY given.status = 0, given.place
        LOOP
            IF r.status = 0 THEN
                CONTINUE WHEN r.price IS NULL;
                IF r.price <= r.reserved OR m.balance - (m.spent - m.spent_before) - m.open >= r.price - r.reserved THEN
                    m.open := m.open + r.price - r.reserved;
                ELSE
                    refused := refused || r.place;
                END IF;
            ELSIF r.status <> 5 THEN
                m.open := m.open - r.reserved;
                m.spent := m.spent + CASE WHEN r.status IN (1, 2) THEN r.reserved ELSE 0 END;
            END IF;
        END LOOP;
        UPDATE voxsip.money SET open = m.open, spent = m.spent WHERE service = p_service AND account_id = payer;
    END LOOP;
    RETURN refused;
END $$;
"""

CLUSTER_SCHEMA = """
CREATE TABLE voxsip.cluster_job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    token text NOT NULL,
    ready boolean NOT NULL DEFAULT false,
    kind text NOT NULL,
    account_id bigint,
    service text NOT NULL,
    options text NOT NULL,
    max_failures bigint,
    max_failure_ratio double precision,
    min_rows bigint NOT NULL,
    deadline double precision,
    path text NOT NULL,
    head bigint NOT NULL,
    checksum text NOT NULL,
    columns text[],
    rows bigint NOT NULL,
    parts integer NOT NULL,
    note text NOT NULL,
    version text NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    started double precision NOT NULL DEFAULT extract(epoch FROM clock_timestamp()),
    starts double precision[] NOT NULL DEFAULT '{}',
    run_token text,
    stop text
);
-- Figures of a part are for people: what has become of its rows is said by its journal.
CREATE TABLE voxsip.cluster_part (
    job bigint NOT NULL REFERENCES voxsip.cluster_job ON DELETE CASCADE,
    part integer NOT NULL,
    account_id bigint,
    rows bigint NOT NULL,
    largest bigint NOT NULL,
    again boolean NOT NULL DEFAULT false,
    stop text,
    error text,
    worker text,
    done bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    unknown bigint NOT NULL DEFAULT 0,
    skipped bigint NOT NULL DEFAULT 0,
    fresh bigint NOT NULL DEFAULT 0,
    failures bigint NOT NULL DEFAULT 0,
    concurrency integer NOT NULL DEFAULT 0,
    PRIMARY KEY (job, part)
) WITH (fillfactor = 50);
-- The registrations there were before the job, by account (0: the client's own); null if they could not be listed.
CREATE TABLE voxsip.cluster_known (
    job bigint NOT NULL REFERENCES voxsip.cluster_job ON DELETE CASCADE,
    account_id bigint NOT NULL,
    known bigint[],
    PRIMARY KEY (job, account_id)
);
CREATE TABLE voxsip.cluster_index (
    job bigint NOT NULL,
    part integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (job, part),
    FOREIGN KEY (job, part) REFERENCES voxsip.cluster_part ON DELETE CASCADE
);
ALTER TABLE voxsip.cluster_index ALTER COLUMN data SET STORAGE EXTERNAL;
"""


async def prepare_schema(connection: Any, address: StoreAddress) -> None:
    """Make the store's tables if there are none, or see that they are of this version."""
    from asyncpg import (  # noqa: PLC0415 - there already, if there is a connection
        InsufficientPrivilegeError,
        PostgresError,
    )

    try:
        if not await connection.fetchval(_EXISTS):
            await _create(connection)
        found = await connection.fetchval("SELECT max(version) FROM voxsip.store")
    except InsufficientPrivilegeError:
        found, failure = None, "the user may not create or read the schema voxsip; grant it CREATE"
    except PostgresError as error:
        if is_lost(error):
            raise
        found, failure = None, f"its tables cannot be made or read ({type(error).__name__})"
    else:
        if found == VERSION:
            return
        failure = f"its tables have version {found}, this voxsip needs {VERSION}; " + (
            "upgrade voxsip" if (found or 0) > VERSION else "use an empty database"
        )
    raise ConfigurationError(f"store {address}: {failure}")


async def _create(connection: Any) -> None:
    async with connection.transaction():
        await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        if await connection.fetchval(_EXISTS):
            return
        for tables in (_VERSION_TABLE, RATE_SCHEMA, JOB_SCHEMA, MONEY_SCHEMA, CLUSTER_SCHEMA):
            await connection.execute(tables)
        await connection.execute("INSERT INTO voxsip.store VALUES ($1)", VERSION)
