/*
 * freeze.c
 *	  Counting wrong guesses, and what the last of them does: freezes that grow,
 *	  and end a credential.
 */
#include "lifecycle.h"

#include <string.h>

#include "rules.h"

int
qc_strike_sum(const QcStrike *s)
{
	int			sum = 0;
	int			f;

	for (f = 0; f < QC_FACTORS; f++)
		sum += s->strikes[f];
	return sum;
}

void
qc_enter_freeze(QcStrike *s, int64_t until)
{
	memset(s->strikes, 0, sizeof(s->strikes));
	s->marks = QC_MARK_ALL;
	s->freeze_no++;
	if (s->frozen_until < until)
		s->frozen_until = until;
	s->flags &= ~QC_FLAG_PREVIOUS;
	if (s->challenge_state == QC_CHALLENGE_OPEN)
		s->challenge_state = QC_CHALLENGE_FROZEN;
}

int64_t
qc_later(int64_t now, int64_t seconds)
{
	return seconds > (QC_FOREVER - now) / QC_USEC ?
		QC_FOREVER : now + seconds * QC_USEC;
}

/* freeze_seconds doubled for each remembered freeze before this one, capped. */
static int64_t
freeze_seconds(const QcPolicy *p, int freezes)
{
	int64_t		seconds = p->freeze_seconds;
	int			i;

	for (i = 1; i < freezes && seconds < p->freeze_cap_seconds; i++)
		seconds *= 2;
	return seconds < p->freeze_cap_seconds ? seconds : p->freeze_cap_seconds;
}

void
qc_strike(QcStrike *s, QcFactor factor, const QcPolicy *p, int64_t now,
		  QcOutcome *out)
{
	int			by_factor;
	int			by_sum;

	s->strikes[factor]++;
	by_factor = p->strike_limit - s->strikes[factor];
	by_sum = QC_STRIKES_CEILING - qc_strike_sum(s);
	qc_reject(out, QC_WHY_WRONG);
	out->counted = true;
	out->attempt_no = s->attempt_no;
	out->tries_left = by_factor < by_sum ? by_factor : by_sum;
	if (out->tries_left > 0 && (s->marks & (1 << factor)) == 0)
	{
		if (factor == QC_FACTOR_SECOND)
			out->next = QC_NEXT_SECOND_CODE;
		else if (factor == QC_FACTOR_PASSWORD)
			out->next = QC_NEXT_PASSWORD;
		return;
	}

	out->tries_left = 0;
	out->next = QC_NEXT_STOP;
	out->notice = QC_NOTICE_FROZEN;
	if (s->frozen_at != 0 &&
		now - s->frozen_at >= (int64_t) p->freeze_memory_days * 86400 * QC_USEC)
		s->freezes = 0;
	s->freezes++;
	if (s->freezes == p->max_freezes)
		out->notice = QC_NOTICE_WARNING;
	if (s->freezes > p->max_freezes)
	{
		out->notice = QC_NOTICE_VOIDED;
		s->flags |= QC_FLAG_VOID;
	}
	s->frozen_at = now;
	qc_enter_freeze(s, qc_later(now, freeze_seconds(p, s->freezes)));
}

void
qc_succeed(QcStrike *s, QcFactor factor)
{
	s->strikes[factor] = 0;
	s->marks &= ~(1 << factor);
}
