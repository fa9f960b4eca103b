/*
 * test_projection.c
 *	  The template of a face: the vector of the protocol, descriptors of more
 *	  than one block against sums taken in another way, and what is refused.
 */
#include "check.h"
#include "projection.h"

#include <math.h>

#define LONG_D		700			/* three blocks of 256 signs */
#define LONG_N		67

static double
number_at(const char **list)
{
	char	   *end;
	double		number = strtod(*list, &end);

	if (end == *list)
		abort();
	*list = end;
	return number;
}

static void
test_vector(QcMac *m, const char *directory)
{
	static Table t;

	table_open(&t, directory, "projection_v1.tsv");
	while (table_next(&t))
	{
		uint8_t    *seed = unhex(table_get(&t, "seed"), NULL);
		int			d = atoi(table_get(&t, "d"));
		int			n = atoi(table_get(&t, "n"));
		uint8_t    *want = packed_bits(table_get(&t, "template"), n);
		const char *descriptor = table_get(&t, "descriptor");
		const char *mean = table_get(&t, "mu");
		double	   *e = malloc((size_t) d * sizeof(double));
		double	   *mu = malloc((size_t) d * sizeof(double));
		uint8_t    *bits = malloc(((size_t) n + 7) / 8);
		int			k;

		for (k = 0; k < d; k++)
		{
			e[k] = number_at(&descriptor);
			mu[k] = number_at(&mean);
		}
		CHECK_NOTE(qc_project(m, seed, e, mu, d, n, bits) == QC_OK, t.note);
		CHECK_NOTE(memcmp(bits, want, ((size_t) n + 7) / 8) == 0, t.note);

		/* the seed and the mean matter */
		seed[31] ^= 1;
		CHECK_NOTE(qc_project(m, seed, e, mu, d, n, bits) == QC_OK, t.note);
		CHECK_NOTE(memcmp(bits, want, ((size_t) n + 7) / 8) != 0, t.note);
		seed[31] ^= 1;
		memset(mu, 0, (size_t) d * sizeof(double));
		CHECK_NOTE(qc_project(m, seed, e, mu, d, n, bits) == QC_OK, t.note);
		CHECK_NOTE(memcmp(bits, want, ((size_t) n + 7) / 8) != 0, t.note);

		free(seed);
		free(want);
		free(e);
		free(mu);
		free(bits);
	}
	CHECK(t.row == 1);
}

/*
 * Small whole numbers have exact sums, whatever their order.  The signs of bit
 * j are the concatenated HMACs, here written out for all blocks first.
 */
static void
test_blocks(QcMac *m)
{
	uint8_t		seed[QC_KEY_LEN];
	double	   *e = malloc(LONG_D * sizeof(double));
	double	   *mu = malloc(LONG_D * sizeof(double));
	uint8_t    *bits = malloc((LONG_N + 7) / 8);
	char		signs[3 * 8 * QC_SHA256_LEN];
	int			ones = 0;
	int			j;
	int			k;

	for (k = 0; k < QC_KEY_LEN; k++)
		seed[k] = (uint8_t) (7 * k + 1);
	for (k = 0; k < LONG_D; k++)
	{
		e[k] = (k * 37 + k / 5) % 41 - 20;
		mu[k] = (k * 11) % 3;
	}
	CHECK(qc_project(m, seed, e, mu, LONG_D, LONG_N, bits) == QC_OK);
	for (j = 0; j < LONG_N; j++)
	{
		long		sum = 0;
		int			bit = (bits[j / 8] >> (7 - j % 8)) & 1;

		for (k = 0; k < 3; k++)
		{
			uint8_t		message[3] = {0};
			uint8_t		block[QC_SHA256_LEN];
			QcPart		part;
			int			i;

			message[1] = (uint8_t) j;
			message[2] = (uint8_t) k;
			part.data = message;
			part.len = 3;
			CHECK(qc_hmac(m, QC_SHA256, seed, QC_KEY_LEN, &part, 1,
						  block, sizeof(block)) == QC_OK);
			for (i = 0; i < 256; i++)
				signs[256 * k + i] = (block[i / 8] & (128 >> i % 8)) != 0;
		}
		for (k = LONG_D - 1; k >= 0; k--)
			sum += (signs[k] ? 1 : -1) * ((long) e[k] - (long) mu[k]);
		CHECK(bit == (sum > 0));
		ones += bit;
	}
	CHECK(ones > LONG_N / 5 && ones < LONG_N - LONG_N / 5);
	CHECK((bits[(LONG_N - 1) / 8] & (0xff >> LONG_N % 8)) == 0);

	/* a sum of 0 is not above 0 */
	CHECK(qc_project(m, seed, mu, mu, LONG_D, LONG_N, bits) == QC_OK);
	CHECK(all_zero(bits, (LONG_N + 7) / 8));

	/* bit j goes by j alone: one more changes none */
	for (j = 1; j < 20; j++)
	{
		uint8_t		few[3];
		uint8_t		more[3];

		CHECK(qc_project(m, seed, e, mu, LONG_D, j, few) == QC_OK);
		CHECK(qc_project(m, seed, e, mu, LONG_D, j + 1, more) == QC_OK);
		more[j / 8] &= (uint8_t) ~(128 >> j % 8);
		CHECK(memcmp(few, more, ((size_t) j + 7) / 8) == 0);
	}
	free(e);
	free(mu);
	free(bits);
}

