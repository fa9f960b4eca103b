/*
 * issuing.h
 *	  What issuing, sending a link again and making a credential anew share.
 *
 * All of it runs as the extension's owner with SPI connected.
 */
#ifndef QR_ISSUING_H
#define QR_ISSUING_H

#include "postgres.h"
#include "fmgr.h"

#include "core/code.h"
#include "core/strike.h"
#include "store/registry.h"

#define QR_DAY	86400

/* The customer's bucket; ERROR 55000 when it lives in another database. */
extern uint16 qr_own_bucket(const char *customer_ref);

/*
 * The registration digest of the customer under the current master key;
 * answers the key's kid.
 */
extern int	qr_current_digest(const QrTerms *terms, const QrCustomer *customer,
							  uint8 digest[QC_SHA256_LEN]);

/* The strike row that a new credential begins with, but for its id and MAC. */
extern void qr_first_strike(const QrTerms *terms, const QrCustomer *customer,
							int64 valid_until, QcStrike *s);

/*
 * Draws ids of the customer's bucket until one is free, the row's own first
 * where it has one, and inserts the credential and its strike row.
 */
extern void qr_insert_credential(QrIssued *issued, QcStrike *s);

/* The ticket of the row's generation and serial, a secret. */
extern void qr_ticket_text(const QcStrike *s, char text[QC_TOKEN_TEXT + 1]);

/*
 * The ticket of the row's generation and serial, noted by its digest, with a
 * message to the customer; text is a secret that the caller hands out.
 */
extern void qr_make_ticket(const QrTerms *terms, const QcStrike *s,
						   char text[QC_TOKEN_TEXT + 1]);

/*
 * The row (credential_id, ticket, link); link is null without a wallet_url.
 * Finishes SPI and wipes the ticket.
 */
extern Datum qr_issued_row(FunctionCallInfo fcinfo, const QrTerms *terms,
						   int64 credential_id, char *ticket);

#endif
