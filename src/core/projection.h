/*
 * projection.h
 *	  The template of a face: a descriptor's signs under a secret random
 *	  projection (2-protocol, "Fuzzy commitment").
 *
 * Bit j is 1 when the sum over k of r(j,k) (e(k) - mu(k)) is above 0, where
 * r(j,k) is +1 or -1 as bit k (most significant first) of HMAC(seed, u16 j ||
 * u8 0) || HMAC(seed, u16 j || u8 1) || ... is 1 or 0.
 */
#ifndef QC_PROJECTION_H
#define QC_PROJECTION_H

#include "mac.h"

#define QC_DESCRIPTOR_MAX	65536	/* numbers of a descriptor: 256 blocks of 256 bits */

/*
 * seed = HMAC(stretched, "qrcred/1 projection" || u64 credential_id ||
 * u8 generation); stretched is PBKDF2-HMAC-SHA-256 of the login password and
 * the salt with 600000 rounds, which the caller has from libcrypto.
 */
QcStatus	qc_projection_seed(QcMac *m, const uint8_t stretched[QC_KEY_LEN],
							   int64_t credential_id, uint8_t generation,
							   uint8_t seed[QC_KEY_LEN]);

/*
 * n bits of the descriptor, packed as in bch.h, into (n + 7) / 8 bytes; d
 * numbers in e and mu.  QC_E_LENGTH when n or d is out of range or a number is
 * not finite.
 */
QcStatus	qc_project(QcMac *m, const uint8_t seed[QC_KEY_LEN],
					   const double *e, const double *mu, int d, int n,
					   uint8_t *bits);

#endif
