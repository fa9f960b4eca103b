/*
 * confirm.c
 *	  The verification code, and the charge: verified and debited together or
 *	  not at all.
 *
 * A right code is not used up: what guards against a second charge is the
 * payment's row, locked before the charge function is called and changed with
 * it.  So after a rollback or a lost reply the same call may be made again.
 */
#include "qrcred.h"

#include "access/htup_details.h"
#include "charge.h"
#include "daylimit.h"
#include "door.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "paying.h"
#include "request.h"
#include "store/registry.h"
#include "store/relations.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(qrcred_confirm);

/* A confirmation on its way. */
typedef struct Confirmation
{
	QrRequest	request;
	QrSession	session;
	QrPayment	payment;
	const char *code;			/* NULL: none was given */
	size_t		len;
} Confirmation;

/* What is answered. */
typedef struct Answer
{
	QcOutcome	outcome;
	bool		has_status;
	QrPaymentState status;
	char	   *receipt;		/* NULL: none */
} Answer;

static bool
needs_code(const Confirmation *c)
{
	return c->session.issuer.verification != QR_VERIFICATION_OFF;
}

static void
derive_verification(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Confirmation *c = arg;

	e->kind = QC_EV_VERIFICATION;
	e->gateway = c->request.gateway.gateway_id;
	memcpy(e->request, c->request.digest, sizeof(e->request));
	e->right = !needs_code(c);
	if (e->right)
		return;
	/* of a payment that has ended, the code may be given again for its receipt */
	e->late = c->payment.state == QR_PAYMENT_PRESENTED && !c->payment.is_asked &&
		c->payment.sent_seconds >= QR_VERIFICATION_SECONDS;
	qr_expect_verification(c->payment.kid, c->payment.id.data, c->payment.sending,
						   c->code, e);
}

/* The payment is locked and presented, and its code was right: the charge. */
static void
take_charge(Confirmation *c, Answer *a, QrLimit limit)
{
	QrRequest  *r = &c->request;
	char	   *words = NULL;

	if (limit == QR_LIMIT_OVER)
	{
		a->outcome.verdict = QC_REJECTED;
		return;
	}
	/* noted first, so that a charge function that confirms again does not charge again */
	qr_payment_asked(&c->payment.id, a->outcome.attempt_no);
	switch (qr_charge(r->issuer.issuer_id, &c->payment, &words))
	{
		case QR_CHARGED:
			a->status = QR_PAYMENT_CHARGED;
			a->receipt = words;
			qr_payment_end(&c->payment.id, a->status, words);
			break;
		case QR_CHARGE_DECLINED:
			a->status = QR_PAYMENT_DECLINED;
			qr_payment_end(&c->payment.id, a->status, words);
			break;
		case QR_CHARGE_ASKED:
			/* the function may have settled or declined it by itself */
			qr_payment_lock(&c->payment.id, &c->payment);
			a->status = c->payment.state;
			a->receipt = c->payment.receipt;
			break;
	}
	if (a->status != QR_PAYMENT_DECLINED && limit == QR_LIMIT_WITHIN)
		qr_limit_note(r->credential_id, a->outcome.attempt_no, 'B',
					  qr_payment_text(&c->payment));
}

/* The verdict on the payer's row, then the payment's end. */
static void
judge(Confirmation *c, const QrStrikeRef *seen, Answer *a)
{
	QrRequest  *r = &c->request;
	QrPublication p = {0};
	QrLimit		limit = QR_LIMIT_NONE;

	qr_request_publish(r, seen, derive_verification, c, &p);
	a->outcome = p.outcome;
	if (p.outcome.verdict != QC_ACCEPTED)
		return;
	/* the day's row before the payment's, as present() takes them */
	if (r->issuer.has_limits)
		limit = qr_limit_check(r->credential_id, 'B', qr_payment_text(&c->payment), true);
	qr_payment_lock(&c->payment.id, &c->payment);
	a->status = c->payment.state;
	a->receipt = c->payment.receipt;
	if (a->status == QR_PAYMENT_PRESENTED && !c->payment.is_asked)
		take_charge(c, a, limit);
	/* only where money moves, or is being moved, is the answer a yes */
	if (a->status != QR_PAYMENT_CHARGED && a->status != QR_PAYMENT_PRESENTED)
		a->outcome.verdict = QC_REJECTED;
}

