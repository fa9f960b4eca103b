/*
 * tuple.h
 *	  The strike row and the log row between their tuples and the core's
 *	  structures: a copy of bytes, since both have only fixed-length columns.
 */
#ifndef QR_TUPLE_H
#define QR_TUPLE_H

#include "postgres.h"
#include "access/htup_details.h"

#include "core/strike.h"

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

#endif
