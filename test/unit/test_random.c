/*
 * test_random.c
 *	  Random lives of credentials: events of every kind, under random policies,
 *	  at random times with a clock that is set back now and then.
 *
 * model.h keeps books of its own of what each event must come to; on top of
 * that stand the invariants of lives.h.
 */
#include "lives.h"

#define LIVES		3000
#define EVENTS		500			/* of one life, unless it is void before */

static int	wrong_percent;		/* of the guesses in this life */

/* How often what the test is about came up. */
typedef enum Seen
{
	SEEN_ACCEPTED, SEEN_SECOND, SEEN_PASSWORD, SEEN_WRONG, SEEN_FREEZE, SEEN_MARKED,
	SEEN_SUM, SEEN_VOID, SEEN_FORGOTTEN, SEEN_CAPPED, SEEN_FROZEN, SEEN_RELEASED,
	SEEN_REPEATED, SEEN_SUPERSEDED, SEEN_SKEW, SEEN_TEXT, SEEN_EXPIRED, SEEN_REPLAYED,
	SEEN_DOWNLOAD, SEEN_AGAIN, SEEN_SPENT, SEEN_RENEWED, SEEN_REFUSED, SEEN_LIMIT,
	SEEN_KINDS
} Seen;

static int	seen[SEEN_KINDS];

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
	e->new_digest[0] = (uint8_t) pick(256);
	e->seconds = chance(50) ? 0 : 1 + pick(100000);
	e->refusal = chance(50) ? QC_REJECTED : QC_ELSEWHERE;
	e->why = chance(50) ? QC_WHY_FORGED : QC_WHY_STALE;
	e->forged = chance(50);
	e->over_limit = chance(3);
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
	seen[SEEN_LIMIT] += x->reason == QC_WHY_LIMIT;
}

static void
live(void)
{
	Life		l;

	begin_life(&l);
	wrong_percent = 30 + 30 * pick(3);
	for (event_no = 0; event_no < EVENTS && fault == NULL; event_no++)
	{
		bool		was_void = l.m.is_void;
		QcEvent		e;
		QcOutcome	out;
		Expected	x;

		pass_time(&l);
		random_event(&l.m, l.now, l.s.attempt_no, &e);
		happen(&l, &e, &x, &out);
		count_seen(&x, &e, &out, !was_void && l.m.is_void);
		if (l.m.is_void && was_void && chance(10))
			break;
	}
}

int
main(void)
{
	CHECK(run_lives("life", live, LIVES) >= 300000);
	check_seen("lives", seen, SEEN_KINDS);
	CHECK(set_back >= 50);
	return finish();
}
