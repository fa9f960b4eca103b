/*
 * test_package.c
 *	  The rules of packages for a payer's further devices: three a day, and a
 *	  verification code that counts as any.
 */
#include "payer_card.h"

static bool
has_package(Card *c, bool is_asked)
{
	QcEvent		e = package_asked(c, RIGHT);

	if (!is_asked)
	{
		e.right = true;
		e.guess_len = 0;
	}
	apply(c, &e);
	CHECK(c->out.factor == (is_asked ? QC_FACTOR_VERIFICATION : QC_FACTOR_NONE));
	CHECK(!c->out.counted && c->out.tries_left == -1 && c->out.tier == 0);
	if (c->out.verdict == QC_DONE)
	{
		CHECK(is_answer(c, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE));
		CHECK(c->out.notice == QC_NOTICE_DEVICE);
		return true;
	}
	CHECK(is_answer(c, QC_REJECTED, QC_WHY_LIMIT, QC_NEXT_NONE));
	CHECK(c->out.notice == QC_NOTICE_NONE);
	return false;
}

/* Three in the day that begins with the first of them. */
static void
test_package_day(void)
{
	int			is_asked;

	for (is_asked = 0; is_asked < 2; is_asked++)
	{
		Card		c = fresh();
		int64_t		first = c.now;
		int			i;
		int			day;

		for (day = 0; day < 3; day++)
		{
			CHECK(has_package(&c, is_asked));
			first = c.now;
			for (i = 0; i < 2; i++)
			{
				c.now += 6 * 3600 * SECOND;
				CHECK(has_package(&c, is_asked));
			}
			CHECK(!has_package(&c, is_asked));
			c.now = first + DAY - 1;
			CHECK(!has_package(&c, is_asked));
			c.now++;
		}
		CHECK(c.s.window_count == 3 && c.s.window_at == first);

		/* a clock set back begins a day, as it begins a gateway's minute */
		c.now = first - 1;
		CHECK(has_package(&c, is_asked) && c.s.window_at == c.now && c.s.window_count == 1);
	}
}

/* A wrong code for a package counts as any verification code does. */
static void
test_package_code(void)
{
	Card		c = fresh();
	Card		at;
	QcEvent		e;
	int			i;

	confirm(&c, WRONG);
	ask_package(&c, WRONG);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_WRONG, QC_NEXT_NONE));
	CHECK(c.out.counted && c.out.tries_left == 1 && c.out.notice == QC_NOTICE_NONE &&
		  c.out.factor == QC_FACTOR_VERIFICATION && c.s.window_count == 0);
	at = c;
	ask_package(&at, WRONG);
	CHECK(at.out.tries_left == 0 && at.out.next == QC_NEXT_STOP &&
		  at.out.notice == QC_NOTICE_FROZEN && at.s.freeze_no == 1);
	ask_package(&at, RIGHT);
	CHECK(is_answer(&at, QC_REJECTED, QC_WHY_FROZEN, QC_NEXT_NONE) && at.s.window_count == 0);

	/* a right one clears the count; a policy without codes does not */
	at = c;
	CHECK(has_package(&at, true) && qc_strike_sum(&at.s) == 0);
	at = c;
	at.s.marks = QC_MARK_ALL;
	CHECK(has_package(&at, false) && qc_strike_sum(&at.s) == 2 && at.s.marks == QC_MARK_ALL);
	/* a package too many was asked for with a right code all the same */
	at = c;
	at.s.window_at = at.now;
	at.s.window_count = 3;
	CHECK(!has_package(&at, true) && qc_strike_sum(&at.s) == 0);
	confirm(&at, WRONG);
	ask_package(&at, WRONG);
	CHECK(at.out.counted && at.out.tries_left == 1);

	/* no code is a wrong one */
	at = c;
	e = package_asked(&at, RIGHT);
	e.guess_len = 0;
	CHECK(apply(&at, &e) == QC_REJECTED && at.out.counted);

	/* after a freeze one is left, as for every factor */
	at = fresh();
	act(&at, QC_EV_FREEZE, 1);
	at.now += SECOND;
	ask_package(&at, WRONG);
	CHECK(at.s.freeze_no == 2);

	/* a request's number does not make a package of another day */
	at = c;
	e = package_asked(&at, RIGHT);
	memset(e.request, 0xaa, sizeof(e.request));
	for (i = 0; i < 2; i++)
		CHECK(apply(&at, &e) == QC_DONE && !at.out.repeated && at.s.window_count == i + 1);
}

static void
test_package_not_looked_at(void)
{
	int			guess;
	int			i;
	int			how;

	for (guess = RIGHT; guess <= WRONG; guess++)
		for (how = 0; how < 4; how++)
		{
			Card		c = fresh();
			QcStrike	before = c.s;
			QcEvent		e = package_asked(&c, (Guess) guess);

			e.late = how == 1 || how == 3;
			e.unbound = how >= 2;
			if (how > 0)
			{
				apply(&c, &e);
				CHECK(is_answer(&c, QC_REJECTED, how == 1 ? QC_WHY_WINDOW : QC_WHY_UNBOUND, QC_NEXT_NONE));
				CHECK(!c.out.counted && c.out.notice == QC_NOTICE_NONE && is_untouched(&c.s, &before));
			}

			/* whatever the reason, a package is rejected */
			for (i = 0; i < LENGTH(bars); i++)
			{
				c = barred(&bars[i]);
				before = c.s;
				e.right = how == 0;
				apply(&c, &e);
				CHECK(c.out.verdict == QC_REJECTED && c.out.reason == bars[i].reason);
				CHECK(!c.out.counted && c.out.notice == QC_NOTICE_NONE && is_untouched(&c.s, &before));
			}
		}
}

int
main(void)
{
	test_package_day();
	test_package_code();
	test_package_not_looked_at();
	return finish();
}
