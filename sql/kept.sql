-- Copies of gateways, policies and buckets that a session keeps: what makes it forget them.
-- (Two sessions: test/isolation/specs/policy-and-gateway.spec.)
SELECT qt.fresh();
SELECT qt.make('a');
SELECT verdict, next FROM qt.scan('a');

-- within one statement: each row's scan comes after that row's change, whatever was read before
CREATE FUNCTION pg_temp.scan_after(enabled bool) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
    v text;
BEGIN
    SELECT s.verdict || ' ' || s.next INTO v FROM qt.scan('a') s;
    RAISE NOTICE '%', v;
    RETURN enabled;
END $$;
UPDATE qrcred_store.gateway SET enabled = pg_temp.scan_after(false) WHERE gateway = 'till-2';
BEGIN;
UPDATE qrcred_store.gateway SET enabled = false WHERE gateway = 'till-1' RETURNING pg_temp.scan_after(enabled);
UPDATE qrcred_store.gateway SET enabled = true WHERE gateway = 'till-1' RETURNING pg_temp.scan_after(enabled);
ROLLBACK;
SELECT verdict, next FROM qt.scan('a');

-- a policy, step by step
BEGIN;
SELECT qrcred.set_policy('bank', '{"digits": 6}');
SELECT length(challenge) FROM qrcred.verify(qt.shown('a', 'static'), 'till-1');
SAVEPOINT s;
SELECT qrcred.set_policy('bank', '{"digits": 7}');
SELECT length(challenge) FROM qrcred.verify(qt.shown('a', 'static'), 'till-1');
ROLLBACK TO s;
SELECT length(challenge) FROM qrcred.verify(qt.shown('a', 'static'), 'till-1');
ROLLBACK;
SELECT length(challenge) FROM qrcred.verify(qt.shown('a', 'static'), 'till-1');

-- buckets: the last range that begins at or below decides
SELECT qrcred.bucket('C-a') AS mine \gset
BEGIN;
UPDATE qrcred_store.bucket SET last = :mine;
SELECT verdict FROM qt.scan('a');
INSERT INTO qrcred_store.bucket VALUES (:mine, :mine, false);
SELECT verdict FROM qt.scan('a');
UPDATE qrcred_store.bucket SET owned = NOT owned;
SELECT verdict FROM qt.scan('a');
DELETE FROM qrcred_store.bucket;
SELECT verdict FROM qt.scan('a');
ROLLBACK;
SELECT verdict FROM qt.scan('a');

-- more gateways than copies, by names that are tried and by names that are there
SELECT count(qrcred.create_gateway('till ' || n, 'Till')) FROM generate_series(1, 300) n;
SELECT count(*) FROM generate_series(1, 2) x, generate_series(1, 300) n,
    LATERAL qt.err(format('SELECT qrcred.verify(%L, %L)', 'QC1', 'no till ' || n)) e WHERE e = '22023 | argument "gateway" names no gateway';
UPDATE qrcred_store.gateway SET enabled = false WHERE gateway LIKE 'till %' AND right(gateway, 1) = '7';
SELECT v.next, count(*), count(*) FILTER (WHERE right(g, 1) = '7') AS closed
FROM generate_series(1, 2) x, generate_series(1, 300) n, LATERAL (SELECT 'till ' || n AS g) g, LATERAL qrcred.verify('QC1', g) v
GROUP BY v.next ORDER BY v.next;

-- a prepared transaction counts from COMMIT PREPARED on; where none may be prepared, a plain one does
SELECT current_setting('max_prepared_transactions')::int > 0 AS can_prepare \gset
BEGIN;
SELECT qrcred.set_gateway('till-1', false);
SELECT verdict, next FROM qt.scan('a');
\if :can_prepare
ROLLBACK;
BEGIN;
UPDATE qrcred_store.gateway SET enabled = false WHERE gateway = 'till-1';
PREPARE TRANSACTION 'regress_qrcred_kept';
DO $$ BEGIN ASSERT (SELECT verdict = 'challenge' FROM qt.scan('a')); END $$;
COMMIT PREPARED 'regress_qrcred_kept';
\else
COMMIT;
\endif
SELECT verdict, next FROM qt.scan('a');
SELECT qrcred.set_gateway('till-1', true);
SELECT verdict, next FROM qt.scan('a');

-- while the extension is away a change is announced to nobody, and seen all the same
SET client_min_messages = warning;
DROP EXTENSION qrcred CASCADE;
UPDATE qrcred_store.gateway SET enabled = false WHERE gateway = 'till-1';
CREATE EXTENSION qrcred;
RESET client_min_messages;
SELECT verdict, next FROM qt.scan('a');
SELECT qrcred.set_gateway('till-1', true);
SELECT verdict, next FROM qt.scan('a');

-- the trigger runs as the store's owner: a role that may change the table needs no right on the function
CREATE ROLE regress_qrcred_clerk;
GRANT USAGE ON SCHEMA qrcred_store TO regress_qrcred_clerk;
GRANT SELECT, UPDATE ON qrcred_store.gateway TO regress_qrcred_clerk;
SELECT has_function_privilege('regress_qrcred_clerk', 'qrcred.announce_change(oid)', 'EXECUTE') AS may;
SET ROLE regress_qrcred_clerk;
UPDATE qrcred_store.gateway SET enabled = false WHERE gateway = 'till-1';
RESET ROLE;
SELECT verdict, next FROM qt.scan('a');
REVOKE ALL ON qrcred_store.gateway FROM regress_qrcred_clerk;
REVOKE ALL ON SCHEMA qrcred_store FROM regress_qrcred_clerk;
DROP ROLE regress_qrcred_clerk;
SELECT x, qt.err('SELECT qrcred.announce_change(' || x || ')') FROM unnest('{"NULL",1}'::text[]) x;

-- a restored store whose triggers are lost keeps no copies
UPDATE qrcred_store.gateway SET enabled = true;
DROP TRIGGER announce_row ON qrcred_store.gateway;
SELECT verdict FROM qt.scan('a');
UPDATE qrcred_store.gateway SET enabled = false;
SELECT verdict, next FROM qt.scan('a');
SELECT qt.broken_chains();
