/*
 * codes.h
 *	  The codes that the wallet makes, at one moment of the bank's clock.
 */
#ifndef CODES_H
#define CODES_H

#include "core/ocra.h"
#include "wallet.h"

/* All of them: OUT_OK, or OUT_BAD or OUT_USAGE and said why.  at: unix seconds. */
Outcome		codes_second(QcMac *mac, const Credential *cred, uint32_t at,
						 const char *digits, char code[QC_CODE_TEXT + 1],
						 char typed[QC_OTP_TEXT]);
Outcome		codes_rotating(QcMac *mac, const Credential *cred, uint32_t at,
						   char code[QC_CODE_TEXT + 1]);
Outcome		codes_renewal(QcMac *mac, const Credential *cred, uint32_t at,
						  char code[QC_CODE_TEXT + 1]);
/* A payer's, for the payment of this digest. */
Outcome		codes_biometric(QcMac *mac, const Credential *cred, uint32_t at,
							const uint8_t digest[QC_SHA256_LEN],
							char code[QC_CODE_TEXT + 1]);

/*
 * Joins the words that the customer typed, without spaces and hyphens.
 * OUT_USAGE unless 6 to 8 digits remain.
 */
Outcome		codes_digits(char *const *words, int nwords, char digits[9]);

#endif
