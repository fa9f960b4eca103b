/*
 * test_challenge.c
 *	  The range and the evenness of the challenge digits.
 *
 * The source itself is included, not its header: the values that are passed
 * over are too rare to come up, so the function that does it is called alone.
 */
#include "check.h"

#include "../../src/core/challenge.c"

static const uint64_t low[3] = {100000, 1048576, 16777216};
static const uint64_t high[3] = {999999, 9999999, 99999999};

/* 0.1% of good generators are above this, with 15 degrees of freedom. */
#define CHI_SQUARE_LIMIT	37.7
#define BINS				16
#define DRAWS				20000

static void
test_draws(QcMac *m, int n)
{
	uint64_t	lo = low[n - 6];
	uint64_t	hi = high[n - 6];
	uint8_t		key[QC_KEY_LEN] = {42};
	uint8_t		nonce[QC_NONCE_LEN] = {0};
	uint8_t		t[QC_SHA256_LEN] = {0};
	char		out[QC_DIGITS_MAX + 1];
	char		first[QC_DIGITS_MAX + 1] = "";
	int			bin[BINS] = {0};
	int			last[10] = {0};
	int			outside = 0;
	int			malformed = 0;
	int			repeated = 0;
	double		chi = 0;
	int			i;

	for (i = 0; i < DRAWS; i++)
	{
		uint64_t	value;

		qc_put_u32(nonce + 12, (uint32_t) i);
		memset(out, 0x7f, sizeof(out));
		if (qc_challenge_digits(m, key, nonce, t, n, out) != QC_OK ||
			!qc_digits_valid(out, strlen(out)) || strlen(out) != (size_t) n)
		{
			malformed++;
			continue;
		}
		value = strtoull(out, NULL, 10);
		if (value < lo || value > hi)
		{
			outside++;
			continue;
		}
		bin[(value - lo) * BINS / (hi - lo + 1)]++;
		last[value % 10]++;
		if (i == 0)
			memcpy(first, out, sizeof(first));
		else
			repeated += strcmp(first, out) == 0;
	}
	CHECK(malformed == 0);
	CHECK(outside == 0);
	CHECK(repeated <= 2);
	for (i = 0; i < BINS; i++)
	{
		double		d = bin[i] - (double) DRAWS / BINS;

		chi += d * d / ((double) DRAWS / BINS);
	}
	CHECK(chi < CHI_SQUARE_LIMIT);
	for (i = 0; i < 10; i++)
		CHECK(last[i] > DRAWS / 10 - 200 && last[i] < DRAWS / 10 + 200);

	/* each input counts */
	memset(nonce, 0, sizeof(nonce));
	t[31] = 1;
	CHECK(qc_challenge_digits(m, key, nonce, t, n, out) == QC_OK);
	CHECK(strcmp(first, out) != 0);
	t[31] = 0;
	key[31] = 1;
	CHECK(qc_challenge_digits(m, key, nonce, t, n, out) == QC_OK);
	CHECK(strcmp(first, out) != 0);
	key[31] = 0;
	CHECK(qc_challenge_digits(m, key, nonce, t, n, out) == QC_OK);
	CHECK(strcmp(first, out) == 0);
}

/* All numbers of a range have the same count of hexadecimal digits. */
static void
test_range(int n, int hex_digits)
{
	uint64_t	lo;
	uint64_t	hi;
	char		text[24];

	CHECK(digit_range(n, &lo, &hi));
	CHECK(lo == low[n - 6] && hi == high[n - 6]);
	CHECK(snprintf(text, sizeof(text), "%llx", (unsigned long long) lo) ==
		  hex_digits);
	CHECK(snprintf(text, sizeof(text), "%llx", (unsigned long long) hi) ==
		  hex_digits);
}

/* Blocks at the edge of what is passed over. */
static void
test_edge(uint64_t range)
{
	/* the largest multiple of range that 64 bits hold, and what is above */
	uint64_t	multiple = UINT64_MAX / range * range;
	uint8_t		block[QC_SHA256_LEN];
	uint64_t	drawn;
	int			i;

	memset(block, 0xff, sizeof(block));
	CHECK(!draw(block, range, &drawn));
	for (i = 0; i < 4; i++)
		qc_put_u64(block + 8 * i, multiple);
	CHECK(!draw(block, range, &drawn));

	/* the last value that is taken, at each place of the block */
	for (i = 3; i >= 0; i--)
	{
		qc_put_u64(block + 8 * i, multiple - 1 - (uint64_t) i);
		CHECK(draw(block, range, &drawn));
		CHECK(drawn == range - 1 - (uint64_t) i);
	}
	qc_put_u64(block, 0);
	CHECK(draw(block, range, &drawn) && drawn == 0);
	qc_put_u64(block, range);
	CHECK(draw(block, range, &drawn) && drawn == 0);
	qc_put_u64(block, range - 1);
	CHECK(draw(block, range, &drawn) && drawn == range - 1);
}

static void
test_refusals(QcMac *m)
{
	static const int bad[] = {-1, 0, 1, 5, 9, 262, 2147483647};
	uint8_t		zeros[QC_KEY_LEN] = {0};
	char		out[QC_DIGITS_MAX + 1];
	QcMac		closed;
	size_t		i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		memset(out, 0x7f, sizeof(out));
		CHECK(qc_challenge_digits(m, zeros, zeros, zeros, bad[i], out) ==
			  QC_E_DIGITS);
		CHECK(all_zero(out, sizeof(out)));
	}

	memset(&closed, 0, sizeof(closed));
	memset(out, 0x7f, sizeof(out));
	CHECK(qc_challenge_digits(&closed, zeros, zeros, zeros, 8, out) ==
		  QC_E_CRYPTO);
	CHECK(all_zero(out, sizeof(out)));
}

int
main(void)
{
	QcMac		m;
	int			n;

	if (qc_mac_open(&m) != QC_OK)
		return 1;
	test_range(6, 5);
	test_range(7, 6);
	test_range(8, 7);
	for (n = 6; n <= 8; n++)
	{
		test_draws(&m, n);
		test_edge(high[n - 6] - low[n - 6] + 1);
	}
	test_refusals(&m);
	qc_mac_close(&m);
	return finish();
}
