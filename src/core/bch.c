/*
 * bch.c
 *	  Binary BCH codes, narrow-sense and systematic, and the fuzzy commitment.
 *
 * The routines go by the QcBch they are given: any length n = 2^m - 1 with m
 * from 3 to 10.  The field's tables and the generator polynomial are made on
 * the stack by each call, which costs less than a tenth of a decoding.
 *
 * Bit i of a packed string, from the left, is the coefficient of x^(n-1-i).
 */
#include "bch.h"

#include <string.h>

#define M_MIN		3
#define M_MAX		10
#define ORDER_MAX	((1 << M_MAX) - 1)	/* non-zero elements of the field */
#define WORDS		((QC_BCH_BITS_MAX + 63) / 64)

static const QcBch codes[] = {
	{"bch1023_123", 10, 1023, 123, 170, 0x409},
	{"bch511_76", 9, 511, 76, 85, 0x211},
};

/* GF(2^m) by the powers of its primitive element; power[] runs twice round. */
typedef struct Field
{
	int			order;
	uint16_t	power[2 * ORDER_MAX];
	uint16_t	log[ORDER_MAX + 1];		/* of 0: nothing */
} Field;

/* A polynomial over GF(2): x^i is bit i % 64 of word i / 64. */
typedef struct Poly
{
	uint64_t	word[WORDS];
} Poly;

/* What a decoding works out; all of it tells of the word. */
typedef struct Decoding
{
	uint16_t	syndrome[ORDER_MAX + 1];	/* 1 .. 2t */
	uint16_t	locator[ORDER_MAX + 1];
	uint16_t	former[ORDER_MAX + 1];
	uint16_t	next[ORDER_MAX + 1];
	uint8_t		word[QC_BCH_BYTES_MAX];
} Decoding;

const QcBch *
qc_bch_find(const char *name, size_t len)
{
	size_t		i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
	{
		if (strlen(codes[i].name) == len &&
			memcmp(codes[i].name, name, len) == 0)
			return &codes[i];
	}
	return NULL;
}

bool
qc_is_packed(const uint8_t *bits, int nbits)
{
	int			used = nbits % 8;

	return used == 0 || (uint8_t) (bits[nbits / 8] << used) == 0;
}

/* The bit at place i from the left, 0 or 1. */
static unsigned
bit_at(const uint8_t *bits, int i)
{
	return (bits[i / 8] >> (7 - i % 8)) & 1u;
}

static bool
is_possible(const QcBch *code)
{
	return code->m >= M_MIN && code->m <= M_MAX &&
		code->n == (1 << code->m) - 1 &&
		code->k > 0 && code->k < code->n &&
		code->t > 0 && 2 * code->t < code->n;
}

/* False when the polynomial is not primitive. */
static bool
make_field(const QcBch *code, Field *f)
{
	unsigned	element = 1;
	int			i;

	f->order = code->n;
	f->log[0] = 0;
	for (i = 0; i < f->order; i++)
	{
		if (i > 0 && element == 1)
			return false;
		f->power[i] = f->power[i + f->order] = (uint16_t) element;
		f->log[element] = (uint16_t) i;
		element <<= 1;
		if (element > (unsigned) f->order)
			element ^= code->primitive;
		if (element == 0 || element > (unsigned) f->order)
			return false;
	}
	return element == 1;
}

static unsigned
multiply(const Field *f, unsigned a, unsigned b)
{
	return a == 0 || b == 0 ? 0 : f->power[f->log[a] + f->log[b]];
}

/* product = a times b; the degrees add up to n at most. */
static void
multiply_binary(const Poly *a, unsigned b, Poly *product)
{
	int			shift;
	int			i;

	memset(product, 0, sizeof(*product));
	for (shift = 0; b >> shift != 0; shift++)
	{
		uint64_t	carried = 0;

		if (((b >> shift) & 1) == 0)
			continue;
		for (i = 0; i < WORDS; i++)
		{
			product->word[i] ^= (a->word[i] << shift) | carried;
			carried = shift == 0 ? 0 : a->word[i] >> (64 - shift);
		}
	}
}

/*
 * The minimal polynomial of the root-th power of the primitive element, bit i
 * being x^i; 0 when a smaller exponent has the same one.
 */
static unsigned
minimal_polynomial(const Field *f, int root)
{
	unsigned	coefficient[M_MAX + 1] = {1};
	unsigned	poly = 0;
	int			degree = 0;
	int			conjugate = root;
	int			i;

	do
	{
		if (conjugate < root)
			return 0;
		degree++;
		for (i = degree; i > 0; i--)
			coefficient[i] = coefficient[i - 1] ^
				multiply(f, coefficient[i], f->power[conjugate]);
		coefficient[0] = multiply(f, coefficient[0], f->power[conjugate]);
		conjugate = 2 * conjugate % f->order;
	} while (conjugate != root);

	/* all conjugates together make the coefficients 0 or 1 */
	for (i = 0; i <= degree; i++)
		poly |= coefficient[i] << i;
	return poly;
}

