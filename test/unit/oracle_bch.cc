/*
 * oracle_bch.cc
 *	  The codes against those of IT++, which others wrote: the generators that
 *	  it finds by itself, code words and decodings of random messages.
 *
 * Built only where IT++ is installed (libitpp-dev); nothing but this program
 * is linked with it.  Both write the message first and begin with the highest
 * power of x, so that bits are compared place by place.
 */
#include <itpp/itcomm.h>

extern "C"
{
#include "bch.h"
}

#include "check.h"

static uint8_t *
packed(const itpp::bvec &bits)
{
	uint8_t    *out = (uint8_t *) calloc(1, ((size_t) bits.size() + 7) / 8);
	int			i;

	for (i = 0; i < bits.size(); i++)
	{
		if (bits(i) == itpp::bin(1))
			out[i / 8] |= (uint8_t) (128 >> i % 8);
	}
	return out;
}

static void
compare_encoding(itpp::BCH &theirs, const QcBch *ours, const itpp::bvec &message)
{
	uint8_t    *secret = packed(message);
	uint8_t    *want = packed(theirs.encode(message));
	uint8_t    *word = (uint8_t *) malloc(qc_bch_bytes(ours));

	CHECK_NOTE(qc_bch_encode(ours, secret, word) == QC_OK, ours->name);
	CHECK_NOTE(memcmp(word, want, qc_bch_bytes(ours)) == 0, ours->name);
	free(secret);
	free(want);
	free(word);
}

static int
wrong_bits(const itpp::bvec &a, const itpp::bvec &b)
{
	int			count = 0;
	int			i;

	for (i = 0; i < a.size(); i++)
		count += a(i) != b(i);
	return count;
}

/*
 * Returns whether the word was accepted.  IT++ does not hold its locator to t
 * and thus corrects a few words with more wrong bits: where what it found is
 * farther than t, ours must refuse.
 */
static bool
compare_decoding(itpp::BCH &theirs, const QcBch *ours, const itpp::bvec &received)
{
	itpp::bvec	message;
	itpp::bvec	is_valid;
	bool		accepted = theirs.decode(received, message, is_valid) &&
		wrong_bits(theirs.encode(message), received) <= ours->t;
	uint8_t    *word = packed(received);
	uint8_t    *secret = (uint8_t *) malloc(qc_bch_secret_bytes(ours));

	CHECK_NOTE(qc_bch_decode(ours, word, secret, NULL) ==
			   (accepted ? QC_OK : QC_E_DECODE), ours->name);
	if (accepted)
	{
		uint8_t    *want = packed(message);

		CHECK_NOTE(memcmp(secret, want, qc_bch_secret_bytes(ours)) == 0,
				   ours->name);
		free(want);
	}
	free(word);
	free(secret);
	return accepted;
}

/* Inverts exactly this many bits. */
static itpp::bvec
spoilt(const itpp::bvec &word, int errors)
{
	itpp::ivec	order = itpp::sort_index(itpp::randu(word.size()));
	itpp::bvec	result = word;
	int			i;

	for (i = 0; i < errors; i++)
		result(order(i)) += itpp::bin(1);
	return result;
}

static void
compare(const QcBch *ours, int rounds)
{
	itpp::BCH	theirs(ours->n, ours->t, true);
	itpp::bvec	message = itpp::zeros_b(ours->k);
	int			i;

	CHECK_NOTE(theirs.get_k() == ours->k, ours->name);
	if (theirs.get_k() != ours->k)
		return;

	/* the generator, and every other row of the code's matrix */
	for (i = 0; i < ours->k; i++)
	{
		message(i) = 1;
		compare_encoding(theirs, ours, message);
		message(i) = 0;
	}

	for (i = 0; i < rounds; i++)
	{
		itpp::bvec	word;

		message = itpp::randb(ours->k);
		compare_encoding(theirs, ours, message);
		word = theirs.encode(message);
		CHECK_NOTE(compare_decoding(theirs, ours, spoilt(word, i % (ours->t + 1))),
				   ours->name);
		CHECK_NOTE(compare_decoding(theirs, ours, spoilt(word, ours->t)),
				   ours->name);
		compare_decoding(theirs, ours, spoilt(word, ours->t + 1));
		compare_decoding(theirs, ours, itpp::randb(ours->n));
	}
}

int
main()
{
	static const QcBch smaller[] = {
		{"7,4", 3, 7, 4, 1, 0xb},
		{"15,7", 4, 15, 7, 2, 0x13},
		{"15,5", 4, 15, 5, 3, 0x13},
		{"31,21", 5, 31, 21, 2, 0x25},
		{"31,11", 5, 31, 11, 5, 0x25},
		{"63,39", 6, 63, 39, 4, 0x43}
	};
	size_t		i;

	itpp::RNG_reset(20230817);
	for (i = 0; i < sizeof(smaller) / sizeof(smaller[0]); i++)
		compare(&smaller[i], 300);
	compare(qc_bch_find("bch511_76", 9), 86);
	compare(qc_bch_find("bch1023_123", 11), 60);
	return finish();
}
