/*
 * test_lifecycle.c
 *	  The rules of a credential's life, one by one: what a scan answers, what
 *	  is a guess and counts, what a repeated request gets, what tickets and
 *	  gateways do.
 */
#include "card.h"

/* Policy against a right first code. */
static void
test_static(void)
{
	static const struct
	{
		bool		required;
		bool		alone;
		QcVerdict	verdict;
		QcNext		next;
		int			tier;
	}			row[] = {
		{true, false, QC_CHALLENGE, QC_NEXT_SECOND_CODE, 0},
		{true, true, QC_CHALLENGE, QC_NEXT_SECOND_CODE, 0},
		{false, false, QC_CHALLENGE, QC_NEXT_SECOND_CODE, 0},
		{false, true, QC_ACCEPTED, QC_NEXT_NONE, 'D'}
	};
	int			i;

	for (i = 0; i < LENGTH(row); i++)
	{
		Card		c = fresh();

		c.p.second_scan_required = row[i].required;
		c.p.static_alone = row[i].alone;
		c.p.ask_password = true;
		scan_static(&c);
		CHECK(is_answer(&c, row[i].verdict, QC_WHY_NONE, row[i].next));
		CHECK(c.out.tier == row[i].tier && c.out.tries_left == -1);
		CHECK(c.out.attempt_no == 1 && !c.out.counted && !c.out.repeated);
		CHECK((c.s.challenge_state == QC_CHALLENGE_OPEN) == (row[i].verdict == QC_CHALLENGE));
		CHECK((c.s.accept_no == 1) == (row[i].verdict == QC_ACCEPTED));
	}
}

/* Which of the bars is said, and to whom. */
static void
test_barred(void)
{
	static const struct
	{
		int			flags;
		bool		is_frozen;
		bool		is_expired;
		QcVerdict	verdict;
		QcReason	reason;
		QcNext		next;
		QcState		state;
	}			row[] = {
		{QC_FLAG_VOID, false, false, QC_FROZEN, QC_WHY_VOID, QC_NEXT_STOP, QC_STATE_VOID},
		{QC_FLAG_VOID, true, true, QC_FROZEN, QC_WHY_VOID, QC_NEXT_STOP, QC_STATE_VOID},
		{0, true, false, QC_FROZEN, QC_WHY_FROZEN, QC_NEXT_NONE, QC_STATE_FROZEN},
		{QC_FLAG_REGISTRATION, true, true, QC_FROZEN, QC_WHY_FROZEN, QC_NEXT_NONE, QC_STATE_FROZEN},
		{QC_FLAG_REGISTRATION, false, false, QC_REJECTED, QC_WHY_REGISTRATION, QC_NEXT_STOP, QC_STATE_EXPIRED},
		{0, false, true, QC_EXPIRED, QC_WHY_EXPIRED, QC_NEXT_RENEW, QC_STATE_EXPIRED}
	};
	int			i;
	int			guess;

	for (i = 0; i < LENGTH(row); i++)
	{
		Card		c = fresh();
		Card		at;

		scan_rotating(&c, 0);
		scan_static(&c);
		c.s.flags |= row[i].flags;
		if (row[i].is_frozen)
			c.s.frozen_until = c.now + SECOND;
		c.s.freeze_no = row[i].is_frozen;
		if (row[i].is_expired)
			c.s.valid_until = c.now / QC_USEC;
		CHECK(qc_state(&c.s, 0, c.now) == row[i].state);

		at = c;
		scan_static(&at);
		CHECK(is_answer(&at, row[i].verdict, row[i].reason, row[i].next));
		CHECK(at.out.attempt_no == 0 && at.s.challenge_no == c.s.challenge_no);
		at = c;
		at.p.skew_ahead = true;
		scan_rotating(&at, 1);
		CHECK(is_answer(&at, row[i].verdict, row[i].reason, row[i].next));
		CHECK(at.s.step_rotating == c.s.step_rotating);
		for (guess = RIGHT; guess <= BEFORE; guess++)
		{
			/* not looked at: the same answer whatever it is, and no strike */
			at = c;
			scan_second(&at, guess);
			CHECK(is_answer(&at, row[i].verdict, row[i].reason, row[i].next));
			CHECK(qc_strike_sum(&at.s) == 0 && !at.out.counted);
			at = c;
			give_password(&at, guess);
			CHECK(is_answer(&at, row[i].verdict, row[i].reason, row[i].next));
			CHECK(qc_strike_sum(&at.s) == 0 && at.s.accept_settled == 0);
		}
		/* another gateway learns nothing */
		at = c;
		at.gateway = OTHER_TILL;
		scan_second(&at, RIGHT);
		CHECK(is_answer(&at, QC_REJECTED, QC_WHY_NO_CHALLENGE, QC_NEXT_NONE));
		give_password(&at, RIGHT);
		CHECK(is_answer(&at, QC_REJECTED, QC_WHY_NOT_LATEST, QC_NEXT_NONE));
		/* a download is rejected whatever the reason */
		at = c;
		act(&at, QC_EV_DOWNLOAD, 0);
		CHECK(at.out.verdict == QC_REJECTED && at.s.ticket_state == QC_TICKET_READY);
		at = c;
		act(&at, QC_EV_TICKET, 0);
		CHECK(at.out.verdict == row[i].verdict && at.s.ticket_serial == c.s.ticket_serial);
	}
}