/* The last numbers that u16 and u8 can say, in buffers of exact length. */
static void
test_largest(QcMac *m)
{
	static const uint8_t seed[QC_KEY_LEN] = {1};
	double	   *e = calloc(QC_DESCRIPTOR_MAX + 1, sizeof(double));
	uint8_t    *bits = malloc(8192);
	double		one = 1;
	double		zero = 0;
	uint8_t		byte;

	e[QC_DESCRIPTOR_MAX - 1] = 1;
	CHECK(qc_project(m, seed, &one, &zero, 1, 65536, bits) == QC_OK);
	CHECK(!all_zero(bits + 8000, 192));
	CHECK(qc_project(m, seed, &one, &zero, 1, 65537, bits) == QC_E_LENGTH);
	CHECK(qc_project(m, seed, &one, &zero, 1, 0, bits) == QC_E_LENGTH);
	CHECK(qc_project(m, seed, &one, &zero, 1, -1, bits) == QC_E_LENGTH);

	/* the sign of the last number alone: bit 255 of block 255 */
	{
		double	   *zeros = calloc(QC_DESCRIPTOR_MAX, sizeof(double));
		static const uint8_t message[3] = {0, 0, 255};
		uint8_t		block[QC_SHA256_LEN];
		QcPart		part = {message, 3};

		CHECK(qc_hmac(m, QC_SHA256, seed, QC_KEY_LEN, &part, 1, block,
					  sizeof(block)) == QC_OK);
		CHECK(qc_project(m, seed, e, zeros, QC_DESCRIPTOR_MAX, 1, &byte) ==
			  QC_OK);
		CHECK(byte == (block[31] & 1) << 7);
		e[QC_DESCRIPTOR_MAX - 1] = -1;
		CHECK(qc_project(m, seed, e, zeros, QC_DESCRIPTOR_MAX, 1, &byte) ==
			  QC_OK);
		CHECK(byte == (~block[31] & 1) << 7);
		free(zeros);
	}
	byte = 0xff;
	CHECK(qc_project(m, seed, e, e, QC_DESCRIPTOR_MAX + 1, 1, &byte) ==
		  QC_E_LENGTH);
	CHECK(byte == 0);
	CHECK(qc_project(m, seed, e, e, 0, 1, &byte) == QC_E_LENGTH);
	CHECK(qc_project(m, seed, e, e, -1, 1, &byte) == QC_E_LENGTH);
	free(e);
	free(bits);
}

static void
test_not_finite(QcMac *m)
{
	static const uint8_t seed[QC_KEY_LEN] = {2};
	const double bad[3] = {NAN, INFINITY, -INFINITY};
	double		e[5] = {1, 2, 3, 4, 5};
	double		mu[5] = {0};
	uint8_t		bits[2];
	int			i;
	int			k;

	CHECK(qc_project(m, seed, e, mu, 5, 16, bits) == QC_OK);
	for (i = 0; i < 3; i++)
	{
		for (k = 0; k < 5; k++)
		{
			double		kept = e[k];

			e[k] = bad[i];
			memset(bits, 0xff, sizeof(bits));
			CHECK(qc_project(m, seed, e, mu, 5, 16, bits) == QC_E_LENGTH);
			CHECK(all_zero(bits, sizeof(bits)));
			e[k] = kept;
			mu[k] = bad[i];
			CHECK(qc_project(m, seed, e, mu, 5, 16, bits) == QC_E_LENGTH);
			mu[k] = 0;
		}
	}
	/* both are infinite: their difference is no number */
	e[2] = mu[2] = INFINITY;
	CHECK(qc_project(m, seed, e, mu, 5, 16, bits) == QC_E_LENGTH);
	/* each is finite, their difference is not */
	e[2] = 1e308;
	mu[2] = -1e308;
	CHECK(qc_project(m, seed, e, mu, 5, 16, bits) == QC_E_LENGTH);
}

/* HMAC(stretched, label || id || generation), computed with Python's hmac. */
static void
test_seed(QcMac *m)
{
	uint8_t		stretched[QC_KEY_LEN];
	uint8_t		seed[QC_KEY_LEN];
	int			i;

	for (i = 0; i < QC_KEY_LEN; i++)
		stretched[i] = (uint8_t) i;
	CHECK(qc_projection_seed(m, stretched, INT64_C(2094948605975777619), 255,
							 seed) == QC_OK);
	CHECK(equals_hex(seed, sizeof(seed), "ea5631459de31084138cc429b5595cd75a73cb727f922d77779949a1960882d1"));
}

int
main(int argc, char **argv)
{
	QcMac		m;

	if (argc != 3 || qc_mac_open(&m) != QC_OK)
		return 1;
	test_vector(&m, argv[2]);
	test_blocks(&m);
	test_largest(&m);
	test_not_finite(&m);
	test_seed(&m);
	qc_mac_close(&m);
	return finish();
}
