/*
 * lifecycle.c
 *	  The life of a credential: scans, challenges, strikes, freezes, tickets.
 */
#include "lifecycle.h"

#include <string.h>

#include "code.h"
#include "rules.h"

static void
open_challenge(QcStrike *s, const QcEvent *e, const QcPolicy *p, int64_t now,
			   QcOutcome *out)
{
	if (s->challenge_state == QC_CHALLENGE_OPEN)
	{
		memcpy(s->previous_nonce, s->nonce, sizeof(s->nonce));
		memcpy(s->previous_text, s->text, sizeof(s->text));
		s->previous_digits = s->challenge_digits;
		s->flags |= QC_FLAG_PREVIOUS;
	}
	else
		s->flags &= ~QC_FLAG_PREVIOUS;
	memcpy(s->nonce, e->nonce, sizeof(s->nonce));
	memcpy(s->text, e->text, sizeof(s->text));
	s->challenge_no++;
	s->challenge_state = QC_CHALLENGE_OPEN;
	s->challenge_digits = (int16_t) p->digits;
	s->challenge_gateway = e->gateway;
	s->challenge_until = qc_later(now, p->challenge_seconds);
	qc_answer(out, QC_CHALLENGE, QC_WHY_NONE, QC_NEXT_SECOND_CODE);
	out->attempt_no = s->attempt_no;
}

/* Collected earlier: not from the future, and not too long ago. */
static bool
is_collected_lately(const QcEvent *e, int64_t now)
{
	return e->seen_at <= now / QC_USEC &&
		e->seen_at >= now / QC_USEC - QC_COLLECTED_SECONDS;
}

static void
scan_static(QcStrike *s, const QcEvent *e, const QcPolicy *p, int64_t now,
			QcOutcome *out)
{
	if (!e->right)
		qc_reject(out, QC_WHY_STALE);
	else if (qc_barred(s, e, now, out))
		return;
	else if (e->over_limit)
		qc_reject(out, QC_WHY_LIMIT);
	else if (e->seen_at != 0 && !is_collected_lately(e, now))
		qc_reject(out, QC_WHY_WINDOW);
	else if (e->seen_at != 0 && (p->second_scan_required || !p->static_alone))
		qc_reject(out, QC_WHY_KIND);
	else if (p->second_scan_required || !p->static_alone)
		open_challenge(s, e, p, now, out);
	else
		qc_accept(s, e, 'D', false, now, out);
}

static void
scan_rotating(QcStrike *s, const QcEvent *e, const QcPolicy *p, int64_t now,
			  QcOutcome *out)
{
	int64_t		step = (e->seen_at != 0 ? e->seen_at : now / QC_USEC) / QC_STEP_SECONDS;

	if (!e->right)
		qc_reject(out, QC_WHY_STALE);
	else if (qc_barred(s, e, now, out))
		return;
	else if (e->seen_at != 0 && !is_collected_lately(e, now))
		qc_reject(out, QC_WHY_WINDOW);
	else if (e->moment < step - 1 || e->moment > step + (p->skew_ahead ? 1 : 0))
		qc_reject(out, QC_WHY_WINDOW);
	else if (e->moment <= s->step_rotating)
		qc_reject(out, QC_WHY_REPLAYED);
	else
	{
		s->step_rotating = e->moment;
		qc_accept(s, e, e->seen_at != 0 ? 'D' : 'C',
				  p->ask_password && e->seen_at == 0, now, out);
	}
}

static bool
is_skewed(const QcEvent *e, const QcPolicy *p, int64_t now)
{
	int64_t		skew = e->moment - now / QC_USEC;

	return e->kind == QC_EV_SECOND && p->wallet_skew_seconds >= 0 &&
		(skew > p->wallet_skew_seconds || -skew > p->wallet_skew_seconds);
}

