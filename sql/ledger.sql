-- The ledger of the demo, which a DBA may copy: demo/ledger.sql as it stands there.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS bank CASCADE;
\getenv abs_srcdir PG_ABS_SRCDIR
\set ledger :abs_srcdir /demo/ledger.sql
\set ECHO none
\i :ledger
\set ECHO all
RESET client_min_messages;
-- ten customers with 1000 each out of the vault, in two currencies, and payees
SELECT bank.open_account('bank', 'vault', 'CNY') AS vault, bank.open_account('bank', 'payees to be paid', 'CNY') AS clearing,
    bank.open_account('payee', 'Example Shop', 'CNY') AS shop, bank.open_account('bank', 'vault', 'EUR') AS vault_eur \gset
SELECT bank.open_account('customer', 'C-' || n, 'CNY') FROM generate_series(1, 10) AS n \g (format=unaligned tuples_only)
SELECT bank.link_card(a.account_id, '62220200000010' || substr(a.name, 3)) FROM bank.account a WHERE a.kind = 'customer' \g /dev/null
SELECT count(bank.book('deposit', ARRAY[:vault, a.account_id], ARRAY[-1000, 1000])) FROM bank.account a WHERE a.kind = 'customer';
SELECT kind, name, currency, balance FROM bank.account WHERE kind <> 'customer' ORDER BY account_id;
SELECT * FROM bank.discrepancy;

-- a charge: the payer pays, the payee has it, the receipt names the booking
SELECT bank.charge('00000000-0000-8000-8000-000000000001', '622202000000101', NULL, 88.50, 'CNY', 'Example Shop') AS receipt \gset
SELECT :'receipt' = 'B-' || booking_id AS is_the_booking, what FROM bank.booking WHERE payment_id = '00000000-0000-8000-8000-000000000001';
SELECT a.kind, a.name, e.amount, a.balance FROM bank.entry e JOIN bank.account a USING (account_id) JOIN bank.booking b USING (booking_id)
WHERE b.payment_id IS NOT NULL ORDER BY e.amount;
-- the same payment again: the same receipt, nothing more is booked
SELECT bank.charge('00000000-0000-8000-8000-000000000001', '622202000000101', '123456', 88.5, 'CNY', 'Example Shop') = :'receipt' AS same;
SELECT count(*) FROM bank.booking WHERE payment_id IS NOT NULL;
SELECT balance FROM bank.account WHERE name = 'C-1';
-- even when the card is not the account's any more; but not for another amount or payee
BEGIN;
DELETE FROM bank.card WHERE last_four = '0101';
SELECT bank.charge('00000000-0000-8000-8000-000000000001', '622202000000101', NULL, 88.50, 'CNY', 'Example Shop') = :'receipt' AS same;
ROLLBACK;
SELECT qt.err($$SELECT bank.charge('00000000-0000-8000-8000-000000000001', '622202000000101', NULL, 88.51, 'CNY', 'Example Shop')$$);
SELECT qt.err($$SELECT bank.charge('00000000-0000-8000-8000-000000000001', '622202000000101', NULL, 88.50, 'CNY', 'Another Shop')$$);
SELECT qt.err($$SELECT bank.charge('00000000-0000-8000-8000-000000000001', '622202000000101', NULL, 88.50, 'EUR', 'Example Shop')$$);
-- a payee without an account here
SELECT bank.charge('00000000-0000-8000-8000-000000000002', '622202000000102', NULL, 1000, 'CNY', 'Far Away Ltd') IS NOT NULL AS charged;
SELECT name, balance FROM bank.account WHERE account_id IN (:clearing, :shop) ORDER BY name;
-- a bank's account named like a payee is not credited, nor is a customer's
SELECT bank.charge('00000000-0000-8000-8000-000000000003', '622202000000103', NULL, 1, 'CNY', payee) IS NOT NULL AS charged
FROM (VALUES ('vault')) AS p(payee);
SELECT name, balance FROM bank.account WHERE account_id IN (:clearing, :vault) ORDER BY name;

