/*
 * test_freeze.c
 *	  The rules of strikes and freezes, of staff's acts, and of a
 *	  gateway's minute of forged codes.
 */
#include "card.h"

/*
 * Sequences of guesses: s and p are a wrong second code and a wrong password,
 * S and P right ones.  answer has for each the tries left, or + for a right one;
 * after a 0 the credential is frozen.
 */
static void
test_limits(void)
{
	static const struct
	{
		int			limit;
		const char *guesses;
		const char *answer;
	}			row[] = {
		{1, "s", "0"}, {1, "p", "0"},
		{2, "ss", "10"}, {2, "spp", "110"},
		{3, "sss", "210"}, {3, "ppp", "210"},
		{3, "sspp", "2121"}, {3, "ssppp", "21210"}, {3, "sspps", "21210"},
		{3, "spspp", "22110"},
		{4, "sssp", "3211"}, {4, "ssssp", "3210"}, {4, "sssps", "32110"},
		{4, "ssspp", "32110"},
		{5, "sssss", "43210"}, {5, "ssspp", "43210"}, {5, "spppp", "43210"},
		{5, "ppppp", "43210"}, {5, "spsps", "43210"},
		/* a success clears its own count and no other */
		{3, "ssSsss", "21+210"}, {3, "ppPppp", "21+210"},
		{3, "ssPss", "21+0"}, {3, "ppSpp", "21+0"},
		{5, "ssppSppp", "4321+210"}, {5, "sssPss", "432+10"},
		{3, "ssppSPsspp", "2121++2121"}
	};
	int			i;
	int			j;

	for (i = 0; i < LENGTH(row); i++)
	{
		Card		c = fresh();
		int			counted = 0;

		c.p.strike_limit = row[i].limit;
		for (j = 0; row[i].answer[j] != '\0'; j++)
		{
			bool		is_password = strchr("pP", row[i].guesses[j]) != NULL;
			bool		is_wrong = strchr("ps", row[i].guesses[j]) != NULL;
			int			left = row[i].answer[j] - '0';

			c.now += 60 * SECOND;
			if (is_password)
				CHECK_NOTE(scan_rotating(&c, 0) == QC_ACCEPTED, row[i].guesses);
			else
				CHECK_NOTE(scan_static(&c) == QC_CHALLENGE, row[i].guesses);
			if (is_password)
				give_password(&c, is_wrong ? WRONG : RIGHT);
			else
				scan_second(&c, is_wrong ? WRONG : RIGHT);
			counted += is_wrong;
			CHECK_NOTE(c.out.counted == is_wrong, row[i].guesses);
			if (!is_wrong)
			{
				CHECK_NOTE(c.out.verdict == QC_ACCEPTED && row[i].answer[j] == '+', row[i].guesses);
				CHECK_NOTE(c.out.tries_left == -1, row[i].guesses);
				continue;
			}
			CHECK_NOTE(c.out.verdict == QC_REJECTED && c.out.tries_left == left, row[i].guesses);
			CHECK_NOTE(c.out.next == (left == 0 ? QC_NEXT_STOP :
									  is_password ? QC_NEXT_PASSWORD : QC_NEXT_SECOND_CODE),
					   row[i].guesses);
			CHECK_NOTE(c.out.notice == (left == 0 ? QC_NOTICE_FROZEN : QC_NOTICE_NONE), row[i].guesses);
			CHECK_NOTE(qc_is_frozen(&c.s, 0, c.now) == (left == 0), row[i].guesses);
			CHECK_NOTE(c.s.freeze_no == (left == 0), row[i].guesses);
			if (left == 0)
			{
				CHECK_NOTE(qc_strike_sum(&c.s) == 0 && c.s.marks == QC_MARK_ALL, row[i].guesses);
				CHECK_NOTE(row[i].answer[j + 1] == '\0', row[i].guesses);
			}
		}
		CHECK_NOTE(counted <= 5 || strpbrk(row[i].guesses, "SP") != NULL, row[i].guesses);
	}
}

/* A limit that was lowered meanwhile freezes with the next wrong guess. */
static void
test_lowered_limit(void)
{
	Card		c = fresh();

	c.p.strike_limit = 5;
	fail_second(&c);
	fail_second(&c);
	fail_second(&c);
	c.p.strike_limit = 2;
	fail_second(&c);
	CHECK(c.out.tries_left == 0 && c.out.next == QC_NEXT_STOP && c.s.freeze_no == 1);
}