static void
second_scan(QcStrike *s, const QcEvent *e, const QcPolicy *p, int64_t now,
			QcOutcome *out)
{
	bool		is_right = qc_is_guess_right(e);
	bool		is_right_before;

	if (s->challenge_state == QC_CHALLENGE_NONE ||
		s->challenge_until <= now || s->challenge_gateway != e->gateway)
	{
		qc_reject(out, QC_WHY_NO_CHALLENGE);
		return;
	}
	if (qc_barred(s, e, now, out))
		return;
	if (s->challenge_state != QC_CHALLENGE_OPEN)
	{
		qc_reject(out, QC_WHY_NO_CHALLENGE);
		return;
	}
	if (e->kind == QC_EV_TYPED && !p->typed)
	{
		qc_reject(out, QC_WHY_KIND);
		return;
	}
	if (!qc_equal(s->text, e->text, sizeof(s->text)))
	{
		qc_end_challenge(s);
		qc_reject(out, QC_WHY_TEXT);
		return;
	}

	is_right_before = e->guess_len > 0 && (s->flags & QC_FLAG_PREVIOUS) != 0 &&
		qc_equal(e->guess, e->expected_before, (size_t) e->guess_len);
	if (is_right && is_skewed(e, p, now))
		qc_reject(out, QC_WHY_SKEW);
	else if (is_right)
	{
		qc_end_challenge(s);
		qc_succeed(s, QC_FACTOR_SECOND);
		qc_accept(s, e, 'C', p->ask_password, now, out);
	}
	else if (is_right_before)
		qc_reject(out, QC_WHY_SUPERSEDED);
	else
		qc_strike(s, QC_FACTOR_SECOND, p, now, out);
}

static void
check_password(QcStrike *s, const QcEvent *e, const QcPolicy *p, int64_t now,
			   QcOutcome *out)
{
	if (e->attempt_no <= 0 || s->accept_no != e->attempt_no ||
		s->accept_gateway != e->gateway || s->accept_settled ||
		now - s->accept_at > QC_PASSWORD_SECONDS * QC_USEC)
		qc_reject(out, QC_WHY_NOT_LATEST);
	else if (qc_barred(s, e, now, out))
		return;
	else if (qc_is_guess_right(e))
	{
		qc_succeed(s, QC_FACTOR_PASSWORD);
		s->accept_settled = 1;
		qc_answer(out, QC_ACCEPTED, QC_WHY_NONE, QC_NEXT_NONE);
		out->tier = s->accept_tier == 'D' ? 'D' : 'B';
		out->attempt_no = s->attempt_no;
	}
	else
		qc_strike(s, QC_FACTOR_PASSWORD, p, now, out);
}

/* Acts of staff are immediate; a retry of an older request is judged anew. */
static void
act(QcStrike *s, const QcEvent *e, int64_t now, QcOutcome *out)
{
	memset(s->request, 0, sizeof(s->request));
	if (s->flags & QC_FLAG_VOID)
	{
		qc_reject(out, QC_WHY_VOID);
		return;
	}
	qc_answer(out, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE);
	if (e->kind == QC_EV_VOID)
	{
		out->notice = QC_NOTICE_VOIDED;
		s->flags |= QC_FLAG_VOID;
		if (s->challenge_state == QC_CHALLENGE_OPEN)
			s->challenge_state = QC_CHALLENGE_FROZEN;
	}
	else if (e->kind == QC_EV_REGISTRATION)
	{
		s->flags |= QC_FLAG_REGISTRATION;
		qc_end_challenge(s);
	}
	else
	{
		out->notice = QC_NOTICE_FROZEN;
		qc_enter_freeze(s, e->seconds > 0 ? qc_later(now, e->seconds) : QC_FOREVER);
		s->flags |= QC_FLAG_BY_HAND;
	}
}

static bool
is_same_request(const QcStrike *s, const QcEvent *e, int64_t now)
{
	return !qc_is_zero(e->request) &&
		qc_equal(e->request, s->request, sizeof(s->request)) &&
		now - s->request_at <= QC_RETRY_SECONDS * QC_USEC;
}

