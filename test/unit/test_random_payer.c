/*
 * test_random_payer.c
 *	  Random lives of payers' credentials and of logins: codes made from a
 *	  biometric, verification codes, bindings and packages among the acts of
 *	  staff, and passwords that wait.
 *
 * Checked as the lives of test_random.c are: against the books of model.h and
 * the invariants of lives.h.
 */
#include "lives.h"

#define PAYERS		3000
#define LOGINS		500
#define EVENTS		500			/* of one life, unless it is void before */

static int	wrong_percent;		/* of the guesses in this life */

/* How often what the test is about came up. */
typedef enum Seen
{
	SEEN_ACCEPTED, SEEN_WRONG, SEEN_LEFT, SEEN_PAYMENT, SEEN_FREEZE, SEEN_WARNING, SEEN_VOID,
	SEEN_MARKED, SEEN_SUM, SEEN_ALL_FACTORS, SEEN_FROZEN, SEEN_EXPIRED, SEEN_RELEASED,
	SEEN_REPEATED, SEEN_WINDOW, SEEN_REPLAYED, SEEN_UNBOUND, SEEN_LIMIT,
	SEEN_VERIFIED, SEEN_NOT_ASKED, SEEN_UNVERIFIED, SEEN_LATE,
	SEEN_BOUND, SEEN_REVIVED, SEEN_LAST_BOUND, SEEN_NOT_BOUND,
	SEEN_PACKAGE, SEEN_TOO_MANY, SEEN_PACKAGE_WRONG, SEEN_PACKAGE_FROZE,
	SEEN_TAKEN, SEEN_REGISTERED,
	SEEN_KINDS
} Seen;

static int	seen[SEEN_KINDS];

typedef enum SeenLogin
{
	LOGIN_RIGHT, LOGIN_WRONG, LOGIN_WAITS, LOGIN_WAITS_LONGEST, LOGIN_RIGHT_LATE,
	LOGIN_EPOCH,
	LOGIN_KINDS
} SeenLogin;

static int	seen_login[LOGIN_KINDS];

static QcEventKind
random_kind(void)
{
	static const struct
	{
		QcEventKind kind;
		int			weight;
	}			share[] = {
		{QC_EV_BIOMETRIC, 400}, {QC_EV_VERIFICATION, 220}, {QC_EV_PACKAGE, 160},
		{QC_EV_BINDING, 60}, {QC_EV_DOWNLOAD, 50}, {QC_EV_REFUSED, 20},
		{QC_EV_COUNT, 20}, {QC_EV_TICKET, 15}, {QC_EV_FREEZE, 20}, {QC_EV_REISSUE, 20},
		{QC_EV_EPOCH, 6}, {QC_EV_REGISTRATION, 4}, {QC_EV_CANCEL, 4}, {QC_EV_VOID, 1}
	};
	int			r = pick(1000);
	int			i;

	for (i = 0; r >= share[i].weight; i++)
		r -= share[i].weight;
	return share[i].kind;
}

/* A guess at the password, the code or the answer; now and then none. */
static void
draw_guess(QcEvent *e)
{
	put_answer(e->expected, 7);
	put_answer(e->guess, chance(wrong_percent) ? 8 : 7);
	e->guess_len = chance(97) ? 16 : 0;
}

static void
random_event(const Life *l, QcEvent *e)
{
	const Model *m = &l->m;

	memset(e, 0, sizeof(*e));
	e->kind = random_kind();
	e->gateway = chance(90) ? TILL : OTHER_TILL;
	e->released_freeze_no = m->released;
	e->has_log_row = true;
	e->right = chance(e->kind == QC_EV_EPOCH ? 80 : 15);
	memset(e->request, chance(70) ? 0 : 1 + pick(3), sizeof(e->request));
	draw_guess(e);

	/* the last two steps, more often than not */
	e->moment = l->now / QC_USEC / QC_STEP_SECONDS + (chance(70) ? -pick(2) : pick(5) - 2);
	memset(e->payment, 1 + (chance(70) ? 0 : pick(3)), sizeof(e->payment));
	e->unbound = chance(2);
	e->late = chance(4);
	e->over_limit = chance(4);

	e->unanswered = e->kind == QC_EV_DOWNLOAD && !e->right && chance(10);
	e->ticket_serial = m->serial - (chance(95) ? 0 : 1);
	e->generation = (int16_t) (m->generation - (chance(95) ? 0 : 1));
	e->ticket_expired = chance(5);
	e->taken = chance(40);

	e->new_valid_until = l->now / QC_USEC + (chance(70) ? 365 * 86400 : pick(4 * 86400));
	e->new_kid = (int16_t) (1 + pick(3));
	memset(e->new_digest, pick(256), sizeof(e->new_digest));
	e->seconds = chance(20) ? 0 : 1 + pick(100000);
	e->attempt_no = l->s.attempt_no + pick(5) - 2;
	e->refusal = QC_REJECTED;
	e->why = QC_WHY_STALE;
}

