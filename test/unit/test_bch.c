/*
 * test_bch.c
 *	  The codes' names, textbook generators, every word and every pattern of
 *	  wrong bits of small codes, and what is refused for its form.
 */
#include "bch_words.h"

static const QcBch hamming7 = {"7,4", 3, 7, 4, 1, 0xb};
static const QcBch bch15_11 = {"15,11", 4, 15, 11, 1, 0x13};
static const QcBch bch15_7 = {"15,7", 4, 15, 7, 2, 0x13};
static const QcBch bch15_5 = {"15,5", 4, 15, 5, 3, 0x13};
static const QcBch bch15_1 = {"15,1", 4, 15, 1, 7, 0x13};
static const QcBch bch31_21 = {"31,21", 5, 31, 21, 2, 0x25};

static void
test_names(void)
{
	static const char *const unknown[] = {
		"", "bch", "bch1023_12", "bch1023_1234", "bch511_7", "bch511_766",
		"BCH1023_123", "bch1023-123", " bch511_76", "bch511_76 ", "bch255_131"
	};
	const QcBch *code;
	char	   *name;
	size_t		i;

	code = qc_bch_find("bch1023_123", 11);
	CHECK(code != NULL && code->m == 10 && code->n == 1023 && code->k == 123 &&
		  code->t == 170 && code->primitive == 0x409);
	CHECK(qc_bch_bytes(code) == 128 && qc_bch_secret_bytes(code) == 16);
	code = qc_bch_find("bch511_76", 9);
	CHECK(code != NULL && code->m == 9 && code->n == 511 && code->k == 76 &&
		  code->t == 85 && code->primitive == 0x211);
	CHECK(qc_bch_bytes(code) == 64 && qc_bch_secret_bytes(code) == 10);
	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
	{
		name = exact(unknown[i], strlen(unknown[i]));
		CHECK_NOTE(qc_bch_find(name, strlen(unknown[i])) == NULL, unknown[i]);
		free(name);
	}
	name = exact("bch511_76", 9);
	CHECK(qc_bch_find(name, 9) == code);
	free(name);
}

/*
 * The message whose last bit is 1 has the generator itself for a code word:
 * x^(n-k) and less than that.
 */
static void
test_generators(void)
{
	static const struct
	{
		const QcBch *code;
		uint64_t	generator;	/* bit i is x^i */
	}			known[] = {
		{&hamming7, 0xb},		/* x^3 + x + 1 */
		{&bch15_11, 0x13},		/* x^4 + x + 1 */
		{&bch15_7, 0x1d1},		/* x^8 + x^7 + x^6 + x^4 + 1 */
		{&bch15_5, 0x537},		/* x^10 + x^8 + x^5 + x^4 + x^2 + x + 1 */
		{&bch15_1, 0x7fff},		/* all of them: the repetition code */
		{&bch31_21, 0x769}		/* x^10 + x^9 + x^8 + x^6 + x^5 + x^3 + 1 */
	};
	size_t		i;
	int			place;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		Buffers		b;
		uint64_t	found = 0;

		open_buffers(&b, known[i].code);
		invert(b.secret, b.code->k - 1);
		CHECK_NOTE(qc_bch_encode(b.code, b.secret, b.word) == QC_OK, b.note);
		for (place = 0; place < b.code->n; place++)
			found = found << 1 | ((b.word[place / 8] >> (7 - place % 8)) & 1);
		CHECK_NOTE(found == known[i].generator, b.note);
		close_buffers(&b);
	}
}

/*
 * Every word of length 7 and 15, against all the code words: the one within t
 * comes out with its distance, and a word without one is refused.
 */
