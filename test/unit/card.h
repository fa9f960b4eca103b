/*
 * card.h
 *	  A credential's strike row at its moment, for the tests of the lifecycle.
 */
#ifndef QC_CARD_H
#define QC_CARD_H

#include "check.h"
#include "code.h"
#include "lifecycle.h"

#define NOW			(INT64_C(1800000000) * QC_USEC)
#define SECOND		QC_USEC
#define DAY			(86400 * QC_USEC)
#define TILL		7
#define OTHER_TILL	8
#define LENGTH(array) ((int) (sizeof(array) / sizeof((array)[0])))

/* One credential at its moment, and what the last event came to. */
typedef struct Card
{
	QcStrike	s;
	QcPolicy	p;
	QcOutcome	out;
	int64_t		now;
	int32_t		released;		/* number of a freeze that is released */
	int			gateway;
} Card;

typedef enum Guess
{
	RIGHT,
	WRONG,
	BEFORE						/* right for the challenge before */
} Guess;

/* Issued, valid for a year, under the default policy. */
static inline Card
fresh(void)
{
	Card		c;

	memset(&c, 0, sizeof(c));
	c.s.id = 4711;
	c.s.valid_until = NOW / QC_USEC + 365 * 86400;
	c.s.generation = 1;
	c.s.kid = 1;
	c.s.ticket_serial = 1;
	c.p.digits = 8;
	c.p.challenge_seconds = 120;
	c.p.strike_limit = 3;
	c.p.freeze_seconds = 300;
	c.p.freeze_cap_seconds = 86400;
	c.p.max_freezes = 4;
	c.p.freeze_memory_days = 30;
	c.p.renew_grace_days = 30;
	c.p.wallet_skew_seconds = -1;
	c.p.second_scan_required = true;
	c.p.typed = true;
	c.now = NOW;
	c.gateway = TILL;
	return c;
}

static inline QcEvent
event(const Card *c, QcEventKind kind)
{
	QcEvent		e;

	memset(&e, 0, sizeof(e));
	e.kind = kind;
	e.gateway = c->gateway;
	e.released_freeze_no = c->released;
	e.right = true;
	e.moment = c->now / QC_USEC;
	e.has_log_row = true;
	return e;
}

/* Every event but a quiet one has a number of its own. */
static inline QcVerdict
apply(Card *c, const QcEvent *e)
{
	int64_t		before = c->s.attempt_no;

	memset(&c->out, 0x5a, sizeof(c->out));
	qc_lifecycle(&c->s, e, &c->p, c->now, &c->out);
	CHECK(c->s.attempt_no == before + !c->out.quiet);
	return c->out.verdict;
}

static inline void
put_guess(QcEvent *e, Guess guess)
{
	memset(e->expected, 0x11, sizeof(e->expected));
	memset(e->expected_before, 0x22, sizeof(e->expected_before));
	memset(e->guess, guess == RIGHT ? 0x11 : guess == BEFORE ? 0x22 : 0x33, 16);
	e->guess_len = e->kind == QC_EV_TYPED ? 8 : 16;
	e->right = false;
}

static inline QcVerdict
scan_static(Card *c)
{
	QcEvent		e = event(c, QC_EV_STATIC);

	return apply(c, &e);
}

static inline QcVerdict
scan_rotating(Card *c, int ahead)
{
	QcEvent		e = event(c, QC_EV_ROTATING);

	e.moment = c->now / QC_USEC / QC_STEP_SECONDS + ahead;
	return apply(c, &e);
}

static inline QcVerdict
scan_second(Card *c, Guess guess)
{
	QcEvent		e = event(c, QC_EV_SECOND);

	put_guess(&e, guess);
	return apply(c, &e);
}

/* A password after the latest acceptance. */
static inline QcVerdict
give_password(Card *c, Guess guess)
{
	QcEvent		e = event(c, QC_EV_PASSWORD);

	put_guess(&e, guess);
	e.attempt_no = c->s.accept_no;
	return apply(c, &e);
}

static inline QcVerdict
act(Card *c, QcEventKind kind, int64_t seconds)
{
	QcEvent		e = event(c, kind);

	e.seconds = seconds;
	return apply(c, &e);
}

static inline bool
is_answer(const Card *c, QcVerdict verdict, QcReason reason, QcNext next)
{
	return c->out.verdict == verdict && c->out.reason == reason &&
		c->out.next == next;
}

/* A wrong second code, after the scan that it needs. */
static inline void
fail_second(Card *c)
{
	if (c->s.challenge_state != QC_CHALLENGE_OPEN || c->s.challenge_until <= c->now)
		CHECK(scan_static(c) == QC_CHALLENGE);
	scan_second(c, WRONG);
}

/* A wrong password, after an acceptance, which clears no count. */
static inline void
fail_password(Card *c)
{
	c->now += 60 * SECOND;
	CHECK(scan_rotating(c, 0) == QC_ACCEPTED);
	give_password(c, WRONG);
}

#endif
