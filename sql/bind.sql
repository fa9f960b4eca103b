-- Binding a biometric: what is refused, what is kept, what raises the generation, and the
-- package for the device that bound it and for a further one.
SELECT qt.fresh();
SELECT qrcred.set_policy('bank', '{"verification": "screen"}');
SELECT qrcred.create_issuer('zh', '示例银行', 'Paying', '{"activation": "none", "lang": "zh", "digits": 6}'), qrcred.create_issuer('off', 'Off', '', '{"activation": "none", "verification": "off"}');
SELECT qt.make_payer('a'), qt.make_payer('b'), qt.make_payer('z', 'zh'), qt.make_payer('o', 'off');
SELECT w.id AS a, session AS s, qt.login('a') AS s2 FROM qt.wallet w JOIN qt.payer USING (name) WHERE name = 'a' \gset
-- a template, and a capture of the same in which some bits came out otherwise
SELECT qt.helper(1023) AS template, qt.helper(511) AS template_511 \gset
CREATE FUNCTION pg_temp.again(template varbit, wrong int) RETURNS varbit LANGUAGE sql AS $$ SELECT template # (repeat('1', wrong) || repeat('0', length(template) - wrong))::varbit $$;
-- what the wallet computes from a package and a capture, over pgcrypto: the secret are the
-- first k bits of the code word (the commitment is systematic)
CREATE FUNCTION pg_temp.bytes(bits varbit) RETURNS bytea LANGUAGE sql AS $$
    SELECT string_agg(set_byte('\x00', 0, rpad(substring(bits FROM i * 8 + 1 FOR 8)::text, 8, '0')::bit(8)::int), '' ORDER BY i) FROM generate_series(0, (length(bits) + 7) / 8 - 1) i
