/*
 * test_payer.c
 *	  The rules of a payer one by one: verification codes, bindings, login names
 *	  that are taken, and what a repeated request gets.
 */
#include "payer_card.h"

static void
test_verification(void)
{
	Card		c = fresh();
	QcEvent		e;
	int			i;

	CHECK(present(&c, 1, RIGHT) == QC_ACCEPTED);
	confirm(&c, WRONG);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_WRONG, QC_NEXT_NONE));
	CHECK(c.out.counted && c.out.tries_left == 2 && c.out.factor == QC_FACTOR_VERIFICATION &&
		  c.out.attempt_no == 2 && c.out.tier == 0 && c.s.strikes[QC_FACTOR_VERIFICATION] == 1);
	confirm(&c, WRONG);
	CHECK(c.out.tries_left == 1 && c.out.next == QC_NEXT_NONE);

	/* a right one, as often as it comes; it is no acceptance of its own */
	for (i = 0; i < 3; i++)
	{
		confirm(&c, RIGHT);
		CHECK(is_answer(&c, QC_ACCEPTED, QC_WHY_NONE, QC_NEXT_NONE) && !c.out.repeated);
		CHECK(c.out.tier == 'B' && c.out.tries_left == -1 && c.out.attempt_no == c.s.attempt_no &&
			  !c.out.counted);
		CHECK(c.s.accept_no == 1 && c.s.strikes[QC_FACTOR_VERIFICATION] == 0);
	}

	/* the count goes on from one payment to the next */
	for (i = 3; i > 0; i--)
	{
		confirm(&c, WRONG);
		CHECK(c.out.tries_left == i - 1);
		c.now += 30 * SECOND;
		if (i > 1)
			CHECK(present(&c, 5 + i, RIGHT) == QC_ACCEPTED);
	}
	CHECK(c.out.next == QC_NEXT_STOP && c.out.notice == QC_NOTICE_FROZEN && c.s.freeze_no == 1);
	CHECK(confirm(&c, RIGHT) == QC_FROZEN);

	/* none is a wrong one */
	c = fresh();
	e = verification(&c, RIGHT);
	e.guess_len = 0;
	CHECK(apply(&c, &e) == QC_REJECTED && c.out.counted);
	e = verification(&c, RIGHT);
	e.guess[5] ^= 1;
	CHECK(apply(&c, &e) == QC_REJECTED && c.out.counted);
}

/* Too late, it is not looked at; where the policy has none, it is not asked for. */
static void
test_verification_not_looked_at(void)
{
	int			guess;
	int			i;

	for (guess = RIGHT; guess <= WRONG; guess++)
	{
		Card		c = fresh();
		QcStrike	before;
		QcEvent		e;

		confirm(&c, WRONG);
		c.s.marks = QC_MARK_ALL;
		before = c.s;
		e = verification(&c, (Guess) guess);
		e.late = true;
		apply(&c, &e);
		CHECK(is_answer(&c, QC_REJECTED, QC_WHY_WINDOW, QC_NEXT_NONE));
		CHECK(!c.out.counted && c.out.tries_left == -1 && is_untouched(&c.s, &before));

		e = verification(&c, (Guess) guess);
		e.right = true;
		apply(&c, &e);
		CHECK(is_answer(&c, QC_ACCEPTED, QC_WHY_NONE, QC_NEXT_NONE) && c.out.tier == 'B' &&
			  c.out.attempt_no == c.s.attempt_no && !c.out.counted);
		/* no code was right, so that no count is cleared */
		CHECK(is_untouched(&c.s, &before));

		for (i = 0; i < LENGTH(bars); i++)
		{
			int			how;

			for (how = 0; how < 3; how++)
			{
				c = barred(&bars[i]);
				before = c.s;
				e = verification(&c, (Guess) guess);
				e.late = how == 1;
				e.right = how == 2;
				apply(&c, &e);
				CHECK(is_answer(&c, bars[i].verdict, bars[i].reason, bars[i].next));
				CHECK(!c.out.counted && c.out.tier == 0 && is_untouched(&c.s, &before));
			}
		}
	}
}

