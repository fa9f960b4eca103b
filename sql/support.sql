-- Customer service: lost phones, changed registration data, and what history tells.
SELECT qt.fresh();
SELECT qrcred.create_issuer('other', 'Other Bank', '', '{"activation": "none"}');
CREATE FUNCTION pg_temp.customer(issuer text, ref text, id_number text, phone text) RETURNS int8 LANGUAGE plpgsql AS $$
BEGIN
    PERFORM qrcred.register(issuer, ref, 'Ada ' || ref, id_number, phone);
    RETURN (SELECT credential_id FROM qrcred.issue(issuer, ref));
END $$;
CREATE FUNCTION pg_temp.state(id int8) RETURNS text LANGUAGE sql AS $$ SELECT state FROM qrcred.peek(id) $$;
SELECT pg_temp.customer('bank', 'C-1', '11010119900101123x', '+86 138-0000-0001') AS c1 \gset
SELECT credential_id AS c1b FROM qrcred.issue('bank', 'C-1') \gset
SELECT credential_id AS c1v FROM qrcred.issue('bank', 'C-1') \gset
SELECT pg_temp.customer('bank', 'C-2', '11010119900101123x', '+86 138-0000-0002') AS c2 \gset
SELECT pg_temp.customer('bank', 'C-3', U&'\0041\030A-7', U&'\FF0B46') AS c3 \gset
SELECT pg_temp.customer('other', 'C-1', '11010119900101123x', '+86 138-0000-0001') AS other \gset
SELECT qrcred.void_credential(:c1v, 'closed');
SELECT qt.make('a');
SELECT id AS a FROM qt.wallet WHERE name = 'a' \gset

