/*
 * test_fuzzy.c
 *	  The protocol's codes and a few between: random errors up to t and beyond,
 *	  commitments, and a channel that inverts each bit with a known probability.
 *
 * Whatever is accepted must encode to within t of the word: then it is right,
 * since two code words differ in 2t + 1 bits at least.
 */
#include "bch_words.h"

static const QcBch bch31_11 = {"31,11", 5, 31, 11, 5, 0x25};
static const QcBch bch63_39 = {"63,39", 6, 63, 39, 4, 0x43};
static const QcBch bch127_64 = {"127,64", 7, 127, 64, 10, 0x89};
static const QcBch bch255_131 = {"255,131", 8, 255, 131, 18, 0x11d};

/* Up to t wrong bits the secret comes out, and their number. */
static void
test_within(const QcBch *code, int rounds)
{
	Buffers		b;
	int			corrected;
	int			i;

	open_buffers(&b, code);
	for (i = 0; i < rounds; i++)
	{
		int			errors = i < 3 ? i :
			i % 3 == 0 ? code->t : i % 3 == 1 ? code->t - 1 :
			draw_below(code->t + 1);

		if (errors > code->t)
			continue;
		send_random(&b);
		CHECK_NOTE(memcmp(b.sent, b.secret, (size_t) code->k / 8) == 0, b.note);
		spoil(b.word, code->n, errors);
		snprintf(b.note, sizeof(b.note), "%s, %d wrong bits", code->name, errors);
		CHECK_NOTE(qc_bch_decode(code, b.word, b.decoded, &corrected) == QC_OK,
				   b.note);
		CHECK_NOTE(corrected == errors, b.note);
		CHECK_NOTE(memcmp(b.decoded, b.secret, b.secret_len) == 0, b.note);
		CHECK_NOTE(qc_bch_decode(code, b.word, b.decoded, NULL) == QC_OK, b.note);
	}

	/* t wrong bits in a row, at both ends and across the parity's begin */
	for (i = 0; i < 3; i++)
	{
		int			from = i == 0 ? 0 : i == 1 ? code->n - code->t :
			code->k > code->t / 2 ? code->k - code->t / 2 : 0;
		int			j;

		send_random(&b);
		for (j = from; j < from + code->t && j < code->n; j++)
			invert(b.word, j);
		CHECK_NOTE(qc_bch_decode(code, b.word, b.decoded, NULL) == QC_OK, b.note);
		CHECK_NOTE(memcmp(b.decoded, b.secret, b.secret_len) == 0, b.note);
	}
	close_buffers(&b);
}

/* Beyond t, and words that nobody sent. */
static void
test_beyond(const QcBch *code, int rounds, bool is_sparse)
{
	Buffers		b;
	int			accepted = 0;
	int			i;

	open_buffers(&b, code);
	for (i = 0; i < rounds; i++)
	{
		send_random(&b);
		if (i % 4 == 3)
			draw_bits(b.word, code->n);
		else
			spoil(b.word, code->n, code->t + 1 + (i % 4) * draw_below(code->t));
		snprintf(b.note, sizeof(b.note), "%s, beyond, round %d", code->name, i);
		if (decode_checked(&b))
			accepted++;
	}

	/*
	 * Of the small codes some of these words lie near another code word; the
	 * words near one of the protocol's are less than one in 10^20.
	 */
	CHECK_NOTE(is_sparse ? accepted == 0 : accepted > 0, code->name);
	close_buffers(&b);
}

/* Helper and template together are the code word; a commitment opens. */
static void
test_commitment(const QcBch *code)
{
	Buffers		b;
	uint8_t    *template_bits;
	uint8_t    *helper;
	size_t		i;
	int			round;

	open_buffers(&b, code);
	template_bits = malloc(b.len);
	helper = malloc(b.len);
	for (round = 0; round < 12; round++)
	{
		send_random(&b);
		draw_bits(template_bits, code->n);
		CHECK(qc_fuzzy_commit(code, template_bits, b.secret, helper) == QC_OK);
		for (i = 0; i < b.len; i++)
			b.word[i] = helper[i] ^ template_bits[i];
		CHECK(memcmp(b.word, b.sent, b.len) == 0);
		CHECK(qc_is_packed(helper, code->n));

		spoil(template_bits, code->n, round < 2 ? round * code->t :
			  draw_below(code->t + 1));
		CHECK(qc_fuzzy_open(code, helper, template_bits, b.decoded) == QC_OK);
		CHECK(memcmp(b.decoded, b.secret, b.secret_len) == 0);

		draw_bits(template_bits, code->n);
		memset(b.decoded, 0xff, b.secret_len);
		CHECK(qc_fuzzy_open(code, helper, template_bits, b.decoded) ==
			  QC_E_DECODE);
		CHECK(all_zero(b.decoded, b.secret_len));
	}
	free(template_bits);
	free(helper);
	close_buffers(&b);
}

