-- Staff: freeze, release, void. A freeze holds at once, a release from its commit on, and
-- only for the freeze it was written for.
SELECT qt.fresh();
SELECT qt.make('a'), qt.make('b'), qt.make('v');
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset
SELECT id AS b FROM qt.wallet WHERE name = 'b' \gset
SELECT id AS v FROM qt.wallet WHERE name = 'v' \gset

-- what is refused
SELECT x, qt.err(format('SELECT qrcred.' || x, :a)) FROM unnest(ARRAY[
    'freeze(NULL, ''r'')', 'freeze(%s, NULL)', 'freeze(%s, '''')', 'freeze(%s, repeat(''x'', 1001))', 'freeze(1, ''r'')', 'freeze(0, ''r'')', 'freeze(-1, ''r'')', 'freeze(%s, ''r'', 0)', 'freeze(%s, ''r'', -1)',
    'release(NULL, ''r'')', 'release(%s, NULL)', 'release(%s, '''')', 'release(1, ''r'')', 'release(-1, ''r'')', 'release(%s, ''r'')',
    'void_credential(NULL, ''r'')', 'void_credential(%s, NULL)', 'void_credential(%s, '''')', 'void_credential(1, ''r'')', 'void_credential(-1, ''r'')',
    'peek(NULL)', 'peek(1)', 'peek(0)', 'peek(-1)']) x;
BEGIN READ ONLY;
SELECT left(qt.err(format('SELECT qrcred.' || x, :a)), 5) FROM unnest('{"freeze(%s, ''r'')","void_credential(%s, ''r'')"}'::text[]) x;
ROLLBACK;
SELECT * FROM qt.peek('a');

-- peek: waiting, open, expired
SELECT qrcred.register('bank', 'C-w', 'W', '1', '2');
SELECT state, valid_until > extract(epoch FROM now()) + 364 * 86400 AS valid_until, strikes, freeze_no FROM qrcred.issue('bank', 'C-w') i, LATERAL qrcred.peek(i.credential_id);
SELECT * FROM qt.peek('a');

-- for seconds, and until released
SELECT verdict FROM qt.scan('a');
SELECT qrcred.freeze(:a, 'phone lost', 600);
SELECT * FROM qt.peek('a');
SELECT * FROM qt.answer('a');
SELECT * FROM qt.answer('a', 'wrong');
SELECT * FROM qt.scan('a');
SELECT qt.pass('a', 598);
SELECT state FROM qt.peek('a');
SELECT qt.pass('a', 3);
SELECT * FROM qt.peek('a');
-- that challenge is over; a freeze by hand leaves one guess too
SELECT verdict FROM qt.answer('a');
SELECT verdict FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'wrong');
SELECT qrcred.release(:a, 'it was the customer');
SELECT * FROM qt.peek('a');
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a');
SELECT qrcred.freeze(:a, 'until released');
SELECT qt.pass('a', 400 * 86400);
SELECT * FROM qt.peek('a');
-- counts go to zero with it
SELECT qrcred.release(:a, 'found');
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a');
SELECT verdict FROM qt.scan('a');
SELECT tries_left FROM qt.answer('a', 'wrong');
SELECT tries_left FROM qt.answer('a', 'wrong');
SELECT strikes FROM qt.peek('a');
SELECT qrcred.freeze(:a, 'again');
SELECT * FROM qt.peek('a');

-- a release is its transaction's: undone, it never was; uncommitted, it opens nothing
BEGIN;
SELECT qrcred.release(:a, 'mistake');
SELECT state FROM qt.peek('a');
SELECT verdict FROM qt.scan('a');
ROLLBACK;
SELECT state FROM qt.peek('a');
SELECT verdict FROM qt.scan('a');
SELECT count(*) FROM qrcred_store.release WHERE credential_id = :a AND reason = 'mistake';
BEGIN;
SAVEPOINT s;
SELECT qrcred.release(:a, 'mistake');
RELEASE s;
SELECT verdict FROM qt.scan('a');
COMMIT;
SELECT state FROM qt.peek('a');
SELECT verdict FROM qt.scan('a');
-- a freeze holds whatever becomes of its transaction
BEGIN;
SELECT qrcred.freeze(:a, 'undone');
ROLLBACK;
SELECT * FROM qt.peek('a');
SELECT verdict FROM qt.scan('a');
-- a release of an older freeze opens no newer one
BEGIN;
SELECT qrcred.release(:a, 'of the older');
SELECT qrcred.freeze(:a, 'the newer');
COMMIT;
SELECT * FROM qt.peek('a');
SELECT verdict FROM qt.scan('a');
INSERT INTO qrcred_store.release SELECT credential_id, freeze_no + 1, mac, kid, actor, at, reason FROM qrcred_store.release WHERE credential_id = :a ORDER BY freeze_no DESC LIMIT 1;
SELECT state FROM qt.peek('a');
-- a row that the key's holder did not write opens nothing, and is in nobody's way for long
SELECT qrcred.freeze(:b, 'asked');
INSERT INTO qrcred_store.release SELECT :b, 1, x, 7, 'postgres', now(), 'forged' FROM (SELECT mac AS x FROM qrcred_store.release WHERE credential_id = :a LIMIT 1) m;
SELECT * FROM qt.peek('b');
SELECT * FROM qt.scan('b');
SELECT qt.err(format('SELECT qrcred.release(%s, %L)', :b, 'asked'));
SELECT qrcred.freeze(:b, 'asked');
SELECT qrcred.release(:b, 'asked');
SELECT * FROM qt.peek('b');
SELECT verdict FROM qt.scan('b');
-- twice is an error, not a second row
SELECT qrcred.freeze(:b, 'asked');
BEGIN;
SELECT qrcred.release(:b, 'asked');
SELECT qt.err(format('SELECT qrcred.release(%s, %L)', :b, 'asked'));
COMMIT;
SELECT qt.err(format('SELECT qrcred.release(%s, %L)', :b, 'asked'));
-- a shorter freeze shortens nothing
SELECT qrcred.freeze(:a, 'long'), qrcred.freeze(:a, 'short', 1);
SELECT qt.pass('a', 2);
SELECT state FROM qt.peek('a');

-- void is for good and at once
SELECT verdict FROM qt.scan('v');
BEGIN;
SELECT qrcred.void_credential(:v, 'closed account');
ROLLBACK;
SELECT * FROM qt.peek('v');
SELECT * FROM qt.answer('v');
SELECT * FROM qt.scan('v');
SELECT qt.err(format('SELECT qrcred.release(%s, ''x'')', :v));
SELECT state FROM qt.peek('v');
SELECT n.kind, count(*) FROM qrcred_store.outbox n WHERE n.credential_id = :v AND n.kind > 1 GROUP BY 1 ORDER BY 1;
SELECT qrcred.freeze(:v, 'again', 1);
SELECT qt.pass('v', 5);
SELECT * FROM qt.peek('v');
SELECT * FROM qt.scan('v');

-- who, when and why is kept; the words of an act undone go with it, the act stays
SELECT words, actor = session_user AS actor, count(*) FROM qrcred_store.act WHERE owner IN (:a, :v) GROUP BY 1, 2 ORDER BY words;
SELECT actor = session_user AS actor, reason FROM qrcred_store.release WHERE credential_id = :a ORDER BY freeze_no;
SELECT qt.broken_chains();
