-- Triggers on tables of the bank's own: freeze_on, count_on, registration_changed.
SELECT qt.fresh();
SELECT qrcred.create_issuer('other', 'Other Bank', '', '{"activation": "none"}');
SELECT qt.make('a'), qt.make('b');
SELECT id AS a FROM qt.wallet WHERE name = 'a' \gset
SELECT id AS b FROM qt.wallet WHERE name = 'b' \gset
SELECT qrcred.register('other', 'C-b', 'Ada b', '1', '2');
CREATE TEMP TABLE ids AS SELECT name, id FROM qt.wallet;
INSERT INTO ids SELECT 'b2', credential_id FROM qrcred.issue('bank', 'C-b');
INSERT INTO ids SELECT 'b at other', credential_id FROM qrcred.issue('other', 'C-b');
CREATE FUNCTION pg_temp.frozen() RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(name, ', ' ORDER BY name), 'none') FROM ids, qrcred.peek(id) WHERE state = 'frozen'
$$;
CREATE FUNCTION pg_temp.thaw() RETURNS void LANGUAGE sql AS $$
    SELECT count(qrcred.release(id, 'thaw') IS NULL) FROM ids, qrcred.peek(id) WHERE state = 'frozen'
$$;
CREATE ROLE regress_qrcred_fraud;
CREATE TABLE qt.alert (n int, credential_id int8, customer_ref text, short varchar(64), number int, flagged boolean DEFAULT true);
GRANT USAGE ON SCHEMA qt TO regress_qrcred_fraud;
GRANT SELECT, INSERT, UPDATE, DELETE ON qt.alert TO regress_qrcred_fraud;

-- by id, at once: for whoever may write the table, and whatever becomes of the row
CREATE TRIGGER frost AFTER INSERT OR UPDATE ON qt.alert FOR EACH ROW WHEN (NEW.flagged) EXECUTE FUNCTION qrcred.freeze_on('credential_id', 'fraud alert');
SET ROLE regress_qrcred_fraud;
INSERT INTO qt.alert VALUES (1, :a, NULL, NULL, 0, false), (2, NULL, 'C-b', 'C-b', 0, true);
RESET ROLE;
SELECT pg_temp.frozen();
SET ROLE regress_qrcred_fraud;
UPDATE qt.alert SET flagged = true WHERE n = 1;
RESET ROLE;
SELECT pg_temp.frozen();
SELECT kind, verdict, replace(reason, session_user, 'session_user') AS reason FROM qrcred.history(:a) WHERE kind = 'freeze';
SELECT pg_temp.thaw();
BEGIN;
SET LOCAL ROLE regress_qrcred_fraud;
INSERT INTO qt.alert VALUES (3, :a);
RESET ROLE;
SELECT pg_temp.frozen();
ROLLBACK;
SELECT pg_temp.frozen();
SELECT verdict FROM qt.scan('a');
SELECT pg_temp.thaw();
DO $$
BEGIN
    INSERT INTO qt.alert SELECT 4, id FROM ids WHERE name = 'b';
    RAISE EXCEPTION 'undo';
EXCEPTION WHEN raise_exception THEN
    NULL;
END $$;
SELECT pg_temp.frozen();
SELECT pg_temp.thaw();
-- the row goes in even where the id lives elsewhere, or the credential is void
INSERT INTO qt.alert VALUES (5, 1);
SELECT qrcred.void_credential(id, 'closed') FROM ids WHERE name = 'b2';
INSERT INTO qt.alert SELECT 6, id FROM ids WHERE name = 'b2';
SELECT count(*) FROM qt.alert WHERE n IN (5, 6);
SELECT state, freeze_no FROM ids, qrcred.peek(id) WHERE name = 'b2';
-- a statement of many rows
INSERT INTO qt.alert SELECT 7, id FROM ids;
SELECT pg_temp.frozen();
SELECT pg_temp.thaw();
-- nobody attaches it but who may call it; nobody calls it at all
GRANT CREATE ON SCHEMA qt TO regress_qrcred_fraud;
SET ROLE regress_qrcred_fraud;
CREATE TABLE qt.mine (credential_id int8);
SELECT qt.err('CREATE TRIGGER frost AFTER INSERT ON qt.mine FOR EACH ROW EXECUTE FUNCTION qrcred.' || f) FROM unnest('{freeze_on(''credential_id''\, ''x''),count_on(''credential_id''),registration_changed(''credential_id'')}'::text[]) f;
RESET ROLE;
DROP TABLE qt.mine;
SELECT qt.err('SELECT qrcred.' || f || '()') FROM unnest('{freeze_on,count_on,registration_changed}'::text[]) f;

