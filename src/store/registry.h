/*
 * registry.h
 *	  The store's ordinary rows as the verbs of issuing write and read them,
 *	  through SQL: issuers' terms, customers, credentials, tickets, outbox.
 *
 * The caller has SPI connected and runs as the extension's owner.  Strings
 * and arrays that come back live in the SPI context.
 */
#ifndef QR_REGISTRY_H
#define QR_REGISTRY_H

#include "postgres.h"

#include "core/lifecycle.h"
#include "core/strike.h"
#include "store/query.h"
#include "store/rows.h"

/* What issuing needs of an issuer. */
typedef struct QrTerms
{
	int32		issuer_id;
	char	   *code;
	char	   *name;
	char	   *purpose;
	char	   *wallet_url;
	int			digits;
	int			valid_days;
	int			ticket_hours;
	bool		asks_id_last4;	/* activation */
} QrTerms;

/* The personal data of a customer, in the order of the registration digest. */
typedef enum QrPersonal
{
	QR_FULL_NAME,
	QR_ID_NUMBER,
	QR_PHONE,
	QR_PERSONALS
} QrPersonal;

typedef struct QrCustomer
{
	int64		customer_id;
	int32		issuer_id;
	int			kid;			/* of the seals and digests */
	char	   *customer_ref;
	QrBytes		sealed[QR_PERSONALS];
	QrBytes		answer_id_number;
	QrBytes		answer_phone;
	QrBytes		answer_id_last4;
} QrCustomer;

/* Whether forget() erased the customer's data. */
static inline bool
qr_is_forgotten(const QrCustomer *customer)
{
	return customer->sealed[QR_FULL_NAME].len == 0;
}

typedef struct QrIssued
{
	int64		credential_id;
	int32		issuer_id;
	int64		customer_id;
	int			kind;
	char	   *customer_ref;
	char	   *purpose;
	char	   *face_value;
	int64		valid_from;		/* unix seconds */
	int			valid_days;
} QrIssued;

typedef struct QrTicketRow
{
	int64		credential_id;
	int			generation;
	int32		serial;
	int64		expires;		/* unix seconds */
} QrTicketRow;

/*
 * Runs what stands between as the extension's owner, for functions that are
 * not SECURITY DEFINER; an error's abort puts the user back.
 */
typedef struct QrOwner
{
	Oid			user;
	int			context;
} QrOwner;

extern void qr_owner_begin(QrOwner *before);
extern void qr_owner_end(const QrOwner *before);

extern bool qr_issuer_exists(const char *issuer_code);

/* By code; ERROR 22023 for an unknown issuer. */
extern void qr_terms_of(const char *issuer_code, QrTerms *terms);

/*
 * ERROR 42501 when session_user holds the duty (issuer or support) for other
 * issuers only; for every verb of staff.
 */
extern void qr_require_issuer(int32 issuer_id, const char *duty);

/* By number; ERROR when it is missing. */
extern void qr_terms_of_id(int32 issuer_id, QrTerms *terms);

/* The next customer number, to which the seals are bound before the row is there. */
extern int64 qr_customer_number(void);

/* ERROR 23505 when the issuer has a customer of this customer_ref. */
extern void qr_customer_insert(int32 issuer_id, const QrCustomer *customer);

/* False when there is no such customer. */
extern bool qr_customer_find(int32 issuer_id, const char *customer_ref,
							 QrCustomer *customer);
extern bool qr_customer_of_id(int64 customer_id, QrCustomer *customer);

/* Replaces kid, sealed data and digests of the customer. */
extern void qr_customer_update(const QrCustomer *customer);

/*
 * The issuer's customers whose id number has one of these digests; answers an
 * array of *count.
 */
extern QrCustomer *qr_customers_by_id_number(int32 issuer_id, const QrBytes *digests,
											 int ndigests, int *count);

/*
 * Up to max customers sealed under another kid than this one, locked for the
 * caller's transaction; customers that others hold are passed over.
 */
extern QrCustomer *qr_customers_to_rekey(int kid, int max, int *count);

/* The customer's credentials; answers an array of *count. */
extern int64 *qr_credentials_of(int64 customer_id, int *count);

/*
 * The credentials of every customer of this customer_ref, at one issuer or,
 * with NULL, at all; answers an array of *count.
 */
extern int64 *qr_credentials_by_ref(const char *customer_ref,
									const char *issuer_code, int *count);

/* The kids that customers' data hangs on; answers an array of *count. */
extern int *qr_kids_in_use(int *count);

/* How many acts with these words stand at an owner since so many seconds. */
extern int64 qr_act_count(int64 owner, const char *words, int seconds);

/* False when there is no such customer. */
extern bool qr_customer_set_password(int32 issuer_id, const char *customer_ref,
									 const char *hash);

/* False when the credential_id is taken: draw again. */
extern bool qr_credential_insert(const QrIssued *issued, const QcStrike *strike);
extern bool qr_credential_find(int64 credential_id, QrIssued *issued);

extern void qr_ticket_insert(const uint8 sha256[QC_SHA256_LEN],
							 const QrTicketRow *ticket);
extern bool qr_ticket_find(const uint8 sha256[QC_SHA256_LEN],
						   QrTicketRow *ticket);

/* Queues a message that follows the caller's commit. */
extern void qr_outbox_put(QcNotice notice, int64 credential_id, int32 ticket_serial);

/*
 * The same about a payment or a session, by 16 bytes of it; serial is then the
 * verification code's sending.
 */
extern void qr_outbox_put_about(QcNotice notice, int64 credential_id, int32 serial,
								const uint8 subject[16]);

/* Staff's words to an act in place. */
extern void qr_act_insert(int64 owner, int64 attempt_no, const char *words);

/* A release of this freeze; false when one is there already. */
extern bool qr_release_insert(int64 credential_id, int32 freeze_no,
							  const uint8 mac[16], int kid, const char *reason);

#endif
