/*
 * keyuse.h
 *	  What in the store hangs on a master key, through SQL: counts, payers'
 *	  sealed values, logs; and the end of a key.
 *
 * The caller has SPI connected and runs as the extension's owner.  Customers
 * are in registry.h.
 */
#ifndef QR_KEYUSE_H
#define QR_KEYUSE_H

#include "postgres.h"

#include "core/mac.h"
#include "store/query.h"

typedef struct QrKeyUse
{
	int64		customers;		/* sealed, not forgotten */
	int64		payers;			/* with something sealed */
	int64		credentials;	/* not void */
	int64		payments;		/* under way */
} QrKeyUse;

/* What hangs on the key; or on any other one, without payments. */
extern void qr_key_use(int kid, QrKeyUse *use);
extern void qr_key_left(int kid, QrKeyUse *left);

/* Whether the store has used the key and not retired it. */
extern bool qr_key_is_in_use(int kid);
extern void qr_key_retire(int kid);

/* The owners in whose logs the key is needed; reads the whole log. */
extern int64 *qr_key_owners(int kid, uint64 *count);

/*
 * Asks up to max wallets on another key than this, the current one, to renew:
 * once for each key that became current.
 */
extern void qr_key_queue_renewals(int kid, int max);

/* The tables of payers' sealed values. */
typedef enum QrSealed
{
	QR_SEALED_LOGIN,
	QR_SEALED_CARD,
	QR_SEALED_BIOMETRIC,
	QR_SEALEDS
} QrSealed;

#define QR_SEALED_COLUMNS 2

typedef struct QrSealedRow
{
	int64		id;
	int			kid;
	QrBytes		value[QR_SEALED_COLUMNS];	/* length 0: null */
	uint8		digest[QC_SHA256_LEN];	/* of a login's name; not read */
} QrSealedRow;

/* By these names the values are sealed; NULL where there is no such column. */
extern const char *qr_sealed_table(QrSealed sealed);
extern const char *qr_sealed_column(QrSealed sealed, int column);

/*
 * Up to max rows sealed under another key than this one, locked for the
 * caller's transaction; rows that others hold are passed over.
 */
extern QrSealedRow *qr_sealed_to_rekey(QrSealed sealed, int kid, int max, uint64 *count);

/* Replaces kid, values and digest. */
extern void qr_sealed_update(QrSealed sealed, const QrSealedRow *row);

#endif