-- by customer_ref: all of the customer's, or those of one issuer
CREATE FUNCTION pg_temp.attach(call text, timing text DEFAULT 'AFTER INSERT OR UPDATE', each text DEFAULT 'ROW') RETURNS void LANGUAGE plpgsql SET client_min_messages = warning AS $$
BEGIN
    DROP TRIGGER IF EXISTS frost ON qt.alert;
    EXECUTE format('CREATE TRIGGER frost %s ON qt.alert FOR EACH %s EXECUTE FUNCTION qrcred.%s', timing, each, call);
END $$;
SELECT pg_temp.attach($$freeze_on('customer_ref', 'fraud')$$);
INSERT INTO qt.alert VALUES (10, :a, 'C-b');
SELECT pg_temp.frozen();
SELECT pg_temp.thaw();
INSERT INTO qt.alert VALUES (11, NULL, 'C-nobody'), (12, NULL, NULL), (13, NULL, ''' OR true --');
SELECT pg_temp.frozen();
SELECT pg_temp.attach($$freeze_on('short', 'fraud', 'immediate', 'other')$$);
INSERT INTO qt.alert VALUES (14, NULL, NULL, 'C-b'), (15, NULL, NULL, 'C-a');
SELECT pg_temp.frozen();
SELECT pg_temp.thaw();

-- what is wrong in its arguments is named
CREATE FUNCTION pg_temp.attached(call text, timing text DEFAULT 'AFTER INSERT OR UPDATE', each text DEFAULT 'ROW') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.attach(call, timing, each);
    RETURN qt.err('INSERT INTO qt.alert SELECT 20, id, ''C-a'', ''C-a'', 1 FROM ids WHERE name = ''a''');
