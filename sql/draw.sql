-- Pictures: what is drawn, that the three forms agree, and what is refused.
-- Whether readers can read them is the business of test/picture.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS qrcred CASCADE;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

-- SQLSTATE, message and hint of a query's error, 'none' without one
CREATE FUNCTION pg_temp.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text;
BEGIN
    EXECUTE query;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, ''));
END $$;

-- the dark modules of each form, as (x, y) with the quiet zone counted in
CREATE FUNCTION pg_temp.of_svg(svg text, module int) RETURNS TABLE (x int, y int) LANGUAGE sql AS $$
    SELECT generate_series(r[1]::int, r[1]::int + r[3]::int - module, module) / module, r[2]::int / module
    FROM regexp_matches(substring(svg FROM '#000" d="([^"]*)"'), 'M(\d+) (\d+)h(\d+)v\d+h-\d+z', 'g') r
$$;
CREATE FUNCTION pg_temp.of_text(t text, invert boolean) RETURNS TABLE (x int, y int) LANGUAGE sql AS $$
    SELECT c - 1, (l - 1) * 2 + half
    FROM string_to_table(rtrim(t, E'\n'), E'\n') WITH ORDINALITY lines (line, l),
         generate_series(1, 200) c, generate_series(0, 1) half
    WHERE c <= length(line) AND l * 2 + half <= length(line) + 1
      AND (substr(line, c, 1) IN ('█', CASE half WHEN 0 THEN '▀' ELSE '▄' END)) = invert
$$;
CREATE FUNCTION pg_temp.code(kind text) RETURNS text LANGUAGE sql AS $$
    SELECT 'QC1.' || CASE kind WHEN 'static' THEN 'CFLR2EWAVBM6FUKTAEAAAAAAKIJPJJF4OZAGEPREOFMO2R2JSU'
                               WHEN 'renewal' THEN 'CVLR2EWAVBM6FUKTAEA2FUV3A63WKU6JPSB2H6RNQDQ34LCSYA' END
$$;

-- a picture one can look at
SELECT qrcred.qr_text('HELLO WORLD');
SELECT qrcred.qr_svg('HELLO WORLD', quiet => 0, module => 1);
SELECT encode(qrcred.qr_png('HELLO WORLD', 'L', 1, 0), 'hex') ~ '^89504e470d0a1a0a0000000d49484452000000150000001501000000';

-- a code is version 3 at M: 29 modules, 37 with the quiet zone
SELECT substring(qrcred.qr_svg(pg_temp.code('static')) FROM 'width="\d+" height="\d+" viewBox="[^"]*"');
SELECT get_byte(png, 19) AS width, get_byte(png, 23) AS height, get_byte(png, 24) AS bits, get_byte(png, 25) AS colour
FROM qrcred.qr_png(pg_temp.code('static')) png;
SELECT count(*), min(length(line)), max(length(line))
FROM string_to_table(rtrim(qrcred.qr_text(pg_temp.code('static')), E'\n'), E'\n') line;

-- the forms agree, module by module, for each level and size
SELECT level, module, invert, count(s) > 100 AS drawn, count(*) FILTER (WHERE s IS NULL OR t IS NULL) AS differing
FROM (VALUES ('L', 1, true), ('M', 4, false), ('Q', 7, true), ('H', 64, false)) v (level, module, invert),
     LATERAL (SELECT s, t
              FROM pg_temp.of_svg(qrcred.qr_svg('客户 ' || level || repeat('x', 40), level, module), module) s
              FULL JOIN pg_temp.of_text(qrcred.qr_text('客户 ' || level || repeat('x', 40), level, invert), invert) t
              USING (x, y)) both_forms
GROUP BY 1, 2, 3 ORDER BY 2;

-- defaults, and equal calls give equal pictures
SELECT qrcred.qr_svg('x') = qrcred.qr_svg('x', 'M', 4, 4), qrcred.qr_png('x') = qrcred.qr_png('x', 'M', 4, 4),
       qrcred.qr_text('x') = qrcred.qr_text('x', 'M', false), qrcred.qr_svg('x') <> qrcred.qr_svg('x', 'H');
