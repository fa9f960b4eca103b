-- Codes collected while there was no connection: judged by the step of then and
-- the state of now, tier D at most, no challenge.
SELECT qt.fresh();
SELECT qt.make('a');
SELECT qt.calm();
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset
SELECT trunc(extract(epoch FROM clock_timestamp()))::int8 AS clock \gset
SELECT qt.shown('a', 'rotating', -120) AS hour_ago, qt.shown('a', 'rotating', -60) AS half_hour_ago,
    qt.shown('a', 'rotating', -2881) AS day_ago, qt.shown('a', 'rotating', 1) AS ahead \gset
-- in their order; an older step after a newer one is a replay, a static code needs static_alone
SELECT verdict, next, tier, challenge, repeated FROM qrcred.verify_many(
    ARRAY[:'hour_ago', :'half_hour_ago', :'hour_ago', :'a_static', 'nonsense', :'day_ago', :'ahead'],
    ARRAY[:clock - 3600, :clock - 1800, :clock - 3600, :clock - 5, :clock, :clock - 86430, :clock + 30]::int8[], 'till-1');
SELECT kind, verdict, reason, tier FROM qrcred.history(:a) WHERE kind <> 'download';
-- a code of the present step was not seen an hour ago
SELECT verdict FROM qrcred.verify_many(ARRAY[qt.shown('a', 'rotating')], ARRAY[:clock - 3600], 'till-1');
-- no password is asked for afterwards, and a static code alone is tier D
SELECT qrcred.set_policy('bank', '{"ask_password": true, "second_scan": "optional", "static_alone": true}');
SELECT verdict, next, tier FROM qrcred.verify_many(ARRAY[qt.shown('a', 'rotating', -1), :'a_static'],
    ARRAY[:clock - 30, :clock - 10], 'till-1');
-- seen again at another moment it is another request; the same twice is one
SELECT verdict, repeated, attempt_no - first_value(attempt_no) OVER () AS later FROM qrcred.verify_many(ARRAY[:'a_static', :'a_static', :'a_static', :'a_static'],
    ARRAY[:clock - 40, :clock - 20, :clock - 20, 1], 'till-1');
-- the state is that of now
SELECT qrcred.freeze(:a, 'lost');
SELECT verdict FROM qrcred.verify_many(ARRAY[:'a_static'], ARRAY[:clock - 10], 'till-1');
-- arguments
SELECT qt.err($$SELECT qrcred.verify_many(NULL, '{1}', 'till-1')$$);
SELECT qt.err($$SELECT qrcred.verify_many('{a}', NULL, 'till-1')$$);
SELECT qt.err($$SELECT qrcred.verify_many('{a}', '{1}', NULL)$$);
SELECT qt.err($$SELECT qrcred.verify_many('{a,b}', '{1}', 'till-1')$$);
SELECT qt.err($$SELECT qrcred.verify_many(ARRAY[NULL], '{1}', 'till-1')$$);
SELECT qt.err($$SELECT qrcred.verify_many('{a}', '{0}', 'till-1')$$);
SELECT qt.broken_chains();
