-- The log's seals: what audit() finds, what only a digest kept elsewhere finds; partitions,
-- pauses and floods.
SELECT qt.fresh();
SELECT qt.make('a'), qt.make('b');
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset
SELECT id AS b FROM qt.wallet WHERE name = 'b' \gset
-- whoever may write the tables does it behind the guards' back
CREATE FUNCTION qt.tamper(VARIADIC dml text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    d text;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', false);
    FOREACH d IN ARRAY dml LOOP
        EXECUTE d;
    END LOOP;
    PERFORM set_config('session_replication_role', 'origin', false);
END $$;
-- a life of twelve rows
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a', 'wrong');
SELECT verdict FROM qt.answer('a');
SELECT qrcred.freeze(:a, 'lost');
SELECT verdict FROM qt.scan('a');
SELECT qrcred.release(:a, 'found');
SELECT verdict FROM qt.scan('a');
BEGIN;
SELECT verdict FROM qt.answer('a', 'wrong typed');
ROLLBACK;
SELECT verdict FROM qt.answer('a', 'typed');
SELECT qrcred.freeze(:a, 'again'), qrcred.release(:a, 'again');
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a');
SELECT attempt_no AS rows FROM qrcred_store.strike WHERE id = :a;
SELECT qt.err('SELECT * FROM qrcred.audit(NULL)'), qt.err('SELECT * FROM qrcred.audit(1)'), qt.err('SELECT * FROM qrcred.audit(-99)');
SELECT s.id > 0 AS credential, bool_and(a.ok) AS ok, count(*), string_agg(DISTINCT finding, ' ') AS finding FROM qrcred_store.strike s, qrcred.audit(s.id) a WHERE s.id > -8589934592 GROUP BY 1 ORDER BY 1;
-- the strike row's MAC, over every other column in order
CREATE FUNCTION pg_temp.row_mac(id int8) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    packed bytea;
BEGIN
    EXECUTE (SELECT format('SELECT %s FROM qrcred_store.strike s WHERE s.id = $1', string_agg(format('%s(s.%I)',
            CASE atttypid WHEN 'int8'::regtype THEN 'int8send' WHEN 'int4'::regtype THEN 'int4send' WHEN 'int2'::regtype THEN 'int2send' ELSE 'uuid_send' END, attname), ' || ' ORDER BY attnum))
        FROM pg_attribute WHERE attrelid = 'qrcred_store.strike'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'mac') INTO packed USING id;
    RETURN encode(substr(hmac(packed, qt.master_key('audit'), 'sha256'), 1, 16), 'hex')::uuid;
END $$;
SELECT count(*), bool_and(mac = pg_temp.row_mac(id)) AS right FROM qrcred_store.strike WHERE seal_kid <> 0;

-- a row changed in any column, deleted, cut off, doubled, taken from another, invented
CREATE TEMP TABLE tampering (n serial, what text, dml text);
INSERT INTO tampering (what, dml) VALUES
    ('at', 'UPDATE qrcred_store.attempt SET at = at + interval ''1 microsecond'' WHERE owner = %1$s AND attempt_no = 4'), ('owner', 'UPDATE qrcred_store.attempt SET owner = %2$s WHERE owner = %1$s AND attempt_no = 4'),
    ('number', 'UPDATE qrcred_store.attempt SET attempt_no = 40 WHERE owner = %1$s AND attempt_no = 4'), ('seal', 'UPDATE qrcred_store.attempt SET seal = gen_random_uuid() WHERE owner = %1$s AND attempt_no = 4');
INSERT INTO tampering (what, dml) SELECT c, format('UPDATE qrcred_store.attempt SET %1$I = CASE WHEN %1$I = 1 THEN 2 ELSE 1 END WHERE owner = %%1$s AND attempt_no = 4', c) FROM unnest('{moment,actor,gateway,kind,factor,verdict,reason,tier,freeze_no,generation,kid}'::text[]) c;
INSERT INTO tampering (what, dml) VALUES
    ('first deleted', 'DELETE FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no = 1'), ('one deleted', 'DELETE FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no = 5'),
    ('last deleted', 'DELETE FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no = 12'), ('cut', 'DELETE FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no > 7'), ('emptied', 'DELETE FROM qrcred_store.attempt WHERE owner = %1$s'),
    ('doubled', 'INSERT INTO qrcred_store.attempt SELECT * FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no = 6'), ('last doubled', 'INSERT INTO qrcred_store.attempt SELECT * FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no = 12'),
    ('above', 'INSERT INTO qrcred_store.attempt SELECT at, owner, attempt_no + 1, moment, actor, gateway, seal, kind, factor, verdict, reason, tier, freeze_no, generation, kid FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no = 12'),
    ('below', 'INSERT INTO qrcred_store.attempt SELECT at, owner, 0, moment, actor, gateway, seal, kind, factor, verdict, reason, tier, freeze_no, generation, kid FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no = 12'),
    ('swapped', 'UPDATE qrcred_store.attempt SET attempt_no = 9 - attempt_no WHERE owner = %1$s AND attempt_no IN (4, 5)'), ('another''s', 'UPDATE qrcred_store.attempt SET seal = (SELECT seal FROM qrcred_store.attempt WHERE owner = %2$s AND attempt_no = 1) WHERE owner = %1$s AND attempt_no = 1'),
    ('an anchor', 'INSERT INTO qrcred_store.anchor SELECT owner, attempt_no, seal, gen_random_uuid(), kid FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no = 7'), ('an anchor, and cut', 'INSERT INTO qrcred_store.anchor SELECT owner, attempt_no, seal, mac, 7 FROM qrcred_store.attempt, qrcred_store.release WHERE owner = %1$s AND attempt_no = 7 LIMIT 1; DELETE FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no < 8');
CREATE FUNCTION pg_temp.tampered(dml text, owner int8, other int8) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    BEGIN
        PERFORM qt.tamper(format(dml, owner, other));
        SELECT concat_ws(' ', ok, first_bad, finding) INTO found FROM qrcred.audit(owner);
        RAISE EXCEPTION 'undo';
    EXCEPTION WHEN raise_exception THEN
        PERFORM set_config('session_replication_role', 'origin', false);
        RETURN found;
    WHEN object_not_in_prerequisite_state THEN
        PERFORM set_config('session_replication_role', 'origin', false);
        RETURN SQLERRM;
    END;
END $$;
SELECT what, pg_temp.tampered(dml, :a, :b) FROM tampering ORDER BY n;
SELECT * FROM qrcred.audit(:a);
-- a gateway's log, by its number, and the wallets' door
SELECT -gateway_id AS till FROM qrcred_store.gateway WHERE gateway = 'till-1' \gset
SELECT count(v.verdict), count(qrcred.download('QT1.' || n)) FROM generate_series(1, 3) n, LATERAL qrcred.verify('forged ' || n, 'till-1') v;
SELECT a.* FROM unnest(ARRAY[:till, 0]::int8[]) o, qrcred.audit(o) a;
SELECT pg_temp.tampered('DELETE FROM qrcred_store.attempt WHERE owner = %s AND attempt_no = 2', o, 0) FROM unnest(ARRAY[:till, 0]::int8[]) o;
SELECT pg_temp.tampered('UPDATE qrcred_store.attempt SET actor = 10 + actor::int WHERE owner = %s AND attempt_no = 3', :till, 0);

-- a strike row changed in any column, the log as it was
CREATE TEMP TABLE kept AS SELECT * FROM qrcred_store.strike WHERE id = :a;
CREATE TEMP TABLE found (col name, finding text);
DO $$
DECLARE
    c record; a int8 := (SELECT id FROM kept);
BEGIN
    FOR c IN SELECT attname, atttypid::regtype AS type FROM pg_attribute WHERE attrelid = 'qrcred_store.strike'::regclass AND attnum > 1 AND NOT attisdropped ORDER BY attnum LOOP
        PERFORM qt.tamper(format(CASE c.type WHEN 'uuid'::regtype THEN 'UPDATE qrcred_store.strike SET %1$I = gen_random_uuid() WHERE id = %2$s'
            ELSE 'UPDATE qrcred_store.strike SET %1$I = %1$I - 1 WHERE id = %2$s' END, c.attname, a));
        COMMIT;
        INSERT INTO found SELECT c.attname, concat_ws(' ', x.ok, x.first_bad, x.finding) FROM (SELECT * FROM qrcred.audit(a)) x;
        PERFORM qt.tamper(format('DELETE FROM qrcred_store.strike WHERE id = %s', a), 'INSERT INTO qrcred_store.strike SELECT * FROM kept');
        COMMIT;
    END LOOP;
END $$;
SELECT finding, count(*), CASE WHEN count(*) < 5 THEN array_agg(col) END AS columns FROM found GROUP BY 1 ORDER BY 2 DESC, 1;
SELECT * FROM qrcred.audit(:a);

-- set back, it stays found: further verdicts do not make it whole
SELECT verdict FROM qt.scan('a');
SELECT tries_left FROM qt.answer('a', 'wrong');
SELECT qt.tamper(format('UPDATE qrcred_store.strike SET strikes_second = 0 WHERE id = %s', :a));
SELECT verdict FROM qt.answer('a');
SELECT verdict FROM qt.scan('a');
SELECT * FROM qrcred.audit(:a);
SELECT qt.tamper(format('UPDATE qrcred_store.strike SET mac = %L WHERE id = %s', pg_temp.row_mac(:a), :a));
SELECT verdict FROM qt.scan('a');
SELECT * FROM qrcred.audit(:a);

-- the digest for outside: count, and SHA-256 over owner, number and seal of since <= at < until
SELECT qt.err('SELECT * FROM qrcred.audit_anchor(NULL, now())'), qt.err('SELECT * FROM qrcred.audit_anchor(now(), NULL)');
SELECT attempts, digest = sha256('') AS empty FROM qrcred.audit_anchor(now(), now());
SELECT clock_timestamp() AS until \gset
SELECT attempts = count(*) AS counted, digest = sha256(string_agg(int8send(owner) || int8send(attempt_no) || uuid_send(seal), ''::bytea ORDER BY owner, attempt_no)) AS digested
FROM qrcred.audit_anchor('-infinity', :'until'), qrcred_store.attempt GROUP BY attempts, digest;
SELECT at AS fourth FROM qrcred_store.attempt WHERE owner = :a AND attempt_no = 4 \gset
SELECT x.attempts + y.attempts = z.attempts AS halves, x.digest <> z.digest AS differ FROM qrcred.audit_anchor('-infinity', :'fourth') x, qrcred.audit_anchor(:'fourth', 'infinity') y, qrcred.audit_anchor('-infinity', 'infinity') z;
-- strike row and log put back together: whole from inside, and different from what was kept
CREATE TEMP TABLE kept_log AS SELECT * FROM qrcred_store.attempt WHERE owner = :a;
TRUNCATE kept;
INSERT INTO kept SELECT * FROM qrcred_store.strike WHERE id = :a;
SELECT verdict FROM qt.scan('a');
SELECT tries_left FROM qt.answer('a', 'wrong');
SELECT strikes FROM qt.peek('a');
SELECT attempts, digest FROM qrcred.audit_anchor('-infinity', 'infinity') \gset outside_
SELECT qt.tamper(format('DELETE FROM qrcred_store.attempt WHERE owner = %s', :a), 'INSERT INTO qrcred_store.attempt SELECT * FROM kept_log',
    format('DELETE FROM qrcred_store.strike WHERE id = %s', :a), 'INSERT INTO qrcred_store.strike SELECT * FROM kept');
SELECT a.ok, a.finding, p.strikes FROM qrcred.audit(:a) a, qt.peek('a') p;
SELECT attempts - :outside_attempts AS rows, digest = :'outside_digest' AS same FROM qrcred.audit_anchor('-infinity', 'infinity');
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a');
SELECT a.ok, attempts - :outside_attempts AS rows, digest = :'outside_digest' AS same FROM qrcred.audit(:a) a, qrcred.audit_anchor('-infinity', 'infinity');

-- maintain() retires what is older than asked, and leaves anchors: rows of b are sealed anew, ten days back
CREATE FUNCTION pg_temp.set_back(owner int8, days int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r record; s uuid := encode(substr(hmac(int8send(owner), qt.master_key('audit'), 'sha256'), 1, 16), 'hex'); key bytea := qt.master_key('audit');
    day timestamptz := date_trunc('day', clock_timestamp(), 'UTC') - days * interval '24 hours'; leaf text := 'attempt_' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD');
BEGIN
    EXECUTE format('CREATE TABLE qrcred_store.%1$I (LIKE qrcred_store.attempt INCLUDING INDEXES, CHECK (at >= %2$L AND at < %3$L)); ALTER TABLE qrcred_store.attempt ATTACH PARTITION qrcred_store.%1$I FOR VALUES FROM (%2$L) TO (%3$L)', leaf, day, day + interval '24 hours');
    FOR r IN SELECT * FROM qrcred_store.attempt a WHERE a.owner = set_back.owner ORDER BY attempt_no LOOP
        s := encode(substr(hmac(uuid_send(s) || int8send(r.owner) || int8send(r.attempt_no) || int8send((extract(epoch FROM day) * 1000000)::int8 + r.attempt_no) || int8send(r.moment) || oidsend(r.actor) || int4send(r.gateway) || int2send(r.kind) || int2send(r.factor) ||
            int2send(r.verdict) || int2send(r.reason) || int2send(r.tier) || int2send(r.freeze_no) || int2send(r.generation) || int2send(r.kid), key, 'sha256'), 1, 16), 'hex');
        PERFORM qt.tamper(format('UPDATE qrcred_store.attempt a SET at = %L, seal = %L WHERE a.owner = %s AND a.attempt_no = %s', day + r.attempt_no * interval '1 microsecond', s, owner, r.attempt_no));
    END LOOP;
    PERFORM qt.tamper(format('UPDATE qrcred_store.strike SET seal = %L WHERE id = %s', s, owner));
END $$;
SELECT verdict FROM qt.scan('b');
SELECT verdict FROM qt.answer('b', 'wrong');
SELECT pg_temp.set_back(:b, 10);
SELECT qt.tamper(format('UPDATE qrcred_store.strike SET mac = %L WHERE id = %s', pg_temp.row_mac(:b), :b));
SELECT verdict FROM qt.answer('b');
SELECT * FROM qrcred.audit(:b);
SELECT qrcred.maintain('7 days', '30 days');
SELECT count(*) FROM qrcred_store.attempt WHERE owner = :b;
SELECT qrcred.maintain('7 days', '9 days');
SELECT count(*), min(attempt_no) FROM qrcred_store.attempt WHERE owner = :b;
SELECT owner = :b AS of_b, attempt_no FROM qrcred_store.anchor;
SELECT * FROM qrcred.audit(:b);
SELECT verdict FROM qt.scan('b');
SELECT verdict FROM qt.answer('b');
SELECT * FROM qrcred.audit(:b);
SELECT what, pg_temp.tampered(dml, :b, :a) FROM (VALUES ('behind the anchor', 'DELETE FROM qrcred_store.attempt WHERE owner = %s AND attempt_no = 4'), ('the anchor gone', 'DELETE FROM qrcred_store.anchor WHERE owner = %s'),
    ('the anchor moved', 'UPDATE qrcred_store.anchor SET attempt_no = 4, seal = (SELECT seal FROM qrcred_store.attempt WHERE owner = %1$s AND attempt_no = 4) WHERE owner = %1$s'), ('its seal', 'UPDATE qrcred_store.anchor SET seal = gen_random_uuid() WHERE owner = %s')) t(what, dml);

-- partitions ahead: warned about while there is time, refused without
SELECT value > 6 AS days, warning FROM qrcred.stats WHERE name = 'log_days_ahead';
-- whatever a session makes of times and of backslashes
SELECT value AS days FROM qrcred.stats WHERE name = 'log_days_ahead' \gset
\c -
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SET datestyle = 'SQL, DMY';
SET timezone = 'Asia/Shanghai';
SELECT abs(value - :days) < 0.1 AS same FROM qrcred.stats WHERE name = 'log_days_ahead';
\c -
BEGIN;
DO $$
DECLARE
    leaf regclass;
BEGIN
    FOR leaf IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'qrcred_store.attempt'::regclass AND right(inhrelid::regclass::text, 8) > to_char(clock_timestamp() AT TIME ZONE 'UTC' + interval '2 days', 'YYYYMMDD') LOOP
        EXECUTE format('DROP TABLE %s', leaf);
    END LOOP;
END $$;
SELECT value BETWEEN 2 AND 3 AS days, warning FROM qrcred.stats WHERE name = 'log_days_ahead';
ROLLBACK;
BEGIN;
DO $$
DECLARE
    leaf regclass;
BEGIN
    FOR leaf IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'qrcred_store.attempt'::regclass AND right(inhrelid::regclass::text, 8) >= to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD') LOOP
        EXECUTE format('ALTER TABLE qrcred_store.attempt DETACH PARTITION %s', leaf);
    END LOOP;
END $$;
SELECT warning FROM qrcred.stats WHERE name = 'log_days_ahead';
SELECT qt.row_of('a') AS before \gset
SELECT left(qt.err(q), 5) FROM unnest(ARRAY['SELECT * FROM qt.scan(''a'')', format('SELECT qrcred.freeze(%s, ''x'')', :a), 'SELECT qrcred.renew(qt.shown(''a'', ''renewal''))', 'SELECT * FROM qrcred.verify(''x'', ''till-1'')', format('SELECT * FROM qrcred.check_password(%s, 1, ''x'', ''till-1'')', :a)]) q;
SELECT qt.row_of('a') = :'before' AS untouched;
ROLLBACK;

-- pause() is the session's, over its transactions, until resume() or its end
CREATE FUNCTION qt.paused() RETURNS int8 LANGUAGE sql AS $$ SELECT count(*) FROM pg_locks WHERE relation = 'qrcred_store.strike'::regclass AND mode = 'ShareLock' AND granted $$;
SELECT qt.err('SELECT qrcred.resume()');
BEGIN;
SELECT qrcred.pause(), qrcred.pause();
COMMIT;
SELECT qt.paused();
SELECT qrcred.resume();
SELECT qt.paused();
SELECT qt.err('SELECT qrcred.resume()');
-- an error or a rollback of that session ends it too, and says so
SELECT qrcred.pause();
BEGIN;
ROLLBACK;
SELECT qt.paused();
SELECT qt.err('SELECT qrcred.resume()');
SELECT qrcred.pause();
\c -
SET lock_timeout = '10s';
DO $$ BEGIN FOR n IN 1..100 LOOP EXIT WHEN qt.paused() = 0; PERFORM pg_sleep(0.05); END LOOP; END $$;
SELECT qt.paused();
DROP FUNCTION qt.paused();

-- a flood of forged codes: above 600 a minute they share a row a second and one alert; right codes pass
SELECT -gateway_id AS till_2 FROM qrcred_store.gateway WHERE gateway = 'till-2' \gset
SELECT clock_timestamp() AS began \gset
SELECT count(*), count(DISTINCT (verdict, next, message, tries_left, attempt_no)) AS answers FROM generate_series(1, 1500) n, LATERAL qrcred.verify('forged ' || n, 'till-2') v;
SELECT r AS reason, CASE r WHEN 'malformed' THEN count(*) END AS rows, CASE r WHEN 'flood' THEN count(*) <= extract(epoch FROM clock_timestamp() - :'began'::timestamptz) + 1 END AS one_a_second, min(moment) FILTER (WHERE r = 'flood') AS first, max(moment) <= 1500 AS counts
FROM qrcred_store.attempt a, LATERAL qrcred.log_word('reason', a.reason) r WHERE owner = :till_2 GROUP BY r ORDER BY r;
SELECT window_count FROM qrcred_store.strike WHERE id = :till_2;
SELECT verdict FROM qt.scan('a', 'till-2');
SELECT verdict FROM qt.answer('a', 'second', 'till-2');
SELECT verdict, next FROM qrcred.verify(:'a_static', 'till-2');
SELECT enabled FROM qrcred_store.gateway WHERE gateway = 'till-2';
SELECT kind, phone FROM qrcred.outbox_take(100) WHERE kind NOT IN ('download', 'frozen', 'released');
SELECT a.* FROM unnest(ARRAY[:till, :till_2, 0, :a, :b]::int8[]) o, qrcred.audit(o) a;
-- a minute later each has its row again; the next alert is an hour away
SELECT qt.tamper(format('UPDATE qrcred_store.strike SET window_at = window_at - 61000000 WHERE id = %s', :till_2));
SELECT count(*) AS before FROM qrcred_store.attempt WHERE owner = :till_2 \gset
SELECT count(v.verdict) FROM generate_series(1, 5) n, LATERAL qrcred.verify('late ' || n, 'till-2') v;
SELECT count(*) - :before AS rows FROM qrcred_store.attempt WHERE owner = :till_2;
SELECT count(v.verdict) FROM generate_series(1, 650) n, LATERAL qrcred.verify('later ' || n, 'till-2') v;
SELECT count(*) FROM qrcred_store.outbox WHERE kind = 6;
SELECT qt.tamper(format('UPDATE qrcred_store.strike SET frozen_at = frozen_at - 3601000000, window_logged_at = 1 WHERE id = %s', :till_2));
SELECT count(v.verdict) FROM generate_series(1, 3) n, LATERAL qrcred.verify('latest ' || n, 'till-2') v;
SELECT count(*) FROM qrcred_store.outbox WHERE kind = 6;
DROP FUNCTION qt.tamper(text[]);