/* A code that was renewed meanwhile is nobody's guess. */
static void
test_stale(void)
{
	Card		c = fresh();
	QcEvent		e = event(&c, QC_EV_STATIC);

	e.right = false;
	apply(&c, &e);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_STALE, QC_NEXT_NONE));
	CHECK(c.s.challenge_state == QC_CHALLENGE_NONE && qc_strike_sum(&c.s) == 0);
	e.kind = QC_EV_ROTATING;
	e.moment = c.now / QC_USEC / QC_STEP_SECONDS;
	apply(&c, &e);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_STALE, QC_NEXT_NONE));
	CHECK(c.s.step_rotating == 0);
}

static void
test_rotating(void)
{
	static const struct
	{
		int			offset;
		bool		skew_ahead;
		int			used;		/* the last step before, from now */
		QcReason	reason;		/* none: accepted */
	}			row[] = {
		{-2, true, -9, QC_WHY_WINDOW}, {-1, false, -9, QC_WHY_NONE},
		{0, false, -9, QC_WHY_NONE}, {1, false, -9, QC_WHY_WINDOW},
		{1, true, -9, QC_WHY_NONE}, {2, true, -9, QC_WHY_WINDOW},
		{-1, false, -2, QC_WHY_NONE}, {-1, false, -1, QC_WHY_REPLAYED},
		{-1, false, 0, QC_WHY_REPLAYED}, {0, false, -1, QC_WHY_NONE},
		{0, false, 0, QC_WHY_REPLAYED}, {0, false, 1, QC_WHY_REPLAYED},
		{1, true, 0, QC_WHY_NONE}, {1, true, 1, QC_WHY_REPLAYED}
	};
	int			i;

	for (i = 0; i < LENGTH(row); i++)
	{
		Card		c = fresh();
		int64_t		step = c.now / QC_USEC / QC_STEP_SECONDS;

		c.p.skew_ahead = row[i].skew_ahead;
		c.p.ask_password = i % 2;
		c.s.step_rotating = step + row[i].used;
		scan_rotating(&c, row[i].offset);
		CHECK(c.out.reason == row[i].reason && c.out.tries_left == -1);
		CHECK(qc_strike_sum(&c.s) == 0);
		if (row[i].reason == QC_WHY_NONE)
			CHECK(c.out.verdict == QC_ACCEPTED && c.out.tier == 'C' &&
				  c.out.next == (i % 2 ? QC_NEXT_PASSWORD : QC_NEXT_NONE) &&
				  c.s.step_rotating == step + row[i].offset);
		else
			CHECK(c.out.verdict == QC_REJECTED && c.out.tier == 0 &&
				  c.s.step_rotating == step + row[i].used);
	}
}

