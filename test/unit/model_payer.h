/*
 * model_payer.h
 *	  The rules of system B in the model: logins that wait, codes made from a
 *	  biometric, verification codes, bindings and packages.
 */
#ifndef QC_MODEL_PAYER_H
#define QC_MODEL_PAYER_H

#include "model_rules.h"

/* "1 s, 2 s, ... 15 min": since the last wrong guess, by how many there were. */
static inline void
model_login(Model *m, const QcEvent *e, int64_t now, Expected *x)
{
	int64_t		wait = m->wrong_in_a_row > 0;
	int64_t		i;

	for (i = 1; i < m->wrong_in_a_row && wait < 900; i++)
		wait *= 2;
	if (wait > 900)
		wait = 900;
	if (now - m->wrong_at < wait * 1000000)
	{
		say(x, QC_REJECTED, QC_WHY_WAIT);
		return;
	}
	x->looked_at = true;
	if (is_same(e->guess, e->expected, e->guess_len))
	{
		say(x, QC_ACCEPTED, QC_WHY_NONE);
		m->wrong_in_a_row = 0;
		return;
	}
	say(x, QC_REJECTED, QC_WHY_WRONG);
	x->counted = true;
	m->wrong_at = now;
	m->wrong_in_a_row++;
}

/* How often the payment was guessed wrong, as far as it is remembered; it is the last one now. */
static inline int *
model_payment(Model *m, uint8_t payment)
{
	if (m->payment[0] != payment)
	{
		int			wrong = m->payment[1] == payment ? m->payment_wrong[1] : 0;

		m->payment[1] = m->payment[0];
		m->payment_wrong[1] = m->payment_wrong[0];
		m->payment[0] = payment;
		m->payment_wrong[0] = wrong;
	}
	return &m->payment_wrong[0];
}

static inline void
model_biometric(Model *m, const QcEvent *e, const QcPolicy *p, int64_t now,
				int64_t attempt_no, Expected *x)
{
	bool		is_left = false;
	int			left;
	int			i;

	if (model_is_barred(m, now, x))
		return;
	for (i = 0; i < 2; i++)
		is_left |= m->payment[i] == e->payment[0] && m->payment_wrong[i] == 3;
	if (e->unbound)
		say(x, QC_REJECTED, QC_WHY_UNBOUND);
	else if (is_left)
		say_next(x, QC_REJECTED, QC_WHY_PAYMENT, QC_NEXT_STOP);
	else if (model_step(e, p, now, m->biometric, x))
	{
		x->looked_at = true;
		if (is_same(e->guess, e->expected, e->guess_len))
		{
			model_right(m, QC_FACTOR_BIOMETRIC);
			m->biometric = e->moment;
			model_accept(m, e, 'B', false, now, attempt_no, x);
			return;
		}
		left = 3 - ++*model_payment(m, e->payment[0]);
		model_wrong(m, QC_FACTOR_BIOMETRIC, p, now, attempt_no, x);

		/* what is told is the smallest of what the payment and the payer bear */
		if (x->tries_left > left)
			x->tries_left = left;
		x->left = left == 0 && !x->froze;
		if (x->tries_left == 0)
			x->next = QC_NEXT_STOP;
	}
}

static inline void
model_verification(Model *m, const QcEvent *e, const QcPolicy *p, int64_t now,
				   int64_t attempt_no, Expected *x)
{
	if (model_is_barred(m, now, x))
		return;
	if (e->late)
	{
		say(x, QC_REJECTED, QC_WHY_WINDOW);
		return;
	}
	/* where the policy has no verification code, none is looked at */
	x->looked_at = !e->right;
	if (x->looked_at && !is_same(e->guess, e->expected, e->guess_len))
	{
		model_wrong(m, QC_FACTOR_VERIFICATION, p, now, attempt_no, x);
		return;
	}
	if (x->looked_at)
		model_right(m, QC_FACTOR_VERIFICATION);
	say(x, QC_ACCEPTED, QC_WHY_NONE);
	x->tier = 'B';
	x->attempt_no = attempt_no;
}

/* "binding again raises the generation first"; an expired credential lives on by it. */
static inline void
model_binding(Model *m, const QcEvent *e, int64_t now, Expected *x)
{
	if (model_is_barred(m, now, x) && x->verdict != QC_EXPIRED)
	{
		x->verdict = QC_REJECTED;
		return;
	}
	say(x, QC_DONE, QC_WHY_NONE);
	model_next_generation(m, e);
	/* the last generation ends the credential, which the customer is told */
	if (m->is_void)
		x->notice = QC_NOTICE_VOIDED;
}

/* Three in a day that begins with the first of them, or with a clock set back. */
static inline void
model_hand_out_package(Model *m, int64_t now, Expected *x)
{
	if (now < m->day || now >= m->day + INT64_C(86400000000))
	{
		m->day = now;
		m->packages = 0;
	}
	if (m->packages == 3)
	{
		say(x, QC_REJECTED, QC_WHY_LIMIT);
		return;
	}
	m->packages++;
	say(x, QC_DONE, QC_WHY_NONE);
	x->notice = QC_NOTICE_DEVICE;
}

static inline void
model_package(Model *m, const QcEvent *e, const QcPolicy *p, int64_t now,
			  int64_t attempt_no, Expected *x)
{
	if (model_is_barred(m, now, x))
		x->verdict = QC_REJECTED;
	else if (e->unbound)
		say(x, QC_REJECTED, QC_WHY_UNBOUND);
	else if (e->late)
		say(x, QC_REJECTED, QC_WHY_WINDOW);
	else
	{
		x->looked_at = !e->right;
		if (x->looked_at && !is_same(e->guess, e->expected, e->guess_len))
		{
			model_wrong(m, QC_FACTOR_VERIFICATION, p, now, attempt_no, x);
			return;
		}
		if (x->looked_at)
			model_right(m, QC_FACTOR_VERIFICATION);
		model_hand_out_package(m, now, x);
	}
}

#endif
