/*
 * payment.h
 *	  What a payer's code is bound to, and the verification code.
 */
#ifndef QC_PAYMENT_H
#define QC_PAYMENT_H

#include "keys.h"

#define QC_UUID_TEXT		36
#define QC_AMOUNT_MAX		24		/* bytes of an amount as text, terminator included */
#define QC_NONCE_TEXT		32
#define QC_VERIFICATION_DIGITS	6

/*
 * The decimals of a currency by ISO 4217 ("CNY" 2, "JPY" 0, "KWD" 3); two for
 * codes that the standard's exceptions do not name, -1 for what is not three
 * capitals.
 */
int			qc_currency_decimals(const char *currency, size_t len);

/*
 * Whether the amount is digits with exactly the currency's decimals: no sign,
 * exponent, grouping or leading zero ("0.50" has none), at most 15 digits
 * before the point, not zero.
 */
bool		qc_is_amount(const char *amount, size_t len, const char *currency,
						 size_t currency_len);

/* Lower-case hexadecimal with hyphens, 36 characters. */
bool		qc_is_payment_id(const char *text, size_t len);

/* 32 lower-case hexadecimal digits. */
bool		qc_is_payment_nonce(const char *text, size_t len);

/*
 * SHA-256 of LP(payment_id) LP(payee) LP(currency) LP(amount) LP(nonce), in
 * this order.  QC_E_PAYMENT when payment_id, currency, amount or nonce is not
 * as above; QC_E_LENGTH when the payee is longer than 65535 bytes.
 */
QcStatus	qc_payment_digest(QcMac *m, const QcText text[5],
							  uint8_t out[QC_SHA256_LEN]);

/*
 * The verification code of a sending, six digits and a terminator: x mod 10^6
 * with x = first u64 of HMAC(verification key, subject || u32 sending); the
 * subject is the payment_id's 16 bytes, or the first 16 of a session's SHA-256.
 */
QcStatus	qc_verification_code(QcMac *m, const uint8_t master[QC_KEY_LEN],
								 const uint8_t subject[16], uint32_t sending,
								 char out[QC_VERIFICATION_DIGITS + 1]);

#endif
