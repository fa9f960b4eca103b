-- Payers when a person is forgotten, when master keys change, and when the store came out of
-- a dump.
SELECT qt.fresh();
SELECT qrcred.set_policy('bank', '{"verification": "screen", "store_card_password": true}');
SELECT qt.make_payer(n) FROM unnest('{a,b,d,e,f}'::text[]) n;
SELECT qt.bind(name), qrcred.bind_card(session, '6222020000001234', '123456') FROM qt.payer WHERE name <> 'b';
SELECT id AS a FROM qt.wallet WHERE name = 'a' \gset
SELECT id AS f, session AS f_session, qt.login_owner('f') AS f_login FROM qt.wallet JOIN qt.payer USING (name) WHERE name = 'f' \gset
CREATE TABLE qt.debit (payment_id uuid, card text, card_password text);
CREATE FUNCTION qt.charge(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text LANGUAGE sql AS $$
    INSERT INTO qt.debit VALUES (payment_id, card, card_password) RETURNING 'paid'
$$;
SELECT qrcred.set_charge_function('bank', 'qt.charge(uuid, text, text, numeric, text, text)');
SELECT qt.begin('f1', 'f', order_ref => 'order of f1'), qt.begin('f2', 'f', order_ref => 'order of f2');
SELECT verdict FROM qt.present('f1', offset_by => -1);
SELECT status FROM qt.confirm('f1');
SELECT verdict FROM qt.present('f2');

-- forgotten: void at once, and nothing is left by which to know the person
CREATE FUNCTION pg_temp.left_of(id int8, OUT login int8, OUT session int8, OUT card int8, OUT biometric int8, OUT ticket int8, OUT outbox int8) LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM qrcred_store.login x WHERE x.credential_id = left_of.id), (SELECT count(*) FROM qrcred_store.session JOIN qrcred_store.login l USING (login_id) WHERE l.credential_id = left_of.id),
        (SELECT count(*) FROM qrcred_store.card x WHERE x.credential_id = left_of.id), (SELECT count(*) FROM qrcred_store.biometric x WHERE x.credential_id = left_of.id),
        (SELECT count(*) FROM qrcred_store.ticket x WHERE x.credential_id = left_of.id), (SELECT count(*) FROM qrcred_store.outbox x WHERE x.credential_id = left_of.id)
