-- What a wrong guess costs: tries, freezes and how they grow, marks, the last freeze,
-- and that no rollback, repetition or ignorance of the caller's changes it.
SELECT qt.fresh();
SELECT qt.make('a');
SELECT id AS a, static AS a_static FROM qt.wallet WHERE name = 'a' \gset

-- a success clears the count; the third in a row freezes
SELECT verdict FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'wrong');
SELECT * FROM qt.answer('a', 'wrong typed');
SELECT * FROM qt.peek('a');
SELECT * FROM qt.scan('a');
SELECT * FROM qt.peek('a');
SELECT * FROM qt.answer('a');
SELECT * FROM qt.peek('a');
SELECT * FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'wrong');
SELECT * FROM qt.answer('a', 'wrong');
SELECT verdict, next, tries_left, customer_ref, issuer, tier, challenge, attempt_no IS NOT NULL AS attempt_no
FROM qrcred.verify_second(:a, qt.shown('a', 'wrong typed'), 'till-1');
SELECT * FROM qt.peek('a');
-- said while the challenge would still be open, then no more; always to a right code
SELECT * FROM qt.answer('a');
SELECT * FROM qt.answer('a', 'wrong');
SELECT * FROM qt.answer('a', 'wrong', 'till-2');
SELECT * FROM qt.scan('a');
SELECT * FROM qt.scan('a', how => 'rotating');
SELECT verdict, next FROM qt.wallet, qrcred.verify(qt.code(17, 7, id, generation, 1, '\x00'), 'till-1') WHERE name = 'a';
SELECT qt.pass('a', 121);
SELECT * FROM qt.answer('a');
SELECT * FROM qt.scan('a');
SELECT * FROM qt.peek('a');

-- five minutes; after it every factor has one guess
SELECT qt.pass('a', 300 - 121 - 2);
SELECT state FROM qt.peek('a');
SELECT qt.pass('a', 3);
SELECT * FROM qt.peek('a');
SELECT verdict FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'wrong');
SELECT * FROM qt.peek('a');
-- ten minutes, twenty; the right answer takes the mark away
SELECT qt.pass('a', 598);
SELECT state FROM qt.peek('a');
SELECT qt.pass('a', 3);
SELECT state FROM qt.peek('a');
SELECT verdict FROM qt.scan('a');
SELECT verdict FROM qt.answer('a');
SELECT verdict FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'wrong');
SELECT * FROM qt.answer('a', 'wrong');
SELECT * FROM qt.answer('a', 'wrong');
SELECT qt.pass('a', 1198);
SELECT * FROM qt.peek('a');
SELECT qt.pass('a', 3);
SELECT state FROM qt.peek('a');
-- the fourth, and the fifth voids for good
SELECT verdict FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'wrong');
SELECT qt.pass('a', 2398);
SELECT * FROM qt.peek('a');
SELECT qt.pass('a', 3);
SELECT verdict FROM qt.scan('a');
SELECT * FROM qt.answer('a', 'wrong');
SELECT * FROM qt.peek('a');
SELECT * FROM qt.answer('a');
SELECT * FROM qt.scan('a');
SELECT * FROM qt.scan('a', how => 'rotating');
SELECT qt.pass('a', 40 * 86400);
SELECT * FROM qt.peek('a');
SELECT * FROM qt.scan('a');
SELECT qt.err(format('SELECT qrcred.release(%s, %L)', :a, 'asked'));

-- what the bank's sender is to tell (frozen 2, voided 4, warning 5), in ids only
SELECT n.kind, count(*) FROM qrcred_store.outbox n WHERE credential_id = :a AND n.kind NOT IN (0, 1) GROUP BY 1 ORDER BY 1;

-- thirty days without a freeze: it begins again at five minutes
SELECT qt.make('m');
SELECT verdict FROM qt.scan('m');
SELECT * FROM qt.answer('m', 'wrong');
SELECT * FROM qt.answer('m', 'wrong');
SELECT * FROM qt.answer('m', 'wrong');
SELECT qt.pass('m', 29 * 86400);
SELECT verdict FROM qt.scan('m');
SELECT * FROM qt.answer('m', 'wrong');
SELECT qt.pass('m', 301);
SELECT state FROM qt.peek('m');
SELECT qt.pass('m', 30 * 86400);
SELECT verdict FROM qt.scan('m');
SELECT * FROM qt.answer('m', 'wrong');
SELECT qt.pass('m', 301);
SELECT * FROM qt.peek('m');

