/*
 * challenge.c
 *	  The challenge digits.
 */
#include "challenge.h"

/* The range that n digits are drawn from; false for an n out of 6..8. */
static bool
digit_range(int n, uint64_t *lo, uint64_t *hi)
{
	switch (n)
	{
		case 6:
			*lo = UINT64_C(100000);
			*hi = UINT64_C(999999);
			return true;
		case 7:
			*lo = UINT64_C(1048576);
			*hi = UINT64_C(9999999);
			return true;
		case 8:
			*lo = UINT64_C(16777216);
			*hi = UINT64_C(99999999);
			return true;
		default:
			return false;
	}
}

/* Takes the first u64 of the block that leaves no bias. */
static bool
draw(const uint8_t block[QC_SHA256_LEN], uint64_t range, uint64_t *drawn)
{
	/* 2^64 mod range, the count of values at the top that are passed over */
	uint64_t	excess = (UINT64_MAX - range + 1) % range;
	int			i;

	for (i = 0; i < QC_SHA256_LEN; i += 8)
	{
		uint64_t	x = qc_get_u64(block + i);

		if (x <= UINT64_MAX - excess)
		{
			*drawn = x % range;
			return true;
		}
	}
	return false;
}

QcStatus
qc_challenge_digits(QcMac *m, const uint8_t key[QC_KEY_LEN],
					const uint8_t nonce[QC_NONCE_LEN],
					const uint8_t t[QC_SHA256_LEN],
					int n, char out[QC_DIGITS_MAX + 1])
{
	uint8_t		block[QC_SHA256_LEN];
	uint8_t		count;
	QcPart		parts[3];
	uint64_t	lo;
	uint64_t	hi;
	uint64_t	number = 0;
	QcStatus	status;
	int			i;

	qc_wipe(out, QC_DIGITS_MAX + 1);
	if (!digit_range(n, &lo, &hi))
		return QC_E_DIGITS;

	parts[0].data = &count;
	parts[0].len = 1;
	parts[1].data = nonce;
	parts[1].len = QC_NONCE_LEN;
	parts[2].data = t;
	parts[2].len = QC_SHA256_LEN;

	/*
	 * A block fails with a probability below 2^-140, so that the count never
	 * comes near the end of its byte; were it to, there are no digits.
	 */
	status = QC_E_CRYPTO;
	for (count = 0; count < UINT8_MAX; count++)
	{
		if (qc_hmac(m, QC_SHA256, key, QC_KEY_LEN, parts, 3,
					block, sizeof(block)) != QC_OK)
			break;
		if (draw(block, hi - lo + 1, &number))
		{
			number += lo;
			for (i = n - 1; i >= 0; i--)
			{
				out[i] = (char) ('0' + number % 10);
				number /= 10;
			}
			status = QC_OK;
			break;
		}
	}
	qc_wipe(block, sizeof(block));
	qc_wipe(&number, sizeof(number));
	return status;
}

bool
qc_digits_valid(const char *digits, size_t ndigits)
{
	size_t		i;

	if (ndigits < QC_DIGITS_MIN || ndigits > QC_DIGITS_MAX)
		return false;
	for (i = 0; i < ndigits; i++)
	{
		if (digits[i] < '0' || digits[i] > '9')
			return false;
	}
	return true;
}
