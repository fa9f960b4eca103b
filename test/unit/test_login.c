/*
 * test_login.c
 *	  The rules of a login's row: it waits after wrong passwords, longer after
 *	  each, and is never frozen.
 */
#include "payer_card.h"

/* A login's row has an owner and nothing else; it has no policy either. */
static Card
fresh_login(void)
{
	Card		c;

	memset(&c, 0, sizeof(c));
	c.s.id = -(INT64_C(1) << 32) - 1;
	c.now = NOW;
	c.gateway = TILL;
	return c;
}

static QcVerdict
log_in(Card *c, Guess guess)
{
	QcEvent		e = event(c, QC_EV_LOGIN);

	put_guess(&e, guess);
	e.guess_len = 32;
	memset(e.guess, guess == RIGHT ? 0x11 : 0x33, sizeof(e.guess));
	return apply(c, &e);
}

static bool
is_waiting(const Card *c)
{
	return is_answer(c, QC_REJECTED, QC_WHY_WAIT, QC_NEXT_NONE) && !c->out.counted;
}

/* The wait after each wrong password in a row, to the microsecond. */
static void
test_login_waits(void)
{
	static const int wait[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900};
	Card		c = fresh_login();
	int			i;

	for (i = 0; i < LENGTH(wait); i++)
	{
		QcStrike	before;
		Card		at;
		int			guess;

		CHECK(log_in(&c, WRONG) == QC_REJECTED);
		CHECK(is_answer(&c, QC_REJECTED, QC_WHY_WRONG, QC_NEXT_NONE) && c.out.counted);
		CHECK(c.out.tries_left == -1 && c.out.tier == 0 && c.out.notice == QC_NOTICE_NONE &&
			  c.out.factor == QC_FACTOR_PASSWORD);
		before = c.s;

		/* neither looked at nor counted, and the wait is no longer for it */
		for (guess = RIGHT; guess <= WRONG; guess++)
		{
			at = c;
			log_in(&at, (Guess) guess);
			CHECK(is_waiting(&at) && is_untouched(&at.s, &before));
			at.now += wait[i] * SECOND - 1;
			log_in(&at, (Guess) guess);
			CHECK(is_waiting(&at) && is_untouched(&at.s, &before));
			at.now++;
			log_in(&at, (Guess) guess);
			CHECK(at.out.reason == (guess == RIGHT ? QC_WHY_NONE : QC_WHY_WRONG));
			CHECK(at.out.verdict == (guess == RIGHT ? QC_ACCEPTED : QC_REJECTED));
		}

		/* a clock set back makes it longer */
		at = c;
		at.now -= DAY;
		log_in(&at, RIGHT);
		CHECK(is_waiting(&at) && is_untouched(&at.s, &before));
		at.now = c.now + wait[i] * SECOND;
		CHECK(log_in(&at, RIGHT) == QC_ACCEPTED);
		c.now += wait[i] * SECOND;
	}

	/* no count makes it wait for ever, or not at all */
	for (i = 10; i < 63; i++)
	{
		c.s.window_at = c.now;
		c.s.window_count = INT64_C(1) << i;
		c.now += 900 * SECOND - 1;
		log_in(&c, RIGHT);
		CHECK(is_waiting(&c));
		c.now++;
		CHECK(log_in(&c, RIGHT) == QC_ACCEPTED);
	}
	/* a login is never frozen, whoever guesses at it */
	CHECK(qc_strike_sum(&c.s) == 0 && c.s.marks == 0 && c.s.freeze_no == 0 &&
		  c.s.frozen_until == 0 && c.s.flags == 0);
}

static void
test_login(void)
{
	Card		c = fresh_login();
	QcStrike	before = c.s;
	QcEvent		e;
	int			i;

	log_in(&c, RIGHT);
	CHECK(is_answer(&c, QC_ACCEPTED, QC_WHY_NONE, QC_NEXT_NONE));
	CHECK(!c.out.counted && c.out.tries_left == -1 && c.out.tier == 0);
	CHECK(is_untouched(&c.s, &before));
	/* a right password needs no pause before the next */
	CHECK(log_in(&c, RIGHT) == QC_ACCEPTED);

	/* and clears what was before it */
	for (i = 0; i < 5; i++)
	{
		c.now += 900 * SECOND;
		CHECK(log_in(&c, WRONG) == QC_REJECTED && c.out.counted);
	}
	c.now += 16 * SECOND;
	CHECK(log_in(&c, RIGHT) == QC_ACCEPTED && log_in(&c, RIGHT) == QC_ACCEPTED);
	CHECK(log_in(&c, WRONG) == QC_REJECTED && c.out.counted);
	c.now += SECOND;
	CHECK(log_in(&c, RIGHT) == QC_ACCEPTED);

	/* a name that nobody has: nothing to compare with, and a wait all the same */
	e = event(&c, QC_EV_LOGIN);
	put_guess(&e, RIGHT);
	e.guess_len = 0;
	e.right = true;
	apply(&c, &e);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_WRONG, QC_NEXT_NONE) && c.out.counted);
	apply(&c, &e);
	CHECK(is_waiting(&c));

	/* the last byte counts, too; and a caller's word does not */
	c.now += 900 * SECOND;
	put_guess(&e, RIGHT);
	e.right = true;
	memset(e.guess, 0x11, sizeof(e.guess));
	e.guess[31] ^= 1;
	e.guess_len = 32;
	CHECK(apply(&c, &e) == QC_REJECTED && c.out.counted);

	/* no verdict on a login is given a second time */
	c = fresh_login();
	put_guess(&e, RIGHT);
	memset(e.request, 0xee, sizeof(e.request));
	CHECK(apply(&c, &e) == QC_ACCEPTED);
	CHECK(apply(&c, &e) == QC_ACCEPTED && !c.out.repeated);
}

/* Who guesses as often as he may has 11 in the first 1023 s and four in an hour then. */
static void
test_login_in_a_day(void)
{
	Card		c = fresh_login();
	int			looked_at = 0;
	int			i;

	for (i = 0; i < 86400; i++)
	{
		log_in(&c, WRONG);
		looked_at += c.out.counted;
		c.now += SECOND;
	}
	CHECK(looked_at == 11 + (86399 - 1023) / 900);
}

int
main(void)
{
	test_login_waits();
	test_login();
	test_login_in_a_day();
	return finish();
}
