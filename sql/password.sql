-- The account password after an acceptance: for the latest one, at its gateway, in its
-- time, until a right one; every other call counts nothing.
SELECT qt.fresh();
SELECT qrcred.set_policy('bank', '{"ask_password": true}');
SELECT qt.make('a'), qt.make('b');
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset

-- what set_password takes; what it keeps is bcrypt's
SELECT x, qt.err('SELECT qrcred.set_password(' || x || ')') FROM unnest(ARRAY[
    'NULL, ''C-a'', ''p''', '''bank'', NULL, ''p''', '''bank'', ''C-a'', NULL', '''nobody'', ''C-a'', ''p''', '''bank'', ''C-z'', ''p''',
    '''bank'', ''C-a'', ''''', '''bank'', ''C-a'', repeat(''x'', 73)', '''bank'', ''C-a'', repeat(''密'', 25)', '''bank'', ''C-a'', repeat(''密'', 24)']) x;
SELECT qrcred.set_password('bank', 'C-a', 'right');
SELECT password_hash ~ '^[$]2[aby][$]1[0-9][$]' AS bcrypt, password_hash = crypt('right', password_hash) AS is_right, position('right' IN password_hash) AS found
FROM qrcred_store.customer WHERE customer_ref = 'C-a';
SELECT password_hash AS before FROM qrcred_store.customer WHERE customer_ref = 'C-a' \gset
SELECT qrcred.set_password('bank', 'C-a', 'right');
SELECT password_hash <> :'before' AS salted, count(*) FROM qrcred_store.customer WHERE customer_ref IN ('C-a', 'C-b') GROUP BY 1 ORDER BY 1;
-- cheaper hashes from here on: the tests make many guesses
CREATE FUNCTION pg_temp.set_cheap(name text, password text) RETURNS void LANGUAGE sql AS $$
    UPDATE qrcred_store.customer SET password_hash = crypt(password, gen_salt('bf', 4)) WHERE customer_ref = 'C-' || name
$$;
-- accepted scans of both kinds, and the password after the latest
CREATE FUNCTION pg_temp.pay(name text, gateway text DEFAULT 'till-1', OUT verdict text, OUT next text, OUT tier text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM qt.scan(name, gateway);
    SELECT x.verdict, x.next, x.tier INTO verdict, next, tier FROM qt.answer(name, 'second', gateway) x;
END $$;
CREATE FUNCTION pg_temp.latest(name text) RETURNS int8 LANGUAGE sql AS $$
    SELECT accept_no FROM qrcred_store.strike s JOIN qt.wallet w USING (id) WHERE w.name = latest.name
$$;
CREATE FUNCTION pg_temp.password(name text, password text, gateway text DEFAULT 'till-1', request_id uuid DEFAULT NULL, attempt_no int8 DEFAULT NULL,
    OUT verdict text, OUT next text, OUT tier text, OUT tries_left int, OUT repeated boolean) LANGUAGE sql AS $$
    SELECT v.verdict, v.next, v.tier, v.tries_left, v.repeated
    FROM qt.wallet w, qrcred.check_password(w.id, coalesce(attempt_no, pg_temp.latest(name)), password, gateway, request_id) v WHERE w.name = password.name
$$;
SELECT pg_temp.set_cheap('a', 'right');
SELECT x, qt.err(format('SELECT qrcred.check_password(' || x || ')', :a)) FROM unnest(ARRAY[
    'NULL, 1, ''p'', ''till-1''', '0, 1, ''p'', ''till-1''', '-1, 1, ''p'', ''till-1''', '%s, NULL, ''p'', ''till-1''', '%s, 0, ''p'', ''till-1''',
    '%s, 1, NULL, ''till-1''', '%s, 1, ''p'', NULL', '%s, 1, ''p'', ''nowhere''']) x;

-- the answer, column by column; it is payable under its own number
SELECT * FROM pg_temp.pay('a');
SELECT verdict, next, credential_id = :a AS id, customer_ref, issuer, tier, challenge, challenge_seconds, tries_left, message, attempt_no > pg_temp.latest('a') AS own_no, repeated
FROM qrcred.check_password(:a, pg_temp.latest('a'), 'right', 'till-1');
-- settled: another right one, or a wrong one, is refused and counts nothing
SELECT qt.row_of('a') AS before \gset
SELECT * FROM pg_temp.password('a', 'right');
SELECT * FROM pg_temp.password('a', 'wrong');
SELECT qt.row_of('a') = :'before' AS untouched;
-- not accepted yet, another gateway, an older acceptance, somebody else's, an unknown id
SELECT * FROM pg_temp.pay('a');
SELECT pg_temp.latest('a') AS older \gset
SELECT * FROM pg_temp.pay('a');
SELECT qt.row_of('a') AS before, attempt_no AS gateway_no FROM qrcred_store.strike s JOIN qrcred_store.gateway ON s.id = -gateway_id WHERE gateway = 'till-1' \gset
SELECT n, v.verdict, v.next, v.tries_left, v.customer_ref, v.issuer, v.attempt_no, v.message FROM (VALUES
    (1, :a::int8, pg_temp.latest('a'), 'right', 'till-2'), (2, :a, pg_temp.latest('a'), 'wrong', 'till-2'), (3, :a, :older, 'right', 'till-1'), (4, :a, :older, 'wrong', 'till-1'),
    (5, :a, pg_temp.latest('a') + 1, 'right', 'till-1'), (6, :a, 9223372036854775807, 'right', 'till-1'), (7, 1, 1, 'right', 'till-1'), (8, 9223372036854775807, 1, 'wrong', 'till-1')) t(n, id, no, password, gateway),
    LATERAL qrcred.check_password(id, no, password, gateway) v ORDER BY n;
SELECT * FROM pg_temp.password('b', 'right', attempt_no => pg_temp.latest('a'));
SELECT qt.row_of('a') = :'before' AS untouched, attempt_no - :gateway_no AS refused FROM qrcred_store.strike s JOIN qrcred_store.gateway ON s.id = -gateway_id WHERE gateway = 'till-1';
SELECT * FROM pg_temp.password('a', 'right');
-- 120 s
SELECT verdict FROM pg_temp.pay('a');
SELECT qt.pass('a', 118);
SELECT * FROM pg_temp.password('a', 'wrong');
SELECT qt.pass('a', 3);
SELECT * FROM pg_temp.password('a', 'right');
SELECT * FROM pg_temp.password('a', 'wrong');
SELECT * FROM qt.peek('a');
-- a scan that only opens a challenge leaves the acceptance the latest
SELECT verdict FROM pg_temp.pay('a');
SELECT verdict FROM qt.scan('a');
SELECT * FROM pg_temp.password('a', 'right');
SELECT * FROM qt.peek('a');
-- a rotating code may be followed by a password; without a policy that asks, too
SELECT qt.calm();
SELECT verdict, next, tier FROM qt.scan('a', how => 'rotating');
SELECT * FROM pg_temp.password('a', 'right');
SELECT qrcred.set_policy('bank', '{"ask_password": false}');
SELECT * FROM pg_temp.pay('a');
SELECT * FROM pg_temp.password('a', 'right');
-- a first code alone stays D, whatever else is checked
SELECT qrcred.set_policy('bank', '{"second_scan": "optional", "static_alone": true}');
SELECT verdict, next, tier FROM qt.scan('a');
SELECT * FROM pg_temp.password('a', 'right');
SELECT qrcred.set_policy('bank', '{"second_scan": "required", "static_alone": false, "ask_password": true}');

-- no password set; one set afterwards serves the same acceptance
SELECT verdict FROM pg_temp.pay('b');
SELECT * FROM pg_temp.password('b', 'right');
SELECT * FROM pg_temp.password('b', '');
SELECT * FROM qt.peek('b');
SELECT pg_temp.set_cheap('b', repeat('x', 72));
-- too long for bcrypt is wrong, never cut; so is nothing at all
SELECT * FROM pg_temp.password('b', repeat('x', 73));
SELECT * FROM pg_temp.password('b', '');
SELECT * FROM pg_temp.password('b', repeat('x', 72));
SELECT * FROM qt.peek('b');

-- a wrong one counts, said as such; a right one clears its own count, not that of codes
SELECT verdict FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'wrong typed');
SELECT * FROM pg_temp.pay('a');
SELECT verdict FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'wrong typed');
SELECT verdict, next, tier, tries_left, customer_ref, issuer, message, attempt_no > pg_temp.latest('a') AS own_no FROM qrcred.check_password(:a, pg_temp.latest('a'), 'Right', 'till-1');
SELECT strikes_second, strikes_password FROM qrcred_store.strike WHERE id = :a;
SELECT * FROM pg_temp.password('a', 'right');
SELECT strikes_second, strikes_password FROM qrcred_store.strike WHERE id = :a;
SELECT verdict FROM pg_temp.pay('a');

-- two wrong passwords, an accepted scan, two wrong passwords: frozen
SELECT tries_left FROM pg_temp.password('a', 'wrong');
SELECT tries_left FROM pg_temp.password('a', 'wrong 2');
SELECT verdict FROM pg_temp.pay('a');
SELECT * FROM pg_temp.password('a', 'wrong');
SELECT * FROM qt.peek('a');
SELECT * FROM pg_temp.password('a', 'wrong 2');
SELECT * FROM pg_temp.password('a', 'right');
SELECT * FROM qt.peek('a');
-- after the freeze one guess of each factor; a right code takes only its own mark away
SELECT qt.pass('a', 301);
SELECT verdict FROM pg_temp.pay('a');
SELECT * FROM pg_temp.password('a', 'wrong');
SELECT * FROM qt.peek('a');
SELECT qrcred.release(:a, 'asked');

-- all factors together never exceed five, whatever the limit of one
SELECT qrcred.set_policy('bank', '{"strike_limit": 5}');
SELECT verdict FROM pg_temp.pay('a');
SELECT verdict FROM pg_temp.password('a', 'right');
SELECT verdict FROM pg_temp.pay('a');
SELECT n, p.verdict, p.next, p.tries_left FROM generate_series(1, 3) n, LATERAL pg_temp.password('a', 'wrong ' || n) p;
SELECT verdict FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'wrong');
SELECT strikes FROM qt.peek('a');
SELECT * FROM qt.answer('a', 'wrong typed');
SELECT * FROM qt.peek('a');
SELECT * FROM pg_temp.password('a', 'right');
SELECT qrcred.release(:a, 'asked'), qrcred.set_policy('bank', '{"strike_limit": 3}');
SELECT verdict FROM pg_temp.pay('a');
SELECT verdict FROM pg_temp.password('a', 'right');

