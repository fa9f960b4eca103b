/*
 * challenge.h
 *	  The challenge digits (transaction verification digits) of scan 1.
 */
#ifndef QC_CHALLENGE_H
#define QC_CHALLENGE_H

#include "mac.h"

#define QC_NONCE_LEN		16
#define QC_DIGITS_MIN		6
#define QC_DIGITS_MAX		8

/*
 * n digits (6..8) for K(challenge), the nonce and t = SHA-256 of the
 * transaction text; drawn without bias from the range in which every number
 * has the same count of hexadecimal digits (6: 100000..999999, 7:
 * 1048576..9999999, 8: 16777216..99999999), because RFC 6287's numeric
 * question is not injective otherwise.  out is terminated.  QC_E_DIGITS when
 * n is out of range.
 */
QcStatus	qc_challenge_digits(QcMac *m, const uint8_t key[QC_KEY_LEN],
								const uint8_t nonce[QC_NONCE_LEN],
								const uint8_t t[QC_SHA256_LEN],
								int n, char out[QC_DIGITS_MAX + 1]);

/* 6 to 8 ASCII digits; the range of the drawn number is not asked for. */
bool		qc_digits_valid(const char *digits, size_t ndigits);

#endif
