/*
 * test_random.c
 *	  Random lives of credentials: events of every kind, under random policies,
 *	  at random times with a clock that is set back now and then.
 *
 * model.h keeps books of its own of what each event must come to; on top of
 * that stand the invariants that no sequence of calls may break.
 */
#include "card.h"

#include "model.h"

#define LIVES		3000
#define EVENTS		500			/* of one life, unless it is void before */

static uint64_t rng;
static int	wrong_percent;		/* of the guesses in this life */

/* 0 .. n - 1 */
static int
pick(int n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (int) ((rng >> 11) % (uint64_t) n);
}

static bool
chance(int percent)
{
	return pick(100) < percent;
}

/* The first thing that was not as it must be, in this life. */
static const char *fault;
static int	fault_at;
static int	event_no;

static void
must(bool ok, const char *what)
{
	if (!ok && fault == NULL)
	{
		fault = what;
		fault_at = event_no;
	}
}

/* How often what the test is about came up: a test of nothing is none. */
typedef enum Seen
{
	SEEN_ACCEPTED, SEEN_SECOND, SEEN_PASSWORD, SEEN_WRONG, SEEN_FREEZE, SEEN_MARKED,
	SEEN_SUM, SEEN_VOID, SEEN_FORGOTTEN, SEEN_CAPPED, SEEN_FROZEN, SEEN_RELEASED,
	SEEN_REPEATED, SEEN_SUPERSEDED, SEEN_SKEW, SEEN_TEXT, SEEN_EXPIRED, SEEN_REPLAYED,
	SEEN_DOWNLOAD, SEEN_AGAIN, SEEN_SPENT, SEEN_RENEWED, SEEN_SET_BACK, SEEN_REFUSED,
	SEEN_KINDS
} Seen;

static int	seen[SEEN_KINDS];

static void
random_policy(QcPolicy *p)
{
	memset(p, 0, sizeof(*p));
	p->digits = 6 + pick(3);
	p->challenge_seconds = chance(70) ? 120 : 1 + pick(3600);
	p->strike_limit = 1 + pick(5);
	p->freeze_seconds = chance(50) ? 300 : 1 + pick(86400);
	p->freeze_cap_seconds = chance(50) ? 86400 : 1 + pick(2592000);
	p->max_freezes = chance(50) ? 4 : 1 + pick(20);
	p->freeze_memory_days = chance(50) ? 1 + pick(3) : 30;
	p->renew_grace_days = pick(60);
	p->wallet_skew_seconds = chance(50) ? -1 : pick(100);
	p->skew_ahead = chance(50);
	p->second_scan_required = chance(60);
	p->static_alone = chance(30);
	p->typed = chance(80);
	p->ask_password = chance(50);
}

static int64_t
random_pause(void)
{
	int			r = pick(100);

	if (r < 45)
		return pick(5 * 1000000);
	if (r < 75)
		return pick(60) * SECOND;
	if (r < 88)
		return pick(1200) * SECOND;
	if (r < 95)
		return pick(2 * 86400) * SECOND;
	if (r < 97)
		return pick(40) * DAY;
	seen[SEEN_SET_BACK]++;
	return -(int64_t) pick(r < 99 ? 300 : 3 * 86400) * SECOND;
}

static QcEventKind
random_kind(void)
{
	static const struct
	{
		QcEventKind kind;
		int			weight;
	}			share[] = {
		{QC_EV_STATIC, 220}, {QC_EV_SECOND, 265}, {QC_EV_TYPED, 80},
		{QC_EV_PASSWORD, 140}, {QC_EV_ROTATING, 100}, {QC_EV_DOWNLOAD, 70},
		{QC_EV_REFUSED, 40}, {QC_EV_RENEWAL, 25}, {QC_EV_TICKET, 20},
		{QC_EV_FREEZE, 15}, {QC_EV_REISSUE, 12}, {QC_EV_REGISTRATION, 4},
		{QC_EV_CANCEL, 3}, {QC_EV_VOID, 1}, {QC_EV_COUNT, 3}, {QC_EV_EPOCH, 2}
	};
	int			r = pick(1000);
	int			i;

	for (i = 0; r >= share[i].weight; i++)
		r -= share[i].weight;
	return share[i].kind;
}

/* The bytes that answer challenge n; nothing answers challenge 0. */
static void
put_answer(uint8_t out[32], int64_t n)
{
	int			i;

	for (i = 0; i < 4; i++)
		qc_put_u64(out + 8 * i, (uint64_t) n * UINT64_C(0x9e3779b97f4a7c15) + 1);
}

