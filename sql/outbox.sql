-- The outbox: what customers and staff are told, when, in which words, and how a relay
-- takes it.
SELECT qt.fresh();
SELECT qrcred.create_issuer('zh', '示例银行', '', '{"activation": "none", "lang": "zh", "wallet_url": "https://w.example/app"}');
-- what a relay gets, with the ticket of a link taken out
CREATE FUNCTION pg_temp.take(max int DEFAULT 100, OUT kind text, OUT phone text, OUT body text) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT kind, phone, regexp_replace(body, 'QT1[.][A-Z2-7]{29}$', '(ticket)') FROM qrcred.outbox_take(max) ORDER BY outbox_id
$$;
-- minutes pass for every message
CREATE FUNCTION pg_temp.wait(passed interval) RETURNS void LANGUAGE sql AS $$ UPDATE qrcred_store.outbox SET taken = taken - passed $$;
CREATE FUNCTION pg_temp.all_done() RETURNS void LANGUAGE sql AS $$ UPDATE qrcred_store.outbox SET done = now() WHERE done IS NULL $$;

SELECT x, qt.err('SELECT qrcred.' || x) FROM unnest('{outbox_take(NULL),outbox_take(0),outbox_take(-1),outbox_take(10001),outbox_done(NULL),"outbox_failed(NULL, ''x'')","outbox_failed(1, NULL)","outbox_failed(1, ''x'')"}'::text[]) x;
SELECT count(*) FROM qrcred.outbox_take(10000);

-- a link: the table holds ids, the relay gets phone and link
SELECT qrcred.register('bank', 'C-1', 'Ada Example', '11010119900101123X', '+8613800000001'), qrcred.register('zh', 'C-2', 'Ada Example', '11010119900101123X', '+8613800000002');
BEGIN;
SELECT length(ticket) FROM qrcred.issue('bank', 'C-1');
ROLLBACK;
SELECT * FROM pg_temp.take();
SELECT credential_id AS c1, ticket AS t1 FROM qrcred.issue('bank', 'C-1') \gset
SELECT credential_id AS c2, ticket AS t2, link AS l2 FROM qrcred.issue('zh', 'C-2') \gset
SELECT string_agg(attname || ' ' || format_type(atttypid, NULL), ', ' ORDER BY attnum) AS columns FROM pg_attribute WHERE attrelid = 'qrcred_store.outbox'::regclass AND attnum > 0 AND NOT attisdropped;
SELECT count(*), count(failure) AS texts FROM qrcred_store.outbox WHERE kind > 0;
CREATE TEMP TABLE taken AS SELECT * FROM qrcred.outbox_take(1);
INSERT INTO taken SELECT * FROM qrcred.outbox_take(10);
SELECT kind, phone, body = 'Bank of Examples: download your credential: ' || :'t1' AS in_english, body = '示例银行：请下载您的凭证：' || :'l2' AS in_chinese, :'l2' = 'https://w.example/app#' || :'t2' AS link FROM taken ORDER BY outbox_id;
SELECT count(DISTINCT idempotency_key) AS keys FROM taken;

-- taken is not offered again for 5 minutes; a rolled-back take was none; done is done
SELECT count(*) FROM qrcred.outbox_take(10);
SELECT pg_temp.wait('4 minutes 50 seconds');
SELECT count(*) FROM qrcred.outbox_take(10);
SELECT pg_temp.wait('11 seconds');
BEGIN;
SELECT count(*) FROM qrcred.outbox_take(10);
ROLLBACK;
SELECT count(*) AS again, bool_and(o.idempotency_key = t.idempotency_key AND o.body = t.body) AS the_same FROM qrcred.outbox_take(10) o JOIN taken t USING (outbox_id);
SELECT qrcred.outbox_failed(min(outbox_id), repeat('no route ', 100)) FROM taken;
SELECT failures, length(failure), done IS NULL AS open FROM qrcred_store.outbox WHERE outbox_id = (SELECT min(outbox_id) FROM taken);
SELECT qrcred.outbox_done(array_agg(outbox_id)) FROM (SELECT max(outbox_id) AS outbox_id FROM taken UNION ALL SELECT -1) t;
SELECT count(*) FROM qrcred.outbox_take(10);
SELECT pg_temp.wait('5 minutes');
SELECT * FROM pg_temp.take();
SELECT qrcred.outbox_failed(min(outbox_id), 'again') FROM taken;
SELECT failures, failure FROM qrcred_store.outbox WHERE outbox_id = (SELECT min(outbox_id) FROM taken);
SELECT qrcred.outbox_done(array_agg(outbox_id)), qrcred.outbox_done('{}') FROM taken;
SELECT qt.err(format('SELECT qrcred.outbox_failed(%s, ''late'')', max(outbox_id))) FROM taken;
SELECT pg_temp.wait('1 day');
SELECT count(*) FROM qrcred.outbox_take(10);

