-- A payer whose credential has expired binds, and may pay again.
SELECT qt.fresh();
SELECT qrcred.set_policy('bank', '{"valid_days": 10}');
SELECT qrcred.register('bank', 'C-1', 'Ada', '1', '2');
SELECT credential_id AS id, ticket FROM qrcred.enrol_payer('bank', 'C-1') \gset
SELECT qrcred.register_login(:'ticket', NULL, 'ada', 'pw');
SELECT session FROM qrcred.login('ada', 'pw', 'till-1') \gset
CREATE FUNCTION qt.expire(id int8) RETURNS void LANGUAGE sql AS $$
    ALTER TABLE qrcred_store.strike DISABLE TRIGGER guard_row;
    UPDATE qrcred_store.strike s SET valid_until = extract(epoch FROM clock_timestamp())::int8 - 1 WHERE s.id = expire.id;
    ALTER TABLE qrcred_store.strike ENABLE TRIGGER guard_row
$$;
CREATE FUNCTION qt.valid_days(id int8) RETURNS int8 LANGUAGE sql AS $$
    SELECT round((valid_until - extract(epoch FROM clock_timestamp())) / 86400)::int8 FROM qrcred.peek(id)
$$;
-- in time, nothing was bound: the generation stays
SELECT generation, length(salt) FROM qrcred.begin_binding(:'session');
-- too late, and nothing was bound: another generation, and its validity
SELECT qt.expire(:id);
SELECT state FROM qrcred.peek(:id);
SELECT generation, salt FROM qrcred.begin_binding(:'session') \gset
SELECT :generation AS generation, state, qt.valid_days(:id) FROM qrcred.peek(:id);
SELECT qrcred.bind_biometric(:'session', repeat('01', 511)::varbit || B'0', :'salt', 'face-1');
SELECT qrcred.biometric_package(:'session') ->> 'generation' AS generation;
-- too late with a binding
SELECT qt.expire(:id);
SELECT state FROM qrcred.peek(:id);
SELECT generation FROM qrcred.begin_binding(:'session');
SELECT state, qt.valid_days(:id) FROM qrcred.peek(:id);
-- too late after unbinding
SELECT qrcred.unbind_biometric(:'session');
SELECT qt.expire(:id);
SELECT generation FROM qrcred.begin_binding(:'session');
SELECT state, qt.valid_days(:id) FROM qrcred.peek(:id);
SELECT attempt_no, kind, verdict, reason FROM qrcred.history(:id);
SELECT qt.broken_chains();
DROP FUNCTION qt.expire(int8), qt.valid_days(int8);