-- one request is one guess, right or wrong; a rollback takes neither back
SELECT verdict FROM pg_temp.pay('a');
BEGIN;
SELECT * FROM pg_temp.password('a', 'wrong', request_id => '11111111-1111-1111-1111-111111111111');
ROLLBACK;
SELECT * FROM pg_temp.password('a', 'wrong', request_id => '11111111-1111-1111-1111-111111111111');
SELECT * FROM pg_temp.password('a', 'other', request_id => '11111111-1111-1111-1111-111111111111');
SELECT * FROM qt.peek('a');
BEGIN;
SELECT (v).verdict, (v).attempt_no AS no FROM qrcred.check_password(:a, pg_temp.latest('a'), 'right', 'till-1', '22222222-2222-2222-2222-222222222222') v \gset first_
ROLLBACK;
SELECT verdict, tier, repeated, attempt_no = :first_no AS same_no FROM qrcred.check_password(:a, pg_temp.latest('a'), 'right', 'till-1', '22222222-2222-2222-2222-222222222222');
SELECT * FROM pg_temp.password('a', 'right', request_id => '22222222-2222-2222-2222-222222222223');
SELECT * FROM pg_temp.password('a', 'right', 'till-2', '22222222-2222-2222-2222-222222222222');
SELECT qt.pass('a', 121);
SELECT * FROM pg_temp.password('a', 'right', request_id => '22222222-2222-2222-2222-222222222222');
-- guesses in one command count once each; equal ones once
SELECT verdict FROM pg_temp.pay('a');
SELECT count(*), min(tries_left) FROM generate_series(1, 10) n, LATERAL pg_temp.password('a', 'same') p;
SELECT * FROM qt.peek('a');