/* What may come as a second code, and what of it counts. */
static void
test_second(void)
{
	static const struct
	{
		const char *what;
		int			scans;
		int			gateway;
		int			seconds;	/* since the last scan */
		bool		is_other_text;
		QcEventKind kind;
		bool		typed;		/* admitted */
		int			skew;		/* of the wallet, in seconds */
		Guess		guess;
		QcVerdict	verdict;
		QcReason	reason;
		bool		is_counted;
		bool		stays_open;
	}			row[] = {
		{"right", 1, TILL, 0, false, QC_EV_SECOND, true, 0, RIGHT, QC_ACCEPTED, QC_WHY_NONE, false, false},
		{"typed", 1, TILL, 0, false, QC_EV_TYPED, true, 0, RIGHT, QC_ACCEPTED, QC_WHY_NONE, false, false},
		{"late", 1, TILL, 119, false, QC_EV_SECOND, true, 0, RIGHT, QC_ACCEPTED, QC_WHY_NONE, false, false},
		{"too late", 1, TILL, 120, false, QC_EV_SECOND, true, 0, RIGHT, QC_REJECTED, QC_WHY_NO_CHALLENGE, false, true},
		{"wrong too late", 1, TILL, 120, false, QC_EV_SECOND, true, 0, WRONG, QC_REJECTED, QC_WHY_NO_CHALLENGE, false, true},
		{"without a scan", 0, TILL, 0, false, QC_EV_SECOND, true, 0, WRONG, QC_REJECTED, QC_WHY_NO_CHALLENGE, false, false},
		{"wrong", 1, TILL, 0, false, QC_EV_SECOND, true, 0, WRONG, QC_REJECTED, QC_WHY_WRONG, true, true},
		{"wrong typed", 1, TILL, 0, false, QC_EV_TYPED, true, 0, WRONG, QC_REJECTED, QC_WHY_WRONG, true, true},
		{"elsewhere", 1, OTHER_TILL, 0, false, QC_EV_SECOND, true, 0, RIGHT, QC_REJECTED, QC_WHY_NO_CHALLENGE, false, true},
		{"wrong elsewhere", 1, OTHER_TILL, 0, false, QC_EV_SECOND, true, 0, WRONG, QC_REJECTED, QC_WHY_NO_CHALLENGE, false, true},
		{"another text", 1, TILL, 0, true, QC_EV_SECOND, true, 0, RIGHT, QC_REJECTED, QC_WHY_TEXT, false, false},
		{"wrong, another text", 1, TILL, 0, true, QC_EV_SECOND, true, 0, WRONG, QC_REJECTED, QC_WHY_TEXT, false, false},
		{"typed, not admitted", 1, TILL, 0, false, QC_EV_TYPED, false, 0, WRONG, QC_REJECTED, QC_WHY_KIND, false, true},
		{"scanned all the same", 1, TILL, 0, false, QC_EV_SECOND, false, 0, RIGHT, QC_ACCEPTED, QC_WHY_NONE, false, false},
		{"before, with none before", 1, TILL, 0, false, QC_EV_SECOND, true, 0, BEFORE, QC_REJECTED, QC_WHY_WRONG, true, true},
		{"before", 2, TILL, 0, false, QC_EV_SECOND, true, 0, BEFORE, QC_REJECTED, QC_WHY_SUPERSEDED, false, true},
		{"right after two scans", 2, TILL, 0, false, QC_EV_SECOND, true, 0, RIGHT, QC_ACCEPTED, QC_WHY_NONE, false, false},
		{"wrong after two scans", 2, TILL, 0, false, QC_EV_SECOND, true, 0, WRONG, QC_REJECTED, QC_WHY_WRONG, true, true},
		{"skew", 1, TILL, 0, false, QC_EV_SECOND, true, 60, RIGHT, QC_ACCEPTED, QC_WHY_NONE, false, false},
		{"skew ahead", 1, TILL, 0, false, QC_EV_SECOND, true, 61, RIGHT, QC_REJECTED, QC_WHY_SKEW, false, true},
		{"skew behind", 1, TILL, 0, false, QC_EV_SECOND, true, -61, RIGHT, QC_REJECTED, QC_WHY_SKEW, false, true},
		{"skew and wrong", 1, TILL, 0, false, QC_EV_SECOND, true, 61, WRONG, QC_REJECTED, QC_WHY_WRONG, true, true},
		{"typed has no clock", 1, TILL, 0, false, QC_EV_TYPED, true, 61, RIGHT, QC_ACCEPTED, QC_WHY_NONE, false, false}
	};
	int			i;
	int			j;

	for (i = 0; i < LENGTH(row); i++)
	{
		Card		c = fresh();
		QcEvent		e;

		c.p.typed = row[i].typed;
		c.p.wallet_skew_seconds = 60;
		for (j = 0; j < row[i].scans; j++)
			scan_static(&c);
		c.now += row[i].seconds * SECOND;
		c.gateway = row[i].gateway;
		e = event(&c, row[i].kind);
		put_guess(&e, row[i].guess);
		e.moment += row[i].skew;
		if (row[i].is_other_text)
			e.text[31] = 1;
		apply(&c, &e);
		CHECK_NOTE(c.out.verdict == row[i].verdict && c.out.reason == row[i].reason, row[i].what);
		CHECK_NOTE(c.out.counted == row[i].is_counted, row[i].what);
		CHECK_NOTE(qc_strike_sum(&c.s) == row[i].is_counted, row[i].what);
		CHECK_NOTE(c.out.tries_left == (row[i].is_counted ? 2 : -1), row[i].what);
		CHECK_NOTE(c.out.next == (row[i].is_counted ? QC_NEXT_SECOND_CODE : QC_NEXT_NONE), row[i].what);
		CHECK_NOTE(c.out.attempt_no ==
				   (row[i].is_counted || row[i].verdict == QC_ACCEPTED ? c.s.attempt_no : 0), row[i].what);
		CHECK_NOTE((c.s.challenge_state == QC_CHALLENGE_OPEN) == row[i].stays_open, row[i].what);
		CHECK_NOTE(c.out.factor == QC_FACTOR_SECOND, row[i].what);

		/* a challenge is answered once */
		if (row[i].verdict == QC_ACCEPTED)
		{
			scan_second(&c, RIGHT);
			CHECK_NOTE(is_answer(&c, QC_REJECTED, QC_WHY_NO_CHALLENGE, QC_NEXT_NONE), row[i].what);
		}
	}
}

