/*
 * verify.c
 *	  First scan, challenge, second scan.
 *
 * The order is the same in each: refuse what cannot be written, read the
 * arguments, parse the code, find key and row, publish the verdict, answer.
 * What is wrong about a guess is logged and never told: "rejected" is all.
 */
#include "qrcred.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "core/ocra.h"
#include "funcapi.h"
#include "master.h"
#include "miscadmin.h"
#include "request.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(qrcred_verify);
PG_FUNCTION_INFO_V1(qrcred_verify_many);
PG_FUNCTION_INFO_V1(qrcred_verify_second);
PG_FUNCTION_INFO_V1(qrcred_expected_second);
PG_FUNCTION_INFO_V1(qrcred_challenge_number);

/* A scanned code on its way. */
typedef struct Presented
{
	QrRequest	request;
	char	   *text;
	size_t		len;
	QcCode		code;			/* typed digits have kind QC_KIND_NONE */
	int64		seen_at;		/* unix seconds, 0 now */
} Presented;

/* code, gateway, transaction_text and request_id stand at argno and after. */
static void
read_presented(FunctionCallInfo fcinfo, int argno, const char *verb,
			   Presented *scan)
{
	char	   *gateway;
	QcPart		text = {NULL, 0};

	scan->text = qr_text_arg(fcinfo, argno, "code", &scan->len);
	gateway = qr_text_arg(fcinfo, argno + 1, "gateway", NULL);
	if (!PG_ARGISNULL(argno + 2))
		text.data = qr_text_arg(fcinfo, argno + 2, "transaction_text", &text.len);
	qr_request_read(fcinfo, argno + 3, verb, gateway,
					(QcPart) {scan->text, scan->len}, text, &scan->request);
}

/*
 * Whether a first code's MAC is the one it must be for this row.  128 bits
 * cannot be guessed, so it is compared outside the lock and decides whose row
 * is locked.
 */
static bool
is_first_code_right(const Presented *scan, const QcStrike *s)
{
	QcCode		must = scan->code;
	uint8		key[QC_KEY_LEN];
	QcStatus	status;

	qr_credential_key(s, scan->code.kind == QC_KIND_STATIC ?
					  QC_CRED_STATIC : QC_CRED_ROTATING, key);
	status = qc_code_sign(qr_mac(), key, NULL, 0, &must);
	qc_wipe(key, sizeof(key));
	qr_check(status, "first code");
	return qc_equal(must.mac, scan->code.mac, sizeof(must.mac)) &&
		scan->code.kid == s->kid &&
		scan->code.generation == s->generation &&
		(scan->code.kind != QC_KIND_STATIC ||
		 (int64) scan->code.moment == s->valid_until);
}

static bool
is_static_enough(const QcPolicy *p)
{
	return p->static_alone && !p->second_scan_required;
}

/* What an acceptance of this code would come to, the password included. */
static char
tier_of(const Presented *scan)
{
	const QcPolicy *p = &scan->request.issuer.policy;

	if (scan->seen_at != 0 ||
		(scan->code.kind == QC_KIND_STATIC && is_static_enough(p)))
		return 'D';
	return p->ask_password ? 'B' : 'C';
}

static void
derive_first(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Presented *scan = arg;

	e->kind = scan->code.kind == QC_KIND_STATIC ? QC_EV_STATIC : QC_EV_ROTATING;
	e->gateway = scan->request.gateway.gateway_id;
	e->moment = scan->code.moment;
	e->right = is_first_code_right(scan, seen);
	memcpy(e->text, scan->request.text, sizeof(e->text));
	memcpy(e->request, scan->request.digest, sizeof(e->request));
	e->over_limit = scan->request.over_limit;
	e->seen_at = scan->seen_at;
	if (!pg_strong_random(e->nonce, sizeof(e->nonce)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not draw a challenge"),
				 errdetail("The source of randomness failed.")));
}