-- what the strike row keeps of a guess is under the audit key: without it no password is
-- tested against a dump
CREATE FUNCTION pg_temp.host(n int8, is_big boolean) RETURNS bytea LANGUAGE sql AS $$
    SELECT string_agg(substr(int8send(n), i, 1), ''::bytea ORDER BY CASE WHEN is_big THEN i ELSE -i END) FROM generate_series(1, 8) i
$$;
SELECT verdict FROM pg_temp.password('a', 'Tr0ub4dor', request_id => '33333333-3333-3333-3333-333333333333');
SELECT bool_or(request = encode(substr(hmac(said, qt.master_key('audit'), 'sha256'), 1, 16), 'hex')::uuid) AS keyed,
    bool_or(request IN (encode(substr(sha256(said), 1, 16), 'hex')::uuid, encode(substr(hmac(said, '', 'sha256'), 1, 16), 'hex')::uuid)) AS guessable
FROM qrcred_store.strike, unnest('{t,f}'::boolean[]) big, LATERAL (SELECT uuid_send('33333333-3333-3333-3333-333333333333') || 'check_password\000'::bytea || pg_temp.host(:a, big) || pg_temp.host(40, big) ||
    pg_temp.host(pg_temp.latest('a'), big) || sha256('Tr0ub4dor') || 'till-1\000'::bytea || sha256('') AS said) s WHERE id = :a;

-- closed gateways, read-only transactions; the log has each with its reason
SELECT verdict FROM pg_temp.pay('b');
SELECT qrcred.set_gateway('till-1', false);
SELECT * FROM pg_temp.password('b', 'wrong');
SELECT qrcred.set_gateway('till-1', true);
BEGIN READ ONLY;
SELECT qt.err('SELECT * FROM qrcred.check_password(1, 1, ''x'', ''till-1'')');
ROLLBACK;
SELECT qrcred.void_credential(id, 'closed') FROM qt.wallet WHERE name = 'b';
SELECT * FROM pg_temp.password('b', repeat('x', 72));
SELECT qrcred.log_word('verdict', verdict) AS verdict, qrcred.log_word('reason', reason) AS reason, factor, chr(nullif(tier, 0)) AS tier, count(*)
FROM qrcred_store.attempt WHERE kind = 5 OR (kind = 0 AND reason IN (24, 26)) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
SELECT qt.broken_chains();
