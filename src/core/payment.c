/*
 * payment.c
 *	  What a payer's code is bound to, and the verification code.
 */
#include "payment.h"

#include <string.h>

#define MAX_TEXT		65535	/* what a u16 length can say */
#define CURRENCY_LEN	3
#define WHOLE_DIGITS	15		/* digits of an amount before the point */

/* Currencies of ISO 4217 that have other than two decimals. */
static const char without_decimals[][CURRENCY_LEN + 1] = {
	"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF",
	"UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"
};
static const char three_decimals[][CURRENCY_LEN + 1] = {
	"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"
};
static const char four_decimals[][CURRENCY_LEN + 1] = {
	"CLF", "UYW"
};

static bool
is_among(const char *currency, const char (*list)[CURRENCY_LEN + 1], size_t n)
{
	while (n-- > 0)
	{
		if (memcmp(currency, list[n], CURRENCY_LEN) == 0)
			return true;
	}
	return false;
}

#define IS_AMONG(currency, list) \
	is_among((currency), (list), sizeof(list) / sizeof((list)[0]))

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_lower_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

int
qc_currency_decimals(const char *currency, size_t len)
{
	size_t		i;

	if (len != CURRENCY_LEN)
		return -1;
	for (i = 0; i < CURRENCY_LEN; i++)
	{
		if (currency[i] < 'A' || currency[i] > 'Z')
			return -1;
	}
	if (IS_AMONG(currency, without_decimals))
		return 0;
	if (IS_AMONG(currency, three_decimals))
		return 3;
	if (IS_AMONG(currency, four_decimals))
		return 4;
	return 2;
}

bool
qc_is_amount(const char *amount, size_t len, const char *currency,
			 size_t currency_len)
{
	int			decimals = qc_currency_decimals(currency, currency_len);
	size_t		fraction;		/* the point and what follows */
	size_t		whole;
	bool		is_zero = true;
	size_t		i;

	if (decimals < 0)
		return false;
	fraction = decimals > 0 ? (size_t) decimals + 1 : 0;
	if (len <= fraction || len - fraction > WHOLE_DIGITS)
		return false;
	whole = len - fraction;
	if (whole > 1 && amount[0] == '0')
		return false;
	for (i = 0; i < len; i++)
	{
		if (i == whole)
		{
			if (amount[i] != '.')
				return false;
		}
		else if (!is_digit(amount[i]))
			return false;
		else if (amount[i] != '0')
			is_zero = false;
	}
	return !is_zero;
}

bool
qc_is_payment_id(const char *text, size_t len)
{
	size_t		i;

	if (len != QC_UUID_TEXT)
		return false;
	for (i = 0; i < len; i++)
	{
		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (text[i] != '-')
				return false;
		}
		else if (!is_lower_hex(text[i]))
			return false;
	}
	return true;
}

bool
qc_is_payment_nonce(const char *text, size_t len)
{
	size_t		i;

	if (len != QC_NONCE_TEXT)
		return false;
	for (i = 0; i < len; i++)
	{
		if (!is_lower_hex(text[i]))
			return false;
	}
	return true;
}

QcStatus
qc_payment_digest(QcMac *m, const QcText text[5], uint8_t out[QC_SHA256_LEN])
{
	QcText		payment_id = text[0];
	QcText		payee = text[1];
	QcText		currency = text[2];
	QcText		amount = text[3];
	QcText		nonce = text[4];
	uint8_t		lengths[5][2];
	QcPart		parts[10];
	QcStatus	status = QC_OK;
	int			i;

	if (!qc_is_payment_id(payment_id.data, payment_id.len) ||
		!qc_is_amount(amount.data, amount.len, currency.data, currency.len) ||
		!qc_is_payment_nonce(nonce.data, nonce.len))
		status = QC_E_PAYMENT;
	else if (payee.len > MAX_TEXT)
		status = QC_E_LENGTH;
	if (status != QC_OK)
	{
		qc_wipe(out, QC_SHA256_LEN);
		return status;
	}

	for (i = 0; i < 5; i++)
	{
		qc_put_u16(lengths[i], (uint16_t) text[i].len);
		parts[2 * i].data = lengths[i];
		parts[2 * i].len = sizeof(lengths[i]);
		parts[2 * i + 1].data = text[i].data;
		parts[2 * i + 1].len = text[i].len;
	}
	return qc_sha256(m, parts, 10, out);
}

QcStatus
qc_verification_code(QcMac *m, const uint8_t master[QC_KEY_LEN],
					 const uint8_t subject[16], uint32_t sending,
					 char out[QC_VERIFICATION_DIGITS + 1])
{
	uint8_t		key[QC_KEY_LEN];
	uint8_t		number[4];
	uint8_t		first[8];
	uint64_t	x;
	QcPart		parts[2];
	QcStatus	status;
	int			i;

	qc_put_u32(number, sending);
	parts[0].data = subject;
	parts[0].len = 16;
	parts[1].data = number;
	parts[1].len = sizeof(number);

	memset(out, 0, QC_VERIFICATION_DIGITS + 1);
	status = qc_master_key(m, master, QC_MASTER_VERIFICATION, key);
	if (status == QC_OK)
		status = qc_hmac(m, QC_SHA256, key, sizeof(key), parts, 2,
						 first, sizeof(first));
	if (status == QC_OK)
	{
		x = qc_get_u64(first);
		for (i = QC_VERIFICATION_DIGITS - 1; i >= 0; i--)
		{
			out[i] = (char) ('0' + x % 10);
			x /= 10;
		}
		qc_wipe(&x, sizeof(x));
	}
	qc_wipe(key, sizeof(key));
	qc_wipe(first, sizeof(first));
	return status;
}
