/*
 * codes.c
 *	  The codes that the wallet makes, at one moment of the bank's clock.
 */
#include <string.h>

#include "codes.h"

#define DIGITS_MIN	6
#define DIGITS_MAX	8

static Outcome
make(QcMac *mac, const Credential *cred, QcKind kind, const uint8_t key[QC_KEY_LEN],
	 uint32_t moment, const void *extra, size_t extralen, char text[QC_CODE_TEXT + 1])
{
	QcCode		code = {
		.kind = (uint8_t) kind,
		.kid = cred->kid,
		.generation = cred->generation,
		.credential_id = cred->credential_id,
		.moment = moment
	};
	QcStatus	status = qc_code_sign(mac, key, extra, extralen, &code);

	qc_mac_forget(mac);
	if (status != QC_OK)
	{
		complain("Try again.", "cannot make the code");
		return OUT_BAD;
	}
	qc_code_print(&code, text);
	return OUT_OK;
}

Outcome
codes_second(QcMac *mac, const Credential *cred, uint32_t at,
			 const char *digits, char code[QC_CODE_TEXT + 1], char typed[QC_OTP_TEXT])
{
	uint8_t		extra[9];
	size_t		extralen;
	QcStatus	status;

	status = qc_second_extra(digits, strlen(digits), extra, &extralen);
	if (status == QC_OK)
		status = qc_typed_code(mac, cred->key[KEY_OCRA], digits, strlen(digits), typed);
	qc_mac_forget(mac);
	if (status != QC_OK)
	{
		complain("Try again.", "cannot make the code");
		return OUT_BAD;
	}
	return make(mac, cred, QC_KIND_SECOND, cred->key[KEY_SECOND], at, extra, extralen, code);
}

Outcome
codes_rotating(QcMac *mac, const Credential *cred, uint32_t at, char code[QC_CODE_TEXT + 1])
{
	return make(mac, cred, QC_KIND_ROTATING, cred->key[KEY_ROTATING],
				at / QC_STEP_SECONDS, NULL, 0, code);
}

Outcome
codes_renewal(QcMac *mac, const Credential *cred, uint32_t at, char code[QC_CODE_TEXT + 1])
{
	return make(mac, cred, QC_KIND_RENEWAL, cred->key[KEY_RENEWAL],
				at / QC_STEP_SECONDS, NULL, 0, code);
}

Outcome
codes_biometric(QcMac *mac, const Credential *cred, uint32_t at,
				const uint8_t digest[QC_SHA256_LEN], char code[QC_CODE_TEXT + 1])
{
	return make(mac, cred, QC_KIND_BIOMETRIC, cred->biometric_key,
				at / QC_STEP_SECONDS, digest, QC_SHA256_LEN, code);
}

Outcome
codes_digits(char *const *words, int nwords, char digits[9])
{
	size_t		n = 0;
	int			i;

	for (i = 0; i < nwords; i++)
	{
		const char *p;

		for (p = words[i]; *p != '\0'; p++)
		{
			if (*p == ' ' || *p == '-')
				continue;
			if (*p < '0' || *p > '9' || n == DIGITS_MAX)
			{
				n = 0;
				goto refused;
			}
			digits[n++] = *p;
		}
	}
	digits[n] = '\0';
	if (n >= DIGITS_MIN)
		return OUT_OK;
refused:
	complain("Type the 6 to 8 digits that the scanner shows.", "these are not 6 to 8 digits");
	return OUT_USAGE;
}
