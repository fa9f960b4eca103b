/*
 * request.h
 *	  What the bank asks of a payer's phone: the rows of begin_binding() and
 *	  begin_payment(), as JSON.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "core/bch.h"
#include "core/payment.h"
#include "wallet.h"

#define REQUEST_MAX			16384	/* bytes of the JSON */
#define BINDING_SALT_MIN	8
#define BINDING_SALT_MAX	64
#define MODEL_MAX			64
#define PAYEE_MAX			1024	/* more than that nobody reads before he pays */

/* What a template of a face depends on, besides the capture. */
typedef struct Binding
{
	int64_t		credential_id;
	uint8_t		generation;
	uint8_t		kid;
	uint8_t		salt[BINDING_SALT_MAX];
	size_t		salt_len;
} Binding;

typedef struct Payment
{
	char		payment_id[QC_UUID_TEXT + 1];
	char		payee[PAYEE_MAX + 1];	/* as given, not made harmless */
	char		currency[4];
	char		amount[QC_AMOUNT_MAX + 1];
	char		nonce[QC_NONCE_TEXT + 1];
	uint8_t		kid;
	uint8_t		generation;
	int64_t		ends;			/* request_clock() at which it expires */
	uint8_t		digest[QC_SHA256_LEN];
} Payment;

/* Seconds that a clock set forward or back does not change. */
int64_t		request_clock(void);

/* Both: OUT_OK; or OUT_BAD, or for a payment OUT_EXPIRED, and said why. */
Outcome		request_binding(const char *text, size_t len, Binding *binding);
Outcome		request_payment(QcMac *mac, const char *text, size_t len, Payment *payment);

#endif
