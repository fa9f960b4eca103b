/*
 * reserve.c
 *	  Inserting the log row and the outbox row in case.
 */
#include "postgres.h"

#include "store/reserve.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "store/control.h"
#include "store/relations.h"
#include "store/tuple.h"
#include "utils/timestamp.h"

void
qr_require_wal(Relation rel)
{
	if (!RelationNeedsWAL(rel) ||
		rel->rd_createSubid != InvalidSubTransactionId ||
		rel->rd_firstRelfilenodeSubid != InvalidSubTransactionId)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the store was made or rewritten by this transaction"),
				 errhint("Commit it first.")));
}

void
qr_reserve_log(QrReservation *r, int64 owner)
{
	Relation	index;
	TimestampTz at = GetCurrentTimestamp();
	HeapTuple	tuple;
	Datum		values[2] = {Int64GetDatum(owner), TimestampTzGetDatum(at)};
	bool		isnull[2] = {false, false};
	int			options = HEAP_INSERT_NO_LOGICAL;

	r->leaf = qr_leaf_open(at, &index);
	qr_require_wal(r->leaf);
	qr_require_wal(index);

	memset(&r->log, 0, sizeof(r->log));
	r->log.at = at + QR_EPOCH_SHIFT;
	r->log.owner = owner;
	r->log.actor = GetSessionUserId();
	tuple = qr_attempt_form(RelationGetDescr(r->leaf), &r->log);
	if (QRCRED_CONTROL == 3)
		options |= HEAP_INSERT_FROZEN;
	heap_insert(r->leaf, tuple, GetCurrentCommandId(true), options, NULL);
	QR_KILLPOINT("inserted");
	index_insert(index, values, isnull, &tuple->t_self, r->leaf,
				 UNIQUE_CHECK_NO, false, NULL);
	r->log_tid = tuple->t_self;
	r->has_log = true;
	heap_freetuple(tuple);
	index_close(index, NoLock);
	QR_KILLPOINT("reserved");
}

void
qr_reserve_notice(QrReservation *r, int64 owner)
{
	Relation	index;
	HeapTuple	tuple;
	Datum		outbox_id;
	bool		isnull = false;

	r->outbox = qr_rel_open(QR_REL_OUTBOX, RowExclusiveLock);
	qr_require_wal(r->outbox);
	index = index_open(qr_rel_index(QR_REL_OUTBOX), RowExclusiveLock);
	qr_require_wal(index);
	outbox_id = Int64GetDatum(nextval_internal(getIdentitySequence(RelationGetRelid(r->outbox), 1, false),
											   false));
	tuple = qr_notice_form(RelationGetDescr(r->outbox), DatumGetInt64(outbox_id), owner);
	heap_insert(r->outbox, tuple, GetCurrentCommandId(true), 0, NULL);
	index_insert(index, &outbox_id, &isnull, &tuple->t_self, r->outbox,
				 UNIQUE_CHECK_YES, false, NULL);
	r->notice_tid = tuple->t_self;
	r->has_notice = true;
	heap_freetuple(tuple);
	index_close(index, NoLock);
}

void
qr_reservation_close(QrReservation *r)
{
	if (r->has_log)
		relation_close(r->leaf, NoLock);
	if (r->has_notice)
		relation_close(r->outbox, NoLock);
}
