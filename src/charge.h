/*
 * charge.h
 *	  The bank's charge function, called for a confirmed payment.
 */
#ifndef QR_CHARGE_H
#define QR_CHARGE_H

#include "postgres.h"

#include "store/payments.h"

typedef enum QrCharge
{
	QR_CHARGED,					/* there is a receipt */
	QR_CHARGE_ASKED,			/* no receipt: money moves elsewhere */
	QR_CHARGE_DECLINED			/* SQLSTATE QC402 */
} QrCharge;

/*
 * Calls the issuer's charge function as its own owner in a subtransaction,
 * with the payer's card opened for this call only.  *words is the receipt, or
 * the message with which it declined, palloc'd in the caller's context, else
 * NULL.  Errors other than QC402 are raised on; card data in messages are
 * blotted out.  55000 without a function or without a card.
 */
extern QrCharge qr_charge(int32 issuer_id, const QrPayment *payment, char **words);

#endif