/*
 * The product of the minimal polynomials of the powers 1 .. 2t; false unless
 * its degree is n - k.
 */
static bool
make_generator(const QcBch *code, const Field *f, Poly *g)
{
	Poly		product;
	int			degree = 0;
	int			root;

	memset(g, 0, sizeof(*g));
	g->word[0] = 1;
	for (root = 1; root < 2 * code->t; root += 2)
	{
		unsigned	factor = minimal_polynomial(f, root);

		if (factor == 0)
			continue;
		multiply_binary(g, factor, &product);
		*g = product;
		while (factor >>= 1)
			degree++;
	}
	return degree == code->n - code->k;
}

/*
 * The remainder of the message times x^(n-k) by the generator, with a register
 * of n - k bits; neither branches nor addresses depend on the message.
 */
static void
make_parity(const QcBch *code, const Poly *g, const uint8_t *secret,
			Poly *parity)
{
	int			degree = code->n - code->k;
	int			i;
	int			w;

	memset(parity, 0, sizeof(*parity));
	for (i = 0; i < code->k; i++)
	{
		uint64_t	top = (parity->word[(degree - 1) / 64] >>
						   ((degree - 1) % 64)) & 1;
		uint64_t	mask = -(top ^ bit_at(secret, i));

		for (w = WORDS - 1; w > 0; w--)
			parity->word[w] = ((parity->word[w] << 1) |
							   (parity->word[w - 1] >> 63)) ^ (g->word[w] & mask);
		parity->word[0] = (parity->word[0] << 1) ^ (g->word[0] & mask);

		/*
		 * What was shifted out to x^(n-k) has met the generator's leading
		 * term, or the message's bit stands there.
		 */
		parity->word[degree / 64] &= ~(UINT64_C(1) << (degree % 64));
	}
}

QcStatus
qc_bch_encode(const QcBch *code, const uint8_t *secret, uint8_t *word)
{
	Field		f;
	Poly		g;
	Poly		parity;
	int			i;

	memset(word, 0, qc_bch_bytes(code));
	if (!is_possible(code) || !qc_is_packed(secret, code->k) ||
		!make_field(code, &f) || !make_generator(code, &f, &g))
		return QC_E_LENGTH;

	make_parity(code, &g, secret, &parity);
	memcpy(word, secret, qc_bch_secret_bytes(code));
	for (i = code->k; i < code->n; i++)
	{
		int			exponent = code->n - 1 - i;
		uint64_t	bit = (parity.word[exponent / 64] >> (exponent % 64)) & 1;

		word[i / 8] |= (uint8_t) (bit << (7 - i % 8));
	}
	qc_wipe(&parity, sizeof(parity));
	return QC_OK;
}

/*
 * The word's values at the powers 1 .. 2t of the primitive element; whether
 * all are 0, that is whether it is a code word.  The odd ones are summed up
 * without looking at the bits, the even ones are squares.
 */
static bool
make_syndromes(const QcBch *code, const Field *f, const uint8_t *word,
			   uint16_t *syndrome)
{
	unsigned	any = 0;
	int			j;
	int			i;

	for (j = 1; j < 2 * code->t; j += 2)
	{
		unsigned	sum = 0;
		int			at = 0;		/* j times the exponent, round the field */

		for (i = code->n - 1; i >= 0; i--)
		{
			sum ^= f->power[at] & (0u - bit_at(word, i));
			at += j;
			if (at >= f->order)
				at -= f->order;
		}
		syndrome[j] = (uint16_t) sum;
		any |= sum;
	}
	for (j = 2; j <= 2 * code->t; j += 2)
		syndrome[j] = (uint16_t) multiply(f, syndrome[j / 2], syndrome[j / 2]);
	return any == 0;
}

/*
 * Berlekamp and Massey: the shortest recurrence that the syndromes obey, as
 * the error locator with locator[0] = 1.  Returns its length, the number of
 * wrong bits, or -1 when it is over t.
 */
