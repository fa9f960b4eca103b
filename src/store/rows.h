/*
 * rows.h
 *	  Reading the store's ordinary rows: issuer, gateway, credential, bucket,
 *	  key check.
 *
 * All are read with the latest snapshot, whatever snapshot the caller's
 * transaction holds: a policy, a closed gateway or a fenced bucket takes effect
 * with its commit.  Issuers, gateways and buckets may come from a copy that this
 * backend has kept and knows to be up to date (kept.h); the structures are flat
 * for that.
 */
#ifndef QR_ROWS_H
#define QR_ROWS_H

#include "postgres.h"

#include "core/lifecycle.h"
#include "core/mac.h"

#define QR_REFERENCE_MAX	64	/* bytes of an issuer code or a customer_ref */

typedef enum QrLang
{
	QR_LANG_EN,
	QR_LANG_ZH
} QrLang;

/* How a payment's verification code reaches the customer. */
typedef enum QrVerification
{
	QR_VERIFICATION_SMS,
	QR_VERIFICATION_SCREEN,
	QR_VERIFICATION_OFF
} QrVerification;

/* What a verification needs of an issuer; the rest stays in the table. */
typedef struct QrIssuer
{
	int32		issuer_id;
	char		code[QR_REFERENCE_MAX + 1];
	QcPolicy	policy;
	bool		sync_standby;
	bool		notify;
	bool		has_limits;		/* tier_limits is not null */
	QrLang		lang;
	QrVerification verification;
	bool		keeps_card_password;
} QrIssuer;

typedef struct QrGateway
{
	int32		gateway_id;
	bool		enabled;
	bool		has_role;
	NameData	role;
} QrGateway;

#define QR_CREDENTIAL_KEYS			1	/* keys of its own */
#define QR_CREDENTIAL_BIOMETRIC		2	/* a payer's */

typedef struct QrCredential
{
	int64		credential_id;
	int32		issuer_id;
	int64		customer_id;
	int16		kind;
	char		customer_ref[QR_REFERENCE_MAX + 1];
} QrCredential;

/* False when there is no such row. */
extern bool qr_read_issuer(int32 issuer_id, QrIssuer *issuer);
extern bool qr_read_gateway(const char *name, QrGateway *gateway);
extern bool qr_read_credential(int64 credential_id, QrCredential *credential);

/* The customer's password hash, palloc'd; NULL when none is set. */
extern char *qr_read_password_hash(int64 customer_id);

/*
 * The stored key check value of kid; false when the store never used it.
 * *is_settled then says whether it stands whatever becomes of the caller's
 * transaction.
 */
extern bool qr_read_key_check(int kid, uint8 check_value[8], bool *is_settled);

/* Whether ids of this bucket live in this database. */
extern bool qr_bucket_is_owned(int bucket);

/*
 * The MAC of the release of this freeze and the kid it was made with; false
 * without one.  The caller's own uncommitted release does not count.
 */
extern bool qr_read_release(int64 credential_id, int32 freeze_no,
							uint8 mac[16], int *kid);

#endif
