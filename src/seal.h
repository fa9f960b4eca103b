/*
 * seal.h
 *	  One sealed value of the store: AES-256-GCM under a master key's seal key,
 *	  bound to its table, column, row and kid (2-protocol, "Keys").
 */
#ifndef QR_SEAL_H
#define QR_SEAL_H

#include "postgres.h"

#include "core/keys.h"
#include "store/query.h"

/* Where a value lies: no other place opens it. */
typedef struct QrPlace
{
	const char *table;
	const char *column;
	int64		row;
	int			kid;
} QrPlace;

/* Sealed, palloc'd. */
extern QrBytes qr_seal(const QrPlace *place, const void *plain, size_t len);

/*
 * Opened into a palloc'd buffer with a terminator behind it, *len its length;
 * ERROR XX001 when it was sealed elsewhere or changed.  The caller wipes.
 */
extern char *qr_unseal(const QrPlace *place, QrBytes sealed, size_t *len);

#endif