END $$;
SELECT call, pg_temp.attached(call) FROM unnest(ARRAY['freeze_on()', 'freeze_on(''credential_id'')', 'freeze_on(''credential_id'', '''')', 'freeze_on(''nowhere'', ''x'')', 'freeze_on(''number'', ''x'')', 'freeze_on(''flagged'', ''x'')', 'freeze_on(''ctid'', ''x'')',
    'freeze_on(''credential_id'', ''x'', ''later'')', 'freeze_on(''credential_id'', ''x'', ''immediate'', ''bank'', ''more'')', 'freeze_on(''customer_ref'', ''x'', ''immediate'', ''nobody'')',
    'count_on()', 'count_on(''nowhere'')', 'count_on(''number'')', 'count_on(''customer_ref'', ''nobody'')', 'count_on(''customer_ref'', ''bank'', ''more'')',
    'registration_changed()', 'registration_changed(''nowhere'')', 'registration_changed(''number'')', 'registration_changed(''customer_ref'', ''nobody'')', 'registration_changed(''customer_ref'', ''bank'', ''more'')']) call;
SELECT timing, each, f, pg_temp.attached(f, timing, each) FROM (VALUES ('BEFORE INSERT', 'ROW'), ('AFTER INSERT', 'STATEMENT')) t(timing, each),
    unnest('{"freeze_on(''credential_id'', ''x'')","count_on(''credential_id'')","registration_changed(''credential_id'')"}'::text[]) f ORDER BY 1, 2, 3;
SELECT pg_temp.attach($$freeze_on('credential_id', 'x')$$, 'AFTER DELETE');
SELECT qt.err('DELETE FROM qt.alert WHERE n = 1');
SELECT pg_temp.frozen(), (SELECT count(*) FROM qt.alert WHERE n = 20) AS rows;

-- transactional: with the row's own commit, and only then
SELECT pg_temp.attach($$freeze_on('credential_id', 'fraud', 'transactional')$$);
INSERT INTO qt.alert VALUES (30, :a);
SELECT pg_temp.frozen();
SELECT pg_temp.thaw();
BEGIN;
INSERT INTO qt.alert VALUES (31, :a);
SELECT pg_temp.frozen();
SELECT verdict FROM qt.scan('a');
ROLLBACK;
SELECT pg_temp.frozen();
BEGIN;
INSERT INTO qt.alert VALUES (32, :a);
SAVEPOINT s;
INSERT INTO qt.alert VALUES (33, :b);
ROLLBACK TO s;
SAVEPOINT t;
SAVEPOINT u;
INSERT INTO qt.alert SELECT 34, id FROM ids WHERE name = 'b at other';
RELEASE u;
RELEASE t;
SELECT pg_temp.frozen();
COMMIT;
SELECT pg_temp.frozen();
SELECT kind, verdict, replace(reason, session_user, 'session_user') AS reason FROM qrcred.history(:a) WHERE kind = 'freeze' ORDER BY attempt_no DESC LIMIT 1;
SELECT pg_temp.thaw();
BEGIN;
SAVEPOINT t;
SAVEPOINT u;
INSERT INTO qt.alert VALUES (35, :a);
RELEASE u;
ROLLBACK TO t;
COMMIT;
SELECT pg_temp.frozen();
DO $$
BEGIN
    INSERT INTO qt.alert SELECT 36, id FROM ids WHERE name = 'b';
    BEGIN
        INSERT INTO qt.alert SELECT 37, id FROM ids WHERE name = 'a';
        RAISE EXCEPTION 'undo';
    EXCEPTION WHEN raise_exception THEN
        NULL;
    END;
END $$;
SELECT pg_temp.frozen();
SELECT pg_temp.thaw();
-- for a role without any right on the store; read-only neighbours; a deferred trigger; refused in PREPARE
SET ROLE regress_qrcred_fraud;
INSERT INTO qt.alert VALUES (38, :a);
RESET ROLE;
SELECT pg_temp.frozen(), current_user = session_user AS myself_again;
SELECT pg_temp.thaw();
DROP TRIGGER frost ON qt.alert;
CREATE CONSTRAINT TRIGGER frost AFTER INSERT ON qt.alert DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION qrcred.freeze_on('credential_id', 'fraud', 'transactional');
INSERT INTO qt.alert VALUES (39, :a);
SELECT pg_temp.frozen();
SELECT pg_temp.thaw();
SELECT pg_temp.attach($$freeze_on('customer_ref', 'fraud', 'transactional', 'bank')$$);
BEGIN;
INSERT INTO qt.alert VALUES (40, NULL, 'C-b');
PREPARE TRANSACTION 'qrcred_regress';
SELECT pg_temp.frozen(), (SELECT count(*) FROM qt.alert WHERE n = 40) AS rows;
INSERT INTO qt.alert VALUES (41, NULL, 'C-b');
SELECT pg_temp.frozen();
SELECT pg_temp.thaw();

-- count_on: a strike a row, by id or customer, and frozen at the limit; no rollback takes one back
SELECT pg_temp.attach($$count_on('credential_id')$$, 'AFTER INSERT');
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a');
SELECT * FROM qt.peek('a');
INSERT INTO qt.alert VALUES (50, :a), (51, NULL);
SELECT strikes FROM qt.peek('a');
BEGIN;
INSERT INTO qt.alert VALUES (52, :a);
ROLLBACK;
SELECT state, strikes FROM qt.peek('a');
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a');
SELECT state, strikes FROM qt.peek('a');
SELECT freeze_no AS before FROM qt.peek('a') \gset
INSERT INTO qt.alert SELECT 53, :a FROM generate_series(1, 3);
SELECT state, strikes, freeze_no - :before AS freezes FROM qt.peek('a');
-- while it is frozen nothing is counted; afterwards one more freezes again
INSERT INTO qt.alert SELECT 54, :a FROM generate_series(1, 3);
SELECT state, strikes, freeze_no - :before AS freezes FROM qt.peek('a');
SELECT pg_temp.thaw();
INSERT INTO qt.alert VALUES (55, :a);
SELECT state, strikes, freeze_no - :before AS freezes FROM qt.peek('a');
SELECT pg_temp.thaw();
SELECT pg_temp.attach($$count_on('customer_ref', 'bank')$$, 'AFTER INSERT');
SELECT verdict FROM qt.scan('b');
SELECT verdict FROM qt.answer('b');
INSERT INTO qt.alert VALUES (56, NULL, 'C-b');
SELECT name, strikes FROM ids, qrcred.peek(id) ORDER BY 1;
INSERT INTO qt.alert VALUES (57, 1, 'C-nobody');

-- registration_changed: codes made from the old data end, at once
CREATE TABLE qt.person (customer_ref text PRIMARY KEY, phone text);
INSERT INTO qt.person VALUES ('C-a', '1'), ('C-b', '1');
CREATE TRIGGER moved AFTER UPDATE OF phone ON qt.person FOR EACH ROW WHEN (OLD.phone IS DISTINCT FROM NEW.phone) EXECUTE FUNCTION qrcred.registration_changed('customer_ref', 'bank');
UPDATE qt.person SET phone = '1';
SELECT name, state FROM ids, qrcred.peek(id) ORDER BY 1;
SELECT verdict FROM qt.scan('b');
BEGIN;
UPDATE qt.person SET phone = '2' WHERE customer_ref = 'C-b';
ROLLBACK;
SELECT * FROM qt.answer('b');
SELECT * FROM qt.scan('b');
SELECT name, state FROM ids, qrcred.peek(id) ORDER BY 1;
SELECT qrcred.renew(qt.shown('b', 'renewal'));
SELECT length(ticket) FROM qrcred.reissue(:b);
SELECT state FROM qt.peek('b');

SELECT qrcred.log_word('kind', kind) AS kind, qrcred.log_word('verdict', verdict) AS verdict, qrcred.log_word('reason', reason) AS reason, count(*) FROM qrcred_store.attempt WHERE kind IN (8, 10, 15) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT qt.broken_chains();
DROP TABLE qt.alert, qt.person;
DROP OWNED BY regress_qrcred_fraud;
DROP ROLE regress_qrcred_fraud;