/* What is said after a freeze, until its challenge would have expired. */
static void
test_after_freeze(void)
{
	Card		c = fresh();
	Card		at;

	scan_rotating(&c, 0);
	fail_second(&c);
	fail_second(&c);
	fail_second(&c);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_WRONG, QC_NEXT_STOP));
	CHECK(c.s.frozen_until == c.now + 300 * SECOND);
	CHECK(qc_state(&c.s, 0, c.now) == QC_STATE_FROZEN);
	at = c;
	scan_second(&at, RIGHT);
	CHECK(is_answer(&at, QC_FROZEN, QC_WHY_FROZEN, QC_NEXT_NONE));
	at = c;
	at.now += 119 * SECOND;
	scan_second(&at, RIGHT);
	CHECK(is_answer(&at, QC_FROZEN, QC_WHY_FROZEN, QC_NEXT_NONE));
	at.now += SECOND;
	scan_second(&at, RIGHT);
	CHECK(is_answer(&at, QC_REJECTED, QC_WHY_NO_CHALLENGE, QC_NEXT_NONE));
	at = c;
	at.gateway = OTHER_TILL;
	scan_second(&at, RIGHT);
	CHECK(is_answer(&at, QC_REJECTED, QC_WHY_NO_CHALLENGE, QC_NEXT_NONE));

	/* the challenge does not come back with the end of a short freeze */
	at = c;
	at.s.frozen_until = at.now + SECOND;
	at.now += SECOND;
	CHECK(!qc_is_frozen(&at.s, 0, at.now));
	scan_second(&at, RIGHT);
	CHECK(is_answer(&at, QC_REJECTED, QC_WHY_NO_CHALLENGE, QC_NEXT_NONE));

	/* to the microsecond; a clock set back makes it longer */
	at = c;
	at.now = c.s.frozen_until - 1;
	CHECK(scan_static(&at) == QC_FROZEN);
	at = c;
	at.now = c.s.frozen_until;
	CHECK(scan_static(&at) == QC_CHALLENGE);
	at = c;
	at.now -= 10 * DAY;
	CHECK(scan_static(&at) == QC_FROZEN);
}

/* Durations, the warning, the last freeze, and when all is forgotten. */
static void
test_escalation(void)
{
	static const struct
	{
		int			seconds;
		int			cap;
		int			max;
		int			want[6];	/* minutes; -1: void */
	}			row[] = {
		{300, 86400, 4, {5, 10, 20, 40, -1}},
		{300, 900, 4, {5, 10, 15, 15, -1}},
		{600, 300, 2, {5, 5, -1}},
		{60, 86400, 1, {1, -1}}
	};
	int			i;
	int			n;

	for (i = 0; i < LENGTH(row); i++)
	{
		Card		c = fresh();

		c.p.freeze_seconds = row[i].seconds;
		c.p.freeze_cap_seconds = row[i].cap;
		c.p.max_freezes = row[i].max;
		c.p.strike_limit = 1;
		for (n = 0; row[i].want[n] != 0; n++)
		{
			bool		is_last = row[i].want[n] < 0;

			fail_second(&c);
			CHECK(c.out.tries_left == 0 && c.s.freeze_no == n + 1);
			CHECK(c.out.notice == (is_last ? QC_NOTICE_VOIDED :
								   n + 1 == row[i].max ? QC_NOTICE_WARNING : QC_NOTICE_FROZEN));
			CHECK(((c.s.flags & QC_FLAG_VOID) != 0) == is_last);
			if (is_last)
				break;
			CHECK(c.s.frozen_until == c.now + row[i].want[n] * 60 * SECOND);
			c.now = c.s.frozen_until + 200 * SECOND;
		}
		CHECK(row[i].want[n] == -1 && qc_state(&c.s, 0, c.now) == QC_STATE_VOID);
		c.now += 100 * DAY;
		scan_static(&c);
		CHECK(is_answer(&c, QC_FROZEN, QC_WHY_VOID, QC_NEXT_STOP));
	}
}

static void
test_memory(void)
{
	Card		c = fresh();
	int			i;

	c.p.strike_limit = 1;
	fail_second(&c);
	c.now += 30 * DAY - 1;
	fail_second(&c);
	CHECK(c.s.frozen_until == c.now + 600 * SECOND && c.s.freezes == 2);
	c.now += 30 * DAY;
	fail_second(&c);
	CHECK(c.s.frozen_until == c.now + 300 * SECOND && c.s.freezes == 1);

	/* years of a freeze a month never void */
	for (i = 0; i < 11; i++)
	{
		c.now += 30 * DAY;
		c.s.valid_until = c.now / QC_USEC + 86400;
		fail_second(&c);
		CHECK(c.s.freezes == 1 && (c.s.flags & QC_FLAG_VOID) == 0);
	}

	/* a freeze by hand is not one that strikes caused */
	act(&c, QC_EV_FREEZE, 1);
	CHECK(c.s.freezes == 1);
	/* a success does not make it forgotten */
	c.now = c.s.frozen_until;
	scan_static(&c);
	CHECK(scan_second(&c, RIGHT) == QC_ACCEPTED && c.s.freezes == 1);
}