static void
random_event(const Model *m, int64_t now, int64_t attempt_no, QcEvent *e)
{
	int64_t		step = now / QC_USEC / QC_STEP_SECONDS;

	memset(e, 0, sizeof(*e));
	e->kind = random_kind();
	e->gateway = chance(90) ? TILL : OTHER_TILL;
	e->released_freeze_no = m->released;
	e->has_log_row = true;
	e->text[0] = chance(97) ? 0 : 1;
	e->moment = now / QC_USEC + (chance(80) ? 0 : pick(300) - 150);
	e->right = chance(95);
	memset(e->request, chance(70) ? 0 : 1 + pick(3), sizeof(e->request));
	memset(e->nonce, pick(256), sizeof(e->nonce));
	if (e->kind == QC_EV_ROTATING || e->kind == QC_EV_RENEWAL)
		e->moment = step + pick(5) - 2;

	if (e->kind == QC_EV_SECOND || e->kind == QC_EV_TYPED)
	{
		put_answer(e->expected, m->challenge);
		put_answer(e->expected_before, m->before);
		put_answer(e->guess, chance(wrong_percent) ? -1 - pick(1000) :
				   chance(80) ? m->challenge : m->before);
		e->guess_len = e->kind == QC_EV_TYPED ? 8 : 16;
	}
	if (e->kind == QC_EV_PASSWORD || e->kind == QC_EV_DOWNLOAD)
	{
		put_answer(e->expected, 7);
		put_answer(e->guess, chance(wrong_percent) ? 8 : 7);
		e->guess_len = chance(95) ? 32 : 0;
	}
	if (e->kind == QC_EV_PASSWORD)
		e->attempt_no = chance(90) ? m->accept_no : pick(3);
	if (e->kind == QC_EV_EPOCH)
		e->attempt_no = attempt_no + pick(5) - 2;
	if (e->kind == QC_EV_DOWNLOAD)
	{
		e->right = chance(5);
		e->unanswered = !e->right && chance(10);
		e->ticket_serial = m->serial - (chance(95) ? 0 : 1);
		e->generation = (int16_t) (m->generation - (chance(95) ? 0 : 1));
		e->ticket_expired = chance(5);
	}
	e->has_wallet_nonce = chance(60);
	memset(e->wallet_nonce, pick(3), sizeof(e->wallet_nonce));
	e->new_valid_until = now / QC_USEC + (chance(80) ? 365 * 86400 : pick(4 * 86400));
	e->new_kid = (int16_t) (1 + pick(3));
	e->seconds = chance(50) ? 0 : 1 + pick(100000);
	e->refusal = chance(50) ? QC_REJECTED : QC_ELSEWHERE;
	e->why = chance(50) ? QC_WHY_FORGED : QC_WHY_STALE;
	e->forged = chance(50);
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
	int			in_a_row[2];	/* wrong guesses since a success or a freeze */
	int			limit;			/* the highest in force since */
	int64_t		accepted_challenge;
	int64_t		accepted_step;
	int64_t		highest_step;
	int64_t		highest_renewal;
	bool		is_void;
} Tally;