-- declined, and nothing is left
SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) AS before FROM (SELECT b::text AS t FROM bank.booking b UNION ALL SELECT e::text FROM bank.entry e UNION ALL SELECT a::text FROM bank.account a) AS s \gset
SELECT qt.err(format('SELECT bank.charge(gen_random_uuid(), %L, NULL, %L, %L, %L)', card, amount, currency, 'Example Shop'))
FROM (VALUES ('622202000000103', 999.01, 'CNY'), ('622202000000102', 0.01, 'CNY'), ('622202000000199', 1, 'CNY'), (NULL, 1, 'CNY'),
    ('622202000000103', 1, 'EUR'), ('', 1, 'CNY')) AS c(card, amount, currency);
-- misuse is not a decline
SELECT qt.err(format('SELECT bank.charge(%L, %L, NULL, %L, %L, %L)', id, '622202000000103', amount, 'CNY', 'Example Shop'))
FROM (VALUES (NULL, '1'), ('00000000-0000-8000-8000-000000000009', NULL), ('00000000-0000-8000-8000-000000000009', '0'),
    ('00000000-0000-8000-8000-000000000009', '-1'), ('00000000-0000-8000-8000-000000000009', 'NaN'), ('00000000-0000-8000-8000-000000000009', 'Infinity')) AS c(id, amount);
SELECT qt.err(format('SELECT bank.book(%L, ARRAY[%s, %s], ARRAY[-%s, %s]::numeric[])', 'x', :vault, :clearing, amount, amount))
FROM (VALUES ($$'NaN'::numeric$$), ($$'Infinity'::numeric$$), ('0.00001'), ('0')) AS c(amount);
SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) = :'before' AS unchanged FROM (SELECT b::text AS t FROM bank.booking b UNION ALL SELECT e::text FROM bank.entry e UNION ALL SELECT a::text FROM bank.account a) AS s;

-- no card number is kept, and without the key its digest says nothing
SELECT count(*) FILTER (WHERE c::text LIKE '%6222020%') AS numbers, count(*) FILTER (WHERE digest = sha256(convert_to('62220200000010' || substr(a.name, 3), 'UTF8'))) AS plain,
    count(*) FILTER (WHERE digest = hmac(convert_to('62220200000010' || substr(a.name, 3), 'UTF8'), (SELECT key FROM bank.card_key), 'sha256')) AS keyed, min(length(last_four)) AS kept
FROM bank.card c JOIN bank.account a USING (account_id);

-- what does not sum to zero is refused at the commit, however it was written
SELECT qt.err('SELECT bank.book(''x'', ARRAY[1, 2], ARRAY[-5, 4.99]); SET CONSTRAINTS ALL IMMEDIATE');
BEGIN;
INSERT INTO bank.booking (what) VALUES ('x') RETURNING booking_id AS b \gset
INSERT INTO bank.entry VALUES (:b, :vault, -5);
\set VERBOSITY sqlstate
COMMIT;
BEGIN;
INSERT INTO bank.booking (what) VALUES ('without a line');
COMMIT;
-- each currency for itself
BEGIN;
SELECT bank.book('x', ARRAY[:vault, :vault_eur], ARRAY[-5, 5]) IS NOT NULL AS booked;
COMMIT;
\set VERBOSITY default
-- below zero only the bank's own
SELECT qt.err(format('SELECT bank.book(%L, ARRAY[%s, %s], ARRAY[-1000, 1000])', 'x', :shop, :vault));
SELECT qt.err(format('SELECT bank.book(%L, ARRAY[%s, %s], ARRAY[-1000, 1000])', 'x', :vault_eur, :vault_eur));
-- what has been booked stays so
SELECT qt.err(q) FROM (VALUES ('UPDATE bank.entry SET amount = 1'), ('DELETE FROM bank.entry'), ('TRUNCATE bank.entry'), ('UPDATE bank.booking SET what = ''y'''),
    ('DELETE FROM bank.booking'), ('TRUNCATE bank.account, bank.card, bank.entry'), ('UPDATE bank.account SET balance = balance + 1'),
    ('INSERT INTO bank.account (kind, name, currency, balance) VALUES (''payee'', ''rich'', ''CNY'', 1)'),
    (format('INSERT INTO bank.entry SELECT min(booking_id), %s, 1 FROM bank.booking UNION ALL SELECT min(booking_id), %s, -1 FROM bank.booking', :clearing, :shop))) AS t(q);
