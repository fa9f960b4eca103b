/*
 * test_foresee.c
 *	  What has to be at hand before a guess is looked at: for any row and event,
 *	  whatever the guess then does was foreseen.
 */
#include "foresight.h"

#include "payer_card.h"

#define ROWS		150000

/* A time not far from now, often to the microsecond a moment at which a rule changes. */
static int64_t
draw_time(int64_t now)
{
	static const int64_t seconds[] = {0, 1, 30, 60, 120, 300, 600, 900, 3600, 86400, 30 * 86400};

	switch (pick(8))
	{
		case 0:
			return 0;
		case 1:
			return QC_FOREVER;
		case 2:
			return now + pick(100000) * SECOND;
		default:
			return now - seconds[pick(LENGTH(seconds))] * SECOND + pick(3) - 1;
	}
}

static void
draw_row(QcStrike *s, int64_t now)
{
	int			f;

	memset(s, 0, sizeof(*s));
	s->id = chance(85) ? 1 : chance(50) ? -3 : -(INT64_C(1) << 32) - 3;
	s->attempt_no = 1 + pick(3);
	s->valid_until = now / QC_USEC + (chance(85) ? 1 + pick(86400) : pick(3) - 1);
	s->freeze_no = pick(3);
	if (chance(15))
		s->frozen_until = draw_time(now);
	s->frozen_at = chance(50) ? 0 : now - pick(40) * DAY;
	s->freezes = (int16_t) pick(6);
	s->flags = (chance(5) ? QC_FLAG_VOID : 0) | (chance(5) ? QC_FLAG_REGISTRATION : 0) |
		(chance(50) ? QC_FLAG_PREVIOUS : 0);
	for (f = 0; f < QC_FACTORS; f++)
		s->strikes[f] = (int16_t) pick(3);
	s->marks = (int16_t) (chance(60) ? 0 : pick(QC_MARK_ALL + 1));
	s->challenge_state = (int16_t) pick(3);
	s->challenge_gateway = TILL;
	s->challenge_until = now + pick(120) * SECOND;
	s->challenge_digits = (int16_t) pick(4);
	memset(s->nonce, 1, sizeof(s->nonce));
	s->accept_no = 1;
	s->accept_at = now - pick(130) * SECOND;
	s->accept_gateway = TILL;
	s->accept_settled = chance(20);
	s->step_biometric = s->step_rotating = s->step_renewal =
		now / QC_USEC / QC_STEP_SECONDS - pick(4);
	s->request_at = now - pick(130) * SECOND;
	s->request_verdict = (int16_t) (1 + pick(QC_VERDICTS - 1));
	memset(s->request, 1, sizeof(s->request));
	s->window_at = draw_time(now);
	s->window_count = chance(50) ? pick(5) : 598 + pick(4);
	s->window_logged_at = now - pick(3) * (SECOND / 2);
	if (s->window_at == QC_FOREVER)
		s->window_at = now;
	s->generation = (int16_t) (chance(90) ? 1 : 255);
	s->ticket_serial = 1;
	s->ticket_state = (int16_t) pick(3);
	s->ticket_wrong = (int16_t) pick(5);
}

static void
draw_event(QcEvent *e, int64_t now)
{
	memset(e, 0, sizeof(*e));
	e->kind = (QcEventKind) (chance(20) ? QC_EV_PACKAGE : pick(QC_EVENT_KINDS));
	e->gateway = chance(90) ? TILL : OTHER_TILL;
	e->moment = e->kind == QC_EV_SECOND ? now / QC_USEC : now / QC_USEC / QC_STEP_SECONDS - pick(2);
	e->right = chance(30);
	put_answer(e->expected, 7);
	put_answer(e->expected_before, 6);
	put_answer(e->guess, 5 + pick(3));
	e->guess_len = chance(90) ? 16 : 0;
	memset(e->request, chance(80) ? 0 : 1, sizeof(e->request));
	e->released_freeze_no = pick(3);
	e->over_limit = chance(10);
	e->seconds = pick(3);
	e->attempt_no = 1;
	e->ticket_serial = 1;
	e->generation = 1;
	e->taken = chance(20);
	e->late = chance(10);
	e->unbound = chance(10);
	memset(e->payment, pick(3), sizeof(e->payment));
	e->new_valid_until = now / QC_USEC + 1000;
	e->new_kid = 1;
	e->refusal = QC_REJECTED;
	e->why = QC_WHY_FORGED;
	e->forged = chance(80);
	e->has_log_row = chance(30);
}