/* Without a skew in the policy the wallet's clock says nothing. */
static void
test_no_skew(void)
{
	Card		c = fresh();
	QcEvent		e;

	scan_static(&c);
	e = event(&c, QC_EV_SECOND);
	put_guess(&e, RIGHT);
	e.moment = 0;
	CHECK(apply(&c, &e) == QC_ACCEPTED);
}

/* The challenge before is only the one just before, and only while one is open. */
static void
test_previous(void)
{
	Card		c = fresh();

	scan_static(&c);
	scan_second(&c, RIGHT);
	scan_static(&c);
	CHECK(scan_second(&c, BEFORE) == QC_REJECTED && c.out.counted);

	c = fresh();
	scan_static(&c);
	c.s.nonce[0] = 1;
	c.s.text[0] = 2;
	c.p.digits = 6;
	scan_static(&c);
	CHECK(c.s.previous_nonce[0] == 1 && c.s.previous_text[0] == 2 &&
		  c.s.previous_digits == 8 && c.s.challenge_digits == 6 && c.s.challenge_no == 2);
	act(&c, QC_EV_FREEZE, 1);
	CHECK((c.s.flags & QC_FLAG_PREVIOUS) == 0);
}

/* Only for the latest acceptance, through its gateway, for 120 s, until a right one. */
static void
test_password(void)
{
	Card		base = fresh();
	Card		c;
	QcEvent		e;
	int			i;

	base.p.ask_password = true;
	scan_static(&base);
	scan_second(&base, RIGHT);
	CHECK(is_answer(&base, QC_ACCEPTED, QC_WHY_NONE, QC_NEXT_PASSWORD) && base.out.tier == 'C');

	c = base;
	give_password(&c, RIGHT);
	CHECK(is_answer(&c, QC_ACCEPTED, QC_WHY_NONE, QC_NEXT_NONE) && c.out.tier == 'B');
	CHECK(c.out.attempt_no == c.s.attempt_no && c.s.accept_no == base.s.accept_no);
	CHECK(c.out.factor == QC_FACTOR_PASSWORD);
	for (i = RIGHT; i <= WRONG; i++)
	{
		give_password(&c, i);
		CHECK(is_answer(&c, QC_REJECTED, QC_WHY_NOT_LATEST, QC_NEXT_NONE) && !c.out.counted);
	}

	c = base;
	give_password(&c, WRONG);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_WRONG, QC_NEXT_PASSWORD));
	CHECK(c.out.tries_left == 2 && c.s.strikes[QC_FACTOR_PASSWORD] == 1 &&
		  c.s.strikes[QC_FACTOR_SECOND] == 0);
	CHECK(give_password(&c, RIGHT) == QC_ACCEPTED && qc_strike_sum(&c.s) == 0);

	for (i = 0; i < 5; i++)
	{
		c = base;
		e = event(&c, QC_EV_PASSWORD);
		put_guess(&e, WRONG);
		e.attempt_no = c.s.accept_no + (i == 0) - (i == 1);
		if (i == 2)
			e.gateway = OTHER_TILL;
		if (i == 3)
			c.now += 120 * SECOND + 1;
		if (i == 4)
		{
			c.s.accept_no = 0;
			e.attempt_no = 0;
		}
		apply(&c, &e);
		CHECK(is_answer(&c, QC_REJECTED, QC_WHY_NOT_LATEST, QC_NEXT_NONE));
		CHECK(!c.out.counted && qc_strike_sum(&c.s) == 0);
	}
	c = base;
	c.now += 120 * SECOND;
	CHECK(give_password(&c, RIGHT) == QC_ACCEPTED);

	/* a first code alone stays what it is */
	c = fresh();
	c.p.second_scan_required = false;
	c.p.static_alone = true;
	scan_static(&c);
	CHECK(give_password(&c, RIGHT) == QC_ACCEPTED && c.out.tier == 'D');
}