SELECT provolatile, proparallel, proisstrict, count(*)
FROM pg_proc WHERE pronamespace = 'qrcred'::regnamespace
    AND oid::regprocedure::text ~ '^qrcred\.(qr_|card_svg\(text)' GROUP BY 1, 2, 3;

-- null and out of range arguments are named
SELECT pg_temp.error_of(format('SELECT qrcred.%s', call)) FROM (VALUES
    ('qr_svg(NULL)'), ('qr_svg(''x'', NULL)'), ('qr_svg(''x'', ''M'', NULL)'), ('qr_svg(''x'', ''M'', 4, NULL)'),
    ('qr_png(NULL)'), ('qr_png(''x'', NULL)'), ('qr_png(''x'', ''M'', NULL)'), ('qr_png(''x'', ''M'', 4, NULL)'),
    ('qr_text(NULL)'), ('qr_text(''x'', NULL)'), ('qr_text(''x'', ''M'', NULL)'),
    ('card_svg(NULL, ''Bank'', NULL, NULL, NULL)'),
    ('qr_svg(''x'', ''m'')'), ('qr_png(''x'', '''')'), ('qr_text(''x'', ''LM'')'), ('qr_text(''x'', ''中'')'),
    ('qr_svg(''x'', module => 0)'), ('qr_svg(''x'', module => 65)'), ('qr_png(''x'', module => -1)'),
    ('qr_svg(''x'', quiet => -1)'), ('qr_png(''x'', quiet => 65)'),
    ('qr_svg('''')'), ('qr_png('''')'), ('qr_text('''')')) v (call);
SELECT pg_temp.error_of(format('SELECT qrcred.card_svg(%L, NULL, NULL, NULL, NULL)', pg_temp.code('static')));

-- what fits, and by one what does not; the content is not in the message
SELECT level, kind, pg_temp.error_of(format('SELECT qrcred.qr_svg(%L, %L)', repeat(unit, most), level)) AS fits,
       pg_temp.error_of(format('SELECT qrcred.qr_svg(%L, %L)', repeat(unit, most + 1), level)) AS one_more
FROM (VALUES ('L', 'capitals', 'Z', 4296), ('M', 'capitals', 'Z', 3391), ('Q', 'capitals', 'Z', 2420), ('H', 'capitals', 'Z', 1852),
             ('L', 'bytes', 'z', 2953), ('M', 'bytes', 'z', 2331), ('Q', 'bytes', 'z', 1663), ('H', 'bytes', 'z', 1273),
             ('L', 'utf-8', 'é', 1476), ('M', 'utf-8', 'é', 1165), ('H', 'utf-8', '中', 424)) v (level, kind, unit, most);
SELECT pg_temp.error_of('SELECT qrcred.qr_png(repeat(''secret '', 1000000))');

-- the largest picture
SELECT get_byte(png, 18) * 256 + get_byte(png, 19) AS width FROM qrcred.qr_png(repeat('Z', 3391), 'M', 64, 64) png;

-- a renewal code is never drawn, however it comes
SELECT pg_temp.error_of(format('SELECT qrcred.%s', format(call, content)))
FROM (VALUES (pg_temp.code('renewal')), (lower(pg_temp.code('renewal'))), (pg_temp.code('renewal') || E'\r\n'),
             ('https://bank.example/#' || pg_temp.code('renewal'))) c (content),
     (VALUES ('qr_svg(%L)'), ('qr_png(%L)'), ('qr_text(%L)')) f (call);
SELECT pg_temp.error_of(format('SELECT qrcred.card_svg(%L, ''Bank'', NULL, NULL, NULL)', code))
FROM (VALUES (pg_temp.code('renewal')), (lower(pg_temp.code('renewal')))) c (code);
SELECT pg_temp.error_of(format('SELECT qrcred.qr_text(%L)', content))
FROM (VALUES (pg_temp.code('static')), (left(pg_temp.code('renewal'), -1)),
             ('QC2' || substr(pg_temp.code('renewal'), 4))) c (content);

