-- The same request twice, calls that are refused before any customer is touched, and
-- what a caller may get wrong.
SELECT qt.fresh();
SELECT qt.make('a');
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset

-- one request id, the same arguments: the same verdict and number, nothing counted
CREATE TEMP TABLE answers (n serial, a qrcred.verification);
INSERT INTO answers (a) SELECT v FROM qrcred.verify(:'a_static', 'till-1', 'T', '11111111-1111-1111-1111-111111111111') v;
INSERT INTO answers (a) SELECT v FROM qrcred.verify(:'a_static', 'till-1', 'T', '11111111-1111-1111-1111-111111111111') v;
SELECT (a).verdict, (a).next, (a).repeated, (a).attempt_no = first_value((a).attempt_no) OVER w AS same_no,
    (a).challenge = first_value((a).challenge) OVER w AS same_challenge FROM answers WINDOW w AS (ORDER BY n);
-- other text, gateway or id: another request
INSERT INTO answers (a) SELECT v FROM qrcred.verify(:'a_static', 'till-1', 'U', '11111111-1111-1111-1111-111111111111') v;
INSERT INTO answers (a) SELECT v FROM qrcred.verify(:'a_static', 'till-2', 'U', '11111111-1111-1111-1111-111111111111') v;
INSERT INTO answers (a) SELECT v FROM qrcred.verify(:'a_static', 'till-2', 'U', '11111111-1111-1111-1111-111111111112') v;
INSERT INTO answers (a) SELECT v FROM qrcred.verify(:'a_static', 'till-2', 'U') v;
SELECT (a).verdict, (a).repeated, (a).attempt_no = lag((a).attempt_no) OVER w AS same_no,
    (a).challenge = lag((a).challenge) OVER w AS same_challenge FROM answers WINDOW w AS (ORDER BY n);

-- a wrong guess repeated is one strike; another code under its id is another
SELECT * FROM qt.scan('a');
SELECT qt.shown('a', 'wrong') AS wrong, qt.shown('a', 'wrong', 1) AS wrong_1 \gset
TRUNCATE answers;
INSERT INTO answers (a) SELECT v FROM qrcred.verify_second(:a, :'wrong', 'till-1', NULL, '22222222-2222-2222-2222-222222222222') v;
INSERT INTO answers (a) SELECT v FROM qrcred.verify_second(:a, :'wrong', 'till-1', NULL, '22222222-2222-2222-2222-222222222222') v;
INSERT INTO answers (a) SELECT v FROM qrcred.verify_second(:a, :'wrong', 'till-1', NULL, '22222222-2222-2222-2222-222222222222') v;
SELECT (a).verdict, (a).next, (a).tries_left, (a).repeated, (a).attempt_no = first_value((a).attempt_no) OVER (ORDER BY n) AS same_no FROM answers ORDER BY n;
SELECT * FROM qt.peek('a');
SELECT verdict, tries_left, repeated FROM qrcred.verify_second(:a, :'wrong_1', 'till-1', NULL, '22222222-2222-2222-2222-222222222222');
SELECT * FROM qt.peek('a');

-- a used code pays after a rollback, by its request, for 120 s
SELECT * FROM qt.scan('a');
SELECT qt.shown('a', 'second', -3) AS right \gset
BEGIN;
SELECT verdict, tier, repeated, attempt_no FROM qrcred.verify_second(:a, :'right', 'till-1', NULL, '33333333-3333-3333-3333-333333333333') \gset first_
ROLLBACK;
SELECT verdict, tier, repeated, attempt_no = :first_attempt_no AS same_no, customer_ref
FROM qrcred.verify_second(:a, :'right', 'till-1', NULL, '33333333-3333-3333-3333-333333333333');
SELECT verdict, repeated FROM qrcred.verify_second(:a, :'right', 'till-1', NULL, '33333333-3333-3333-3333-333333333334');
SELECT verdict, repeated FROM qrcred.verify_second(:a, :'right', 'till-1');
SELECT verdict, repeated FROM qrcred.verify_second(:a, :'right', 'till-2', NULL, '33333333-3333-3333-3333-333333333333');
SELECT qt.pass('a', 118);
SELECT verdict, tier, repeated FROM qrcred.verify_second(:a, :'right', 'till-1', NULL, '33333333-3333-3333-3333-333333333333');
SELECT qt.pass('a', 3);
SELECT verdict, tier, repeated FROM qrcred.verify_second(:a, :'right', 'till-1', NULL, '33333333-3333-3333-3333-333333333333');
SELECT qt.calm();
SELECT qt.shown('a', 'rotating') AS rotating \gset
BEGIN;
SELECT verdict, tier, repeated FROM qrcred.verify(:'rotating', 'till-1', NULL, '44444444-4444-4444-4444-444444444444');
ROLLBACK;
SELECT verdict, tier, repeated FROM qrcred.verify(:'rotating', 'till-1', NULL, '44444444-4444-4444-4444-444444444444');
SELECT verdict, tier, repeated FROM qrcred.verify(:'rotating', 'till-1', NULL, '44444444-4444-4444-4444-444444444445');