static bool
is_same_but_number(const QcStrike *a, const QcStrike *b)
{
	QcStrike	x = *a;

	x.attempt_no = b->attempt_no;
	return memcmp(&x, b, sizeof(x)) == 0;
}

/* The same request gets the same verdict and number, and changes nothing. */
static void
test_repeat(void)
{
	static const QcEventKind kind[] = {QC_EV_STATIC, QC_EV_ROTATING, QC_EV_SECOND, QC_EV_PASSWORD};
	static const Guess guess[] = {RIGHT, WRONG};
	int			i;
	int			j;

	for (i = 0; i < LENGTH(kind); i++)
		for (j = 0; j < LENGTH(guess); j++)
		{
			Card		c = fresh();
			QcOutcome	first;
			QcEvent		e;
			Card		at;

			scan_rotating(&c, -1);
			if (kind[i] == QC_EV_SECOND)
				scan_static(&c);
			e = event(&c, kind[i]);
			e.moment = c.now / QC_USEC / (kind[i] == QC_EV_ROTATING ? QC_STEP_SECONDS : 1);
			put_guess(&e, guess[j]);
			e.right = guess[j] == RIGHT;
			e.attempt_no = c.s.accept_no;
			memset(e.request, 0xaa, sizeof(e.request));
			apply(&c, &e);
			first = c.out;
			CHECK(!first.repeated);

			at = c;
			at.now += 120 * SECOND - (kind[i] == QC_EV_STATIC);
			apply(&at, &e);
			CHECK(at.out.repeated && at.out.verdict == first.verdict &&
				  at.out.next == first.next && at.out.tier == first.tier &&
				  at.out.tries_left == first.tries_left &&
				  at.out.attempt_no == first.attempt_no && !at.out.counted);
			CHECK(is_same_but_number(&at.s, &c.s));

			/* after 120 s it is a request of its own */
			at = c;
			at.now += 120 * SECOND + 1;
			apply(&at, &e);
			CHECK(!at.out.repeated);

			/* another request is another guess */
			at = c;
			e.request[15] ^= 1;
			apply(&at, &e);
			CHECK(!at.out.repeated);
			CHECK(kind[i] == QC_EV_STATIC || j == 1 || at.out.verdict == QC_REJECTED);

			/* none is never the same as none */
			at = c;
			memset(e.request, 0, sizeof(e.request));
			memset(at.s.request, 0, sizeof(at.s.request));
			apply(&at, &e);
			CHECK(!at.out.repeated);
		}
}

