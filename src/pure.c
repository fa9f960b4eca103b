/*
 * pure.c
 *	  The functions of system A that need no table and no keyring: what is in
 *	  a code, where it belongs, and the wallet's side of the protocol.
 *
 * None is STRICT: a null argument is a mistake that deserves its name, not a
 * null code that would travel on.  Keys are used where the datum lies; the
 * MAC contexts forget them before a result or an error leaves.
 */
#include "qrcred.h"

#include "access/htup_details.h"
#include "core/code.h"
#include "core/ocra.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "text.h"
#include "utils/builtins.h"

#define DIGITS_MIN	4
#define DIGITS_MAX	9

PG_FUNCTION_INFO_V1(qrcred_check_reference);
PG_FUNCTION_INFO_V1(qrcred_code_parse);
PG_FUNCTION_INFO_V1(qrcred_bucket);
PG_FUNCTION_INFO_V1(qrcred_code_bucket);
PG_FUNCTION_INFO_V1(qrcred_ocra);
PG_FUNCTION_INFO_V1(qrcred_hotp);
PG_FUNCTION_INFO_V1(qrcred_totp);
PG_FUNCTION_INFO_V1(qrcred_second_code);
PG_FUNCTION_INFO_V1(qrcred_rotating_code);
PG_FUNCTION_INFO_V1(qrcred_renewal_code);
PG_FUNCTION_INFO_V1(qrcred_biometric_code);

/* Raises for status, but not before the contexts have forgotten the key. */
static void
check_and_forget(QcStatus status, const char *what)
{
	qc_mac_forget(qr_mac());
	qr_check(status, what);
}

Datum
qrcred_code_parse(PG_FUNCTION_ARGS)
{
	size_t		len;
	char	   *text = qr_text_arg(fcinfo, 0, "code", &len);
	QcCode		code;
	TupleDesc	desc;
	Datum		values[5];
	bool		nulls[5] = {false};

	qr_check(qc_code_parse(text, len, &code), "code");

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "code_parse must return a row");
	desc = BlessTupleDesc(desc);
	values[0] = CStringGetTextDatum(qc_kind_name(code.kind));
	values[1] = Int32GetDatum(code.kid);
	values[2] = Int64GetDatum(code.credential_id);
	values[3] = Int32GetDatum(code.generation);
	values[4] = Int64GetDatum((int64) code.moment);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

Datum
qrcred_bucket(PG_FUNCTION_ARGS)
{
	size_t		len;
	char	   *ref = qr_text_arg(fcinfo, 0, "customer_ref", &len);
	char	   *utf8;
	uint16		bucket;

	/* the hash is over UTF-8, whatever this database's encoding is */
	utf8 = pg_server_to_any(ref, (int) len, PG_UTF8);
	if (utf8 != ref)
		len = strlen(utf8);
	qr_check_reference(utf8, len, "customer_ref");
	qr_check(qc_bucket(qr_mac(), utf8, len, &bucket), "customer_ref");
	PG_RETURN_INT32(bucket);
}

Datum
qrcred_code_bucket(PG_FUNCTION_ARGS)
{
	size_t		len;
	char	   *text = qr_text_arg(fcinfo, 0, "code", &len);
	QcCode		code;
	QcToken		token;

	if (qc_code_parse(text, len, &code) == QC_OK)
		PG_RETURN_INT32(qc_bucket_of_id(code.credential_id));
	if (qc_token_parse('T', text, len, &token) == QC_OK ||
		qc_token_parse('S', text, len, &token) == QC_OK)
		PG_RETURN_INT32(token.bucket);

	/* say what it was meant to be, as far as its prefix tells */
	if (pg_strncasecmp(text, "QT", 2) == 0 || pg_strncasecmp(text, "QS", 2) == 0)
		qr_check(QC_E_TICKET, "code");
	qr_check(QC_E_CODE, "code");
	pg_unreachable();
}

/* The argument of ocra() that a status is about. */
static const char *
ocra_argument(QcStatus status)
{
	switch (status)
	{
		case QC_E_QUESTION:
			return "question";
		case QC_E_COUNTER:
			return "counter";
		case QC_E_PIN:
			return "pin_hash";
		case QC_E_SESSION:
			return "session";
		case QC_E_TIME_STEP:
			return "time_step";
		case QC_E_KEY:
			return "key";
		default:
			return "suite";
	}
}

Datum
qrcred_ocra(PG_FUNCTION_ARGS)
{
	size_t		suite_len;
	char	   *suite = qr_text_arg(fcinfo, 0, "suite", &suite_len);
	size_t		keylen;
	const uint8 *key = qr_bytea_arg(fcinfo, 1, "key", 1, QC_OTP_KEY_MAX, &keylen);
	QcOcraInput in = {NULL};
	int64		counter;
	int64		time_step;
	QcStatus	status;
	char		out[QC_OTP_TEXT];

	in.question = qr_text_arg(fcinfo, 2, "question", &in.question_len);
	if (!PG_ARGISNULL(3))
	{
		counter = PG_GETARG_INT64(3);
		in.counter = &counter;
	}
	if (!PG_ARGISNULL(4))
		in.pin_hash = qr_bytea_arg(fcinfo, 4, "pin_hash", 0, MaxAllocSize,
								   &in.pin_hash_len);
	if (!PG_ARGISNULL(5))
		in.session = qr_bytea_arg(fcinfo, 5, "session", 0, MaxAllocSize,
								  &in.session_len);
	if (!PG_ARGISNULL(6))
	{
		time_step = PG_GETARG_INT64(6);
		in.time_step = &time_step;
	}
	status = qc_ocra(qr_mac(), suite, suite_len, key, keylen, &in, out);
	check_and_forget(status, ocra_argument(status));
	PG_RETURN_TEXT_P(cstring_to_text(out));
}

