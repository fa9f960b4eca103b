/*
 * ticket.c
 *	  The part of the lifecycle that hands keys to a wallet: downloads, new
 *	  tickets, renewal and reissue.
 */
#include "lifecycle.h"

#include <string.h>

#include "code.h"
#include "rules.h"

/* Whether the wallet that had the package lately asks for it again. */
static bool
is_same_wallet(const QcStrike *s, const QcEvent *e, int64_t now)
{
	return e->has_wallet_nonce &&
		s->ticket_state == QC_TICKET_USED &&
		!qc_is_zero(s->wallet_nonce) &&
		qc_equal(s->wallet_nonce, e->wallet_nonce, sizeof(s->wallet_nonce)) &&
		now - s->ticket_used_at <= QC_DOWNLOAD_SECONDS * QC_USEC;
}

/* A wallet has the package of the present generation from now on. */
static void
hand_out(QcStrike *s, const QcEvent *e, int64_t now)
{
	s->flags |= QC_FLAG_DOWNLOADED;
	s->ticket_state = QC_TICKET_USED;
	s->ticket_used_at = now;
	memset(s->wallet_nonce, 0, sizeof(s->wallet_nonce));
	if (e->has_wallet_nonce)
		memcpy(s->wallet_nonce, e->wallet_nonce, sizeof(s->wallet_nonce));
}

void
qc_event_download(QcStrike *s, const QcEvent *e, int64_t now, QcOutcome *out)
{
	bool		again = is_same_wallet(s, e, now);

	if (qc_barred(s, e, now, out))
	{
		out->verdict = QC_REJECTED;
		return;
	}
	if (e->generation != s->generation || e->ticket_serial != s->ticket_serial ||
		(s->ticket_state != QC_TICKET_READY && !again))
		qc_reject(out, QC_WHY_TICKET_USED);
	else if (e->ticket_expired && !again)
		qc_reject(out, QC_WHY_TICKET_EXPIRED);
	else if (e->unanswered)
		qc_reject(out, QC_WHY_ANSWER);
	else if (!e->right && !qc_is_guess_right(e))
	{
		if (++s->ticket_wrong >= QC_TICKET_ANSWERS)
			s->ticket_state = QC_TICKET_SPENT;
		qc_reject(out, QC_WHY_ANSWER);
	}
	else if (e->taken)
		qc_reject(out, QC_WHY_TAKEN);
	else
	{
		if (!again)
			hand_out(s, e, now);
		qc_answer(out, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE);
		out->repeated = again;
	}
}

void
qc_event_new_ticket(QcStrike *s, const QcEvent *e, int64_t now, QcOutcome *out)
{
	if (qc_barred(s, e, now, out))
		return;
	s->ticket_serial++;
	s->ticket_state = QC_TICKET_READY;
	s->ticket_wrong = 0;
	s->ticket_used_at = 0;
	qc_answer(out, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE);
}

void
qc_next_generation(QcStrike *s, const QcEvent *e)
{
	memset(s->request, 0, sizeof(s->request));
	qc_end_challenge(s);
	if (s->generation == QC_GENERATION_MAX)
	{
		s->flags |= QC_FLAG_VOID;
		return;
	}
	s->generation++;
	s->kid = e->new_kid;
	s->valid_until = e->new_valid_until;
	memcpy(s->digest, e->new_digest, sizeof(s->digest));
}

void
qc_event_renew(QcStrike *s, const QcEvent *e, const QcPolicy *p, int64_t now, QcOutcome *out)
{
	int64_t		step = now / QC_USEC / QC_STEP_SECONDS;
	int64_t		grace = (int64_t) p->renew_grace_days * 86400;

	if ((s->flags & (QC_FLAG_VOID | QC_FLAG_REGISTRATION)) != 0 ||
		qc_is_frozen(s, e->released_freeze_no, now))
	{
		(void) qc_barred(s, e, now, out);
		out->verdict = QC_REJECTED;
	}
	else if (is_same_wallet(s, e, now))
	{
		qc_answer(out, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE);
		out->repeated = true;
	}
	else if (!e->right)
		qc_reject(out, QC_WHY_STALE);
	else if (s->valid_until + grace <= now / QC_USEC)
		qc_reject(out, QC_WHY_EXPIRED);
	else if (e->moment < step - 1 || e->moment > step + (p->skew_ahead ? 1 : 0))
		qc_reject(out, QC_WHY_WINDOW);
	else if (e->moment <= s->step_renewal)
		qc_reject(out, QC_WHY_REPLAYED);
	else
	{
		s->step_renewal = e->moment;
		qc_next_generation(s, e);
		hand_out(s, e, now);
		qc_answer(out, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE);
		out->notice = QC_NOTICE_RENEWED;
	}
}

/* Staff makes the credential anew, whatever became of its wallet. */
void
qc_event_reissue(QcStrike *s, const QcEvent *e, QcOutcome *out)
{
	if (s->flags & QC_FLAG_VOID)
	{
		qc_reject(out, QC_WHY_VOID);
		return;
	}
	qc_next_generation(s, e);
	s->flags &= ~(QC_FLAG_REGISTRATION | QC_FLAG_DOWNLOADED);
	s->ticket_serial++;
	s->ticket_state = QC_TICKET_READY;
	s->ticket_wrong = 0;
	s->ticket_used_at = 0;
	qc_answer(out, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE);
}
