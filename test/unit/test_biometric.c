/*
 * test_biometric.c
 *	  The rules of codes made from a biometric: when they are looked at, what a
 *	  wrong one costs the payment and the payer, and how they count together
 *	  with every other guess.
 */
#include "payer_card.h"

#define PAYMENT		1
#define OTHER		2

/* Steps, as those of rotating codes; outside of them no code is looked at. */
static void
test_window(void)
{
	static const struct
	{
		int			offset;
		bool		skew_ahead;
		int			used;		/* the last step before, from now */
		QcReason	reason;		/* none: looked at */
	}			row[] = {
		{-2, false, -9, QC_WHY_WINDOW}, {-2, true, -9, QC_WHY_WINDOW},
		{-1, false, -9, QC_WHY_NONE}, {-1, true, -9, QC_WHY_NONE},
		{0, false, -9, QC_WHY_NONE}, {0, true, -9, QC_WHY_NONE},
		{1, false, -9, QC_WHY_WINDOW}, {1, true, -9, QC_WHY_NONE},
		{2, true, -9, QC_WHY_WINDOW},
		{-1, false, -2, QC_WHY_NONE}, {-1, false, -1, QC_WHY_REPLAYED},
		{-1, false, 0, QC_WHY_REPLAYED}, {0, false, -1, QC_WHY_NONE},
		{0, false, 0, QC_WHY_REPLAYED}, {0, false, 1, QC_WHY_REPLAYED},
		{1, true, 0, QC_WHY_NONE}, {1, true, 1, QC_WHY_REPLAYED}
	};
	int			i;
	int			guess;
	int			edge;

	for (i = 0; i < LENGTH(row); i++)
		for (guess = RIGHT; guess <= WRONG; guess++)
			for (edge = 0; edge < 2; edge++)
			{
				Card		c = fresh();
				QcStrike	before;
				QcEvent		e;
				int64_t		step;

				/* the first and the last microsecond of a step */
				c.now += edge * (30 * SECOND - 1);
				step = c.now / QC_USEC / QC_STEP_SECONDS;
				c.p.skew_ahead = row[i].skew_ahead;
				c.s.step_biometric = step + row[i].used;
				before = c.s;
				e = presented(&c, PAYMENT, row[i].offset, (Guess) guess);
				apply(&c, &e);
				CHECK(c.out.factor == QC_FACTOR_BIOMETRIC);
				if (row[i].reason != QC_WHY_NONE)
				{
					CHECK(is_answer(&c, QC_REJECTED, row[i].reason, QC_NEXT_NONE));
					CHECK(!c.out.counted && c.out.tries_left == -1 && c.out.tier == 0);
					CHECK(is_untouched(&c.s, &before));
					continue;
				}
				CHECK(c.out.counted == (guess == WRONG));
				CHECK(c.out.verdict == (guess == WRONG ? QC_REJECTED : QC_ACCEPTED));
				CHECK(c.out.reason == (guess == WRONG ? QC_WHY_WRONG : QC_WHY_NONE));
				CHECK(c.s.strikes[QC_FACTOR_BIOMETRIC] == (guess == WRONG));
				/* a wrong code leaves its step to the right one */
				CHECK(c.s.step_biometric == step + (guess == WRONG ? row[i].used : row[i].offset));
			}
}

