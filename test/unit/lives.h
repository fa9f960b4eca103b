/*
 * lives.h
 *	  What random lives have in common: the checks of one event against the model
 *	  and against the invariants that no sequence of calls may break.
 *
 * A life is one strike row under random events; the program says which.
 */
#ifndef QC_LIVES_H
#define QC_LIVES_H

#include "foresight.h"
#include "model.h"

/* A guess that is not to be looked at may be right or wrong: nothing differs. */
static void
check_not_looked_at(const QcStrike *before, const QcEvent *e, const QcPolicy *p,
					int64_t now)
{
	QcStrike	row[2];
	QcOutcome	out[2];
	int			i;

	for (i = 0; i < 2; i++)
	{
		QcEvent		other = with_other_guess(e, i == 1);

		row[i] = *before;
		memset(&out[i], 0, sizeof(out[i]));
		qc_lifecycle(&row[i], &other, p, now, &out[i]);
	}
	must(memcmp(&row[0], &row[1], sizeof(row[0])) == 0, "a guess was looked at");
	must(memcmp(&out[0], &out[1], sizeof(out[0])) == 0, "a guess was told about");
}

/* The row as it would be had the request not been remembered, nor numbered. */
static QcStrike
without_memory(const QcStrike *after, const QcStrike *before)
{
	QcStrike	x = *after;

	x.attempt_no = before->attempt_no;
	memcpy(x.request, before->request, sizeof(x.request));
	x.request_at = before->request_at;
	x.request_no = before->request_no;
	x.request_verdict = before->request_verdict;
	x.request_reason = before->request_reason;
	x.request_next = before->request_next;
	x.request_tier = before->request_tier;
	x.request_tries = before->request_tries;
	return x;
}

/* While it is frozen a guess leaves nothing but the request's memory. */
static void
check_frozen(const QcStrike *before, const QcStrike *after)
{
	QcStrike	x = without_memory(after, before);

	must(memcmp(&x, before, sizeof(x)) == 0, "a frozen row was changed");
}

/* A repeated request leaves nothing but a number. */
static void
check_repeated(const QcStrike *before, const QcStrike *after)
{
	QcStrike	x = *after;

	x.attempt_no = before->attempt_no;
	must(memcmp(&x, before, sizeof(x)) == 0, "a repeated request changed something");
}

/* Refused before it was about a credential: nothing of the customer's is touched. */
static void
check_refused(const QcStrike *before, const QcStrike *after)
{
	QcStrike	x = without_memory(after, before);

	x.window_at = before->window_at;
	x.window_count = before->window_count;
	x.window_logged_at = before->window_logged_at;
	must(memcmp(&x, before, sizeof(x)) == 0, "a refused event touched the credential");
}

/* What no rule's letter is needed for. */
typedef struct Tally
{
	int			in_a_row[QC_FACTORS];	/* wrong guesses since a success or a freeze */
	int			limit;			/* the highest in force since */
	int64_t		accepted_challenge;
	int64_t		accepted_step;
	int64_t		accepted_biometric;
	int64_t		highest_step;
	int64_t		highest_biometric;
	int64_t		highest_renewal;
	bool		is_void;
} Tally;

/* One row from its issue on. */
typedef struct Life
{
	QcStrike	s;
	QcPolicy	p;
	Model		m;
	Tally		t;
	int64_t		now;
} Life;

/* Which count a wrong guess of this event raises; none: it holds no guess. */
static QcFactor
guessed_factor(const QcEvent *e)
{
	switch (e->kind)
	{
		case QC_EV_SECOND:
		case QC_EV_TYPED:
			return QC_FACTOR_SECOND;
		case QC_EV_PASSWORD:
			return QC_FACTOR_PASSWORD;
		case QC_EV_BIOMETRIC:
			return QC_FACTOR_BIOMETRIC;
		case QC_EV_VERIFICATION:
		case QC_EV_PACKAGE:
			return e->right ? QC_FACTOR_NONE : QC_FACTOR_VERIFICATION;
		default:
			return QC_FACTOR_NONE;
	}
}

/* Steps are used once, and none below the last. */
static void
check_steps(Tally *t, const QcStrike *after, const QcEvent *e, const QcOutcome *out)
{
	must(after->step_rotating >= t->highest_step, "a rotating step went back");
	must(after->step_biometric >= t->highest_biometric, "a biometric step went back");
	must(after->step_renewal >= t->highest_renewal, "a renewal step went back");
	t->highest_step = after->step_rotating;
	t->highest_biometric = after->step_biometric;
	t->highest_renewal = after->step_renewal;
	if (out->verdict != QC_ACCEPTED || out->repeated)
		return;
	if (e->kind == QC_EV_ROTATING)
	{
		must(e->moment > t->accepted_step, "a step was accepted twice");
		t->accepted_step = e->moment;
	}
	if (e->kind == QC_EV_BIOMETRIC)
	{
		must(e->moment > t->accepted_biometric, "a biometric step was accepted twice");
		t->accepted_biometric = e->moment;
	}
}