/* A refusal that looked at no credential; the gateway's minute counts forgeries. */
static void
refuse(QcStrike *s, const QcEvent *e, int64_t now, QcOutcome *out)
{
	qc_answer(out, e->refusal, e->why,
		   e->why == QC_WHY_CLOSED ? QC_NEXT_STOP : QC_NEXT_NONE);
	out->repeated = is_same_request(s, e, now);
	if (!e->forged)
		return;
	if (now - s->window_at >= 60 * QC_USEC || now < s->window_at)
	{
		s->window_at = now;
		s->window_count = 0;
	}
	s->window_count += !out->repeated;
	if (s->window_count <= QC_FORGED_A_MINUTE)
		return;

	/* a flood: a row a second stands for all, and one alert goes out */
	out->reason = QC_WHY_FLOOD;
	if (!e->has_log_row && now - s->window_logged_at < QC_USEC &&
		now >= s->window_logged_at)
	{
		out->quiet = true;
		s->attempt_no--;
		return;
	}
	s->window_logged_at = now;
	if (s->frozen_at == 0 || now - s->frozen_at >= QC_ALERT_SECONDS * QC_USEC)
	{
		s->frozen_at = now;
		out->notice = QC_NOTICE_ALERT;
	}
}

static bool
is_request(QcEventKind kind)
{
	return (kind >= QC_EV_STATIC && kind <= QC_EV_PASSWORD) ||
		kind == QC_EV_BIOMETRIC || kind == QC_EV_VERIFICATION;
}

static bool
repeat(const QcStrike *s, const QcEvent *e, int64_t now, QcOutcome *out)
{
	if (!is_same_request(s, e, now))
		return false;

	/* a challenge that ended or ran out meanwhile is asked for anew */
	if (s->request_verdict == QC_CHALLENGE &&
		(s->challenge_state != QC_CHALLENGE_OPEN || s->challenge_until <= now))
		return false;
	qc_answer(out, (QcVerdict) s->request_verdict,
		   (QcReason) s->request_reason, (QcNext) s->request_next);
	out->tier = s->request_tier;
	out->tries_left = s->request_tries;
	out->attempt_no = s->request_no;
	out->repeated = true;
	return true;
}

static void
remember(QcStrike *s, const QcEvent *e, int64_t now, const QcOutcome *out)
{
	memcpy(s->request, e->request, sizeof(s->request));
	s->request_at = now;
	s->request_no = out->attempt_no;
	s->request_verdict = (int16_t) out->verdict;
	s->request_reason = (int16_t) out->reason;
	s->request_next = (int16_t) out->next;
	s->request_tier = (int16_t) out->tier;
	s->request_tries = (int16_t) out->tries_left;
}

static QcFactor
factor_of(const QcEvent *e)
{
	switch (e->kind)
	{
		case QC_EV_SECOND:
		case QC_EV_TYPED:
		case QC_EV_COUNT:
			return QC_FACTOR_SECOND;
		case QC_EV_PASSWORD:
		case QC_EV_LOGIN:
			return QC_FACTOR_PASSWORD;
		case QC_EV_BIOMETRIC:
			return QC_FACTOR_BIOMETRIC;
		case QC_EV_VERIFICATION:
			return QC_FACTOR_VERIFICATION;
		case QC_EV_PACKAGE:
			return e->right ? QC_FACTOR_NONE : QC_FACTOR_VERIFICATION;
		default:
			return QC_FACTOR_NONE;
	}
}

