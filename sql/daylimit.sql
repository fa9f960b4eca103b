-- A customer's day per tier, where the transaction text is "CCY amount payee".
SELECT qt.fresh();
SELECT qrcred.set_policy('bank', '{"tier_limits": {"C": 100, "D": 10}}');
SELECT qt.make('a');
SELECT id AS a FROM qt.wallet WHERE name = 'a' \gset
-- above the limit already at scan 1: rejected, no strike, no challenge
SELECT * FROM qt.scan('a', 'till-1', 'CNY 100.01 Shop');
SELECT * FROM qt.peek('a');
-- at the limit and below it
SELECT verdict FROM qt.scan('a', 'till-1', 'CNY 60.00 Shop');
SELECT verdict, tier FROM qt.answer('a', 'typed', 'till-1', 'CNY 60.00 Shop');
SELECT currency, tier, amount FROM qrcred_store.spent;
SELECT verdict FROM qt.scan('a', 'till-1', 'CNY 40.01 Shop');
SELECT verdict FROM qt.scan('a', 'till-1', 'CNY 40 Shop');
-- the sum follows the commit, a repeated acceptance counts once, and the code stays used
BEGIN;
SELECT verdict FROM qt.answer('a', 'typed', 'till-1', 'CNY 40 Shop', '11111111-1111-1111-1111-111111111111');
SELECT amount FROM qrcred_store.spent;
ROLLBACK;
SELECT amount FROM qrcred_store.spent;
SELECT verdict, repeated FROM qt.answer('a', 'typed', 'till-1', 'CNY 40 Shop', '11111111-1111-1111-1111-111111111111');
SELECT verdict, repeated FROM qt.answer('a', 'typed', 'till-1', 'CNY 40 Shop', '11111111-1111-1111-1111-111111111111');
SELECT amount FROM qrcred_store.spent;
-- the day is full, for every credential of the customer; other currencies and texts without an amount are not bounded by it
SELECT credential_id AS b, ticket AS b_ticket FROM qrcred.issue('bank', 'C-a') \gset
SELECT qrcred.download(:'b_ticket') ->> 'static' AS b_static \gset
SELECT verdict FROM qrcred.verify(:'b_static', 'till-1', 'CNY 0.01 Shop');
SELECT verdict FROM qrcred.verify(:'b_static', 'till-1', 'EUR 100 Shop');
SELECT verdict FROM qrcred.verify(:'b_static', 'till-1', 'CNY 0.01');
SELECT verdict FROM qrcred.verify(:'b_static', 'till-1', 'lunch');
-- a wrong guess above the limit is a strike all the same
SELECT verdict FROM qt.scan('a', 'till-1', 'EUR 90 Shop');
INSERT INTO qrcred_store.spent SELECT customer_id, day, 'EUR', tier, 90 FROM qrcred_store.spent WHERE currency = 'CNY'
ON CONFLICT (customer_id, day, currency, tier) DO UPDATE SET amount = 90;
SELECT verdict, tries_left FROM qt.answer('a', 'wrong typed', 'till-1', 'EUR 90 Shop');
SELECT verdict, tries_left FROM qt.answer('a', 'typed', 'till-1', 'EUR 90 Shop');
SELECT verdict, reason FROM qrcred.history(:a) ORDER BY attempt_no DESC LIMIT 2;
-- the tier of a static code alone
SELECT qrcred.set_policy('bank', '{"second_scan": "optional", "static_alone": true}');
SELECT verdict, tier FROM qt.scan('a', 'till-1', 'CNY 10 Shop');
SELECT verdict, tier FROM qt.scan('a', 'till-1', 'CNY 0.01 Shop');
-- nothing is bounded without limits
SELECT qrcred.set_policy('bank', '{"tier_limits": null}');
SELECT verdict, tier FROM qt.scan('a', 'till-1', 'CNY 1000000 Shop');
SELECT qt.broken_chains();
