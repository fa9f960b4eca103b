-- Registering, issuing, downloading: what is refused, what is stored, what the wallet
-- gets, and that a ticket is good once.
SELECT qt.fresh();
SELECT qrcred.create_issuer('club', 'Club', 'Entry', '{"wallet_url": "https://w.example/get", "valid_days": 30, "ticket_hours": 48, "digits": 6}');

-- registration: each argument on its own, then twice
CREATE TEMP TABLE wrong (n serial, what text, value text);
INSERT INTO wrong (what, value) VALUES ('null', NULL), ('empty', ''), ('long', repeat('x', 513)), ('control', E'a\nb'), ('control', E'a\x7f'), ('control', U&'a\0085'),
    ('65 bytes', repeat('x', 65)), ('not NFC', U&'e\0301');
SELECT w.what, a.name, left(qt.err(format('SELECT qrcred.register(%s)', (SELECT string_agg(CASE WHEN i = a.n THEN format('%L', w.value) ELSE format('%L', v) END, ', ' ORDER BY i)
        FROM unnest(ARRAY['bank', 'C-1', 'Ada', '123', '456']) WITH ORDINALITY AS x(v, i)))), 60) AS refused
FROM wrong w, unnest('{issuer,customer_ref,full_name,id_number,phone}'::text[]) WITH ORDINALITY AS a(name, n)
WHERE a.n <= 2 OR w.what NOT IN ('65 bytes', 'not NFC') ORDER BY a.n, w.n;
SELECT qt.err('SELECT qrcred.register(''nobody'', ''C-1'', ''Ada'', ''1'', ''2'')');
SELECT count(*) FROM qrcred_store.customer;
SELECT qrcred.register('bank', 'C-1', U&'Ren\00e9e \AC01', '11010119900101123X', '+86 138-0000-0000');
SELECT qt.err('SELECT qrcred.register(''bank'', ''C-1'', ''Other'', ''1'', ''2'')');
SELECT qrcred.register('club', 'C-1', 'Ada', '1', '2');
SELECT qrcred.register('bank', repeat(U&'\5BA2', 21), repeat('x', 512), repeat('9', 512), repeat('8', 512));
SELECT count(*) FROM qrcred_store.customer;
-- no personal datum stands in the store in clear
SELECT count(*) FROM qrcred_store.customer c WHERE c::text ~ 'Ada|Ren|110101|1380000' OR encode(full_name, 'hex') || encode(id_number, 'hex') || encode(phone, 'hex') ~ '416461|3131303130|31333830';

-- NFC: decomposed and composed data are the same, to the digest of the protocol
SELECT qrcred.register('club', 'C-2', U&'Rene\0301e \1100\1161\11a8', U&'A\030A1', '2');
SELECT count(*) FROM qrcred.issue('club', 'C-2');
SELECT uuid_send(digest_1) || uuid_send(digest_2) = hmac(qt.lp('club', 'C-2', U&'Ren\00e9e \AC01', U&'\00c51', '2'), qt.master_key('registration'), 'sha256') AS protocol
FROM qrcred_store.strike s JOIN qrcred_store.credential c ON s.id = c.credential_id WHERE customer_ref = 'C-2';