/* How many factors' counts are above zero. */
static int
counted_factors(const QcStrike *s)
{
	int			n = 0;
	int			f;

	for (f = 0; f < QC_FACTORS; f++)
		n += s->strikes[f] > 0;
	return n;
}

static void
count_guesses(const Expected *x, const QcEvent *e)
{
	bool		is_biometric = e->kind == QC_EV_BIOMETRIC;
	bool		is_verification = e->kind == QC_EV_VERIFICATION;
	bool		is_package = e->kind == QC_EV_PACKAGE;

	if (x->repeated)
		return;
	seen[SEEN_ACCEPTED] += is_biometric && x->verdict == QC_ACCEPTED;
	seen[SEEN_WRONG] += is_biometric && x->counted;
	seen[SEEN_LEFT] += x->left;
	seen[SEEN_PAYMENT] += x->reason == QC_WHY_PAYMENT;
	seen[SEEN_WINDOW] += is_biometric && x->reason == QC_WHY_WINDOW;
	seen[SEEN_REPLAYED] += is_biometric && x->reason == QC_WHY_REPLAYED;
	seen[SEEN_UNBOUND] += is_biometric && x->reason == QC_WHY_UNBOUND;
	seen[SEEN_LIMIT] += is_biometric && x->reason == QC_WHY_LIMIT;
	seen[SEEN_VERIFIED] += is_verification && x->verdict == QC_ACCEPTED && x->looked_at;
	seen[SEEN_NOT_ASKED] += is_verification && x->verdict == QC_ACCEPTED && !x->looked_at;
	seen[SEEN_UNVERIFIED] += is_verification && x->counted;
	seen[SEEN_LATE] += is_verification && x->reason == QC_WHY_WINDOW;
	seen[SEEN_PACKAGE] += is_package && x->verdict == QC_DONE;
	seen[SEEN_TOO_MANY] += is_package && x->reason == QC_WHY_LIMIT;
	seen[SEEN_PACKAGE_WRONG] += is_package && x->counted;
	seen[SEEN_PACKAGE_FROZE] += is_package && x->froze;
}

static void
count_seen(const Expected *x, const QcEvent *e, const QcStrike *before, const Life *l)
{
	bool		is_binding = e->kind == QC_EV_BINDING;
	bool		is_void = ((l->s.flags & ~before->flags) & QC_FLAG_VOID) != 0;

	count_guesses(x, e);
	seen[SEEN_FREEZE] += x->froze;
	seen[SEEN_WARNING] += x->notice == QC_NOTICE_WARNING;
	seen[SEEN_VOID] += is_void;
	seen[SEEN_MARKED] += x->by_mark;
	seen[SEEN_SUM] += x->by_sum;
	seen[SEEN_ALL_FACTORS] += x->froze && counted_factors(before) == 3;
	seen[SEEN_FROZEN] += x->reason == QC_WHY_FROZEN && e->kind == QC_EV_BIOMETRIC;
	seen[SEEN_EXPIRED] += x->verdict == QC_EXPIRED;
	seen[SEEN_RELEASED] += x->released;
	seen[SEEN_REPEATED] += x->repeated && e->kind != QC_EV_REFUSED;
	seen[SEEN_BOUND] += is_binding && x->verdict == QC_DONE;
	seen[SEEN_REVIVED] += is_binding && x->verdict == QC_DONE &&
		before->valid_until <= l->now / QC_USEC;
	seen[SEEN_LAST_BOUND] += is_binding && is_void;
	seen[SEEN_NOT_BOUND] += is_binding && x->verdict == QC_REJECTED;
	seen[SEEN_TAKEN] += x->reason == QC_WHY_TAKEN;
	seen[SEEN_REGISTERED] += e->kind == QC_EV_DOWNLOAD && x->verdict == QC_DONE;
}

