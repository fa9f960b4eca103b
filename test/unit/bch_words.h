/*
 * bch_words.h
 *	  Random words and wrong bits for the tests of the codes.
 */
#ifndef QC_BCH_WORDS_H
#define QC_BCH_WORDS_H

#include "check.h"
#include "bch.h"

#define SEED	UINT64_C(20230817)	/* of everything random here */

static uint64_t state = SEED;

/* splitmix64 */
static inline uint64_t
draw(void)
{
	uint64_t	z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline int
draw_below(int n)
{
	return (int) (draw() % (uint64_t) n);
}

static inline void
draw_bits(uint8_t *bits, int nbits)
{
	int			i;

	for (i = 0; i < (nbits + 7) / 8; i++)
		bits[i] = (uint8_t) draw();
	if (nbits % 8 != 0)
		bits[nbits / 8] &= (uint8_t) (0xff << (8 - nbits % 8));
}

static inline void
invert(uint8_t *bits, int i)
{
	bits[i / 8] ^= (uint8_t) (128 >> i % 8);
}

/* Inverts exactly this many bits. */
static inline void
spoil(uint8_t *bits, int nbits, int errors)
{
	bool		done[QC_BCH_BITS_MAX] = {false};

	while (errors > 0)
	{
		int			i = draw_below(nbits);

		if (done[i])
			continue;
		done[i] = true;
		invert(bits, i);
		errors--;
	}
}

/* A number's low bits as a packed string, the highest first. */
static inline void
pack_number(uint64_t number, int nbits, uint8_t *bits)
{
	int			i;

	memset(bits, 0, ((size_t) nbits + 7) / 8);
	for (i = 0; i < nbits; i++)
	{
		if ((number >> (nbits - 1 - i)) & 1)
			invert(bits, i);
	}
}

/* Buffers of exactly the code's lengths. */
typedef struct Buffers
{
	const QcBch *code;
	size_t		len;
	size_t		secret_len;
	uint8_t    *secret;
	uint8_t    *sent;
	uint8_t    *word;
	uint8_t    *decoded;
	uint8_t    *again;
	char		note[64];
} Buffers;

static inline void
open_buffers(Buffers *b, const QcBch *code)
{
	b->code = code;
	b->len = qc_bch_bytes(code);
	b->secret_len = qc_bch_secret_bytes(code);
	b->secret = calloc(1, b->secret_len);
	b->sent = calloc(1, b->len);
	b->word = calloc(1, b->len);
	b->decoded = calloc(1, b->secret_len);
	b->again = calloc(1, b->len);
	snprintf(b->note, sizeof(b->note), "%s", code->name);
}

static inline void
close_buffers(Buffers *b)
{
	free(b->secret);
	free(b->sent);
	free(b->word);
	free(b->decoded);
	free(b->again);
}

/* Decodes b->word, and holds what comes out to the promise; true when accepted. */
static inline bool
decode_checked(Buffers *b)
{
	int			corrected = -1;
	QcStatus	status;

	memset(b->decoded, 0xff, b->secret_len);
	status = qc_bch_decode(b->code, b->word, b->decoded, &corrected);
	CHECK_NOTE(status == QC_OK || status == QC_E_DECODE, b->note);
	CHECK_NOTE(qc_is_packed(b->decoded, b->code->k), b->note);
	if (status != QC_OK)
	{
		CHECK_NOTE(all_zero(b->decoded, b->secret_len), b->note);
		CHECK_NOTE(corrected == 0, b->note);
		return false;
	}
	CHECK_NOTE(qc_bch_encode(b->code, b->decoded, b->again) == QC_OK, b->note);
	CHECK_NOTE(differing_bits(b->again, b->word, b->len) == corrected, b->note);
	CHECK_NOTE(corrected <= b->code->t, b->note);
	return true;
}

/* A random secret's code word is both b->sent and b->word. */
static inline void
send_random(Buffers *b)
{
	draw_bits(b->secret, b->code->k);
	CHECK_NOTE(qc_bch_encode(b->code, b->secret, b->sent) == QC_OK, b->note);
	CHECK_NOTE(qc_is_packed(b->sent, b->code->n), b->note);
	memcpy(b->word, b->sent, b->len);
}

#endif