/* One wrong guess of a marked factor freezes again; a success clears its own mark. */
static void
test_marks(void)
{
	int			by_hand;

	for (by_hand = 0; by_hand < 2; by_hand++)
	{
		Card		c = fresh();
		Card		at;

		if (by_hand)
			act(&c, QC_EV_FREEZE, 300);
		else
		{
			fail_second(&c);
			fail_second(&c);
			fail_second(&c);
		}
		CHECK(c.s.freeze_no == 1);
		c.now += 600 * SECOND;

		at = c;
		fail_second(&at);
		CHECK(at.out.tries_left == 0 && at.s.freeze_no == 2);
		at = c;
		fail_password(&at);
		CHECK(at.out.tries_left == 0 && at.s.freeze_no == 2);

		scan_static(&c);
		CHECK(scan_second(&c, RIGHT) == QC_ACCEPTED);
		CHECK(c.s.marks == (QC_MARK_ALL & ~(1 << QC_FACTOR_SECOND)));
		at = c;
		fail_second(&at);
		CHECK(at.out.tries_left == 2 && at.s.freeze_no == 1);
		at = c;
		fail_password(&at);
		CHECK(at.out.tries_left == 0 && at.s.freeze_no == 2);
		c.now += 60 * SECOND;
		scan_rotating(&c, 0);
		CHECK(give_password(&c, RIGHT) == QC_ACCEPTED);
		fail_password(&c);
		CHECK(c.out.tries_left == 2 && c.s.freeze_no == 1);
	}
}

/* Acts of staff, and a release that names the freeze. */
static void
test_staff(void)
{
	Card		c = fresh();
	Card		at;

	scan_static(&c);
	fail_second(&c);
	act(&c, QC_EV_FREEZE, 0);
	CHECK(is_answer(&c, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE) && c.out.notice == QC_NOTICE_FROZEN);
	CHECK(c.s.frozen_until == QC_FOREVER && c.s.freeze_no == 1 &&
		  (c.s.flags & QC_FLAG_BY_HAND) != 0 && qc_strike_sum(&c.s) == 0);
	scan_second(&c, RIGHT);
	CHECK(is_answer(&c, QC_FROZEN, QC_WHY_FROZEN, QC_NEXT_NONE));
	at = c;
	at.now += 1000 * DAY;
	at.s.valid_until = at.now / QC_USEC + 86400;
	CHECK(scan_static(&at) == QC_FROZEN);

	/* a shorter freeze does not end a longer one */
	at = c;
	act(&at, QC_EV_FREEZE, 1);
	CHECK(at.s.frozen_until == QC_FOREVER && at.s.freeze_no == 2);
	at = fresh();
	act(&at, QC_EV_FREEZE, 100);
	CHECK(at.s.frozen_until == NOW + 100 * SECOND);
	act(&at, QC_EV_FREEZE, 50);
	CHECK(at.s.frozen_until == NOW + 100 * SECOND);
	act(&at, QC_EV_FREEZE, 3660 * INT64_C(86400));
	CHECK(at.s.frozen_until == NOW + 3660 * DAY);
	act(&at, QC_EV_FREEZE, INT64_MAX);
	CHECK(at.s.frozen_until == QC_FOREVER);

	/* a release of another freeze opens nothing */
	at = c;
	at.released = 2;
	CHECK(scan_static(&at) == QC_FROZEN && at.s.frozen_until == QC_FOREVER);
	at.released = 1;
	CHECK(qc_state(&at.s, 1, at.now) == QC_STATE_WAITING);
	CHECK(qc_state(&at.s, 2, at.now) == QC_STATE_FROZEN);
	CHECK(scan_static(&at) == QC_CHALLENGE);
	CHECK(at.s.frozen_until == 0 && (at.s.flags & QC_FLAG_BY_HAND) == 0 &&
		  at.s.marks == QC_MARK_ALL);

	/* what was released stays so, and a new freeze needs a release of its own */
	act(&at, QC_EV_FREEZE, 0);
	CHECK(scan_static(&at) == QC_FROZEN);

	/* the challenge before a freeze does not come back with its release */
	at = c;
	at.released = 1;
	scan_second(&at, RIGHT);
	CHECK(is_answer(&at, QC_REJECTED, QC_WHY_NO_CHALLENGE, QC_NEXT_NONE));

	/* void is for good */
	at = c;
	at.released = 1;
	act(&at, QC_EV_VOID, 0);
	CHECK(at.out.notice == QC_NOTICE_VOIDED);
	at.released = at.s.freeze_no;
	scan_static(&at);
	CHECK(is_answer(&at, QC_FROZEN, QC_WHY_VOID, QC_NEXT_STOP));
	act(&at, QC_EV_REISSUE, 0);
	CHECK(is_answer(&at, QC_REJECTED, QC_WHY_VOID, QC_NEXT_NONE) && at.s.generation == 1);
}