/* The life of a payer's credential; some begin near their last generation. */
static void
live_paying(void)
{
	Life		l;

	begin_life(&l);
	wrong_percent = 20 + 25 * pick(4);
	if (chance(20))
		l.s.generation = (int16_t) (l.m.generation = 252 + pick(4));
	for (event_no = 0; event_no < EVENTS && fault == NULL; event_no++)
	{
		QcStrike	before = l.s;
		QcEvent		e;
		QcOutcome	out;
		Expected	x;

		pass_time(&l);
		random_event(&l, &e);
		happen(&l, &e, &x, &out);
		must(l.s.window_count <= 3, "more than three packages in a day");
		must(l.s.challenge_digits <= 3 && l.s.previous_digits <= 3, "more than three wrong codes for a payment");
		count_seen(&x, &e, &before, &l);
		if ((before.flags & QC_FLAG_VOID) != 0 && chance(10))
			break;
	}
}

/* Passwords in a hurry, with time to forget between two hurries. */
static int64_t
login_pause(void)
{
	int			r = pick(1000);

	if (r < 500)
		return pick(2 * 1000000);
	if (r < 970)
		return (int64_t) pick(1200) * SECOND;
	if (r < 990)
		return (int64_t) pick(86400) * SECOND;
	set_back++;
	return -(int64_t) pick(3600) * SECOND;
}

/* A login's row is not a credential's: without a policy, never frozen, never void. */
static void
live_logging_in(void)
{
	Life		l;

	memset(&l, 0, sizeof(l));
	l.now = NOW + pick(1000000000);
	l.s.id = -(INT64_C(1) << 32) - 1 - pick(1000);
	l.m.is_login = true;
	wrong_percent = 50 + 49 * pick(2);
	for (event_no = 0; event_no < EVENTS && fault == NULL; event_no++)
	{
		int64_t		wrong = l.m.wrong_in_a_row;
		QcEvent		e;
		QcOutcome	out;
		Expected	x;

		l.now += login_pause();
		memset(&e, 0, sizeof(e));
		e.kind = chance(99) ? QC_EV_LOGIN : QC_EV_EPOCH;
		e.gateway = chance(90) ? TILL : OTHER_TILL;
		e.has_log_row = true;
		e.right = chance(50);
		e.attempt_no = l.s.attempt_no + pick(5) - 2;
		memset(e.request, chance(70) ? 0 : 1, sizeof(e.request));
		draw_guess(&e);
		happen(&l, &e, &x, &out);
		must(l.s.window_count == l.m.wrong_in_a_row, "wrong passwords in a row differ");
		must(e.kind == QC_EV_EPOCH || out.factor == QC_FACTOR_PASSWORD, "another factor");

		seen_login[LOGIN_RIGHT] += x.verdict == QC_ACCEPTED;
		seen_login[LOGIN_WRONG] += x.counted;
		seen_login[LOGIN_WAITS] += x.reason == QC_WHY_WAIT;
		seen_login[LOGIN_WAITS_LONGEST] += x.reason == QC_WHY_WAIT && wrong > 10;
		seen_login[LOGIN_RIGHT_LATE] += x.verdict == QC_ACCEPTED && wrong > 10;
		seen_login[LOGIN_EPOCH] += e.kind == QC_EV_EPOCH;
	}
}

int
main(void)
{
	CHECK(run_lives("payer", live_paying, PAYERS) >= 400000);
	CHECK(run_lives("login", live_logging_in, LOGINS) == LOGINS * EVENTS);
	check_seen("payers", seen, SEEN_KINDS);
	check_seen("logins", seen_login, LOGIN_KINDS);
	CHECK(set_back >= 50);
	return finish();
}