static QcHash
hash_arg(FunctionCallInfo fcinfo, int argno)
{
	char	   *name = qr_text_arg(fcinfo, argno, "algorithm", NULL);

	if (strcmp(name, "sha1") == 0)
		return QC_SHA1;
	if (strcmp(name, "sha256") == 0)
		return QC_SHA256;
	if (strcmp(name, "sha512") == 0)
		return QC_SHA512;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"algorithm\" must be sha1, sha256 or sha512")));
}

Datum
qrcred_hotp(PG_FUNCTION_ARGS)
{
	size_t		keylen;
	const uint8 *key = qr_bytea_arg(fcinfo, 0, "key", 1, QC_OTP_KEY_MAX, &keylen);
	int64		counter = qr_bigint_arg(fcinfo, 1, "counter", 0, PG_INT64_MAX);
	int			digits = qr_int_arg(fcinfo, 2, "digits", DIGITS_MIN, DIGITS_MAX);
	QcHash		hash = hash_arg(fcinfo, 3);
	char		out[QC_OTP_TEXT];

	check_and_forget(qc_hotp(qr_mac(), hash, key, keylen, counter, digits, out),
					 "counter");
	PG_RETURN_TEXT_P(cstring_to_text(out));
}

Datum
qrcred_totp(PG_FUNCTION_ARGS)
{
	size_t		keylen;
	const uint8 *key = qr_bytea_arg(fcinfo, 0, "key", 1, QC_OTP_KEY_MAX, &keylen);
	int64		at = qr_bigint_arg(fcinfo, 1, "at", 0, PG_INT64_MAX);
	int			step = qr_int_arg(fcinfo, 2, "step", 1, PG_INT32_MAX);
	int			digits = qr_int_arg(fcinfo, 3, "digits", DIGITS_MIN, DIGITS_MAX);
	QcHash		hash = hash_arg(fcinfo, 4);
	char		out[QC_OTP_TEXT];

	check_and_forget(qc_totp(qr_mac(), hash, key, keylen, at, step, digits, out),
					 "at");
	PG_RETURN_TEXT_P(cstring_to_text(out));
}

/* Arguments 0 to 4 of the four functions below; moment is named by its kind. */
static const uint8 *
code_args(FunctionCallInfo fcinfo, QcKind kind, const char *moment, QcCode *code)
{
	const uint8 *key = qr_bytea_arg(fcinfo, 0, "key", QC_KEY_LEN, QC_KEY_LEN, NULL);

	memset(code, 0, sizeof(*code));
	code->kind = kind;
	code->credential_id = qr_bigint_arg(fcinfo, 1, "credential_id", 1, PG_INT64_MAX);
	code->kid = qr_int_arg(fcinfo, 2, "kid", 1, 255);
	code->generation = qr_int_arg(fcinfo, 3, "generation", 1, 255);
	code->moment = qr_bigint_arg(fcinfo, 4, moment, 0, PG_UINT32_MAX);
	return key;
}

static Datum
signed_code(const uint8 *key, const void *extra, size_t extralen, QcCode *code)
{
	char		out[QC_CODE_TEXT + 1];

	check_and_forget(qc_code_sign(qr_mac(), key, extra, extralen, code), "key");
	qc_code_print(code, out);
	return PointerGetDatum(cstring_to_text(out));
}

Datum
qrcred_second_code(PG_FUNCTION_ARGS)
{
	QcCode		code;
	const uint8 *key = code_args(fcinfo, QC_KIND_SECOND, "moment", &code);
	size_t		len;
	char	   *digits = qr_text_arg(fcinfo, 5, "digits", &len);
	uint8		extra[9];
	size_t		extralen;
	Datum		result;

	qr_check(qc_second_extra(digits, len, extra, &extralen), "digits");
	qc_wipe(digits, len);
	result = signed_code(key, extra, extralen, &code);
	qc_wipe(extra, sizeof(extra));
	return result;
}

Datum
qrcred_rotating_code(PG_FUNCTION_ARGS)
{
	QcCode		code;
	const uint8 *key = code_args(fcinfo, QC_KIND_ROTATING, "step", &code);

	return signed_code(key, NULL, 0, &code);
}

Datum
qrcred_renewal_code(PG_FUNCTION_ARGS)
{
	QcCode		code;
	const uint8 *key = code_args(fcinfo, QC_KIND_RENEWAL, "step", &code);

	return signed_code(key, NULL, 0, &code);
}

Datum
qrcred_biometric_code(PG_FUNCTION_ARGS)
{
	QcCode		code;
	const uint8 *key = code_args(fcinfo, QC_KIND_BIOMETRIC, "step", &code);
	const uint8 *digest = qr_bytea_arg(fcinfo, 5, "payment_digest",
									   QC_SHA256_LEN, QC_SHA256_LEN, NULL);

	return signed_code(key, digest, QC_SHA256_LEN, &code);
}

/* check_reference(value, argument): for the set-up functions written in SQL. */
Datum
qrcred_check_reference(PG_FUNCTION_ARGS)
{
	char	   *argument = qr_text_arg(fcinfo, 1, "argument", NULL);
	size_t		len;
	char	   *value = qr_text_arg(fcinfo, 0, argument, &len);

	qr_check_reference(value, len, argument);
	PG_RETURN_VOID();
}
