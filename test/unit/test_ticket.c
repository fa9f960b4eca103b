/*
 * test_ticket.c
 *	  The rules of tickets, downloads and renewals: once, and again only for
 *	  the same wallet; five wrong answers; every older generation worthless.
 */
#include "card.h"

#define ANSWERED	0x01
#define WRONGLY		0x02
#define UNANSWERED	0x04
#define EXPIRED		0x08
#define OLD_SERIAL	0x10
#define OLD_GENERATION 0x20

/* A download of ticket serial 1, by a wallet with this nonce; 0: without one. */
static QcVerdict
download(Card *c, int how, int nonce)
{
	QcEvent		e = event(c, QC_EV_DOWNLOAD);

	e.right = (how & (ANSWERED | WRONGLY | UNANSWERED)) == 0;
	if (how & (ANSWERED | WRONGLY))
		put_guess(&e, how & WRONGLY ? WRONG : RIGHT);
	e.unanswered = (how & UNANSWERED) != 0;
	e.ticket_expired = (how & EXPIRED) != 0;
	e.ticket_serial = c->s.ticket_serial - ((how & OLD_SERIAL) != 0);
	e.generation = c->s.generation - ((how & OLD_GENERATION) != 0);
	e.has_wallet_nonce = nonce != 0;
	memset(e.wallet_nonce, nonce, sizeof(e.wallet_nonce));
	return apply(c, &e);
}

static void
test_download(void)
{
	static const struct
	{
		int			how;
		QcVerdict	verdict;
		QcReason	reason;
	}			row[] = {
		{0, QC_DONE, QC_WHY_NONE},
		{ANSWERED, QC_DONE, QC_WHY_NONE},
		{WRONGLY, QC_REJECTED, QC_WHY_ANSWER},
		{UNANSWERED, QC_REJECTED, QC_WHY_ANSWER},
		{EXPIRED, QC_REJECTED, QC_WHY_TICKET_EXPIRED},
		{EXPIRED | WRONGLY, QC_REJECTED, QC_WHY_TICKET_EXPIRED},
		{OLD_SERIAL, QC_REJECTED, QC_WHY_TICKET_USED},
		{OLD_SERIAL | WRONGLY, QC_REJECTED, QC_WHY_TICKET_USED},
		{OLD_GENERATION, QC_REJECTED, QC_WHY_TICKET_USED}
	};
	int			i;

	for (i = 0; i < LENGTH(row); i++)
	{
		Card		c = fresh();
		bool		is_done = row[i].verdict == QC_DONE;

		c.s.ticket_serial = 2;
		c.s.generation = 2;
		CHECK(qc_state(&c.s, 0, c.now) == QC_STATE_WAITING);
		download(&c, row[i].how, 0);
		CHECK(is_answer(&c, row[i].verdict, row[i].reason, QC_NEXT_NONE));
		CHECK(c.s.ticket_state == (is_done ? QC_TICKET_USED : QC_TICKET_READY));
		CHECK(c.s.ticket_wrong == (row[i].how == WRONGLY));
		CHECK(qc_state(&c.s, 0, c.now) == (is_done ? QC_STATE_OPEN : QC_STATE_WAITING));
		CHECK(qc_strike_sum(&c.s) == 0 && !c.out.counted && c.out.tries_left == -1);
	}
}

static void
test_again(void)
{
	Card		base = fresh();
	Card		c;

	CHECK(download(&base, ANSWERED, 9) == QC_DONE && !base.out.repeated);
	c = base;
	CHECK(download(&c, ANSWERED, 0) == QC_REJECTED);
	CHECK(download(&c, ANSWERED, 8) == QC_REJECTED && c.out.reason == QC_WHY_TICKET_USED);
	c.now += 600 * SECOND;
	CHECK(download(&c, ANSWERED | EXPIRED, 9) == QC_DONE && c.out.repeated);
	CHECK(c.s.ticket_used_at == base.now);
	CHECK(download(&c, WRONGLY, 9) == QC_REJECTED && c.s.ticket_wrong == 1);
	CHECK(download(&c, ANSWERED | OLD_SERIAL, 9) == QC_REJECTED);
	c.now += 1;
	CHECK(download(&c, ANSWERED, 9) == QC_REJECTED && c.out.reason == QC_WHY_TICKET_USED);

	/* a download without a nonce is not had again, with no nonce and no zeros */
	c = fresh();
	CHECK(download(&c, ANSWERED, 0) == QC_DONE);
	CHECK(download(&c, ANSWERED, 0) == QC_REJECTED);
	{
		QcEvent		e = event(&c, QC_EV_DOWNLOAD);

		e.ticket_serial = 1;
		e.generation = 1;
		e.has_wallet_nonce = true;
		CHECK(apply(&c, &e) == QC_REJECTED && c.out.reason == QC_WHY_TICKET_USED);
	}
}