-- issue
SELECT x, left(qt.err('SELECT * FROM qrcred.issue(' || x || ')'), 90) AS refused FROM unnest(ARRAY['NULL, ''C-1''', '''bank'', NULL', '''nobody'', ''C-1''', '''bank'', ''C-9''', '''club'', ''c-1''',
    '''bank'', ''C-1'', valid_days => 0', '''bank'', ''C-1'', valid_days => -1', '''bank'', ''C-1'', valid_days => 3661', '''bank'', ''C-1'', valid_days => 2147483647',
    '''bank'', ''C-1'', purpose => E''a\nb''', '''bank'', ''C-1'', face_value => repeat(''x'', 1001)']) x;
CREATE TEMP TABLE i AS SELECT 1 AS n, * FROM qrcred.issue('bank', 'C-1');
INSERT INTO i SELECT 2, * FROM qrcred.issue('club', 'C-1');
INSERT INTO i SELECT 3, * FROM qrcred.issue('bank', 'C-1', 'Tea', U&'\00a5 88.50', 3660);
SELECT n, credential_id >> 51 = qrcred.bucket('C-1') AS bucket, ticket ~ '^QT1[.][A-Z2-7]{29}$' AS ticket, qrcred.code_bucket(ticket) = qrcred.bucket('C-1') AS ticket_bucket,
    link = 'https://w.example/get#' || ticket AS link, round((valid_until - extract(epoch FROM now())) / 86400) AS days, p.state
FROM i, qrcred.peek(credential_id) p ORDER BY n;
SELECT count(DISTINCT credential_id) AS ids, count(DISTINCT ticket) AS tickets FROM i;
-- the ticket is the protocol's, its digest alone is stored, and it ends after its hours
SELECT n, ticket = 'QT1.' || qt.base32(int2send(qrcred.bucket('C-1')::int2) ||
        substr(hmac(int8send(i.credential_id) || '\x01' || int4send(1), qt.master_key('ticket'), 'sha256'), 1, 16)) AS protocol,
    t.sha256 = sha256(ticket::bytea) AS digest, round((t.expires - extract(epoch FROM now())) / 3600) AS hours
FROM i JOIN qrcred_store.ticket t USING (credential_id) ORDER BY n;
SELECT kind, count(*) FROM qrcred_store.outbox JOIN i USING (credential_id) GROUP BY kind;

-- activation: the last four of the id number; five wrong answers spend the ticket, none is no answer
SELECT credential_id AS c1, ticket AS t1 FROM i WHERE n = 1 \gset
SELECT credential_id AS c2, ticket AS t2 FROM i WHERE n = 2 \gset
SELECT credential_id AS c3, ticket AS t3 FROM i WHERE n = 3 \gset
SELECT qrcred.set_policy('bank', '{"activation": "id_last4"}');
SELECT a, qrcred.download(:'t3', a) FROM unnest('{"",0000,11010119900101123X,123,1234,123X}'::text[]) a;
SELECT state FROM qrcred.peek(:c3);
-- the fifth was the end of it; a new link begins again, and ends the one before
SELECT credential_id = :c3 AS same_id, ticket <> :'t3' AS new, link FROM qrcred.resend_link(:c3);
SELECT ticket AS t3a FROM qrcred.resend_link(:c3) \gset
SELECT ticket AS t3b FROM qrcred.resend_link(:c3) \gset
SELECT qrcred.download(:'t3a', '123X') AS old;
SELECT qrcred.download(:'t3b') AS unanswered FROM generate_series(1, 6);
SELECT a, qrcred.download(:'t3b', a) ? 'keys' AS package FROM unnest('{0001,0002,0003,0004,"12 3-x"}'::text[]) a;
SELECT state FROM qrcred.peek(:c3);
SELECT qt.err('SELECT qrcred.resend_link(1)'), qt.err('SELECT qrcred.resend_link(NULL)');

-- the package
SELECT qrcred.set_policy('bank', '{"activation": "none"}');
CREATE TEMP TABLE package AS SELECT qrcred.download(lower(:'t1'), NULL, '\x00112233445566778899aabbccddeeff') AS p;
SELECT array_agg(k ORDER BY k) AS keys FROM package, jsonb_object_keys(p) k;
SELECT p ->> 'v' AS v, p -> 'credential_id' = to_jsonb(:'c1'::text) AS id, p -> 'generation' AS generation, p -> 'kid' AS kid, p -> 'digits' AS digits, p -> 'issuer' AS issuer,
    p -> 'purpose' AS purpose, p -> 'face_value' AS face_value, (p -> 'valid_until')::int8 - (p -> 'valid_from')::int8 AS seconds,
    abs((p -> 'server_time')::int8 - extract(epoch FROM clock_timestamp())) < 5 AS server_time, (p -> 'valid_until')::int8 = s.valid_until AS valid_until
FROM package, qrcred_store.strike s WHERE s.id = :c1 \gx
SELECT p ->> 'static' = qt.code(17, 7, :c1, 1, s.valid_until, qt.key(:c1, 'static')) AS static, (SELECT array_agg(k) FROM jsonb_object_keys(p -> 'keys') k) AS keys,
    (SELECT bool_and(value = encode(qt.key(:c1, key), 'hex')) FROM jsonb_each_text(p -> 'keys')) AS keys_right
FROM package, qrcred_store.strike s WHERE s.id = :c1;
SELECT c.kind, c.kid, c.credential_id = :c1 AS id, c.generation, c.moment = s.valid_until AS moment FROM package, qrcred_store.strike s, qrcred.code_parse(p ->> 'static') c WHERE s.id = :c1;
SELECT qrcred.rotating_code(decode(p #>> '{keys,rotating}', 'hex'), :c1, 7, 1, 59000000) = qt.code(19, 7, :c1, 1, 59000000, qt.key(:c1, 'rotating')) AS rotating,
    qrcred.renewal_code(decode(p #>> '{keys,renewal}', 'hex'), :c1, 7, 1, 59000000) = qt.code(21, 7, :c1, 1, 59000000, qt.key(:c1, 'renewal')) AS renewal,
    qrcred.second_code(decode(p #>> '{keys,second}', 'hex'), :c1, 7, 1, 1800000000, '12345678') =
        qt.code(18, 7, :c1, 1, 1800000000, qt.key(:c1, 'second'), '\x08' || '12345678'::bytea) AS second FROM package;

-- once, and again for the same wallet within ten minutes; then for nobody
INSERT INTO qt.wallet (name, id) VALUES ('1', :c1);
SELECT qrcred.download(:'t1'), qrcred.download(:'t1', NULL, '\x00112233445566778899aabbccddee00'), qrcred.download(:'t1', NULL, '\x00000000000000000000000000000000');
SELECT qrcred.download(:'t1', NULL, '\x00112233445566778899aabbccddeeff') - 'server_time' = p - 'server_time' AS again FROM package;
SELECT qt.pass('1', 595);
SELECT qrcred.download(:'t1', NULL, '\x00112233445566778899aabbccddeeff') - 'server_time' = p - 'server_time' AS again FROM package;
SELECT qt.pass('1', 10);
SELECT qrcred.download(:'t1', NULL, '\x00112233445566778899aabbccddeeff');
-- fetched without a nonce, it is nobody's to fetch again
SELECT ticket AS t1a FROM qrcred.resend_link(:c1) \gset
SELECT (qrcred.download(:'t1a') ->> 'v')::int AS v, qrcred.download(:'t1a'), qrcred.download(:'t1a', NULL, '\x00000000000000000000000000000000') AS zero;
-- used is used, whatever the transaction does
SELECT qrcred.set_policy('club', '{"activation": "none"}');
BEGIN;
SELECT qrcred.download(:'t2') -> 'digits' AS digits;
ROLLBACK;
SELECT qrcred.download(:'t2'), state FROM qrcred.peek(:c2);
BEGIN;
SELECT ticket AS t2a FROM qrcred.resend_link(:c2) \gset
ROLLBACK;
SELECT qrcred.download(:'t2a');
SELECT ticket AS t2b FROM qrcred.resend_link(:c2) \gset
UPDATE qrcred_store.ticket SET expires = trunc(extract(epoch FROM now())) - 1 WHERE credential_id = :c2;
SELECT qrcred.download(:'t2b');

-- tickets that lead nowhere: one answer, whatever is wrong
SELECT count(*), count(DISTINCT qrcred.download(t)) AS answers, min(qrcred.download(t)::text) AS answer FROM unnest(ARRAY['', 'x', 'QT1.', :'t1' || 'A', left(:'t1', -1), ' ' || :'t1', 'QS1.' || substr(:'t1', 5),
    'QC1.' || substr(:'t1', 5), 'QT1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'QT1.B777777777777777777777777777Y', overlay(:'t1' PLACING '1' FROM 9), left(:'t1', -1) || '7', repeat('Q', 100000),
    ''' OR 1=1 --', U&'QT1.\FF21', 'QT1.' || qt.base32(int2send(qrcred.bucket('C-1')::int2) || substr(hmac(int8send(:c1) || '\x01' || int4send(99), qt.master_key('ticket'), 'sha256'), 1, 16))]) t;
SELECT qt.err('SELECT qrcred.download(NULL)'), qt.err('SELECT qrcred.download(''x'', NULL, ''\x00'')');
-- frozen and void credentials give nothing
SELECT ticket AS t1b FROM qrcred.resend_link(:c1) \gset
SELECT qrcred.freeze(:c1, 'asked');
SELECT qrcred.download(:'t1b'), left(qt.err(format('SELECT qrcred.resend_link(%s)', :c1)), 5);
SELECT qrcred.release(:c1, 'asked');
SELECT qrcred.download(:'t1b') ->> 'v' AS v;
SELECT qrcred.void_credential(:c1, 'asked');
SELECT qrcred.download(:'t1b'), left(qt.err(format('SELECT qrcred.resend_link(%s)', :c1)), 5);
SELECT qt.broken_chains();
