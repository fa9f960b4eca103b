-- Renewal by the wallet and reissue by staff: what is asked for it, what it ends, and that
-- nothing takes it back.
SELECT qt.fresh();
SELECT qt.make(n) FROM unnest('{a,b,c,d,e,f,g}'::text[]) n;
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset

-- a wallet takes a package over; what came back, without secrets
CREATE TEMP TABLE package (n serial, p jsonb);
CREATE FUNCTION pg_temp.take(name text, package jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO package (p) VALUES (package);
    IF package ? 'verdict' THEN
        RETURN package::text;
    END IF;
    UPDATE qt.wallet w SET id = (p ->> 'credential_id')::int8, static = p ->> 'static', kid = (p ->> 'kid')::int, generation = (p ->> 'generation')::int,
        second = decode(p #>> '{keys,second}', 'hex'), rotating = decode(p #>> '{keys,rotating}', 'hex'),
        ocra = decode(p #>> '{keys,ocra}', 'hex'), renewal = decode(p #>> '{keys,renewal}', 'hex')
    FROM (SELECT package AS p) x WHERE w.name = take.name;
    RETURN 'generation ' || (package ->> 'generation');
END $$;
CREATE FUNCTION pg_temp.renew(name text, nonce bytea DEFAULT NULL, how text DEFAULT 'renewal', offset_by int DEFAULT 0) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.take(name, qrcred.renew(qt.shown(name, how, offset_by), nonce))
$$;
-- columns of a credential's strike row, as only the owner of the tables could change them
CREATE FUNCTION pg_temp.change(name text, sets text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE qrcred_store.strike DISABLE TRIGGER guard_row;
    EXECUTE format('UPDATE qrcred_store.strike SET %s WHERE id = (SELECT id FROM qt.wallet WHERE name = %L)', sets, name);
    ALTER TABLE qrcred_store.strike ENABLE TRIGGER guard_row;
END $$;
CREATE FUNCTION pg_temp.last_reason(owner int8) RETURNS text LANGUAGE sql AS $$
    SELECT qrcred.log_word('kind', kind) || ' ' || qrcred.log_word('verdict', verdict) || ' ' || qrcred.log_word('reason', reason)
    FROM qrcred_store.attempt a WHERE a.owner = last_reason.owner ORDER BY attempt_no DESC LIMIT 1
$$;

-- arguments
SELECT qt.err('SELECT qrcred.renew(NULL)'), qt.err('SELECT qrcred.renew(''x'', ''\x00'')'), qt.err('SELECT qrcred.reissue(NULL)'), qt.err('SELECT qrcred.reissue(1)');
BEGIN READ ONLY;
SELECT qt.err('SELECT qrcred.renew(''x'')'), qt.err('SELECT qrcred.reissue(1)');
ROLLBACK;
-- only a renewal code: no other kind, no other key, no other generation or kid, nobody else's
UPDATE qt.wallet SET digits = '12345678';
SELECT qt.row_of('a') AS before \gset
SELECT how, qrcred.renew(qt.shown('a', how)), pg_temp.last_reason(0) FROM unnest('{static,rotating,second,typed}'::text[]) how;
SELECT what, qrcred.renew(code) ->> 'verdict' AS verdict, pg_temp.last_reason(0) FROM qt.wallet w, LATERAL (SELECT extract(epoch FROM clock_timestamp())::int8 / 30 AS step) t,
    LATERAL (VALUES ('rotating key', qt.code(21, 7, id, 1, step, rotating)), ('static key', qt.code(21, 7, id, 1, step, qt.key(id, 'static'))), ('zeros', qt.code(21, 7, id, 1, step, '\x00')),
        ('generation 2', qt.code(21, 7, id, 2, step, renewal)), ('kid 8', qt.code(21, 8, id, 1, step, renewal)), ('another id', qt.code(21, 7, id + 1, 1, step, renewal)),
        ('renewal key, rotating kind', qt.code(19, 7, id, 1, step, renewal)), ('cut', left(qt.code(21, 7, id, 1, step, renewal), 53)), ('text', 'renew me'), ('', '')) c(what, code)
WHERE name = 'a';
SELECT what, qrcred.renew(code) ->> 'verdict' AS verdict FROM qt.wallet b, LATERAL (SELECT extract(epoch FROM clock_timestamp())::int8 / 30 AS step) t,
    LATERAL (VALUES ('b''s code for a', qt.code(21, 7, :a, 1, step, b.renewal))) c(what, code) WHERE name = 'b';
SELECT qt.row_of('a') = :'before' AS untouched;
-- a renewal code is no first code, and is never drawn
SELECT verdict FROM qrcred.verify(qt.shown('a', 'renewal'), 'till-1');
SELECT qt.err(format('SELECT qrcred.qr_svg(%L)', qt.shown('a', 'renewal'))), qt.err(format('SELECT qrcred.qr_text(lower(%L))', qt.shown('a', 'renewal')));

-- the window: this step and the one before; the next one by policy
SELECT qt.calm();
SELECT x, pg_temp.renew('a', offset_by => x), pg_temp.last_reason(:a) FROM unnest('{-3,-2,1,2}'::int[]) x;
SELECT generation, step_renewal FROM qrcred_store.strike WHERE id = :a;
SELECT pg_temp.renew('a', offset_by => -1), pg_temp.last_reason(:a);
-- one renewal a step, whatever the generation
SELECT pg_temp.renew('a', offset_by => -1), pg_temp.last_reason(:a);
SELECT pg_temp.renew('a'), pg_temp.last_reason(:a);
SELECT pg_temp.renew('a'), pg_temp.last_reason(:a);
SELECT pg_temp.renew('a', offset_by => 1), pg_temp.last_reason(:a);
SELECT qrcred.set_policy('bank', '{"skew_ahead": true}');
SELECT pg_temp.renew('a', offset_by => 1), pg_temp.last_reason(:a);
SELECT qrcred.set_policy('bank', '{"skew_ahead": false}');

-- the package: its fields, and keys as the protocol derives them from the new generation
SELECT array_agg(k ORDER BY k) AS fields FROM package, jsonb_object_keys(p) k WHERE n = (SELECT max(n) FROM package);
SELECT p -> 'v' AS v, (p ->> 'credential_id')::int8 = id AS id, p -> 'generation' AS generation, p -> 'kid' AS kid, p -> 'digits' AS digits, p -> 'issuer' AS issuer, p ->> 'purpose' AS purpose,
    (p ->> 'valid_until')::int8 - (p ->> 'valid_from')::int8 AS valid, (p ->> 'valid_from')::int8 - extract(epoch FROM clock_timestamp())::int8 BETWEEN -60 AND 0 AS from_now, valid_until = (p ->> 'valid_until')::int8 AS agreed
FROM package, qrcred_store.strike WHERE id = :a AND n = (SELECT max(n) FROM package);
SELECT k.key, k.value = encode(qt.key(:a, k.key), 'hex') AS derived FROM package, jsonb_each_text(p -> 'keys') k WHERE n = (SELECT max(n) FROM package) ORDER BY 1;
SELECT static = qt.code(17, 7, id, 4, (SELECT valid_until FROM qrcred_store.strike s WHERE s.id = :a), qt.key(id, 'static')) AS static FROM qt.wallet WHERE name = 'a';
SELECT uuid_send(digest_1) || uuid_send(digest_2) = hmac(qt.lp('bank', 'C-a', 'Ada a', '11010119900101123X', '+8613800000000'), qt.master_key('registration'), 'sha256') AS digest FROM qrcred_store.strike WHERE id = :a;
-- the new codes work at once, the old ones nowhere
SELECT verdict FROM qt.scan('a');
SELECT verdict, tier FROM qt.answer('a');
SELECT verdict, next FROM qrcred.verify(:'a_static', 'till-1');
SELECT verdict FROM qt.scan('a');
SELECT qrcred.expected_second(:a, 1) AS old_second \gset
SELECT pg_temp.change('a', 'step_renewal = step_renewal - 3');
SELECT pg_temp.renew('a');
SELECT verdict, tries_left FROM qrcred.verify_second(:a, :'old_second', 'till-1');
SELECT verdict FROM qt.answer('a', 'typed');
SELECT p.strikes, p.state FROM qt.peek('a') p;

-- counts, marks and steps are kept over a renewal
SELECT verdict FROM qt.scan('b');
SELECT tries_left FROM qt.answer('b', 'wrong');
SELECT tries_left FROM qt.answer('b', 'wrong typed');
SELECT verdict FROM qt.scan('b', how => 'rotating');
SELECT verdict FROM qt.scan('b');
SELECT pg_temp.renew('b');
SELECT * FROM qt.peek('b');
SELECT verdict FROM qt.scan('b', how => 'rotating', offset_by => -1);
SELECT verdict FROM qt.scan('b');
SELECT * FROM qt.answer('b', 'wrong');
-- frozen: refused, and not before a release; void and changed registration data: never
SELECT pg_temp.change('b', 'step_renewal = 0');
SELECT pg_temp.renew('b'), pg_temp.last_reason(id) FROM qt.wallet WHERE name = 'b';
SELECT qrcred.release(id, 'asked') FROM qt.wallet WHERE name = 'b';
SELECT pg_temp.renew('b'), pg_temp.last_reason(id) FROM qt.wallet WHERE name = 'b';
SELECT qrcred.void_credential(id, 'closed') FROM qt.wallet WHERE name = 'b';
SELECT pg_temp.change('b', 'step_renewal = 0');
SELECT pg_temp.renew('b'), pg_temp.last_reason(id) FROM qt.wallet WHERE name = 'b';
SELECT qrcred.update_registration('bank', 'C-c', 'Ada of another name', '11010119900101123X', '+8613800000000');
SELECT pg_temp.renew('c'), pg_temp.last_reason(id) FROM qt.wallet WHERE name = 'c';

-- until renew_grace_days after expiry
SELECT pg_temp.change('d', 'valid_until = extract(epoch FROM clock_timestamp())::int8 - 30 * 86400 - 1');
SELECT pg_temp.renew('d'), pg_temp.last_reason(id) FROM qt.wallet WHERE name = 'd';
SELECT pg_temp.change('d', 'valid_until = extract(epoch FROM clock_timestamp())::int8 - 30 * 86400 + 60');
SELECT verdict, next FROM qrcred.verify(qt.shown('d', 'rotating'), 'till-1');
SELECT pg_temp.renew('d'), pg_temp.last_reason(id) FROM qt.wallet WHERE name = 'd';
SELECT state FROM qt.peek('d');
SELECT verdict FROM qt.scan('d');

-- a lost reply: the same code and wallet nonce fetch the same package again, for 10 minutes
SELECT qt.shown('e', 'renewal') AS code \gset
BEGIN;
SELECT pg_temp.take('e', qrcred.renew(:'code', '\x000102030405060708090a0b0c0d0e0f'));
ROLLBACK;
SELECT s.generation FROM qrcred_store.strike s JOIN qt.wallet w USING (id) WHERE name = 'e';
SELECT verdict FROM qt.scan('e');
SELECT qrcred.renew(:'code'), qrcred.renew(:'code', '\x000102030405060708090a0b0c0d0e0e');
SELECT pg_temp.take('e', qrcred.renew(:'code', '\x000102030405060708090a0b0c0d0e0f'));
SELECT pg_temp.take('e', qrcred.renew(:'code', '\x000102030405060708090a0b0c0d0e0f'));
SELECT a.p - 'server_time' = b.p - 'server_time' AS same FROM package a JOIN package b ON b.n = a.n + 1 WHERE b.n = (SELECT max(n) FROM package);
SELECT verdict FROM qt.scan('e');
SELECT verdict FROM qt.answer('e');
-- the nonce of somebody else's renewal, or with another code, fetches nothing
SELECT qrcred.renew(qt.shown('f', 'rotating'), '\x000102030405060708090a0b0c0d0e0f');
SELECT qrcred.renew(qt.code(21, 7, id, 1, extract(epoch FROM clock_timestamp())::int8 / 30, '\x00'), '\x000102030405060708090a0b0c0d0e0f') FROM qt.wallet WHERE name = 'e';
SELECT position('00010203-0405-0607-0809-0a0b0c0d0e0f' IN s::text) AS nonce_kept FROM qrcred_store.strike s JOIN qt.wallet w USING (id) WHERE name = 'e';
SELECT qt.pass('e', 598);
SELECT qrcred.renew(:'code', '\x000102030405060708090a0b0c0d0e0f') ->> 'generation' AS generation;
SELECT qt.pass('e', 3);
SELECT qrcred.renew(:'code', '\x000102030405060708090a0b0c0d0e0f');
-- not while frozen, even so
SELECT pg_temp.change('e', 'step_renewal = 0');
SELECT qt.shown('e', 'renewal') AS code \gset
SELECT pg_temp.take('e', qrcred.renew(:'code', '\x000102030405060708090a0b0c0d0e0f'));
SELECT qrcred.freeze(id, 'lost') FROM qt.wallet WHERE name = 'e';
SELECT qrcred.renew(:'code', '\x000102030405060708090a0b0c0d0e0f');

-- after generation 255: another credential of the same bucket, the old one void
SELECT pg_temp.change('f', 'generation = 255'), pg_temp.take('f', jsonb_build_object('credential_id', id::text, 'static', static, 'kid', kid, 'generation', 255,
    'keys', jsonb_build_object('second', encode(qt.key(id, 'second'), 'hex'), 'rotating', encode(qt.key(id, 'rotating'), 'hex'), 'ocra', encode(qt.key(id, 'ocra'), 'hex')))) FROM qt.wallet WHERE name = 'f';
UPDATE qt.wallet SET renewal = qt.key(id, 'renewal') WHERE name = 'f';
SELECT id AS f FROM qt.wallet WHERE name = 'f' \gset
SELECT pg_temp.renew('f'), pg_temp.last_reason(:f);
SELECT id <> :f AS another, id >> 51 = :f >> 51 AS same_bucket, id >> 51 = qrcred.bucket('C-f') AS of_customer, second = qt.key(id, 'second') AS derived FROM qt.wallet WHERE name = 'f';
SELECT state FROM qrcred.peek(:f);
SELECT state FROM qt.peek('f');
SELECT a.* FROM qt.wallet, qrcred.audit(id) a WHERE name = 'f';
SELECT verdict FROM qt.scan('f');
SELECT verdict, tier FROM qt.answer('f');
SELECT state, generation FROM qrcred.credentials_of('bank', 'C-f') ORDER BY state;

-- reissue: a new ticket; codes, tickets and challenges of before end, whatever the transaction does
SELECT id AS g, static AS g_static FROM qt.wallet WHERE name = 'g' \gset
SELECT ticket AS older FROM qrcred.resend_link(:g) \gset
SELECT verdict FROM qt.scan('g');
BEGIN;
SELECT ticket AS undone FROM qrcred.reissue(:g) \gset
ROLLBACK;
SELECT verdict FROM qrcred.verify(:'g_static', 'till-1');
SELECT verdict FROM qt.answer('g');
SELECT state FROM qt.peek('g');
SELECT credential_id = :g AS same_id, ticket ~ '^QT1[.][A-Z2-7]{29}$' AS ticket, link FROM qrcred.reissue(:g);
SELECT qrcred.set_policy('bank', '{"wallet_url": "https://w.example/p"}');
SELECT ticket, link = 'https://w.example/p#' || ticket AS link FROM qrcred.reissue(:g) \gset r_
SELECT :'r_link' AS link, t ->> 'verdict' AS verdict FROM (SELECT qrcred.download(x) AS t FROM unnest(ARRAY[:'older', :'undone', '']) x) d;
SELECT pg_temp.take('g', qrcred.download(:'r_ticket'));
SELECT second = qt.key(id, 'second') AS derived FROM qt.wallet WHERE name = 'g';
SELECT verdict FROM qt.scan('g');
SELECT verdict FROM qt.answer('g');
-- a freeze stays; a changed registration is healed; void is final; after 255 another id
SELECT qrcred.freeze(:g, 'lost');
SELECT ticket FROM qrcred.reissue(:g) \gset
SELECT qrcred.download(:'ticket');
SELECT state FROM qt.peek('g');
SELECT qrcred.release(:g, 'found');
SELECT pg_temp.take('g', qrcred.download(:'ticket'));
SELECT id AS c FROM qt.wallet WHERE name = 'c' \gset
SELECT ticket FROM qrcred.reissue(:c) \gset
SELECT pg_temp.take('c', qrcred.download(:'ticket'));
SELECT uuid_send(digest_1) || uuid_send(digest_2) = hmac(qt.lp('bank', 'C-c', 'Ada of another name', '11010119900101123X', '+8613800000000'), qt.master_key('registration'), 'sha256') AS digest, w.second = qt.key(:c, 'second') AS derived FROM qrcred_store.strike s JOIN qt.wallet w USING (id) WHERE id = :c;
SELECT verdict FROM qt.scan('c');
SELECT qt.err(format('SELECT qrcred.reissue(%s)', id)) FROM qt.wallet WHERE name = 'b';
SELECT pg_temp.change('g', 'generation = 255');
SELECT credential_id <> :g AS another, credential_id >> 51 = :g >> 51 AS same_bucket, ticket, credential_id AS id FROM qrcred.reissue(:g) \gset r_
SELECT :'r_another' AS another, :'r_same_bucket' AS same_bucket, n.state, o.state AS old FROM qrcred.peek(:r_id) n, qrcred.peek(:g) o;
SELECT pg_temp.take('g', qrcred.download(:'r_ticket'));
SELECT verdict FROM qt.scan('g');
SELECT qrcred.log_word('notice', kind) AS notice, count(*) FROM qrcred_store.outbox WHERE kind > 1 GROUP BY 1 ORDER BY 1;
SELECT qt.broken_chains();