/* The same request gets the same verdict and number, and changes nothing. */
static void
test_repeat(void)
{
	int			kind;
	int			guess;
	int			earlier;

	for (kind = 0; kind < 2; kind++)
		for (guess = RIGHT; guess <= WRONG; guess++)
			for (earlier = 0; earlier < 3; earlier++)
			{
				Card		c = fresh();
				Card		at;
				QcOutcome	first;
				QcEvent		e;
				int			i;

				c.p.strike_limit = kind == 0 ? 5 : 3;
				for (i = 0; i < earlier; i++)
					(void) (kind == 0 ? present(&c, 1, WRONG) : confirm(&c, WRONG));
				e = kind == 0 ? presented(&c, 1, 0, (Guess) guess) : verification(&c, (Guess) guess);
				memset(e.request, 0xaa, sizeof(e.request));
				apply(&c, &e);
				first = c.out;
				CHECK(!first.repeated && first.counted == (guess == WRONG));

				at = c;
				at.now += 120 * SECOND;
				apply(&at, &e);
				CHECK(at.out.repeated && at.out.verdict == first.verdict &&
					  at.out.reason == first.reason && at.out.next == first.next &&
					  at.out.tier == first.tier && at.out.tries_left == first.tries_left &&
					  at.out.attempt_no == first.attempt_no && !at.out.counted &&
					  at.out.notice == QC_NOTICE_NONE);
				CHECK(at.s.request_at == c.s.request_at && is_untouched(&at.s, &c.s));

				/* after 120 s, or under another number, it is a request of its own */
				at = c;
				at.now += 120 * SECOND + 1;
				apply(&at, &e);
				CHECK(!at.out.repeated);
				at = c;
				e.request[15] ^= 1;
				apply(&at, &e);
				CHECK(!at.out.repeated);
				if (kind == 0 && guess == RIGHT)
					CHECK(at.out.reason == QC_WHY_REPLAYED);
				if (kind == 0 && guess == WRONG && earlier == 2)
					CHECK(at.out.reason == QC_WHY_PAYMENT);
				if (kind == 1 && guess == WRONG && earlier == 2)
					CHECK(at.out.verdict == QC_FROZEN);

				/* what is bound anew meanwhile is asked anew */
				at = c;
				e.request[15] ^= 1;
				at.s.frozen_until = 0;
				CHECK(end_binding(&at) == QC_DONE);
				apply(&at, &e);
				CHECK(!at.out.repeated);
			}
}

/* Binding anew: every older code is worthless, and nothing else changes. */
static void
test_binding(void)
{
	Card		c = fresh();
	QcStrike	x;
	Card		at;
	int			i;

	c.s.flags |= QC_FLAG_DOWNLOADED;
	present(&c, 1, RIGHT);
	confirm(&c, WRONG);
	present(&c, 1, WRONG);
	memset(c.s.request, 0xbb, sizeof(c.s.request));
	at = c;
	end_binding(&at);
	CHECK(is_answer(&at, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE));
	CHECK(at.out.factor == QC_FACTOR_NONE && at.out.notice == QC_NOTICE_NONE &&
		  !at.out.counted && at.out.tries_left == -1 && at.out.tier == 0);
	CHECK(at.s.generation == 2 && at.s.kid == 2 &&
		  at.s.valid_until == at.now / QC_USEC + 400 * 86400);
	for (i = 0; i < 32; i++)
		CHECK(at.s.digest[i] == 0xd2);
	for (i = 0; i < 16; i++)
		CHECK(at.s.request[i] == 0);
	x = at.s;
	x.generation = c.s.generation;
	x.kid = c.s.kid;
	x.valid_until = c.s.valid_until;
	memcpy(x.digest, c.s.digest, sizeof(x.digest));
	memcpy(x.request, c.s.request, sizeof(x.request));
	CHECK(is_untouched(&x, &c.s));

	/* only what has expired is lifted by it */
	for (i = 0; i < LENGTH(bars); i++)
	{
		QcStrike	before;

		at = barred(&bars[i]);
		before = at.s;
		end_binding(&at);
		if (bars[i].reason == QC_WHY_EXPIRED)
		{
			CHECK(is_answer(&at, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE) && at.s.generation == 2);
			CHECK(present(&at, 1, RIGHT) == QC_ACCEPTED);
			continue;
		}
		CHECK(at.out.verdict == QC_REJECTED && at.out.reason == bars[i].reason);
		CHECK(is_untouched(&at.s, &before));
	}
	at = c;
	act(&at, QC_EV_FREEZE, 0);
	CHECK(end_binding(&at) == QC_REJECTED && at.s.generation == 1);
	at.released = 1;
	CHECK(end_binding(&at) == QC_DONE && at.s.generation == 2);

	/* the last generation has none after it */
	at = c;
	at.s.generation = 254;
	CHECK(end_binding(&at) == QC_DONE && at.s.generation == 255 && at.s.kid == 2);
	CHECK((at.s.flags & QC_FLAG_VOID) == 0 && at.out.notice == QC_NOTICE_NONE);
	at.s.kid = 1;
	end_binding(&at);
	CHECK(at.out.notice == QC_NOTICE_VOIDED);
	CHECK(at.s.generation == 255 && at.s.kid == 1 && (at.s.flags & QC_FLAG_VOID) != 0);
	at.now += 30 * SECOND;
	present(&at, 1, RIGHT);
	CHECK(is_answer(&at, QC_FROZEN, QC_WHY_VOID, QC_NEXT_STOP));
	CHECK(end_binding(&at) == QC_REJECTED && at.out.reason == QC_WHY_VOID);
}

