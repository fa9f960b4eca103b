-- Scan 1 and scan 2: what each code gives under each policy, replaced challenges,
-- transaction texts, time windows, repeated requests.
SELECT qt.fresh();
SELECT qt.make('a');
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset

-- two scans; the digits are those that the protocol derives from the stored nonce
CREATE TEMP TABLE v AS SELECT * FROM qrcred.verify(:'a_static', 'till-1');
SELECT verdict, next, credential_id = :a AS id, customer_ref, issuer, tier, challenge ~ '^[1-9]\d{7}$' AS challenge,
    challenge_seconds, tries_left, message <> '' AS message, attempt_no > 0 AS attempt_no, repeated FROM v \gx
SELECT qt.digits(qt.key(id, 'challenge'), uuid_send(nonce), NULL, 8) = challenge AS protocol,
    qrcred.challenge_number(id, uuid_send(nonce), NULL) = challenge AS challenge_number,
    qrcred.challenge_number(id, uuid_send(nonce), '') = challenge AS of_empty,
    qrcred.challenge_number(id, uuid_send(nonce), 'x') = qt.digits(qt.key(id, 'challenge'), uuid_send(nonce), 'x', 8) AS of_text,
    qrcred.challenge_number(id, uuid_send(nonce), 'x') <> challenge AS differs
FROM qrcred_store.strike JOIN v ON id = credential_id;
SELECT qrcred.second_code(second, id, kid, generation, 1234567890, challenge) = qrcred.expected_second(id, 1234567890) AS expected,
    qrcred.second_code(qt.key(id, 'second'), id, kid, generation, 1234567890, challenge) = qrcred.expected_second(id, 1234567890) AS protocol,
    qrcred.expected_second(id, 0) <> qrcred.expected_second(id, 1) AS covers_moment
FROM qt.wallet JOIN v ON id = credential_id;
CREATE TEMP TABLE w AS
SELECT s.* FROM v JOIN qt.wallet q ON id = credential_id,
    qrcred.verify_second(id, lower(qrcred.second_code(second, id, kid, generation, 0, challenge)), 'till-1') s;
SELECT w.verdict, w.next, w.credential_id = :a AS id, w.customer_ref, w.issuer, w.tier, w.challenge,
    w.challenge_seconds, w.tries_left, w.message <> '' AS message, w.attempt_no > v.attempt_no AS attempt_no, w.repeated FROM v, w \gx
SELECT qt.err(format('SELECT qrcred.expected_second(%s, 1)', :a));
SELECT verdict FROM qrcred.verify(lower(:'a_static'), 'till-1');

-- typed digits; each challenge is good for one right answer
SELECT * FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'typed');
SELECT * FROM qt.answer('a', 'typed');
SELECT * FROM qt.answer('a', 'second');
SELECT * FROM qt.peek('a');

-- 6 and 7 digits, and the words of another language
SELECT qrcred.set_policy('bank', '{"digits": 6, "lang": "zh"}');
SELECT verdict, challenge ~ '^[1-9]\d{5}$' AS challenge, message ~ '[\u4e00-\u9fff]' AS zh FROM qrcred.verify(:'a_static', 'till-1');
SELECT verdict FROM qt.scan('a');
SELECT digits = qt.digits(qt.key(s.id, 'challenge'), uuid_send(nonce), '', 6) AS protocol FROM qt.wallet, qrcred_store.strike s WHERE s.id = :a;
SELECT verdict, tier FROM qt.answer('a', 'typed');
SELECT qrcred.set_policy('bank', '{"digits": 7, "lang": "en"}');
SELECT verdict FROM qt.scan('a');
SELECT length(digits), digits = qt.digits(qt.key(s.id, 'challenge'), uuid_send(nonce), '', 7) AS protocol FROM qt.wallet, qrcred_store.strike s WHERE s.id = :a;
-- a challenge lives by the digits it was made with
SELECT qrcred.set_policy('bank', '{"digits": 8}');
SELECT verdict, tier FROM qt.answer('a', 'second');

-- a new scan replaces the challenge: the answer to the one just before is no strike
SELECT verdict FROM qt.scan('a');
SELECT qt.shown('a', 'second') AS old_second, qt.shown('a', 'typed') AS old_typed \gset
SELECT verdict FROM qt.scan('a');
SELECT verdict, next, tries_left FROM qrcred.verify_second(:a, :'old_second', 'till-1');
SELECT verdict, next, tries_left FROM qrcred.verify_second(:a, :'old_typed', 'till-1');
SELECT * FROM qt.peek('a');
SELECT verdict FROM qt.answer('a');
-- two scans later it is a guess like any other
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.scan('a');
SELECT verdict, next, tries_left FROM qrcred.verify_second(:a, :'old_second', 'till-1');
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a');

-- through another gateway, after its time, without a challenge: counts nothing
SELECT verdict FROM qt.scan('a');
SELECT qt.row_of('a') AS before \gset
SELECT verdict, next, tries_left FROM qt.answer('a', 'second', 'till-2');
SELECT verdict, next, tries_left FROM qt.answer('a', 'wrong', 'till-2');
SELECT verdict, next, tries_left FROM qt.answer('a', 'wrong typed', 'till-2');
SELECT qt.row_of('a') = :'before' AS untouched;
SELECT qt.pass('a', 119);
SELECT verdict FROM qt.answer('a');
SELECT verdict FROM qt.scan('a');
SELECT qt.pass('a', 121);
SELECT verdict, next, tries_left FROM qt.answer('a');
SELECT verdict, next, tries_left FROM qt.answer('a', 'wrong');
SELECT * FROM qt.peek('a');
SELECT qrcred.set_policy('bank', '{"challenge_seconds": 7}');
SELECT verdict, challenge_seconds FROM qrcred.verify(:'a_static', 'till-1');
SELECT qrcred.set_policy('bank', '{"challenge_seconds": 120}');

