/*
 * ocra.h
 *	  OCRA (RFC 6287) with HOTP (RFC 4226) and TOTP (RFC 6238).
 *
 * Codes are text: leading zeros count.
 */
#ifndef QC_OCRA_H
#define QC_OCRA_H

#include "mac.h"

#define QC_OTP_TEXT		10		/* up to 9 digits and a terminator */
#define QC_OTP_KEY_MAX	1024	/* bytes of a caller's HMAC key, 1..1024 */

/* What a suite may ask for; absent inputs are NULL, counts are in bytes. */
typedef struct QcOcraInput
{
	const char *question;		/* text, never NULL */
	size_t		question_len;
	const int64_t *counter;		/* C: non-negative */
	const uint8_t *pin_hash;	/* P: exactly the hash's length */
	size_t		pin_hash_len;
	const uint8_t *session;		/* Snnn: exactly nnn bytes */
	size_t		session_len;
	const int64_t *time_step;	/* T: a count of steps, non-negative */
} QcOcraInput;

/*
 * OCRA for the suite (RFC 6287, 6 and 7).  Supported: HOTP-SHA1, -SHA256,
 * -SHA512; digits 4..9; C, QA/QN/QH 04..64, P(SHA1|SHA256|SHA512), S001..S512,
 * T with 1..59 S or M and 0..48 H.  An input that the suite does not name is
 * refused, and so is a named one that is missing.  A question longer than the
 * suite says is refused, except an alphanumeric one of exactly twice that
 * length: the two questions of a mutual exchange (RFC 6287, 7.3).
 * A numeric question is read as an integer, written in hexadecimal without
 * leading zeros and padded on the right with zero nibbles to 128 bytes.
 */
QcStatus	qc_ocra(QcMac *m, const char *suite, size_t suite_len,
					const uint8_t *key, size_t keylen,
					const QcOcraInput *in, char out[QC_OTP_TEXT]);

/* HOTP (RFC 4226, 5.3): digits 4..9 (QC_E_LENGTH), counter >= 0 (QC_E_COUNTER). */
QcStatus	qc_hotp(QcMac *m, QcHash hash, const uint8_t *key, size_t keylen,
					int64_t counter, int digits, char out[QC_OTP_TEXT]);

/* TOTP (RFC 6238, 4): at in unix seconds >= 0 (QC_E_TIME), step >= 1 s (QC_E_TIME_STEP). */
QcStatus	qc_totp(QcMac *m, QcHash hash, const uint8_t *key, size_t keylen,
					int64_t at, int step, int digits, char out[QC_OTP_TEXT]);

/*
 * The typed second code: suite OCRA-1:HOTP-SHA256-8:QN06, QN07 or QN08 by the
 * number of challenge digits.  8 digits and a terminator.  QC_E_DIGITS.
 */
QcStatus	qc_typed_code(QcMac *m, const uint8_t key[QC_KEY_LEN],
						  const char *digits, size_t ndigits,
						  char out[QC_OTP_TEXT]);

#endif
