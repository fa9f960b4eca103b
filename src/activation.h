/*
 * activation.h
 *	  A ticket on its way: what downloading a credential and registering a
 *	  payer's login share.
 */
#ifndef QR_ACTIVATION_H
#define QR_ACTIVATION_H

#include "postgres.h"

#include "store/publish.h"
#include "store/registry.h"
#include "store/rows.h"

#define QR_WALLET_NONCE		16

typedef struct QrActivation
{
	/* in */
	const char *answer;			/* NULL: none was given */
	const uint8 *wallet_nonce;	/* NULL: none was given */
	bool		taken;			/* judge the answer, but leave the ticket unused */

	/* filled by qr_activation_find() */
	QrTicketRow ticket;
	QrIssued	issued;
	QrTerms		terms;
	QrIssuer	policy;
} QrActivation;

/*
 * The rows that a ticket leads to, when it is one for a credential of this
 * kind; else why not.  The caller has SPI connected.
 */
extern QcReason qr_activation_find(const char *ticket, size_t len, int kind,
								   QrActivation *a, QrStrikeRef *seen);

/* The verdict on ticket and answer, in place and durable on return. */
extern void qr_activation_publish(QrActivation *a, QrPublication *p);

#endif