-- the card: version 3 as well, lower case is read, anything else is malformed
SELECT qrcred.card_svg(lower(pg_temp.code('static')), 'Bank', 'Use', '5', 0)
     = qrcred.card_svg(pg_temp.code('static'), 'Bank', 'Use', '5', 0);
SELECT pg_temp.error_of(format('SELECT qrcred.card_svg(%L, ''Bank'', NULL, NULL, NULL)', code))
FROM (VALUES (''), ('x'), (pg_temp.code('static') || ' '), ('QT1.AOROWXVDIN45IHWXPINC4WUITH4GM')) c (code);

SELECT substring(qrcred.card_svg(pg_temp.code('static'), 'Bank', NULL, NULL, NULL) FROM 'viewBox="0 0 29 29" shape-rendering="crispEdges"');
-- its texts, without markup of their own; a null leaves its line out
CREATE FUNCTION pg_temp.texts(issuer text, purpose text, face_value text, valid_until int8)
RETURNS SETOF text LANGUAGE sql AS $$
    SELECT r[1] FROM regexp_matches(qrcred.card_svg(pg_temp.code('static'), issuer, purpose, face_value, valid_until),
                                    '<text[^>]*>([^<]*)</text>', 'g') r
$$;
SELECT string_agg(t, ' / ') FROM pg_temp.texts('中国工商银行', '咖啡两杯', '人民币 88.50 元', 1798761599) t;
SELECT string_agg(t, ' / ') FROM pg_temp.texts('A&B <i>"Bank"</i>', E'Tom''s\t \x01 offer\nany day]]>', NULL, NULL) t;
SELECT string_agg(t, ' / ') FROM pg_temp.texts('Bank', NULL, '5', NULL) t;
SELECT string_agg(t, ' / ') FROM pg_temp.texts('Bank', '', ' ', 0) t;
SELECT string_agg(t, ' / ') FROM pg_temp.texts(U&'B\202Eank\FEFF', NULL, NULL, NULL) t;

-- the day is UTC's, whatever the session thinks
SET TimeZone = 'Pacific/Auckland';
SET DateStyle = 'German';
SELECT v, t FROM (VALUES (0::int8), (86399), (86400), (951782400), (951868800), (1798761599), (4107542399), (4107542400), (4294967295)) v (v),
    LATERAL (SELECT t FROM pg_temp.texts('', NULL, NULL, v) WITH ORDINALITY x (t, n) ORDER BY n DESC LIMIT 1) last;
SELECT count(*) AS days, count(*) FILTER (WHERE t = to_char(timestamp 'epoch' + d * interval '1 day', 'YYYY-MM-DD')) AS same
FROM generate_series(0, 49700, 71) d,
    LATERAL (SELECT t FROM pg_temp.texts('', NULL, NULL, d * 86400::int8) WITH ORDINALITY x (t, n) ORDER BY n DESC LIMIT 1) last;
RESET TimeZone;
RESET DateStyle;
SELECT pg_temp.error_of(format('SELECT qrcred.card_svg(%L, ''Bank'', NULL, NULL, %s)', pg_temp.code('static'), v))
FROM (VALUES (-1::int8), (4294967296), (9223372036854775807)) v (v);

-- however long and whatever it is made of: bounded lines, an ellipsis, no markup
SELECT name, count(*) AS lines, max(octet_length(t)) < 1500 AS bounded, bool_or(t LIKE '%&#8230;') AS cut
FROM (VALUES ('wide', repeat('中', 100000)), ('words', repeat('good for one purchase ', 10000)), ('one word', repeat('W', 100000)),
             ('marks', 'Z' || repeat(U&'\0301', 100000)), ('joined', repeat(U&'x\200D', 100000)),
             ('markup', repeat('<&">', 50000)), ('blank', repeat(E' \n\t', 50000)), ('dropped', repeat(U&'\200B', 50000) || 'x'))
    v (name, text), pg_temp.texts(text, text, text, NULL) t
GROUP BY name ORDER BY name;
