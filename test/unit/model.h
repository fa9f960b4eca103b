/*
 * model.h
 *	  The rules of the design as a book-keeper would apply them, for the random
 *	  lives: what an event must come to, and what is kept of it.
 *
 * Scans, passwords, tickets and staff stand here, a payer's events in
 * model_payer.h, and what all of them share in model_rules.h.
 */
#ifndef QC_MODEL_H
#define QC_MODEL_H

#include "model_payer.h"

static inline void
model_static(Model *m, const QcEvent *e, const QcPolicy *p, int64_t now,
			 int64_t attempt_no, Expected *x)
{
	if (!e->right)
		say(x, QC_REJECTED, QC_WHY_STALE);
	else if (model_is_barred(m, now, x))
		return;
	else if (p->static_alone && !p->second_scan_required)
		model_accept(m, e, 'D', false, now, attempt_no, x);
	else if (e->over_limit)
		say(x, QC_REJECTED, QC_WHY_LIMIT);
	else
	{
		say_next(x, QC_CHALLENGE, QC_WHY_NONE, QC_NEXT_SECOND_CODE);
		x->attempt_no = attempt_no;
		m->before = m->challenge_state == QC_CHALLENGE_OPEN ? m->challenge : 0;
		m->challenge++;
		m->challenge_state = QC_CHALLENGE_OPEN;
		m->until = now + p->challenge_seconds * INT64_C(1000000);
		m->gateway = e->gateway;
		m->text = e->text[0];
	}
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
			model_right(m, QC_FACTOR_SECOND);
			model_accept(m, e, 'C', p->ask_password, now, attempt_no, x);
		}
		else if (m->before != 0 && is_same(e->guess, e->expected_before, e->guess_len))
			say(x, QC_REJECTED, QC_WHY_SUPERSEDED);
		else
			model_wrong(m, QC_FACTOR_SECOND, p, now, attempt_no, x);
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
			model_wrong(m, QC_FACTOR_PASSWORD, p, now, attempt_no, x);
			return;
		}
		say(x, QC_ACCEPTED, QC_WHY_NONE);
		x->attempt_no = attempt_no;
		/* a photograph of a first code stays what it is */
		x->tier = m->accept_tier == 'D' ? 'D' : 'B';
		model_right(m, QC_FACTOR_PASSWORD);
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
	else if (e->taken)
		say(x, QC_REJECTED, QC_WHY_TAKEN);
	else
	{
		say(x, QC_DONE, QC_WHY_NONE);
		x->repeated = again;
		if (!again)
			model_hand_out(m, e, now);
	}
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
		x->notice = QC_NOTICE_RENEWED;
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
	{
		x->notice = QC_NOTICE_FROZEN;
		model_freeze(m, e->seconds == 0 ? INT64_MAX : now + e->seconds * 1000000);
	}
	else if (e->kind == QC_EV_VOID)
	{
		x->notice = QC_NOTICE_VOIDED;
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
				model_wrong(m, QC_FACTOR_SECOND, p, now, attempt_no, x);
			break;
		case QC_EV_EPOCH:
			m->request = 0;
			m->challenge_state = QC_CHALLENGE_NONE;
			m->before = 0;
			/* a row that did not fit its MAC waits for staff */
			if (!e->right && !m->is_void && !m->is_login)
			{
				x->notice = QC_NOTICE_FROZEN;
				model_freeze(m, INT64_MAX);
			}
			break;
		case QC_EV_BINDING:
			model_binding(m, e, now, x);
			break;
		case QC_EV_PACKAGE:
			model_package(m, e, p, now, attempt_no, x);
			break;
		case QC_EV_LOGIN:
			model_login(m, e, now, x);
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
	m->request_next = x->next;
	m->request_tier = x->tier;
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
	if (e->kind > QC_EV_PASSWORD && e->kind != QC_EV_BIOMETRIC &&
		e->kind != QC_EV_VERIFICATION)
	{
		model_act(m, e, p, now, attempt_no, x);
		return;
	}
	/* a challenge that is over is asked for anew */
	if (model_is_repeat(m, e, now) &&
		(m->request_verdict != QC_CHALLENGE ||
		 (m->challenge_state == QC_CHALLENGE_OPEN && now < m->until)))
	{
		say_next(x, m->request_verdict, m->request_reason, m->request_next);
		x->repeated = true;
		x->tier = m->request_tier;
		x->tries_left = m->request_tries;
		x->attempt_no = m->request_no;
		return;
	}
	if (e->kind == QC_EV_STATIC)
		model_static(m, e, p, now, attempt_no, x);
	else if (e->kind == QC_EV_PASSWORD)
		model_password(m, e, p, now, attempt_no, x);
	else if (e->kind == QC_EV_BIOMETRIC)
		model_biometric(m, e, p, now, attempt_no, x);
	else if (e->kind == QC_EV_VERIFICATION)
		model_verification(m, e, p, now, attempt_no, x);
	else if (e->kind != QC_EV_ROTATING)
		model_second(m, e, p, now, attempt_no, x);
	else if (!e->right)
		say(x, QC_REJECTED, QC_WHY_STALE);
	else if (!model_is_barred(m, now, x) && model_step(e, p, now, m->step, x))
	{
		m->step = e->moment;
		model_accept(m, e, 'C', p->ask_password, now, attempt_no, x);
	}
	model_remember(m, e, now, x);
}

#endif
