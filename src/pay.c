/*
 * pay.c
 *	  A payment from the order to the biometric code: begun, presented, left.
 *
 * A payment is an ordinary row and goes with the caller's transaction; what a
 * wrong code counts is in place and stays.
 */
#include "qrcred.h"

#include "access/htup_details.h"
#include "binding.h"
#include "daylimit.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "master.h"
#include "paying.h"
#include "request.h"
#include "seal.h"
#include "store/registry.h"
#include "store/relations.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "verdict.h"

#define WORDS_MAX	256			/* bytes of a payee or an order reference */

PG_FUNCTION_INFO_V1(qrcred_begin_payment);
PG_FUNCTION_INFO_V1(qrcred_present);
PG_FUNCTION_INFO_V1(qrcred_resend);
PG_FUNCTION_INFO_V1(qrcred_cancel_payment);
PG_FUNCTION_INFO_V1(qrcred_payment_status);

static void pg_attribute_noreturn()
refuse(const char *name, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"%s\" %s", name, what)));
}

/* An amount with exactly the currency's decimals, as text. */
static char *
amount_text(Datum amount, const char *currency)
{
	int			decimals = qc_currency_decimals(currency, strlen(currency));
	Datum		rounded;
	char	   *text;

	if (decimals < 0)
		refuse("currency", "must be three capital letters (ISO 4217)");
	rounded = DirectFunctionCall2(numeric_round, amount, Int32GetDatum(decimals));
	text = DatumGetCString(DirectFunctionCall1(numeric_out, rounded));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, amount, rounded)) ||
		!qc_is_amount(text, strlen(text), currency, strlen(currency)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"amount\" must be above 0, with at most %d decimals for %s and 15 digits before them",
						decimals, currency)));
	return text;
}

/* Words as given, without control characters; required ones are not empty. */
static char *
words_arg(FunctionCallInfo fcinfo, int argno, const char *name, bool is_required)
{
	size_t		len;
	size_t		i;
	char	   *s;

	if (PG_ARGISNULL(argno) && !is_required)
		return pstrdup("");
	s = qr_text_arg(fcinfo, argno, name, &len);
	if (len > WORDS_MAX || (len == 0 && is_required))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be %d to %d bytes", name, is_required ? 1 : 0, WORDS_MAX)));
	for (i = 0; i < len; i++)
		if ((unsigned char) s[i] < 0x20 || s[i] == 0x7f)
			refuse(name, "must not hold control characters");
	return s;
}

/* RFC 9562, version 8: the credential's bucket, then random bits. */
static void
draw_payment(QrPayment *p)
{
	uint16		bucket = qc_bucket_of_id(p->credential_id);
	uint8		nonce[16];
	int			i;

	if (!pg_strong_random(p->id.data, UUID_LEN) ||
		!pg_strong_random(nonce, sizeof(nonce)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not draw a payment"),
				 errdetail("The source of randomness failed.")));
	p->id.data[0] = (uint8) (bucket >> 4);
	p->id.data[1] = (uint8) (bucket << 4 | (p->id.data[1] & 0x0f));
	p->id.data[6] = (p->id.data[6] & 0x0f) | 0x80;
	p->id.data[8] = (p->id.data[8] & 0x3f) | 0x80;
	p->nonce = palloc(QC_NONCE_TEXT + 1);
	for (i = 0; i < (int) sizeof(nonce); i++)
		snprintf(p->nonce + 2 * i, 3, "%02x", nonce[i]);
}

static Datum
payment_row(FunctionCallInfo fcinfo, const QrPayment *p)
{
	TupleDesc	desc;
	Datum		values[8];
	bool		isnull[8] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type is not a row");
	values[0] = UUIDPGetDatum(&p->id);
	values[1] = CStringGetTextDatum(p->payee);
	values[2] = CStringGetTextDatum(p->currency);
	values[3] = CStringGetTextDatum(p->amount);
	values[4] = CStringGetTextDatum(p->nonce);
	values[5] = Int32GetDatum(p->expires_in);
	values[6] = Int32GetDatum(p->kid);
	values[7] = Int32GetDatum(p->generation);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull));
}