static void
test_accepted(void)
{
	Card		c = fresh();

	c.p.ask_password = true;
	c.s.attempt_no = 40;
	c.s.accept_settled = 1;
	c.gateway = OTHER_TILL;
	present(&c, PAYMENT, RIGHT);
	CHECK(is_answer(&c, QC_ACCEPTED, QC_WHY_NONE, QC_NEXT_NONE));
	CHECK(c.out.tier == 'B' && c.out.tries_left == -1 && c.out.attempt_no == 41);
	CHECK(c.out.notice == QC_NOTICE_NONE && !c.out.counted && !c.out.repeated);
	CHECK(c.s.accept_no == 41 && c.s.accept_at == c.now && c.s.accept_gateway == OTHER_TILL &&
		  c.s.accept_tier == 'B' && c.s.accept_settled == 0);
	CHECK(c.s.step_rotating == 0 && c.s.step_renewal == 0);

	/* a code of another kind has steps of its own */
	c = fresh();
	c.s.step_rotating = c.s.step_renewal = INT64_MAX;
	CHECK(present(&c, PAYMENT, RIGHT) == QC_ACCEPTED);

	/* no code is a wrong one, whatever the caller says of it */
	c = fresh();
	{
		QcEvent		e = presented(&c, PAYMENT, 0, RIGHT);

		e.guess_len = 0;
		e.right = true;
		CHECK(apply(&c, &e) == QC_REJECTED && c.out.counted);
		e = presented(&c, PAYMENT, 0, WRONG);
		e.right = true;
		CHECK(apply(&c, &e) == QC_REJECTED && c.out.counted);
		e = presented(&c, PAYMENT, 0, RIGHT);
		e.guess[15] ^= 1;
		CHECK(apply(&c, &e) == QC_REJECTED && c.out.counted);
	}
}

/* A step pays once: not for another payment, not after binding anew, not for a clock set back. */
static void
test_replay(void)
{
	Card		base = fresh();
	Card		c;
	int			guess;

	CHECK(present(&base, PAYMENT, RIGHT) == QC_ACCEPTED);
	for (guess = RIGHT; guess <= WRONG; guess++)
	{
		c = base;
		present(&c, PAYMENT, (Guess) guess);
		CHECK(is_answer(&c, QC_REJECTED, QC_WHY_REPLAYED, QC_NEXT_NONE) && !c.out.counted);
		present(&c, OTHER, (Guess) guess);
		CHECK(is_answer(&c, QC_REJECTED, QC_WHY_REPLAYED, QC_NEXT_NONE) && !c.out.counted);
		CHECK(end_binding(&c) == QC_DONE);
		present(&c, OTHER, (Guess) guess);
		CHECK(is_answer(&c, QC_REJECTED, QC_WHY_REPLAYED, QC_NEXT_NONE) && !c.out.counted);
		c.now -= 30 * SECOND;
		present(&c, OTHER, (Guess) guess);
		CHECK(is_answer(&c, QC_REJECTED, QC_WHY_REPLAYED, QC_NEXT_NONE) && !c.out.counted);
		CHECK(qc_strike_sum(&c.s) == 0);
	}
	c = base;
	c.now += 30 * SECOND;
	CHECK(present(&c, OTHER, RIGHT) == QC_ACCEPTED);
}

/*
 * Sequences of guesses, codes each in a step of its own: b, c and d are wrong codes
 * for three payments, B and C right ones; v and V verification codes, w a wrong
 * password after an acceptance, s a strike that a gateway noted.
 *
 * answer has for each: + accepted, a digit for the tries left after a wrong
 * one, 0 for the freeze, x for a third wrong code of the payment without one,
 * p for a payment that was left, f for frozen.
 */