-- a link only while its ticket is the current one
SELECT ticket AS t1 FROM qrcred.resend_link(:c1) \gset
SELECT ticket AS t1 FROM qrcred.resend_link(:c1) \gset
SELECT count(*), bool_and(body LIKE '%' || :'t1') AS the_newest FROM qrcred.outbox_take(10);
SELECT qrcred.download(:'t1') ? 'keys' AS downloaded;
SELECT pg_temp.wait('5 minutes');
SELECT * FROM pg_temp.take();
SELECT ticket AS t1 FROM qrcred.resend_link(:c1) \gset
SELECT qrcred.cancel_ticket(:c1);
SELECT * FROM pg_temp.take();
SELECT qrcred.download(:'t1');
SELECT ticket AS t1 FROM qrcred.reissue(:c1) \gset
SELECT count(*), bool_and(body LIKE '%' || :'t1') AS the_newest FROM qrcred.outbox_take(10);
SELECT count(*) AS open FROM qrcred_store.outbox WHERE done IS NULL;
SELECT pg_temp.all_done();

-- freezes by strikes: with the guess itself, whatever the caller's transaction does
SELECT qt.make('a');
SELECT pg_temp.all_done();
SELECT id AS a FROM qt.wallet WHERE name = 'a' \gset
SELECT verdict FROM qt.scan('a');
BEGIN;
SELECT tries_left FROM qt.answer('a', 'wrong');
SELECT tries_left FROM qt.answer('a', 'wrong typed');
SELECT count(*) FROM qrcred_store.outbox WHERE kind > 1;
SELECT tries_left FROM qt.answer('a', 'wrong', offset_by => 1);
ROLLBACK;
SELECT * FROM pg_temp.take();
SELECT pg_temp.all_done();
-- a success where a failure would have frozen: nothing is told
SELECT qt.pass('a', 86400);
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a');
SELECT count(*) AS made_in_case FROM qrcred_store.outbox WHERE kind = 0;
SELECT * FROM pg_temp.take();
SELECT count(*) AS made_in_case FROM qrcred_store.outbox WHERE kind = 0;
-- the second, third; at the fourth, which is the last but one, a warning; the fifth voids
DO $$
BEGIN
    FOR n IN 2..5 LOOP
        PERFORM qt.pass('a', 86400);
        COMMIT;
        PERFORM qt.scan('a');
        FOR k IN 1..3 LOOP
            BEGIN
                PERFORM qt.answer('a', 'wrong', offset_by => k);
                RAISE EXCEPTION 'undo';
            EXCEPTION WHEN raise_exception THEN
                NULL;
            END;
        END LOOP;
        RAISE NOTICE '%: %', n, qt.peek('a');
    END LOOP;
END $$;
SELECT * FROM pg_temp.take();
SELECT pg_temp.all_done();

-- by hand: frozen and voided hold after a rollback, and so are told; a release is its transaction's
SELECT qt.make('b'), qt.make('z', 'zh');
SELECT pg_temp.all_done();
SELECT id AS b FROM qt.wallet WHERE name = 'b' \gset
SELECT id AS z FROM qt.wallet WHERE name = 'z' \gset
BEGIN;
SELECT qrcred.freeze(:b, 'lost');
ROLLBACK;
SELECT * FROM pg_temp.take();
BEGIN;
SELECT qrcred.release(:b, 'found');
ROLLBACK;
SELECT * FROM pg_temp.take();
SELECT qrcred.release(:b, 'found');
SELECT * FROM pg_temp.take();
BEGIN;
SELECT pg_temp.all_done();
SELECT qrcred.renew(qt.shown('b', 'renewal')) ->> 'generation' AS generation;
ROLLBACK;
SELECT * FROM pg_temp.take();
BEGIN;
SELECT qrcred.void_credential(:b, 'closed');
ROLLBACK;
SELECT * FROM pg_temp.take();
SELECT qt.err(format('SELECT qrcred.freeze(%s, ''x'')', :b)), qt.err(format('SELECT qrcred.void_credential(%s, ''x'')', :b));
SELECT * FROM pg_temp.take();
-- in Chinese
SELECT qrcred.freeze(:z, 'lost');
SELECT qrcred.release(:z, 'found');
SELECT qrcred.renew(qt.shown('z', 'renewal')) ->> 'generation' AS generation;
SELECT qrcred.set_policy('zh', '{"max_freezes": 1, "strike_limit": 1}');
UPDATE qt.wallet SET static = (SELECT qt.code(17, 7, id, 2, valid_until, qt.key(id, 'static')) FROM qrcred_store.strike s WHERE s.id = :z), generation = 2 WHERE name = 'z';
SELECT verdict FROM qt.scan('z');
SELECT next FROM qt.answer('z', 'wrong');
SELECT qrcred.void_credential(:z, 'closed');
SELECT * FROM pg_temp.take();