void
qc_lifecycle(QcStrike *s, const QcEvent *e, const QcPolicy *p, int64_t now,
			 QcOutcome *out)
{
	memset(out, 0, sizeof(*out));
	out->tries_left = -1;
	out->factor = QC_FACTOR_NONE;
	s->attempt_no++;

	/* a release in force takes effect in the row itself, once seen */
	if (s->freeze_no == e->released_freeze_no && s->frozen_until > now)
	{
		s->frozen_until = 0;
		s->flags &= ~QC_FLAG_BY_HAND;
		if (s->challenge_state == QC_CHALLENGE_FROZEN)
			s->challenge_state = QC_CHALLENGE_NONE;
	}

	out->factor = factor_of(e);
	if (is_request(e->kind) && repeat(s, e, now, out))
		return;
	switch (e->kind)
	{
		case QC_EV_STATIC:
			scan_static(s, e, p, now, out);
			break;
		case QC_EV_ROTATING:
			scan_rotating(s, e, p, now, out);
			break;
		case QC_EV_SECOND:
		case QC_EV_TYPED:
			second_scan(s, e, p, now, out);
			break;
		case QC_EV_PASSWORD:
			check_password(s, e, p, now, out);
			break;
		case QC_EV_DOWNLOAD:
			qc_event_download(s, e, now, out);
			break;
		case QC_EV_TICKET:
			qc_event_new_ticket(s, e, now, out);
			break;
		case QC_EV_RENEWAL:
			qc_event_renew(s, e, p, now, out);
			break;
		case QC_EV_CANCEL:
			s->ticket_state = QC_TICKET_SPENT;
			qc_answer(out, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE);
			break;
		case QC_EV_COUNT:
			if (!qc_barred(s, e, now, out))
				qc_strike(s, QC_FACTOR_SECOND, p, now, out);
			break;
		case QC_EV_EPOCH:
			if (s->attempt_no <= e->attempt_no)
				s->attempt_no = e->attempt_no + 1;
			qc_end_challenge(s);
			memset(s->request, 0, sizeof(s->request));
			qc_answer(out, QC_DONE, QC_WHY_NONE, QC_NEXT_NONE);
			if (!e->right && s->id > 0 && (s->flags & QC_FLAG_VOID) == 0)
			{
				out->notice = QC_NOTICE_FROZEN;
				qc_enter_freeze(s, QC_FOREVER);
				s->flags |= QC_FLAG_BY_HAND;
			}
			break;
		case QC_EV_REISSUE:
			qc_event_reissue(s, e, out);
			break;
		case QC_EV_LOGIN:
			qc_event_login(s, e, now, out);
			break;
		case QC_EV_BIOMETRIC:
			qc_event_biometric(s, e, p, now, out);
			break;
		case QC_EV_VERIFICATION:
			qc_event_verification(s, e, p, now, out);
			break;
		case QC_EV_BINDING:
			qc_event_binding(s, e, now, out);
			break;
		case QC_EV_PACKAGE:
			qc_event_package(s, e, p, now, out);
			break;
		case QC_EV_FREEZE:
		case QC_EV_VOID:
		case QC_EV_REGISTRATION:
			act(s, e, now, out);
			break;
		default:
			refuse(s, e, now, out);
			break;
	}
	if (is_request(e->kind) ||
		(e->kind == QC_EV_REFUSED && !qc_is_zero(e->request)))
		remember(s, e, now, out);
}

void
qc_foresee(const QcStrike *s, const QcEvent *e, const QcPolicy *p,
		   int64_t now, QcOutcome *out)
{
	QcStrike	row = *s;
	QcEvent		wrong = *e;

	wrong.guess_len = 0;
	qc_lifecycle(&row, &wrong, p, now, out);
	/* the one event whose right guess is told to the customer, too */
	if (e->kind == QC_EV_PACKAGE && out->counted && out->notice == QC_NOTICE_NONE)
		out->notice = QC_NOTICE_DEVICE;
	qc_wipe(&wrong, sizeof(wrong));
}

QcState
qc_state(const QcStrike *s, int32_t released_freeze_no, int64_t now)
{
	if (s->flags & QC_FLAG_VOID)
		return QC_STATE_VOID;
	if (qc_is_frozen(s, released_freeze_no, now))
		return QC_STATE_FROZEN;
	if (qc_is_expired(s, now) || (s->flags & QC_FLAG_REGISTRATION))
		return QC_STATE_EXPIRED;
	return (s->flags & QC_FLAG_DOWNLOADED) ? QC_STATE_OPEN : QC_STATE_WAITING;
}
