-- Duties: what each may call and read, and nothing else; bounds to an issuer; which ids live
-- here; the look-ups of those who issue.
SELECT qt.fresh();
SELECT qrcred.create_issuer('other', 'Other Bank', '', '{"activation": "none"}');
SELECT qt.make('a'), qt.make('b', 'other');
SELECT id AS a FROM qt.wallet WHERE name = 'a' \gset
SELECT id AS b FROM qt.wallet WHERE name = 'b' \gset
SELECT format('CREATE ROLE regress_qrcred_%s', d) FROM unnest('{issuer,wallet,scanner,support,auditor,relay,nobody}'::text[]) d \gexec
CREATE TEMP VIEW duty AS SELECT d AS duty, ('regress_qrcred_' || d)::regrole AS role FROM unnest('{issuer,wallet,scanner,support,auditor,relay}'::text[]) d;

SELECT x, qt.err('SELECT qrcred.' || x) FROM unnest(ARRAY['grant_duty(NULL, ''issuer'')', 'grant_duty(0, ''issuer'')', 'grant_duty(''regress_qrcred_issuer'', NULL)', 'grant_duty(''regress_qrcred_issuer'', ''Issuer'')', 'grant_duty(''regress_qrcred_issuer'', ''issuer'', ''nobody'')',
    'grant_duty(''regress_qrcred_scanner'', ''scanner'', ''bank'')', 'grant_duty(''regress_qrcred_wallet'', ''wallet'', ''bank'')', 'grant_duty(''regress_qrcred_auditor'', ''auditor'', ''bank'')', 'grant_duty(''regress_qrcred_relay'', ''relay'', ''bank'')',
    'revoke_duty(NULL, ''issuer'')', 'revoke_duty(''regress_qrcred_issuer'', ''x'')', 'revoke_duty(''regress_qrcred_issuer'', ''issuer'', ''nobody'')']) x;

-- What every role may call, read and use in the two schemas, against the list of the API.
CREATE TEMP TABLE list (duty text, what text);
INSERT INTO list SELECT d, 'schema qrcred' FROM unnest('{nobody,issuer,wallet,scanner,support,auditor,relay}'::text[]) d;
INSERT INTO list SELECT d, 'type verification' FROM unnest('{nobody,issuer,wallet,scanner,support,auditor,relay}'::text[]) d;
INSERT INTO list SELECT d, f FROM (VALUES
    ('issuer', '{register,update_registration,find_customer,credentials_of,forget,set_password,issue,issue_many,resend_link,cancel_ticket,reissue,expiring,card_svg(bigint),enrol_payer,settle_payment,decline_payment}'::text[]),
    ('wallet', '{download,renew,register_login,login,logout,change_login_password,bind_card,unbind_card,begin_binding,bind_biometric,bind_helper,unbind_biometric,biometric_package,begin_payment,present,resend,confirm,cancel_payment,payment_status}'), ('scanner', '{verify,verify_second,check_password,verify_many}'), ('support', '{report_lost,freeze,release,void_credential,peek,history}'),
    ('auditor', '{audit,audit_anchor,"view credential_status","view attempt_daily","view stats",list_credential_status,list_attempt_daily,list_stats}'), ('relay', '{outbox_take,outbox_done,outbox_failed}')) l(d, fs), unnest(fs) f;
