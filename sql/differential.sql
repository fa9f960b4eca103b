-- Random cases against a second implementation, in SQL over pgcrypto's hmac().
-- New cases at each run; a mismatch is printed with its inputs.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS qrcred CASCADE;
RESET client_min_messages;

-- RFC 4226, 5.3
CREATE FUNCTION pg_temp.truncated(h bytea, digits int) RETURNS text LANGUAGE sql AS $$
    SELECT lpad(((((get_byte(h, o) & 127)::int8 << 24) | (get_byte(h, o + 1) << 16) |
        (get_byte(h, o + 2) << 8) | get_byte(h, o + 3)) % (10 ^ digits)::int8)::text, digits, '0')
    FROM (SELECT get_byte(h, length(h) - 1) & 15 AS o) AS t
$$;

-- RFC 4648, 6, without padding
CREATE FUNCTION pg_temp.base32(b bytea) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
        substring(bits FROM i * 5 + 1 FOR 5)::bit(5)::int + 1, 1), '' ORDER BY i)
    FROM (SELECT ('x' || encode(b, 'hex'))::varbit ||
            repeat('0', (5 - length(b) * 8 % 5) % 5)::varbit AS bits) AS t,
        generate_series(0, length(bits) / 5 - 1) AS i
$$;

-- keys shorter and longer than any hash's block (64 or 128 bytes), counters and
-- questions of every magnitude
CREATE TEMP TABLE sample AS
SELECT n, (ARRAY['sha1', 'sha256', 'sha512'])[1 + n % 3] AS algorithm,
    4 + n % 6 AS digits,
    gen_random_bytes(CASE WHEN n % 50 = 0 THEN 1000 ELSE 1 + (random() * 139)::int END) AS key,
    gen_random_bytes(32) AS key32,
    (('x' || encode(gen_random_bytes(8), 'hex'))::bit(64)::int8 & 9223372036854775807) >> (1 + (random() * 61)::int) AS counter,
    ARRAY[1, 30, 60, 3599, 86400, 2147483647] AS steps,
    1 + (random() * 254)::int AS kid, 1 + (random() * 254)::int AS generation,
    (random() * 4294967295)::int8 AS moment,
    lpad((random() ^ 4 * 99999999)::int::text, 4 + n % 5, '0') AS question,
    lpad((random() * 99999999)::int::text, 6 + n % 3, '0') AS challenge
FROM generate_series(1, 2000) AS n;

CREATE TEMP TABLE result AS
SELECT 'hotp' AS f, n, qrcred.hotp(key, counter, digits, algorithm) AS got,
    pg_temp.truncated(hmac(int8send(counter), key, algorithm), digits) AS expected
FROM sample
UNION ALL
SELECT 'totp', n, qrcred.totp(key, counter, steps[1 + n % 6], digits, algorithm),
    pg_temp.truncated(hmac(int8send(counter / steps[1 + n % 6]), key, algorithm), digits)
FROM sample
UNION ALL
SELECT 'ocra', n, qrcred.ocra(suite, key, question),
    pg_temp.truncated(hmac(suite::bytea || '\x00' ||
        decode(rpad(to_hex(question::int8), 256, '0'), 'hex'), key, algorithm), digits)
FROM sample, LATERAL (SELECT format('OCRA-1:HOTP-%s-%s:QN08', upper(algorithm), digits) AS suite) AS s
UNION ALL
SELECT 'ocra with all inputs', n,
    qrcred.ocra(suite, key, question, counter, digest(key32, algorithm), key32, moment),
    pg_temp.truncated(hmac(suite::bytea || '\x00' || int8send(counter) ||
        decode(rpad(to_hex(question::int8), 256, '0'), 'hex') || digest(key32, algorithm) ||
        key32 || int8send(moment), key, algorithm), digits)
FROM sample, LATERAL (SELECT format('OCRA-1:HOTP-%s-%s:C-QN08-P%1$s-S032-T30S', upper(algorithm), digits) AS suite) AS s
UNION ALL
SELECT f, n, got, 'QC1.' || pg_temp.base32(header || substr(hmac(header || extra, key32, 'sha256'), 1, 16))
FROM sample, LATERAL (VALUES
    ('rotating_code', '\x13'::bytea, ''::bytea,
        qrcred.rotating_code(key32, counter + 1, kid, generation, moment)),
    ('renewal_code', '\x15', '',
        qrcred.renewal_code(key32, counter + 1, kid, generation, moment)),
    ('second_code', '\x12', set_byte('\x00', 0, length(challenge)) || challenge::bytea,
        qrcred.second_code(key32, counter + 1, kid, generation, moment, challenge)),
    ('biometric_code', '\x14', digest(key, 'sha256'),
        qrcred.biometric_code(key32, counter + 1, kid, generation, moment, digest(key, 'sha256')))
    ) AS c(f, kind, extra, got),
    LATERAL (SELECT kind || substr(int2send(kid::int2), 2) || int8send(counter + 1) ||
        substr(int2send(generation::int2), 2) || substr(int8send(moment), 5) AS header) AS h
WHERE n <= 500;

SELECT f, count(*) AS cases, count(*) FILTER (WHERE got IS DISTINCT FROM expected) AS mismatches
FROM result GROUP BY f ORDER BY f;
SELECT r.*, s.* FROM result AS r JOIN sample AS s USING (n) WHERE got IS DISTINCT FROM expected LIMIT 3;
SELECT count(*) AS cases, count(*) FILTER (WHERE got IS DISTINCT FROM expected) AS mismatches FROM result;

-- buckets, ASCII and not
SELECT count(*), count(*) FILTER (WHERE qrcred.bucket(ref) IS DISTINCT FROM expected) AS mismatches
FROM (SELECT ref, get_byte(h, 0) * 16 + get_byte(h, 1) / 16 AS expected
    FROM generate_series(1, 1000) AS n,
        LATERAL (SELECT (ARRAY['C', U&'\5BA2\6237-', U&'\00fc'])[1 + n % 3] || n * 7919 AS ref) AS r,
        LATERAL (SELECT digest(convert_to(ref, 'UTF8'), 'sha256') AS h) AS d) AS t;