/* A gateway's minute of forged codes. */
static void
test_flood(void)
{
	Card		c = fresh();
	QcEvent		e = event(&c, QC_EV_REFUSED);
	int			i;
	int			logged = 0;
	int			alerts = 0;

	e.refusal = QC_REJECTED;
	e.why = QC_WHY_CLOSED;
	e.has_log_row = false;
	apply(&c, &e);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_CLOSED, QC_NEXT_STOP) && c.s.window_count == 0);
	e.refusal = QC_ELSEWHERE;
	e.why = QC_WHY_BUCKET;
	apply(&c, &e);
	CHECK(is_answer(&c, QC_ELSEWHERE, QC_WHY_BUCKET, QC_NEXT_NONE));

	e.refusal = QC_REJECTED;
	e.why = QC_WHY_FORGED;
	e.forged = true;
	for (i = 1; i <= 600; i++)
	{
		c.now += 50000;
		apply(&c, &e);
		CHECK(is_answer(&c, QC_REJECTED, QC_WHY_FORGED, QC_NEXT_NONE) && !c.out.quiet &&
			  c.out.notice == QC_NOTICE_NONE && c.s.window_count == i);
	}
	/* 20 a second for 29 more seconds: a row a second, one alert */
	for (i = 0; i < 580; i++)
	{
		c.now += 50000;
		apply(&c, &e);
		CHECK(c.out.verdict == QC_REJECTED && c.out.reason == QC_WHY_FLOOD);
		logged += !c.out.quiet;
		alerts += c.out.notice == QC_NOTICE_ALERT;
		CHECK(c.out.notice == QC_NOTICE_NONE || !c.out.quiet);
	}
	CHECK(logged == 29 && alerts == 1);
	/* a caller that has a row at hand gets it used */
	e.has_log_row = true;
	apply(&c, &e);
	CHECK(!c.out.quiet);
	/* the next minute begins anew; an hour later there is another alert */
	e.has_log_row = false;
	c.now += 60 * SECOND;
	apply(&c, &e);
	CHECK(c.out.reason == QC_WHY_FORGED && c.s.window_count == 1);
	c.now += 3600 * SECOND;
	for (i = 0; i <= 600; i++)
		apply(&c, &e);
	CHECK(c.out.notice == QC_NOTICE_ALERT);
	CHECK(qc_strike_sum(&c.s) == 0 && c.s.marks == 0 && c.s.freeze_no == 0 && c.s.frozen_until == 0);
	/* a clock set back begins a minute, too */
	c.now -= DAY;
	apply(&c, &e);
	CHECK(c.s.window_count == 1 && !c.out.quiet);
}

/* What would have to be at hand, without a look at the guess or a change. */
static void
test_foresee(void)
{
	int			i;

	for (i = 0; i < 2; i++)
	{
		Card		c = fresh();
		QcOutcome	foreseen;
		QcStrike	before;
		QcEvent		e;
		QcEvent		e_before;

		fail_second(&c);
		if (i == 1)
			fail_second(&c);
		e = event(&c, QC_EV_SECOND);
		put_guess(&e, RIGHT);
		before = c.s;
		e_before = e;
		qc_foresee(&c.s, &e, &c.p, c.now, &foreseen);
		CHECK(memcmp(&before, &c.s, sizeof(before)) == 0);
		CHECK(memcmp(&e_before, &e, sizeof(e)) == 0);
		CHECK(foreseen.verdict == QC_REJECTED && foreseen.counted);
		CHECK(foreseen.notice == (i == 1 ? QC_NOTICE_FROZEN : QC_NOTICE_NONE));
	}
}

int
main(void)
{
	test_limits();
	test_lowered_limit();
	test_after_freeze();
	test_escalation();
	test_memory();
	test_marks();
	test_staff();
	test_flood();
	test_foresee();
	return finish();
}