CREATE TEMP VIEW given AS
    SELECT r.d AS duty, CASE WHEN count(*) OVER (PARTITION BY r.d, n.nspname, proname) < (SELECT count(*) FROM pg_proc q WHERE q.proname = p.proname AND q.pronamespace = p.pronamespace)
        THEN proname || '(' || oidvectortypes(proargtypes) || ')' ELSE proname END AS what, n.nspname
    FROM (SELECT right(rolname, -15) AS d, oid FROM pg_roles WHERE rolname LIKE 'regress\_qrcred\_%') r, pg_proc p JOIN pg_namespace n ON n.oid = pronamespace AND nspname IN ('qrcred', 'qrcred_store')
    WHERE has_function_privilege(r.oid, p.oid, 'execute')
    UNION ALL
    SELECT r.d, CASE relkind WHEN 'v' THEN 'view ' ELSE 'table ' END || relname || CASE WHEN has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate, references, trigger') THEN ' (write)' ELSE '' END, nspname
    FROM (SELECT right(rolname, -15) AS d, oid FROM pg_roles WHERE rolname LIKE 'regress\_qrcred\_%') r, pg_class c JOIN pg_namespace n ON n.oid = relnamespace AND nspname IN ('qrcred', 'qrcred_store')
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND (has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate, references, trigger') OR has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references'))
    UNION ALL
    SELECT r.d, 'sequence ' || relname, nspname FROM (SELECT right(rolname, -15) AS d, oid FROM pg_roles WHERE rolname LIKE 'regress\_qrcred\_%') r, pg_class c JOIN pg_namespace n ON n.oid = relnamespace AND nspname IN ('qrcred', 'qrcred_store')
    WHERE relkind = 'S' AND has_sequence_privilege(r.oid, c.oid, 'usage, select, update')
    UNION ALL
    SELECT r.d, 'schema ' || nspname || CASE WHEN has_schema_privilege(r.oid, n.oid, 'create') THEN ' (create)' ELSE '' END, nspname FROM (SELECT right(rolname, -15) AS d, oid FROM pg_roles WHERE rolname LIKE 'regress\_qrcred\_%') r, pg_namespace n
    WHERE nspname IN ('qrcred', 'qrcred_store') AND has_schema_privilege(r.oid, n.oid, 'usage, create')
    UNION ALL
    SELECT r.d, 'type ' || typname, nspname FROM (SELECT right(rolname, -15) AS d, oid FROM pg_roles WHERE rolname LIKE 'regress\_qrcred\_%') r, pg_type t JOIN pg_namespace n ON n.oid = typnamespace AND nspname IN ('qrcred', 'qrcred_store')
    LEFT JOIN pg_class c ON c.oid = typrelid WHERE typcategory <> 'A' AND (c.relkind IS NULL OR c.relkind = 'c') AND has_type_privilege(r.oid, t.oid, 'usage');
-- before any grant everybody has what PUBLIC has
SELECT duty, what, nspname FROM given WHERE what NOT IN (SELECT what FROM list WHERE list.duty = 'nobody') ORDER BY 1, 2;
SELECT qrcred.grant_duty(role, duty) FROM duty;
SELECT qrcred.grant_duty(role, duty) FROM duty;
SELECT 'too much' AS wrong, duty, what FROM (SELECT duty, what FROM given EXCEPT SELECT * FROM list) x
UNION ALL SELECT 'missing', duty, what FROM (SELECT * FROM list EXCEPT SELECT duty, what FROM given) x ORDER BY 1, 2, 3;
SELECT duty, count(*) FROM given GROUP BY 1 ORDER BY 1;
SELECT grantee::regrole, count(*) FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'qrcred_store'::regnamespace AND grantee <> relowner GROUP BY 1;
SELECT count(*) AS with_grant_option FROM pg_proc, aclexplode(proacl) WHERE pronamespace = 'qrcred'::regnamespace AND is_grantable AND grantee <> proowner;

-- each can do its work with that, and no other
SET SESSION AUTHORIZATION regress_qrcred_issuer;
SELECT qrcred.register('bank', 'C-1', 'Ada', '1', '2'), qrcred.set_password('bank', 'C-1', 'p');
SELECT credential_id AS c1, ticket FROM qrcred.issue('bank', 'C-1', valid_days => 10) \gset
SELECT state, generation FROM qrcred.credentials_of('bank', 'C-1');
SELECT position('<svg' IN qrcred.card_svg(:c1)) > 0 AS card;
SET SESSION AUTHORIZATION regress_qrcred_wallet;
SELECT qrcred.download(:'ticket') ->> 'static' AS static \gset
SET SESSION AUTHORIZATION regress_qrcred_scanner;
SELECT verdict FROM qrcred.verify(:'static', 'till-1');
SELECT verdict FROM qrcred.verify_second(:c1, '00000000', 'till-1');
SELECT verdict FROM qrcred.check_password(:c1, 1, 'p', 'till-1');
SET SESSION AUTHORIZATION regress_qrcred_support;
SELECT frozen FROM qrcred.report_lost('bank', '1', '2', 'op');
SELECT state FROM qrcred.peek(:c1);
SELECT qrcred.release(:c1, 'found'), qrcred.freeze(:c1, 'x'), qrcred.void_credential(:c1, 'x');
SELECT kind, reason FROM qrcred.history(:c1) WHERE kind IN ('release', 'void');
SET SESSION AUTHORIZATION regress_qrcred_auditor;
SELECT ok FROM qrcred.audit(:c1);
SELECT attempts > 0 AS rows FROM qrcred.audit_anchor('-infinity', 'infinity');
SELECT state FROM qrcred.credential_status WHERE credential_id = :c1;
SELECT sum(attempts) > 0 AS rows FROM qrcred.attempt_daily;
SELECT count(*) > 4 AS rows FROM qrcred.stats;
SET SESSION AUTHORIZATION regress_qrcred_relay;
SELECT count(*) > 3 AS messages FROM qrcred.outbox_take(100);
SELECT qrcred.outbox_done('{1}');
RESET SESSION AUTHORIZATION;

