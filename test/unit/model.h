/*
 * model.h
 *	  The rules of the design as a book-keeper would apply them, for
 *	  test_random.c: what an event must come to, and what is kept of it.
 *
 * Nothing here calls or copies the core; it only shares its numbers for kinds,
 * verdicts and reasons.
 */
#ifndef QC_MODEL_H
#define QC_MODEL_H

#include "lifecycle.h"

typedef struct Model
{
	/* guesses: 0 second and typed code, 1 password */
	int			strikes[2];
	bool		marked[2];

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
	bool		is_settled;

	uint8_t		request;		/* the last one; 0: none */
	int64_t		request_at;
	QcVerdict	request_verdict;
	QcReason	request_reason;
	int			request_tries;
	int64_t		request_no;

	int64_t		step;
	int64_t		renewal;

	int			serial;
	int			ticket;
	int			ticket_wrong;
	int64_t		used_at;
	int			wallet;			/* its nonce; 0: none that counts */

	int			generation;
	int64_t		valid_until;
} Model;

typedef struct Expected
{
	QcVerdict	verdict;
	QcReason	reason;
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
} Expected;

static inline void
say(Expected *x, QcVerdict verdict, QcReason reason)
{
	x->verdict = verdict;
	x->reason = reason;
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
		say(x, QC_FROZEN, QC_WHY_VOID);
	else if (model_is_frozen(m, now))
		say(x, QC_FROZEN, QC_WHY_FROZEN);
	else if (m->is_changed)
		say(x, QC_REJECTED, QC_WHY_REGISTRATION);
	else if (now / 1000000 >= m->valid_until)
		say(x, QC_EXPIRED, QC_WHY_EXPIRED);
	else
		return false;
	return true;
}

static inline void
model_freeze(Model *m, int64_t until)
{
	m->strikes[0] = m->strikes[1] = 0;
	m->marked[0] = m->marked[1] = true;
	m->freeze_no++;
	m->before = 0;
	if (until > m->frozen_until)
		m->frozen_until = until;
	if (m->challenge_state == QC_CHALLENGE_OPEN)
		m->challenge_state = QC_CHALLENGE_FROZEN;
}

