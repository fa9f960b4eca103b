/*
 * model_rules.h
 *	  The books that the model keeps of a row, and the rules that all kinds of
 *	  events share: what is frozen, what a wrong guess does, what a success
 *	  clears.
 *
 * Nothing here calls or copies the core; it only shares its numbers for kinds,
 * verdicts and reasons.
 */
#ifndef QC_MODEL_RULES_H
#define QC_MODEL_RULES_H

#include "lifecycle.h"

typedef struct Model
{
	bool		is_login;		/* a login's row: it waits, and is never frozen */

	int			strikes[QC_FACTORS];
	bool		marked[QC_FACTORS];

	int64_t		frozen_until;
	int			freeze_no;
	int			released;		/* the freeze that staff released */
	int			freezes;		/* remembered */
	int64_t		last_freeze;	/* by strikes */
	bool		is_void;
	bool		is_changed;		/* the registration */

	int64_t		challenge;		/* number of the latest */
	int			challenge_state;
	int64_t		until;
	int			gateway;
	uint8_t		text;
	int64_t		before;			/* challenge that is still recognised, 0 none */

	int64_t		accept_no;
	int64_t		accept_at;
	int			accept_gateway;
	int			accept_tier;
	bool		is_settled;

	uint8_t		request;		/* the last one; 0: none */
	int64_t		request_at;
	QcVerdict	request_verdict;
	QcReason	request_reason;
	QcNext		request_next;
	int			request_tier;
	int			request_tries;
	int64_t		request_no;

	int64_t		step;
	int64_t		renewal;
	int64_t		biometric;

	int			serial;
	int			ticket;
	int			ticket_wrong;
	int64_t		used_at;
	int			wallet;			/* its nonce; 0: none that counts */

	int			generation;
	int64_t		valid_until;
	int			kid;
	uint8_t		digest;

	/* a payer's: the two payments guessed wrong at last, and the packages of a day */
	uint8_t		payment[2];
	int			payment_wrong[2];
	int64_t		day;
	int			packages;

	/* a login's */
	int64_t		wrong_at;
	int64_t		wrong_in_a_row;
} Model;

typedef struct Expected
{
	QcVerdict	verdict;
	QcReason	reason;
	QcNext		next;
	int			tier;
	QcNotice	notice;
	bool		repeated;
	bool		counted;
	int			tries_left;
	int64_t		attempt_no;
	bool		looked_at;		/* the guess decided */

	/* what came about, for the count of what the test has seen */
	bool		froze;
	bool		by_mark;
	bool		by_sum;
	bool		forgot;
	bool		capped;
	bool		released;
	bool		spent;
	bool		left;			/* the third wrong code of a payment */
} Expected;

static inline void
say(Expected *x, QcVerdict verdict, QcReason reason)
{
	x->verdict = verdict;
	x->reason = reason;
	x->next = QC_NEXT_NONE;
}

static inline void
say_next(Expected *x, QcVerdict verdict, QcReason reason, QcNext next)
{
	say(x, verdict, reason);
	x->next = next;
}

static inline bool
model_is_frozen(const Model *m, int64_t now)
{
	return now < m->frozen_until && m->released != m->freeze_no;
}

/* Said to who holds a right code or has the challenge. */
static inline bool
model_is_barred(const Model *m, int64_t now, Expected *x)
{
	if (m->is_void)
		say_next(x, QC_FROZEN, QC_WHY_VOID, QC_NEXT_STOP);
	else if (model_is_frozen(m, now))
		say(x, QC_FROZEN, QC_WHY_FROZEN);
	else if (m->is_changed)
		say_next(x, QC_REJECTED, QC_WHY_REGISTRATION, QC_NEXT_STOP);
	else if (now / 1000000 >= m->valid_until)
		say_next(x, QC_EXPIRED, QC_WHY_EXPIRED, QC_NEXT_RENEW);
	else
		return false;
	return true;
}

static inline void
model_freeze(Model *m, int64_t until)
{
	int			f;

	for (f = 0; f < QC_FACTORS; f++)
	{
		m->strikes[f] = 0;
		m->marked[f] = true;
	}
	m->freeze_no++;
	m->before = 0;
	if (until > m->frozen_until)
		m->frozen_until = until;
	if (m->challenge_state == QC_CHALLENGE_OPEN)
		m->challenge_state = QC_CHALLENGE_FROZEN;
}