-- revoked: nothing is left
SELECT qrcred.revoke_duty(role, duty) FROM duty;
SELECT qrcred.revoke_duty(role, duty) FROM duty WHERE duty = 'relay';
SELECT duty, what FROM given WHERE what NOT IN (SELECT what FROM list WHERE list.duty = 'nobody') ORDER BY 1, 2;
SELECT count(*) AS rows FROM qrcred_store.duty;

-- bounded to an issuer: its customers, and nobody else's
SELECT qrcred.grant_duty('regress_qrcred_issuer', 'issuer', 'bank'), qrcred.grant_duty('regress_qrcred_support', 'support', 'bank');
CREATE FUNCTION qt.tried(customer text, id int8, issuer text, refs text[]) RETURNS TABLE (call text, result text) LANGUAGE plpgsql AS $$
DECLARE
    f text;
BEGIN
    FOREACH f IN ARRAY refs LOOP
        call := f;
        result := left(qt.err(format('SELECT * FROM qrcred.' || f, issuer, customer, id)), 5);
        RETURN NEXT;
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA qt TO PUBLIC;
CREATE TABLE qt.calls AS SELECT * FROM (VALUES ('issuer', '{"register(%1$L, %2$L || ''x'', ''n'', ''1'', ''2'')","update_registration(%1$L, %2$L, ''n'', ''1'', ''2'')","find_customer(%1$L, %2$L)","credentials_of(%1$L, %2$L)","set_password(%1$L, %2$L, ''p'')","issue(%1$L, %2$L)","issue_many(%1$L, ARRAY[%2$L])","resend_link(%3$L)","cancel_ticket(%3$L)","reissue(%3$L)","card_svg(%3$L::int8)","forget(%1$L, %2$L, %2$L)"}'::text[]),
    ('support', '{"peek(%3$L)","history(%3$L)","freeze(%3$L, ''x'')","release(%3$L, ''x'')","report_lost(%1$L, ''1'', ''2'', ''op'')","void_credential(%3$L, ''x'')"}')) c(duty, calls);
