/*
 * epoch.h
 *	  A log that goes on behind an anchor: after a restore, or under another
 *	  master key.
 */
#ifndef QR_EPOCH_H
#define QR_EPOCH_H

#include "postgres.h"

#include "store/publish.h"

/*
 * Publishes an epoch row for the owner as it was seen: its open challenge
 * ends, and with is_anchored an anchor stands for everything up to last_no, so
 * that the chain begins anew with this row.  moment is noted in it.  A strike row
 * that does not fit its MAC (is_row_right false) is frozen until staff
 * releases it.  Needs SPI as the extension's owner.
 */
extern void qr_epoch(const QrStrikeRef *seen, int64 last_no, int64 moment,
					 bool is_anchored, bool is_row_right);

#endif