-- limits by policy, the cap, and five in all whatever the policy
SELECT qrcred.create_issuer('strict', 'Strict', '', '{"activation": "none", "strike_limit": 1, "freeze_seconds": 100, "freeze_cap_seconds": 150, "max_freezes": 20, "challenge_seconds": 3600}');
SELECT qrcred.create_issuer('mild', 'Mild', '', '{"activation": "none", "strike_limit": 5, "max_freezes": 1}');
SELECT qt.make('s', 'strict'), qt.make('f', 'mild');
DO $$
DECLARE
    v record;
BEGIN
    FOR i IN 1..3 LOOP
        PERFORM qt.scan('s');
        SELECT * INTO v FROM qt.answer('s', 'wrong');
        PERFORM qt.pass('s', (ARRAY[98, 148, 148])[i]);
        COMMIT;
        RAISE NOTICE '% % %, then %', v.verdict, v.next, v.tries_left, (qt.peek('s')).state;
        PERFORM qt.pass('s', 3);
        COMMIT;
        RAISE NOTICE '%', (qt.peek('s')).state;
    END LOOP;
    PERFORM qt.scan('f');
    FOR i IN 1..5 LOOP
        SELECT * INTO v FROM qt.answer('f', 'wrong');
        RAISE NOTICE '% % %', v.verdict, v.next, v.tries_left;
    END LOOP;
    PERFORM qt.pass('f', 301);
    COMMIT;
    PERFORM qt.scan('f');
    SELECT * INTO v FROM qt.answer('f', 'wrong');
    RAISE NOTICE '% % %, %', v.verdict, v.next, v.tries_left, (qt.peek('f')).state;
END $$;
-- a freeze shorter than the challenge: that challenge stays ended
SELECT qt.pass('s', 101);
SELECT verdict FROM qt.scan('s');
SELECT * FROM qt.answer('s', 'wrong');
SELECT qt.pass('s', 151);
SELECT * FROM qt.answer('s');
SELECT * FROM qt.peek('s');

-- guesses that are undone count all the same: blocks, savepoints, exceptions, cursors
SELECT qt.make('b');
SELECT id AS b FROM qt.wallet WHERE name = 'b' \gset
SELECT verdict FROM qt.scan('b');
BEGIN;
SELECT * FROM qt.answer('b', 'wrong');
ROLLBACK;
SELECT * FROM qt.peek('b');
BEGIN;
SAVEPOINT s;
SELECT * FROM qt.answer('b', 'wrong');
ROLLBACK TO s;
SELECT * FROM qt.peek('b');
COMMIT;
DO $$
BEGIN
    RAISE EXCEPTION '%', (qt.answer('b', 'wrong typed')).tries_left;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '% tries left', SQLERRM;
END $$;
SELECT * FROM qt.peek('b');
SELECT count(*) AS rows, count(*) FILTER (WHERE verdict = 3) AS rejected FROM qrcred_store.attempt WHERE owner = :b;
-- an acceptance undone is used all the same
SELECT qt.make('c');
SELECT id AS c FROM qt.wallet WHERE name = 'c' \gset
SELECT verdict FROM qt.scan('c');
BEGIN;
SELECT * FROM qt.answer('c');
ROLLBACK;
SELECT * FROM qt.answer('c');
SELECT qt.calm();
BEGIN;
SELECT * FROM qt.scan('c', how => 'rotating');
ROLLBACK;
SELECT * FROM qt.scan('c', how => 'rotating');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT verdict FROM qt.scan('c');
SELECT * FROM qt.answer('c', 'wrong');
SELECT * FROM qt.peek('c');
ROLLBACK;
SELECT * FROM qt.peek('c');

SELECT qt.broken_chains();
