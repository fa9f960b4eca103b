/*
 * fuzzy.c
 *	  The functions of system B that need no table and no keyring: what a
 *	  payment is hashed to, and the fuzzy commitment with the key it guards.
 *
 * Not STRICT, as in pure.c.  Copies of templates and secrets are wiped before
 * a result or an error leaves; the data themselves belong to the caller.
 */
#include "bits.h"

#include "core/payment.h"
#include "mb/pg_wchar.h"
#include "store/query.h"

PG_FUNCTION_INFO_V1(qrcred_payment_digest);
PG_FUNCTION_INFO_V1(qrcred_fuzzy_commit);
PG_FUNCTION_INFO_V1(qrcred_fuzzy_open);
PG_FUNCTION_INFO_V1(qrcred_biometric_key);

Datum
qrcred_payment_digest(PG_FUNCTION_ARGS)
{
	static const char *const names[5] = {
		"payment_id", "payee", "currency", "amount", "nonce"
	};
	QcText		text[5];
	const char *wrong = "payee";
	uint8		digest[QC_SHA256_LEN];
	char	   *utf8;
	QcStatus	status;

	for (int i = 0; i < 5; i++)
		text[i].data = qr_text_arg(fcinfo, i, names[i], &text[i].len);

	/* the payee alone may be other than ASCII; its hash is over UTF-8 */
	utf8 = pg_server_to_any(text[1].data, (int) text[1].len, PG_UTF8);
	if (utf8 != text[1].data)
	{
		text[1].data = utf8;
		text[1].len = strlen(utf8);
	}

	status = qc_payment_digest(qr_mac(), text, digest);
	if (status == QC_E_PAYMENT)
	{
		if (!qc_is_payment_id(text[0].data, text[0].len))
			wrong = "payment_id";
		else if (qc_currency_decimals(text[2].data, text[2].len) < 0)
			wrong = "currency";
		else if (!qc_is_amount(text[3].data, text[3].len, text[2].data, text[2].len))
			wrong = "amount";
		else
			wrong = "nonce";
	}
	qr_check(status, wrong);
	return qr_bytes_datum(digest, sizeof(digest));
}

Datum
qrcred_fuzzy_commit(PG_FUNCTION_ARGS)
{
	const QcBch *code;
	uint8		template_bits[QC_BCH_BYTES_MAX];
	uint8		secret[QC_BCH_SECRET_MAX];
	uint8		helper[QC_BCH_BYTES_MAX];
	bool		has_template;
	bool		has_secret;
	QcStatus	status = QC_E_LENGTH;

	qr_require(fcinfo, 0, "template");
	qr_require(fcinfo, 1, "secret");
	code = qr_bch_arg(fcinfo, 2, "code");

	has_template = qr_take_bits(fcinfo, 0, code, template_bits);
	has_secret = qr_take_secret(fcinfo, 1, code, secret);
	if (has_template && has_secret)
		status = qc_fuzzy_commit(code, template_bits, secret, helper);
	qc_wipe(template_bits, sizeof(template_bits));
	qc_wipe(secret, sizeof(secret));

	if (!has_template)
		qr_refuse_bits(code, "template");
	if (!has_secret)
		qr_refuse_secret(code, "secret");
	qr_check(status, "code");
	return qr_bits_datum(code, helper);
}

Datum
qrcred_fuzzy_open(PG_FUNCTION_ARGS)
{
	const QcBch *code;
	uint8		helper[QC_BCH_BYTES_MAX];
	uint8		template_bits[QC_BCH_BYTES_MAX];
	uint8		secret[QC_BCH_SECRET_MAX];
	bool		has_helper;
	bool		has_template;
	QcStatus	status = QC_E_LENGTH;
	Datum		result = (Datum) 0;

	qr_require(fcinfo, 0, "helper");
	qr_require(fcinfo, 1, "template");
	code = qr_bch_arg(fcinfo, 2, "code");

	has_helper = qr_take_bits(fcinfo, 0, code, helper);
	has_template = qr_take_bits(fcinfo, 1, code, template_bits);
	if (has_helper && has_template)
		status = qc_fuzzy_open(code, helper, template_bits, secret);
	qc_wipe(template_bits, sizeof(template_bits));
	if (status == QC_OK)
	{
		result = qr_bytes_datum(secret, qc_bch_secret_bytes(code));
		qc_wipe(secret, sizeof(secret));
	}

	if (!has_helper)
		qr_refuse_bits(code, "helper");
	if (!has_template)
		qr_refuse_bits(code, "template");
	if (status == QC_E_DECODE)
		PG_RETURN_NULL();
	qr_check(status, "code");
	PG_RETURN_DATUM(result);
}

Datum
qrcred_biometric_key(PG_FUNCTION_ARGS)
{
	int64		credential_id;
	int			generation;
	uint8		secret[QC_BCH_SECRET_MAX];
	uint8		key[QC_KEY_LEN];
	const QcBch *code = NULL;
	QcStatus	status = QC_E_LENGTH;
	Datum		result = (Datum) 0;

	qr_require(fcinfo, 0, "secret");
	credential_id = qr_bigint_arg(fcinfo, 1, "credential_id", 1, PG_INT64_MAX);
	generation = qr_int_arg(fcinfo, 2, "generation", 1, 255);

	/* the secrets of the codes differ in length, so that it tells the code */
	for (int i = 0; i < QR_BCH_CODES && status == QC_E_LENGTH; i++)
	{
		code = qc_bch_find(qr_bch_names[i], strlen(qr_bch_names[i]));
		if (qr_take_secret(fcinfo, 0, code, secret))
			status = qc_biometric_key(qr_mac(), secret, qc_bch_secret_bytes(code),
									  credential_id, generation, key);
	}
	qc_mac_forget(qr_mac());
	qc_wipe(secret, sizeof(secret));
	if (status == QC_OK)
		result = qr_bytes_datum(key, sizeof(key));
	qc_wipe(key, sizeof(key));

	if (status == QC_E_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"secret\" must be the packed secret of a code"),
				 errdetail("16 bytes with 5 unused low bits for %s, 10 bytes with 4 for %s; they are zero.",
						   qr_bch_names[0], qr_bch_names[1])));
	qr_check(status, "secret");
	PG_RETURN_DATUM(result);
}
