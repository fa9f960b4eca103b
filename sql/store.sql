-- The store: made once, guarded, refused when it is not as made, and the bank's own
-- when the extension goes.
SELECT qt.fresh();
SELECT qt.make('a'), qt.make('z');
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset
SELECT qrcred.freeze(id, 'asked') FROM qt.wallet WHERE name = 'z';
SELECT qrcred.release(id, 'asked') FROM qt.wallet WHERE name = 'z';

SELECT count(*) FROM pg_class WHERE relnamespace = 'qrcred_store'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname = ANY ('{issuer,gateway,customer,credential,ticket,strike,attempt,act,release,anchor,outbox,key_check,bucket,spent}');
-- nothing of it belongs to the extension, all of it to the extension's owner
SELECT count(*) AS members FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
WHERE d.deptype = 'e' AND c.relnamespace = 'qrcred_store'::regnamespace;
SELECT bool_and(relowner = extowner) AS owned FROM pg_class, pg_extension WHERE relnamespace = 'qrcred_store'::regnamespace AND extname = 'qrcred';
-- 8-byte columns first, nothing null, nothing of variable length
SELECT bool_and(attnotnull AND attlen > 0) AS fixed, bool_and(length(attname) > 0) AS named FROM pg_attribute
WHERE attrelid IN ('qrcred_store.strike'::regclass, 'qrcred_store.attempt'::regclass) AND attnum > 0 AND NOT attisdropped;
SELECT count(*) FROM pg_index WHERE indrelid = 'qrcred_store.strike'::regclass;

-- never twice, never over what somebody else made
SELECT qt.err('SELECT qrcred.create_store()');
CREATE ROLE regress_qrcred_squatter;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP SCHEMA qrcred_store CASCADE;
SELECT qt.err(format('SELECT qrcred.verify(%L, ''till-1'')', :'a_static'));
CREATE SCHEMA qrcred_store AUTHORIZATION regress_qrcred_squatter;
SELECT qt.err('SELECT qrcred.create_store()');
SELECT qt.err(format('SELECT qrcred.verify(%L, ''till-1'')', :'a_static'));
SELECT qt.err('SELECT qrcred.peek(1)');
SELECT qt.err('SELECT qrcred.register(''bank'', ''C-9'', ''A'', ''1'', ''2'')');
ROLLBACK;
SELECT state FROM qt.peek('a');

-- a store is good from its commit on
BEGIN;
SELECT qt.fresh();
SELECT qt.err(format('SELECT qrcred.verify(%L, ''till-1'')', :'a_static'));
ROLLBACK;
SELECT verdict FROM qt.scan('a');

-- so is an index: what went into one that is rolled back would be missing from the old one
BEGIN;
DO $$ BEGIN
	EXECUTE format('REINDEX TABLE qrcred_store.%I', 'attempt_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD'));
END $$;
SELECT qt.err(format('SELECT qrcred.verify(%L, ''till-1'')', :'a_static'));
ROLLBACK;
BEGIN;
REINDEX TABLE qrcred_store.outbox;
SELECT qt.err(format('SELECT qrcred.freeze(%s, ''phone lost'')', w.id)) FROM qt.wallet w WHERE w.name = 'a';
ROLLBACK;
SELECT verdict FROM qt.scan('a');

-- guards, on the leaves too
SELECT q, qt.err(format(q, 'attempt_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD'))) ~ '^55000 . (UPDATE|DELETE|TRUNCATE) of qrcred_store[.]\w+ is refused' AS refused
FROM unnest(ARRAY[
    'UPDATE qrcred_store.strike SET strikes_second = 0', 'UPDATE qrcred_store.strike SET id = id', 'DELETE FROM qrcred_store.strike', 'TRUNCATE qrcred_store.strike',
    'UPDATE qrcred_store.attempt SET verdict = 1', 'DELETE FROM qrcred_store.attempt', 'TRUNCATE qrcred_store.attempt',
    'UPDATE qrcred_store.%s SET verdict = 1', 'DELETE FROM qrcred_store.%s', 'TRUNCATE qrcred_store.%s',
    'UPDATE qrcred_store.release SET freeze_no = 9', 'DELETE FROM qrcred_store.release', 'TRUNCATE qrcred_store.release',
    'INSERT INTO qrcred_store.strike (id) SELECT id FROM qrcred_store.strike ON CONFLICT (id) DO UPDATE SET flags = 0',
    'MERGE INTO qrcred_store.strike s USING qrcred_store.gateway ON true WHEN MATCHED THEN DELETE']) q;

