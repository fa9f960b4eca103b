/*
 * tuple.c
 *	  Copies between tuples and the core's structures.
 *
 * The structures have the columns' types in the columns' order, widest first,
 * so that the C compiler and the heap lay them out alike; the assertions
 * below are what the copies rest on.
 */
#include "postgres.h"

#include "store/tuple.h"

#include "access/tupdesc.h"
#include "datatype/timestamp.h"
#include "utils/timestamp.h"

#define STRIKE_COLUMNS	55
#define STRIKE_BYTES	(offsetof(QcStrike, seal_kid) + sizeof(int16))
#define ATTEMPT_COLUMNS 15
#define ATTEMPT_BYTES	(offsetof(QcAttempt, kid) + sizeof(int16))
#define EPOCH_SHIFT \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

StaticAssertDecl(offsetof(QcStrike, digest) == 17 * 8, "int8 columns of strike");
StaticAssertDecl(offsetof(QcStrike, challenge_gateway) == 17 * 8 + 12 * 16,
				 "uuid columns of strike");
StaticAssertDecl(offsetof(QcStrike, generation) == 17 * 8 + 12 * 16 + 5 * 4,
				 "int4 columns of strike");
StaticAssertDecl(offsetof(QcStrike, seal_kid) == 17 * 8 + 12 * 16 + 5 * 4 + 20 * 2,
				 "int2 columns of strike");
StaticAssertDecl(17 + 12 + 5 + 21 == STRIKE_COLUMNS, "columns of strike");
StaticAssertDecl(ATTEMPT_BYTES == 4 * 8 + 2 * 4 + 16 + 8 * 2, "columns of attempt");

bool
qr_strike_from_tuple(HeapTupleHeader tuple, uint32 len, QcStrike *row)
{
	int			i;

	if (HeapTupleHeaderGetNatts(tuple) < STRIKE_COLUMNS ||
		len < tuple->t_hoff + STRIKE_BYTES)
		return false;
	if (tuple->t_infomask & HEAP_HASNULL)
		for (i = 0; i < STRIKE_COLUMNS; i++)
			if (att_isnull(i, tuple->t_bits))
				return false;
	memcpy(row, (char *) tuple + tuple->t_hoff, STRIKE_BYTES);
	return true;
}

void
qr_strike_to_tuple(const QcStrike *row, HeapTupleHeader tuple)
{
	memcpy((char *) tuple + tuple->t_hoff, row, STRIKE_BYTES);
}

HeapTuple
qr_attempt_form(TupleDesc desc, const QcAttempt *row)
{
	Datum		values[ATTEMPT_COLUMNS] = {0};
	bool		isnull[ATTEMPT_COLUMNS] = {0};
	uint8		seal[16] = {0};
	HeapTuple	tuple;

	if (desc->natts != ATTEMPT_COLUMNS)
		elog(ERROR, "the attempt log has %d columns, not %d", desc->natts, ATTEMPT_COLUMNS);

	/* the columns' final values are copied below; these give the shape */
	values[6] = PointerGetDatum(seal);
	tuple = heap_form_tuple(desc, values, isnull);
	qr_attempt_to_tuple(row, tuple->t_data);
	return tuple;
}

void
qr_attempt_to_tuple(const QcAttempt *row, HeapTupleHeader tuple)
{
	QcAttempt	stored = *row;

	stored.at -= EPOCH_SHIFT;
	memcpy((char *) tuple + tuple->t_hoff, &stored, ATTEMPT_BYTES);
}