/* The payment that the request has already; ERROR 22023 when it asked for another. */
static void
same_payment(const QrPayment *asked, const pg_uuid_t *request, QrPayment *payment)
{
	if (!qr_payment_of_request(asked->credential_id, request, payment))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the same request is under way in another transaction"),
				 errhint("Send it again.")));
	if (strcmp(payment->amount, asked->amount) != 0 ||
		strcmp(payment->currency, asked->currency) != 0 ||
		strcmp(payment->payee, asked->payee) != 0 ||
		strcmp(payment->order_ref, asked->order_ref) != 0)
		refuse("request_id", "began another payment already");
}

/* begin_payment(session, amount, currency, payee, order_ref, request_id) */
Datum
qrcred_begin_payment(PG_FUNCTION_ARGS)
{
	MemoryContext result_context = CurrentMemoryContext;
	QrSession	session;
	QrStrikeRef seen;
	QrPayment	p = {0};
	pg_uuid_t  *request = PG_ARGISNULL(5) ? NULL : PG_GETARG_UUID_P(5);
	MemoryContext old;
	Datum		result;

	qr_require(fcinfo, 1, "amount");
	p.currency = qr_text_arg(fcinfo, 2, "currency", NULL);
	p.amount = amount_text(PG_GETARG_DATUM(1), p.currency);
	p.payee = words_arg(fcinfo, 3, "payee", true);
	p.order_ref = words_arg(fcinfo, 4, "order_ref", false);
	qr_store_ready();
	SPI_connect();
	qr_session_require(fcinfo, 0, &session);
	if (!qr_strike_find(session.row.credential_id, &seen))
		elog(ERROR, "the strike row of a session's credential is missing");
	p.credential_id = session.row.credential_id;
	p.generation = seen.row.generation;
	p.kid = seen.row.kid;
	p.expires_in = QR_PAYMENT_SECONDS;
	draw_payment(&p);
	if (!qr_payment_insert(&p, request))
	{
		QrPayment	before;

		same_payment(&p, request, &before);
		p = before;
	}
	old = MemoryContextSwitchTo(result_context);
	result = payment_row(fcinfo, &p);
	MemoryContextSwitchTo(old);
	SPI_finish();
	return result;
}

/* A biometric code on its way. */
typedef struct Presented
{
	QrRequest	request;
	QrSession	session;
	QrPayment	payment;
	QcCode		code;
} Presented;

/* K(biometric) of the row's generation; false when none is bound. */
static bool
biometric_key(const QcStrike *s, uint8 key[QC_KEY_LEN])
{
	QrBiometric b;
	QrPlace		place = {"biometric", "key", s->id, 0};
	char	   *plain;
	size_t		len;

	if (!qr_biometric_find(s->id, &b) || !qr_is_bound(&b, s))
		return false;
	place.kid = b.kid;
	plain = qr_unseal(&place, b.key, &len);
	if (len != QC_KEY_LEN)
		elog(ERROR, "a stored biometric key has %zu bytes", len);
	memcpy(key, plain, QC_KEY_LEN);
	qc_wipe(plain, len);
	return true;
}

static QcStatus
expect_code(const Presented *x, const uint8 *key, QcCode *must)
{
	const QrPayment *p = &x->payment;
	char		id[QC_UUID_TEXT + 1];
	uint8		digest[QC_SHA256_LEN];
	QcText		text[5] = {
		{id, QC_UUID_TEXT},
		{p->payee, strlen(p->payee)},
		{p->currency, strlen(p->currency)},
		{p->amount, strlen(p->amount)},
		{p->nonce, strlen(p->nonce)}
	};
	QcStatus	status;

	strlcpy(id, DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&p->id))),
			sizeof(id));
	status = qc_payment_digest(qr_mac(), text, digest);
	if (status == QC_OK)
		status = qc_code_sign(qr_mac(), key, digest, sizeof(digest), must);
	return status;
}