-- Whatever is changed about a table that C opens: refused, and good again when undone.
CREATE FUNCTION pg_temp.tampered(ddl text, OUT verify text, OUT undone text) LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        EXECUTE ddl;
        verify := qt.err('SELECT * FROM qt.scan(''a'')');
        IF verify = 'none' THEN
            verify := (qt.scan('a')).verdict;
        END IF;
        RAISE EXCEPTION 'undo';
    EXCEPTION WHEN raise_exception THEN
        undone := (qt.scan('a')).verdict;
    END;
END $$;
CREATE FUNCTION public.qrcred_foreign() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TEMP TABLE tampering (n serial, ddl text);
INSERT INTO tampering (ddl) VALUES
    ('CREATE TRIGGER x BEFORE UPDATE ON qrcred_store.strike FOR EACH ROW EXECUTE FUNCTION public.qrcred_foreign()'),
    ('CREATE RULE x AS ON UPDATE TO qrcred_store.strike DO ALSO NOTHING'),
    ('ALTER TABLE qrcred_store.strike ENABLE ROW LEVEL SECURITY'),
    ('ALTER TABLE qrcred_store.strike FORCE ROW LEVEL SECURITY'),
    ('CREATE INDEX ON qrcred_store.strike (frozen_until)'),
    ('CREATE INDEX ON qrcred_store.strike ((id + 1))'),
    ('CREATE INDEX ON qrcred_store.strike (id) WHERE flags > 0'),
    ('CREATE INDEX ON qrcred_store.strike USING hash (id)'),
    ('ALTER TABLE qrcred_store.strike DROP CONSTRAINT strike_pkey'),
    ('ALTER TABLE qrcred_store.strike OWNER TO regress_qrcred_squatter'),
    ('CREATE TABLE public.qrcred_child () INHERITS (qrcred_store.strike)'),
    ('ALTER TABLE qrcred_store.strike DROP COLUMN seal_kid'),
    ('ALTER TABLE qrcred_store.strike DROP COLUMN valid_until'),
    ('ALTER TABLE qrcred_store.strike RENAME COLUMN flags TO flag'),
    ('ALTER TABLE qrcred_store.strike ALTER COLUMN flags TYPE int8'),
    ('ALTER TABLE qrcred_store.strike ALTER COLUMN flags DROP NOT NULL'),
    ('ALTER TABLE qrcred_store.strike RENAME TO strikes'),
    ('ALTER TABLE qrcred_store.strike SET SCHEMA public'),
    ('ALTER TABLE qrcred_store.strike SET UNLOGGED'),
    ('ALTER TABLE qrcred_store.strike ADD COLUMN note int2 NOT NULL DEFAULT 7'),
    ('ALTER TABLE qrcred_store.strike RENAME TO s; CREATE VIEW qrcred_store.strike AS SELECT * FROM qrcred_store.s'),
    ('CREATE TRIGGER x AFTER INSERT ON qrcred_store.attempt FOR EACH ROW EXECUTE FUNCTION public.qrcred_foreign()'),
    ('CREATE INDEX ON qrcred_store.attempt (at)'),
    ('ALTER TABLE qrcred_store.attempt ENABLE ROW LEVEL SECURITY'),
    ('ALTER TABLE qrcred_store.attempt OWNER TO regress_qrcred_squatter'),
    ('CREATE TRIGGER x AFTER INSERT ON qrcred_store.%s FOR EACH ROW EXECUTE FUNCTION public.qrcred_foreign()'),
    ('CREATE INDEX ON qrcred_store.%s (at)'),
    ('CREATE INDEX ON qrcred_store.%s ((owner + 1))'),
    ('ALTER TABLE qrcred_store.%s ENABLE ROW LEVEL SECURITY'),
    ('ALTER TABLE qrcred_store.%s OWNER TO regress_qrcred_squatter'),
    ('ALTER TABLE qrcred_store.%s SET UNLOGGED'),
    ('CREATE RULE x AS ON INSERT TO qrcred_store.%s DO INSTEAD NOTHING'),
    ('CREATE RULE x AS ON UPDATE TO qrcred_store.issuer DO ALSO NOTHING'),
    ('ALTER TABLE qrcred_store.issuer ENABLE ROW LEVEL SECURITY'),
    ('ALTER TABLE qrcred_store.issuer DROP COLUMN strike_limit'),
    ('ALTER TABLE qrcred_store.gateway DROP CONSTRAINT gateway_gateway_key'),
    ('ALTER TABLE qrcred_store.gateway OWNER TO regress_qrcred_squatter'),
    ('CREATE TABLE public.qrcred_child () INHERITS (qrcred_store.credential)'),
    ('ALTER TABLE qrcred_store.release ENABLE ROW LEVEL SECURITY'),
    ('ALTER TABLE qrcred_store.bucket RENAME TO buckets'),
    ('ALTER TABLE qrcred_store.key_check ALTER COLUMN check_value TYPE text USING ''x'''),
    ('ALTER SCHEMA qrcred_store RENAME TO qrcred_kept'),
    ('ALTER SCHEMA qrcred_store OWNER TO regress_qrcred_squatter');
