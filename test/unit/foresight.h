/*
 * foresight.h
 *	  Checks of qc_foresee(): it does not look at the guess, and whatever the
 *	  guess does was foreseen.
 */
#ifndef QC_FORESIGHT_H
#define QC_FORESIGHT_H

#include "draws.h"

/* The first thing that was not as it must be. */
static const char *fault;
static int	fault_at;
static int	event_no;			/* of this life, or of this draw */

static void
must(bool ok, const char *what)
{
	if (!ok && fault == NULL)
	{
		fault = what;
		fault_at = event_no;
	}
}

/* The same event with another guess in it. */
static QcEvent
with_other_guess(const QcEvent *e, bool right)
{
	QcEvent		other = *e;

	memcpy(other.guess, e->expected, sizeof(other.guess));
	if (!right)
		other.guess[0] ^= 1;
	other.guess_len = e->kind == QC_EV_TYPED ? 8 : 16;
	return other;
}

/* Foreseeing tells the same whether the guess is right or wrong. */
static void
check_foresight(const QcStrike *s, const QcEvent *e, const QcPolicy *p, int64_t now)
{
	QcOutcome	out[2];
	int			i;

	for (i = 0; i < 2; i++)
	{
		QcEvent		other = with_other_guess(e, i == 1);

		memset(&out[i], 0, sizeof(out[i]));
		qc_foresee(s, &other, p, now, &out[i]);
	}
	must(memcmp(&out[0], &out[1], sizeof(out[0])) == 0, "foreseeing looked at the guess");
}

/*
 * Whatever the guess, what comes about was foreseen; and nothing was that no
 * guess brings, but for a package too many, which only a right code runs into.
 */
static void
check_foreseen(const QcStrike *s, const QcEvent *e, const QcPolicy *p, int64_t now)
{
	QcOutcome	foreseen;
	bool		is_told = false;
	bool		is_too_many = false;
	int			i;

	qc_foresee(s, e, p, now, &foreseen);
	for (i = 0; i < 4; i++)
	{
		QcStrike	row = *s;
		QcEvent		other = i == 3 ? *e : with_other_guess(e, i == 1);
		QcOutcome	out;

		if (i == 2)
			other.guess_len = 0;
		qc_lifecycle(&row, &other, p, now, &out);
		must(foreseen.notice != QC_NOTICE_NONE || out.notice == QC_NOTICE_NONE,
			 "a notice was not foreseen");
		must(!foreseen.quiet || out.quiet, "a log row was not foreseen");
		is_told = is_told || out.notice != QC_NOTICE_NONE;
		is_too_many = is_too_many ||
			(e->kind == QC_EV_PACKAGE && out.reason == QC_WHY_LIMIT);
	}
	must(is_told || is_too_many || foreseen.notice == QC_NOTICE_NONE,
		 "a notice was foreseen that cannot come");
}

#endif