/* What was counted, and that a right guess alone passes. */
static void
check_counts(Life *l, const QcStrike *before, const QcEvent *e, const QcOutcome *out)
{
	Tally	   *t = &l->t;
	QcFactor	f = guessed_factor(e);
	bool		froze = l->s.freeze_no != before->freeze_no;
	int			sum = 0;
	int			i;

	if (l->p.strike_limit > t->limit)
		t->limit = l->p.strike_limit;
	if (f != QC_FACTOR_NONE && !out->repeated &&
		(out->verdict == QC_ACCEPTED || out->verdict == QC_DONE || out->reason == QC_WHY_LIMIT))
	{
		t->in_a_row[f] = 0;
		must(e->guess_len > 0 && memcmp(e->guess, e->expected, (size_t) e->guess_len) == 0,
			 "a wrong guess was accepted");
		if (f == QC_FACTOR_SECOND)
		{
			must(t->accepted_challenge < l->m.challenge, "a challenge was answered twice");
			t->accepted_challenge = l->m.challenge;
		}
	}
	if (out->counted && e->kind != QC_EV_LOGIN)
	{
		if (e->kind == QC_EV_COUNT)
			f = QC_FACTOR_SECOND;
		must(f != QC_FACTOR_NONE, "something else than a guess counted");
		must(out->factor == (int) f, "another factor was counted than was guessed");
		t->in_a_row[f]++;
		for (i = 0; i < QC_FACTORS; i++)
			sum += t->in_a_row[i];
		must(t->in_a_row[f] <= t->limit, "more wrong guesses than the limit");
		must(sum <= 5, "more than five wrong guesses");
		must(froze || (before->marks & (1 << f)) == 0, "a marked factor had a second guess");
		must(!froze || out->tries_left == 0, "tries were left after a freeze");
		must(froze || out->tries_left > 0 || e->kind == QC_EV_BIOMETRIC,
			 "no try was left without a freeze");
	}
	else
		must(!froze || e->kind == QC_EV_FREEZE || (e->kind == QC_EV_EPOCH && !e->right),
			 "frozen without a cause");
	if (froze)
	{
		memset(t->in_a_row, 0, sizeof(t->in_a_row));
		t->limit = l->p.strike_limit;
		must(qc_strike_sum(&l->s) == 0 && l->s.marks == QC_MARK_ALL,
			 "a freeze left counts or forgot marks");
	}
}

static void
check_invariants(Life *l, const QcStrike *before, const QcEvent *e, const QcOutcome *out)
{
	const QcStrike *after = &l->s;

	if (e->kind == QC_EV_EPOCH && e->attempt_no > before->attempt_no)
		must(after->attempt_no == e->attempt_no + 1, "an epoch does not follow the log");
	else
		must(after->attempt_no == before->attempt_no + 1, "the number was not raised by one");
	if (l->t.is_void)
		must((after->flags & QC_FLAG_VOID) != 0 && out->verdict != QC_CHALLENGE &&
			 (out->verdict != QC_ACCEPTED || out->repeated), "void was not final");
	l->t.is_void = (after->flags & QC_FLAG_VOID) != 0;
	must(after->generation >= before->generation &&
		 after->challenge_no >= before->challenge_no &&
		 after->ticket_serial >= before->ticket_serial &&
		 after->freeze_no >= before->freeze_no, "a count went back");
	check_steps(&l->t, after, e, out);
	check_counts(l, before, e, out);
}