-- an alert is staff's: no phone; a relay drains in the order of making, and what it cannot name stays put
SELECT count(*) FROM generate_series(1, 11) n, LATERAL qrcred.report_lost('bank', 'wrong ' || n, '1', 'op');
SELECT qrcred.register('bank', 'C-' || n, 'Ada', '1', '+86' || n) FROM generate_series(100, 139) n;
SELECT count(i.ticket) FROM generate_series(100, 139) n, LATERAL qrcred.issue('bank', 'C-' || n) i;
SELECT * FROM pg_temp.take(1);
SELECT array_agg(phone ORDER BY n) = array_agg(phone ORDER BY phone) AS in_order, count(*), min(phone), max(phone) FROM qrcred.outbox_take(25) WITH ORDINALITY AS o(outbox_id, kind, phone, body, idempotency_key, n);
SELECT array_agg(phone ORDER BY n) = array_agg(phone ORDER BY phone) AS in_order, count(*), min(phone), max(phone) FROM qrcred.outbox_take(25) WITH ORDINALITY AS o(outbox_id, kind, phone, body, idempotency_key, n);
SELECT value, warning FROM qrcred.stats WHERE name = 'outbox_waiting';
UPDATE qrcred_store.outbox SET made = made - interval '61 minutes' WHERE outbox_id = (SELECT max(outbox_id) FROM qrcred_store.outbox);
SELECT warning FROM qrcred.stats WHERE name = 'outbox_waiting';
SELECT qt.broken_chains();

-- a link whose ticket has run out meanwhile is no message any more, and is closed
SELECT pg_temp.all_done();
SELECT length(ticket) FROM qrcred.issue('bank', 'C-1');
UPDATE qrcred_store.outbox SET made = made - interval '23 hours 59 minutes' WHERE done IS NULL;
SELECT * FROM pg_temp.take();
SELECT pg_temp.wait('5 minutes');
UPDATE qrcred_store.outbox SET made = made - interval '1 minute' WHERE done IS NULL;
SELECT * FROM pg_temp.take();
SELECT count(*) AS open FROM qrcred_store.outbox WHERE done IS NULL;

-- maintain() reminds, once, whose wallet has a credential of fewer than 14 days; not one that waits
SELECT ticket AS t13 FROM qrcred.issue('bank', 'C-100', valid_days => 13) \gset
SELECT ticket AS t15 FROM qrcred.issue('bank', 'C-101', valid_days => 15) \gset
SELECT length(ticket) FROM qrcred.issue('bank', 'C-102', valid_days => 12);
SELECT ticket AS tz FROM qrcred.issue('zh', 'C-2', valid_days => 13) \gset
SELECT qrcred.download(t) ? 'keys' AS downloaded FROM unnest(ARRAY[:'t13', :'t15', :'tz']) t;
SELECT pg_temp.all_done();
SELECT qrcred.maintain();
SELECT * FROM pg_temp.take() ORDER BY phone;
SELECT pg_temp.all_done();
SELECT qrcred.maintain();
SELECT * FROM pg_temp.take();

-- a payer is asked to bind anew, not to renew
SELECT qrcred.set_policy(x, '{"valid_days": 13}') FROM unnest('{bank,zh}'::text[]) x;
SELECT ticket AS p1 FROM qrcred.enrol_payer('bank', 'C-103') \gset
SELECT ticket AS p2 FROM qrcred.enrol_payer('zh', 'C-2') \gset
SELECT kind, phone, regexp_replace(body, 'QT1[.][A-Z2-7]{29}$', '(ticket)') AS body FROM qrcred.outbox_take(10) ORDER BY phone;
SELECT qrcred.register_login(t, NULL, 'payer ' || n, 'any password') FROM unnest(ARRAY[:'p1', :'p2']) WITH ORDINALITY AS u(t, n);
SELECT pg_temp.all_done();
SELECT qrcred.maintain();
SELECT * FROM pg_temp.take() ORDER BY phone;
