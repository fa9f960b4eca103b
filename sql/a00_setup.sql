-- Runs first: a master key for this server, and what the tests of the store share in
-- schema qt.  zz_teardown takes all of it back.  One test alone:
--   make installcheck REGRESS="a00_setup verify zz_teardown"
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS qrcred CASCADE;
CREATE EXTENSION qrcred CASCADE;
DROP SCHEMA IF EXISTS qrcred_store, qt CASCADE;
CREATE SCHEMA qt;
-- roles that a run left behind when it was stopped
SELECT format('DROP OWNED BY %I', rolname), format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname LIKE 'regress\_qrcred\_%' \gexec
-- what ALTER SYSTEM had set here before the tests
CREATE TABLE IF NOT EXISTS public.qrcred_settings_before AS
SELECT name, setting FROM pg_file_settings
WHERE name LIKE 'qrcred.keyring%' AND sourcefile ~ '[.]auto[.]conf$' AND setting NOT IN ('qrcred_test_keys', '');
RESET client_min_messages;

-- without a key: a store can be made, nothing can be registered
LOAD 'qrcred';
ALTER SYSTEM SET qrcred.keyring_file = '';
ALTER SYSTEM SET qrcred.keyring_command = '';
SELECT pg_reload_conf();
-- the postmaster takes its signal before it takes a connection made after it
\c -
SELECT qrcred.create_store();
SELECT qrcred.create_issuer('bank', 'Bank');
DO $$
DECLARE
    hint text;
BEGIN
    PERFORM qrcred.register('bank', 'C-1', 'Ada', '1', '2');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RAISE NOTICE '% %, says how to make a key: %', SQLSTATE, SQLERRM, hint LIKE '%openssl rand -hex 32%';
END $$;
SELECT count(*) FROM qrcred_store.customer;

-- a new key each time; it is told to nobody
COPY (SELECT '7 ' || encode(gen_random_bytes(32), 'hex')) TO PROGRAM 'umask 077; cat >qrcred_test_keys';
ALTER SYSTEM SET qrcred.keyring_file = 'qrcred_test_keys';
SELECT pg_reload_conf();
\c -
SELECT kid, length(check_value), current FROM qrcred.key_check();

-- SQLSTATE, message, detail of a query's error; 'none' without one
CREATE FUNCTION qt.err(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text;
BEGIN
    EXECUTE query;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' | ', state, message, nullif(detail, ''));
END $$;

-- The protocol once more, in SQL over pgcrypto: what the server must have derived.
CREATE FUNCTION qt.expand(key bytea, info bytea) RETURNS bytea LANGUAGE sql AS $$
    SELECT hmac(info || '\x01', key, 'sha256')
$$;
CREATE FUNCTION qt.master(kid int DEFAULT 7) RETURNS bytea LANGUAGE sql AS $$
    SELECT decode(substr(line, 3, 64), 'hex') FROM regexp_split_to_table(pg_read_file('qrcred_test_keys'), E'\n') line WHERE line LIKE kid || ' %'
$$;
CREATE FUNCTION qt.master_key(label text, kid int DEFAULT 7) RETURNS bytea LANGUAGE sql AS $$
    SELECT qt.expand(qt.master(kid), ('qrcred/1 ' || label)::bytea)
$$;
CREATE FUNCTION qt.key(id int8, label text) RETURNS bytea LANGUAGE sql AS $$
    SELECT qt.expand(qt.master(), ('qrcred/1 ' || label)::bytea || '\x00' || int8send(id) ||
        substr(int2send(generation), 2) || uuid_send(digest_1) || uuid_send(digest_2))
    FROM qrcred_store.strike s WHERE s.id = key.id
$$;
CREATE FUNCTION qt.lp(VARIADIC texts text[]) RETURNS bytea LANGUAGE sql AS $$
    SELECT string_agg(int2send(octet_length(t)::int2) || convert_to(t, 'UTF8'), '' ORDER BY n)
    FROM unnest(texts) WITH ORDINALITY AS x(t, n)
$$;
CREATE FUNCTION qt.base32(b bytea) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
        substring(bits FROM i * 5 + 1 FOR 5)::bit(5)::int + 1, 1), '' ORDER BY i)
    FROM (SELECT ('x' || encode(b, 'hex'))::varbit ||
            repeat('0', (5 - length(b) * 8 % 5) % 5)::varbit AS bits) AS t,
        generate_series(0, length(bits) / 5 - 1) AS i