/* What the model keeps, against the row. */
static void
check_row(const Model *m, const QcStrike *s)
{
	int			f;

	for (f = 0; f < QC_FACTORS; f++)
	{
		must(s->strikes[f] == m->strikes[f], "strikes differ");
		must(((s->marks & (1 << f)) != 0) == m->marked[f], "marks differ");
	}
	must(s->frozen_until == m->frozen_until, "the freeze's end differs");
	must(s->freeze_no == m->freeze_no && s->freezes == m->freezes, "freezes differ");
	must(((s->flags & QC_FLAG_VOID) != 0) == m->is_void &&
		 ((s->flags & QC_FLAG_REGISTRATION) != 0) == m->is_changed, "flags differ");
	must(s->challenge_state == m->challenge_state, "the challenge's state differs");
	must(s->challenge_no == m->challenge, "the challenge differs");
	must(s->accept_no == m->accept_no && (s->accept_settled != 0) == m->is_settled &&
		 s->accept_tier == m->accept_tier, "the acceptance differs");
	must(s->ticket_state == m->ticket && s->ticket_wrong == m->ticket_wrong &&
		 s->ticket_serial == m->serial, "the ticket differs");
	must(s->generation == m->generation && s->valid_until == m->valid_until &&
		 s->kid == m->kid && s->digest[0] == m->digest, "the generation differs");
	must(s->step_rotating == m->step && s->step_renewal == m->renewal &&
		 s->step_biometric == m->biometric, "steps differ");
}

static void
check_answer(const Expected *x, const QcOutcome *out)
{
	must(out->verdict == x->verdict, "the verdict differs");
	must(out->reason == x->reason, "the reason differs");
	must(out->next == x->next, "what is asked for next differs");
	must(out->tier == x->tier, "the tier differs");
	must(out->notice == x->notice, "the notice differs");
	must(out->repeated == x->repeated, "repeated differs");
	must(out->counted == x->counted, "counted differs");
	must(out->tries_left == x->tries_left, "tries left differ");
	must(out->attempt_no == x->attempt_no, "the reported number differs");
}

/* One event of a life: to the core, to the model, and the two compared. */
static void
happen(Life *l, const QcEvent *e, Expected *x, QcOutcome *out)
{
	QcStrike	before = l->s;

	check_foresight(&before, e, &l->p, l->now);
	check_foreseen(&before, e, &l->p, l->now);
	must(memcmp(&l->s, &before, sizeof(before)) == 0, "foreseeing changed the row");
	memset(out, 0x5a, sizeof(*out));
	qc_lifecycle(&l->s, e, &l->p, l->now, out);
	check_invariants(l, &before, e, out);

	model_event(&l->m, e, &l->p, l->now, l->s.attempt_no, x);
	check_answer(x, out);
	check_row(&l->m, &l->s);
	if (!x->looked_at && e->kind != QC_EV_DOWNLOAD)
		check_not_looked_at(&before, e, &l->p, l->now);
	if (x->reason == QC_WHY_FROZEN && !x->repeated && !x->released)
		check_frozen(&before, &l->s);
	if (x->repeated && !x->released && e->kind != QC_EV_REFUSED)
		check_repeated(&before, &l->s);
	if (e->kind == QC_EV_REFUSED && !x->released)
		check_refused(&before, &l->s);
}

/* A row of generation 1 with its first ticket, and the model's of it. */
static void
begin_life(Life *l)
{
	memset(l, 0, sizeof(*l));
	l->now = NOW + pick(1000000000);
	l->s.id = 1;				/* a credential: a gateway is never frozen */
	l->s.generation = 1;
	l->s.ticket_serial = 1;
	l->s.kid = 1;
	l->s.valid_until = l->now / QC_USEC + 86400 + pick(365 * 86400);
	l->m.generation = 1;
	l->m.serial = 1;
	l->m.kid = 1;
	l->m.valid_until = l->s.valid_until;
	random_policy(&l->p);
}

/* Time goes by, the policy changes now and then, staff releases what is frozen. */
static void
pass_time(Life *l)
{
	l->now += random_pause();
	if (chance(1))
		random_policy(&l->p);
	if (l->m.freeze_no > 0 && chance(l->m.frozen_until == QC_FOREVER ? 20 : 4))
		l->m.released = l->m.freeze_no + (chance(90) ? 0 : 1 - pick(3));
}

/* So many lives of this kind; the sum of their events. */
static int
run_lives(const char *what, void (*live) (void), int lives)
{
	int			events = 0;
	int			i;

	for (i = 0; i < lives; i++)
	{
		char		note[120];

		rng = UINT64_C(0x2545f4914f6cdd1d) * (uint64_t) (i + 1);
		fault = NULL;
		live();
		events += event_no;
		snprintf(note, sizeof(note), "%s %d, event %d: %s", what, i, fault_at,
				 fault != NULL ? fault : "");
		CHECK_NOTE(fault == NULL, note);
	}
	return events;
}

/* A test of nothing is none. */
static void
check_seen(const char *what, const int *seen, int n)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		char		note[60];

		snprintf(note, sizeof(note), "%s: seen[%d] is %d", what, i, seen[i]);
		CHECK_NOTE(seen[i] >= 50, note);
	}
}

#endif
