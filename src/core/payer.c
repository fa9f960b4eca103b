/*
 * payer.c
 *	  The part of the lifecycle that system B adds: logins that wait, biometric
 *	  and verification codes, packages for further devices.
 *
 * A payer's row is a credential's like any other; what the first system keeps
 * about a challenge and the one before it is free in it, and serves the two
 * payments that had a wrong code last.
 */
#include "lifecycle.h"

#include <string.h>

#include "code.h"
#include "rules.h"

/* Seconds to wait after so many wrong guesses in a row: 1, 2, 4 ... */
static int64_t
login_wait(int64_t wrong)
{
	if (wrong <= 0)
		return 0;
	return wrong > 10 ? QC_LOGIN_WAIT_MAX : INT64_C(1) << (wrong - 1);
}

void
qc_event_login(QcStrike *s, const QcEvent *e, int64_t now, QcOutcome *out)
{
	/* a guess made meanwhile is not looked at, and does not prolong the wait */
	if (now < s->window_at + login_wait(s->window_count) * QC_USEC)
		qc_reject(out, QC_WHY_WAIT);
	else if (qc_is_guess_right(e))
	{
		s->window_count = 0;
		qc_answer(out, QC_ACCEPTED, QC_WHY_NONE, QC_NEXT_NONE);
	}
	else
	{
		s->window_at = now;
		s->window_count++;
		qc_reject(out, QC_WHY_WRONG);
		out->counted = true;
	}
}

/* Counts a wrong code against its payment; answers how many more it bears. */
static int
wrong_for_payment(QcStrike *s, const QcEvent *e)
{
	uint8_t		nonce[16];
	int16_t		wrong = 0;

	/* two payments are remembered, so that turns taken between them count */
	if (!qc_equal(s->nonce, e->payment, sizeof(s->nonce)))
	{
		memcpy(nonce, s->nonce, sizeof(nonce));
		if (qc_equal(s->previous_nonce, e->payment, sizeof(nonce)))
			wrong = s->previous_digits;
		s->previous_digits = s->challenge_digits;
		memcpy(s->previous_nonce, nonce, sizeof(nonce));
		memcpy(s->nonce, e->payment, sizeof(s->nonce));
		s->challenge_digits = wrong;
	}
	s->challenge_digits++;
	return QC_PAYMENT_WRONG - s->challenge_digits;
}

static bool
is_payment_left(const QcStrike *s, const QcEvent *e)
{
	return (s->challenge_digits >= QC_PAYMENT_WRONG &&
			qc_equal(s->nonce, e->payment, sizeof(s->nonce))) ||
		(s->previous_digits >= QC_PAYMENT_WRONG &&
		 qc_equal(s->previous_nonce, e->payment, sizeof(s->nonce)));
}

void
qc_event_biometric(QcStrike *s, const QcEvent *e, const QcPolicy *p,
				   int64_t now, QcOutcome *out)
{
	int64_t		step = now / QC_USEC / QC_STEP_SECONDS;
	int			left;

	if (qc_barred(s, e, now, out))
		return;
	if (e->unbound)
		qc_reject(out, QC_WHY_UNBOUND);
	else if (is_payment_left(s, e))
		qc_answer(out, QC_REJECTED, QC_WHY_PAYMENT, QC_NEXT_STOP);
	else if (e->moment < step - 1 || e->moment > step + (p->skew_ahead ? 1 : 0))
		qc_reject(out, QC_WHY_WINDOW);
	else if (e->moment <= s->step_biometric)
		qc_reject(out, QC_WHY_REPLAYED);
	else if (qc_is_guess_right(e))
	{
		qc_succeed(s, QC_FACTOR_BIOMETRIC);
		s->step_biometric = e->moment;
		qc_accept(s, e, 'B', false, now, out);
	}
	else
	{
		left = wrong_for_payment(s, e);
		qc_strike(s, QC_FACTOR_BIOMETRIC, p, now, out);
		if (left <= 0)
			out->next = QC_NEXT_STOP;
		if (left < out->tries_left)
			out->tries_left = left;
	}
}

void
qc_event_verification(QcStrike *s, const QcEvent *e, const QcPolicy *p,
					  int64_t now, QcOutcome *out)
{
	if (qc_barred(s, e, now, out))
		return;
	if (e->late)
		qc_reject(out, QC_WHY_WINDOW);
	else if (e->right || qc_is_guess_right(e))
	{
		/* where the policy asks for no code, none was right */
		if (!e->right)
			qc_succeed(s, QC_FACTOR_VERIFICATION);
		qc_answer(out, QC_ACCEPTED, QC_WHY_NONE, QC_NEXT_NONE);
		out->tier = 'B';
		out->attempt_no = s->attempt_no;
	}
	else
		qc_strike(s, QC_FACTOR_VERIFICATION, p, now, out);
}

void
qc_event_binding(QcStrike *s, const QcEvent *e, int64_t now, QcOutcome *out)
{
	/* an expired credential is made anew by this; nothing else is lifted */
	if (qc_barred(s, e, now, out) && out->verdict != QC_EXPIRED)
	{
		out->verdict = QC_REJECTED;
		return;
	}
	qc_next_generation(s, e);
	qc_answer(out, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE);
	if (s->flags & QC_FLAG_VOID)
		out->notice = QC_NOTICE_VOIDED;
}

static void
hand_out_package(QcStrike *s, int64_t now, QcOutcome *out)
{
	if (now - s->window_at >= 86400 * QC_USEC || now < s->window_at)
	{
		s->window_at = now;
		s->window_count = 0;
	}
	if (s->window_count >= QC_PACKAGES_A_DAY)
	{
		qc_reject(out, QC_WHY_LIMIT);
		return;
	}
	s->window_count++;
	qc_answer(out, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE);
	out->notice = QC_NOTICE_DEVICE;
}

void
qc_event_package(QcStrike *s, const QcEvent *e, const QcPolicy *p, int64_t now,
				 QcOutcome *out)
{
	if (qc_barred(s, e, now, out))
	{
		out->verdict = QC_REJECTED;
		return;
	}
	if (e->unbound)
		qc_reject(out, QC_WHY_UNBOUND);
	else if (e->late)
		qc_reject(out, QC_WHY_WINDOW);
	else if (e->right)
		hand_out_package(s, now, out);
	else if (qc_is_guess_right(e))
	{
		qc_succeed(s, QC_FACTOR_VERIFICATION);
		hand_out_package(s, now, out);
	}
	else
		qc_strike(s, QC_FACTOR_VERIFICATION, p, now, out);
}