static void
play(int limit, const char *guesses, const char *answer)
{
	Card		c = fresh();
	int			i;

	c.p.strike_limit = limit;
	CHECK_NOTE(strlen(guesses) == strlen(answer), guesses);
	for (i = 0; answer[i] != '\0'; i++)
	{
		char		g = guesses[i];
		bool		is_biometric = strchr("bcdBC", g) != NULL;
		int			sum = qc_strike_sum(&c.s);
		int			freeze_no = c.s.freeze_no;

		c.now += (is_biometric ? 30 : 5) * SECOND;
		if (is_biometric)
			present(&c, strchr("bB", g) ? 1 : strchr("cC", g) ? 2 : 3,
					strchr("BC", g) ? RIGHT : WRONG);
		else if (g == 'w')
			give_password(&c, WRONG);
		else if (g == 's')
			act(&c, QC_EV_COUNT, 0);
		else
			confirm(&c, g == 'V' ? RIGHT : WRONG);

		if (answer[i] == '+')
			CHECK_NOTE(c.out.verdict == QC_ACCEPTED && c.out.tries_left == -1 && !c.out.counted, guesses);
		else if (answer[i] == 'p')
			CHECK_NOTE(is_answer(&c, QC_REJECTED, QC_WHY_PAYMENT, QC_NEXT_STOP) &&
					   c.out.tries_left == -1 && !c.out.counted && qc_strike_sum(&c.s) == sum, guesses);
		else if (answer[i] == 'f')
			CHECK_NOTE(is_answer(&c, QC_FROZEN, QC_WHY_FROZEN, QC_NEXT_NONE) &&
					   c.out.tries_left == -1 && !c.out.counted, guesses);
		else
		{
			bool		is_freeze = answer[i] == '0';
			int			left = answer[i] == 'x' ? 0 : answer[i] - '0';
			QcNext		next = g == 'w' ? QC_NEXT_PASSWORD : g == 's' ? QC_NEXT_SECOND_CODE : QC_NEXT_NONE;

			CHECK_NOTE(is_answer(&c, QC_REJECTED, QC_WHY_WRONG, left == 0 ? QC_NEXT_STOP : next), guesses);
			CHECK_NOTE(c.out.counted && c.out.tries_left == left, guesses);
			CHECK_NOTE(c.out.attempt_no == c.s.attempt_no && c.out.tier == 0, guesses);
			CHECK_NOTE(c.out.notice == (is_freeze ? QC_NOTICE_FROZEN : QC_NOTICE_NONE), guesses);
			CHECK_NOTE(c.s.freeze_no == freeze_no + is_freeze, guesses);
			CHECK_NOTE(qc_strike_sum(&c.s) == (is_freeze ? 0 : sum + 1), guesses);
		}
	}
}

static void
test_limits(void)
{
	static const struct
	{
		int			limit;
		const char *guesses;
		const char *answer;
	}			row[] = {
		{1, "bb", "0f"}, {1, "Bb", "+0"}, {1, "v", "0"},
		{2, "bbb", "10f"}, {2, "bcb", "10f"}, {2, "bvbv", "110f"},
		{3, "bbbb", "210f"}, {3, "bcdB", "210f"}, {3, "bcb", "210"}, {3, "vvv", "210"},
		/* the payment ends before the payer's limit */
		{4, "bbbb", "21xp"}, {4, "bbbB", "21xp"}, {4, "bbbc", "21x0"},
		{5, "bbbb", "21xp"}, {5, "bbbBb", "21xpp"}, {5, "bbbcc", "21x10"},
		{5, "bbbC", "21x+"}, {5, "bbbCcc", "21x+21"}, {5, "bbbV", "21x+"},
		/* one payment after the other: two are remembered, and the payer's limit holds */
		{5, "bcbcb", "22110"}, {5, "bcbb", "221x"}, {5, "bcbbbcC", "221xp0f"}, {5, "bcdbc", "22210"}, {5, "bbccb", "21210"}, {4, "bcdb", "2210"},
		/* a right code does not wipe out what the payment has had */
		{3, "bbBb", "21+x"}, {3, "bbBbb", "21+xp"}, {3, "bbBccc", "21+210"}, {3, "bbCbbb", "21+xpp"},
		{5, "bBbBbb", "2+1+xp"},
		/* with other factors, five in all */
		{3, "vvbb", "2121"}, {3, "vvbbv", "21210"}, {3, "vvbbb", "21210"}, {3, "vvbbs", "21210"},
		{5, "vvvvb", "43210"}, {5, "bbvvv", "21210"}, {5, "bvbvb", "23110"},
		{5, "Bwsbv", "+4321"}, {5, "Bwsbvb", "+43210"}, {5, "Bwsbvw", "+43210"},
		{5, "Bwsbvs", "+43210"}, {5, "Bwsbvv", "+43210"}, {4, "Bwwssb", "+32210"},
		/* a success clears its own count and no other */
		{3, "vvBv", "21+0"}, {3, "bbVc", "21+0"}, {3, "vvVvvv", "21+210"}, {3, "vvbbVb", "2121+0"},
		{5, "vvbbBcV", "4321+2+"}, {5, "vvvbBbb", "4321+10"}
	};
	int			i;

	for (i = 0; i < LENGTH(row); i++)
		play(row[i].limit, row[i].guesses, row[i].answer);
}