$$;
SELECT x, qt.err('SELECT qrcred.forget(' || x || ')') FROM unnest(ARRAY['''bank'', ''P-f'', NULL', '''bank'', ''P-f'', ''P-a''', '''bank'', ''P-x'', ''P-x''']) x;
SELECT login, session, card, biometric, ticket, outbox > 0 AS outbox FROM pg_temp.left_of(:f);
BEGIN;
SELECT qrcred.forget('bank', 'P-f', 'P-f');
ROLLBACK;
SELECT login, session, card, biometric, ticket, outbox > 0 AS outbox, state FROM pg_temp.left_of(:f), qrcred.peek(:f);
SELECT verdict, next FROM qt.present('f2');
SELECT * FROM qt.confirm('f2');
SELECT qrcred.forget('bank', 'P-f', 'P-f');
SELECT * FROM pg_temp.left_of(:f);
SELECT y.name, state, order_ref, p.amount, p.payee, receipt FROM qrcred_store.payment p JOIN qt.payment y ON y.id = p.payment_id ORDER BY 1;
SELECT customer_ref ~ '^forgotten \d+$' AS forgotten FROM qrcred_store.credential WHERE credential_id = :f;
SELECT left(qt.err(format('SELECT qrcred.payment_status(%L, %L)', :'f_session', id)), 5) FROM qt.payment WHERE name = 'f1';
SELECT v.verdict, v.next, qt.last_at() FROM qt.payment y, qrcred.present(:'f_session', y.id, qt.proof('f2'), 'till-1') v WHERE name = 'f2';
SELECT c.verdict, c.status, qt.last(0) FROM qt.payment y, qrcred.confirm(:'f_session', y.id, '123456') c WHERE name = 'f2';
SELECT qt.login('f') IS NOT NULL AS logged_in, qt.err('SELECT qrcred.enrol_payer(''bank'', ''P-f'')');
SELECT kind, verdict FROM qrcred.history(:f) ORDER BY attempt_no DESC LIMIT 1;
SELECT ok, finding FROM qrcred.audit(:f_login);
-- the login's name is free
SELECT qt.enrol('g');
SELECT qrcred.register_login(ticket, NULL, 'login-f', 'secret of g') FROM qt.payer WHERE name = 'g';
SELECT verdict FROM qrcred.login('login-f', 'secret of g', 'till-2');

-- another master key becomes current: what is sealed moves over, logins and codes go on
SELECT qt.begin('a1', 'a');
SELECT verdict FROM qt.present('a1', offset_by => -1);
SELECT kid, customers, payers, credentials FROM qrcred.key_usage;
COPY (SELECT '8 ' || encode(gen_random_bytes(32), 'hex') || ' current') TO PROGRAM 'cp -p qrcred_test_keys qrcred_test_keys_7; cat >>qrcred_test_keys';
SELECT pg_reload_conf();
\c -
SELECT bound AS card_bound FROM qrcred_store.card WHERE credential_id = (SELECT id FROM qt.wallet WHERE name = 'a') \gset
SELECT qrcred.rekey(1);
SELECT qrcred.rekey(100);
SELECT kid, customers, payers, credentials FROM qrcred.key_usage;
SELECT customer_ref, count(*) AS asked_to_renew FROM qrcred_store.outbox JOIN qrcred_store.credential USING (credential_id) WHERE outbox.kind = 9 GROUP BY 1 ORDER BY 1;
SELECT l.kid AS login, c.kid AS card, b.kid AS biometric, name_digest = hmac('login-a', qt.master_key('login', 8), 'sha256') AS digest, bound = :'card_bound' AS still_bound_then FROM qt.wallet w JOIN qrcred_store.login l ON l.credential_id = w.id JOIN qrcred_store.card c USING (credential_id) JOIN qrcred_store.biometric b USING (credential_id) WHERE w.name = 'a';
SELECT ticket FROM qrcred.enrol_payer('bank', 'P-b') \gset
SELECT qrcred.register_login(:'ticket', NULL, 'login-a', 'x');
SELECT qt.login('a') IS NOT NULL AS logged_in;
SELECT * FROM qt.confirm('a1');
SELECT qt.begin('a2', 'a');
SELECT verdict FROM qt.present('a2');
SELECT * FROM qt.confirm('a2');
SELECT kid FROM qt.payment WHERE name = 'a2';
SELECT card, card_password, count(*) FROM qt.debit GROUP BY 1, 2;
SELECT qt.err('SELECT qrcred.retire_key(7)');
-- bound anew, a payer hangs on the new key alone, but for a payment begun before
SELECT qt.begin('d0', 'd');
SELECT qt.bind(n) FROM unnest('{d,e}'::text[]) n;
SELECT kid, generation FROM qt.wallet WHERE name = 'd';
SELECT qt.begin('d1', 'd');
SELECT verdict FROM qt.present('d1');
SELECT kid, shown = qt.sent('d1') AS shown FROM qt.payment WHERE name = 'd1';
SELECT qrcred.void_credential(id, 'closed') FROM qrcred_store.strike WHERE id > 0 AND kid = 7 AND flags & 1 = 0;
SELECT kid, customers, payers, credentials FROM qrcred.key_usage;
SELECT qt.err('SELECT qrcred.retire_key(7)');
BEGIN;
UPDATE qrcred_store.card SET kid = 7 WHERE credential_id = :a;
SELECT qt.err('SELECT qrcred.retire_key(7)');
UPDATE qrcred_store.customer SET kid = 7 WHERE customer_ref = 'P-a';
SELECT qt.err('SELECT qrcred.retire_key(7)');
ROLLBACK;
SELECT qrcred.cancel_payment(qt.session('d'), id) FROM qt.payment WHERE name = 'd0';
SELECT qrcred.retire_key(7);
SELECT qt.err('SELECT qrcred.retire_key(7)');
COPY (SELECT) TO PROGRAM 'cat >/dev/null; sed -i "/^7 /d" qrcred_test_keys';
SELECT pg_reload_conf();
\c -
SELECT qt.login('d') IS NOT NULL AS logged_in;
SELECT * FROM qt.confirm('d1');
SELECT ok, finding FROM qt.wallet w, unnest(ARRAY[id, qt.login_owner('d')]) o, qrcred.audit(o) WHERE name = 'd';

-- taken up after a dump: the charge function is found again by its name, sessions are over
CREATE TEMP TABLE kept AS SELECT home FROM qrcred_store.key_check WHERE kid = 8;
SELECT qt.begin('e1', 'e');
SELECT verdict FROM qt.present('e1');
DROP FUNCTION qt.charge;
CREATE FUNCTION qt.charge(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text LANGUAGE sql AS $$
    INSERT INTO qt.debit VALUES (payment_id, card, card_password) RETURNING 'paid by the new one'
$$;
SELECT qt.err('SELECT qt.confirm(''e1'')');
UPDATE qrcred_store.key_check SET home = 'another database' WHERE kid = 8;
SET client_min_messages = error;
SELECT qrcred.upgrade_store();
RESET client_min_messages;
SELECT home FROM qrcred_store.key_check WHERE kid = 8 EXCEPT SELECT home FROM kept;
SELECT count(*) AS sessions, (SELECT charge_oid = 'qt.charge'::regproc FROM qrcred_store.issuer WHERE code = 'bank') AS found_again FROM qrcred_store.session;
UPDATE qt.payer SET session = qt.login('e') WHERE name = 'e';
SELECT * FROM qt.confirm('e1');
SELECT count(*) AS debits FROM qt.debit JOIN qt.payment ON id = payment_id WHERE name = 'e1';

-- back to the key that the other tests have
COPY (SELECT) TO PROGRAM 'cat >/dev/null; mv qrcred_test_keys_7 qrcred_test_keys';
SELECT pg_reload_conf();
\c -
DROP TABLE qt.debit;
DROP FUNCTION qt.charge;
SELECT qt.fresh();
SELECT qrcred.register('bank', 'C-1', 'Ada', '1', '2');
SELECT kid FROM qrcred.key_check() WHERE current;