static void
derive_biometric(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Presented *x = arg;
	QcCode		must = x->code;
	uint8		key[QC_KEY_LEN];
	QcStatus	status = QC_OK;

	e->kind = QC_EV_BIOMETRIC;
	e->gateway = x->request.gateway.gateway_id;
	e->moment = x->code.moment;
	memcpy(e->request, x->request.digest, sizeof(e->request));
	memcpy(e->payment, x->payment.id.data, sizeof(e->payment));
	e->over_limit = x->request.over_limit;
	e->unbound = !biometric_key(seen, key);
	if (e->unbound)
		return;
	status = expect_code(x, key, &must);
	qc_wipe(key, sizeof(key));
	if (status == QC_OK && x->code.kid == seen->kid &&
		x->code.generation == seen->generation)
	{
		memcpy(e->guess, x->code.mac, sizeof(x->code.mac));
		memcpy(e->expected, must.mac, sizeof(must.mac));
		e->guess_len = sizeof(must.mac);
	}
	else
	{
		/* bound anew since the first look: the code is nobody's guess any more */
		e->kind = QC_EV_REFUSED;
		e->refusal = QC_REJECTED;
		e->why = QC_WHY_STALE;
		memset(e->request, 0, sizeof(e->request));
	}
	qc_wipe(&must, sizeof(must));
	qr_check(status, "payment");
}

/* Why the code cannot be looked at on the payer's row; NONE when it can. */
static QcReason
why_not(Presented *x, const pg_uuid_t *payment_id, const char *code, size_t len,
		QrStrikeRef *seen)
{
	if (x->session.gateway.gateway_id != x->request.gateway.gateway_id)
		return QC_WHY_SESSION;
	if (!qr_payment_of(&x->session, payment_id, &x->payment) ||
		(x->payment.state != QR_PAYMENT_OPEN &&
		 x->payment.state != QR_PAYMENT_PRESENTED) || x->payment.is_asked)
		return QC_WHY_PAYMENT;
	if (qc_code_parse(code, len, &x->code) != QC_OK)
		return QC_WHY_MALFORMED;
	x->request.moment = x->code.moment;
	if (x->code.kind != QC_KIND_BIOMETRIC)
		return QC_WHY_KIND;
	if (!qr_request_find(&x->request, seen))
		return QC_WHY_UNKNOWN;
	if (x->code.credential_id != x->request.credential_id ||
		x->code.kid != seen->row.kid ||
		x->code.generation != seen->row.generation ||
		x->payment.generation != seen->row.generation)
		return QC_WHY_STALE;
	return QC_WHY_NONE;
}

/* The payment's state follows the verdict, with the caller's transaction. */
static void
follow(Presented *x, const QcOutcome *o)
{
	QrPayment	now;

	if (o->verdict != QC_ACCEPTED && o->next != QC_NEXT_STOP)
		return;
	qr_payment_lock(&x->payment.id, &now);
	if (now.is_asked ||
		(now.state != QR_PAYMENT_OPEN && now.state != QR_PAYMENT_PRESENTED))
		return;
	x->payment = now;
	if (o->verdict != QC_ACCEPTED)
	{
		qr_payment_end(&now.id, QR_PAYMENT_LEFT, NULL);
		return;
	}
	qr_payment_presented(&now.id, o->attempt_no);
	if ((!o->repeated || now.sending == 0) && now.sending < QR_SENDINGS_MAX)
		qr_payment_send(&x->session, &x->payment);
}

/* What the customer types next, where the policy shows it here. */
static void
show_code(const Presented *x, QrAnswer *answer)
{
	if (answer->outcome.verdict != QC_ACCEPTED || x->payment.sending == 0 ||
		x->session.issuer.verification != QR_VERIFICATION_SCREEN)
		return;
	qr_verification_code(x->payment.kid, x->payment.id.data, x->payment.sending,
						 answer->challenge);
	answer->challenge_seconds = Max(0, QR_VERIFICATION_SECONDS - x->payment.sent_seconds);
}

/* The verdict on the payer's row, and what follows from it. */
static void
judge(Presented *x, const QrStrikeRef *seen, QrAnswer *answer)
{
	QrRequest  *r = &x->request;
	QrPublication p = {0};

	if (r->issuer.has_limits)
		r->over_limit = qr_limit_check(r->credential_id, 'B',
									   qr_payment_text(&x->payment), true) == QR_LIMIT_OVER;
	qr_request_publish(r, seen, derive_biometric, x, &p);
	answer->outcome = p.outcome;
	answer->customer_ref = x->session.credential.customer_ref;
	answer->issuer = r->issuer.code;
	answer->lang = r->issuer.lang;
	follow(x, &p.outcome);
	show_code(x, answer);
}