static void
check_invariants(Tally *t, const Model *m, const QcStrike *before,
				 const QcStrike *after, const QcEvent *e, const QcPolicy *p,
				 const QcOutcome *out)
{
	bool		is_guess = e->kind == QC_EV_SECOND || e->kind == QC_EV_TYPED ||
		e->kind == QC_EV_PASSWORD;
	int			f = e->kind == QC_EV_PASSWORD ? 1 : 0;
	bool		froze = after->freeze_no != before->freeze_no;

	if (e->kind == QC_EV_EPOCH && e->attempt_no > before->attempt_no)
		must(after->attempt_no == e->attempt_no + 1, "an epoch does not follow the log");
	else
		must(after->attempt_no == before->attempt_no + 1, "the number was not raised by one");
	must(after->step_rotating >= t->highest_step, "a rotating step went back");
	must(after->step_renewal >= t->highest_renewal, "a renewal step went back");
	t->highest_step = after->step_rotating;
	t->highest_renewal = after->step_renewal;
	if (t->is_void)
		must((after->flags & QC_FLAG_VOID) != 0 && out->verdict != QC_ACCEPTED &&
			 out->verdict != QC_CHALLENGE, "void was not final");
	t->is_void = (after->flags & QC_FLAG_VOID) != 0;
	must(after->generation >= before->generation &&
		 after->challenge_no >= before->challenge_no &&
		 after->ticket_serial >= before->ticket_serial &&
		 after->freeze_no >= before->freeze_no, "a count went back");

	if (p->strike_limit > t->limit)
		t->limit = p->strike_limit;
	if (is_guess && out->verdict == QC_ACCEPTED && !out->repeated)
	{
		t->in_a_row[f] = 0;
		must(e->guess_len > 0 && memcmp(e->guess, e->expected, (size_t) e->guess_len) == 0,
			 "a wrong guess was accepted");
		if (f == 0)
		{
			must(t->accepted_challenge < m->challenge, "a challenge was answered twice");
			t->accepted_challenge = m->challenge;
		}
	}
	if (e->kind == QC_EV_ROTATING && out->verdict == QC_ACCEPTED && !out->repeated)
	{
		must(e->moment > t->accepted_step, "a step was accepted twice");
		t->accepted_step = e->moment;
	}
	if (out->counted)
	{
		must(is_guess || e->kind == QC_EV_COUNT, "something else than a guess counted");
		t->in_a_row[f]++;
		must(t->in_a_row[f] <= t->limit, "more wrong guesses than the limit");
		must(t->in_a_row[0] + t->in_a_row[1] <= 5, "more than five wrong guesses");
		must(froze || (before->marks & (1 << f)) == 0, "a marked factor had a second guess");
		must(froze == (out->tries_left == 0), "tries left and freeze disagree");
	}
	else
		must(!froze || e->kind == QC_EV_FREEZE || (e->kind == QC_EV_EPOCH && !e->right),
			 "frozen without a cause");
	if (froze)
	{
		memset(t->in_a_row, 0, sizeof(t->in_a_row));
		t->limit = p->strike_limit;
		must(qc_strike_sum(after) == 0 && after->marks == QC_MARK_ALL,
			 "a freeze left counts or forgot marks");
	}
}

/* What the model keeps, against the row. */
static void
check_row(const Model *m, const QcStrike *s)
{
	must(s->strikes[QC_FACTOR_SECOND] == m->strikes[0] &&
		 s->strikes[QC_FACTOR_PASSWORD] == m->strikes[1] &&
		 s->strikes[QC_FACTOR_VERIFICATION] == 0 &&
		 s->strikes[QC_FACTOR_BIOMETRIC] == 0, "strikes differ");
	must(((s->marks & 1) != 0) == m->marked[0] &&
		 ((s->marks & 2) != 0) == m->marked[1], "marks differ");
	must(s->frozen_until == m->frozen_until, "the freeze's end differs");
	must(s->freeze_no == m->freeze_no && s->freezes == m->freezes, "freezes differ");
	must(((s->flags & QC_FLAG_VOID) != 0) == m->is_void &&
		 ((s->flags & QC_FLAG_REGISTRATION) != 0) == m->is_changed, "flags differ");
	must(s->challenge_state == m->challenge_state, "the challenge's state differs");
	must(s->challenge_no == m->challenge, "the challenge differs");
	must(s->accept_no == m->accept_no && (s->accept_settled != 0) == m->is_settled,
		 "the acceptance differs");
	must(s->ticket_state == m->ticket && s->ticket_wrong == m->ticket_wrong &&
		 s->ticket_serial == m->serial, "the ticket differs");
	must(s->generation == m->generation && s->valid_until == m->valid_until,
		 "the generation differs");
	must(s->step_rotating == m->step && s->step_renewal == m->renewal, "steps differ");
}

static void
count_seen(const Expected *x, const QcEvent *e, const QcOutcome *out, bool is_void)
{
	seen[SEEN_ACCEPTED] += x->verdict == QC_ACCEPTED;
	seen[SEEN_SECOND] += x->verdict == QC_ACCEPTED && e->kind == QC_EV_TYPED;
	seen[SEEN_PASSWORD] += x->verdict == QC_ACCEPTED && e->kind == QC_EV_PASSWORD;
	seen[SEEN_WRONG] += x->counted;
	seen[SEEN_FREEZE] += x->froze;
	seen[SEEN_MARKED] += x->by_mark;
	seen[SEEN_SUM] += x->by_sum;
	seen[SEEN_FORGOTTEN] += x->forgot;
	seen[SEEN_CAPPED] += x->capped;
	seen[SEEN_VOID] += is_void;
	seen[SEEN_FROZEN] += x->reason == QC_WHY_FROZEN && e->kind <= QC_EV_TYPED;
	seen[SEEN_RELEASED] += x->released;
	seen[SEEN_REPEATED] += x->repeated && e->kind <= QC_EV_PASSWORD;
	seen[SEEN_SUPERSEDED] += x->reason == QC_WHY_SUPERSEDED;
	seen[SEEN_SKEW] += x->reason == QC_WHY_SKEW;
	seen[SEEN_TEXT] += x->reason == QC_WHY_TEXT;
	seen[SEEN_EXPIRED] += x->verdict == QC_EXPIRED;
	seen[SEEN_REPLAYED] += x->reason == QC_WHY_REPLAYED;
	seen[SEEN_DOWNLOAD] += e->kind == QC_EV_DOWNLOAD && x->verdict == QC_DONE;
	seen[SEEN_AGAIN] += e->kind == QC_EV_DOWNLOAD && x->repeated;
	seen[SEEN_SPENT] += e->kind == QC_EV_DOWNLOAD && x->spent;
	seen[SEEN_RENEWED] += out->notice == QC_NOTICE_RENEWED;
	seen[SEEN_REFUSED] += e->kind == QC_EV_REFUSED;
}