/*
 * What a call left on the stack: the same depth is painted before and read
 * after.  The call is made from below a frame of its own, since that of
 * read_stack() covers the uppermost bytes.
 */
#define DEPTH	65536

static uint8_t left_behind[DEPTH];

static __attribute__((noinline)) unsigned
paint_stack(void)
{
	volatile uint8_t area[DEPTH];
	size_t		i;

	for (i = 0; i < DEPTH; i++)
		area[i] = 0xa5;
	return area[DEPTH / 2];
}

static __attribute__((noinline)) void
read_stack(void)
{
	volatile uint8_t area[DEPTH];
	size_t		i;

	area[0] = 0;
	for (i = 1; i < DEPTH; i++)
		left_behind[i] = area[i];
}

static bool
is_left(const void *what, size_t len)
{
	size_t		i;

	for (i = 0; i + len <= DEPTH; i++)
	{
		if (memcmp(left_behind + i, what, len) == 0)
			return true;
	}
	return false;
}

/* Leaves a copy, so that the search is seen to find one. */
static __attribute__((noinline)) QcStatus
leave_copy(const uint8_t *bytes, size_t len)
{
	volatile uint8_t copy[QC_BCH_BYTES_MAX];
	unsigned	any = 0;
	size_t		i;

	for (i = 0; i < len; i++)
		copy[i] = bytes[i];
	for (i = 0; i < len; i++)
		any |= copy[i];
	return any != 0 ? QC_OK : QC_E_LENGTH;
}

typedef enum
{
	COPY,
	COMMIT,
	OPEN
} Call;

static __attribute__((noinline)) QcStatus
call_below(Call call, Buffers *b, uint8_t *helper, const uint8_t *template_bits)
{
	volatile uint8_t frame[2048];
	QcStatus	status;

	frame[0] = 0;
	if (call == COPY)
		status = leave_copy(b->sent, b->len);
	else if (call == COMMIT)
		status = qc_fuzzy_commit(b->code, template_bits, b->secret, helper);
	else
		status = qc_fuzzy_open(b->code, helper, template_bits, b->decoded);
	return frame[0] == 0 ? status : QC_E_CRYPTO;
}

static QcStatus
call_seen(Call call, Buffers *b, uint8_t *helper, const uint8_t *template_bits)
{
	QcStatus	status;

	CHECK(paint_stack() == 0xa5);
	status = call_below(call, b, helper, template_bits);
	read_stack();
	return status;
}

/* Neither secret nor template, code word or parity stays on the stack. */
static void
test_wiping(const QcBch *code)
{
	Buffers		b;
	uint8_t    *template_bits;
	uint8_t    *helper;
	uint64_t	parity = 0;
	size_t		middle;
	size_t		j;
	int			i;

	open_buffers(&b, code);
	middle = b.len / 2;
	template_bits = malloc(b.len);
	helper = malloc(b.len);
	send_random(&b);
	draw_bits(template_bits, code->n);
	for (i = code->n - 64; i < code->n; i++)
		parity = parity << 1 | ((b.sent[i / 8] >> (7 - i % 8)) & 1);

	CHECK(call_seen(COPY, &b, NULL, NULL) == QC_OK);
	CHECK(is_left(b.sent, b.len));
	CHECK(call_seen(COMMIT, &b, helper, template_bits) == QC_OK);
	CHECK(!is_left(b.secret, 8) && !is_left(b.sent + middle, 8));
	CHECK(!is_left(&parity, 8));
	CHECK(!is_left(template_bits, 8) && !is_left(template_bits + middle, 8));

	/* once corrected, once refused */
	for (i = 0; i < 2; i++)
	{
		spoil(template_bits, code->n, i == 0 ? 5 : code->t + 6);
		CHECK(call_seen(OPEN, &b, helper, template_bits) ==
			  (i == 0 ? QC_OK : QC_E_DECODE));
		for (j = 0; j < b.len; j++)
			b.word[j] = helper[j] ^ template_bits[j];
		CHECK(!is_left(b.secret, 8) && !is_left(b.sent + middle, 8));
		CHECK(!is_left(template_bits, 8) && !is_left(template_bits + middle, 8));
		CHECK(!is_left(b.word, 8) && !is_left(b.word + middle, 8));
	}
	free(template_bits);
	free(helper);
	close_buffers(&b);
}