/* present(session, payment_id, code, gateway, request_id) */
Datum
qrcred_present(PG_FUNCTION_ARGS)
{
	Presented	x = {0};
	QrStrikeRef seen;
	QrAnswer	answer = {0};
	size_t		len;
	char	   *session = qr_text_arg(fcinfo, 0, "session", NULL);
	char	   *code = qr_text_arg(fcinfo, 2, "code", &len);
	char	   *gateway = qr_text_arg(fcinfo, 3, "gateway", NULL);
	pg_uuid_t  *payment_id;
	QcReason	why;

	qr_require(fcinfo, 1, "payment_id");
	payment_id = PG_GETARG_UUID_P(1);
	qr_publish_allowed("qrcred.present()");
	qr_store_ready();
	SPI_connect();
	why = qr_session_find(session, &x.session);
	x.request.credential_id = why == QC_WHY_NONE ? x.session.row.credential_id : 0;
	qr_request_read(fcinfo, 4, "present", gateway, (QcPart) {code, len},
					(QcPart) {payment_id->data, UUID_LEN}, &x.request);
	if (!x.request.gateway.enabled)
		why = QC_WHY_CLOSED;
	if (why == QC_WHY_NONE)
		why = why_not(&x, payment_id, code, len, &seen);
	if (why == QC_WHY_NONE)
		judge(&x, &seen, &answer);
	else
		qr_request_note_refusal(&x.request, why == QC_WHY_BUCKET ? QC_ELSEWHERE : QC_REJECTED,
								why, why == QC_WHY_SESSION, &answer.outcome);
	SPI_finish();
	answer.credential_id = x.request.credential_id;
	return qr_answer(fcinfo, &answer);
}

/* resend(session, payment_id): another verification code; the one before ends. */
Datum
qrcred_resend(PG_FUNCTION_ARGS)
{
	QrSession	session;
	QrPayment	payment;

	qr_store_ready();
	SPI_connect();
	qr_session_require(fcinfo, 0, &session);
	qr_payment_require(fcinfo, 1, &session, &payment);
	qr_payment_lock(&payment.id, &payment);
	if (payment.is_asked || payment.state != QR_PAYMENT_PRESENTED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the payment asks for no verification code"),
				 errdetail("Its state is \"%s\".", qr_payment_state_name(payment.state))));
	if (payment.sending >= QR_SENDINGS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the payment had %d verification codes already", QR_SENDINGS_MAX),
				 errhint("Cancel it and begin another one.")));
	qr_payment_send(&session, &payment);
	SPI_finish();
	PG_RETURN_VOID();
}

/* Session and payment_id, the first two arguments; in SPI on return. */
static void
own_payment(FunctionCallInfo fcinfo, QrPayment *payment)
{
	QrSession	session;

	qr_store_ready();
	SPI_connect();
	qr_session_require(fcinfo, 0, &session);
	qr_payment_require(fcinfo, 1, &session, payment);
}

/* Ends SPI and answers the state's word. */
static Datum
state_word(QrPaymentState state)
{
	SPI_finish();
	return CStringGetTextDatum(qr_payment_state_name(state));
}

/* cancel_payment(session, payment_id): its state afterwards; an end stays what it is. */
Datum
qrcred_cancel_payment(PG_FUNCTION_ARGS)
{
	QrPayment	payment;

	own_payment(fcinfo, &payment);
	qr_payment_lock(&payment.id, &payment);
	if (!payment.is_asked &&
		(payment.state == QR_PAYMENT_OPEN || payment.state == QR_PAYMENT_PRESENTED))
	{
		payment.state = QR_PAYMENT_LEFT;
		qr_payment_end(&payment.id, payment.state, NULL);
	}
	return state_word(payment.state);
}

/* payment_status(session, payment_id) */
Datum
qrcred_payment_status(PG_FUNCTION_ARGS)
{
	QrPayment	payment;

	own_payment(fcinfo, &payment);
	return state_word(payment.state);
}