static void
test_every_word(const QcBch *code)
{
	Buffers		b;
	uint8_t    *all;
	int			nwords = 1 << code->k;
	int			decoded = 0;
	int			word;
	int			i;

	open_buffers(&b, code);
	all = malloc((size_t) nwords * b.len);
	for (i = 0; i < nwords; i++)
	{
		pack_number((uint64_t) i, code->k, b.secret);
		CHECK_NOTE(qc_bch_encode(code, b.secret, all + (size_t) i * b.len) ==
				   QC_OK, b.note);
	}
	for (word = 0; word < 1 << code->n; word++)
	{
		int			nearest = -1;
		int			corrected = -1;
		QcStatus	status;

		pack_number((uint64_t) word, code->n, b.word);
		for (i = 0; i < nwords && nearest < 0; i++)
		{
			if (differing_bits(all + (size_t) i * b.len, b.word, b.len) <= code->t)
				nearest = i;
		}
		snprintf(b.note, sizeof(b.note), "%s word %x", code->name, (unsigned) word);
		status = qc_bch_decode(code, b.word, b.decoded, &corrected);
		CHECK_NOTE(status == (nearest < 0 ? QC_E_DECODE : QC_OK), b.note);
		pack_number(nearest < 0 ? 0 : (uint64_t) nearest, code->k, b.secret);
		CHECK_NOTE(memcmp(b.decoded, b.secret, b.secret_len) == 0, b.note);
		if (nearest >= 0)
			CHECK_NOTE(corrected == differing_bits(all + (size_t) nearest * b.len,
											 b.word, b.len), b.note);
		decoded += status == QC_OK;
	}
	CHECK_NOTE(decoded > 0, code->name);
	free(all);
	close_buffers(&b);
}

/*
 * Code words of weight 5 of the (31,21) code.  Messages of at most five ones
 * reach every code word of at most that weight; there is none below 5.
 */
static int
count_weight_five(void)
{
	static const uint8_t none[4];
	Buffers		b;
	int			weight[32] = {0};
	uint32_t	message;
	int			i;

	open_buffers(&b, &bch31_21);
	for (message = 0; message < UINT32_C(1) << 21; message++)
	{
		uint32_t	rest = message;
		int			ones = 0;

		for (; rest != 0 && ones <= 5; rest &= rest - 1)
			ones++;
		if (ones > 5)
			continue;
		pack_number(message, 21, b.secret);
		CHECK_NOTE(qc_bch_encode(b.code, b.secret, b.word) == QC_OK, b.note);
		weight[differing_bits(b.word, none, b.len)]++;
	}
	close_buffers(&b);
	CHECK(weight[0] == 1);
	for (i = 1; i < 5; i++)
		CHECK(weight[i] == 0);
	return weight[5];
}

/*
 * (31,21): every pattern of one, two and three wrong bits on a random code
 * word.  Up to two are corrected.  Three are taken for two others exactly when
 * the five make a code word, which has ten choices of three; else refused.
 */
static void
test_every_pattern(void)
{
	Buffers		b;
	int			refused = 0;
	int			mistaken = 0;
	int			i;
	int			j;
	int			k;

	open_buffers(&b, &bch31_21);
	for (i = 0; i < 31; i++)
	{
		for (j = i; j < 31; j++)
		{
			for (k = j; k < 31; k++)
			{
				bool		accepted;
				bool		is_right;

				/* i = j = k is one wrong bit, i < j = k are two */
				if (i == j && j != k)
					continue;
				send_random(&b);
				invert(b.word, i);
				if (j > i)
					invert(b.word, j);
				if (k > j)
					invert(b.word, k);
				accepted = decode_checked(&b);
				is_right = accepted &&
					memcmp(b.decoded, b.secret, b.secret_len) == 0;
				if (j == k)
					CHECK_NOTE(is_right, b.note);
				else
				{
					CHECK_NOTE(!is_right, b.note);
					refused += !accepted;
					mistaken += accepted;
				}
			}
		}
	}
	CHECK(refused + mistaken == 4495);	/* 31 choose 3 */
	CHECK(mistaken == 10 * count_weight_five());
	close_buffers(&b);
}