-- equal calls in one command count once, without a request id too
SELECT * FROM qt.scan('a');
SELECT strikes_second AS strikes, attempt_no FROM qrcred_store.strike WHERE id = :a \gset before_
SELECT (qrcred.verify_second(:a, '00000000', 'till-1')).*, 0 AS x \gset s_
SELECT :'s_verdict' AS verdict, :s_tries_left AS tries_left, strikes_second - :before_strikes AS strikes, attempt_no > :before_attempt_no + 1 AS called_often
FROM qrcred_store.strike WHERE id = :a;
SELECT qt.make('b');
SELECT id AS b FROM qt.wallet WHERE name = 'b' \gset
SELECT verdict FROM qt.scan('b');
SELECT count(*), count(DISTINCT v.attempt_no) AS numbers, count(*) FILTER (WHERE repeated) AS repeated
FROM generate_series(1, 4), LATERAL (SELECT (qrcred.verify_second(:b, '00000000', CASE WHEN generate_series > 0 THEN 'till-1' END)).*) v;
SELECT * FROM qt.peek('b');
-- in commands of their own they count each
DO $$
BEGIN
    FOR i IN 1..2 LOOP
        RAISE NOTICE '%', (SELECT v.tries_left FROM qt.wallet, qrcred.verify_second(id, '00000000', 'till-1') v WHERE name = 'b');
    END LOOP;
END $$;