UPDATE tampering SET ddl = format(ddl, 'attempt_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD')) WHERE ddl LIKE '%\%s%';
SELECT regexp_replace(ddl, '_\d{8}', '_(today)') AS ddl, regexp_replace(regexp_replace(t.verify, ' is not as create_store.. made it', ''), '_\d{8}', '_(today)') AS verify, t.undone
FROM (SELECT * FROM tampering ORDER BY n OFFSET 0) x, LATERAL pg_temp.tampered(ddl) t;
-- committed, and committed back
ALTER SCHEMA qrcred_store RENAME TO qrcred_kept;
SELECT qt.err('SELECT qt.scan(''a'')');
ALTER SCHEMA qrcred_kept RENAME TO qrcred_store;
SELECT verdict FROM qt.scan('a');
ALTER TABLE qrcred_store.strike ENABLE ROW LEVEL SECURITY;
SELECT qt.err('SELECT qt.scan(''a'')');
SELECT qt.err('SELECT qt.peek(''a'')');
ALTER TABLE qrcred_store.strike DISABLE ROW LEVEL SECURITY;
SELECT verdict FROM qt.scan('a');
DROP FUNCTION public.qrcred_foreign();
DROP ROLE regress_qrcred_squatter;

-- without a partition for now nothing is judged, and nothing counted
SELECT qt.row_of('a') AS before \gset
BEGIN;
DO $$
DECLARE
    leaf regclass; hint text;
BEGIN
    FOR leaf IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'qrcred_store.attempt'::regclass LOOP
        EXECUTE format('ALTER TABLE qrcred_store.attempt DETACH PARTITION %s', leaf);
    END LOOP;
    PERFORM qt.answer('a', 'wrong');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RAISE NOTICE '% % (%)', SQLSTATE, SQLERRM, hint;
END $$;
SELECT qt.row_of('a') = :'before' AS untouched;
ROLLBACK;
SELECT * FROM qt.answer('a', 'wrong');
SELECT x, qt.err('SELECT qrcred.maintain(' || x || ')') FROM unnest('{"NULL","''1 hour''","''401 days''","''1 day'', ''1 hour''"}'::text[]) x;
-- days are UTC's, whatever the session's words for a moment are
SET TimeZone = 'Asia/Kolkata';
SET DateStyle = 'SQL, DMY';
SELECT qrcred.maintain('40 days');
SET DateStyle = 'ISO';
SET TimeZone = 'UTC';
SELECT count(*) > 40 AS days, bool_and(pg_get_expr(c.relpartbound, c.oid) = format('FOR VALUES FROM (%L) TO (%L)',
    to_char(day, 'YYYY-MM-DD HH24:MI:SS+00'), to_char(day + interval '1 day', 'YYYY-MM-DD HH24:MI:SS+00'))) AS right_bounds
FROM pg_inherits i JOIN pg_class c ON c.oid = inhrelid, LATERAL (SELECT to_date(right(relname, 8), 'YYYYMMDD')::timestamp AS day) d WHERE inhparent = 'qrcred_store.attempt'::regclass;
RESET TimeZone;
RESET DateStyle;

-- the extension goes, the data stays and is guarded still; the extension comes back
SELECT count(*) AS attempts FROM qrcred_store.attempt \gset
SET client_min_messages = warning;
DROP EXTENSION qrcred CASCADE;
SELECT count(*) = :attempts AS kept FROM qrcred_store.attempt;
SELECT left(qt.err('UPDATE qrcred_store.strike SET flags = 0'), 5), left(qt.err('DELETE FROM qrcred_store.attempt'), 5), left(qt.err('TRUNCATE qrcred_store.strike'), 5);
CREATE EXTENSION qrcred;
RESET client_min_messages;
SELECT * FROM qt.peek('a');
SELECT * FROM qt.answer('a', 'wrong typed');
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a');
SELECT qt.err('SELECT qrcred.create_store()');
SELECT qt.broken_chains();

-- it goes when it is called by its name
SELECT left(qt.err('SELECT qrcred.drop_store(NULL)'), 5), left(qt.err('SELECT qrcred.drop_store(''drop'')'), 5);
SET client_min_messages = warning;
SELECT qrcred.drop_store('drop ' || current_database());
RESET client_min_messages;
SELECT qt.err('SELECT qrcred.peek(1)');
SELECT qt.fresh();
