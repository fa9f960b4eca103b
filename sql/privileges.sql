-- Who may call what; what a caller's search_path, temporary objects and texts can do.
SELECT qt.fresh();
SELECT qt.make('a');
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset
CREATE ROLE regress_qrcred_plain;
CREATE ROLE regress_qrcred_scanner;
CREATE ROLE regress_qrcred_clerk;

-- Nothing is PUBLIC's; whoever runs as the owner fixes the search_path; every function says what it does.
SELECT p.oid::regprocedure AS public_may_call FROM pg_proc p, LATERAL aclexplode(coalesce(proacl, acldefault('f', proowner))) a
WHERE pronamespace IN ('qrcred'::regnamespace, 'qrcred_store'::regnamespace) AND grantee = 0;
SELECT p.oid::regprocedure AS runs_as_owner FROM pg_proc p
WHERE pronamespace IN ('qrcred'::regnamespace, 'qrcred_store'::regnamespace) AND prosecdef
    AND NOT coalesce(proconfig, '{}') && ARRAY['search_path=pg_catalog, pg_temp', 'search_path=pg_catalog,pg_temp'];
-- set_charge_function() alone has none: it notes its caller's
SELECT p.oid::regprocedure AS without_path FROM pg_proc p JOIN pg_language l ON l.oid = prolang
WHERE pronamespace IN ('qrcred'::regnamespace, 'qrcred_store'::regnamespace) AND lanname IN ('sql', 'plpgsql') AND proconfig IS NULL;
SELECT p.oid::regprocedure AS without_comment FROM pg_proc p
WHERE pronamespace IN ('qrcred'::regnamespace, 'qrcred_store'::regnamespace) AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT c.oid::regclass AS without_comment FROM pg_class c
WHERE relnamespace IN ('qrcred'::regnamespace, 'qrcred_store'::regnamespace) AND relkind IN ('r', 'p', 'v') AND NOT relispartition AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT c.oid::regclass AS granted, grantee::regrole FROM pg_class c, aclexplode(relacl) a
WHERE relnamespace IN ('qrcred'::regnamespace, 'qrcred_store'::regnamespace) AND grantee <> relowner;
SELECT nspname, bool_or(grantee = 0) AS public FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) WHERE nspname IN ('qrcred', 'qrcred_store') GROUP BY 1 ORDER BY 1;
SELECT p.oid::regprocedure AS may_execute FROM pg_proc p WHERE pronamespace IN ('qrcred'::regnamespace, 'qrcred_store'::regnamespace) AND has_function_privilege('regress_qrcred_plain', oid, 'execute');
-- tried, each that the planner does not answer itself
DO $$
DECLARE
    f record; tried int := 0;
BEGIN
    SET LOCAL ROLE regress_qrcred_plain;
    FOR f IN SELECT p.oid::regprocedure AS name, format('SELECT qrcred.%I(%s)', proname,
            (SELECT string_agg('NULL::' || format_type(t, NULL), ', ') FROM unnest(proargtypes) t)) AS call
        FROM pg_proc p WHERE pronamespace = 'qrcred'::regnamespace AND prorettype <> 'trigger'::regtype AND NOT proisstrict LOOP
        tried := tried + 1;
        BEGIN
            EXECUTE f.call;
            RAISE NOTICE '% may be called', f.name;
        EXCEPTION
            WHEN insufficient_privilege THEN
                NULL;
            WHEN OTHERS THEN
                RAISE NOTICE '% may be called: %', f.name, SQLERRM;
        END;
    END LOOP;
    RAISE NOTICE 'at least 35: %', tried >= 35;
END $$;
SET ROLE regress_qrcred_plain;
\set VERBOSITY sqlstate
SELECT * FROM qrcred_store.strike;
SELECT * FROM qrcred.policies;
CREATE TABLE qrcred.t ();
CREATE TABLE qrcred_store.t ();
SHOW qrcred.keyring_file;
SET qrcred.keyring_file = 'x';
SET qrcred.other = 'x';
RESET ROLE;
SET qrcred.keyring_file = 'x';
\set VERBOSITY default

-- one grant gives one function
GRANT EXECUTE ON FUNCTION qrcred.verify(text, text, text, uuid) TO regress_qrcred_scanner;
SET ROLE regress_qrcred_scanner;
SELECT verdict, next FROM qrcred.verify(:'a_static', 'till-1');
\set VERBOSITY sqlstate
SELECT * FROM qrcred.verify_second(:a, '00000000', 'till-1');
SELECT * FROM qrcred.peek(:a);
SELECT qrcred.expected_second(:a, 1);
SELECT qrcred.freeze(:a, 'x');
SELECT * FROM qrcred_store.strike;
SELECT * FROM qrcred_store.credential;
INSERT INTO qrcred_store.release VALUES (:a, 1, '11111111-1111-1111-1111-111111111111', 7, 'x', now(), 'x');
\set VERBOSITY default
RESET ROLE;

