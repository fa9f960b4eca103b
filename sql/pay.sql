-- Payments: begun, presented with a biometric code, confirmed with a verification code; what
-- counts and what does not; charged once. What a charge function may do is in charge.sql.
SELECT qt.fresh();
SELECT qrcred.set_policy('bank', '{"verification": "screen"}');
SELECT qrcred.create_issuer('sms', 'SMS Bank', '', '{"activation": "none"}'), qrcred.create_issuer('zh', '示例银行', '', '{"activation": "none", "lang": "zh"}'),
    qrcred.create_issuer('off', 'Off', '', '{"activation": "none", "verification": "off"}'), qrcred.create_issuer('mild', 'Mild', '', '{"activation": "none", "verification": "screen", "strike_limit": 5}');
CREATE TABLE qt.debit (payment_id uuid, amount numeric, currency text, payee text);
CREATE FUNCTION qt.charge(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO qt.debit VALUES (payment_id, amount, currency, payee);
    RETURN concat_ws(' ', 'paid', currency, amount, (SELECT count(*) FROM qt.debit d WHERE d.payment_id = charge.payment_id));
END $$;
SELECT qt.make_payer(n, i) FROM (VALUES ('a', 'bank'), ('b', 'bank'), ('s', 'sms'), ('z', 'zh'), ('o', 'off'), ('m', 'mild'), ('w', 'bank'), ('x', 'bank'), ('v', 'bank')) v(n, i);
SELECT qt.bind(name), qrcred.bind_card(session, '6222020000001234') FROM qt.payer WHERE name <> 'v';
SELECT qt.bind('v');
SELECT w.id AS a, session AS s FROM qt.wallet w JOIN qt.payer USING (name) WHERE name = 'a' \gset
SELECT session AS b FROM qt.payer WHERE name = 'b' \gset

-- null and malformed arguments
SELECT x, qt.err('SELECT qrcred.' || replace(x, 'S', quote_literal(:'s'))) FROM unnest(ARRAY['begin_payment(NULL, 1, ''CNY'', ''p'', '''')', 'begin_payment(S, NULL, ''CNY'', ''p'', '''')', 'begin_payment(S, 1, NULL, ''p'', '''')', 'begin_payment(S, 1, ''CNY'', NULL, '''')', 'begin_payment(''x'', 1, ''CNY'', ''p'', '''')',
    'begin_payment(S, 1, ''cny'', ''p'', '''')', 'begin_payment(S, 1, ''CN'', ''p'', '''')', 'begin_payment(S, 1, ''CNYX'', ''p'', '''')', 'begin_payment(S, 1, '''', ''p'', '''')', 'begin_payment(S, 1, ''156'', ''p'', '''')',
    'begin_payment(S, 1, ''CNY'', '''', '''')', 'begin_payment(S, 1, ''CNY'', repeat(''p'', 257), '''')', 'begin_payment(S, 1, ''CNY'', E''p\tq'', '''')', 'begin_payment(S, 1, ''CNY'', ''p'', repeat(''o'', 257))', 'begin_payment(S, 1, ''CNY'', ''p'', E''o\x7f'')',
    'present(NULL, P, ''c'', ''till-1'')', 'present(S, NULL, ''c'', ''till-1'')', 'present(S, P, NULL, ''till-1'')', 'present(S, P, ''c'', NULL)', 'present(S, P, ''c'', ''till-9'')',
    'confirm(NULL, P, ''1'')', 'confirm(S, NULL, ''1'')', 'resend(NULL, P)', 'resend(S, NULL)', 'resend(S, P)', 'resend(''x'', P)', 'cancel_payment(NULL, P)', 'cancel_payment(S, NULL)', 'cancel_payment(S, P)', 'cancel_payment(''x'', P)',
    'payment_status(NULL, P)', 'payment_status(S, NULL)', 'payment_status(S, P)', 'payment_status(''x'', P)']) y, LATERAL (SELECT replace(y, 'P', '''01234567-89ab-8def-8123-456789abcdef''') AS x) r;
BEGIN READ ONLY;
SELECT x, qt.err('SELECT qrcred.' || x) FROM unnest('{"present(''x'', gen_random_uuid(), ''c'', ''till-1'')","confirm(''x'', gen_random_uuid(), ''123456'')"}'::text[]) x;
ROLLBACK;
-- no session: rejected, and told to nobody; elsewhere is said
SELECT verdict, next, credential_id, attempt_no, qt.last_at() FROM qrcred.present('x', gen_random_uuid(), 'c', 'till-1');
SELECT c.*, qt.last(0) FROM qrcred.confirm('x', gen_random_uuid(), '123456') c;
UPDATE qrcred_store.bucket SET owned = false;
SELECT verdict, next FROM qrcred.present(:'s', gen_random_uuid(), 'c', 'till-1');
SELECT verdict, status FROM qrcred.confirm(:'s', gen_random_uuid(), '123456');
UPDATE qrcred_store.bucket SET owned = true;

-- amounts, with exactly the currency's decimals
SELECT v.currency, given, b.amount, b.expires_in, b.kid, b.generation FROM (VALUES (1, 'CNY', 88.5), (2, 'CNY', 88.50000), (3, 'EUR', 999999999999999.99), (4, 'EUR', .01), (5, 'JPY', 12000), (6, 'JPY', 12000.00), (7, 'KRW', 1), (8, 'KWD', 1.234), (9, 'KWD', 5), (10, 'CLF', 0.0001), (11, 'XYZ', 1)) v(n, currency, given),
    LATERAL qrcred.begin_payment(:'s', given, v.currency, 'Shop', NULL) b ORDER BY n;
SELECT currency, amount, qt.err(format('SELECT qrcred.begin_payment(%L, %L, %L, ''Shop'', NULL)', :'s', amount, currency)) FROM (VALUES ('CNY', '0'), ('CNY', '0.001'), ('CNY', '0.005'), ('CNY', '-1'), ('CNY', '-0.01'), ('CNY', 'NaN'), ('CNY', 'Infinity'), ('CNY', '-Infinity'),
    ('CNY', '1000000000000000'), ('CNY', '1e300'), ('CNY', '1e-300'), ('JPY', '0.5'), ('JPY', '1.5'), ('JPY', '0.00'), ('KWD', '1.2345'), ('CLF', '0.00001')) v(currency, amount);
-- a payment's id, nonce and texts; the words are those that were given
SELECT qt.begin('p', 'a', 88.5, 'CNY', U&' Caf\00e9 \5546\6237 %s''; ', 'order-1');
SELECT y.id::text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' AS version_8, get_byte(uuid_send(y.id), 0) * 16 + get_byte(uuid_send(y.id), 1) / 16 = qrcred.bucket('P-a') AS bucket, y.payee, y.nonce ~ '^[0-9a-f]{32}$' AS nonce, s.state, s.order_ref, s.sending, encode(s.nonce, 'hex') = y.nonce AS kept
FROM qt.payment y JOIN qrcred_store.payment s ON s.payment_id = y.id WHERE y.name = 'p';
SELECT count(DISTINCT payment_id) AS ids, count(DISTINCT nonce) AS nonces, count(*) FROM qrcred_store.payment;
SELECT length(payee) AS payee FROM qrcred.begin_payment(:'s', 1, 'CNY', repeat(U&'\5546', 85), repeat('o', 256));
-- one request begins one payment, for one payer; with other content it is refused
SELECT qt.begin('r', 'a', 5, 'EUR', 'Shop', 'o', '11111111-1111-4111-8111-111111111111');
SELECT b.payment_id = y.id AS id, b.nonce = y.nonce AS nonce, b.amount, b.expires_in BETWEEN 590 AND 600 AS expires FROM qt.payment y, qrcred.begin_payment(:'s', 5.00, 'EUR', 'Shop', 'o', '11111111-1111-4111-8111-111111111111') b WHERE name = 'r';
SELECT x, qt.err(format('SELECT qrcred.begin_payment(%L, %s, ''11111111-1111-4111-8111-111111111111'')', :'s', x)) FROM unnest('{"5.01, ''EUR'', ''Shop'', ''o''","5, ''USD'', ''Shop'', ''o''","5, ''EUR'', ''shop'', ''o''","5, ''EUR'', ''Shop'', NULL"}'::text[]) x;
SELECT b.payment_id = y.id AS the_same FROM qt.payment y, qrcred.begin_payment(:'b', 5, 'EUR', 'Shop', 'o', '11111111-1111-4111-8111-111111111111') b WHERE name = 'r';
SELECT count(*) AS without_request FROM qrcred_store.payment WHERE request IS NULL AND amount = 88.5 AND order_ref = 'order-1';

-- what is no guess: told alike, written down at the gateway, nobody's strike
SELECT qt.calm();
SELECT qt.begin('other', 'b');
SELECT trunc(extract(epoch FROM clock_timestamp()))::int8 / 30 AS step, (SELECT id FROM qt.wallet WHERE name = 'b') AS b_id \gset
SELECT what, v.verdict, v.next, v.tries_left, v.credential_id = :a AS id, v.customer_ref, v.attempt_no, qt.last_at()
FROM qt.payment y JOIN qt.payer p ON p.name = y.payer, LATERAL (SELECT sha256(qt.lp(y.id::text, y.payee, y.currency, y.amount, y.nonce)) AS d) d, LATERAL (VALUES ('empty', ''), ('text', 'pay'), ('cut', left(qt.proof('p'), 53)), ('longer', qt.proof('p') || 'A'), ('spaced', ' ' || qt.proof('p')), ('digits', '123456'),
    ('generation', qt.code(20, 7, :a, 2, :step, p.key, d)), ('kid', qt.code(20, 8, :a, 1, :step, p.key, d)), ('another payer', qt.code(20, 7, :b_id, 1, :step, p.key, d)), ('static', qt.code(17, 7, :a, 1, :step, p.key, d)), ('rotating', qt.code(19, 7, :a, 1, :step, p.key, d)),
    ('second', qt.code(18, 7, :a, 1, :step, p.key, d)), ('renewal', qt.code(21, 7, :a, 1, :step, p.key, d))) c(what, code), LATERAL qrcred.present(:'s', y.id, code, 'till-1') v WHERE y.name = 'p';
SELECT what, v.verdict, v.next, v.tries_left, qt.last_at(gateway) FROM qt.payment y, LATERAL (VALUES ('another''s payment', :'b', 'till-1'), ('another gateway', :'s', 'till-2')) c(what, session, gateway), LATERAL qrcred.present(c.session, y.id, qt.proof('p'), gateway) v WHERE y.name = 'p';
SELECT verdict, next, qt.last_at() FROM qrcred.present(:'s', '01234567-89ab-8def-8123-456789abcdef', qt.proof('p'), 'till-1');
SELECT qrcred.set_gateway('till-1', false);
SELECT * FROM qt.present('p');
SELECT qt.last_at(), c.* FROM qt.confirm('p') c;
SELECT qrcred.set_gateway('till-1', true);
SELECT p.*, qt.last_of('a') FROM (VALUES (-2), (1), (2)) o(n), LATERAL qt.present('p', offset_by => n) p;
SELECT *, (SELECT strikes_biometric FROM qrcred_store.strike WHERE id = :a) AS counted, qt.status('p') FROM qt.peek('a');

-- the right one, of this step or the one before: presented, and a code is shown
SELECT verdict, next, tier, customer_ref, issuer, challenge, challenge_seconds, tries_left IS NULL AS untold, message, attempt_no, repeated FROM qt.payment y, qrcred.present(:'s', y.id, qt.proof('p', offset_by => -1), 'till-1', '22222222-2222-4222-8222-222222222222') WHERE y.name = 'p' \gset v_
SELECT :'v_verdict' AS verdict, :'v_next' AS next, :'v_tier' AS tier, :'v_customer_ref' AS customer_ref, :'v_issuer' AS issuer, :v_challenge_seconds AS seconds, :'v_untold' AS untold, :'v_message' AS message, :'v_repeated' AS repeated, :'v_challenge' = qt.sent('p') AS by_the_protocol, :'v_challenge' ~ '^[0-9]{6}$' AS six, qt.status('p');
SELECT attempt_no = :v_attempt_no AS attempt_no, sending FROM qrcred_store.payment s JOIN qt.payment y ON id = payment_id WHERE name = 'p';
-- repeated by its request: the same number and code, nothing sent; otherwise a replay, for another payment too
SELECT v.verdict, v.tier, v.repeated, v.attempt_no = :v_attempt_no AS same_no, v.challenge = :'v_challenge' AS same_code, sending FROM qt.payment y JOIN qrcred_store.payment s ON id = payment_id, LATERAL qrcred.present(:'s', y.id, qt.proof('p', offset_by => -1), 'till-1', '22222222-2222-4222-8222-222222222222') v WHERE y.name = 'p';
SELECT *, qt.last_of('a') FROM qt.present('p', offset_by => -1);
SELECT *, qt.last_of('a') FROM qt.present('p', offset_by => -1, request_id => '22222222-2222-4222-8222-222222222223');
SELECT *, qt.last_of('a') FROM qt.present('r', offset_by => -1, request_id => '22222222-2222-4222-8222-222222222222');
-- in its own step another payment is right; a later presentation of the same sends another code
SELECT * FROM qt.present('r');
SELECT qrcred.set_policy('bank', '{"skew_ahead": true}');
SELECT * FROM qt.present('p', offset_by => 1);
SELECT qrcred.set_policy('bank', '{"skew_ahead": false}');
SELECT qt.sent('p') <> :'v_challenge' AS another_code, sending FROM qrcred_store.payment s JOIN qt.payment y ON id = payment_id WHERE name = 'p';
-- an acceptance rolled back: used; its request pays all the same, a presentation without one does not
SELECT qt.begin('q', 'b');
BEGIN;
SELECT * FROM qt.present('q', request_id => '33333333-3333-4333-8333-333333333333');
ROLLBACK;
SELECT qt.status('q');
SELECT * FROM qt.present('q', request_id => '33333333-3333-4333-8333-333333333333');
SELECT qt.status('q'), shown = qt.sent('q') AS shown FROM qt.payment WHERE name = 'q';
SELECT qt.begin('q2', 'w');
BEGIN;
SELECT verdict FROM qt.present('q2');
ROLLBACK;
SELECT *, qt.status('q2') FROM qt.present('q2');
-- through a session of another device at another gateway, too
SELECT qt.login('s', 'till-2') AS s2 \gset
SELECT qt.begin('device', 's');
SELECT v.verdict, c.verdict, c.status FROM qt.payment y, qrcred.present(:'s2', y.id, qt.proof('device'), 'till-2') v, qrcred.confirm(:'s2', y.id, 'x') c WHERE name = 'device';

-- no charge function, no card: an error, and the payment stays as it is
SELECT qt.err('SELECT qt.confirm(''p'')'), qt.status('p');
SELECT qrcred.set_charge_function(i, 'qt.charge(uuid, text, text, numeric, text, text)') FROM unnest('{bank,sms,zh,off,mild}'::text[]) i;
SELECT qt.begin('n', 'v');
SELECT verdict FROM qt.present('n');
SELECT qt.err('SELECT qt.confirm(''n'')'), qt.status('n');
-- verification codes: malformed, wrong, another payment's, right, and right again
SELECT x, c.*, qt.last_at() FROM qt.payment y, unnest(ARRAY[NULL, '', '12345', '1234567', 'abcdef', ' 12345', '12345 ', '１２３４５６']) x, LATERAL qrcred.confirm(:'s', y.id, x) c WHERE name = 'p';
SELECT c.*, qt.last_at() FROM qt.payment y, qrcred.confirm(:'b', y.id, '123456') c WHERE name = 'p';
SELECT c.*, qt.last_at() FROM qrcred.confirm(:'s', '01234567-89ab-8def-8123-456789abcdef', '123456') c;
SELECT qt.begin('open', 'a');
SELECT c.*, qt.last_at() FROM qt.confirm('open') c;
SELECT * FROM qt.peek('a');
SELECT c.*, qt.last_of('a') FROM qt.payment y, qrcred.confirm(:'s', y.id, qt.sent('r')) c WHERE name = 'p';
SELECT c.*, qt.last_of('a') FROM qt.payment y, qrcred.confirm(:'s', y.id, :'v_challenge') c WHERE name = 'p';
SELECT * FROM qt.peek('a');
SELECT c.*, qt.last_of('a') FROM qt.confirm('p') c;
SELECT * FROM qt.peek('a');
SELECT * FROM qt.confirm('p');
SELECT * FROM qt.confirm('p', request_id => '44444444-4444-4444-8444-444444444444');
SELECT amount, currency, payee FROM qt.debit;
SELECT state, receipt, asked IS NOT NULL AS asked, ended IS NOT NULL AS ended, reason FROM qrcred_store.payment JOIN qt.payment y ON id = payment_id WHERE y.name = 'p';
-- a wrong one for a payment that is charged counts too, and nothing is told of it
SELECT * FROM qt.confirm('p', 'wrong');
SELECT qt.status('p'), p.* FROM qt.peek('a') p;
-- a charged payment is not presented, left or sent a code again
SELECT verdict, next, qt.last_at() FROM qt.present('p');
SELECT qrcred.cancel_payment(:'s', y.id), qt.err(format('SELECT qrcred.resend(%L, %L)', :'s', y.id)) FROM qt.payment y WHERE name = 'p';

-- rolled back in whatever way and repeated: one debit
BEGIN;
SELECT * FROM qt.confirm('q');
SELECT count(*) AS debits FROM qt.debit;
ROLLBACK;
SELECT qt.status('q'), (SELECT count(*) FROM qt.debit) AS debits;
BEGIN;
SAVEPOINT s;
SELECT * FROM qt.confirm('q');
ROLLBACK TO s;
SELECT qt.status('q'), (SELECT count(*) FROM qt.debit) AS debits;
COMMIT;
DO $$
BEGIN
    RAISE EXCEPTION '%', qt.confirm('q');
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '%, undone: %', SQLERRM, qt.status('q');
END $$;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM qt.confirm('q');
SELECT * FROM qt.confirm('q');
COMMIT;
SELECT * FROM qt.confirm('q', request_id => '55555555-5555-4555-8555-555555555555');
SELECT count(*) AS debits FROM qt.debit JOIN qt.payment ON id = payment_id WHERE name = 'q';
-- the whole of it in one transaction that sees nothing new
SELECT qt.step_unused('b');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT qt.begin('whole', 'b');
SELECT * FROM qt.present('whole');
SELECT * FROM qt.confirm('whole');
SELECT qt.status('whole');
COMMIT;
SELECT qt.status('whole'), count(*) AS debits FROM qt.debit JOIN qt.payment ON id = payment_id WHERE name = 'whole';

-- wrong codes count whatever the transaction does; the third freezes, and nothing is looked at then
SELECT qt.begin('w', 'x');
SELECT verdict FROM qt.present('w');
BEGIN;
SELECT * FROM qt.confirm('w', 'wrong');
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT * FROM qt.confirm('w', 'wrong');
ROLLBACK TO s;
COMMIT;
DO $$
BEGIN
    RAISE EXCEPTION '%', qt.confirm('w', 'wrong');
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '%', SQLERRM;
END $$;
SELECT * FROM qt.peek('x');
SELECT c.*, qt.last_of('x') FROM qt.confirm('w') c;
SELECT c.*, qt.last_of('x') FROM qt.confirm('w', 'wrong') c;
SELECT verdict, next, tries_left FROM qt.present('w');
SELECT qt.status('w');
-- released: the same code is good again; a mark is left until a right one
SELECT qrcred.release(id, 'asked') FROM qt.wallet WHERE name = 'x';
SELECT * FROM qt.confirm('w');
SELECT count(*) AS debits FROM qt.debit JOIN qt.payment ON id = payment_id WHERE name = 'w';
SELECT kind, verdict, reason, tier FROM qt.wallet, qrcred.history(id) WHERE name = 'x';
SELECT a.* FROM qt.wallet, qrcred.audit(id) a WHERE name = 'x';

-- three wrong biometric codes leave the payment, and freeze where the limit is three
SELECT qt.begin(n, 'v') FROM unnest('{v1,v2}'::text[]) n;
SELECT qt.step_unused('v');
SELECT * FROM qt.present('v1', 'wrong', 1);
SELECT * FROM qt.present('v2', 'wrong', 2);
SELECT verdict, next, tries_left, message, qt.last_of('v') FROM qt.payment y, qrcred.present(qt.session('v'), y.id, qt.proof('v1', 'wrong', 3), 'till-1') WHERE name = 'v1';
SELECT qt.status('v1'), qt.status('v2'), p.* FROM qt.peek('v') p;
SELECT * FROM qt.present('v2');
SELECT qt.status('v2');
-- where it is five: the third of a payment leaves it, whichever transactions are undone
SELECT qt.begin(n, 'm') FROM unnest('{m1,m2}'::text[]) n;
BEGIN;
SELECT * FROM qt.present('m1', 'wrong', 1);
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT * FROM qt.present('m1', 'wrong', 2);
ROLLBACK TO s;
COMMIT;
BEGIN;
SELECT * FROM qt.present('m1', 'wrong', 3);
SELECT qt.status('m1');
ROLLBACK;
SELECT qt.status('m1'), p.* FROM qt.peek('m') p;
SELECT p.*, qt.last_of('m') FROM qt.present('m1') p;
SELECT qt.status('m1');
SELECT p.*, qt.last_at() FROM qt.present('m1') p;
-- another payment is its own; the right code clears the strikes
SELECT * FROM qt.present('m2', 'wrong', 1);
SELECT * FROM qt.present('m2');
SELECT * FROM qt.peek('m');
-- a code that is right for another payment is wrong for this one
SELECT qt.step_unused('m');
SELECT qt.begin(n, 'm') FROM unnest('{m3,m4}'::text[]) n;
SELECT verdict, tries_left, qt.last_of('m') FROM qt.payment y, qrcred.present(qt.session('m'), y.id, qt.proof('m4'), 'till-1') WHERE name = 'm3';
SELECT verdict FROM qt.present('m4');
-- taken in turns: the third of a payment leaves it, the fifth of all freezes
SELECT qt.step_unused('m');
SELECT qt.begin(n, 'm') FROM unnest('{t1,t2,t3}'::text[]) n;
DO $$
DECLARE
    n int := 0; name text;
BEGIN
    FOREACH name IN ARRAY '{t1,t2,t1,t1,t3}'::text[] LOOP
        n := n + 1;
        RAISE NOTICE '% %: %, then %', n, name, qt.present(name, 'wrong', n), qt.status(name);
    END LOOP;
END $$;
SELECT * FROM qt.peek('m');
SELECT n, qt.status(n) FROM unnest('{t1,t2,t3}'::text[]) n;

-- sent: the words in both languages, and only while they are worth telling
CREATE FUNCTION pg_temp.told() RETURNS TABLE (kind text, phone text, body text) LANGUAGE sql AS $$
    UPDATE qrcred_store.outbox SET taken = NULL;
    SELECT o.kind, o.phone, regexp_replace(o.body, '[0-9]{6}', '(code)') FROM qrcred.outbox_take(100) o WHERE o.kind = 'verification' ORDER BY outbox_id
$$;
SELECT * FROM pg_temp.told();
SELECT qt.begin('s', 's', 1234.5, 'USD', 'Shop & Co'), qt.begin('z', 'z', 12000, 'JPY', '商户');
SELECT qt.step_unused('s');
SELECT n, p.verdict, p.next, y.shown FROM unnest('{s,z}'::text[]) n, LATERAL qt.present(n) p, qt.payment y WHERE y.name = n ORDER BY 1;
SELECT body = CASE y.name WHEN 's' THEN 'SMS Bank: pay USD 1234.50 Shop & Co. Code: ' || qt.sent('s') || '. Tell it to nobody.' ELSE '示例银行：支付 JPY 12000 商户，验证码 ' || qt.sent('z') || '，请勿告诉他人。' END AS words FROM qrcred.outbox_take(100) o JOIN qt.payment y ON y.name = CASE WHEN o.body LIKE '%USD%' THEN 's' ELSE 'z' END WHERE o.kind = 'verification' ORDER BY y.name;
SELECT * FROM pg_temp.told();
SELECT subject = y.id AS subject, ticket_serial AS sending FROM qrcred_store.outbox JOIN qt.payment y ON y.name = 's' WHERE kind = 11 AND subject = y.id;
-- sent again: the one before is worthless, and is not told any more; three in all
SELECT qt.sent('s') AS first_code \gset
SELECT qrcred.resend(qt.session('s'), id) FROM qt.payment WHERE name = 's';
SELECT * FROM pg_temp.told() WHERE body LIKE 'SMS%';
SELECT c.* FROM qt.payment y, qrcred.confirm(qt.session('s'), y.id, :'first_code') c WHERE name = 's';
SELECT qrcred.resend(qt.session('s'), id) FROM qt.payment WHERE name = 's';
SELECT qt.err(format('SELECT qrcred.resend(%L, %L)', qt.session('s'), id)) FROM qt.payment WHERE name = 's';
SELECT sending FROM qrcred_store.payment JOIN qt.payment y ON id = payment_id WHERE name = 's';
-- nor does another presentation send a fourth
SELECT qt.step_unused('s');
SELECT verdict FROM qt.present('s');
SELECT sending, (SELECT count(*) FROM qrcred_store.outbox WHERE kind = 11 AND subject = y.id) AS messages FROM qrcred_store.payment JOIN qt.payment y ON id = payment_id WHERE name = 's';
BEGIN;
SELECT qrcred.resend(qt.session('z'), id) FROM qt.payment WHERE name = 'z';
ROLLBACK;
SELECT * FROM pg_temp.told();
-- five minutes
UPDATE qrcred_store.payment SET sent = sent - interval '300 seconds' WHERE sending > 0 AND state = 'presented';
UPDATE qrcred_store.outbox SET made = made - interval '300 seconds' WHERE kind = 11;
SELECT n, c.*, qt.last_of(n) FROM unnest('{s,z}'::text[]) n, LATERAL qt.confirm(n) c ORDER BY 1;
SELECT (qt.peek('s')).strikes, (qt.peek('z')).strikes;
SELECT * FROM pg_temp.told();
SELECT count(*) AS open FROM qrcred_store.outbox WHERE kind = 11 AND done IS NULL;
SELECT qrcred.resend(qt.session('z'), id) FROM qt.payment WHERE name = 'z';
UPDATE qrcred_store.payment SET sent = sent - interval '290 seconds' WHERE payment_id = (SELECT id FROM qt.payment WHERE name = 'z');
SELECT * FROM qt.confirm('z');
UPDATE qrcred_store.payment SET sent = sent - interval '290 seconds' WHERE payment_id = (SELECT id FROM qt.payment WHERE name = 'z');
SELECT * FROM qt.confirm('z');
SELECT * FROM pg_temp.told();
-- a payment lasts ten minutes
SELECT qt.begin('late', 's'), qt.step_unused('s');
UPDATE qrcred_store.payment SET sent = clock_timestamp(), expires = expires - interval '600 seconds' WHERE payment_id IN (SELECT id FROM qt.payment WHERE name IN ('late', 's'));
SELECT n, qt.status(n), p.verdict, p.next, c.verdict, c.status, qt.last_at(), qrcred.cancel_payment(qt.session('s'), y.id), qt.err(format('SELECT qrcred.resend(%L, %L)', qt.session('s'), y.id)) FROM unnest('{late,s}'::text[]) n, LATERAL qt.present(n) p, LATERAL qt.confirm(n) c, qt.payment y WHERE y.name = n ORDER BY 1;
SELECT qrcred.maintain();
SELECT state, count(*) FROM qrcred_store.payment JOIN qt.payment y ON id = payment_id WHERE name IN ('late', 's') GROUP BY 1;
SELECT qt.begin('soon', 's');
UPDATE qrcred_store.payment SET expires = expires - interval '590 seconds' WHERE payment_id IN (SELECT id FROM qt.payment WHERE name = 'soon');
SELECT verdict, qt.status('soon') FROM qt.present('soon');

-- left by the payer: open or presented, and for good
SELECT qt.begin('l', 'a');
BEGIN;
SELECT qrcred.cancel_payment(:'s', id) FROM qt.payment WHERE name = 'l';
ROLLBACK;
SELECT qt.status('l');
SELECT qrcred.cancel_payment(:'s', id), qrcred.cancel_payment(:'s', id) FROM qt.payment WHERE name = 'l';
SELECT p.verdict, p.next, c.* FROM qt.present('l') p, qt.confirm('l') c;
SELECT qt.status('r');
SELECT qt.err(format('SELECT qrcred.cancel_payment(%L, %L)', :'b', id)) FROM qt.payment WHERE name = 'r';
SELECT qrcred.cancel_payment(:'s', id) FROM qt.payment WHERE name = 'r';
SELECT c.*, qt.last_at() FROM qt.confirm('r') c;
SELECT count(*) AS debits FROM qt.debit JOIN qt.payment ON id = payment_id WHERE name IN ('l', 'r');

-- without verification codes: nothing is sent, any confirmation is one
SELECT qt.begin('o', 'o');
SELECT p.*, shown FROM qt.present('o') p, qt.payment WHERE name = 'o';
SELECT sending FROM qrcred_store.payment JOIN qt.payment y ON id = payment_id WHERE name = 'o';
SELECT c.* FROM qt.payment y, qrcred.confirm(qt.session('o'), y.id, NULL) c WHERE name = 'o';
SELECT c.* FROM qt.payment y, qrcred.confirm(qt.session('o'), y.id, '000000') c WHERE name = 'o';
SELECT c.*, qt.last_at() FROM qt.payment y, qrcred.confirm(qt.session('o'), y.id, NULL) c WHERE name = 'open';
SELECT count(*) AS debits FROM qt.debit JOIN qt.payment ON id = payment_id WHERE name = 'o';
SELECT * FROM qt.peek('o');
-- ... and none that is right: wrong ones of before stay counted
SELECT qrcred.set_policy('off', '{"verification": "screen"}');
SELECT qt.begin('o2', 'o'), qt.step_unused('o');
SELECT verdict FROM qt.present('o2');
SELECT * FROM qt.confirm('o2', 'wrong');
SELECT qrcred.set_policy('off', '{"verification": "off"}');
SELECT c.* FROM qt.payment y, qrcred.confirm(qt.session('o'), y.id, NULL) c WHERE name = 'o2';
SELECT * FROM qt.peek('o');

-- a day's limit: looked at when presented, and again before the charge; the sum is the debit's
SELECT qrcred.set_policy('off', '{"tier_limits": {"B": 100}}');
SELECT qt.step_unused('o');
SELECT qt.begin(n, 'o', x, payee => 'CNY 0.01 Shop') FROM (VALUES ('d1', 60), ('d2', 40.01), ('d3', 100.01), ('d4', 40)) v(n, x);
SELECT p.*, qt.last_of('o'), qt.status('d3') FROM qt.present('d3') p;
SELECT qt.step_unused('o');
SELECT * FROM qt.present('d1');
SELECT qt.step_unused('o');
SELECT * FROM qt.present('d2');
SELECT qt.step_unused('o');
SELECT * FROM qt.present('d4');
BEGIN;
SELECT * FROM qt.confirm('d1');
SELECT amount FROM qrcred_store.spent;
ROLLBACK;
SELECT amount FROM qrcred_store.spent;
SELECT * FROM qt.confirm('d1');
SELECT * FROM qt.confirm('d1');
SELECT currency, tier, amount FROM qrcred_store.spent;
SELECT * FROM qt.confirm('d2');
SELECT qt.status('d2'), amount, (SELECT count(*) FROM qt.debit JOIN qt.payment ON id = payment_id WHERE name = 'd2') AS debits FROM qrcred_store.spent;
SELECT * FROM qt.confirm('d4');
SELECT amount FROM qrcred_store.spent;
SELECT * FROM qt.peek('o');

-- an acceptance of a payment is none for an account password
SELECT qrcred.set_password('bank', 'P-a', 'account password');
SELECT qt.begin('pw', 'a'), qt.step_unused('a');
SELECT v.verdict, v.attempt_no AS attempt_no FROM qt.payment y, qrcred.present(:'s', y.id, qt.proof('pw'), 'till-1') v WHERE name = 'pw' \gset v_
SELECT verdict, next, tries_left, tier FROM qrcred.check_password(:a, :v_attempt_no, 'account password', 'till-1');

-- the log is whole, and the ledger has each payment that is charged once
SELECT a.ok, a.finding, count(*) FROM qt.wallet w, qrcred.audit(w.id) a WHERE name IN ('w', 'x', 'z') GROUP BY 1, 2;
SELECT count(*) = count(DISTINCT payment_id) AS once, count(*) = (SELECT count(*) FROM qrcred_store.payment WHERE state = 'charged') AS all_charged FROM qt.debit;
SELECT kind, verdict, reason, tier, count(*) FROM qrcred.history(:a) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
SELECT qt.broken_chains();
DROP TABLE qt.debit;
DROP FUNCTION qt.charge;
