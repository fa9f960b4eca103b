-- The charge function: what it is given and as whom it runs, how it declines, fails, or moves
-- money elsewhere, and what none of that can do: charge twice, tell a card, use the caller's
-- search_path or leave its own.
SELECT qt.fresh();
SELECT qrcred.set_policy('bank', '{"verification": "screen", "store_card_password": true}');
SELECT qrcred.create_issuer('other', 'Other', '', '{"activation": "none", "verification": "screen", "tier_limits": {"B": 1000}}');
SELECT qt.make_payer('a'), qt.make_payer('o', 'other');
SELECT qt.bind('a'), qt.bind('o');
SELECT qrcred.bind_card(qt.session('a'), '6222-0200-CARD', 'PIN-4711'), qrcred.bind_card(qt.session('o'), 'tok_of_o');
CREATE ROLE regress_qrcred_ledger;
CREATE ROLE regress_qrcred_wallet;
CREATE ROLE regress_qrcred_clerk;
CREATE SCHEMA ledger AUTHORIZATION regress_qrcred_ledger;
GRANT USAGE ON SCHEMA qt TO PUBLIC;
SET ROLE regress_qrcred_ledger;
CREATE TABLE ledger.debit (payment_id uuid, card text, card_password text, amount numeric, currency text, payee text, by name, path text);
CREATE TABLE ledger.used (card text PRIMARY KEY);
-- what it does stands in the payee
CREATE FUNCTION ledger.charge(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    again record;
BEGIN
    INSERT INTO debit VALUES (payment_id, card, card_password, amount, currency, payee, current_user, current_setting('search_path'));
    CASE payee
        WHEN 'broke' THEN RAISE EXCEPTION 'no funds on %', card USING ERRCODE = 'QC402';
        WHEN 'fails' THEN RAISE EXCEPTION 'the core is down' USING ERRCODE = '08006', DETAIL = 'Try later.', HINT = 'Wait.';
        WHEN 'message' THEN RAISE EXCEPTION 'card % is odd', card USING DETAIL = 'its password is ' || card_password, HINT = 'look at ' || card, COLUMN = card, CONSTRAINT = card_password, DATATYPE = card, TABLE = card, SCHEMA = card_password;
        WHEN 'context' THEN EXECUTE format('SELECT 1 / (length(%L) - 14)', card);
        WHEN 'syntax' THEN EXECUTE format('SELECT %s', card);
        WHEN 'twice' THEN INSERT INTO used VALUES (card), (card);
        WHEN 'role' THEN SET ROLE NONE;
        WHEN 'commit' THEN COMMIT;
        WHEN 'path' THEN SET search_path = pg_catalog;
        WHEN 'poor' THEN RAISE EXCEPTION 'not enough money in the account' USING ERRCODE = 'QC402';
        WHEN 'later' THEN RETURN NULL;
        WHEN 'itself' THEN PERFORM qrcred.settle_payment(payment_id, 'settled inside'); RETURN NULL;
        WHEN 'empty' THEN RETURN '';
        ELSE NULL;
    END CASE;
    RETURN 'receipt ' || amount;
END $$;
RESET ROLE;

-- what may be one
CREATE FUNCTION qt.c_strict(uuid, text, text, numeric, text, text) RETURNS text LANGUAGE sql STRICT AS $$ SELECT '' $$;
CREATE FUNCTION qt.c_int(uuid, text, text, numeric, text, text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
CREATE FUNCTION qt.c_set(uuid, text, text, numeric, text, text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT '' $$;
CREATE FUNCTION qt.c_five(uuid, text, text, numeric, text) RETURNS text LANGUAGE sql AS $$ SELECT '' $$;
CREATE FUNCTION qt.c_seven(uuid, text, text, numeric, text, text, text DEFAULT '') RETURNS text LANGUAGE sql AS $$ SELECT '' $$;
CREATE FUNCTION qt.c_money(uuid, text, text, money, text, text) RETURNS text LANGUAGE sql AS $$ SELECT '' $$;
CREATE FUNCTION qt.c_array(uuid, text, text, numeric, text, VARIADIC text[]) RETURNS text LANGUAGE sql AS $$ SELECT '' $$;
CREATE PROCEDURE qt.c_call(uuid, text, text, numeric, text, text) LANGUAGE sql AS $$ SELECT '' $$;
SELECT x, qt.err('SELECT qrcred.set_charge_function(' || x || ')') FROM unnest(ARRAY['NULL, ''ledger.charge''', '''bank'', NULL', '''nobody'', ''ledger.charge''', '''bank'', 0', '''bank'', ''qt.c_strict''', '''bank'', ''qt.c_int''', '''bank'', ''qt.c_set''', '''bank'', ''qt.c_five''', '''bank'', ''qt.c_seven''', '''bank'', ''qt.c_money''', '''bank'', ''qt.c_array''', '''bank'', ''qt.c_call''']) y,
    LATERAL (SELECT regexp_replace(y, '''((qt|ledger)\.\w+)''', '(SELECT oid::regprocedure FROM pg_proc WHERE oid::regproc::text = ''\1'')') AS z) z, LATERAL (SELECT z AS x) x;
SELECT count(charge_oid) FROM qrcred_store.issuer;
SET ROLE regress_qrcred_clerk;
\set VERBOSITY sqlstate
SELECT qrcred.set_charge_function('bank', 'pg_catalog.now()');
\set VERBOSITY default
RESET ROLE;
SET search_path = ledger, public;
SELECT qrcred.set_charge_function('bank', 'charge(uuid, text, text, numeric, text, text)'), qrcred.set_charge_function('other', 'charge(uuid, text, text, numeric, text, text)');
RESET search_path;
SELECT code, charge_name, charge_oid = 'ledger.charge'::regproc AS oid, charge_path FROM qrcred_store.issuer ORDER BY 1;

-- a presented payment whose payee says what shall happen; what is there of it afterwards
CREATE PROCEDURE qt.buy(name text, payee text, payer text DEFAULT 'a', amount numeric DEFAULT 10) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM qt.begin(name, payer, amount, 'EUR', payee);
    PERFORM qt.step_unused(payer);
    COMMIT;
    PERFORM qt.present(name);
    IF qt.status(name) <> 'presented' THEN
        RAISE EXCEPTION 'not presented';
    END IF;
END $$;
CREATE FUNCTION qt.after(name text, OUT status text, OUT debits int8) LANGUAGE sql AS $$
    SELECT qt.status(name), (SELECT count(*) FROM ledger.debit d JOIN qt.payment y ON y.id = d.payment_id WHERE y.name = after.name)
$$;

-- what it is given, as whom it runs, and with which search_path; the caller's are as they were
CALL qt.buy('p1', 'Shop');
SELECT current_setting('search_path') AS before \gset
SELECT * FROM qt.confirm('p1');
SELECT y.id = payment_id AS payment, card, card_password, d.amount, d.currency, d.payee, by, path FROM ledger.debit d, qt.payment y WHERE y.name = 'p1';
SELECT current_user = session_user AS same_user, current_setting('search_path') = :'before' AS same_path;
CALL qt.buy('p2', 'Shop', 'o', 999);
SELECT * FROM qt.confirm('p2');
SELECT card, card_password, d.amount FROM ledger.debit d JOIN qt.payment y ON y.id = payment_id WHERE y.name = 'p2';

-- a caller who may only do what wallets do, and puts his own in the way: tables, functions, operators, types
SELECT qrcred.grant_duty('regress_qrcred_wallet', 'wallet');
CALL qt.buy('p3', 'Shop');
SELECT id AS p3, qt.sent('p3') AS p3_code, qt.session('a') AS s FROM qt.payment WHERE name = 'p3' \gset
CREATE SCHEMA evil AUTHORIZATION regress_qrcred_wallet;
SET SESSION AUTHORIZATION regress_qrcred_wallet;
CREATE TABLE evil.debit (payment_id uuid, card text, card_password text, amount numeric, currency text, payee text, by name, path text);
CREATE TEMP TABLE debit (payment_id uuid, card text, card_password text, amount numeric, currency text, payee text, by name, path text);
GRANT ALL ON debit, evil.debit TO PUBLIC;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked as %', current_user; END $$;
CREATE FUNCTION pg_temp.charge(uuid, text, text, numeric, text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked as %', current_user; END $$;
CREATE FUNCTION evil.charge(uuid, text, text, numeric, text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked as %', current_user; END $$;
CREATE FUNCTION evil.cat(text, numeric) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked as %', current_user; END $$;
CREATE OPERATOR evil.|| (FUNCTION = evil.cat, LEFTARG = text, RIGHTARG = numeric);
SET search_path = pg_temp, evil, pg_catalog;
SELECT verdict, status, receipt FROM qrcred.confirm(:'s', :'p3', :'p3_code');
SELECT count(*) AS in_temp FROM debit;
SELECT count(*) AS in_evil FROM evil.debit;
SHOW search_path;
SELECT current_user;
\set VERBOSITY sqlstate
SELECT * FROM ledger.debit;
SELECT ledger.charge(:'p3', '', '', 1, '', '');
\set VERBOSITY default
RESET search_path;
RESET SESSION AUTHORIZATION;
SELECT * FROM qt.after('p3');
SELECT qt.err('SELECT qrcred.settle_payment(''' || :'p3' || ''', ''x'')') AS charged_is_settled;
DROP TABLE pg_temp.debit;

-- declined: SQLSTATE QC402, for good; its work is undone, and its words stay inside, without the card
CALL qt.buy('d', 'broke');
SELECT * FROM qt.confirm('d');
SELECT * FROM qt.after('d');
SELECT * FROM qt.confirm('d');
SELECT reason, receipt, ended IS NOT NULL AS ended FROM qrcred_store.payment JOIN qt.payment y ON id = payment_id WHERE y.name = 'd';
SELECT current_user = session_user AS same_user, current_setting('search_path') = :'before' AS same_path;
SELECT verdict, next FROM qt.present('d');
SELECT qrcred.cancel_payment(qt.session('a'), id), qt.err(format('SELECT qrcred.settle_payment(%L, ''r'')', id)), qt.err(format('SELECT qrcred.resend(%L, %L)', qt.session('a'), id)) FROM qt.payment WHERE name = 'd';
CALL qt.buy('poor', 'poor');
SELECT * FROM qt.confirm('poor');
SELECT reason, receipt FROM qrcred_store.payment JOIN qt.payment y ON id = payment_id WHERE y.name = 'poor';
CALL qt.buy('d2', 'broke');
BEGIN;
SELECT * FROM qt.confirm('d2');
ROLLBACK;
SELECT * FROM qt.after('d2');

-- it fails: raised on with its SQLSTATE, the payment stays presented, and may be confirmed again
CREATE FUNCTION qt.failure(payment text, OUT state text, OUT message text, OUT detail text, OUT hint text, OUT context text, OUT names text) LANGUAGE plpgsql AS $$
DECLARE
    c text; d text; t text; s text; n text;
BEGIN
    PERFORM qt.confirm(payment);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT,
        c = COLUMN_NAME, n = CONSTRAINT_NAME, d = PG_DATATYPE_NAME, t = TABLE_NAME, s = SCHEMA_NAME;
    names := concat_ws(' ', nullif(s, ''), nullif(t, ''), nullif(c, ''), nullif(n, ''), nullif(d, ''));
END $$;
CALL qt.buy('f', 'fails');
SELECT state, message, detail, hint, names FROM qt.failure('f');
SELECT * FROM qt.after('f');
SELECT current_user = session_user AS same_user, current_setting('search_path') = :'before' AS same_path;
BEGIN;
SAVEPOINT s;
\set VERBOSITY sqlstate
SELECT * FROM qt.confirm('f');
\set VERBOSITY default
ROLLBACK TO s;
SELECT * FROM qt.after('f');
COMMIT;
ALTER FUNCTION ledger.charge RENAME TO kept;
SET ROLE regress_qrcred_ledger;
CREATE FUNCTION ledger.mended(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text LANGUAGE sql AS $$
    INSERT INTO ledger.debit VALUES (payment_id, card, card_password, amount, currency, payee, current_user, current_setting('search_path')) RETURNING 'mended'
$$;
RESET ROLE;
SELECT qrcred.set_charge_function('bank', 'ledger.mended(uuid, text, text, numeric, text, text)');
SELECT * FROM qt.confirm('f');
SELECT * FROM qt.confirm('f');
SELECT * FROM qt.after('f');
-- it is called by its number: a new name is no matter, a new signature or none is noticed
SET search_path = ledger;
SELECT qrcred.set_charge_function('bank', 'ledger.kept(uuid, text, text, numeric, text, text)');
RESET search_path;
ALTER FUNCTION ledger.kept RENAME TO charge;
CALL qt.buy('n', 'Shop');
ALTER FUNCTION ledger.charge STRICT;
SELECT state, message, hint FROM qt.failure('n');
ALTER FUNCTION ledger.charge CALLED ON NULL INPUT;
SELECT * FROM qt.confirm('n');
CALL qt.buy('n2', 'Shop');
BEGIN;
DROP FUNCTION ledger.charge;
SELECT state, message, hint FROM qt.failure('n2');
CREATE FUNCTION ledger.charge(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text LANGUAGE sql AS $$ SELECT 'somebody else''s' $$;
SELECT state, message, hint FROM qt.failure('n2');
ROLLBACK;
SELECT * FROM qt.after('n2');
-- no word that holds card or password gets out
CALL qt.buy('m1', 'message');
CALL qt.buy('m2', 'context');
CALL qt.buy('m3', 'syntax');
CALL qt.buy('m4', 'twice');
SELECT n, f.state, f.message, f.detail, f.hint, f.names FROM unnest('{m1,m2,m3,m4}'::text[]) n, LATERAL qt.failure(n) f ORDER BY 1;
SELECT n, f::text ~ '6222|CARD|PIN|4711' AS told, context ~ 'PL/pgSQL function' AS context, split_part(context, E'\n', 1) AS first_line FROM unnest('{m1,m2,m3,m4}'::text[]) n, LATERAL qt.failure(n) f ORDER BY 1;
SELECT n, a.* FROM unnest('{m1,m2,m3,m4}'::text[]) n, LATERAL qt.after(n) a ORDER BY 1;
-- nor does it get out of its owner's role, or end the transaction; a search_path of its own ends with it
CALL qt.buy('r1', 'role');
CALL qt.buy('r2', 'commit');
CALL qt.buy('r3', 'path');
SELECT n, f.state, f.message FROM unnest('{r1,r2}'::text[]) n, LATERAL qt.failure(n) f ORDER BY 1;
SELECT *, current_setting('search_path') = :'before' AS same_path FROM qt.confirm('r3');
SELECT current_setting('search_path') = :'before' AS same_path, current_user = session_user AS same_user;
CALL qt.buy('e', 'empty');
SELECT *, receipt = '' AS empty FROM qt.confirm('e');
-- one with a search_path and rights of its own keeps them
SET ROLE regress_qrcred_ledger;
CREATE FUNCTION ledger.own(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    INSERT INTO debit VALUES (payment_id, card, card_password, amount, currency, payee, current_user, current_setting('search_path')) RETURNING path
$$;
RESET ROLE;
SELECT qrcred.set_charge_function('bank', 'ledger.own(uuid, text, text, numeric, text, text)');
CALL qt.buy('own', 'Shop');
SELECT * FROM qt.confirm('own');

-- confirmed and left again from within: no second charge
CREATE FUNCTION qt.nested(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c record; left_it text;
BEGIN
    INSERT INTO ledger.debit VALUES (payment_id, card, card_password, amount, currency, payee, current_user);
    SELECT q.* INTO c FROM qt.payment y, qt.confirm(y.name) q WHERE y.id = payment_id;
    SELECT qrcred.cancel_payment(qt.session('a'), payment_id) INTO left_it;
    RETURN concat_ws(' ', c.verdict, c.status, c.receipt, left_it);
END $$;
SELECT qrcred.set_charge_function('bank', 'qt.nested(uuid, text, text, numeric, text, text)');
CALL qt.buy('again', 'Shop');
SELECT * FROM qt.confirm('again');
SELECT * FROM qt.after('again');
SELECT * FROM qt.confirm('again');

-- money that moves elsewhere: null, until staff settles or declines
SET search_path = ledger;
SELECT qrcred.set_charge_function('bank', 'ledger.charge(uuid, text, text, numeric, text, text)');
RESET search_path;
CALL qt.buy('l1', 'later');
CALL qt.buy('l2', 'later');
CALL qt.buy('l3', 'Shop');
SELECT id AS l1 FROM qt.payment WHERE name = 'l1' \gset
SELECT id AS l2 FROM qt.payment WHERE name = 'l2' \gset
SELECT id AS l3 FROM qt.payment WHERE name = 'l3' \gset
SELECT x, qt.err('SELECT qrcred.' || replace(x, 'P', quote_literal(:'l1'))) FROM unnest(ARRAY['settle_payment(NULL, ''r'')', 'settle_payment(P, NULL)', 'settle_payment(P, '''')', 'settle_payment(''01234567-89ab-8def-8123-456789abcdef'', ''r'')', 'settle_payment(P, ''r'')',
    'decline_payment(NULL, ''r'')', 'decline_payment(P, NULL)', 'decline_payment(P, '''')', 'decline_payment(P, repeat(''r'', 1001))', 'decline_payment(''01234567-89ab-8def-8123-456789abcdef'', ''r'')', 'decline_payment(P, ''r'')']) x;
SELECT c.* FROM unnest('{l1,l2}'::text[]) n, LATERAL qt.confirm(n) c;
SELECT * FROM qt.confirm('l1');
SELECT n, a.*, qrcred.cancel_payment(qt.session('a'), y.id) FROM unnest('{l1,l2}'::text[]) n, LATERAL qt.after(n) a, qt.payment y WHERE y.name = n ORDER BY 1;
-- it does not expire meanwhile, is not presented and is sent no code
UPDATE qrcred_store.payment SET expires = expires - interval '1 hour', sent = sent - interval '1 hour' WHERE payment_id IN (:'l1', :'l2');
SELECT qrcred.maintain();
SELECT qt.status('l1'), p.verdict, p.next, qt.err(format('SELECT qrcred.resend(%L, %L)', qt.session('a'), :'l1')) FROM qt.present('l1') p;
SELECT * FROM qt.confirm('l1');
BEGIN;
SELECT qrcred.settle_payment(:'l1', 'wire 1');
ROLLBACK;
SELECT qt.status('l1');
SELECT qrcred.settle_payment(:'l1', 'wire 1');
SELECT * FROM qt.confirm('l1');
SELECT qrcred.settle_payment(:'l1', 'wire 1');
SELECT qt.err(format('SELECT qrcred.settle_payment(%L, ''wire 2'')', :'l1')), qt.err(format('SELECT qrcred.decline_payment(%L, ''late'')', :'l1')), qt.status('l1');
SELECT qrcred.decline_payment(:'l2', 'account closed');
SELECT qrcred.decline_payment(:'l2', 'account closed');
SELECT c.*, reason FROM qt.confirm('l2') c, qrcred_store.payment WHERE payment_id = :'l2';
SELECT qt.err(format('SELECT qrcred.settle_payment(%L, ''wire 1'')', :'l2'));
SELECT n, a.* FROM unnest('{l1,l2}'::text[]) n, LATERAL qt.after(n) a ORDER BY 1;
-- one that was charged at once is settled already with its own receipt, and with no other
SELECT * FROM qt.confirm('l3');
SELECT qrcred.settle_payment(:'l3', 'receipt 10.00');
SELECT qt.err(format('SELECT qrcred.settle_payment(%L, ''wire 3'')', :'l3'));
-- one that settles by itself and answers null is told as settled
SELECT qrcred.grant_duty('regress_qrcred_ledger', 'issuer', 'bank');
CALL qt.buy('i', 'itself');
SELECT * FROM qt.confirm('i');
SELECT * FROM qt.confirm('i');
-- a duty of one issuer ends no other's
CALL qt.buy('o1', 'later', 'o', 1);
SELECT * FROM qt.confirm('o1');
SELECT id AS o1 FROM qt.payment WHERE name = 'o1' \gset
SELECT amount FROM qrcred_store.spent;
SELECT qrcred.grant_duty('regress_qrcred_clerk', 'issuer', 'bank');
SET SESSION AUTHORIZATION regress_qrcred_clerk;
SELECT qt.err(format('SELECT qrcred.settle_payment(%L, ''r'')', :'o1')), qt.err(format('SELECT qrcred.decline_payment(%L, ''r'')', :'o1')), qt.err(format('SELECT qrcred.settle_payment(%L, ''receipt 10.00'')', :'l3'));
RESET SESSION AUTHORIZATION;
SELECT qt.status('o1');
-- what does not move counts for no day
SELECT qrcred.decline_payment(:'o1', 'no such account');
SELECT qrcred.decline_payment(:'o1', 'no such account');
SELECT amount, (SELECT count(*) FROM qrcred_store.spent_attempt) AS noted FROM qrcred_store.spent;

-- the log is whole, and no payment was debited twice
SELECT max(n) AS debits FROM (SELECT count(*) AS n FROM ledger.debit GROUP BY payment_id) x;
SELECT state, count(*) FROM qrcred_store.payment GROUP BY 1 ORDER BY 1;
SELECT qt.broken_chains();
SET client_min_messages = warning;
DROP SCHEMA evil, ledger CASCADE;
DROP FUNCTION qt.c_strict, qt.c_int, qt.c_set, qt.c_five, qt.c_seven, qt.c_money, qt.c_array, qt.nested, qt.after, qt.failure;
DROP PROCEDURE qt.c_call, qt.buy;
DROP OWNED BY regress_qrcred_ledger, regress_qrcred_wallet, regress_qrcred_clerk;
DROP ROLE regress_qrcred_ledger, regress_qrcred_wallet, regress_qrcred_clerk;
