-- First codes that are not the bank's: rejected, whatever is wrong, and counted in the
-- gateway's row only.
SELECT qt.fresh();
SELECT qt.make('a'), qt.make('b');
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset
SELECT id AS b, static AS b_static FROM qt.wallet WHERE name = 'b' \gset
SELECT qt.row_of('a') AS before \gset

-- every change of one bit (248, and the 2 spare bits of the last character)
CREATE TEMP TABLE flipped AS
SELECT n, overlay(:'a_static' PLACING substr(alphabet, 1 + ((strpos(alphabet, substr(:'a_static', 5 + n / 5, 1)) - 1) # (1 << (4 - n % 5))), 1) FROM 5 + n / 5) AS code
FROM generate_series(0, 249) AS n, (VALUES ('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')) AS b(alphabet);
SELECT count(DISTINCT code), bool_or(code = :'a_static') AS same FROM flipped;
SELECT attempt_no AS forged FROM qrcred_store.strike s JOIN qrcred_store.gateway ON id = -gateway_id WHERE gateway = 'till-1' \gset
DO $$
DECLARE
    f record; v record; accepted int := 0; told int := 0;
BEGIN
    FOR f IN SELECT code FROM flipped LOOP
        SELECT * INTO v FROM qrcred.verify(f.code, 'till-1');
        IF v.verdict <> 'rejected' OR v.next <> 'none' THEN
            accepted := accepted + 1;
        END IF;
        IF num_nonnulls(v.customer_ref, v.issuer, v.tier, v.challenge, v.challenge_seconds, v.tries_left, v.attempt_no) > 0 OR v.repeated THEN
            told := told + 1;
        END IF;
    END LOOP;
    RAISE NOTICE '% not rejected, % told something', accepted, told;
END $$;
SELECT s.attempt_no - :forged AS forged, s.window_count FROM qrcred_store.strike s JOIN qrcred_store.gateway ON id = -gateway_id WHERE gateway = 'till-1';
SELECT qt.row_of('a') = :'before' AS untouched;
SELECT count(*), count(DISTINCT reason) > 1 AS reasons FROM qrcred_store.attempt a JOIN qrcred_store.gateway g ON owner = -gateway_id WHERE g.gateway = 'till-1' AND a.verdict = 3;
-- unknown ids and wrong MACs get the same answer, and so does an old wallet's code
SELECT count(DISTINCT (v.verdict, v.next, v.customer_ref, v.issuer, v.tier, v.challenge, v.challenge_seconds, v.tries_left, v.message, v.attempt_no, v.repeated)) AS answers,
    count(*) AS calls, min(v.verdict) AS verdict
FROM (VALUES (qt.code(17, 7, :a, 1, 4000000000, '\x00')), (qt.code(17, 7, :a + 1, 1, 4000000000, '\x00')), (qt.code(17, 7, 1, 1, 4000000000, '\x00')),
    (qt.code(17, 8, :a, 1, 4000000000, '\x00')), (qt.code(17, 7, :a, 2, 4000000000, '\x00')), (qt.code(17, 7, :a, 1, 0, '\x00')),
    (qt.code(17, 7, :a, 1, 4000000000, qt.key(:a, 'static'))), (qt.code(17, 7, :a, 2, 4000000000, qt.key(:a, 'static'))),
    (qt.code(17, 8, :a, 1, 4000000000, qt.key(:a, 'static'))), (qt.code(17, 7, :b, 1, 4000000000, qt.key(:a, 'static'))),
    (qt.code(19, 7, :a, 1, 4000000000, '\x00')), (qt.code(19, 7, 9223372036854775807, 1, 4000000000, '\x00'))) AS c(code),
    LATERAL qrcred.verify(code, 'till-1') v;
-- a code under the key of another kind, or of another customer
SELECT kind, label, verdict FROM (VALUES (17, 'rotating'), (17, 'second'), (19, 'static'), (19, 'second'), (17, 'renewal'), (17, 'ocra'), (17, 'challenge')) AS k(kind, label),
    qrcred_store.strike s, LATERAL qrcred.verify(qt.code(kind, 7, :a, 1, CASE kind WHEN 17 THEN valid_until ELSE extract(epoch FROM now())::int8 / 30 END, qt.key(:a, label)), 'till-1') v
WHERE s.id = :a ORDER BY 1, 2;
SELECT verdict FROM qrcred_store.strike s, qrcred.verify(qt.code(17, 7, :a, 1, s.valid_until, qt.key(:b, 'static')), 'till-1') WHERE s.id = :a;
-- right codes of kinds that are no first code
SELECT how, verdict, next FROM unnest('{second,renewal}'::text[]) how, LATERAL qrcred.verify(
    CASE how WHEN 'second' THEN qt.code(18, 7, :a, 1, 1, qt.key(:a, 'second')) ELSE qt.shown('a', how) END, 'till-1') v;
SELECT qt.row_of('a') = :'before' AS untouched;

-- what a scanner may hand in
CREATE TEMP TABLE text_in (n serial, what text, code text);
INSERT INTO text_in (what, code) SELECT 'truncated', left(:'a_static', n) FROM generate_series(0, 53) n;
INSERT INTO text_in (what, code) VALUES
    ('longer', :'a_static' || 'A'), ('longer', :'a_static' || '='), ('longer', :'a_static' || ' '), ('longer', ' ' || :'a_static'),
    ('longer', :'a_static' || E'\r\n'), ('longer', E'\t' || :'a_static'), ('longer', :'a_static' || :'a_static'), ('longer', repeat(:'a_static', 20000)),
    ('prefix', 'QC2.' || substr(:'a_static', 5)), ('prefix', 'QC1-' || substr(:'a_static', 5)), ('prefix', substr(:'a_static', 5)), ('prefix', 'QT1.' || substr(:'a_static', 5)),
    ('alphabet', overlay(:'a_static' PLACING '0' FROM 20)), ('alphabet', overlay(:'a_static' PLACING '1' FROM 20)), ('alphabet', overlay(:'a_static' PLACING '8' FROM 20)),
    ('alphabet', overlay(:'a_static' PLACING '9' FROM 20)), ('alphabet', overlay(:'a_static' PLACING '-' FROM 20)), ('alphabet', overlay(:'a_static' PLACING U&'\00c9' FROM 20)),
    ('alphabet', overlay(:'a_static' PLACING U&'\FF21' FROM 5)), ('alphabet', overlay(:'a_static' PLACING E'\x01' FROM 54)),
    ('foreign', 'https://example.com/pay?id=1'), ('foreign', 'WXP://f2f0abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL'), ('foreign', 'https://qr.alipay.com/fkx01234567890abcdef'),
    ('foreign', 'WIFI:S:guest;T:WPA;P:password;;'), ('foreign', 'BEGIN:VCARD' || E'\n' || 'END:VCARD'), ('foreign', '4006381333931'), ('foreign', U&'\4ED8\6B3E\7801'),
    ('foreign', '12345678'), ('foreign', '%s%n%x'), ('foreign', ''';DROP SCHEMA qrcred_store;--'), ('foreign', E'\\x00'), ('foreign', '""'), ('foreign', U&'\+01F600');
CREATE TEMP TABLE text_out AS
SELECT what, t.code, v.* FROM (SELECT * FROM text_in ORDER BY n OFFSET 0) t, LATERAL qrcred.verify(t.code, 'till-2') v;
SELECT what, count(*), count(*) FILTER (WHERE verdict = 'rejected' AND next = 'none') AS rejected, count(credential_id) AS ids, count(attempt_no) AS numbers
FROM text_out GROUP BY what ORDER BY what;
SELECT s.attempt_no = (SELECT count(*) FROM text_in) AS counted FROM qrcred_store.strike s JOIN qrcred_store.gateway ON id = -gateway_id WHERE gateway = 'till-2';
SELECT qt.row_of('a') = :'before' AS untouched;

-- as a second code: no challenge, malformed, another's, a wrong kind; nobody is counted
SELECT n, verdict, next, tries_left, attempt_no FROM (VALUES (1, qt.code(18, 7, :a, 1, 1, '\x00')), (2, '00000000'), (3, ''), (4, '0000000'), (5, '000000000'),
    (6, ' 00000000'), (7, U&'\0661\0662\0663\0664\0665\0666\0667\0668'), (8, '1234567a'), (9, :'a_static'), (10, :'b_static')) AS c(n, code),
    LATERAL qrcred.verify_second(:a, code, 'till-1') v ORDER BY n;
SELECT verdict FROM qt.scan('a');
SELECT qt.row_of('a') AS before \gset
SELECT n, verdict, next, tries_left, attempt_no FROM (VALUES (1, qt.code(18, 7, :b, 1, 1, '\x00')), (2, qt.code(18, 8, :a, 1, 1, '\x00')), (3, ''), (4, '0000000'), (5, '000000000'),
    (6, E'00000000\n'), (7, U&'\0661\0662\0663\0664\0665\0666\0667\0668'), (8, '1234567a'), (9, :'a_static'), (10, :'b_static'),
    (11, qt.code(18, 7, :a, 2, 1, '\x00')), (12, '-1234567'), (13, '+1234567')) AS c(n, code),
    LATERAL qrcred.verify_second(:a, code, 'till-1') v ORDER BY n;
SELECT verdict, next FROM qrcred.verify_second(:a + 1, '00000000', 'till-1');
SELECT verdict, next FROM qrcred.verify_second(:b, '00000000', 'till-1');
SELECT qt.row_of('a') = :'before' AS untouched;
-- the customer never notices
SELECT verdict, tier FROM qt.answer('a');

SELECT qt.broken_chains();
