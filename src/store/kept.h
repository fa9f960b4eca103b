/*
 * kept.h
 *	  Copies of issuer, gateway and bucket rows, kept in this backend while
 *	  nobody has changed one.
 *
 * A copy is good for one state of the store (qr_store_state()): a change of
 * these tables that anybody commits, or this transaction makes or takes back,
 * leads to another one.
 * Only rows that were found are kept, and a fixed number of them, so that
 * names made up by a caller fill no memory.
 */
#ifndef QR_KEPT_H
#define QR_KEPT_H

#include "postgres.h"

#include "store/rows.h"

#define QR_BUCKETS	4096

/* state is that of the store before the row was read; 0 keeps nothing. */
extern bool qr_kept_issuer(int32 issuer_id, QrIssuer *issuer);
extern void qr_keep_issuer(const QrIssuer *issuer, uint64 state);

extern bool qr_kept_gateway(const char *name, QrGateway *gateway);
extern void qr_keep_gateway(const char *name, const QrGateway *gateway,
							uint64 state);

/* Which buckets are owned, all of them; NULL when not known. */
extern const bool *qr_kept_buckets(void);
extern void qr_keep_buckets(const bool owned[QR_BUCKETS], uint64 state);

#endif
