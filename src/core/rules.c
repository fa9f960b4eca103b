/*
 * rules.c
 *	  What every event of a strike row shares: answers, comparison, what bars a
 *	  credential, and what an acceptance leaves behind.
 */
#include "rules.h"

#include <string.h>

bool
qc_is_zero(const uint8_t bytes[16])
{
	static const uint8_t zero[16];

	return memcmp(bytes, zero, sizeof(zero)) == 0;
}

void
qc_answer(QcOutcome *out, QcVerdict verdict, QcReason reason, QcNext next)
{
	out->verdict = verdict;
	out->reason = reason;
	out->next = next;
}

void
qc_reject(QcOutcome *out, QcReason reason)
{
	qc_answer(out, QC_REJECTED, reason, QC_NEXT_NONE);
}

bool
qc_is_guess_right(const QcEvent *e)
{
	return e->guess_len > 0 &&
		qc_equal(e->guess, e->expected, (size_t) e->guess_len);
}

bool
qc_is_frozen(const QcStrike *s, int32_t released_freeze_no, int64_t now)
{
	return s->frozen_until > now && s->freeze_no != released_freeze_no;
}

bool
qc_is_expired(const QcStrike *s, int64_t now)
{
	return s->valid_until <= now / QC_USEC;
}

void
qc_end_challenge(QcStrike *s)
{
	s->challenge_state = QC_CHALLENGE_NONE;
	s->flags &= ~QC_FLAG_PREVIOUS;
}

bool
qc_barred(const QcStrike *s, const QcEvent *e, int64_t now, QcOutcome *out)
{
	if (s->flags & QC_FLAG_VOID)
		qc_answer(out, QC_FROZEN, QC_WHY_VOID, QC_NEXT_STOP);
	else if (qc_is_frozen(s, e->released_freeze_no, now))
		qc_answer(out, QC_FROZEN, QC_WHY_FROZEN, QC_NEXT_NONE);
	else if (s->flags & QC_FLAG_REGISTRATION)
		qc_answer(out, QC_REJECTED, QC_WHY_REGISTRATION, QC_NEXT_STOP);
	else if (qc_is_expired(s, now))
		qc_answer(out, QC_EXPIRED, QC_WHY_EXPIRED, QC_NEXT_RENEW);
	else
		return false;
	return true;
}

void
qc_accept(QcStrike *s, const QcEvent *e, int tier, bool ask_password,
		  int64_t now, QcOutcome *out)
{
	if (e->over_limit)
	{
		qc_reject(out, QC_WHY_LIMIT);
		return;
	}
	qc_answer(out, QC_ACCEPTED, QC_WHY_NONE,
			  ask_password ? QC_NEXT_PASSWORD : QC_NEXT_NONE);
	out->tier = tier;
	out->attempt_no = s->attempt_no;
	s->accept_no = s->attempt_no;
	s->accept_at = now;
	s->accept_gateway = e->gateway;
	s->accept_settled = 0;
	s->accept_tier = (int16_t) tier;
}