/* What ends the memory of a request: an act of staff, a challenge that is over. */
static void
test_repeat_ended(void)
{
	static const QcEventKind kind[] = {QC_EV_FREEZE, QC_EV_VOID, QC_EV_REGISTRATION, QC_EV_REISSUE};
	Card		base = fresh();
	Card		c;
	QcEvent		e = event(&base, QC_EV_STATIC);
	QcEvent		stop;
	int			i;

	memset(e.request, 0xbb, sizeof(e.request));
	apply(&base, &e);
	for (i = 0; i < LENGTH(kind); i++)
	{
		QcEvent		rotating = event(&base, QC_EV_ROTATING);

		c = base;
		act(&c, kind[i], 60);
		c.s.valid_until = base.s.valid_until;
		apply(&c, &e);
		CHECK(!c.out.repeated && (c.out.verdict != QC_CHALLENGE || c.s.challenge_no == 2));

		/* an acceptance is judged anew, too */
		c = base;
		rotating.moment = c.now / QC_USEC / QC_STEP_SECONDS;
		memset(rotating.request, 0xcc, sizeof(rotating.request));
		CHECK(apply(&c, &rotating) == QC_ACCEPTED);
		act(&c, kind[i], 60);
		c.s.valid_until = base.s.valid_until;
		CHECK(apply(&c, &rotating) != QC_ACCEPTED && !c.out.repeated);
	}

	/* the till's error ended it: the same scan opens another */
	c = base;
	stop = event(&c, QC_EV_SECOND);
	put_guess(&stop, RIGHT);
	stop.text[0] = 1;
	apply(&c, &stop);
	CHECK(c.out.reason == QC_WHY_TEXT);
	memcpy(c.s.request, e.request, sizeof(e.request));
	c.s.request_verdict = QC_CHALLENGE;
	apply(&c, &e);
	CHECK(!c.out.repeated && c.out.verdict == QC_CHALLENGE && c.s.challenge_no == 2);

	/* it ran out */
	c = base;
	c.p.challenge_seconds = 60;
	c.s.challenge_until = c.now + 60 * SECOND;
	c.now += 60 * SECOND;
	apply(&c, &e);
	CHECK(!c.out.repeated && c.s.challenge_no == 2);
}

int
main(void)
{
	test_static();
	test_barred();
	test_stale();
	test_rotating();
	test_second();
	test_no_skew();
	test_previous();
	test_password();
	test_repeat();
	test_repeat_ended();
	return finish();
}