static void
test_refusals(const QcBch *code)
{
	Buffers		b;
	int			i;

	open_buffers(&b, code);
	send_random(&b);
	for (i = code->n; i < 8 * (int) b.len; i++)
	{
		invert(b.word, i);
		CHECK(!qc_is_packed(b.word, code->n));
		memset(b.decoded, 0xff, b.secret_len);
		CHECK(qc_bch_decode(code, b.word, b.decoded, NULL) == QC_E_LENGTH);
		CHECK(all_zero(b.decoded, b.secret_len));
		memset(b.decoded, 0xff, b.secret_len);
		CHECK(qc_fuzzy_open(code, b.word, b.sent, b.decoded) == QC_E_LENGTH);
		CHECK(all_zero(b.decoded, b.secret_len));
		memset(b.decoded, 0xff, b.secret_len);
		CHECK(qc_fuzzy_open(code, b.sent, b.word, b.decoded) == QC_E_LENGTH);
		CHECK(all_zero(b.decoded, b.secret_len));

		/* the same bit on both sides does not pass for none */
		CHECK(qc_fuzzy_open(code, b.word, b.word, b.decoded) == QC_E_LENGTH);
		memset(b.again, 0xff, b.len);
		CHECK(qc_fuzzy_commit(code, b.word, b.secret, b.again) == QC_E_LENGTH);
		CHECK(all_zero(b.again, b.len));
		invert(b.word, i);
	}
	for (i = code->k; i < 8 * (int) b.secret_len; i++)
	{
		invert(b.secret, i);
		CHECK(!qc_is_packed(b.secret, code->k));
		memset(b.again, 0xff, b.len);
		CHECK(qc_bch_encode(code, b.secret, b.again) == QC_E_LENGTH);
		CHECK(all_zero(b.again, b.len));
		memset(b.again, 0xff, b.len);
		CHECK(qc_fuzzy_commit(code, b.sent, b.secret, b.again) == QC_E_LENGTH);
		CHECK(all_zero(b.again, b.len));
		invert(b.secret, i);
	}
	CHECK(qc_bch_encode(code, b.secret, b.again) == QC_OK);
	close_buffers(&b);
}

static void
test_packed(void)
{
	static const uint8_t bits[2] = {0xff, 0x10};
	static const uint8_t zero[1] = {0};

	CHECK(qc_is_packed(bits, 8));
	CHECK(!qc_is_packed(bits, 7));
	CHECK(!qc_is_packed(bits, 1));
	CHECK(!qc_is_packed(bits, 9));
	CHECK(!qc_is_packed(bits, 11));
	CHECK(qc_is_packed(bits, 12));
	CHECK(qc_is_packed(bits, 13));
	CHECK(qc_is_packed(bits, 16));
	CHECK(qc_is_packed(zero, 1));
}

/* Numbers that describe no code are refused and harm nobody. */
static void
test_no_codes(void)
{
	static const QcBch wrong[] = {
		{"not primitive", 4, 15, 7, 2, 0x1f},
		{"reducible", 4, 15, 7, 2, 0x11},
		{"no x^0", 4, 15, 7, 2, 0x12},
		{"another degree", 4, 15, 7, 2, 0xb},
		{"a higher degree", 4, 15, 7, 2, 0x25},
		{"k too large", 4, 15, 8, 2, 0x13},
		{"k too small", 4, 15, 6, 2, 0x13},
		{"k none", 4, 15, 0, 7, 0x13},
		{"n no power", 4, 14, 7, 2, 0x13},
		{"m too small", 2, 3, 1, 1, 0x7},
		{"m too large", 11, 2047, 2036, 1, 0x805},
		{"t none", 4, 15, 7, 0, 0x13},
		{"t too large", 4, 15, 7, 8, 0x13}
	};
	uint8_t		secret[256] = {0};
	uint8_t		word[256];
	size_t		i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_NOTE(qc_bch_encode(&wrong[i], secret, word) == QC_E_LENGTH,
				   wrong[i].name);
}

int
main(int argc, char **argv)
{
	const QcBch *large = qc_bch_find("bch1023_123", 11);
	const QcBch *small = qc_bch_find("bch511_76", 9);

	(void) argv;
	if (argc != 3 || large == NULL || small == NULL)
		return 1;
	test_names();
	test_packed();
	test_no_codes();
	test_generators();
	test_every_word(&hamming7);
	test_every_word(&bch15_11);
	test_every_word(&bch15_7);
	test_every_word(&bch15_5);
	test_every_word(&bch15_1);
	test_every_pattern();
	test_refusals(&bch15_7);
	test_refusals(small);
	test_refusals(large);
	return finish();
}