/* Why the code cannot be looked at on the payer's row; NONE when it can. */
static QcReason
why_not(Confirmation *c, const pg_uuid_t *payment_id, QrStrikeRef *seen, Answer *a)
{
	if (!qr_payment_of(&c->session, payment_id, &c->payment))
		return QC_WHY_PAYMENT;
	a->has_status = true;
	a->status = c->payment.state;
	if (a->status != QR_PAYMENT_PRESENTED && a->status != QR_PAYMENT_CHARGED &&
		a->status != QR_PAYMENT_DECLINED)
		return QC_WHY_PAYMENT;
	if (needs_code(c) && (c->code == NULL || c->payment.sending == 0 ||
						  !qr_is_verification_code(c->code, c->len)))
		return QC_WHY_MALFORMED;
	if (!qr_request_find(&c->request, seen))
		return QC_WHY_UNKNOWN;
	return QC_WHY_NONE;
}

static Datum
answer_row(FunctionCallInfo fcinfo, const Answer *a)
{
	TupleDesc	desc;
	Datum		values[4] = {0};
	bool		isnull[4] = {false, !a->has_status, a->receipt == NULL, a->outcome.tries_left < 0};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type is not a row");
	values[0] = CStringGetTextDatum(qc_verdict_name(a->outcome.verdict));
	if (!isnull[1])
		values[1] = CStringGetTextDatum(qr_payment_state_name(a->status));
	if (!isnull[2])
		values[2] = CStringGetTextDatum(a->receipt);
	values[3] = Int32GetDatum(a->outcome.tries_left);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull));
}

/* confirm(session, payment_id, verification_code, request_id) */
Datum
qrcred_confirm(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	Confirmation c = {0};
	QrStrikeRef seen;
	Answer		a = {0};
	char	   *session = qr_text_arg(fcinfo, 0, "session", NULL);
	pg_uuid_t  *payment_id;
	QcReason	why;
	MemoryContext old;
	Datum		result;

	qr_require(fcinfo, 1, "payment_id");
	payment_id = PG_GETARG_UUID_P(1);
	if (!PG_ARGISNULL(2))
		c.code = qr_text_arg(fcinfo, 2, "verification_code", &c.len);
	a.outcome.tries_left = -1;
	qr_publish_allowed("qrcred.confirm()");
	qr_store_ready();
	SPI_connect();
	why = qr_session_find(session, &c.session);
	if (why != QC_WHY_NONE && why != QC_WHY_CLOSED)
	{
		(void) qr_door_refuse(why, 0, why == QC_WHY_SESSION);
		a.outcome.verdict = why == QC_WHY_BUCKET ? QC_ELSEWHERE : QC_REJECTED;
	}
	else
	{
		c.request.credential_id = c.session.row.credential_id;
		qr_request_read(fcinfo, 3, "confirm", c.session.row.gateway,
						(QcPart) {c.code, c.len}, (QcPart) {payment_id->data, UUID_LEN},
						&c.request);
		if (why == QC_WHY_NONE)
			why = why_not(&c, payment_id, &seen, &a);
		if (why == QC_WHY_NONE)
			judge(&c, &seen, &a);
		else
			qr_request_note_refusal(&c.request, QC_REJECTED, why, false, &a.outcome);
	}
	old = MemoryContextSwitchTo(context);
	result = answer_row(fcinfo, &a);
	MemoryContextSwitchTo(old);
	SPI_finish();
	return result;
}
