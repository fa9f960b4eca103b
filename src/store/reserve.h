/*
 * reserve.h
 *	  The rows that a verdict is going to publish: inserted as ordinary rows of
 *	  the caller's transaction, with their index entries, before the guess is
 *	  looked at.
 *
 * Until it is published such a row goes with its transaction: should that
 * abort, it was never there.
 */
#ifndef QR_RESERVE_H
#define QR_RESERVE_H

#include "postgres.h"
#include "storage/itemptr.h"
#include "utils/rel.h"

#include "core/strike.h"

typedef struct QrReservation
{
	bool		has_log;
	Relation	leaf;			/* of the attempt log */
	ItemPointerData log_tid;
	QcAttempt	log;			/* owner, moment and actor are known already */

	bool		has_notice;
	Relation	outbox;
	ItemPointerData notice_tid;
} QrReservation;

/* Steps 3 and 4, first half: the log row in the leaf of now.  ERROR 55000 without one. */
extern void qr_reserve_log(QrReservation *r, int64 owner);

/* An outbox row of kind none about the owner. */
extern void qr_reserve_notice(QrReservation *r, int64 owner);

/* Closes what is open; the locks stay to the transaction's end. */
extern void qr_reservation_close(QrReservation *r);

/* Raises 55000 when what is changed in place may not be WAL-logged in full. */
extern void qr_require_wal(Relation rel);

#endif