/* Payments of one customer begin alike; each has its own three all the same. */
static void
test_alike(void)
{
	int			i;

	for (i = 0; i < 16; i++)
	{
		Card		c = fresh();
		QcEvent		e = presented(&c, PAYMENT, 0, WRONG);
		QcEvent		other = e;

		c.p.strike_limit = 5;
		other.payment[i] ^= 1;
		apply(&c, &e);
		apply(&c, &e);
		CHECK(apply(&c, &other) == QC_REJECTED && c.out.tries_left == 2 && c.out.next == QC_NEXT_NONE);

		c = fresh();
		c.p.strike_limit = 5;
		apply(&c, &e);
		apply(&c, &e);
		apply(&c, &e);
		memcpy(other.guess, other.expected, sizeof(other.guess));
		CHECK(apply(&c, &other) == QC_ACCEPTED);
	}
}

/* After a freeze one wrong guess of a factor freezes again, until a right one of it. */
static void
test_marks(void)
{
	int			how;

	for (how = 0; how < 3; how++)
	{
		Card		c = fresh();
		Card		at;
		int			i;

		c.p.strike_limit = 5;
		if (how == 0)
			act(&c, QC_EV_FREEZE, 300);
		for (i = 0; how == 1 && i < 5; i++)
			confirm(&c, WRONG);
		for (i = 0; how == 2 && i < 5; i++)
			present(&c, 10 + i, WRONG);
		CHECK(c.s.freeze_no == 1 && c.s.marks == QC_MARK_ALL);
		/* there was no challenge for it to end */
		CHECK(c.s.challenge_state == QC_CHALLENGE_NONE);
		c.now += 600 * SECOND;

		at = c;
		CHECK(present(&at, PAYMENT, WRONG) == QC_REJECTED);
		CHECK(at.out.tries_left == 0 && at.out.next == QC_NEXT_STOP && at.s.freeze_no == 2);
		CHECK(present(&at, PAYMENT, RIGHT) == QC_FROZEN);
		at = c;
		confirm(&at, WRONG);
		CHECK(at.out.tries_left == 0 && at.out.next == QC_NEXT_STOP && at.s.freeze_no == 2);

		at = c;
		CHECK(confirm(&at, RIGHT) == QC_ACCEPTED);
		CHECK(at.s.marks == (QC_MARK_ALL & ~(1 << QC_FACTOR_VERIFICATION)));
		confirm(&at, WRONG);
		CHECK(at.out.tries_left == 4 && at.s.freeze_no == 1);
		present(&at, PAYMENT, WRONG);
		CHECK(at.out.tries_left == 0 && at.s.freeze_no == 2);

		at = c;
		CHECK(present(&at, PAYMENT, RIGHT) == QC_ACCEPTED);
		CHECK(at.s.marks == (QC_MARK_ALL & ~(1 << QC_FACTOR_BIOMETRIC)));
		at.now += 30 * SECOND;
		present(&at, PAYMENT, WRONG);
		CHECK(at.out.tries_left == 2 && at.out.next == QC_NEXT_NONE && at.s.freeze_no == 1);
		confirm(&at, WRONG);
		CHECK(at.out.tries_left == 0 && at.s.freeze_no == 2);
	}
}