$$;
CREATE FUNCTION pg_temp.helper_of(package jsonb, n int) RETURNS varbit LANGUAGE sql AS $$ SELECT substring(('x' || (package #>> '{biometric,helper}'))::varbit FROM 1 FOR n) $$;
CREATE FUNCTION pg_temp.key_of(package jsonb, template varbit, k int) RETURNS bytea LANGUAGE sql AS $$
    SELECT qt.expand(sha256(pg_temp.bytes(substring(pg_temp.helper_of(package, length(template)) # template FROM 1 FOR k))),
        'qrcred/1 biometric'::bytea || int8send((package ->> 'credential_id')::int8) || substr(int2send((package ->> 'generation')::int2), 2))
$$;
-- the payer presents with that key
CREATE FUNCTION pg_temp.pays(payer text, key bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    UPDATE qt.payer p SET key = pays.key WHERE p.name = payer;
    PERFORM qt.begin('probe', payer);
    SELECT * INTO v FROM qt.present('probe');
    RETURN concat_ws(' ', v.verdict, v.tier, v.tries_left, qt.last_of(payer));
END $$;
CREATE FUNCTION pg_temp.generation(name text) RETURNS int2 LANGUAGE sql AS $$ SELECT s.generation FROM qrcred_store.strike s JOIN qt.wallet w USING (id) WHERE w.name = generation.name $$;
CREATE FUNCTION pg_temp.bound(name text) RETURNS text LANGUAGE sql AS $$ SELECT concat_ws(' ', b.generation, b.kid, length(salt), code, model, length(helper), length(b.key), length(bound_by)) FROM qrcred_store.biometric b JOIN qt.wallet w ON w.id = credential_id WHERE w.name = bound.name $$;

-- arguments, before anything is begun and after
CREATE TEMP TABLE call (n serial, x text);
INSERT INTO call (x) SELECT * FROM unnest(ARRAY['begin_binding(NULL)', 'begin_binding(''x'')', 'unbind_biometric(NULL)', 'unbind_biometric(''x'')', 'biometric_package(NULL)',
    'bind_biometric(NULL, T, S, ''m'')', 'bind_biometric(''x'', T, S, ''m'')', 'bind_biometric(A, NULL, S, ''m'')', 'bind_biometric(A, T, NULL, ''m'')', 'bind_biometric(A, T, S, NULL)', 'bind_biometric(A, T, S, ''m'', NULL)',
    'bind_biometric(A, T || B''0'', S, ''m'')', 'bind_biometric(A, substring(T FROM 2), S, ''m'')', 'bind_biometric(A, B'''', S, ''m'')', 'bind_biometric(A, T, S, ''m'', ''bch511_76'')',
    'bind_biometric(A, T, S, '''')', 'bind_biometric(A, T, S, repeat(''m'', 65))', 'bind_biometric(A, T, S, E''a\nb'')', 'bind_biometric(A, T, S, U&''e\0301'')', 'bind_biometric(A, T, S, ''m'', '''')', 'bind_biometric(A, T, S, ''m'', ''BCH1023_123'')', 'bind_biometric(A, T, S, ''m'', ''bch255_131'')',
    'bind_biometric(A, T, '''', ''m'')', 'bind_biometric(A, T, substr(S, 2), ''m'')', 'bind_biometric(A, T, S || ''\x00'', ''m'')', 'bind_biometric(A, T, substr(S, 2) || substr(S, 1, 1), ''m'')',
    'bind_helper(NULL, T, K, S, ''m'', ''bch1023_123'')', 'bind_helper(A, NULL, K, S, ''m'', ''bch1023_123'')', 'bind_helper(A, T, NULL, S, ''m'', ''bch1023_123'')', 'bind_helper(A, T, K, NULL, ''m'', ''bch1023_123'')', 'bind_helper(A, T, K, S, NULL, ''bch1023_123'')', 'bind_helper(A, T, K, S, ''m'', NULL)',
    'bind_helper(A, T, substr(K, 2), S, ''m'', ''bch1023_123'')', 'bind_helper(A, T, K || ''\x00'', S, ''m'', ''bch1023_123'')', 'bind_helper(A, T || B''0'', K, S, ''m'', ''bch1023_123'')', 'bind_helper(A, T, K, S, ''m'', ''bch511_76'')', 'bind_helper(A, T, K, substr(S, 2) || substr(S, 1, 1), ''m'', ''bch1023_123'')']) x;
CREATE FUNCTION pg_temp.call(x text, session text, template varbit, salt bytea) RETURNS text LANGUAGE sql AS $$
    SELECT qt.err('SELECT qrcred.' || regexp_replace(regexp_replace(regexp_replace(regexp_replace(x, '\mA\M', quote_literal(session)), '\mT\M', 'B''' || template::text || '''::varbit', 'g'), '\mS\M', format('decode(%L, %L)', encode(salt, 'hex'), 'hex'), 'g'), '\mK\M', 'sha256(''k'')'))
$$;
SELECT x, e FROM call, pg_temp.call(x, :'s', :'template', '\x00112233445566778899aabbccddeeff') e WHERE n IN (4, 8, 12, 16, 23) OR x ~ '^bind_helper\(A, T, K, S, .m., .bch511' ORDER BY n;
SELECT credential_id = :a AS id, kid, generation, length(salt) AS salt, salt AS salt_a FROM qrcred.begin_binding(:'s') \gset b_
SELECT :'b_id' AS id, :b_kid AS kid, :b_generation AS generation, :b_salt AS salt;
SELECT x, e FROM call, pg_temp.call(x, :'s', :'template', :'b_salt_a') e ORDER BY n;
SELECT pg_temp.bound('a');
BEGIN READ ONLY;
SELECT x, pg_temp.call(x, :'s', :'template', :'b_salt_a') FROM unnest(ARRAY['begin_binding(A)', 'unbind_biometric(A)', 'biometric_package(A)']) x;
ROLLBACK;
SELECT qrcred.biometric_package(:'s'), qt.last_at();
-- a salt of before, and one of somebody else's
SELECT salt AS salt FROM qrcred.begin_binding(:'s') \gset
SELECT pg_temp.call('bind_biometric(A, T, S, ''m'')', :'s', :'template', :'b_salt_a');
SELECT pg_temp.call('bind_biometric(A, T, S, ''m'')', :'s', :'template', salt) FROM qrcred.begin_binding(qt.session('b'));
SELECT pg_temp.generation('a'), attempt_no FROM qrcred_store.strike WHERE id = :a;

-- bound: the key is that of the template's secret, and nothing of either is kept
SELECT qrcred.bind_biometric(:'s', :'template', :'salt', 'face-1');
SELECT pg_temp.bound('a');
SELECT qrcred.biometric_package(:'s') AS package \gset
SELECT pg_temp.key_of(:'package', :'template', 123) AS key \gset
SELECT qrcred.fuzzy_open(pg_temp.helper_of(:'package', 1023), pg_temp.again(:'template', 170), 'bch1023_123') = pg_temp.bytes(substring(pg_temp.helper_of(:'package', 1023) # :'template' FROM 1 FOR 123)) AS opened,
    qrcred.fuzzy_open(pg_temp.helper_of(:'package', 1023), pg_temp.again(:'template', 171), 'bch1023_123') IS NULL AS not_opened;
SELECT pg_temp.pays('a', :'key');
SELECT count(*) AS found FROM qrcred_store.biometric b WHERE strpos(b::text, substr(encode(:'key', 'hex'), 1, 16)) > 0 OR strpos(b::text, substr(:'template', 1, 64)) > 0;
SELECT sha256 = bound_by AS by_this_session FROM qrcred_store.biometric, qrcred_store.session WHERE credential_id = :a AND sha256 = sha256(:'s');
-- not twice with one salt
SELECT left(pg_temp.call('bind_biometric(A, T, S, ''m'')', :'s', :'template', :'salt'), 62);

-- the package, to the field
SELECT array_agg(k ORDER BY k) AS fields FROM jsonb_object_keys(:'package'::jsonb) k;
SELECT p -> 'v' AS v, (p ->> 'credential_id')::int8 = :a AS id, p -> 'generation' AS generation, p -> 'kid' AS kid, p -> 'digits' AS digits, p -> 'issuer' AS issuer, p -> 'purpose' AS purpose, p -> 'face_value' AS face_value,
    (p ->> 'valid_until')::int8 - (p ->> 'valid_from')::int8 AS valid, valid_until = (p ->> 'valid_until')::int8 AS agreed, abs((p ->> 'server_time')::int8 - extract(epoch FROM clock_timestamp())) < 60 AS now,
    p ->> 'static' = qt.code(17, 7, :a, 1, valid_until, qt.key(:a, 'static')) AS static
FROM (SELECT :'package'::jsonb AS p) x, qrcred_store.strike WHERE id = :a;
SELECT array_agg(k ORDER BY k) AS fields, length(p #>> '{biometric,helper}') AS helper, decode(p #>> '{biometric,salt}', 'hex') = :'salt' AS salt, p #> '{biometric,code}' AS code, p #> '{biometric,model}' AS model
FROM (SELECT :'package'::jsonb AS p) x, jsonb_object_keys(p -> 'biometric') k GROUP BY p;
SELECT jsonb_typeof(p -> 'credential_id') AS id, jsonb_typeof(p -> 'generation') AS generation, p ? 'keys' AS keys FROM (SELECT :'package'::jsonb AS p) x;

-- the shorter code; a helper that the wallet made
SELECT salt FROM qrcred.begin_binding(qt.session('b')) \gset
SELECT qrcred.bind_biometric(qt.session('b'), :'template_511', :'salt', 'finger', 'bch511_76');
SELECT pg_temp.bound('b');
SELECT pg_temp.pays('b', pg_temp.key_of(qrcred.biometric_package(qt.session('b')), :'template_511', 76));
SELECT credential_id AS z, kid, generation, salt FROM qrcred.begin_binding(qt.session('z')) \gset
SELECT qrcred.fuzzy_commit(:'template', decode(repeat('5a', 15) || '40', 'hex'), 'bch1023_123') AS helper, qrcred.biometric_key(decode(repeat('5a', 15) || '40', 'hex'), :z, :generation) AS key \gset
SELECT qrcred.bind_helper(qt.session('z'), :'helper', :'key', :'salt', '模型', 'bch1023_123');
SELECT pg_temp.bound('z');
SELECT qrcred.biometric_package(qt.session('z')) AS package \gset
SELECT pg_temp.helper_of(:'package', 1023) = :'helper' AS helper, :'package'::jsonb #> '{biometric,model}' AS model, :'package'::jsonb -> 'purpose' AS purpose, :'package'::jsonb -> 'digits' AS digits, pg_temp.key_of(:'package', :'template', 123) = :'key' AS key;
SELECT pg_temp.pays('z', :'key');

-- bound anew: the generation is raised, older codes are nobody's guess, and no rollback undoes it
SELECT key, qt.proof('probe', offset_by => 1) AS older FROM qt.payer WHERE name = 'a' \gset
SELECT qt.begin('old', 'a');
BEGIN;
SELECT generation, kid FROM qrcred.begin_binding(:'s');
ROLLBACK;
SELECT pg_temp.generation('a'), qt.last_of('a'), pg_temp.bound('a');
SELECT qrcred.biometric_package(:'s'), qrcred.biometric_package(:'s2'), qt.last_at();
SELECT * FROM qt.present('old');
SELECT qt.last_at(), qt.last_of('a');
SELECT verdict, tries_left, qt.last_at() FROM qt.payment y, qrcred.present(:'s', y.id, qt.code(20, 7, :a, 2, trunc(extract(epoch FROM clock_timestamp()))::int8 / 30, :'key', sha256(qt.lp(y.id::text, y.payee, y.currency, y.amount, y.nonce))), 'till-1') WHERE y.name = 'old';
SELECT qt.begin('young', 'a');
SELECT * FROM qt.present('young');
SELECT qt.last_of('a');
-- once more with nothing bound: no generation is lost
SELECT generation, salt FROM qrcred.begin_binding(:'s') \gset
SELECT :generation AS generation, pg_temp.generation('a') AS row, qt.last_of('a');
BEGIN;
SELECT qrcred.bind_helper(:'s', :'helper', sha256('k2'), :'salt', 'face-2', 'bch1023_123');
SELECT pg_temp.bound('a');
ROLLBACK;
SELECT pg_temp.bound('a');
SELECT qrcred.bind_helper(:'s', :'helper', sha256('k2'), :'salt', 'face-2', 'bch1023_123');
SELECT pg_temp.bound('a');
UPDATE qt.payer SET key = sha256('k2') WHERE name = 'a';
SELECT qt.begin('young', 'a');
SELECT qt.step_unused('a');
SELECT * FROM qt.present('young');

-- unbound: in place; and again, which changes nothing more
BEGIN;
SELECT qrcred.unbind_biometric(:'s');
ROLLBACK;
SELECT pg_temp.generation('a'), qt.last_of('a'), pg_temp.bound('a');
SELECT qrcred.unbind_biometric(:'s');
SELECT qrcred.unbind_biometric(:'s');
SELECT pg_temp.generation('a'), pg_temp.bound('a');
SELECT salt FROM qrcred.begin_binding(:'s') \gset
SELECT qrcred.unbind_biometric(:'s');
SELECT left(pg_temp.call('bind_helper(A, T, K, S, ''m'', ''bch1023_123'')', :'s', :'template', :'salt'), 62);
-- another password does the same to a template that was projected under the old one
SELECT salt FROM qrcred.begin_binding(:'s') \gset
SELECT qrcred.bind_helper(:'s', :'helper', sha256('k3'), :'salt', 'face-2', 'bch1023_123');
SELECT qrcred.change_login_password(:'s', 'another secret');
SELECT pg_temp.generation('a'), qt.last_of('a'), pg_temp.bound('a'), qrcred.biometric_package(:'s');
SELECT qrcred.change_login_password(:'s', 'secret of a');
SELECT pg_temp.generation('a');

-- frozen, changed and void ones are not bound, unbound or told
SELECT qt.bind('a');
SELECT pg_temp.generation('a') AS generation \gset
CREATE FUNCTION pg_temp.all_calls(session text) RETURNS TABLE (call text, err text) LANGUAGE sql AS $$
    SELECT x, qt.err(format('SELECT qrcred.' || x, session)) FROM unnest(ARRAY['begin_binding(%L)', 'bind_biometric(%L, NULL, NULL, ''m'')', 'unbind_biometric(%L)', 'change_login_password(%L, ''x'')']) x
$$;
SELECT qrcred.freeze(:a, 'lost');
SELECT * FROM pg_temp.all_calls(:'s');
SELECT qrcred.biometric_package(:'s'), qt.last_at();
SELECT qrcred.release(:a, 'found');
SELECT qrcred.biometric_package(:'s') ? 'biometric' AS told;
SELECT qrcred.update_registration('bank', 'P-a', 'Ada of another name', '11010119900101123X', '+8613800000000');
SELECT * FROM pg_temp.all_calls(:'s');
SELECT pg_temp.generation('a') = :generation AS kept;
SELECT ticket FROM qrcred.reissue(:a) \gset
SELECT qrcred.register_login(:'ticket', NULL, 'login-a', 'secret of a');
UPDATE qt.payer SET session = qt.login('a') WHERE name = 'a';
SELECT qt.bind('a');
SELECT generation - :generation AS later FROM qt.wallet WHERE name = 'a';
SELECT qt.step_unused('a');
SELECT qt.begin('young', 'a');
SELECT * FROM qt.present('young');
SELECT qrcred.void_credential(:a, 'closed');
SELECT * FROM pg_temp.all_calls(qt.session('a'));
SELECT qrcred.biometric_package(qt.session('a')), qt.last_at();
-- expired: binding makes it valid again, whether one was bound or not; after the last generation it is void
CREATE FUNCTION pg_temp.change(name text, sets text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE qrcred_store.strike DISABLE TRIGGER guard_row;
    EXECUTE format('UPDATE qrcred_store.strike SET %s WHERE id = (SELECT id FROM qt.wallet WHERE name = %L)', sets, name);
    ALTER TABLE qrcred_store.strike ENABLE TRIGGER guard_row;
END $$;
SELECT pg_temp.change('b', 'valid_until = 1000');
SELECT state FROM qt.peek('b');
SELECT qt.begin('late', 'b');
SELECT * FROM qt.present('late');
SELECT qt.bind('b');
SELECT state, pg_temp.generation('b') FROM qt.peek('b');
SELECT qrcred.unbind_biometric(qt.session('b'));
SELECT pg_temp.change('b', 'valid_until = 1000');
SELECT qt.bind('b');
SELECT state, pg_temp.generation('b') FROM qt.peek('b');
SELECT pg_temp.change('b', 'generation = 255, step_biometric = 0');
UPDATE qrcred_store.biometric SET generation = 255 WHERE credential_id = (SELECT id FROM qt.wallet WHERE name = 'b');
SELECT qt.err(format('SELECT qrcred.begin_binding(%L)', qt.session('b')));
SELECT state FROM qt.peek('b');

-- a further device: without a code one is sent, and the answer is null
SELECT qt.bind(n) FROM unnest('{z,o}'::text[]) n;
SELECT qt.login('z') AS z2, qt.login('z') AS z3, qt.login('o') AS o2 \gset
CREATE FUNCTION pg_temp.answer(package jsonb) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN package IS NULL THEN 'null' WHEN package ? 'verdict' THEN package::text ELSE 'package' END $$;
CREATE FUNCTION pg_temp.code(session text) RETURNS text LANGUAGE sql AS $$ SELECT qt.digits6(substr(sha256, 1, 16), sending) FROM qrcred_store.session WHERE sha256 = sha256(code.session::bytea) $$;
CREATE FUNCTION pg_temp.wrong_code(session text) RETURNS text LANGUAGE sql AS $$ SELECT lpad(((pg_temp.code(session)::int + 1) % 1000000)::text, 6, '0') $$;
CREATE FUNCTION pg_temp.told() RETURNS TABLE (kind text, phone text, body text) LANGUAGE sql AS $$
    SELECT o.kind, o.phone, regexp_replace(o.body, '[0-9]{6}', '(code)') FROM qrcred.outbox_take(100) o WHERE o.kind <> 'download' ORDER BY outbox_id
$$;
SELECT * FROM pg_temp.told();
SELECT qrcred.biometric_package(qt.session('z')) = qrcred.biometric_package(qt.session('z')) AS first_device;
SELECT pg_temp.answer(qrcred.biometric_package(:'z2', '123456')), qt.last_of('z');
SELECT pg_temp.answer(qrcred.biometric_package(:'z2'));
SELECT body LIKE '%' || pg_temp.code(:'z2') || '%' AS by_the_protocol FROM qrcred.outbox_take(100) WHERE kind = 'device_code';
UPDATE qrcred_store.outbox SET taken = NULL WHERE kind = 12;
SELECT * FROM pg_temp.told();
-- malformed ones count nothing, wrong ones do, whatever the transaction does
SELECT x, pg_temp.answer(qrcred.biometric_package(:'z2', x)), qt.last_at() FROM unnest(ARRAY['', '12345', '1234567', 'abcdef', ' 12345', '１２３４５６']) x;
SELECT * FROM qt.peek('z');
BEGIN;
SELECT pg_temp.answer(qrcred.biometric_package(:'z2', pg_temp.wrong_code(:'z2'))), qt.last_of('z');
ROLLBACK;
SELECT * FROM qt.peek('z');
-- that of another session; one sent before; one too old
SELECT pg_temp.answer(qrcred.biometric_package(:'z3'));
SELECT pg_temp.code(:'z2') AS first_code \gset
SELECT pg_temp.answer(qrcred.biometric_package(:'z3', :'first_code')), qt.last_of('z'), (qt.peek('z')).strikes;
UPDATE qrcred_store.session SET sent = sent - interval '300 seconds' WHERE sha256 = sha256(:'z2');
UPDATE qrcred_store.outbox SET made = made - interval '300 seconds', taken = NULL WHERE subject = encode(substr(sha256(:'z2'), 1, 16), 'hex')::uuid;
SELECT pg_temp.answer(qrcred.biometric_package(:'z2', :'first_code')), qt.last_of('z'), (qt.peek('z')).strikes;
UPDATE qrcred_store.session SET sent = sent + interval '5 seconds' WHERE sha256 = sha256(:'z2');
-- right: counted and told in place; a success clears its own count
BEGIN;
SELECT pg_temp.answer(qrcred.biometric_package(:'z2', :'first_code')), qt.last_of('z');
ROLLBACK;
SELECT window_count, strikes_verification FROM qrcred_store.strike WHERE id = :z;
SELECT * FROM pg_temp.told();
SELECT qrcred.biometric_package(:'z2', :'first_code') - 'server_time' = qrcred.biometric_package(qt.session('z')) - 'server_time' AS same;
SELECT pg_temp.answer(qrcred.biometric_package(:'z3', pg_temp.code(:'z3')));
-- three packages a day, and three codes
SELECT pg_temp.answer(qrcred.biometric_package(:'z2', :'first_code')), qt.last_of('z');
SELECT count(*) AS notices FROM pg_temp.told() WHERE kind = 'device';
SELECT pg_temp.answer(qrcred.biometric_package(:'z3')), pg_temp.answer(qrcred.biometric_package(:'z3'));
SELECT device_sendings, device_day = (clock_timestamp() AT TIME ZONE 'UTC')::date AS today FROM qrcred_store.login WHERE credential_id = :z;
SELECT qrcred.biometric_package(qt.session('z')) ? 'biometric' AS first_device;
SELECT * FROM qrcred.audit(:z);
UPDATE qrcred_store.login SET device_day = device_day - 1 WHERE credential_id = :z;
SELECT pg_temp.answer(qrcred.biometric_package(:'z3'));
SELECT pg_temp.change('z', 'window_at = window_at - 86400000000');
SELECT pg_temp.answer(qrcred.biometric_package(:'z3', pg_temp.code(:'z3'))), qt.last_of('z');
SELECT window_count FROM qrcred_store.strike WHERE id = :z;
-- three wrong ones freeze the payer
SELECT pg_temp.answer(qrcred.biometric_package(:'z3', pg_temp.wrong_code(:'z3'))) FROM generate_series(1, 3);
SELECT * FROM qt.peek('z');
SELECT pg_temp.answer(qrcred.biometric_package(:'z3', pg_temp.code(:'z3'))), qt.last_at(), pg_temp.answer(qrcred.biometric_package(:'z3')), pg_temp.answer(qrcred.biometric_package(qt.session('z')));
-- without verification codes: at once, three a day, each told
SELECT pg_temp.answer(qrcred.biometric_package(:'o2')), pg_temp.answer(qrcred.biometric_package(:'o2', '000000')), qt.last_of('o');
SELECT pg_temp.answer(qrcred.biometric_package(:'o2')) FROM generate_series(1, 2);
SELECT kind, count(*), min(body) FROM pg_temp.told() GROUP BY 1 ORDER BY 1;
SELECT qrcred.set_policy('off', '{"verification": "sms"}');
SELECT pg_temp.answer(qrcred.biometric_package(:'o2'));
SELECT * FROM pg_temp.told() WHERE kind = 'device_code' AND body LIKE 'Off%';
-- no session, somebody's closed gateway, another shard's
SELECT pg_temp.answer(qrcred.biometric_package('x')), qt.last(0);
SELECT qrcred.set_gateway('till-1', false);
SELECT pg_temp.answer(qrcred.biometric_package(qt.session('o'))), qt.last(0);
SELECT qrcred.set_gateway('till-1', true);
UPDATE qrcred_store.bucket SET owned = false;
SELECT pg_temp.answer(qrcred.biometric_package(qt.session('o'))), qt.last(0);
UPDATE qrcred_store.bucket SET owned = true;
SELECT * FROM qrcred.audit((SELECT id FROM qt.wallet WHERE name = 'o'));
SELECT kind, verdict, reason FROM qrcred.history((SELECT id FROM qt.wallet WHERE name = 'o'));
SELECT qt.broken_chains();
