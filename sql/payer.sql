-- Payers: enrolled, with a login, in a session, with a card; and that their credentials are
-- good for nothing else.
SELECT qt.fresh();
SELECT qrcred.create_issuer('asks', 'Asking Bank', '', '{"wallet_url": "https://w.example/app", "store_card_password": true}'),
    qrcred.create_issuer('zh', '示例银行', '', '{"activation": "none", "lang": "zh"}');
-- columns of a strike row, as only the owner of the tables could change them
CREATE FUNCTION pg_temp.change(owner int8, sets text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE qrcred_store.strike DISABLE TRIGGER guard_row;
    EXECUTE format('UPDATE qrcred_store.strike SET %s WHERE id = %s', sets, owner);
    ALTER TABLE qrcred_store.strike ENABLE TRIGGER guard_row;
END $$;
-- the row on which an unknown name waits
CREATE FUNCTION pg_temp.nobody(login text) RETURNS int8 LANGUAGE sql AS $$
    SELECT -(8589934592 + get_byte(h, 0) * 16 + get_byte(h, 1) / 16) FROM (SELECT hmac(login::bytea, qt.master_key('login'), 'sha256') AS h) AS x
$$;
-- what a login's row says of wrong guesses
CREATE FUNCTION pg_temp.waits(owner int8, OUT wrong int8, OUT just_now bool, OUT last text) LANGUAGE sql AS $$
    SELECT window_count, window_at > extract(epoch FROM clock_timestamp()) * 1000000 - 10000000, qt.last(owner) FROM qrcred_store.strike WHERE id = owner
$$;

-- arguments
SELECT x, qt.err('SELECT qrcred.' || x) FROM unnest(ARRAY['enrol_payer(NULL, ''P-1'')', 'enrol_payer(''bank'', NULL)', 'enrol_payer(''nobody'', ''P-1'')', 'enrol_payer(''bank'', ''P-9'')', 'enrol_payer(''bank'', '''')',
    'register_login(NULL, NULL, ''l'', ''p'')', 'register_login(''x'', NULL, NULL, ''p'')', 'register_login(''x'', NULL, ''l'', NULL)', 'register_login(''x'', NULL, '''', ''p'')', 'register_login(''x'', NULL, repeat(''l'', 65), ''p'')',
    'register_login(''x'', NULL, E''a\nb'', ''p'')', 'register_login(''x'', NULL, U&''e\0301'', ''p'')', 'register_login(''x'', NULL, ''l'', '''')', 'register_login(''x'', NULL, ''l'', repeat(''p'', 73))',
    'login(NULL, ''p'', ''till-1'')', 'login(''l'', NULL, ''till-1'')', 'login(''l'', ''p'', NULL)', 'login(''l'', ''p'', ''till-9'')',
    'logout(NULL)', 'logout('''')', 'logout(''QS1.'')', 'logout(''QS1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAA'')', 'logout(''QT1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAA'')',
    'change_login_password(NULL, ''p'')', 'change_login_password(''x'', NULL)', 'change_login_password(''x'', '''')', 'change_login_password(''x'', repeat(''p'', 73))', 'change_login_password(''x'', ''p'')',
    'bind_card(NULL, ''1'')', 'bind_card(''x'', NULL)', 'bind_card(''x'', '''')', 'bind_card(''x'', repeat(''1'', 257))', 'bind_card(''x'', ''1'', '''')', 'bind_card(''x'', ''1'', repeat(''1'', 257))', 'bind_card(''x'', ''1'')', 'unbind_card(NULL)', 'unbind_card(''x'')']) x;
BEGIN READ ONLY;
SELECT x, qt.err('SELECT qrcred.' || x) FROM unnest(ARRAY['register_login(''x'', NULL, ''l'', ''p'')', 'login(''l'', ''p'', ''till-1'')', 'change_login_password(''x'', ''p'')']) x;
ROLLBACK;

-- enrolled: a credential of kind 2 in the customer's bucket, its ticket, and the words of its message
SELECT qt.enrol('a', 'asks'), qt.enrol('b', 'asks'), qt.enrol('z', 'zh');
SELECT id AS a FROM qt.wallet WHERE name = 'a' \gset
SELECT kind, customer_ref, credential_id >> 51 = qrcred.bucket('P-a') AS of_customer, s.generation, s.kid, uuid_send(digest_1) || uuid_send(digest_2) = hmac(qt.lp('asks', 'P-a', 'Ada a', '11010119900101123X', '+8613800000000'), qt.master_key('registration'), 'sha256') AS digest
FROM qrcred_store.credential JOIN qrcred_store.strike s ON s.id = credential_id WHERE credential_id = :a;
SELECT p.name, ticket ~ '^QT1[.][A-Z2-7]{29}$' AS ticket, substr(ticket, 5) = qt.base32(int2send((id >> 51)::int2) || substr(hmac(int8send(id) || '\x01' || int4send(1), qt.master_key('ticket'), 'sha256'), 1, 16)) AS protocol, qrcred.code_bucket(ticket) = id >> 51 AS bucket FROM qt.payer p JOIN qt.wallet USING (name) ORDER BY 1;
SELECT o.kind, phone, replace(body, ticket, '(ticket)') AS body FROM qrcred.outbox_take(10) o JOIN qt.payer p ON o.body LIKE '%' || p.ticket ORDER BY name;
SELECT state FROM qt.peek('a');
SELECT state FROM qrcred.credentials_of('asks', 'P-a');

-- a login is asked for what a download is; a wrong answer and a missing one are alike to the caller
SELECT ticket AS a_ticket FROM qt.payer WHERE name = 'a' \gset
SELECT ticket AS b_ticket FROM qt.payer WHERE name = 'b' \gset
SELECT qrcred.register_login(x, '123X', 'ada', 'first secret') FROM unnest(ARRAY['', 'ada', 'QT1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAA', lower(left(:'a_ticket', -2)), left(:'a_ticket', -1) || '1', 'QS1.' || substr(:'a_ticket', 5)]) x;
SELECT qrcred.register_login(:'a_ticket', x, 'ada', 'first secret'), qt.last(:a) FROM unnest(ARRAY[NULL, '123Y', '', NULL]) x;
SELECT ticket_wrong, ticket_state = 0 AS ready FROM qrcred_store.strike WHERE id = :a;
SELECT count(*) AS logins FROM qrcred_store.login;
-- it is no ticket for a download, and one for a download is none for a login; neither is used by that
SELECT qrcred.download(:'a_ticket', '123X'), qt.last(0);
SELECT ticket FROM qrcred.issue('asks', 'P-a') \gset other_
SELECT qrcred.register_login(:'other_ticket', '123X', 'ada', 'first secret'), qt.last(0);
SELECT qrcred.download(:'other_ticket', '123X') ? 'keys' AS downloaded;
SELECT qrcred.register_login(lower(:'a_ticket'), '123x', 'ada', repeat('p', 72)), qt.last(:a);
SELECT state FROM qt.peek('a');
-- once
SELECT qrcred.register_login(:'a_ticket', '123X', 'ada', 'second secret'), qt.last(:a);
SELECT name_digest = hmac('ada', qt.master_key('login'), 'sha256') AS digest, kid, password_hash = crypt(repeat('p', 72), password_hash) AS hashed, password_hash ~ '^\$2a\$10\$' AS bcrypt, position('ada'::bytea IN name) AS in_clear,
    (SELECT count(*) FROM qrcred_store.strike WHERE id = qt.login_owner('a')) AS rows
FROM qrcred_store.login;

-- a name that somebody has: said only to who has ticket and answer, and the ticket stays
SELECT id AS b FROM qt.wallet WHERE name = 'b' \gset
SELECT qrcred.register_login(:'b_ticket', '9999', 'ada', 'x'), qt.last(:b);
SELECT qrcred.register_login(:'b_ticket', '123X', 'ada', 'x'), qt.last(:b);
SELECT count(*) AS logins FROM qrcred_store.login;
-- a login that is rolled back has used its ticket all the same; staff gives another
BEGIN;
SELECT qrcred.register_login(:'b_ticket', '123X', 'Ada', 'x'), qt.last(:b);
SELECT count(*) AS logins FROM qrcred_store.login;
ROLLBACK;
SELECT count(*) AS logins FROM qrcred_store.login;
SELECT qrcred.register_login(:'b_ticket', '123X', 'Ada', 'x'), qt.last(:b);
SELECT ticket AS b_ticket FROM qrcred.reissue(:b) \gset
-- five wrong answers spend one, in whatever transaction
BEGIN;
SELECT qrcred.register_login(:'b_ticket', '999' || n, 'Ada', 'x'), qt.last(:b) FROM generate_series(1, 4) n;
ROLLBACK;
SELECT ticket_wrong, ticket_state = 0 AS ready FROM qrcred_store.strike WHERE id = :b;
SELECT qrcred.register_login(:'b_ticket', '9995', 'Ada', 'x');
SELECT qrcred.register_login(:'b_ticket', '123X', 'Ada', 'x'), qt.last(:b);
-- replaced, cancelled and late ones
SELECT ticket AS older FROM qrcred.resend_link(:b) \gset
SELECT ticket AS b_ticket FROM qrcred.resend_link(:b) \gset
SELECT qrcred.register_login(:'older', '123X', 'Ada', 'x'), qt.last(:b);
SELECT qrcred.cancel_ticket(:b);
SELECT qrcred.register_login(:'b_ticket', '123X', 'Ada', 'x'), qt.last(:b);
SELECT ticket AS b_ticket FROM qrcred.resend_link(:b) \gset
UPDATE qrcred_store.ticket SET expires = expires - 24 * 3600 WHERE credential_id = :b;
SELECT qrcred.register_login(:'b_ticket', '123X', 'Ada', 'x'), qt.last(:b);
UPDATE qrcred_store.ticket SET expires = expires + 3600 WHERE credential_id = :b;
-- names are told apart to the letter
SELECT qrcred.register_login(:'b_ticket', '123X', 'Ada', 'secret of b'), qt.last(:b);
SELECT qrcred.register_login(ticket, NULL, 'login-z', 'secret of z') FROM qt.payer WHERE name = 'z';
SELECT qt.cheap(n) FROM unnest('{b,z}'::text[]) n;

-- right, wrong and unknown; what comes back and what is kept of a wrong one are alike
SELECT qt.login_owner('a') AS a_login, qt.login_owner('b') AS b_login, pg_temp.nobody('nobody') AS nobody \gset
SELECT verdict, session ~ '^QS1[.][A-Z2-7]{29}$' AS session, qrcred.code_bucket(session) = qrcred.bucket('P-a') AS bucket, session AS s1 FROM qrcred.login('ada', repeat('p', 72), 'till-1') \gset l_
SELECT :'l_verdict' AS verdict, :'l_session' AS session, :'l_bucket' AS bucket, w.* FROM pg_temp.waits(:a_login) w;
SELECT * FROM qrcred.login('ada', repeat('p', 73), 'till-1');
SELECT * FROM qrcred.login('nobody', repeat('p', 72), 'till-1');
SELECT name, w.* FROM (VALUES ('known', :a_login), ('unknown', :nobody)) o(name, owner), pg_temp.waits(owner) w;
SELECT count(DISTINCT x) AS kinds, count(*) FROM (SELECT (to_jsonb(a) - '{at,owner,attempt_no,seal}'::text[]) AS x FROM qrcred_store.attempt a WHERE (owner, attempt_no) IN ((:a_login, 2), (:nobody, 1))) AS x;
SELECT (to_jsonb(a) - '{id,attempt_no,window_at,seal,mac}'::text[]) = (to_jsonb(b) - '{id,attempt_no,window_at,seal,mac}'::text[]) AS rows_alike FROM qrcred_store.strike a, qrcred_store.strike b WHERE a.id = :a_login AND b.id = :nobody;
-- each waits, and a guess made meanwhile is not looked at and does not prolong it
SELECT pg_temp.change(o, 'window_at = window_at + 2000000') FROM unnest(ARRAY[:a_login, :nobody]::int8[]) o;
CREATE TEMP TABLE since AS SELECT id, window_at FROM qrcred_store.strike WHERE id IN (:a_login, :nobody);
SELECT * FROM qrcred.login('ada', repeat('p', 72), 'till-1');
SELECT * FROM qrcred.login('nobody', repeat('p', 72), 'till-1');
SELECT name, w.* FROM (VALUES ('known', :a_login), ('unknown', :nobody)) o(name, owner), pg_temp.waits(owner) w;
SELECT count(*) AS not_prolonged FROM since JOIN qrcred_store.strike USING (id, window_at);
-- no freeze comes of it, however often
SELECT * FROM qt.peek('a');
-- 1, 2, 4 ... 512 s, then 15 minutes: eight tenths before its end a guess waits, at its end it is looked at
CREATE TEMP TABLE waited (k int, owner text, before text, after text, wrong int8);
DO $$
DECLARE
    k int; wait int; o record; before text;
BEGIN
    FOREACH k IN ARRAY '{1,2,3,10,11,40}'::int[] LOOP
        wait := CASE WHEN k > 10 THEN 900 ELSE 2 ^ (k - 1) END;
        FOR o IN SELECT * FROM (VALUES ('known', qt.login_owner('b'), 'Ada'), ('unknown', pg_temp.nobody('nobody'), 'nobody')) v(name, id, login) WHERE name = 'known' OR k IN (1, 3, 11) LOOP
            PERFORM pg_temp.change(o.id, format('window_count = %s, window_at = (extract(epoch FROM clock_timestamp()) * 1000000)::int8 - %s', k, wait * 1000000 - 800000));
            COMMIT;
            PERFORM qrcred.login(o.login, 'wrong ' || k, 'till-2');
            before := qt.last(o.id);
            PERFORM pg_temp.change(o.id, format('window_at = (extract(epoch FROM clock_timestamp()) * 1000000)::int8 - %s', wait * 1000000));
            COMMIT;
            PERFORM qrcred.login(o.login, 'wrong ' || k, 'till-2');
            INSERT INTO waited SELECT k, o.name, before, last, wrong FROM pg_temp.waits(o.id);
        END LOOP;
    END LOOP;
END $$;
SELECT * FROM waited ORDER BY k, owner;
-- a right one ends it, and one that was rolled back counts
SELECT pg_temp.change(:b_login, 'window_at = window_at - 900000000');
SELECT verdict FROM qrcred.login('Ada', 'secret of b', 'till-1');
SELECT * FROM pg_temp.waits(:b_login);
BEGIN;
SELECT * FROM qrcred.login('Ada', 'wrong', 'till-1');
SAVEPOINT s;
SELECT * FROM qrcred.login('Ada', 'wrong', 'till-1');
ROLLBACK TO s;
ROLLBACK;
SELECT * FROM pg_temp.waits(:b_login);
SELECT pg_temp.change(:b_login, 'window_at = window_at - 1000000');
-- a session of a login that is rolled back is none
BEGIN;
SELECT session AS undone FROM qrcred.login('Ada', 'secret of b', 'till-1') \gset
SELECT qt.err(format('SELECT qrcred.unbind_card(%L)', :'undone'));
ROLLBACK;
SELECT qt.err(format('SELECT qrcred.unbind_card(%L)', :'undone'));
-- a closed gateway: nothing is looked at
SELECT qrcred.set_gateway('till-2', false);
SELECT * FROM qrcred.login('Ada', 'secret of b', 'till-2');
SELECT * FROM qrcred.login('Ada', 'wrong', 'till-2');
SELECT qt.last_at('till-2'), w.* FROM pg_temp.waits(:b_login) w;

-- a session: its digest is kept; as a ticket it may be written small
SELECT qt.login('z') AS z1, qt.login('z') AS z2 \gset
UPDATE qt.payer SET session = :'z1' WHERE name = 'z';
SELECT count(*) FROM qrcred_store.session WHERE sha256 IN (sha256(:'z1'), sha256(:'z2'));
SELECT string_agg(attname || ' ' || format_type(atttypid, NULL), ', ' ORDER BY attnum) AS columns FROM pg_attribute WHERE attrelid = 'qrcred_store.session'::regclass AND attnum > 0 AND NOT attisdropped;
CREATE FUNCTION pg_temp.used(session text) RETURNS text LANGUAGE sql AS $$ SELECT qt.err(format('SELECT qrcred.bind_card(%L, ''token'')', session)) $$;
SELECT pg_temp.used(lower(:'z1')) AS lower, pg_temp.used(:'z1' || ' ') AS longer, pg_temp.used('QT1' || substr(:'z1', 4)) AS ticket;
-- five minutes without use end it, and use prolongs it
UPDATE qrcred_store.session SET used = used - interval '4 minutes 50 seconds' WHERE sha256 IN (sha256(:'z1'), sha256(:'z2'));
SELECT pg_temp.used(:'z1');
SELECT sha256 = sha256(:'z1') AS used, clock_timestamp() - used < interval '4 minutes' AS lately FROM qrcred_store.session WHERE sha256 IN (sha256(:'z1'), sha256(:'z2')) ORDER BY 1;
UPDATE qrcred_store.session SET used = used - interval '11 seconds' WHERE sha256 IN (sha256(:'z1'), sha256(:'z2'));
SELECT pg_temp.used(:'z1') AS used_between, pg_temp.used(:'z2') AS idle;
-- thirty in all end it, however much it was used
UPDATE qrcred_store.session SET started = started - interval '29 minutes 50 seconds', used = clock_timestamp() WHERE sha256 = sha256(:'z1');
SELECT pg_temp.used(:'z1');
UPDATE qrcred_store.session SET started = started - interval '11 seconds' WHERE sha256 = sha256(:'z1');
SELECT pg_temp.used(:'z1');
SELECT qrcred.maintain();
SELECT count(*) FILTER (WHERE sha256 = sha256(:'z1')) AS old, count(*) FILTER (WHERE sha256 = sha256(:'z2')) AS idle FROM qrcred_store.session;
-- logout ends it, with its transaction; a gateway that is closed lets none in
SELECT qt.login('z') AS z1, qt.login('z') AS z2 \gset
BEGIN;
SELECT qrcred.logout(:'z1');
SELECT left(pg_temp.used(:'z1'), 5);
ROLLBACK;
SELECT pg_temp.used(:'z1');
SELECT qrcred.logout(:'z1');
SELECT left(pg_temp.used(:'z1'), 5), pg_temp.used(:'z2'), left(qt.err(format('SELECT qrcred.logout(%L)', :'z1')), 5);
SELECT qrcred.set_gateway('till-1', false);
SELECT left(pg_temp.used(:'z2'), 51);
SELECT qrcred.set_gateway('till-1', true), qrcred.set_gateway('till-2', true);
SELECT pg_temp.used(:'z2');
-- another shard's
UPDATE qrcred_store.bucket SET owned = false;
SELECT left(pg_temp.used(:'z2'), 5), qrcred.register_login(:'b_ticket', '123X', 'x', 'x'), qt.last(0);
UPDATE qrcred_store.bucket SET owned = true;
-- a gateway of one role's: nobody else logs in there, or goes on with a session of it
CREATE ROLE regress_qrcred_shop;
CREATE ROLE regress_qrcred_other;
GRANT EXECUTE ON FUNCTION qrcred.login, qrcred.bind_card TO regress_qrcred_shop, regress_qrcred_other;
SELECT qrcred.create_gateway('till-3', 'Till 3', 'regress_qrcred_shop');
SELECT qt.err('SELECT qrcred.login(''login-z'', ''secret of z'', ''till-3'')');
SET SESSION AUTHORIZATION regress_qrcred_shop;
SELECT session AS z3 FROM qrcred.login('login-z', 'secret of z', 'till-3') \gset
SELECT qrcred.bind_card(:'z3', 'token'), qrcred.bind_card(:'z2', 'token');
SET SESSION AUTHORIZATION regress_qrcred_other;
\set VERBOSITY terse
SELECT qrcred.bind_card(:'z3', 'token');
\set VERBOSITY default
RESET SESSION AUTHORIZATION;
SELECT pg_temp.used(:'z3');
DROP OWNED BY regress_qrcred_shop, regress_qrcred_other;
DROP ROLE regress_qrcred_shop, regress_qrcred_other;
SELECT qt.err(format('SELECT qrcred.bind_card(%L, ''token'')', :'z3'));

-- another password: with its transaction; the other sessions end
BEGIN;
SELECT qrcred.change_login_password(:'z2', 'new secret');
ROLLBACK;
SELECT qt.login('z') IS NOT NULL AS the_old_one;
SELECT qt.login('z') AS z4 \gset
SELECT qrcred.change_login_password(:'z2', 'new secret');
SELECT count(*) AS sessions, bool_and(sha256 = sha256(:'z2')) AS this_one FROM qrcred_store.session s JOIN qrcred_store.login USING (login_id) JOIN qt.wallet w ON id = credential_id WHERE w.name = 'z';
SELECT left(pg_temp.used(:'z4'), 5), pg_temp.used(:'z2');
SELECT qt.login('z', 'till-1', 'new secret') IS NOT NULL AS new, qt.login('z') IS NOT NULL AS old;

-- a card, and its password where the policy keeps it; another card takes its place
SELECT pg_temp.change(:a_login, 'window_at = 0');
SELECT session AS a1 FROM qrcred.login('ada', repeat('p', 72), 'till-1') \gset
SELECT qt.err(format('SELECT qrcred.bind_card(%L, ''6222020000001234'', ''123456'')', :'z2'));
CREATE FUNCTION pg_temp.card(name text, OUT kid int2, OUT card int, OUT card_password int) LANGUAGE sql AS $$ SELECT c.kid, length(c.card) - 28, length(c.card_password) - 28 FROM qrcred_store.card c JOIN qt.wallet w ON id = credential_id WHERE w.name = card.name $$;
SELECT qrcred.bind_card(:'a1', '6222020000001234', '123456');
SELECT * FROM pg_temp.card('a');
BEGIN;
SELECT qrcred.bind_card(:'a1', repeat('t', 256));
SELECT * FROM pg_temp.card('a');
SELECT qrcred.unbind_card(:'a1');
SELECT * FROM pg_temp.card('a');
ROLLBACK;
SELECT * FROM pg_temp.card('a');
SELECT qrcred.unbind_card(:'a1'), qrcred.unbind_card(:'a1');
SELECT * FROM pg_temp.card('a');
SELECT qrcred.bind_card(:'a1', 'CARD-6222020000001234', 'PIN-123456');

-- nothing of it stands in a table, in whatever way of writing
CREATE FUNCTION pg_temp.found(VARIADIC words text[]) RETURNS TABLE (table_name text, word text) LANGUAGE plpgsql AS $$
DECLARE
    t regclass; w text;
BEGIN
    FOR t IN SELECT c.oid FROM pg_class c WHERE relnamespace = 'qrcred_store'::regnamespace AND relkind = 'r' LOOP
        FOREACH w IN ARRAY words LOOP
            RETURN QUERY EXECUTE format('SELECT %1$L, %2$L FROM %1$s t WHERE t::text ~* %3$L LIMIT 1',
                t, w, concat_ws('|', regexp_replace(w, '(\W)', '\\\1', 'g'), encode(w::bytea, 'hex'), regexp_replace(rtrim(encode(w::bytea, 'base64'), '='), '(\W)', '\\\1', 'g')));
        END LOOP;
    END LOOP;
END $$;
SELECT * FROM pg_temp.found('CARD-6222020000001234', '6222020000001234', 'PIN-123456', 'login-z', 'secret of z', 'new secret', repeat('p', 72), '11010119900101123X', '+8613800000000', :'a1', substr(:'a1', 5), :'z2', substr(:'a_ticket', 5), 'Ada a');
-- (what stands there is found)
SELECT * FROM pg_temp.found('Asking Bank', 'P-a') ORDER BY 1, 2;
-- alike names and cards do not look alike
SELECT count(DISTINCT card) AS cards, count(*) FROM (SELECT card FROM qrcred_store.card) AS c;

-- set up anew by staff: another name and password, the generation raised, its sessions gone
SELECT ticket AS z_ticket FROM qrcred.reissue((SELECT id FROM qt.wallet WHERE name = 'z')) \gset
SELECT pg_temp.used(:'z2') AS until_then;
SELECT qrcred.register_login(:'z_ticket', NULL, 'ada', 'x'), qrcred.register_login(:'z_ticket', NULL, 'zoe', 'third secret');
SELECT s.generation, left(pg_temp.used(:'z2'), 5) AS session, qt.err(format('SELECT qrcred.bind_card((qrcred.login(%L, %L, ''till-1'')).session, ''token'')', 'zoe', 'third secret')) AS new_one FROM qrcred_store.strike s JOIN qt.wallet USING (id) WHERE name = 'z';
SELECT verdict FROM qrcred.login('login-z', 'third secret', 'till-1');

-- its credential's codes are good for nothing at a till, whatever they are made with
SELECT qt.make_payer('k');
SELECT qrcred.set_password('bank', 'P-k', 'account password');
SELECT id AS k FROM qt.wallet WHERE name = 'k' \gset
SELECT how, v.verdict, v.next, v.tier, v.challenge, v.customer_ref, v.attempt_no, qt.last_at()
FROM qrcred_store.strike s, LATERAL (SELECT trunc(extract(epoch FROM clock_timestamp()))::int8 / 30 AS step) t,
    LATERAL (VALUES ('static', qt.code(17, 7, :k, 1, valid_until, qt.key(:k, 'static'))), ('rotating', qt.code(19, 7, :k, 1, step, qt.key(:k, 'rotating'))),
        ('renewal', qt.code(21, 7, :k, 1, step, qt.key(:k, 'renewal'))), ('biometric', qt.code(20, 7, :k, 1, step, '\x00'))) c(how, code),
    LATERAL qrcred.verify(code, 'till-1') v WHERE id = :k;
SELECT how, v.verdict, v.next, v.tries_left, qt.last_at()
FROM (VALUES ('second', qrcred.second_code(qt.key(:k, 'second'), :k, 7, 1, 1, '12345678')), ('typed', '12345678'), ('biometric', qt.code(20, 7, :k, 1, 1, '\x00'))) c(how, code), LATERAL qrcred.verify_second(:k, code, 'till-1') v;
SELECT verdict, next, tries_left, qt.last_at() FROM qrcred.check_password(:k, 1, 'account password', 'till-1');
SELECT verdict, tier FROM qrcred_store.strike s, qrcred.verify_many(ARRAY[qt.code(17, 7, :k, 1, valid_until, qt.key(:k, 'static')), qt.code(19, 7, :k, 1, extract(epoch FROM now())::int8 / 30, qt.key(:k, 'rotating'))], ARRAY[extract(epoch FROM now())::int8, extract(epoch FROM now())::int8], 'till-1') WHERE id = :k;
SELECT qrcred.renew(qt.code(21, 7, :k, 1, trunc(extract(epoch FROM clock_timestamp()))::int8 / 30, qt.key(:k, 'renewal'))), qt.last(0);
SELECT attempt_no, generation FROM qrcred_store.strike WHERE id = :k;
SELECT * FROM qt.peek('k');
SELECT kind, verdict, reason, tier FROM qrcred.history(:k);
SELECT a.* FROM unnest(ARRAY[:k, qt.login_owner('k'), 0]) o, qrcred.audit(o) a;
SELECT qt.broken_chains();