static void
test_wrong_answers(void)
{
	Card		c = fresh();
	int			i;

	for (i = 1; i <= 5; i++)
	{
		CHECK(c.s.ticket_state == QC_TICKET_READY);
		CHECK(download(&c, WRONGLY, 9) == QC_REJECTED && c.s.ticket_wrong == i);
		/* no answer is none, wrong or right */
		CHECK(download(&c, UNANSWERED, 9) == QC_REJECTED && c.s.ticket_wrong == i);
	}
	CHECK(c.s.ticket_state == QC_TICKET_SPENT);
	CHECK(download(&c, ANSWERED, 9) == QC_REJECTED && c.out.reason == QC_WHY_TICKET_USED);
	CHECK(qc_strike_sum(&c.s) == 0 && c.s.freeze_no == 0);

	/* a new ticket has its own five */
	CHECK(act(&c, QC_EV_TICKET, 0) == QC_DONE && c.s.ticket_serial == 2);
	for (i = 1; i <= 4; i++)
		download(&c, WRONGLY, 9);
	CHECK(download(&c, ANSWERED, 9) == QC_DONE);
}

/* A renewal code of this step from now, by a wallet with this nonce. */
static QcVerdict
renew(Card *c, int ahead, int nonce, bool is_right)
{
	QcEvent		e = event(c, QC_EV_RENEWAL);

	e.moment = c->now / QC_USEC / QC_STEP_SECONDS + ahead;
	e.right = is_right;
	e.has_wallet_nonce = nonce != 0;
	memset(e.wallet_nonce, nonce, sizeof(e.wallet_nonce));
	e.new_kid = 2;
	e.new_valid_until = c->now / QC_USEC + 1000;
	memset(e.new_digest, 0x77, sizeof(e.new_digest));
	return apply(c, &e);
}

static void
test_renewal(void)
{
	Card		base = fresh();
	Card		c;

	download(&base, ANSWERED, 9);
	scan_rotating(&base, 0);
	scan_static(&base);
	scan_second(&base, WRONG);

	c = base;
	CHECK(renew(&c, 0, 5, true) == QC_DONE && c.out.notice == QC_NOTICE_RENEWED && !c.out.repeated);
	CHECK(c.s.generation == 2 && c.s.kid == 2 && c.s.digest[31] == 0x77 &&
		  c.s.valid_until == c.now / QC_USEC + 1000);
	/* counts, marks and steps are the credential's, whatever its generation */
	CHECK(c.s.strikes[QC_FACTOR_SECOND] == 1 && c.s.step_rotating == base.s.step_rotating);
	scan_second(&c, RIGHT);
	CHECK(is_answer(&c, QC_REJECTED, QC_WHY_NO_CHALLENGE, QC_NEXT_NONE));
	/* the same wallet may ask again, the same step is a replay for any other */
	CHECK(renew(&c, 0, 5, false) == QC_DONE && c.out.repeated && c.s.generation == 2);
	CHECK(renew(&c, 0, 6, true) == QC_REJECTED && c.out.reason == QC_WHY_REPLAYED);
	CHECK(renew(&c, -1, 6, true) == QC_REJECTED && c.out.reason == QC_WHY_REPLAYED);
	c.now += 601 * SECOND;
	CHECK(renew(&c, 0, 5, false) == QC_REJECTED && c.out.reason == QC_WHY_STALE);
	/* the old ticket died with the old generation */
	CHECK(download(&c, ANSWERED | OLD_GENERATION, 9) == QC_REJECTED);

	c = base;
	CHECK(renew(&c, -2, 5, true) == QC_REJECTED && c.out.reason == QC_WHY_WINDOW);
	CHECK(renew(&c, 1, 5, true) == QC_REJECTED && c.out.reason == QC_WHY_WINDOW);
	c.p.skew_ahead = true;
	CHECK(renew(&c, 2, 5, true) == QC_REJECTED && c.out.reason == QC_WHY_WINDOW);
	CHECK(c.s.generation == 1 && c.s.step_renewal == 0);
	CHECK(renew(&c, 1, 5, true) == QC_DONE);

	/* until the grace after expiry is over; never frozen, void or changed */
	c = base;
	c.now = (c.s.valid_until + 30 * 86400) * SECOND - 1;
	CHECK(renew(&c, 0, 5, true) == QC_DONE);
	c = base;
	c.now = (c.s.valid_until + 30 * 86400) * SECOND;
	CHECK(renew(&c, 0, 5, true) == QC_REJECTED && c.out.reason == QC_WHY_EXPIRED);
	c = base;
	act(&c, QC_EV_FREEZE, 60);
	CHECK(renew(&c, 0, 9, true) == QC_REJECTED && c.out.reason == QC_WHY_FROZEN);
	c = base;
	act(&c, QC_EV_VOID, 0);
	CHECK(renew(&c, 0, 9, true) == QC_REJECTED && c.out.reason == QC_WHY_VOID);
	c = base;
	act(&c, QC_EV_REGISTRATION, 0);
	CHECK(renew(&c, 0, 9, true) == QC_REJECTED && c.out.reason == QC_WHY_REGISTRATION);
	CHECK(c.s.generation == 1);

	/* after the last generation comes another credential */
	c = base;
	c.s.generation = 255;
	renew(&c, 0, 5, true);
	CHECK(c.s.generation == 255 && (c.s.flags & QC_FLAG_VOID) != 0);
}