/* Any row, any event, and each guess at it. */
static void
test_any(void)
{
	int			notices[QC_NOTICES] = {0};
	int			quiet = 0;

	rng = UINT64_C(0x9e3779b97f4a7c15);
	for (event_no = 0; event_no < ROWS && fault == NULL; event_no++)
	{
		int64_t		now = NOW + pick(1000000000);
		QcStrike	s;
		QcStrike	before;
		QcPolicy	p;
		QcEvent		e;
		QcOutcome	out;

		random_policy(&p);
		draw_row(&s, now);
		draw_event(&e, now);
		before = s;
		check_foresight(&s, &e, &p, now);
		check_foreseen(&s, &e, &p, now);
		must(memcmp(&before, &s, sizeof(before)) == 0, "foreseeing changed the row");
		qc_lifecycle(&s, &e, &p, now, &out);
		notices[out.notice]++;
		quiet += out.quiet;
		if (fault != NULL)
			printf("row %d, event kind %d: %s\n", event_no, (int) e.kind, fault);
	}
	CHECK(fault == NULL && event_no == ROWS);
	CHECK(notices[QC_NOTICE_FROZEN] >= 500 && notices[QC_NOTICE_WARNING] >= 500 &&
		  notices[QC_NOTICE_VOIDED] >= 500 && notices[QC_NOTICE_ALERT] >= 50 &&
		  notices[QC_NOTICE_RENEWED] >= 50 && notices[QC_NOTICE_DEVICE] >= 500 && quiet >= 50);
}

/* A package: its notice for the right code, and the freeze's for the wrong one. */
static void
test_package(void)
{
	static const struct
	{
		int			wrong;		/* verification codes before */
		int			max_freezes;
		int			packages;
		bool		is_late;
		bool		is_unbound;
		bool		is_frozen;
		bool		is_asked;
		QcNotice	foreseen;
	}			row[] = {
		{0, 4, 0, false, false, false, true, QC_NOTICE_DEVICE},
		{1, 4, 2, false, false, false, true, QC_NOTICE_DEVICE},
		{2, 4, 0, false, false, false, true, QC_NOTICE_FROZEN},
		{2, 1, 0, false, false, false, true, QC_NOTICE_WARNING},
		{2, 4, 3, false, false, false, true, QC_NOTICE_FROZEN},
		{0, 4, 0, true, false, false, true, QC_NOTICE_NONE},
		{0, 4, 0, false, true, false, true, QC_NOTICE_NONE},
		{0, 4, 0, false, false, true, true, QC_NOTICE_NONE},
		{2, 4, 0, true, false, false, true, QC_NOTICE_NONE},
		{0, 4, 0, false, false, false, false, QC_NOTICE_DEVICE},
		{2, 4, 0, false, false, false, false, QC_NOTICE_DEVICE},
		{0, 4, 3, false, false, false, false, QC_NOTICE_NONE},
		{0, 4, 0, false, false, true, false, QC_NOTICE_NONE}
	};
	int			i;
	int			guess;

	for (i = 0; i < LENGTH(row); i++)
		for (guess = RIGHT; guess <= WRONG; guess++)
		{
			Card		c = fresh();
			QcOutcome	foreseen;
			QcEvent		e;
			QcEvent		e_before;
			QcStrike	before;

			c.p.max_freezes = row[i].max_freezes;
			c.s.strikes[QC_FACTOR_VERIFICATION] = (int16_t) row[i].wrong;
			c.s.window_at = c.now;
			c.s.window_count = row[i].packages;
			if (row[i].is_frozen)
				c.s.frozen_until = c.now + 1;
			c.s.freeze_no = 1;
			e = package_asked(&c, (Guess) guess);
			e.late = row[i].is_late;
			e.unbound = row[i].is_unbound;
			e.right = !row[i].is_asked;
			before = c.s;
			e_before = e;
			qc_foresee(&c.s, &e, &c.p, c.now, &foreseen);
			CHECK(foreseen.notice == row[i].foreseen && !foreseen.quiet);
			CHECK(memcmp(&before, &c.s, sizeof(before)) == 0);
			CHECK(memcmp(&e_before, &e, sizeof(e)) == 0);
			apply(&c, &e);
			CHECK(c.out.notice == QC_NOTICE_NONE || foreseen.notice != QC_NOTICE_NONE);
		}
}

int
main(void)
{
	test_package();
	test_any();
	return finish();
}
