/*
 * selftest.c
 *	  Every published vector, computed in the customer's own server by the
 *	  functions that verify codes there; and a warning when the server is set
 *	  up to write bind values, codes and passwords among them, to its log.
 */
#include "qrcred.h"

#include "access/xact.h"
#include "core/bch.h"
#include "core/challenge.h"
#include "core/keys.h"
#include "core/ocra.h"
#include "core/payment.h"
#include "funcapi.h"
#include "selftest_vectors.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#define BYTES_MAX	128			/* no input of a vector is longer */
#define TOTP_STEP	30			/* RFC 6238, appendix B */

PG_FUNCTION_INFO_V1(qrcred_selftest);

static void
put_result(ReturnSetInfo *rsinfo, const char *name, bool ok)
{
	Datum		values[2];
	bool		nulls[2] = {false};

	values[0] = CStringGetTextDatum(name);
	values[1] = BoolGetDatum(ok);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Bytes written in hexadecimal in the vectors; returns their number. */
static size_t
from_hex(const char *hex, uint8 *out)
{
	size_t		len = strlen(hex);

	Assert(len <= 2 * BYTES_MAX);
	return hex_decode(hex, len, (char *) out);
}

static bool
equals_hex(QcStatus status, const uint8 *got, size_t len, const char *hex)
{
	uint8		expected[BYTES_MAX];

	return status == QC_OK && from_hex(hex, expected) == len &&
		memcmp(got, expected, len) == 0;
}

static bool
check_ocra(QcMac *m, const OcraVector *v)
{
	uint8		key[BYTES_MAX];
	uint8		pin_hash[BYTES_MAX];
	uint8		session[BYTES_MAX];
	size_t		keylen = from_hex(v->key, key);
	QcOcraInput in = {v->question, strlen(v->question)};
	char		out[QC_OTP_TEXT];

	if (v->counter >= 0)
		in.counter = &v->counter;
	if (v->pin_hash[0] != '\0')
	{
		in.pin_hash = pin_hash;
		in.pin_hash_len = from_hex(v->pin_hash, pin_hash);
	}
	if (v->session[0] != '\0')
	{
		in.session = session;
		in.session_len = from_hex(v->session, session);
	}
	if (v->time_step >= 0)
		in.time_step = &v->time_step;
	return qc_ocra(m, v->suite, strlen(v->suite), key, keylen, &in, out) == QC_OK &&
		strcmp(out, v->expected) == 0;
}

static bool
check_otp(QcMac *m, const OtpVector *v)
{
	uint8		key[BYTES_MAX];
	size_t		keylen = from_hex(v->key, key);
	char		out[QC_OTP_TEXT];
	QcStatus	status;

	if (v->time >= 0)
		status = qc_totp(m, v->hash, key, keylen, v->time, TOTP_STEP,
						 v->digits, out);
	else
		status = qc_hotp(m, v->hash, key, keylen, v->counter, v->digits, out);
	return status == QC_OK && strcmp(out, v->expected) == 0;
}

/* The credential key of label for the one credential of the vectors. */
static bool
v1_key(QcMac *m, const char *label, uint8 key[QC_KEY_LEN])
{
	uint8		master[BYTES_MAX];
	uint8		digest[BYTES_MAX];

	from_hex(V1_MASTER, master);
	from_hex(V1_REGISTRATION_DIGEST, digest);
	return qc_credential_key(m, master, label, V1_CREDENTIAL_ID, V1_GENERATION,
							 digest, key) == QC_OK;
}

/* A code of the given kind must come out as the vectors print it. */
static bool
check_code(QcMac *m, QcKind kind, const uint8 key[QC_KEY_LEN], int64 moment,
		   const void *extra, size_t extralen, const char *expected)
{
	QcCode		code = {0};
	char		text[QC_CODE_TEXT + 1];

	code.kind = kind;
	code.kid = V1_KID;
	code.generation = V1_GENERATION;
	code.credential_id = V1_CREDENTIAL_ID;
	code.moment = moment;
	if (qc_code_sign(m, key, extra, extralen, &code) != QC_OK)
		return false;
	qc_code_print(&code, text);
	return strcmp(text, expected) == 0;
}

static bool
check_plain_code(QcMac *m, QcKind kind, const char *label, int64 moment,
				 const char *expected)
{
	uint8		key[QC_KEY_LEN];

	return v1_key(m, label, key) &&
		check_code(m, kind, key, moment, NULL, 0, expected);
}

static bool
check_second(QcMac *m)
{
	uint8		key[QC_KEY_LEN];
	uint8		extra[9];
	size_t		len;

	return v1_key(m, QC_CRED_SECOND, key) &&
		qc_second_extra(V1_DIGITS, strlen(V1_DIGITS), extra, &len) == QC_OK &&
		check_code(m, QC_KIND_SECOND, key, V1_MOMENT, extra, len, V1_SECOND);
}

/* The template opens its helper with t wrong bits, and not with one more. */
static bool
check_commitment(void)
{
	const QcBch *code = qc_bch_find(V1_BCH, strlen(V1_BCH));
	uint8		secret[BYTES_MAX];
	uint8		template_bits[BYTES_MAX];
	uint8		helper[QC_BCH_BYTES_MAX];
	uint8		opened[QC_BCH_SECRET_MAX];

	if (code == NULL || from_hex(V1_SECRET, secret) != qc_bch_secret_bytes(code) ||
		from_hex(V1_TEMPLATE, template_bits) != qc_bch_bytes(code) ||
		!equals_hex(qc_fuzzy_commit(code, template_bits, secret, helper),
					helper, qc_bch_bytes(code), V1_HELPER_PACKED))
		return false;
	from_hex(V1_TEMPLATE_T_ERRORS, template_bits);
	if (!equals_hex(qc_fuzzy_open(code, helper, template_bits, opened),
					opened, qc_bch_secret_bytes(code), V1_SECRET))
		return false;
	from_hex(V1_TEMPLATE_T1_ERRORS, template_bits);
	return qc_fuzzy_open(code, helper, template_bits, opened) == QC_E_DECODE;
}

static bool
check_biometric_key(QcMac *m)
{
	uint8		secret[BYTES_MAX];
	uint8		key[QC_KEY_LEN];
	size_t		len = from_hex(V1_SECRET, secret);

	return equals_hex(qc_biometric_key(m, secret, len, V1_CREDENTIAL_ID,
									   V1_GENERATION, key),
					  key, sizeof(key), V1_BIOMETRIC_KEY);
}

static bool
check_payment(QcMac *m)
{
	const QcText payment[5] = {
		{V1_PAYMENT_ID, strlen(V1_PAYMENT_ID)},
		{V1_PAYMENT_PAYEE, strlen(V1_PAYMENT_PAYEE)},
		{V1_PAYMENT_CURRENCY, strlen(V1_PAYMENT_CURRENCY)},
		{V1_PAYMENT_AMOUNT, strlen(V1_PAYMENT_AMOUNT)},
		{V1_PAYMENT_NONCE, strlen(V1_PAYMENT_NONCE)},
	};
	uint8		digest[QC_SHA256_LEN];

	return equals_hex(qc_payment_digest(m, payment, digest), digest,
					  sizeof(digest), V1_PAYMENT_DIGEST);
}

static bool
check_biometric(QcMac *m)
{
	uint8		key[BYTES_MAX];
	uint8		digest[BYTES_MAX];

	from_hex(V1_BIOMETRIC_KEY, key);
	from_hex(V1_PAYMENT_DIGEST, digest);
	return check_code(m, QC_KIND_BIOMETRIC, key, V1_STEP, digest, QC_SHA256_LEN,
					  V1_BIOMETRIC_CODE);
}

static bool
check_challenge(QcMac *m)
{
	uint8		key[QC_KEY_LEN];
	uint8		nonce[BYTES_MAX];
	uint8		t[QC_SHA256_LEN];
	QcPart		transaction = {V1_TRANSACTION, strlen(V1_TRANSACTION)};
	char		digits[QC_DIGITS_MAX + 1];

	from_hex(V1_NONCE, nonce);
	return v1_key(m, QC_CRED_CHALLENGE, key) &&
		qc_sha256(m, &transaction, 1, t) == QC_OK &&
		qc_challenge_digits(m, key, nonce, t, strlen(V1_DIGITS), digits) == QC_OK &&
		strcmp(digits, V1_DIGITS) == 0;
}

static bool
check_typed(QcMac *m)
{
	uint8		key[QC_KEY_LEN];
	char		out[QC_OTP_TEXT];

	return v1_key(m, QC_CRED_OCRA, key) &&
		qc_typed_code(m, key, V1_DIGITS, strlen(V1_DIGITS), out) == QC_OK &&
		strcmp(out, V1_TYPED) == 0;
}

static void
check_protocol(QcMac *m, ReturnSetInfo *rsinfo)
{
	const QcText person[5] = {
		{V1_ISSUER, strlen(V1_ISSUER)},
		{V1_CUSTOMER_REF, strlen(V1_CUSTOMER_REF)},
		{V1_FULL_NAME, strlen(V1_FULL_NAME)},
		{V1_ID_NUMBER, strlen(V1_ID_NUMBER)},
		{V1_PHONE, strlen(V1_PHONE)},
	};
	uint8		master[BYTES_MAX];
	uint8		out[QC_SHA256_LEN];
	uint16		bucket;
	QcToken		ticket = {V1_BUCKET};
	char		text[QC_TOKEN_TEXT + 1];
	bool		ok;

	from_hex(V1_MASTER, master);
	ok = equals_hex(qc_check_value(m, master, out), out, 8, V1_CHECK_VALUE);
	put_result(rsinfo, "protocol 1 key check value", ok);
	ok = equals_hex(qc_registration_digest(m, master, person, out), out,
					QC_SHA256_LEN, V1_REGISTRATION_DIGEST);
	put_result(rsinfo, "protocol 1 registration digest", ok);
	ok = qc_bucket(m, V1_CUSTOMER_REF, strlen(V1_CUSTOMER_REF), &bucket) == QC_OK &&
		bucket == V1_BUCKET;
	put_result(rsinfo, "protocol 1 bucket", ok);

	ok = qc_ticket(m, master, V1_CREDENTIAL_ID, V1_GENERATION, V1_TICKET_SERIAL,
				   ticket.bytes) == QC_OK;
	qc_token_print('T', &ticket, text);
	put_result(rsinfo, "protocol 1 ticket", ok && strcmp(text, V1_TICKET) == 0);

	put_result(rsinfo, "protocol 1 static code",
			   check_plain_code(m, QC_KIND_STATIC, QC_CRED_STATIC, V1_EXPIRES,
								V1_STATIC));
	put_result(rsinfo, "protocol 1 challenge digits", check_challenge(m));
	put_result(rsinfo, "protocol 1 second code", check_second(m));
	put_result(rsinfo, "protocol 1 typed code", check_typed(m));
	put_result(rsinfo, "protocol 1 rotating code",
			   check_plain_code(m, QC_KIND_ROTATING, QC_CRED_ROTATING, V1_STEP,
								V1_ROTATING));
	put_result(rsinfo, "protocol 1 renewal code",
			   check_plain_code(m, QC_KIND_RENEWAL, QC_CRED_RENEWAL, V1_STEP,
								V1_RENEWAL));
	put_result(rsinfo, "protocol 1 fuzzy commitment", check_commitment());
	put_result(rsinfo, "protocol 1 biometric key", check_biometric_key(m));
	put_result(rsinfo, "protocol 1 payment digest", check_payment(m));
	put_result(rsinfo, "protocol 1 biometric code", check_biometric(m));
}

/*
 * Settings as they are in this session: they can differ by database and role,
 * so the check is worth most under the role that scans.
 */
static void
warn_of_logging(void)
{
	bool		statements = log_statement != LOGSTMT_NONE ||
	log_min_duration_statement >= 0 ||
	(log_min_duration_sample >= 0 && log_statement_sample_rate > 0) ||
	log_xact_sample_rate > 0;

	if (log_parameter_max_length != 0 && statements)
		ereport(WARNING,
				(errmsg("bind values, codes and passwords among them, are written to the log with each logged statement"),
				 errhint("Set log_parameter_max_length to 0.")));
	if (log_parameter_max_length_on_error != 0)
		ereport(WARNING,
				(errmsg("bind values, codes and passwords among them, are written to the log with each error"),
				 errhint("Set log_parameter_max_length_on_error to 0.")));
}

Datum
qrcred_selftest(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	QcMac	   *m = qr_mac();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(ocra_vector); i++)
		put_result(rsinfo, ocra_vector[i].name, check_ocra(m, &ocra_vector[i]));
	for (int i = 0; i < lengthof(otp_vector); i++)
		put_result(rsinfo, otp_vector[i].name, check_otp(m, &otp_vector[i]));
	check_protocol(m, rsinfo);
	qc_mac_forget(m);
	warn_of_logging();
	return (Datum) 0;
}
