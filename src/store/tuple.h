/*
 * tuple.h
 *	  The strike row and the log row between their tuples and the core's
 *	  structures: a copy of bytes, since both have only fixed-length columns.
 */
#ifndef QR_TUPLE_H
#define QR_TUPLE_H

#include "postgres.h"
#include "access/htup_details.h"
#include "datatype/timestamp.h"

#include "core/strike.h"

/* From the server's timestamps to unix microseconds: add. */
#define QR_EPOCH_SHIFT \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/*
 * Copies the row out of a tuple of len bytes.  False when the tuple has fewer
 * columns, a null in them, or less data; columns added behind are tolerated.
 */
extern bool qr_strike_from_tuple(HeapTupleHeader tuple, uint32 len, QcStrike *row);

/* Overwrites the row's columns in a tuple that qr_strike_from_tuple() accepted. */
extern void qr_strike_to_tuple(const QcStrike *row, HeapTupleHeader tuple);

/* A new tuple of the attempt log, palloc'd. */
extern HeapTuple qr_attempt_form(TupleDesc desc, const QcAttempt *row);

/* Overwrites a tuple that qr_attempt_form() made. */
extern void qr_attempt_to_tuple(const QcAttempt *row, HeapTupleHeader tuple);

/* A new outbox tuple of kind none about a credential or (negative) a gateway. */
extern HeapTuple qr_notice_form(TupleDesc desc, int64 outbox_id, int64 owner);

/* Sets the kind in a tuple that qr_notice_form() made. */
extern void qr_notice_to_tuple(int16 kind, HeapTupleHeader tuple);

#endif