-- Functions, operators, tables and types of the caller's, first in his search_path.
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA qrcred TO regress_qrcred_clerk;
CREATE SCHEMA evil AUTHORIZATION regress_qrcred_clerk;
SET SESSION AUTHORIZATION regress_qrcred_clerk;
CREATE FUNCTION evil.bang() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked as %', current_user; END $$;
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT * FROM (VALUES ('clock_timestamp()', 'timestamptz'), ('getdatabaseencoding()', 'name'), ('current_database()', 'name'),
        ('octet_length(text)', 'int'), ('jsonb_typeof(jsonb)', 'text'), ('jsonb_object_keys(jsonb)', 'text'), ('to_regclass(text)', 'regclass'),
        ('to_char(timestamp, text)', 'text'), ('date_trunc(text, timestamptz, text)', 'timestamptz'), ('format(text, text)', 'text'),
        ('format(text, text, text, text)', 'text'), ('array_to_string(text[], text)', 'text'), ('nextval(regclass)', 'int8'),
        ('pg_get_serial_sequence(text, text)', 'text'), ('texteq(text, text)', 'bool'), ('int8eq(int8, int8)', 'bool'),
        ('lower(text)', 'text'), ('length(text)', 'int'), ('hmac(bytea, bytea, text)', 'bytea'), ('crypt(text, text)', 'text'), ('gen_salt(text)', 'text')) v(sign, ret) LOOP
        EXECUTE format('CREATE FUNCTION evil.%s RETURNS %s LANGUAGE plpgsql AS ''BEGIN RETURN evil.bang(); END''', f.sign, f.ret);
    END LOOP;
    FOR f IN SELECT * FROM (VALUES ('text', 'text', 'bool', '{=,<>,~,!~}'), ('int8', 'int8', 'bool', '{=,<>,<,>,<=,>=}'), ('int4', 'int4', 'bool', '{=,<>,<,>}'),
        ('text', 'text', 'text', '{||}'), ('timestamptz', 'interval', 'timestamptz', '{+}'), ('timestamptz', 'timestamptz', 'bool', '{<=,<}'),
        ('interval', 'interval', 'bool', '{<,>}'), ('jsonb', 'text', 'jsonb', '{->}'), ('jsonb', 'text', 'text', '{->>}')) v(l, r, ret, ops) LOOP
        EXECUTE format('CREATE FUNCTION evil.op_%1$s_%3$s(%1$s, %2$s) RETURNS %3$s LANGUAGE plpgsql AS ''BEGIN RETURN evil.bang(); END''', f.l, f.r, f.ret);
        EXECUTE (SELECT string_agg(format('CREATE OPERATOR evil.%s (FUNCTION = evil.op_%s_%s, LEFTARG = %s, RIGHTARG = %s)', op, f.l, f.ret, f.l, f.r), ';') FROM unnest(f.ops::text[]) op);
    END LOOP;
END $$;
CREATE TABLE evil.issuer (code text, policy text);
CREATE TYPE evil.verification AS (x int);
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (false);
CREATE TEMP TABLE issuer (code text);
CREATE TEMP TABLE strike (id int8);
CREATE TEMP TABLE pg_namespace (nspname name);
SET search_path = evil, pg_temp, pg_catalog, public;
-- the trap is set
\set SHOW_CONTEXT never
SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text;
\set SHOW_CONTEXT errors
SELECT qrcred.create_issuer('path', 'Path', 'x', '{"digits": 7, "activation": "none", "tier_limits": {"B": 5}, "wallet_url": "https://w.example"}');
SELECT qrcred.set_policy('path', '{"lang": "zh", "skew_ahead": true}');
SELECT qrcred.create_gateway('path', 'Path');
SELECT qrcred.set_gateway('path', true);
SELECT qrcred.register('path', 'C-1', 'Ada', '1', '2');
SELECT * FROM qrcred.issue('path', 'C-1') \gset i_
SELECT qrcred.download(:'i_ticket') OPERATOR(pg_catalog.->>) 'static' AS static \gset
SELECT verdict, next, challenge IS NOT NULL AS challenge FROM qrcred.verify(:'static', 'path');
SELECT qrcred.expected_second(:i_credential_id, 0) AS second \gset
SELECT verdict, next, tier FROM qrcred.verify_second(:i_credential_id, :'second', 'path');
SELECT qrcred.freeze(:i_credential_id, 'x');
SELECT state FROM qrcred.peek(:i_credential_id);
SELECT qrcred.release(:i_credential_id, 'x');
SELECT credential_id OPERATOR(pg_catalog.=) :i_credential_id AS resent FROM qrcred.resend_link(:i_credential_id);
SELECT qrcred.maintain('9 days');
SELECT qrcred.void_credential(:i_credential_id, 'x');
SELECT state FROM qrcred.peek(:i_credential_id);
RESET search_path;
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
DROP OWNED BY regress_qrcred_plain, regress_qrcred_scanner, regress_qrcred_clerk;
DROP ROLE regress_qrcred_plain, regress_qrcred_scanner, regress_qrcred_clerk;
RESET client_min_messages;