/* What is asked for after a wrong guess that left others. */
static inline QcNext
model_ask_again(QcFactor factor)
{
	return factor == QC_FACTOR_SECOND ? QC_NEXT_SECOND_CODE :
		factor == QC_FACTOR_PASSWORD ? QC_NEXT_PASSWORD : QC_NEXT_NONE;
}

static inline void
model_wrong(Model *m, QcFactor factor, const QcPolicy *p, int64_t now,
			int64_t attempt_no, Expected *x)
{
	int			sum = 0;
	int			left;
	int64_t		seconds = p->freeze_seconds;
	int			i;

	say_next(x, QC_REJECTED, QC_WHY_WRONG, model_ask_again(factor));
	x->counted = true;
	x->attempt_no = attempt_no;
	m->strikes[factor]++;
	for (i = 0; i < QC_FACTORS; i++)
		sum += m->strikes[i];
	left = p->strike_limit - m->strikes[factor];
	if (5 - sum < left)
	{
		left = 5 - sum;
		x->by_sum = left == 0;
	}
	if (m->marked[factor] && left > 0)
	{
		left = 0;
		x->by_mark = true;
	}
	x->tries_left = left > 0 ? left : 0;
	if (left > 0)
		return;

	x->froze = true;
	x->next = QC_NEXT_STOP;
	if (m->last_freeze != 0 &&
		now >= m->last_freeze + p->freeze_memory_days * INT64_C(86400000000))
	{
		x->forgot = m->freezes > 0;
		m->freezes = 0;
	}
	m->freezes++;
	m->is_void = m->is_void || m->freezes > p->max_freezes;
	x->notice = m->freezes > p->max_freezes ? QC_NOTICE_VOIDED :
		m->freezes == p->max_freezes ? QC_NOTICE_WARNING : QC_NOTICE_FROZEN;
	m->last_freeze = now;
	for (i = 1; i < m->freezes; i++)
		seconds = seconds * 2 > 100000000 ? 100000000 : seconds * 2;
	if (seconds > p->freeze_cap_seconds)
	{
		seconds = p->freeze_cap_seconds;
		x->capped = true;
	}
	model_freeze(m, now + seconds * 1000000);
}

/* A right guess clears the count and the mark of its own factor. */
static inline void
model_right(Model *m, QcFactor factor)
{
	m->strikes[factor] = 0;
	m->marked[factor] = false;
}

/* What was right is accepted, unless the customer's day is full. */
static inline void
model_accept(Model *m, const QcEvent *e, int tier, bool asks, int64_t now,
			 int64_t attempt_no, Expected *x)
{
	if (e->over_limit)
	{
		say(x, QC_REJECTED, QC_WHY_LIMIT);
		return;
	}
	say_next(x, QC_ACCEPTED, QC_WHY_NONE, asks ? QC_NEXT_PASSWORD : QC_NEXT_NONE);
	x->tier = tier;
	x->attempt_no = attempt_no;
	m->accept_no = attempt_no;
	m->accept_at = now;
	m->accept_gateway = e->gateway;
	m->accept_tier = tier;
	m->is_settled = false;
}

/* Whether a code of this step may pass; last is the greatest used. */
static inline bool
model_step(const QcEvent *e, const QcPolicy *p, int64_t now, int64_t last,
		   Expected *x)
{
	int64_t		age = now / 30000000 - e->moment;

	if (age > 1 || age < (p->skew_ahead ? -1 : 0))
		say(x, QC_REJECTED, QC_WHY_WINDOW);
	else if (last >= e->moment)
		say(x, QC_REJECTED, QC_WHY_REPLAYED);
	else
		return true;
	return false;
}

static inline bool
is_same(const uint8_t *a, const uint8_t *b, int n)
{
	return n > 0 && memcmp(a, b, (size_t) n) == 0;
}

static inline void
model_next_generation(Model *m, const QcEvent *e)
{
	m->request = 0;
	m->challenge_state = QC_CHALLENGE_NONE;
	m->before = 0;
	if (m->generation == 255)
	{
		m->is_void = true;
		return;
	}
	m->generation++;
	m->valid_until = e->new_valid_until;
	m->kid = e->new_kid;
	m->digest = e->new_digest[0];
}

#endif