static void
test_reissue(void)
{
	Card		c = fresh();

	download(&c, ANSWERED, 9);
	act(&c, QC_EV_REGISTRATION, 0);
	CHECK(qc_state(&c.s, 0, c.now) == QC_STATE_EXPIRED);
	CHECK(act(&c, QC_EV_REISSUE, 0) == QC_DONE);
	CHECK(c.s.generation == 2 && c.s.ticket_serial == 2 && c.s.ticket_state == QC_TICKET_READY);
	c.s.valid_until = c.now / QC_USEC + 1000;
	CHECK(qc_state(&c.s, 0, c.now) == QC_STATE_WAITING);
	/* the nonce of the wallet before opens nothing */
	CHECK(download(&c, UNANSWERED, 9) == QC_REJECTED);
	CHECK(download(&c, ANSWERED, 8) == QC_DONE);

	/* a freeze stays in force */
	act(&c, QC_EV_FREEZE, 0);
	act(&c, QC_EV_REISSUE, 0);
	c.s.valid_until = c.now / QC_USEC + 1000;
	CHECK(qc_state(&c.s, 0, c.now) == QC_STATE_FROZEN);
	CHECK(download(&c, ANSWERED, 8) == QC_REJECTED);
}

/* A word for every number that may stand in the log, and none outside. */
static void
test_words(void)
{
	static const struct
	{
		const char *(*word) (int number);
		int			n;
	}			sort[] = {
		{qc_verdict_name, QC_VERDICTS}, {qc_next_name, QC_NEXTS},
		{qc_reason_name, QC_REASONS}, {qc_event_name, QC_EVENT_KINDS},
		{qc_notice_name, QC_NOTICES}
	};
	int			i;
	int			a;
	int			b;

	for (i = 0; i < LENGTH(sort); i++)
	{
		for (a = 0; a < sort[i].n; a++)
		{
			CHECK(sort[i].word(a) != NULL && sort[i].word(a)[0] != '\0');
			for (b = 0; b < a; b++)
				CHECK(strcmp(sort[i].word(a), sort[i].word(b)) != 0);
		}
		CHECK(sort[i].word(-1) == NULL && sort[i].word(sort[i].n) == NULL);
	}
	CHECK(strcmp(qc_reason_name(QC_WHY_NOT_LATEST), "not_latest") == 0);
	CHECK(strcmp(qc_event_name(QC_EV_REISSUE), "reissue") == 0);
	CHECK(strcmp(qc_state_name(QC_STATE_VOID), "void") == 0);
}

int
main(void)
{
	test_download();
	test_again();
	test_wrong_answers();
	test_renewal();
	test_reissue();
	test_words();
	return finish();
}
