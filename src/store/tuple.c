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
#include "utils/uuid.h"

#define STRIKE_COLUMNS	57
#define STRIKE_BYTES	(offsetof(QcStrike, seal_kid) + sizeof(int16))
#define ATTEMPT_COLUMNS 15
#define ATTEMPT_BYTES	(offsetof(QcAttempt, kid) + sizeof(int16))
#define OUTBOX_COLUMNS	12
#define OUTBOX_KIND_AT	(3 * 8 + 2 * 16 + 2 * 4)	/* behind the fixed-length columns before it */

StaticAssertDecl(offsetof(QcStrike, digest) == 18 * 8, "int8 columns of strike");
StaticAssertDecl(offsetof(QcStrike, challenge_gateway) == 18 * 8 + 12 * 16,
				 "uuid columns of strike");
StaticAssertDecl(offsetof(QcStrike, generation) == 18 * 8 + 12 * 16 + 6 * 4,
				 "int4 columns of strike");
StaticAssertDecl(offsetof(QcStrike, seal_kid) == 18 * 8 + 12 * 16 + 6 * 4 + 20 * 2,
				 "int2 columns of strike");
StaticAssertDecl(18 + 12 + 6 + 21 == STRIKE_COLUMNS, "columns of strike");
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

	stored.at -= QR_EPOCH_SHIFT;
	memcpy((char *) tuple + tuple->t_hoff, &stored, ATTEMPT_BYTES);
}

HeapTuple
qr_notice_form(TupleDesc desc, int64 outbox_id, int64 owner)
{
	Datum		values[OUTBOX_COLUMNS] = {0};
	bool		isnull[OUTBOX_COLUMNS] = {0};
	pg_uuid_t	key;
	pg_uuid_t	nothing = {0};

	if (desc->natts != OUTBOX_COLUMNS)
		elog(ERROR, "the outbox has %d columns, not %d", desc->natts, OUTBOX_COLUMNS);
	if (!pg_strong_random(key.data, sizeof(key.data)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not draw an idempotency key"),
				 errdetail("The source of randomness failed.")));
	/* RFC 9562, version 4 */
	key.data[6] = (key.data[6] & 0x0f) | 0x40;
	key.data[8] = (key.data[8] & 0x3f) | 0x80;
	values[0] = Int64GetDatum(outbox_id);
	values[1] = Int64GetDatum(owner > 0 ? owner : 0);
	values[2] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[3] = UUIDPGetDatum(&key);
	values[4] = UUIDPGetDatum(&nothing);
	values[5] = Int32GetDatum(owner < 0 && owner > PG_INT32_MIN ? (int32) -owner : 0);
	isnull[9] = isnull[10] = isnull[11] = true;
	return heap_form_tuple(desc, values, isnull);
}

void
qr_notice_to_tuple(int16 kind, HeapTupleHeader tuple)
{
	memcpy((char *) tuple + tuple->t_hoff + OUTBOX_KIND_AT, &kind, sizeof(kind));
}
