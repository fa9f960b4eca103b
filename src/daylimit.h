/*
 * daylimit.h
 *	  A customer's day per tier, where the transaction carries an amount.
 *
 * The day's sum is an ordinary row: locked before the verdict, raised with it,
 * and so it follows the commit of the caller's debit.
 */
#ifndef QR_DAYLIMIT_H
#define QR_DAYLIMIT_H

#include "postgres.h"

typedef enum QrLimit
{
	QR_LIMIT_NONE,				/* the text carries no amount */
	QR_LIMIT_WITHIN,
	QR_LIMIT_OVER
} QrLimit;

/*
 * Whether an acceptance of tier (B, C or D) for this transaction text would
 * take the customer's day (UTC) above the policy's limit.  Where there is an
 * amount and holds says so, the day's row is locked until the transaction's
 * end: for what may be an acceptance.
 */
extern QrLimit qr_limit_check(int64 credential_id, char tier, const char *text,
							  bool holds);

/* Notes the amount of an acceptance; the same attempt_no counts once. */
extern void qr_limit_note(int64 credential_id, int64 attempt_no, char tier,
						  const char *text);

#endif