-- null arguments, unknown gateways and ids
SELECT x, qt.err(format(x, :'a_static', :a)) FROM unnest(ARRAY[
    'SELECT qrcred.verify(NULL, ''till-1'')', 'SELECT qrcred.verify(%L, NULL)', 'SELECT qrcred.verify(NULL, NULL)',
    'SELECT qrcred.verify(%L, ''till-9'')', 'SELECT qrcred.verify(%L, '''')', 'SELECT qrcred.verify(%L, ''TILL-1'')',
    'SELECT qrcred.verify_second(NULL, ''1'', ''till-1'')', 'SELECT qrcred.verify_second(%2$s, NULL, ''till-1'')',
    'SELECT qrcred.verify_second(%2$s, ''1'', NULL)', 'SELECT qrcred.verify_second(0, ''1'', ''till-1'')', 'SELECT qrcred.verify_second(-1, ''1'', ''till-1'')',
    'SELECT qrcred.verify_second(%2$s, ''1'', ''till-9'')', 'SELECT qrcred.expected_second(NULL, 1)', 'SELECT qrcred.expected_second(1, 1)',
    'SELECT qrcred.expected_second(%2$s, NULL)', 'SELECT qrcred.expected_second(%2$s, -1)', 'SELECT qrcred.expected_second(%2$s, 4294967296)',
    'SELECT qrcred.challenge_number(NULL, ''\x00112233445566778899aabbccddeeff'', '''')', 'SELECT qrcred.challenge_number(%2$s, NULL, '''')',
    'SELECT qrcred.challenge_number(%2$s, ''\x00'', '''')', 'SELECT qrcred.challenge_number(1, ''\x00112233445566778899aabbccddeeff'', '''')']) x;

-- a read-only transaction is told so, and nothing is counted
SELECT qt.row_of('a') AS before \gset
BEGIN READ ONLY;
SELECT qt.err(format('SELECT qrcred.verify(%L, ''till-1'')', :'a_static'));
SELECT qt.err(format('SELECT qrcred.verify_second(%s, ''00000000'', ''till-1'')', :a));
SELECT state FROM qrcred.peek(:a);
COMMIT;
SELECT qt.row_of('a') = :'before' AS untouched;
-- nor in a worker
SELECT proname FROM pg_proc WHERE pronamespace = 'qrcred'::regnamespace AND proparallel <> 'u' AND provolatile = 'v';

-- a closed gateway, from its commit on
SELECT qrcred.set_gateway('till-2', false);
SELECT verdict, next, credential_id IS NULL AS no_id, attempt_no FROM qrcred.verify(:'a_static', 'till-2');
SELECT verdict, next FROM qrcred.verify('x', 'till-2');
SELECT verdict, next FROM qrcred.verify_second(:a, '00000000', 'till-2');
SELECT verdict, next FROM qrcred.verify(:'a_static', 'till-1');
SELECT qrcred.set_gateway('till-2', true);
SELECT verdict, next FROM qrcred.verify(:'a_static', 'till-2');
-- a gateway of one role's: session_user decides
CREATE ROLE regress_qrcred_till LOGIN;
CREATE ROLE regress_qrcred_other LOGIN;
GRANT EXECUTE ON FUNCTION qrcred.verify(text, text, text, uuid) TO regress_qrcred_till, regress_qrcred_other;
SELECT qrcred.create_gateway('till-3', 'Till 3', 'regress_qrcred_till');
\set VERBOSITY sqlstate
SELECT verdict FROM qrcred.verify(:'a_static', 'till-3');
SET ROLE regress_qrcred_till;
SELECT verdict FROM qrcred.verify(:'a_static', 'till-3');
RESET ROLE;
SET SESSION AUTHORIZATION regress_qrcred_till;
SELECT verdict FROM qrcred.verify(:'a_static', 'till-3');
SELECT verdict FROM qrcred.verify(:'a_static', 'till-1');
SET SESSION AUTHORIZATION regress_qrcred_other;
SELECT verdict FROM qrcred.verify(:'a_static', 'till-3');
RESET SESSION AUTHORIZATION;
\set VERBOSITY default
REVOKE EXECUTE ON FUNCTION qrcred.verify(text, text, text, uuid) FROM regress_qrcred_till, regress_qrcred_other;
DROP ROLE regress_qrcred_till, regress_qrcred_other;

-- a standby is demanded and none is named: nothing is looked at or used up, but a freeze is
SELECT qrcred.register('bank', 'C-w', 'Ada w', '11010119900101123X', '+8613800000000');
SELECT credential_id AS w, ticket AS w_ticket FROM qrcred.issue('bank', 'C-w') \gset
INSERT INTO qt.wallet (name, id) VALUES ('w', :w);
SELECT qrcred.set_policy('bank', '{"sync_standby": true}');
SELECT qt.row_of('a') AS before, qt.row_of('w') AS w_before \gset
SELECT qrcred.verify(:'a_static', 'till-1');
SELECT left(qt.err(format(command, :a, :'a_static', :'w_ticket')), 5) AS refused
FROM unnest(ARRAY['SELECT qrcred.verify(%2$L, ''till-1'')', 'SELECT qrcred.download(%3$L)', 'SELECT qrcred.reissue(%1$s)']) command;
SELECT qt.row_of('a') = :'before' AS untouched, qt.row_of('w') = :'w_before' AS ticket_untouched;
SELECT left(qt.err(format('SELECT qrcred.freeze(%s, ''lost'')', :w)), 5) AS told;
SELECT state FROM qrcred.peek(:w);
SELECT qrcred.set_policy('bank', '{"sync_standby": false}');

-- another shard's: before any key, row or customer
UPDATE qrcred_store.bucket SET last = qrcred.bucket('C-a') - 1;
SELECT qt.row_of('a') AS before \gset
SELECT verdict, next, tier, tries_left, customer_ref, issuer, attempt_no FROM qrcred.verify(:'a_static', 'till-1');
SELECT verdict, next FROM qrcred.verify(left(:'a_static', -1) || 'A', 'till-1');
SELECT verdict, next FROM qrcred.verify_second(:a, '00000000', 'till-1');
SELECT verdict, next FROM qt.scan('a', how => 'renewal');
SELECT qt.err('SELECT qrcred.register(''bank'', ''C-a'', ''A'', ''1'', ''2'')') ~ '^55000' AS refused;
INSERT INTO qrcred_store.bucket VALUES (qrcred.bucket('C-a'), 4095, false);
SELECT verdict FROM qrcred.verify(:'a_static', 'till-1');
SELECT qt.row_of('a') = :'before' AS untouched;
UPDATE qrcred_store.bucket SET owned = true;
SELECT verdict FROM qrcred.verify(:'a_static', 'till-1');

SELECT qt.broken_chains();
