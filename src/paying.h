/*
 * paying.h
 *	  What beginning, presenting and confirming a payment share.
 */
#ifndef QR_PAYING_H
#define QR_PAYING_H

#include "postgres.h"
#include "fmgr.h"

#include "core/payment.h"
#include "session.h"
#include "store/payments.h"

/* A payment_id's first 12 bits are its bucket. */
extern uint16 qr_payment_bucket(const pg_uuid_t *id);

/* The payment of this session's login; false when there is none. */
extern bool qr_payment_of(const QrSession *session, const pg_uuid_t *id,
						  QrPayment *payment);

/*
 * The same for functions that answer no verdict: the argument at argno, named
 * payment_id, or ERROR 22023.
 */
extern void qr_payment_require(FunctionCallInfo fcinfo, int argno,
							   const QrSession *session, QrPayment *payment);

/* "CCY amount payee", as a transaction text carries it for tier_limits. */
extern char *qr_payment_text(const QrPayment *payment);

/* The verification code of a sending; the caller wipes. */
extern void qr_verification_code(int kid, const uint8 subject[16], int sending,
								 char code[QC_VERIFICATION_DIGITS + 1]);

/* The event's guess, six digits, and what it must be. */
extern void qr_expect_verification(int kid, const uint8 subject[16], int sending,
								   const char *guess, QcEvent *event);

/* Whether text is six decimal digits. */
extern bool qr_is_verification_code(const char *text, size_t len);

/* Draws another verification code and queues its message where the policy sends one. */
extern void qr_payment_send(const QrSession *session, QrPayment *payment);

#endif