/* Barred: the same answer whatever the code, and nothing of the row touched. */
static void
test_barred(void)
{
	int			i;
	int			guess;
	int			more;

	for (i = 0; i < LENGTH(bars); i++)
		for (guess = RIGHT; guess <= WRONG; guess++)
			for (more = 0; more < 5; more++)
			{
				Card		c = barred(&bars[i]);
				QcStrike	before;
				QcEvent		e;

				if (more == 4)
				{
					memset(c.s.nonce, PAYMENT, sizeof(c.s.nonce));
					c.s.challenge_digits = 3;
				}
				before = c.s;
				/* said before anything else that would be wrong with it */
				e = presented(&c, PAYMENT, more == 1 ? 5 : 0, (Guess) guess);
				e.unbound = more == 2;
				e.over_limit = more == 3;
				apply(&c, &e);
				CHECK(is_answer(&c, bars[i].verdict, bars[i].reason, bars[i].next));
				CHECK(!c.out.counted && c.out.tries_left == -1 && c.out.attempt_no == 0);
				CHECK(is_untouched(&c.s, &before));
			}
}

/* A release that names the freeze lifts it with the code that comes upon it. */
static void
test_released(void)
{
	Card		c = fresh();

	c.p.strike_limit = 1;
	present(&c, PAYMENT, WRONG);
	CHECK(present(&c, PAYMENT, RIGHT) == QC_FROZEN);
	c.released = 2;
	CHECK(present(&c, PAYMENT, RIGHT) == QC_FROZEN);
	c.released = 1;
	CHECK(present(&c, PAYMENT, RIGHT) == QC_ACCEPTED && c.s.frozen_until == 0);
	c = fresh();
	act(&c, QC_EV_FREEZE, 0);
	CHECK(confirm(&c, RIGHT) == QC_FROZEN);
	c.released = 1;
	CHECK(confirm(&c, RIGHT) == QC_ACCEPTED);
}

/* Nothing bound: nobody's guess, whatever came. */
static void
test_unbound(void)
{
	int			guess;
	int			ahead;

	for (guess = RIGHT; guess <= WRONG; guess++)
		for (ahead = 0; ahead < 9; ahead += 4)
		{
			Card		c = fresh();
			QcStrike	before;
			QcEvent		e;

			c.s.step_biometric = ahead == 4 ? INT64_MAX : 0;
			before = c.s;
			e = presented(&c, PAYMENT, ahead, (Guess) guess);
			e.unbound = true;
			apply(&c, &e);
			CHECK(is_answer(&c, QC_REJECTED, QC_WHY_UNBOUND, QC_NEXT_NONE));
			CHECK(!c.out.counted && is_untouched(&c.s, &before));
		}
}

/* Above the day's limit a right code is used up, and nothing is paid or counted. */
static void
test_over_limit(void)
{
	Card		c = fresh();
	QcEvent		e;

	present(&c, PAYMENT, WRONG);
	confirm(&c, WRONG);
	e = presented(&c, PAYMENT, 0, RIGHT);
	e.over_limit = true;
	apply(&c, &e);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_LIMIT, QC_NEXT_NONE));
	CHECK(!c.out.counted && c.out.tries_left == -1 && c.out.tier == 0 && c.out.attempt_no == 0);
	CHECK(c.s.accept_no == 0 && c.s.step_biometric == e.moment);
	CHECK(c.s.strikes[QC_FACTOR_BIOMETRIC] == 0 && c.s.strikes[QC_FACTOR_VERIFICATION] == 1);
	present(&c, PAYMENT, RIGHT);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_REPLAYED, QC_NEXT_NONE));

	/* a wrong one counts there as elsewhere */
	c.now += 30 * SECOND;
	e = presented(&c, PAYMENT, 0, WRONG);
	e.over_limit = true;
	CHECK(apply(&c, &e) == QC_REJECTED && c.out.reason == QC_WHY_WRONG && c.out.counted);
}

int
main(void)
{
	test_window();
	test_accepted();
	test_replay();
	test_limits();
	test_alike();
	test_marks();
	test_barred();
	test_released();
	test_unbound();
	test_over_limit();
	return finish();
}