/* A first or rotating code, judged on the row that its MAC decides. */
static Datum
judge_first(FunctionCallInfo fcinfo, Presented *scan)
{
	QrRequest  *r = &scan->request;
	QrStrikeRef seen;
	bool		is_known;
	bool		is_right;

	if (!r->gateway.enabled)
		return qr_request_refuse(fcinfo, r, QC_REJECTED, QC_WHY_CLOSED, false);
	if (qc_code_parse(scan->text, scan->len, &scan->code) != QC_OK)
		return qr_request_refuse(fcinfo, r, QC_REJECTED, QC_WHY_MALFORMED, true);
	r->credential_id = scan->code.credential_id;
	r->moment = scan->code.moment;
	if (!qr_bucket_is_owned(qc_bucket_of_id(r->credential_id)))
		return qr_request_refuse(fcinfo, r, QC_ELSEWHERE, QC_WHY_BUCKET, false);
	if (scan->code.kind != QC_KIND_STATIC && scan->code.kind != QC_KIND_ROTATING)
		return qr_request_refuse(fcinfo, r, QC_REJECTED, QC_WHY_KIND, true);

	is_known = qr_request_find(r, &seen);
	if (!is_known)
	{
		/* an unknown id costs what a wrong code costs */
		memset(&seen, 0, sizeof(seen));
		seen.row.id = r->credential_id;
	}
	is_right = is_first_code_right(scan, &seen.row);
	if (!is_known)
		return qr_request_refuse(fcinfo, r, QC_REJECTED, QC_WHY_UNKNOWN, true);
	if (scan->code.kid != seen.row.kid ||
		scan->code.generation != seen.row.generation)
		return qr_request_refuse(fcinfo, r, QC_REJECTED, QC_WHY_STALE, true);
	if (!is_right)
		return qr_request_refuse(fcinfo, r, QC_REJECTED, QC_WHY_FORGED, true);
	if ((seen.row.flags & QC_FLAG_PAYER) != 0)
		return qr_request_refuse(fcinfo, r, QC_REJECTED, QC_WHY_KIND, false);
	r->is_opening = scan->code.kind == QC_KIND_STATIC &&
		!is_static_enough(&r->issuer.policy);
	return qr_request_judge(fcinfo, r, &seen, derive_first, scan, tier_of(scan));
}

/* verify(code, gateway, transaction_text, request_id) */
Datum
qrcred_verify(PG_FUNCTION_ARGS)
{
	Presented	scan = {0};

	qr_publish_allowed("qrcred.verify()");
	read_presented(fcinfo, 0, "verify", &scan);
	return judge_first(fcinfo, &scan);
}

/* The elements of two arrays of one length; nulls are refused. */
static int
read_collected(FunctionCallInfo fcinfo, Datum **codes, Datum **seen_at)
{
	bool	   *isnull[2];
	int			n[2];
	int			i;

	qr_require(fcinfo, 0, "codes");
	qr_require(fcinfo, 1, "seen_at");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT,
					  codes, &isnull[0], &n[0]);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, seen_at, &isnull[1], &n[1]);
	if (n[0] != n[1])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("arguments \"codes\" and \"seen_at\" must have as many elements")));
	for (i = 0; i < n[0]; i++)
		if (isnull[0][i] || isnull[1][i] || DatumGetInt64((*seen_at)[i]) < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("element %d of argument \"%s\" must be a %s", i + 1,
							isnull[0][i] ? "codes" : "seen_at",
							isnull[0][i] ? "code" : "time in unix seconds")));
	return n[0];
}

/*
 * verify_many(codes, seen_at, gateway): codes collected while there was no
 * connection, in their order; the step judged at seen_at (unix seconds, at most
 * 24 hours ago), the state as of now; tier D at most, no challenge.
 */
Datum
qrcred_verify_many(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum	   *codes;
	Datum	   *seen_at;
	int			n;
	int			i;
	char	   *gateway;

	qr_publish_allowed("qrcred.verify_many()");
	n = read_collected(fcinfo, &codes, &seen_at);
	gateway = qr_text_arg(fcinfo, 2, "gateway", NULL);
	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; i < n; i++)
	{
		Presented	scan = {0};
		HeapTupleData tuple = {0};
		char	   *what;

		CHECK_FOR_INTERRUPTS();
		scan.text = TextDatumGetCString(codes[i]);
		scan.len = strlen(scan.text);
		scan.seen_at = DatumGetInt64(seen_at[i]);
		/* a code that may be shown again, seen again, is another request */
		what = psprintf("%s " INT64_FORMAT, scan.text, scan.seen_at);
		qr_request_read(fcinfo, -1, "verify_many", gateway,
						(QcPart) {what, strlen(what)}, (QcPart) {NULL, 0},
						&scan.request);
		tuple.t_data = DatumGetHeapTupleHeader(judge_first(fcinfo, &scan));
		tuple.t_len = HeapTupleHeaderGetDatumLength(tuple.t_data);
		tuplestore_puttuple(rsinfo->setResult, &tuple);
	}
	return (Datum) 0;
}