static void
live(void)
{
	QcStrike	s;
	QcPolicy	p;
	Model		m;
	Tally		t;
	int64_t		now = NOW + pick(1000000000);

	memset(&s, 0, sizeof(s));
	s.id = 1;					/* a credential: a gateway is never frozen */
	memset(&m, 0, sizeof(m));
	memset(&t, 0, sizeof(t));
	s.generation = m.generation = 1;
	s.ticket_serial = m.serial = 1;
	s.valid_until = m.valid_until = now / QC_USEC + 86400 + pick(365 * 86400);
	random_policy(&p);
	wrong_percent = 30 + 30 * pick(3);
	for (event_no = 0; event_no < EVENTS && fault == NULL; event_no++)
	{
		QcStrike	before = s;
		bool		was_void = m.is_void;
		QcEvent		e;
		QcOutcome	out;
		QcOutcome	foreseen;
		Expected	x;

		now += random_pause();
		if (chance(1))
			random_policy(&p);
		if (m.freeze_no > 0 && chance(m.frozen_until == QC_FOREVER ? 20 : 4))
			m.released = m.freeze_no + (chance(90) ? 0 : 1 - pick(3));
		random_event(&m, now, s.attempt_no, &e);

		qc_foresee(&s, &e, &p, now, &foreseen);
		must(memcmp(&s, &before, sizeof(s)) == 0, "foreseeing changed the row");
		memset(&out, 0x5a, sizeof(out));
		qc_lifecycle(&s, &e, &p, now, &out);
		check_invariants(&t, &m, &before, &s, &e, &p, &out);
		must(out.notice == QC_NOTICE_NONE || foreseen.notice == out.notice,
			 "a notice was not foreseen");

		model_event(&m, &e, &p, now, s.attempt_no, &x);
		must(out.verdict == x.verdict, "the verdict differs");
		must(out.reason == x.reason, "the reason differs");
		must(out.repeated == x.repeated, "repeated differs");
		must(out.counted == x.counted, "counted differs");
		must(out.tries_left == x.tries_left, "tries left differ");
		must(out.attempt_no == x.attempt_no, "the reported number differs");
		check_row(&m, &s);
		check_foresight(&before, &e, &p, now);
		if (!x.looked_at && e.kind != QC_EV_DOWNLOAD)
			check_not_looked_at(&before, &e, &p, now);
		if (x.reason == QC_WHY_FROZEN && !x.repeated && !x.released)
			check_frozen(&before, &s);
		if (x.repeated && !x.released && e.kind != QC_EV_REFUSED)
			check_repeated(&before, &s);
		if (e.kind == QC_EV_REFUSED && !x.released)
			check_refused(&before, &s);
		count_seen(&x, &e, &out, !was_void && m.is_void);
		if (m.is_void && was_void && chance(10))
			break;
	}
}

int
main(void)
{
	int			i;
	int			events = 0;

	for (i = 0; i < LIVES; i++)
	{
		char		note[120];

		rng = UINT64_C(0x2545f4914f6cdd1d) * (uint64_t) (i + 1);
		fault = NULL;
		live();
		events += event_no;
		snprintf(note, sizeof(note), "life %d, event %d: %s", i, fault_at,
				 fault != NULL ? fault : "");
		CHECK_NOTE(fault == NULL, note);
	}
	CHECK(events >= 300000);
	for (i = 0; i < SEEN_KINDS; i++)
	{
		char		note[40];

		snprintf(note, sizeof(note), "seen[%d] is %d", i, seen[i]);
		CHECK_NOTE(seen[i] >= 50, note);
	}
	return finish();
}