static inline void
model_wrong(Model *m, int factor, const QcPolicy *p, int64_t now,
			int64_t attempt_no, Expected *x)
{
	int			sum;
	int			left;
	int64_t		seconds = p->freeze_seconds;
	int			i;

	say(x, QC_REJECTED, QC_WHY_WRONG);
	x->counted = true;
	x->attempt_no = attempt_no;
	m->strikes[factor]++;
	sum = m->strikes[0] + m->strikes[1];
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
	if (m->last_freeze != 0 &&
		now >= m->last_freeze + p->freeze_memory_days * INT64_C(86400000000))
	{
		x->forgot = m->freezes > 0;
		m->freezes = 0;
	}
	m->freezes++;
	m->is_void = m->is_void || m->freezes > p->max_freezes;
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

static inline void
model_accept(Model *m, const QcEvent *e, int64_t now, int64_t attempt_no, Expected *x)
{
	say(x, QC_ACCEPTED, QC_WHY_NONE);
	x->attempt_no = attempt_no;
	m->accept_no = attempt_no;
	m->accept_at = now;
	m->accept_gateway = e->gateway;
	m->is_settled = false;
}

static inline void
model_static(Model *m, const QcEvent *e, const QcPolicy *p, int64_t now,
			 int64_t attempt_no, Expected *x)
{
	if (!e->right)
		say(x, QC_REJECTED, QC_WHY_STALE);
	else if (model_is_barred(m, now, x))
		return;
	else if (p->static_alone && !p->second_scan_required)
		model_accept(m, e, now, attempt_no, x);
	else
	{
		say(x, QC_CHALLENGE, QC_WHY_NONE);
		x->attempt_no = attempt_no;
		m->before = m->challenge_state == QC_CHALLENGE_OPEN ? m->challenge : 0;
		m->challenge++;
		m->challenge_state = QC_CHALLENGE_OPEN;
		m->until = now + p->challenge_seconds * INT64_C(1000000);
		m->gateway = e->gateway;
		m->text = e->text[0];
	}
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
model_second(Model *m, const QcEvent *e, const QcPolicy *p, int64_t now,
			 int64_t attempt_no, Expected *x)
{
	int64_t		skew = e->moment - now / 1000000;

	if (m->challenge_state == QC_CHALLENGE_NONE || now >= m->until || e->gateway != m->gateway)
		say(x, QC_REJECTED, QC_WHY_NO_CHALLENGE);
	else if (model_is_barred(m, now, x))
		return;
	else if (m->challenge_state == QC_CHALLENGE_FROZEN)
		say(x, QC_REJECTED, QC_WHY_NO_CHALLENGE);
	else if (e->kind == QC_EV_TYPED && !p->typed)
		say(x, QC_REJECTED, QC_WHY_KIND);
	else if (e->text[0] != m->text)
	{
		say(x, QC_REJECTED, QC_WHY_TEXT);
		m->challenge_state = QC_CHALLENGE_NONE;
		m->before = 0;
	}
	else
	{
		x->looked_at = true;
		if (is_same(e->guess, e->expected, e->guess_len))
		{
			if (e->kind == QC_EV_SECOND && p->wallet_skew_seconds >= 0 &&
				(skew < 0 ? -skew : skew) > p->wallet_skew_seconds)
			{
				say(x, QC_REJECTED, QC_WHY_SKEW);
				return;
			}
			m->challenge_state = QC_CHALLENGE_NONE;
			m->before = 0;
			m->strikes[0] = 0;
			m->marked[0] = false;
			model_accept(m, e, now, attempt_no, x);
		}
		else if (m->before != 0 && is_same(e->guess, e->expected_before, e->guess_len))
			say(x, QC_REJECTED, QC_WHY_SUPERSEDED);
		else
			model_wrong(m, 0, p, now, attempt_no, x);
	}
}

static inline void
model_password(Model *m, const QcEvent *e, const QcPolicy *p, int64_t now,
			   int64_t attempt_no, Expected *x)
{
	if (e->attempt_no < 1 || e->attempt_no != m->accept_no ||
		e->gateway != m->accept_gateway || m->is_settled ||
		now > m->accept_at + 120000000)
		say(x, QC_REJECTED, QC_WHY_NOT_LATEST);
	else if (!model_is_barred(m, now, x))
	{
		x->looked_at = true;
		if (!is_same(e->guess, e->expected, e->guess_len))
		{
			model_wrong(m, 1, p, now, attempt_no, x);
			return;
		}
		say(x, QC_ACCEPTED, QC_WHY_NONE);
		x->attempt_no = attempt_no;
		m->strikes[1] = 0;
		m->marked[1] = false;
		m->is_settled = true;
	}
}

static inline bool
model_is_same_wallet(const Model *m, const QcEvent *e, int64_t now)
{
	return e->has_wallet_nonce && e->wallet_nonce[0] != 0 && m->ticket == QC_TICKET_USED &&
		e->wallet_nonce[0] == m->wallet && now <= m->used_at + 600000000;
}

static inline void
model_hand_out(Model *m, const QcEvent *e, int64_t now)
{
	m->ticket = QC_TICKET_USED;
	m->used_at = now;
	m->wallet = e->has_wallet_nonce ? e->wallet_nonce[0] : 0;
}

static inline void
model_download(Model *m, const QcEvent *e, int64_t now, Expected *x)
{
	bool		again = model_is_same_wallet(m, e, now);

	if (model_is_barred(m, now, x))
		x->verdict = QC_REJECTED;
	else if (e->generation != m->generation || e->ticket_serial != m->serial ||
			 m->ticket == QC_TICKET_SPENT || (m->ticket == QC_TICKET_USED && !again))
		say(x, QC_REJECTED, QC_WHY_TICKET_USED);
	else if (e->ticket_expired && !again)
		say(x, QC_REJECTED, QC_WHY_TICKET_EXPIRED);
	else if (e->unanswered)
		say(x, QC_REJECTED, QC_WHY_ANSWER);
	else if (!e->right && !is_same(e->guess, e->expected, e->guess_len))
	{
		say(x, QC_REJECTED, QC_WHY_ANSWER);
		if (++m->ticket_wrong >= 5)
		{
			m->ticket = QC_TICKET_SPENT;
			x->spent = true;
		}
	}
	else
	{
		say(x, QC_DONE, QC_WHY_NONE);
		x->repeated = again;
		if (!again)
			model_hand_out(m, e, now);
	}
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
}

static inline void
model_renew(Model *m, const QcEvent *e, const QcPolicy *p, int64_t now, Expected *x)
{
	if (m->is_void || m->is_changed || model_is_frozen(m, now))
	{
		(void) model_is_barred(m, now, x);
		x->verdict = QC_REJECTED;
	}
	else if (model_is_same_wallet(m, e, now))
	{
		say(x, QC_DONE, QC_WHY_NONE);
		x->repeated = true;
	}
	else if (!e->right)
		say(x, QC_REJECTED, QC_WHY_STALE);
	else if (now / 1000000 >= m->valid_until + p->renew_grace_days * INT64_C(86400))
		say(x, QC_REJECTED, QC_WHY_EXPIRED);
	else if (model_step(e, p, now, m->renewal, x))
	{
		say(x, QC_DONE, QC_WHY_NONE);
		m->renewal = e->moment;
		model_next_generation(m, e);
		model_hand_out(m, e, now);
	}
}

static inline void
model_new_ticket(Model *m)
{
	m->serial++;
	m->ticket = QC_TICKET_READY;
	m->ticket_wrong = 0;
}

/* What staff does to a credential that is not void; a retry is judged anew. */
static inline void
model_staff(Model *m, const QcEvent *e, int64_t now, Expected *x)
{
	m->request = 0;
	if (m->is_void)
	{
		say(x, QC_REJECTED, QC_WHY_VOID);
		return;
	}
	say(x, QC_DONE, QC_WHY_NONE);
	if (e->kind == QC_EV_FREEZE)
		model_freeze(m, e->seconds == 0 ? INT64_MAX : now + e->seconds * 1000000);
	else if (e->kind == QC_EV_VOID)
	{
		m->is_void = true;
		if (m->challenge_state == QC_CHALLENGE_OPEN)
			m->challenge_state = QC_CHALLENGE_FROZEN;
	}
	else
	{
		m->is_changed = true;
		m->challenge_state = QC_CHALLENGE_NONE;
		m->before = 0;
	}
}

/* Staff's events and the wallet's. */
static inline void
model_act(Model *m, const QcEvent *e, const QcPolicy *p, int64_t now,
		  int64_t attempt_no, Expected *x)
{
	say(x, QC_DONE, QC_WHY_NONE);
	switch (e->kind)
	{
		case QC_EV_DOWNLOAD:
			model_download(m, e, now, x);
			break;
		case QC_EV_RENEWAL:
			model_renew(m, e, p, now, x);
			break;
		case QC_EV_TICKET:
			if (!model_is_barred(m, now, x))
				model_new_ticket(m);
			break;
		case QC_EV_CANCEL:
			m->ticket = QC_TICKET_SPENT;
			break;
		case QC_EV_REISSUE:
			if (m->is_void)
				say(x, QC_REJECTED, QC_WHY_VOID);
			else
			{
				model_next_generation(m, e);
				model_new_ticket(m);
				m->is_changed = false;
			}
			break;
		case QC_EV_FREEZE:
		case QC_EV_VOID:
		case QC_EV_REGISTRATION:
			model_staff(m, e, now, x);
			break;
		case QC_EV_COUNT:
			if (!model_is_barred(m, now, x))
				model_wrong(m, 0, p, now, attempt_no, x);
			break;
		case QC_EV_EPOCH:
			m->request = 0;
			m->challenge_state = QC_CHALLENGE_NONE;
			m->before = 0;
			/* a row that did not fit its MAC waits for staff */
			if (!e->right && !m->is_void)
				model_freeze(m, INT64_MAX);
			break;
		default:
			break;
	}
}

static inline void
model_remember(Model *m, const QcEvent *e, int64_t now, const Expected *x)
{
	m->request = e->request[0];
	m->request_at = now;
	m->request_verdict = x->verdict;
	m->request_reason = x->reason;
	m->request_tries = x->tries_left;
	m->request_no = x->attempt_no;
}

static inline bool
model_is_repeat(const Model *m, const QcEvent *e, int64_t now)
{
	return e->request[0] != 0 && e->request[0] == m->request &&
		now <= m->request_at + 120000000;
}

static inline void
model_event(Model *m, const QcEvent *e, const QcPolicy *p, int64_t now,
			int64_t attempt_no, Expected *x)
{
	memset(x, 0, sizeof(*x));
	x->tries_left = -1;

	/* a release takes effect with the first event that comes upon it */
	if (now < m->frozen_until && m->released == m->freeze_no)
	{
		x->released = true;
		m->frozen_until = 0;
		if (m->challenge_state == QC_CHALLENGE_FROZEN)
			m->challenge_state = QC_CHALLENGE_NONE;
	}
	if (e->kind == QC_EV_REFUSED)
	{
		say(x, e->refusal, e->why);
		x->repeated = model_is_repeat(m, e, now);
		if (e->request[0] != 0)
			model_remember(m, e, now, x);
		return;
	}
	if (e->kind > QC_EV_PASSWORD)
	{
		model_act(m, e, p, now, attempt_no, x);
		return;
	}
	/* a challenge that is over is asked for anew */
	if (model_is_repeat(m, e, now) &&
		(m->request_verdict != QC_CHALLENGE ||
		 (m->challenge_state == QC_CHALLENGE_OPEN && now < m->until)))
	{
		say(x, m->request_verdict, m->request_reason);
		x->repeated = true;
		x->tries_left = m->request_tries;
		x->attempt_no = m->request_no;
		return;
	}
	if (e->kind == QC_EV_STATIC)
		model_static(m, e, p, now, attempt_no, x);
	else if (e->kind == QC_EV_PASSWORD)
		model_password(m, e, p, now, attempt_no, x);
	else if (e->kind != QC_EV_ROTATING)
		model_second(m, e, p, now, attempt_no, x);
	else if (!e->right)
		say(x, QC_REJECTED, QC_WHY_STALE);
	else if (!model_is_barred(m, now, x) && model_step(e, p, now, m->step, x))
	{
		m->step = e->moment;
		model_accept(m, e, now, attempt_no, x);
	}
	model_remember(m, e, now, x);
}

#endif