/* The MAC or the typed digits that answer a challenge of this credential. */
static void
expect_answer(const Presented *scan, const QcStrike *s, const uint8 *nonce,
			  const uint8 *text, int ndigits, uint8 out[32])
{
	char		digits[QC_DIGITS_MAX + 1];
	char		typed[QC_OTP_TEXT];
	uint8		key[QC_KEY_LEN];
	uint8		extra[9];
	size_t		extra_len;
	QcCode		must = scan->code;
	QcStatus	status;

	/* both keys come from the master key: one after the other, it is set up once */
	qr_credential_key(s, scan->code.kind == QC_KIND_NONE ? QC_CRED_OCRA : QC_CRED_SECOND, key);
	qr_challenge_digits(s, nonce, text, ndigits, digits);
	if (scan->code.kind == QC_KIND_NONE)
	{
		status = qc_typed_code(qr_mac(), key, digits, strlen(digits), typed);
		memcpy(out, typed, 8);
	}
	else
	{
		status = qc_second_extra(digits, strlen(digits), extra, &extra_len);
		if (status == QC_OK)
			status = qc_code_sign(qr_mac(), key, extra, extra_len, &must);
		memcpy(out, must.mac, sizeof(must.mac));
		qc_wipe(extra, sizeof(extra));
	}
	qc_wipe(key, sizeof(key));
	qc_wipe(digits, sizeof(digits));
	qc_wipe(typed, sizeof(typed));
	qc_wipe(&must, sizeof(must));
	qr_check(status, "second code");
}

static void
derive_second(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Presented *scan = arg;
	bool		is_typed = scan->code.kind == QC_KIND_NONE;

	e->kind = is_typed ? QC_EV_TYPED : QC_EV_SECOND;
	e->gateway = scan->request.gateway.gateway_id;
	e->moment = scan->code.moment;
	memcpy(e->text, scan->request.text, sizeof(e->text));
	memcpy(e->request, scan->request.digest, sizeof(e->request));
	e->over_limit = scan->request.over_limit;
	if (!is_typed && (scan->code.kid != seen->kid ||
					  scan->code.generation != seen->generation))
	{
		/* renewed since the first look: the code is nobody's guess any more */
		e->kind = QC_EV_REFUSED;
		e->refusal = QC_REJECTED;
		e->why = QC_WHY_STALE;
		memset(e->request, 0, sizeof(e->request));
		return;
	}
	if (seen->challenge_state == QC_CHALLENGE_NONE)
		return;

	if (is_typed)
		memcpy(e->guess, scan->text, 8);
	else
		memcpy(e->guess, scan->code.mac, sizeof(scan->code.mac));
	e->guess_len = is_typed ? 8 : sizeof(scan->code.mac);
	expect_answer(scan, seen, seen->nonce, seen->text, seen->challenge_digits,
				  e->expected);
	if (seen->flags & QC_FLAG_PREVIOUS)
		expect_answer(scan, seen, seen->previous_nonce, seen->previous_text,
					  seen->previous_digits, e->expected_before);
}

static bool
is_typed_code(const char *text, size_t len)
{
	return len == 8 && strspn(text, "0123456789") == 8;
}

/*
 * Whether the credential's own row is to judge: its challenge belongs to this
 * gateway, or this very request was judged there before.  Without that an id
 * alone would reach a customer's row.
 */
static bool
concerns_row(const Presented *scan, const QcStrike *s)
{
	return (s->challenge_state != QC_CHALLENGE_NONE &&
			s->challenge_until > qr_unix_now() &&
			s->challenge_gateway == scan->request.gateway.gateway_id) ||
		qr_request_is_repeated(&scan->request, s);
}