/* P(X > t) of a binomial of n bits at p, term by term. */
static double
chance_above(int n, int t, double p)
{
	double		term = 1;
	double		below = 0;
	int			i;

	for (i = 0; i < n; i++)
		term *= 1 - p;
	for (i = 0; i <= t; i++)
	{
		below += term;
		term *= (double) (n - i) / (i + 1) * p / (1 - p);
	}
	return 1 - below;
}

/* The counts that a binomial of n at p leaves with 1 in 2000 at each end. */
static void
likely_counts(int n, double p, int *low, int *high)
{
	for (*low = 0; 1 - chance_above(n, *low, p) < 0.0005; (*low)++)
		;
	for (*high = *low; chance_above(n, *high, p) > 0.0005; (*high)++)
		;
}

/*
 * A channel that inverts each bit alone: what is refused is what has more than
 * t wrong bits, as often as the binomial distribution says.
 */
static void
test_channel(const QcBch *code, double p, int rounds)
{
	Buffers		b;
	uint64_t	threshold = (uint64_t) (p * 4294967296.0);
	double		chance = chance_above(code->n, code->t, p);
	int			refused = 0;
	int			low;
	int			high;
	int			i;

	open_buffers(&b, code);
	for (i = 0; i < rounds; i++)
	{
		int			errors = 0;
		bool		is_open;
		int			j;

		send_random(&b);
		for (j = 0; j < code->n; j++)
		{
			if ((draw() >> 32) < threshold)
			{
				invert(b.word, j);
				errors++;
			}
		}
		is_open = qc_bch_decode(code, b.word, b.decoded, NULL) == QC_OK &&
			memcmp(b.decoded, b.secret, b.secret_len) == 0;
		CHECK_NOTE(is_open == (errors <= code->t), b.note);
		refused += !is_open;
	}
	if (chance <= 0.5)
		likely_counts(rounds, chance, &low, &high);
	else
	{
		likely_counts(rounds, 1 - chance, &low, &high);
		i = low;
		low = rounds - high;
		high = rounds - i;
	}
	snprintf(b.note, sizeof(b.note), "%d refused", refused);
	CHECK_NOTE(refused >= low && refused <= high, b.note);
	printf("%s at %.2f: %d of %d refused, expected %.1f, %d to %d\n",
		   code->name, p, refused, rounds, chance * rounds, low, high);
	close_buffers(&b);
}

int
main(int argc, char **argv)
{
	const QcBch *large = qc_bch_find("bch1023_123", 11);
	const QcBch *small = qc_bch_find("bch511_76", 9);

	(void) argv;
	if (argc != 3 || large == NULL || small == NULL)
		return 1;
	printf("test_fuzzy: seed %llu\n", (unsigned long long) SEED);
	test_within(&bch31_11, 200);
	test_within(&bch63_39, 200);
	test_within(&bch127_64, 200);
	test_within(&bch255_131, 100);
	test_within(small, 100);
	test_within(large, 100);
	test_beyond(&bch31_11, 400, false);
	test_beyond(&bch63_39, 400, false);
	test_beyond(&bch127_64, 200, true);
	test_beyond(&bch255_131, 100, true);
	test_beyond(small, 100, true);
	test_beyond(large, 100, true);
	test_commitment(small);
	test_commitment(large);
	test_wiping(small);
	test_wiping(large);

	test_channel(large, 0.14, 600);
	test_channel(large, 0.16, 600);
	test_channel(large, 0.18, 600);
	return finish();
}
