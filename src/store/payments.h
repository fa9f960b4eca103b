/*
 * payments.h
 *	  Payments as the verbs write and read them, through SQL: ordinary rows,
 *	  so that a payment's state goes with the caller's transaction.
 *
 * The caller has SPI connected and runs as the extension's owner.
 */
#ifndef QR_PAYMENTS_H
#define QR_PAYMENTS_H

#include "postgres.h"
#include "utils/uuid.h"

#define QR_PAYMENT_SECONDS		600 /* from begin_payment() to the charge */
#define QR_VERIFICATION_SECONDS 300 /* that a verification code lasts */
#define QR_SENDINGS_MAX			3	/* verification codes of one payment */

typedef enum QrPaymentState
{
	QR_PAYMENT_OPEN,
	QR_PAYMENT_PRESENTED,		/* a biometric code was right */
	QR_PAYMENT_CHARGED,
	QR_PAYMENT_DECLINED,
	QR_PAYMENT_LEFT,			/* three wrong codes, or cancelled */
	QR_PAYMENT_EXPIRED,
	QR_PAYMENT_STATES
} QrPaymentState;

typedef struct QrPayment
{
	pg_uuid_t	id;
	int64		credential_id;
	int			generation;
	int			kid;			/* of the credential, and of its verification codes */
	char	   *amount;			/* with exactly the currency's decimals */
	char	   *currency;
	char	   *payee;
	char	   *order_ref;
	char	   *nonce;			/* 32 lower-case hexadecimal digits */
	QrPaymentState state;		/* as of now: expired where its time has passed */
	int			expires_in;		/* seconds */
	int			sending;		/* the last verification code's number, 0 none */
	int			sent_seconds;	/* how long ago it was made */
	bool		is_asked;		/* the charge function was called, and money moves elsewhere */
	char	   *receipt;		/* NULL: none */
} QrPayment;

extern const char *qr_payment_state_name(QrPaymentState state);

/* Inserts an open payment; false when the request has one already. */
extern bool qr_payment_insert(const QrPayment *payment, const pg_uuid_t *request);

/* The latest version, whatever the caller's snapshot; false without one. */
extern bool qr_payment_find(const pg_uuid_t *id, QrPayment *payment);
extern bool qr_payment_of_request(int64 credential_id, const pg_uuid_t *request,
								  QrPayment *payment);

/*
 * As it is now, locked to the transaction's end; waits for whoever holds it.
 * ERROR 40001 when the transaction's snapshot is older than the payment.
 */
extern void qr_payment_lock(const pg_uuid_t *id, QrPayment *payment);

/* A right biometric code, logged under this attempt number. */
extern void qr_payment_presented(const pg_uuid_t *id, int64 attempt_no);

/* Another verification code; its number. */
extern int	qr_payment_count_sending(const pg_uuid_t *id);

/*
 * The charge function is about to be called, once and for all; the attempt
 * number is the confirmation's, under which a day's limit is noted.
 */
extern void qr_payment_asked(const pg_uuid_t *id, int64 attempt_no);

/* An end; words are a charge's receipt or a refusal's reason, NULL otherwise. */
extern void qr_payment_end(const pg_uuid_t *id, QrPaymentState state, const char *words);

#endif
