/*
 * projection.c
 *	  The template of a face.
 *
 * Sums are taken in the order of the descriptor's numbers, in double and
 * without products, so that every device that follows gets the same bits.
 */
#include "projection.h"

#include <string.h>

#define TEMPLATE_MAX	65536	/* bits that a u16 can number */
#define BLOCK_BITS		(8 * QC_SHA256_LEN)

static const char seed_label[] = "qrcred/1 projection";

QcStatus
qc_projection_seed(QcMac *m, const uint8_t stretched[QC_KEY_LEN],
				   int64_t credential_id, uint8_t generation,
				   uint8_t seed[QC_KEY_LEN])
{
	uint8_t		fixed[8 + 1];
	QcPart		parts[2];

	qc_put_u64(fixed, (uint64_t) credential_id);
	fixed[8] = generation;
	parts[0].data = seed_label;
	parts[0].len = sizeof(seed_label) - 1;
	parts[1].data = fixed;
	parts[1].len = sizeof(fixed);
	return qc_hmac(m, QC_SHA256, stretched, QC_KEY_LEN, parts, 2,
				   seed, QC_KEY_LEN);
}

/* The sum of bit j over all the descriptor's numbers. */
static QcStatus
project_one(QcMac *m, const uint8_t seed[QC_KEY_LEN], const double *e,
			const double *mu, int d, int j, double *sum)
{
	uint8_t		signs[QC_SHA256_LEN];
	uint8_t		message[2 + 1];
	QcPart		part;
	QcStatus	status = QC_OK;
	int			k;

	part.data = message;
	part.len = sizeof(message);
	qc_put_u16(message, (uint16_t) j);
	*sum = 0;
	for (k = 0; k < d; k++)
	{
		int			at = k % BLOCK_BITS;
		double		difference = e[k] - mu[k];

		if (at == 0)
		{
			message[2] = (uint8_t) (k / BLOCK_BITS);
			status = qc_hmac(m, QC_SHA256, seed, QC_KEY_LEN, &part, 1,
							 signs, sizeof(signs));
			if (status != QC_OK)
				break;
		}
		*sum += (signs[at / 8] & (0x80 >> at % 8)) ? difference : -difference;
	}
	qc_wipe(signs, sizeof(signs));
	return status;
}

QcStatus
qc_project(QcMac *m, const uint8_t seed[QC_KEY_LEN],
		   const double *e, const double *mu, int d, int n, uint8_t *bits)
{
	QcStatus	status = QC_OK;
	size_t		len;
	double		sum = 0;
	int			j;

	if (n < 1 || n > TEMPLATE_MAX)
		return QC_E_LENGTH;
	len = ((size_t) n + 7) / 8;
	memset(bits, 0, len);
	if (d < 1 || d > QC_DESCRIPTOR_MAX)
		return QC_E_LENGTH;

	for (j = 0; j < n && status == QC_OK; j++)
	{
		status = project_one(m, seed, e, mu, d, j, &sum);

		/*
		 * A number that is not finite leaves its mark on every sum; and a sum
		 * beyond the range of double has no sign to trust.
		 */
		if (status == QC_OK && !(sum - sum == 0))
			status = QC_E_LENGTH;
		if (sum > 0)
			bits[j / 8] |= (uint8_t) (0x80 >> j % 8);
	}
	qc_wipe(&sum, sizeof(sum));
	if (status != QC_OK)
		qc_wipe(bits, len);
	return status;
}
