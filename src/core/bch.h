/*
 * bch.h
 *	  The fuzzy commitment's error-correcting codes (2-protocol, "Fuzzy
 *	  commitment"): narrow-sense binary BCH, systematic, message bits first.
 *
 *	  bch1023_123	n 1023, k 123, corrects t = 170 wrong bits; x^10 + x^3 + 1
 *	  bch511_76		n 511, k 76, corrects t = 85 wrong bits; x^9 + x^4 + 1
 *
 * Bit strings are packed as PostgreSQL's varbit is: the first bit is the most
 * significant one of the first byte, unused low bits of the last byte are zero
 * and refused otherwise.  The first bit is the coefficient of x^(n-1).
 *
 * Fixed arrays, no allocation, no global that changes.  What was computed from
 * a secret or a template is wiped before a return; the outputs are the
 * caller's to wipe.  Running time depends on the number of wrong bits: whoever
 * can time a decoding on the customer's own device holds the template anyway.
 */
#ifndef QC_BCH_H
#define QC_BCH_H

#include "mac.h"

#define QC_BCH_BITS_MAX		1023
#define QC_BCH_BYTES_MAX	128		/* of a template, helper or code word */
#define QC_BCH_SECRET_MAX	16		/* bytes of a packed secret */

typedef struct QcBch
{
	const char *name;
	int			m;				/* the field is GF(2^m) */
	int			n;				/* bits of a code word, template and helper */
	int			k;				/* bits of a secret */
	int			t;				/* wrong bits that are corrected */
	unsigned	primitive;		/* the field's polynomial */
} QcBch;

/* By name, not terminated; NULL for an unknown one. */
const QcBch *qc_bch_find(const char *name, size_t len);

static inline size_t
qc_bch_bytes(const QcBch *code)
{
	return (size_t) (code->n + 7) / 8;
}

static inline size_t
qc_bch_secret_bytes(const QcBch *code)
{
	return (size_t) (code->k + 7) / 8;
}

/* Whether the unused low bits of the last of (nbits + 7) / 8 bytes are zero. */
bool		qc_is_packed(const uint8_t *bits, int nbits);

/* word = the code word of the secret.  QC_E_LENGTH unless packed. */
QcStatus	qc_bch_encode(const QcBch *code, const uint8_t *secret, uint8_t *word);

/*
 * secret = that of the code word nearest to word, when at most t bits are
 * wrong; *corrected is their number and may be NULL.  QC_E_DECODE, with secret
 * wiped, when there is none within t; QC_E_LENGTH unless packed.
 */
QcStatus	qc_bch_decode(const QcBch *code, const uint8_t *word,
						  uint8_t *secret, int *corrected);

/* helper = template XOR encode(secret). */
QcStatus	qc_fuzzy_commit(const QcBch *code, const uint8_t *template_bits,
							const uint8_t *secret, uint8_t *helper);

/* secret = decode(helper XOR template); QC_E_DECODE as above. */
QcStatus	qc_fuzzy_open(const QcBch *code, const uint8_t *helper,
						  const uint8_t *template_bits, uint8_t *secret);

#endif