-- misuse is an error
SELECT x, qt.err('SELECT * FROM qrcred.report_lost(' || x || ')') FROM unnest(ARRAY['NULL, ''1'', ''2'', ''op''', '''bank'', NULL, ''2'', ''op''', '''bank'', ''1'', NULL, ''op''', '''bank'', ''1'', ''2'', NULL',
    '''nobody'', ''1'', ''2'', ''op''', '''bank'', '''', ''2'', ''op''', '''bank'', ''1'', ''2'', ''''', '''bank'', ''1'', ''2'', repeat(''x'', 201)', '''bank'', repeat(''1'', 513), ''2'', ''op''', '''bank'', E''1\n'', ''2'', ''op''']) x;
BEGIN READ ONLY;
SELECT qt.err('SELECT * FROM qrcred.report_lost(''bank'', ''1'', ''2'', ''op'')');
ROLLBACK;

-- a wrong caller sees the empty set, whoever exists
SELECT n, l.* FROM (VALUES (1, 'bank', '11010119900101123X', '+8613800000009'), (2, 'bank', '11010119900101124X', '+8613800000001'), (3, 'bank', 'nobody', 'nothing'), (4, 'bank', '123X', '+8613800000001'),
    (5, 'bank', '+8613800000001', '11010119900101123X'), (6, 'other', '11010119900101123X', '+8613800000002'), (7, 'bank', 'Å-7', '46')) w(n, issuer, id_number, phone),
    LATERAL qrcred.report_lost(issuer, id_number, phone, 'op 1') l;
SELECT DISTINCT pg_temp.state(id) FROM unnest(ARRAY[:c1, :c1b, :c2, :c3, :other]::int8[]) id;
SELECT qrcred.log_word('kind', a.kind) AS kind, qrcred.log_word('verdict', a.verdict) AS verdict, qrcred.log_word('reason', a.reason) AS reason, a.actor = session_user::regrole AS by_session, t.actor = session_user AS actor, words, count(*)
FROM qrcred_store.attempt a JOIN qrcred_store.act t USING (owner, attempt_no) WHERE owner = 0 GROUP BY 1, 2, 3, 4, 5, 6;
-- a right one freezes all of that customer's, and nobody else's; blanks, hyphens and capitals do not matter
SELECT credential_id = :c1 AS first, credential_id = :c1b AS second, credential_id = :c1v AS void, frozen FROM qrcred.report_lost('bank', ' 110101-19900101-123X', '+8613800000001', 'op 1') ORDER BY 1, 2, 3;
SELECT id, pg_temp.state(n) FROM unnest('{c1,c1b,c1v,c2,c3,other}'::text[], ARRAY[:c1, :c1b, :c1v, :c2, :c3, :other]::int8[]) u(id, n);
-- at once, whatever the transaction does; a second report finds them frozen
BEGIN;
SELECT count(*) FROM qrcred.report_lost('bank', U&'\00C5-7', U&'\FF0B46', 'op 2');
ROLLBACK;
SELECT pg_temp.state(:c3);
SELECT frozen, count(*) FROM qrcred.report_lost('bank', '11010119900101123X', '+8613800000001', 'op 1') GROUP BY 1 ORDER BY 1;
SELECT qrcred.release(:c1, 'found in a bag');
SELECT pg_temp.state(:c1), pg_temp.state(:c1b);
-- never blocked: after any number of wrong answers the right caller is heard
SELECT count(*) FROM generate_series(1, 4) n, LATERAL qrcred.report_lost('bank', 'wrong ' || n, '1', 'op 3');
SELECT frozen, pg_temp.state(:c2) FROM qrcred.report_lost('bank', '11010119900101123x', '+86 13800000002', 'op 3');
SELECT count(*) AS alerts FROM qrcred_store.outbox WHERE kind = 8;
-- above 10 an hour, one alert to staff; each operator by itself; an hour later it begins anew
SELECT count(*) FROM generate_series(5, 10) n, LATERAL qrcred.report_lost('bank', 'wrong ' || n, '1', 'op 3');
SELECT count(*) AS alerts FROM qrcred_store.outbox WHERE kind = 8;
SELECT count(*) FROM qrcred.report_lost('bank', 'wrong', '1', 'op 3');
SELECT count(*) FROM generate_series(11, 14) n, LATERAL qrcred.report_lost('bank', 'wrong ' || n, '1', 'op 3');
SELECT count(*) FROM generate_series(1, 3) n, LATERAL qrcred.report_lost('bank', 'wrong ' || n, '1', 'op 1');
SELECT count(*) AS alerts FROM qrcred_store.outbox WHERE kind = 8;
SELECT count(*) FROM qrcred.report_lost('bank', 'wrong', '1', 'op 1');
SELECT kind, phone, body FROM qrcred.outbox_take(100) WHERE kind IN ('alert', 'operator');
UPDATE qrcred_store.act SET at = at - interval '61 minutes' WHERE owner = 0;
SELECT count(*) FROM generate_series(1, 10) n, LATERAL qrcred.report_lost('bank', 'wrong ' || n, '1', 'op 3');
SELECT count(*) AS alerts FROM qrcred_store.outbox WHERE kind = 8;
-- an operator who takes his wrong answers back counts all the same
DO $$
BEGIN
    FOR n IN 1..11 LOOP
        BEGIN
            PERFORM qrcred.report_lost('bank', 'wrong ' || n, '1', 'op 4');
            RAISE EXCEPTION 'undo';
        EXCEPTION WHEN raise_exception THEN
            NULL;
        END;
    END LOOP;
END $$;
SELECT count(*) AS wrong FROM qrcred_store.attempt WHERE owner = 0 AND reason = 23 AND at > (SELECT max(at) FROM qrcred_store.act WHERE owner = 0);

-- the same data again changes nothing
SELECT x, qt.err('SELECT qrcred.update_registration(' || x || ')') FROM unnest(ARRAY['NULL, ''C-a'', ''n'', ''1'', ''2''', '''bank'', NULL, ''n'', ''1'', ''2''', '''bank'', ''C-a'', NULL, ''1'', ''2''', '''bank'', ''C-a'', ''n'', NULL, ''2''', '''bank'', ''C-a'', ''n'', ''1'', NULL',
    '''nobody'', ''C-a'', ''n'', ''1'', ''2''', '''bank'', ''C-z'', ''n'', ''1'', ''2''', '''bank'', ''C-a'', '''', ''1'', ''2''', '''bank'', ''C-a'', E''n\t'', ''1'', ''2''', '''bank'', ''C-a'', ''n'', ''1'', repeat(''2'', 513)']) x;
SELECT verdict FROM qt.scan('a');
SELECT qrcred.update_registration('bank', 'C-a', 'Ada a', '11010119900101123X', '+8613800000000');
SELECT verdict FROM qt.answer('a');
SELECT state FROM qt.peek('a');
-- changed data: codes and challenges end at once, staff's answers follow, no link is sent
SELECT count(*) AS outbox FROM qrcred_store.outbox \gset
SELECT verdict FROM qt.scan('a');
SELECT qrcred.update_registration('bank', 'C-a', 'Ada Nova', '11010119900101999X', '+8613800000999');
SELECT count(*) - :outbox AS messages FROM qrcred_store.outbox;
SELECT * FROM qt.answer('a');
SELECT * FROM qt.scan('a');
SELECT * FROM qt.scan('a', how => 'rotating');
SELECT qrcred.renew(qt.shown('a', 'renewal'));
SELECT qt.err(format('SELECT qrcred.resend_link(%s)', :a));
SELECT state, strikes FROM qt.peek('a');
SELECT count(*) FROM qrcred.report_lost('bank', '11010119900101123X', '+8613800000000', 'op 5');
-- reissue makes codes from the new data; the activation answer is the new one's
SELECT qrcred.set_policy('bank', '{"activation": "id_last4"}');
SELECT ticket FROM qrcred.reissue(:a) \gset
SELECT qrcred.download(:'ticket', '123X') ->> 'verdict' AS verdict;
SELECT qrcred.download(:'ticket', '999x') AS p \gset
SELECT verdict FROM qrcred.verify((:'p'::jsonb) ->> 'static', 'till-1');
SELECT uuid_send(digest_1) || uuid_send(digest_2) = hmac(qt.lp('bank', 'C-a', 'Ada Nova', '11010119900101999X', '+8613800000999'), qt.master_key('registration'), 'sha256') AS digest FROM qrcred_store.strike WHERE id = :a;
SELECT frozen FROM qrcred.report_lost('bank', '11010119900101999X', '+8613800000999', 'op 5');
-- undone: the data is as it was; codes stay ended, for staff to look into
SELECT pg_temp.customer('bank', 'C-4', '1', '2') AS c4 \gset
BEGIN;
SELECT qrcred.update_registration('bank', 'C-4', 'Ada', '3', '4');
ROLLBACK;
SELECT count(*) FROM qrcred.report_lost('bank', '3', '4', 'op 6');
SELECT frozen FROM qrcred.report_lost('bank', '1', '2', 'op 6');
-- nothing of it stands in the tables in clear
SELECT sum((position('Nova'::bytea IN full_name) > 0)::int + (position('1990010'::bytea IN id_number) > 0)::int + (position('138000'::bytea IN phone) > 0)::int) AS clear,
    bool_and(length(full_name) > 30 AND answer_phone <> sha256('+8613800000999')) AS sealed FROM qrcred_store.customer;

-- history: verdicts, acts with staff's words, releases, in time's order
SELECT qrcred.set_policy('bank', '{"activation": "none"}');
SELECT qt.make('h');
SELECT id AS h FROM qt.wallet WHERE name = 'h' \gset
SELECT verdict FROM qt.scan('h');
SELECT verdict FROM qt.answer('h', 'wrong');
SELECT verdict FROM qt.answer('h', 'typed');
SELECT qrcred.freeze(:h, 'said stolen; "quoted" %s');
SELECT verdict FROM qt.scan('h', 'till-2');
SELECT qrcred.release(:h, 'found again');
SELECT verdict FROM qt.scan('h', 'till-2');
BEGIN;
SELECT qrcred.freeze(:h, 'undone words');
ROLLBACK;
SELECT count(*) FROM qrcred.report_lost('bank', '11010119900101123X', '+8613800000000', 'op 7');
SELECT qrcred.void_credential(:h, 'gone for good');
SET TimeZone = 'Asia/Shanghai';
SET DateStyle = 'German';
SELECT attempt_no, gateway, kind, verdict, replace(reason, '(' || session_user || ')', '(staff)') AS reason, tier FROM qrcred.history(:h);
SELECT bool_and(at ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.]\d{6}Z$') AS iso, bool_and(abs(extract(epoch FROM clock_timestamp() - at::timestamptz)) < 600) AS utc FROM qrcred.history(:h);
RESET DateStyle;
RESET TimeZone;
SELECT qt.err('SELECT * FROM qrcred.history(NULL)'), qt.err('SELECT * FROM qrcred.history(1)');
SELECT qt.broken_chains();