GRANT SELECT ON qt.calls TO PUBLIC;
SELECT qt.row_of('b') AS before, attempt_no AS log FROM qrcred_store.strike WHERE id = :b \gset
SET SESSION AUTHORIZATION regress_qrcred_issuer;
SELECT t.* FROM qt.calls, qt.tried('C-b', :b, 'other', calls) t WHERE duty = 'issuer';
SELECT t.* FROM qt.calls, qt.tried('C-unknown', 1, 'other', calls[1:7] || calls[12:12]) t WHERE duty = 'issuer';
SELECT count(*), min(valid_until) > 0 AS dated FROM qrcred.expiring(3660) WHERE credential_id = :b;
SELECT count(*) FROM qrcred.expiring(3660) WHERE credential_id = :a;
SET SESSION AUTHORIZATION regress_qrcred_support;
SELECT t.* FROM qt.calls, qt.tried('C-b', :b, 'other', calls) t WHERE duty = 'support';
RESET SESSION AUTHORIZATION;
SELECT qt.row_of('b') = :'before' AS untouched, (SELECT count(*) FROM qrcred_store.customer WHERE customer_ref LIKE 'C-b%') AS customers;
SET SESSION AUTHORIZATION regress_qrcred_support;
SELECT t.* FROM qt.calls, qt.tried('C-a', :a, 'bank', calls[1:5]) t WHERE duty = 'support';
SET SESSION AUTHORIZATION regress_qrcred_issuer;
SELECT t.* FROM qt.calls, qt.tried('C-a', :a, 'bank', calls) t WHERE duty = 'issuer';
RESET SESSION AUTHORIZATION;
-- through membership; for two issuers; for all, once one of them is; the bound goes with the role, whatever its name
CREATE ROLE regress_qrcred_clerk IN ROLE regress_qrcred_support;
SET SESSION AUTHORIZATION regress_qrcred_clerk;
SELECT left(qt.err(format('SELECT qrcred.freeze(%s, ''x'')', :b)), 5);
RESET SESSION AUTHORIZATION;
-- whether it takes the role's rights by itself or by SET ROLE
ALTER ROLE regress_qrcred_clerk NOINHERIT;
SET SESSION AUTHORIZATION regress_qrcred_clerk;
SET ROLE regress_qrcred_support;
SELECT left(qt.err(format('SELECT qrcred.freeze(%s, ''x'')', :b)), 5), left(qt.err(format('SELECT qrcred.peek(%s)', :a)), 5);
RESET SESSION AUTHORIZATION;
ALTER ROLE regress_qrcred_clerk INHERIT;
ALTER ROLE regress_qrcred_support RENAME TO regress_qrcred_renamed;
SET SESSION AUTHORIZATION regress_qrcred_renamed;
SELECT left(qt.err(format('SELECT qrcred.freeze(%s, ''x'')', :b)), 5);
RESET SESSION AUTHORIZATION;
CREATE ROLE regress_qrcred_support;
SELECT qrcred.grant_duty('regress_qrcred_support', 'support', 'bank');
SET SESSION AUTHORIZATION regress_qrcred_support;
SELECT left(qt.err(format('SELECT qrcred.freeze(%s, ''x'')', :b)), 5);
RESET SESSION AUTHORIZATION;
DROP OWNED BY regress_qrcred_support;
DROP ROLE regress_qrcred_support;
CREATE ROLE regress_qrcred_support;
SELECT qrcred.grant_duty('regress_qrcred_support', 'support', 'bank');
SET SESSION AUTHORIZATION regress_qrcred_support;
SELECT left(qt.err(format('SELECT qrcred.freeze(%s, ''x'')', :b)), 5);
RESET SESSION AUTHORIZATION;
SELECT qrcred.grant_duty('regress_qrcred_renamed', 'support', 'other');
SET SESSION AUTHORIZATION regress_qrcred_renamed;
SELECT left(qt.err(format('SELECT qrcred.freeze(%s, ''x'')', :b)), 5);
RESET SESSION AUTHORIZATION;
SELECT qrcred.revoke_duty('regress_qrcred_renamed', 'support', 'other');
SET SESSION AUTHORIZATION regress_qrcred_renamed;
SELECT left(qt.err(format('SELECT qrcred.release(%s, ''x'')', :b)), 5);
RESET SESSION AUTHORIZATION;
SELECT qrcred.grant_duty('regress_qrcred_renamed', 'support');
SET SESSION AUTHORIZATION regress_qrcred_renamed;
SELECT left(qt.err(format('SELECT qrcred.release(%s, ''x'')', :b)), 5);
RESET SESSION AUTHORIZATION;
DROP FUNCTION qt.tried(text, int8, text, text[]);
DROP TABLE qt.calls;
REVOKE USAGE ON SCHEMA qt FROM PUBLIC;

-- look-ups
SELECT x, qt.err('SELECT * FROM qrcred.' || x) FROM unnest(ARRAY['find_customer(NULL, ''C'')', 'find_customer(''bank'', NULL)', 'find_customer(''nobody'', ''C-1'')', 'credentials_of(NULL, ''C'')', 'credentials_of(''bank'', NULL)', 'credentials_of(''nobody'', ''C-1'')', 'credentials_of(''bank'', ''C-z'')',
    'expiring(NULL)', 'expiring(-1)', 'expiring(3661)', 'card_svg(NULL::int8)', 'card_svg(1)', 'cancel_ticket(NULL)', 'cancel_ticket(1)']) x;