-- Texts that mean something to SQL, to a format or to JSON are texts; they come back as they went.
CREATE TEMP TABLE nasty (n serial, t text);
INSERT INTO nasty (t) VALUES (''';DROP SCHEMA qrcred_store CASCADE;--'), ('"; DROP TABLE x; --'), ('%s%n%1$s%L%I%%'), ('\'), ('\x00'), ('$$;$1'), ('{"a": "b"}'), ('</svg><script>'), (U&'\202E\4ED8'), ('$1');
CREATE TEMP TABLE came AS
SELECT n, t, qrcred.create_issuer(t, t, t, '{"activation": "none"}') IS NULL AS i, qrcred.create_gateway(t, t) IS NULL AS g FROM nasty ORDER BY n;
SELECT count(*) AS registered FROM nasty, LATERAL qrcred.register(t, t, t, t, t) r;
CREATE TEMP TABLE given AS SELECT n, t, i.* FROM nasty, LATERAL qrcred.issue(t, t, t, t) i;
CREATE TEMP TABLE fetched AS SELECT n, t, qrcred.download(ticket, t) AS p FROM given;
SELECT bool_and(p #>> '{issuer,code}' = t AND p #>> '{issuer,name}' = t AND p ->> 'purpose' = t AND p ->> 'face_value' = t) AS package FROM fetched;
CREATE TEMP TABLE scanned AS SELECT n, t, v.* FROM fetched, LATERAL qrcred.verify(p ->> 'static', t, t) v;
SELECT bool_and(verdict = 'challenge' AND customer_ref = t AND issuer = t) AS scanned FROM scanned;
SELECT bool_and(v.verdict = 'accepted' AND v.customer_ref = t) AS answered FROM scanned s, LATERAL qrcred.verify_second(s.credential_id, qrcred.expected_second(s.credential_id, 5), t, t) v;
SELECT count(*) AS rejected FROM nasty, LATERAL qrcred.verify(t, 'till-1') v, LATERAL qrcred.verify_second(:a, t, 'till-1', t) w WHERE v.verdict = 'rejected' AND w.verdict = 'rejected';
SELECT count(*) AS rejected FROM nasty WHERE qrcred.download(t, t) ->> 'verdict' = 'rejected';
SELECT count(*) AS frozen FROM given, LATERAL qrcred.freeze(credential_id, t) f;
SELECT count(*) AS released FROM given, LATERAL qrcred.release(credential_id, t) r;
SELECT count(*) AS words FROM given JOIN qrcred_store.act ON owner = credential_id AND words = t JOIN qrcred_store.release r ON r.credential_id = owner AND r.reason = t;
SELECT n, qt.err(format('SELECT qrcred.verify(''x'', %L)', t || t)), qt.err(format('SELECT qrcred.set_policy(%L, %L)', t || t, '{}')), qt.err(format('SELECT qrcred.set_policy(%L, jsonb_build_object(%L, 1))', t, t))
FROM nasty WHERE n IN (1, 3) ORDER BY n;
SELECT left(qt.err(format('SELECT qrcred.set_policy(%L, jsonb_build_object(''wallet_url'', %L::text))', t, t)), 5) AS url, count(*) FROM nasty GROUP BY 1;

-- no error quotes a code, a digit or a datum
SELECT count(*) FILTER (WHERE e ~ 'QC1[.]C|QT1[.]A|SECRET') AS quoted, count(*) FILTER (WHERE e = 'none') AS passed, count(*) FROM unnest(ARRAY[
    'SELECT qrcred.register(''bank'', ''C-a'', ''SECRET'', ''SECRET'', ''SECRET'')', 'SELECT qrcred.register(''bank'', ''C-z'', E''SECRET\n'', ''1'', ''2'')', 'SELECT qrcred.register(''bank'', ''C-z'', ''A'', E''SECRET\n'', ''2'')',
    'SELECT qrcred.register(''bank'', ''C-z'', ''A'', ''1'', repeat(''SECRET'', 100))', format('SELECT qrcred.verify(%L, ''nowhere'')', :'a_static'), format('SELECT qrcred.verify_second(1, %L, NULL)', :'a_static'),
    'SELECT qrcred.download(''QT1.AAAA'', ''SECRET'', ''\x00'')', 'SELECT qrcred.code_parse(''QC1.CSECRET'')']) q, LATERAL qt.err(q) e;
SELECT qt.broken_chains();