static int
find_locator(const QcBch *code, const Field *f, Decoding *d)
{
	unsigned	former_discrepancy = 1;
	int			length = 0;
	int			behind = 1;		/* steps since former was the locator */
	int			step;
	int			i;

	memset(d->locator, 0, sizeof(d->locator));
	memset(d->former, 0, sizeof(d->former));
	d->locator[0] = d->former[0] = 1;

	for (step = 1; step <= 2 * code->t; step++)
	{
		unsigned	discrepancy = d->syndrome[step];
		unsigned	ratio;

		for (i = 1; i <= length; i++)
			discrepancy ^= multiply(f, d->locator[i], d->syndrome[step - i]);
		if (discrepancy == 0)
		{
			behind++;
			continue;
		}

		/* next = locator - discrepancy / former's * x^behind * former */
		ratio = f->power[f->log[discrepancy] + f->order -
						 f->log[former_discrepancy]];
		memcpy(d->next, d->locator, sizeof(d->next));
		for (i = behind; i <= code->t; i++)
			d->next[i] ^= (uint16_t) multiply(f, ratio, d->former[i - behind]);

		if (2 * length < step)
		{
			length = step - length;
			if (length > code->t)
				return -1;
			memcpy(d->former, d->locator, sizeof(d->former));
			former_discrepancy = discrepancy;
			behind = 1;
		}
		else
			behind++;
		memcpy(d->locator, d->next, sizeof(d->locator));
	}
	return length;
}

/*
 * Chien's search: inverts every bit of the word whose place is a root of the
 * locator, and returns how many there were.
 */
static int
invert_roots(const QcBch *code, const Field *f, Decoding *d, int length)
{
	int			found = 0;
	int			exponent;
	int			i;

	for (exponent = 0; exponent < code->n; exponent++)
	{
		int			inverse = (f->order - exponent) % f->order;
		int			at = 0;		/* i times the inverse's log */
		int			place = code->n - 1 - exponent;
		unsigned	sum = 1;

		for (i = 1; i <= length; i++)
		{
			at += inverse;
			if (at >= f->order)
				at -= f->order;
			if (d->locator[i] != 0)
				sum ^= f->power[f->log[d->locator[i]] + at];
		}
		if (sum == 0)
		{
			d->word[place / 8] ^= (uint8_t) (0x80 >> place % 8);
			found++;
		}
	}
	return found;
}

/*
 * Corrects d->word; the number of inverted bits, or -1.  A locator that has
 * not as many roots as its length points at no pattern of t wrong bits, and
 * what comes out must be a code word: neither is taken on trust.
 */
static int
correct(const QcBch *code, const Field *f, Decoding *d)
{
	int			length;

	if (make_syndromes(code, f, d->word, d->syndrome))
		return 0;
	length = find_locator(code, f, d);
	if (length < 0 || invert_roots(code, f, d, length) != length)
		return -1;
	return make_syndromes(code, f, d->word, d->syndrome) ? length : -1;
}

QcStatus
qc_bch_decode(const QcBch *code, const uint8_t *word, uint8_t *secret,
			  int *corrected)
{
	Field		f;
	Decoding	d;
	int			wrong;

	memset(secret, 0, qc_bch_secret_bytes(code));
	if (corrected != NULL)
		*corrected = 0;
	if (!is_possible(code) || !qc_is_packed(word, code->n) ||
		!make_field(code, &f))
		return QC_E_LENGTH;

	memcpy(d.word, word, qc_bch_bytes(code));
	wrong = correct(code, &f, &d);
	if (wrong >= 0)
	{
		memcpy(secret, d.word, qc_bch_secret_bytes(code));
		if (code->k % 8 != 0)
			secret[code->k / 8] &= (uint8_t) (0xff << (8 - code->k % 8));
		if (corrected != NULL)
			*corrected = wrong;
	}
	qc_wipe(&d, sizeof(d));
	return wrong >= 0 ? QC_OK : QC_E_DECODE;
}

QcStatus
qc_fuzzy_commit(const QcBch *code, const uint8_t *template_bits,
				const uint8_t *secret, uint8_t *helper)
{
	size_t		len = qc_bch_bytes(code);
	QcStatus	status = QC_E_LENGTH;
	size_t		i;

	if (qc_is_packed(template_bits, code->n))
		status = qc_bch_encode(code, secret, helper);
	if (status != QC_OK)
	{
		qc_wipe(helper, len);
		return status;
	}
	for (i = 0; i < len; i++)
		helper[i] ^= template_bits[i];
	return QC_OK;
}

QcStatus
qc_fuzzy_open(const QcBch *code, const uint8_t *helper,
			  const uint8_t *template_bits, uint8_t *secret)
{
	uint8_t		word[QC_BCH_BYTES_MAX];
	size_t		len = qc_bch_bytes(code);
	QcStatus	status;
	size_t		i;

	qc_wipe(secret, qc_bch_secret_bytes(code));
	if (!is_possible(code) || !qc_is_packed(helper, code->n) ||
		!qc_is_packed(template_bits, code->n))
		return QC_E_LENGTH;
	for (i = 0; i < len; i++)
		word[i] = helper[i] ^ template_bits[i];
	status = qc_bch_decode(code, word, secret, NULL);
	qc_wipe(word, sizeof(word));
	return status;
}