/* A login name that is somebody's: told to who has ticket and answer, which stay good. */
static void
test_taken(void)
{
	static const struct
	{
		const char *what;
		bool		is_free;	/* no answer is needed */
		Guess		guess;
		bool		unanswered;
		bool		expired;
		bool		used;
		QcReason	reason;
	}			row[] = {
		{"right", false, RIGHT, false, false, false, QC_WHY_TAKEN},
		{"no answer needed", true, WRONG, false, false, false, QC_WHY_TAKEN},
		{"wrong", false, WRONG, false, false, false, QC_WHY_ANSWER},
		{"unanswered", false, RIGHT, true, false, false, QC_WHY_ANSWER},
		{"expired", false, RIGHT, false, true, false, QC_WHY_TICKET_EXPIRED},
		{"used", false, RIGHT, false, false, true, QC_WHY_TICKET_USED}
	};
	int			i;

	for (i = 0; i < LENGTH(row); i++)
	{
		Card		c = fresh();
		QcEvent		e = event(&c, QC_EV_DOWNLOAD);
		QcStrike	x;
		QcStrike	before;

		put_guess(&e, row[i].guess);
		e.right = row[i].is_free;
		e.unanswered = row[i].unanswered;
		e.ticket_expired = row[i].expired;
		e.ticket_serial = 1;
		e.generation = 1;
		e.taken = true;
		if (row[i].used)
			c.s.ticket_state = QC_TICKET_USED;
		before = c.s;
		apply(&c, &e);
		CHECK_NOTE(is_answer(&c, QC_REJECTED, row[i].reason, QC_NEXT_NONE), row[i].what);
		CHECK_NOTE(!c.out.counted && !c.out.repeated, row[i].what);
		CHECK_NOTE(c.s.ticket_wrong == (row[i].guess == WRONG && !row[i].is_free), row[i].what);
		x = c.s;
		x.ticket_wrong = 0;
		CHECK_NOTE(is_untouched(&x, &before), row[i].what);

		/* another name is had for the same ticket */
		if (row[i].reason == QC_WHY_TAKEN)
		{
			e.taken = false;
			CHECK_NOTE(apply(&c, &e) == QC_DONE && c.s.ticket_state == QC_TICKET_USED, row[i].what);
			e.taken = true;
			CHECK_NOTE(apply(&c, &e) == QC_REJECTED && c.out.reason == QC_WHY_TICKET_USED, row[i].what);
		}
	}

	/* wrong answers spend the ticket, taken or not */
	{
		Card		c = fresh();
		QcEvent		e = event(&c, QC_EV_DOWNLOAD);

		put_guess(&e, WRONG);
		e.ticket_serial = 1;
		e.generation = 1;
		e.taken = true;
		for (i = 0; i < 5; i++)
			CHECK(apply(&c, &e) == QC_REJECTED && c.out.reason == QC_WHY_ANSWER);
		put_guess(&e, RIGHT);
		CHECK(apply(&c, &e) == QC_REJECTED && c.out.reason == QC_WHY_TICKET_USED);
	}
}

int
main(void)
{
	test_verification();
	test_verification_not_looked_at();
	test_repeat();
	test_binding();
	test_taken();
	return finish();
}