$$;
CREATE FUNCTION qt.code(kind int, kid int, id int8, generation int, moment int8, key bytea, extra bytea DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT 'QC1.' || qt.base32(head || substr(hmac(head || extra, key, 'sha256'), 1, 16))
    FROM (SELECT decode(lpad(to_hex(kind), 2, '0') || lpad(to_hex(kid), 2, '0'), 'hex') || int8send(id) ||
        decode(lpad(to_hex(generation), 2, '0') || lpad(to_hex(moment), 8, '0'), 'hex') AS head) AS h
$$;
CREATE FUNCTION qt.digits(key bytea, nonce bytea, transaction_text text, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    lo numeric := (ARRAY[100000, 1048576, 16777216])[n - 5];
    r numeric := 10::numeric ^ n - lo;
    block bytea; x numeric;
BEGIN
    FOR c IN 0..255 LOOP
        block := hmac(substr(int2send(c::int2), 2) || nonce || sha256(convert_to(coalesce(transaction_text, ''), 'UTF8')), key, 'sha256');
        FOR i IN 0..3 LOOP
            SELECT sum(get_byte(block, i * 8 + j) * 256::numeric ^ (7 - j)) INTO x FROM generate_series(0, 7) AS j;
            IF x < floor(2::numeric ^ 64 / r) * r THEN
                RETURN trunc(lo + x % r)::text;
            END IF;
        END LOOP;
    END LOOP;
END $$;

-- A wallet: the package of a credential, and the digits that its holder typed last.
CREATE TABLE qt.wallet (name text PRIMARY KEY, id int8, static text, kid int, generation int,
    second bytea, rotating bytea, ocra bytea, renewal bytea, digits text);
-- A payer, whose credential stands in qt.wallet: its session and the key that its biometric
-- opens; and what it is to pay, with the verification code that was shown.
CREATE TABLE qt.payer (name text PRIMARY KEY, ticket text, session text, salt bytea, key bytea);
CREATE TABLE qt.payment (name text PRIMARY KEY, payer text, id uuid, payee text, currency text, amount text, nonce text, kid int, generation int, shown text);

-- a store with one issuer and two gateways, whatever was there before
CREATE FUNCTION qt.fresh() RETURNS void LANGUAGE plpgsql SET client_min_messages = warning AS $$
BEGIN
    DROP SCHEMA IF EXISTS qrcred_store CASCADE;
    TRUNCATE qt.wallet, qt.payer, qt.payment;
    PERFORM qrcred.create_store();
    PERFORM qrcred.create_issuer('bank', 'Bank of Examples', 'Member card', '{"activation": "none"}');
    PERFORM qrcred.create_gateway('till-1', 'Till 1'), qrcred.create_gateway('till-2', 'Till 2');
END $$;
-- a customer, a credential, a download
CREATE FUNCTION qt.make(name text, issuer text DEFAULT 'bank') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    i record; p jsonb;
BEGIN
    PERFORM qrcred.register(issuer, 'C-' || name, 'Ada ' || name, '11010119900101123X', '+8613800000000');
    SELECT * INTO i FROM qrcred.issue(issuer, 'C-' || name);
    p := qrcred.download(i.ticket);
    INSERT INTO qt.wallet VALUES (name, i.credential_id, p ->> 'static', (p ->> 'kid')::int, (p ->> 'generation')::int,
        decode(p #>> '{keys,second}', 'hex'), decode(p #>> '{keys,rotating}', 'hex'),
        decode(p #>> '{keys,ocra}', 'hex'), decode(p #>> '{keys,renewal}', 'hex'));
END $$;
-- what the wallet shows, by kind, or a wrong one; offset_by moves its clock (s) or step
CREATE FUNCTION qt.shown(name text, how text, offset_by int DEFAULT 0) RETURNS text LANGUAGE sql AS $$
    SELECT CASE how
        WHEN 'static' THEN static
        WHEN 'second' THEN qrcred.second_code(second, id, kid, generation, clock + offset_by, digits)
        WHEN 'wrong' THEN qrcred.second_code(ocra, id, kid, generation, clock + offset_by, digits)
        WHEN 'typed' THEN typed
        WHEN 'wrong typed' THEN lpad(((typed::int + 1 + offset_by) % 100000000)::text, 8, '0')
        WHEN 'rotating' THEN qrcred.rotating_code(rotating, id, kid, generation, clock / 30 + offset_by)
        WHEN 'renewal' THEN qrcred.renewal_code(renewal, id, kid, generation, clock / 30 + offset_by)
        END
    FROM qt.wallet w, LATERAL (SELECT trunc(extract(epoch FROM clock_timestamp()))::int8 AS clock) AS c,
        LATERAL (SELECT CASE WHEN how ~ 'typed' THEN qrcred.ocra('OCRA-1:HOTP-SHA256-8:QN0' || length(digits), ocra, digits) END AS typed) AS t
    WHERE w.name = shown.name
$$;
-- scan 1, and what is typed into the wallet after it
CREATE FUNCTION qt.scan(name text, gateway text DEFAULT 'till-1', transaction_text text DEFAULT NULL, request_id uuid DEFAULT NULL,
    how text DEFAULT 'static', offset_by int DEFAULT 0,
    OUT verdict text, OUT next text, OUT tier text, OUT tries_left int, OUT repeated boolean) LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    SELECT * INTO v FROM qrcred.verify(qt.shown(name, how, offset_by), gateway, transaction_text, request_id);
    UPDATE qt.wallet w SET digits = v.challenge WHERE w.name = scan.name AND v.challenge IS NOT NULL;
    verdict := v.verdict; next := v.next; tier := v.tier; tries_left := v.tries_left; repeated := v.repeated;
END $$;
-- scan 2
CREATE FUNCTION qt.answer(name text, how text DEFAULT 'second', gateway text DEFAULT 'till-1', transaction_text text DEFAULT NULL,
    request_id uuid DEFAULT NULL, offset_by int DEFAULT 0,
    OUT verdict text, OUT next text, OUT tier text, OUT tries_left int, OUT repeated boolean) LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    SELECT s.* INTO v FROM qt.wallet w, qrcred.verify_second(w.id, qt.shown(w.name, how, offset_by), gateway, transaction_text, request_id) s
    WHERE w.name = answer.name;
    verdict := v.verdict; next := v.next; tier := v.tier; tries_left := v.tries_left; repeated := v.repeated;
END $$;

-- a customer and a payer's credential; with a login and a session; with what a wallet bound by itself
CREATE FUNCTION qt.enrol(name text, issuer text DEFAULT 'bank') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    e record;
BEGIN
    PERFORM qrcred.register(issuer, 'P-' || name, 'Ada ' || name, '11010119900101123X', '+8613800000000');
    SELECT * INTO e FROM qrcred.enrol_payer(issuer, 'P-' || name);
    INSERT INTO qt.wallet (name, id, kid, generation) VALUES (name, e.credential_id, 7, 1);
    INSERT INTO qt.payer (name, ticket) VALUES (name, e.ticket);
END $$;
CREATE FUNCTION qt.login(name text, gateway text DEFAULT 'till-1', password text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT l.session FROM qrcred.login('login-' || name, coalesce(password, 'secret of ' || name), gateway) l
$$;
-- the same password, hashed at less cost, because tests log in often
CREATE FUNCTION qt.cheap(name text) RETURNS void LANGUAGE sql AS $$
    UPDATE qrcred_store.login SET password_hash = crypt('secret of ' || cheap.name, gen_salt('bf', 4)) FROM qt.wallet w WHERE w.name = cheap.name AND credential_id = w.id
$$;
CREATE FUNCTION qt.make_payer(name text, issuer text DEFAULT 'bank') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM qt.enrol(name, issuer);
    PERFORM qrcred.register_login(ticket, NULL, 'login-' || p.name, 'secret of ' || p.name) FROM qt.payer p WHERE p.name = make_payer.name;
    PERFORM qt.cheap(name);
    UPDATE qt.payer p SET session = qt.login(p.name) WHERE p.name = make_payer.name;
END $$;
CREATE FUNCTION qt.session(name text) RETURNS text LANGUAGE sql AS $$ SELECT session FROM qt.payer p WHERE p.name = session.name $$;
CREATE FUNCTION qt.helper(n int DEFAULT 1023) RETURNS varbit LANGUAGE sql AS $$
    SELECT substring(('x' || encode(gen_random_bytes(128), 'hex'))::varbit FROM 1 FOR n)
$$;
CREATE FUNCTION qt.bind(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    b record; k bytea := gen_random_bytes(32);
BEGIN
    SELECT * INTO b FROM qrcred.begin_binding(qt.session(name));
    PERFORM qrcred.bind_helper(qt.session(name), qt.helper(), k, b.salt, 'face-1', 'bch1023_123');
    UPDATE qt.payer p SET salt = b.salt, key = k WHERE p.name = bind.name;
    UPDATE qt.wallet w SET kid = b.kid, generation = b.generation WHERE w.name = bind.name;
END $$;
CREATE FUNCTION qt.begin(payment text, payer text, amount numeric DEFAULT 88.5, currency text DEFAULT 'CNY', payee text DEFAULT 'Shop',
    order_ref text DEFAULT NULL, request_id uuid DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO qt.payment
    SELECT payment, payer, b.payment_id, b.payee, b.currency, b.amount, b.nonce, b.kid, b.generation
    FROM qrcred.begin_payment(qt.session(payer), amount, currency, payee, order_ref, request_id) b
    ON CONFLICT (name) DO UPDATE SET payer = excluded.payer, id = excluded.id, payee = excluded.payee, currency = excluded.currency, amount = excluded.amount,
        nonce = excluded.nonce, kid = excluded.kid, generation = excluded.generation, shown = NULL
$$;
-- the biometric code of a payment, or one made with another key; offset_by moves its step, or tells wrong ones apart
CREATE FUNCTION qt.proof(payment text, how text DEFAULT 'right', offset_by int DEFAULT 0) RETURNS text LANGUAGE sql AS $$
    SELECT qt.code(20, y.kid, w.id, y.generation, trunc(extract(epoch FROM clock_timestamp()))::int8 / 30 + CASE how WHEN 'right' THEN offset_by ELSE 0 END,
        CASE how WHEN 'right' THEN p.key ELSE sha256((how || offset_by)::bytea) END,
        sha256(qt.lp(y.id::text, y.payee, y.currency, y.amount, y.nonce)))
    FROM qt.payment y JOIN qt.payer p ON p.name = y.payer JOIN qt.wallet w ON w.name = y.payer WHERE y.name = payment
$$;
CREATE FUNCTION qt.present(payment text, how text DEFAULT 'right', offset_by int DEFAULT 0, gateway text DEFAULT 'till-1', request_id uuid DEFAULT NULL,
    OUT verdict text, OUT next text, OUT tier text, OUT tries_left int, OUT repeated boolean) LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    SELECT r.* INTO v FROM qt.payment y, qrcred.present(qt.session(y.payer), y.id, qt.proof(y.name, how, offset_by), gateway, request_id) r WHERE y.name = payment;
    UPDATE qt.payment y SET shown = v.challenge WHERE y.name = payment AND v.challenge IS NOT NULL;
    verdict := v.verdict; next := v.next; tier := v.tier; tries_left := v.tries_left; repeated := v.repeated;
END $$;
-- the verification code of a payment or of a session's first 16 bytes, by the protocol
CREATE FUNCTION qt.digits6(subject bytea, sending int, kid int DEFAULT 7) RETURNS text LANGUAGE sql AS $$
    SELECT lpad((sum(get_byte(h, i) * 256::numeric ^ (7 - i)) % 1000000)::int::text, 6, '0')
    FROM (SELECT hmac(subject || int4send(sending), qt.master_key('verification', kid), 'sha256') AS h) AS x, generate_series(0, 7) AS i
$$;
CREATE FUNCTION qt.sent(payment text, how text DEFAULT 'right') RETURNS text LANGUAGE sql AS $$
    SELECT CASE how WHEN 'right' THEN d ELSE lpad(((d::int + 1) % 1000000)::text, 6, '0') END
    FROM qt.payment y JOIN qrcred_store.payment s ON s.payment_id = y.id, LATERAL qt.digits6(uuid_send(y.id), s.sending, s.kid) AS d WHERE y.name = payment
$$;
CREATE FUNCTION qt.confirm(payment text, how text DEFAULT 'right', request_id uuid DEFAULT NULL,
    OUT verdict text, OUT status text, OUT receipt text, OUT tries_left int) LANGUAGE sql AS $$
    SELECT c.* FROM qt.payment y, qrcred.confirm(qt.session(y.payer), y.id, qt.sent(y.name, how), request_id) c WHERE y.name = payment
$$;
CREATE FUNCTION qt.status(payment text) RETURNS text LANGUAGE sql AS $$
    SELECT qrcred.payment_status(qt.session(y.payer), y.id) FROM qt.payment y WHERE y.name = payment
$$;
-- a step was never used: for a payer whose strike row's MAC is not looked at afterwards
CREATE FUNCTION qt.step_unused(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE qrcred_store.strike DISABLE TRIGGER guard_row;
    UPDATE qrcred_store.strike SET step_biometric = 0 WHERE id = (SELECT id FROM qt.wallet w WHERE w.name = step_unused.name);
    ALTER TABLE qrcred_store.strike ENABLE TRIGGER guard_row;
END $$;
-- the latest line of an owner's log
CREATE FUNCTION qt.last(owner int8) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', qrcred.log_word('kind', kind), qrcred.log_word('verdict', verdict), qrcred.log_word('reason', reason))
    FROM qrcred_store.attempt a WHERE a.owner = last.owner ORDER BY attempt_no DESC LIMIT 1
$$;
-- the same of a wallet's or payer's credential, of a gateway and of a login
CREATE FUNCTION qt.last_of(name text) RETURNS text LANGUAGE sql AS $$ SELECT qt.last(id) FROM qt.wallet w WHERE w.name = last_of.name $$;
CREATE FUNCTION qt.last_at(gateway text DEFAULT 'till-1') RETURNS text LANGUAGE sql AS $$
    SELECT qt.last(-gateway_id) FROM qrcred_store.gateway g WHERE g.gateway = last_at.gateway
$$;
CREATE FUNCTION qt.login_owner(name text) RETURNS int8 LANGUAGE sql AS $$
    SELECT -(4294967296 + login_id) FROM qrcred_store.login l JOIN qt.wallet w ON w.id = l.credential_id WHERE w.name = login_owner.name
$$;

-- a digest of the strike row of a wallet's credential; peek without times
CREATE FUNCTION qt.row_of(name text) RETURNS text LANGUAGE sql AS $$
    SELECT md5(s::text) FROM qrcred_store.strike s, qt.wallet w WHERE s.id = w.id AND w.name = row_of.name
$$;
CREATE FUNCTION qt.peek(name text, OUT state text, OUT strikes int, OUT freeze_no int) LANGUAGE sql AS $$
    SELECT p.state, p.strikes, p.freeze_no FROM qt.wallet w, qrcred.peek(w.id) p WHERE w.name = peek.name
$$;
-- seconds pass for one credential: its stored times move back
CREATE FUNCTION qt.pass(name text, seconds int8) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    sets text;
BEGIN
    SELECT string_agg(format('%1$I = CASE WHEN %1$I IN (0, 9223372036854775807) THEN %1$I ELSE %1$I - %2$s END', c, seconds * 1000000), ', ')
    INTO sets FROM unnest('{frozen_until,frozen_at,challenge_until,accept_at,request_at,ticket_used_at}'::text[]) AS c;
    ALTER TABLE qrcred_store.strike DISABLE TRIGGER guard_row;
    EXECUTE format('UPDATE qrcred_store.strike SET %s WHERE id = (SELECT id FROM qt.wallet WHERE name = %L)', sets, name);
    ALTER TABLE qrcred_store.strike ENABLE TRIGGER guard_row;
END $$;
-- waits while a step of 30 s is about to end
CREATE FUNCTION qt.calm() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WHILE extract(epoch FROM clock_timestamp())::numeric % 30 > 26 LOOP
        PERFORM pg_sleep(0.1);
    END LOOP;
END $$;
-- how many owners have a gap, a double or a wrong seal in their log, or a strike row of
-- another issuer or kind than the credential's: none, ever
CREATE FUNCTION qt.broken_chains() RETURNS int8 LANGUAGE sql AS $$
    WITH log AS (
        SELECT a.*, lag(seal) OVER w AS seal_before, lag(attempt_no, 1, 0::int8) OVER w AS no_before
        FROM qrcred_store.attempt a WINDOW w AS (PARTITION BY owner ORDER BY attempt_no)),
    checked AS (
        SELECT owner, attempt_no = no_before + 1 AND
            substr(hmac(coalesce(uuid_send(seal_before), substr(hmac(int8send(owner), audit, 'sha256'), 1, 16)) ||
                int8send(owner) || int8send(attempt_no) ||
                int8send((extract(epoch FROM at) * 1000000)::int8) || int8send(moment) || oidsend(actor) || int4send(gateway) ||
                int2send(kind) || int2send(factor) || int2send(verdict) || int2send(reason) || int2send(tier) ||
                int2send(freeze_no) || int2send(generation) || int2send(kid), audit, 'sha256'), 1, 16) = uuid_send(seal) AS ok
        FROM log, (SELECT qt.master_key('audit') AS audit) AS k)
    SELECT count(*) FROM qrcred_store.strike s LEFT JOIN (SELECT owner, count(*) AS n, bool_and(ok IS TRUE) AS ok FROM checked GROUP BY 1) AS o ON o.owner = s.id
    LEFT JOIN qrcred_store.credential c ON c.credential_id = s.id
    WHERE NOT o.ok OR s.attempt_no <> coalesce(o.n, 0) OR s.issuer_id <> coalesce(c.issuer_id, 0) OR (s.flags & 32 <> 0) <> (c.kind IS NOT DISTINCT FROM 2)
$$;
SELECT qt.fresh();