SELECT qrcred.register('bank', 'C-2', 'Ada', '1', '2');
SELECT registered - extract(epoch FROM now())::int8 BETWEEN -60 AND 60 AS now, credentials FROM qrcred.find_customer('bank', 'C-2');
SELECT * FROM qrcred.find_customer('bank', 'C-z');
SELECT * FROM qrcred.credentials_of('bank', 'C-2');
CREATE TEMP TABLE issued AS SELECT d AS days, i.* FROM unnest('{3,10,400}'::int[]) d, LATERAL qrcred.issue('bank', 'C-2', 'Library', 'No 7', d) i;
SELECT qrcred.void_credential(credential_id, 'closed') FROM qrcred.issue('bank', 'C-2', valid_days => 2);
SELECT qrcred.freeze(credential_id, 'lost') FROM issued WHERE days = 10;
SELECT credentials FROM qrcred.find_customer('bank', 'C-2');
SELECT state, generation, round((valid_until - extract(epoch FROM now())) / 86400) AS days FROM qrcred.credentials_of('bank', 'C-2');
SELECT x, (SELECT string_agg(i.days::text, ' ' ORDER BY e.n) FROM qrcred.expiring(x) WITH ORDINALITY AS e(credential_id, valid_until, n) JOIN issued i USING (credential_id)) AS days FROM unnest('{0,2,3,10,400,3660}'::int[]) x;
SELECT qrcred.card_svg(credential_id) = qrcred.card_svg(qt.code(17, 7, credential_id, 1, valid_until, qt.key(credential_id, 'static')), 'Bank of Examples', 'Library', 'No 7', valid_until) AS drawn
FROM issued, qrcred_store.strike WHERE id = credential_id AND days = 3;
-- a cancelled ticket leads nowhere, whatever the transaction does; the state is waiting still
BEGIN;
SELECT qrcred.cancel_ticket(credential_id) FROM issued WHERE days = 3;
ROLLBACK;
SELECT qrcred.download(ticket), state FROM issued, qrcred.peek(credential_id) WHERE days = 3;
SELECT r.ticket FROM issued, qrcred.resend_link(credential_id) r WHERE days = 3 \gset
SELECT qrcred.download(:'ticket') ? 'keys' AS downloaded;

-- buckets: a range is elsewhere before any key or row is looked at
SELECT x, qt.err('SELECT qrcred.set_buckets(' || x || ')') FROM unnest('{"NULL, 1, true","0, NULL, true","0, 1, NULL","-1, 0, true","0, 4096, true","7, 6, true"}'::text[]) x;
SELECT qt.make('c'), qt.make('e');
SELECT id AS c, static AS c_static, id >> 51 AS bucket FROM qt.wallet WHERE name = 'c' \gset
SELECT ticket FROM qrcred.resend_link(:c) \gset
SELECT verdict FROM qt.scan('c');
SELECT qrcred.code_bucket(:'c_static') = :bucket AND qrcred.code_bucket(:'ticket') = :bucket AND qrcred.bucket('C-c') = :bucket AS of_one_bucket;
SELECT qrcred.set_buckets(:bucket, :bucket, false);
SELECT qt.row_of('c') AS before \gset
SELECT v.verdict, v.next, v.customer_ref, v.attempt_no FROM qrcred.verify(:'c_static', 'till-1') v;
SELECT verdict, next FROM qt.answer('c');
SELECT verdict, next FROM qt.answer('c', 'wrong');
SELECT verdict FROM qrcred.verify(overlay(:'c_static' PLACING 'A' FROM 50), 'till-1');
SELECT verdict, next FROM qrcred.check_password(:c, 1, 'x', 'till-1');
SELECT qrcred.download(:'ticket'), qrcred.renew(qt.shown('c', 'renewal'));
SELECT qt.row_of('c') = :'before' AS untouched;
SELECT left(qt.err('SELECT qrcred.issue(''bank'', ''C-c'')'), 5) AS issue, left(qt.err(format('SELECT qrcred.register(''other'', ''C-c'', ''n'', ''1'', ''2'')')), 5) AS register;
SELECT error IS NULL AS issued FROM qrcred.issue_many('bank', '{C-c,C-e}');
SELECT verdict FROM qt.scan('e');
SELECT qrcred.set_buckets(:bucket, :bucket, true);
SELECT verdict FROM qt.answer('c');
SELECT * FROM qrcred_store.bucket;
SELECT qrcred.set_buckets(100, 200, false), qrcred.set_buckets(150, 160, true), qrcred.set_buckets(201, 300, false);
SELECT * FROM qrcred_store.bucket ORDER BY first;
SELECT qrcred.set_buckets(0, 4095, true);
SELECT * FROM qrcred_store.bucket;
SELECT qt.broken_chains();
SELECT format('DROP OWNED BY %I', rolname), format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname LIKE 'regress\_qrcred\_%' ORDER BY rolname \gexec