-- transaction text: bound to the challenge, byte for byte; null and '' are the same
SELECT verdict FROM qt.scan('a', 'till-1', 'CNY 88.50 Tea');
SELECT verdict, tier FROM qt.answer('a', 'second', 'till-1', 'CNY 88.50 Tea');
SELECT verdict FROM qt.scan('a', 'till-1', '');
SELECT verdict FROM qt.answer('a', 'second', 'till-1', NULL);
DO $$
DECLARE
    t text; first record; again record;
BEGIN
    FOREACH t IN ARRAY ARRAY['CNY 88.51 Tea', 'CNY 88.50 Tea ', 'cny 88.50 Tea', '', NULL] LOOP
        PERFORM qt.scan('a', 'till-1', 'CNY 88.50 Tea');
        SELECT * INTO first FROM qt.answer('a', 'second', 'till-1', t);
        SELECT * INTO again FROM qt.answer('a', 'second', 'till-1', 'CNY 88.50 Tea');
        RAISE NOTICE '"%": % % %, then %', t, first.verdict, first.next, first.tries_left, again.verdict;
    END LOOP;
END $$;
SELECT * FROM qt.peek('a');

-- policies: typed, the wallet's clock, static alone
SELECT qrcred.set_policy('bank', '{"typed": false}');
SELECT verdict FROM qt.scan('a');
SELECT verdict, next, tries_left FROM qt.answer('a', 'typed');
SELECT verdict, next, tries_left FROM qt.answer('a', 'wrong typed');
SELECT verdict, tier FROM qt.answer('a', 'second');
SELECT qrcred.set_policy('bank', '{"typed": true, "wallet_skew_seconds": 60}');
SELECT verdict FROM qt.scan('a');
SELECT verdict, next, tries_left FROM qt.answer('a', 'second', offset_by => 65);
SELECT verdict, next, tries_left FROM qt.answer('a', 'second', offset_by => -65);
SELECT * FROM qt.peek('a');
SELECT verdict, tier FROM qt.answer('a', 'second', offset_by => 55);
SELECT verdict FROM qt.scan('a');
SELECT verdict, tier FROM qt.answer('a', 'second', offset_by => -55);
SELECT qrcred.set_policy('bank', '{"wallet_skew_seconds": null, "static_alone": true}');
SELECT verdict, next FROM qt.scan('a');
SELECT qrcred.set_policy('bank', '{"second_scan": "optional", "static_alone": false}');
SELECT verdict, next FROM qt.scan('a');
SELECT qrcred.set_policy('bank', '{"second_scan": "optional", "static_alone": true, "ask_password": true}');
SELECT verdict, next, tier FROM qt.scan('a');
-- with a password asked for, the stronger ones go on to it
SELECT qt.calm();
SELECT verdict, next, tier FROM qt.scan('a', how => 'rotating');
SELECT qrcred.set_policy('bank', '{"second_scan": "required", "static_alone": false}');
SELECT verdict, next, tier FROM qt.scan('a');
SELECT verdict, next, tier FROM qt.answer('a');
SELECT qrcred.set_policy('bank', '{"ask_password": false}');

-- rotating: now and the step before, once each, in order; the step ahead by policy
SELECT qt.make('r');
SELECT qt.calm();
SELECT o, verdict, next, tier FROM unnest(ARRAY[-3, -2, 1, 2, -1, -1, 0, 0, -1]) WITH ORDINALITY AS x(o, n),
    LATERAL qt.scan('r', how => 'rotating', offset_by => o) ORDER BY n;
SELECT qrcred.set_policy('bank', '{"skew_ahead": true}');
SELECT qt.calm();
SELECT o, verdict, next, tier FROM unnest(ARRAY[2, 1, 1, 0, -1]) WITH ORDINALITY AS x(o, n),
    LATERAL qt.scan('r', how => 'rotating', offset_by => o) ORDER BY n;
SELECT qrcred.set_policy('bank', '{"skew_ahead": false}');
SELECT * FROM qt.peek('r');

-- a static code past its end, made by the protocol for this credential
SELECT qt.make('e');
SELECT id AS e FROM qt.wallet WHERE name = 'e' \gset
SELECT static = qt.code(17, 7, id, 1, s.valid_until, qt.key(id, 'static')) AS protocol FROM qt.wallet JOIN qrcred_store.strike s USING (id) WHERE name = 'e';
SELECT trunc(extract(epoch FROM clock_timestamp()))::int8 - 1 AS past \gset
ALTER TABLE qrcred_store.strike DISABLE TRIGGER guard_row;
UPDATE qrcred_store.strike SET valid_until = :past WHERE id = :e;
ALTER TABLE qrcred_store.strike ENABLE TRIGGER guard_row;
SELECT verdict, next FROM qt.scan('e');
SELECT verdict, next, tier, tries_left, customer_ref, attempt_no FROM qrcred.verify(qt.code(17, 7, :e, 1, :past, qt.key(:e, 'static')), 'till-1');
SELECT verdict, next FROM qt.scan('e', how => 'rotating');
SELECT * FROM qt.peek('e');

SELECT qt.broken_chains();