SELECT * FROM bank.discrepancy;

-- the balance is checked at the commit with the rights of the ledger, whoever commits
CREATE FUNCTION qt.pays() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
    SELECT bank.charge('00000000-0000-8000-8000-00000000000a', '622202000000104', NULL, 1, 'CNY', 'Example Shop')
$$;
CREATE ROLE regress_qrcred_payer;
GRANT USAGE ON SCHEMA qt TO regress_qrcred_payer;
SET ROLE regress_qrcred_payer;
SELECT qt.pays() IS NOT NULL AS charged;
SELECT qt.err($$SELECT bank.charge('00000000-0000-8000-8000-00000000000a', '622202000000104', NULL, 1, 'CNY', 'Example Shop')$$);
RESET ROLE;
SELECT balance FROM bank.account WHERE name = 'C-4';
REVOKE ALL ON SCHEMA qt FROM regress_qrcred_payer;
DROP ROLE regress_qrcred_payer;

-- five hundred charges and bookings at random, each its own subtransaction; some are declined
CREATE TABLE qt.outcome (what text);
SELECT setseed(0.5) \g /dev/null
DO $$
DECLARE
    n int; a bigint; b bigint; amount numeric; receipt text; id uuid;
BEGIN
    FOR n IN 1..500 LOOP
        amount := 1 + floor(random() * 30000) / 100;
        id := md5(n::text)::uuid;
        BEGIN
            IF random() < 0.7 THEN
                receipt := bank.charge(id, '62220200000010' || (1 + floor(random() * 12))::int, NULL, amount, 'CNY',
                    CASE WHEN random() < 0.5 THEN 'Example Shop' ELSE 'Payee ' || n END);
                INSERT INTO qt.outcome VALUES ('charged');
            ELSE
                SELECT account_id INTO a FROM bank.account WHERE currency = 'CNY' ORDER BY random() LIMIT 1;
                SELECT account_id INTO b FROM bank.account WHERE currency = 'CNY' AND account_id <> a ORDER BY random() LIMIT 1;
                PERFORM bank.book('transfer', ARRAY[a, b], ARRAY[-amount, amount]);
                INSERT INTO qt.outcome VALUES ('booked');
            END IF;
            SET CONSTRAINTS ALL IMMEDIATE;
            SET CONSTRAINTS ALL DEFERRED;
        EXCEPTION WHEN SQLSTATE 'QC402' THEN
            INSERT INTO qt.outcome VALUES ('declined: ' || SQLERRM);
        WHEN check_violation THEN
            INSERT INTO qt.outcome VALUES ('refused');
        END;
        IF EXISTS (SELECT FROM bank.discrepancy) THEN
            RAISE EXCEPTION 'after booking % there is a discrepancy', n;
        END IF;
    END LOOP;
END $$;
SELECT what, count(*) > 5 AS often FROM qt.outcome GROUP BY what ORDER BY what;
SELECT count(*) = (SELECT count(*) FROM qt.outcome WHERE what IN ('charged', 'booked')) AS all_booked FROM bank.booking WHERE booked > (SELECT max(booked) FROM bank.booking WHERE payment_id = '00000000-0000-8000-8000-00000000000a');
SELECT sum(amount) AS entries, (SELECT sum(balance) FROM bank.account) AS balances, (SELECT bool_and(balance >= 0) FROM bank.account WHERE kind <> 'bank') AS none_below FROM bank.entry;
SELECT * FROM bank.discrepancy;
SET client_min_messages = warning;
DROP SCHEMA bank CASCADE;
DROP TABLE qt.outcome;
DROP FUNCTION qt.pays();