Datum
qrcred_verify_second(PG_FUNCTION_ARGS)
{
	Presented	scan = {0};
	QrStrikeRef seen;

	qr_publish_allowed("qrcred.verify_second()");
	scan.request.credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	read_presented(fcinfo, 1, "verify_second", &scan);
	if (!scan.request.gateway.enabled)
		return qr_request_refuse(fcinfo, &scan.request, QC_REJECTED, QC_WHY_CLOSED, false);
	if (!qr_bucket_is_owned(qc_bucket_of_id(scan.request.credential_id)))
		return qr_request_refuse(fcinfo, &scan.request, QC_ELSEWHERE, QC_WHY_BUCKET, false);
	if (!is_typed_code(scan.text, scan.len))
	{
		if (qc_code_parse(scan.text, scan.len, &scan.code) != QC_OK)
			return qr_request_refuse(fcinfo, &scan.request, QC_REJECTED, QC_WHY_MALFORMED, false);
		if (scan.code.kind != QC_KIND_SECOND)
			return qr_request_refuse(fcinfo, &scan.request, QC_REJECTED, QC_WHY_KIND, false);
		if (scan.code.credential_id != scan.request.credential_id)
			return qr_request_refuse(fcinfo, &scan.request, QC_REJECTED, QC_WHY_STALE, false);
	}
	if (!qr_request_find(&scan.request, &seen))
		return qr_request_refuse(fcinfo, &scan.request, QC_REJECTED, QC_WHY_UNKNOWN, false);
	if (scan.code.kind == QC_KIND_SECOND &&
		(scan.code.kid != seen.row.kid ||
		 scan.code.generation != seen.row.generation))
		return qr_request_refuse(fcinfo, &scan.request, QC_REJECTED, QC_WHY_STALE, false);
	if (!concerns_row(&scan, &seen.row))
		return qr_request_refuse(fcinfo, &scan.request, QC_REJECTED, QC_WHY_NO_CHALLENGE, false);
	return qr_request_judge(fcinfo, &scan.request, &seen, derive_second, &scan,
							 tier_of(&scan));
}

static void
require_credential(int64 credential_id, QrStrikeRef *seen)
{
	if (!qr_strike_find(credential_id, seen))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"credential_id\" names no credential")));
}

/*
 * expected_second(credential_id, moment): the second code that the open
 * challenge asks for, as a wallet whose clock says moment (unix seconds)
 * would show it.  Owner only.
 */
Datum
qrcred_expected_second(PG_FUNCTION_ARGS)
{
	Presented	scan = {0};
	QrStrikeRef seen;
	uint8		must[32];
	char		text[QC_CODE_TEXT + 1];

	scan.request.credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	scan.code.moment = (uint32) qr_bigint_arg(fcinfo, 1, "moment", 0, PG_UINT32_MAX);
	require_credential(scan.request.credential_id, &seen);
	if (seen.row.challenge_state != QC_CHALLENGE_OPEN ||
		seen.row.challenge_until <= qr_unix_now())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the credential has no open challenge"),
				 errhint("A scan of its first code opens one.")));
	scan.code.kind = QC_KIND_SECOND;
	scan.code.kid = seen.row.kid;
	scan.code.generation = seen.row.generation;
	scan.code.credential_id = scan.request.credential_id;
	expect_answer(&scan, &seen.row, seen.row.nonce, seen.row.text,
				  seen.row.challenge_digits, must);
	memcpy(scan.code.mac, must, sizeof(scan.code.mac));
	qc_code_print(&scan.code, text);
	qc_wipe(must, sizeof(must));
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

/*
 * challenge_number(credential_id, nonce, transaction_text): the challenge
 * digits for a nonce of 16 bytes, as many as the issuer's policy says.  Owner only.
 */
Datum
qrcred_challenge_number(PG_FUNCTION_ARGS)
{
	Presented	scan = {0};
	QrStrikeRef seen;
	const uint8 *nonce;
	QcPart		text = {NULL, 0};
	char		digits[QC_DIGITS_MAX + 1];

	scan.request.credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	nonce = qr_bytea_arg(fcinfo, 1, "nonce", QC_NONCE_LEN, QC_NONCE_LEN, NULL);
	if (!PG_ARGISNULL(2))
		text.data = qr_text_arg(fcinfo, 2, "transaction_text", &text.len);
	qr_check(qc_sha256(qr_mac(), &text, 1, scan.request.text), "transaction_text");
	if (!qr_request_find(&scan.request, &seen))
		require_credential(scan.request.credential_id, &seen);
	qr_challenge_digits(&seen.row, nonce, scan.request.text,
						 scan.request.issuer.policy.digits, digits);
	PG_RETURN_TEXT_P(cstring_to_text(digits));
}
