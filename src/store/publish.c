/*
 * publish.c
 *	  The steps of 3-architecture.md, "The strike row and the log row".
 *
 * The numbers in the comments are the steps'.  Between the locks of step 4 and
 * the unlock of step 7 there is no palloc, no ereport, no catalog access and no
 * wait; what fails there is remembered and raised afterwards.
 */
#include "postgres.h"

#include "store/publish.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/relscan.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "commands/async.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "store/control.h"
#include "store/record.h"
#include "store/relations.h"
#include "store/reserve.h"
#include "store/rows.h"
#include "store/standby.h"
#include "store/tuple.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define MAX_LOOKS	10

/* Why a look under the locks did not end in a record. */
typedef enum Look
{
	LOOK_DONE,
	LOOK_AGAIN,					/* the row changed: derive anew */
	LOOK_FAILED					/* libcrypto; nothing was written */
} Look;

/*
 * The end of the last record of this module when this backend's transaction
 * has written nothing else; see spare_commit_flush().
 */
static XLogRecPtr only_record = InvalidXLogRecPtr;
static int	saved_synchronous_commit;
static bool commit_flush_spared = false;

int64
qr_unix_now(void)
{
	return GetCurrentTimestamp() + QR_EPOCH_SHIFT;
}

void
qr_publish_allowed(const char *command)
{
	PreventCommandIfReadOnly(command);
	PreventCommandDuringRecovery(command);
	PreventCommandIfParallelMode(command);
}

bool
qr_strike_find(int64 owner, QrStrikeRef *ref)
{
	Relation	rel = qr_rel_open(QR_REL_STRIKE, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	TM_Result	state = TM_Ok;
	bool		has_shape = true;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(owner));
	scan = systable_beginscan(rel, qr_rel_index(QR_REL_STRIKE), true,
							  SnapshotSelf, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Buffer		buffer = ((BufferHeapTupleTableSlot *) scan->slot)->buffer;
		CommandId	cid = GetCurrentCommandId(false);

		/* others change the row in place: a whole copy needs the lock */
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		state = HeapTupleSatisfiesUpdate(tuple, cid, buffer);
		if (state == TM_BeingModified &&
			HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_data->t_infomask))
			state = TM_Ok;
		/* nor a version that this transaction made by SQL: it would go with it, counts and all */
		if (state == TM_Ok &&
			(tuple->t_data->t_infomask & HEAP_UPDATED) != 0 &&
			TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data)))
			state = TM_SelfModified;
		has_shape = qr_strike_from_tuple(tuple->t_data, tuple->t_len, &ref->row);
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
		ref->tid = tuple->t_self;
	}
	systable_endscan(scan);
	ref->filenode = rel->rd_node.relNode;
	relation_close(rel, AccessShareLock);

	if (!HeapTupleIsValid(tuple))
		return false;
	if (state == TM_Invisible)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the credential was made by this very command"),
				 errhint("Use it in a command of its own.")));
	if (state != TM_Ok || !has_shape || ref->row.id != owner)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the strike row is being changed by other means than qrcred"),
				 errhint("End the transaction that updates or deletes rows of qrcred_store.strike.")));
	return true;
}

/* Step 5: is it still the row that the event was derived from? */
static bool
is_as_seen(HeapTupleHeader tuple, uint32 len, const QcStrike *seen,
		   QcStrike *row)
{
	if (tuple == NULL || !qr_strike_from_tuple(tuple, len, row))
		return false;
	if ((tuple->t_infomask & HEAP_XMAX_INVALID) == 0 &&
		!HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_infomask))
		return false;
	return row->id == seen->id &&
		row->generation == seen->generation &&
		row->kid == seen->kid &&
		row->seal_kid == seen->seal_kid &&
		row->challenge_no == seen->challenge_no &&
		row->freeze_no == seen->freeze_no;
}

/* The audit keys of a publication: the one to seal with, and the row's own. */
typedef struct Keys
{
	uint8		audit[QC_KEY_LEN];
	uint8		row[QC_KEY_LEN];
	int			row_kid;		/* 0: there is none, nothing to hold the row against */
} Keys;

/*
 * Whether the row fits the MAC it was found with.  A gateway's row is made
 * without a key and has none before its first use.
 */
static bool
is_row_right(QcMac *m, const Keys *keys, const QcStrike *row)
{
	uint8		must[16];

	if (row->seal_kid == 0 && row->attempt_no == 0 && row->id <= 0)
		return true;
	return keys->row_kid != 0 && keys->row_kid == row->seal_kid &&
		qc_strike_mac(m, keys->row, row, must) == QC_OK &&
		qc_equal(must, row->mac, sizeof(must));
}

/*
 * A row that did not fit its MAC does not get a right one by the next verdict:
 * audit() is to go on saying so.
 */
static QcStatus
mac_row(QcMac *m, const QrPublication *p, const uint8 *audit_key,
		bool was_right, QcStrike *row)
{
	row->seal_kid = p->audit_kid;
	if (was_right || p->event.kind == QC_EV_EPOCH)
		return qc_strike_mac(m, audit_key, row, row->mac);
	memset(row->mac, 0, sizeof(row->mac));
	return QC_OK;
}

/* The log row's remaining columns, and the seals over both rows. */
static QcStatus
seal_rows(QcMac *m, const QrPublication *p, const uint8 *audit_key,
		  bool was_right, QcStrike *row, QcAttempt *log)
{
	uint8		previous[16];
	QcStatus	status = QC_OK;

	if (p->outcome.quiet)
		return mac_row(m, p, audit_key, was_right, row);
	log->attempt_no = row->attempt_no;
	log->moment = p->outcome.reason == QC_WHY_FLOOD ?
		row->window_count : p->event.moment;
	log->gateway = p->event.gateway;
	log->kind = p->event.kind;
	log->factor = p->outcome.factor;
	log->verdict = p->outcome.verdict;
	log->reason = p->outcome.repeated ? QC_WHY_REPEATED : p->outcome.reason;
	log->tier = p->outcome.tier;
	log->freeze_no = Min(row->freeze_no, PG_INT16_MAX);
	log->generation = row->generation;
	log->kid = p->audit_kid;
	if (row->attempt_no == 1)
		status = qc_seal_zero(m, audit_key, row->id, previous);
	else
		memcpy(previous, row->seal, sizeof(previous));
	if (status == QC_OK)
		status = qc_seal_attempt(m, audit_key, previous, log, log->seal);
	if (status == QC_OK)
	{
		memcpy(row->seal, log->seal, sizeof(row->seal));
		status = mac_row(m, p, audit_key, was_right, row);
	}
	return status;
}

/*
 * The second half of step 4, and steps 5 to 7: the pages locked in the order
 * strike, log, outbox; the event applied; one Generic WAL record over all.
 */
static Look
look(QcMac *m, QrPublication *p, Relation strike, QrReservation *r,
	 const Keys *keys, XLogRecPtr *lsn)
{
	Buffer		strike_buffer;
	Buffer		log_buffer = InvalidBuffer;
	Buffer		notice_buffer = InvalidBuffer;
	QrRecord	record;
	HeapTupleHeader tuple;
	uint32		len = 0;
	QcStrike	row;
	Look		result = LOOK_AGAIN;
#if QRCRED_CONTROL == 1
	QcStrike	decided = p->seen.row;
#endif

	/* the table was rewritten since: the place says nothing any more */
	if (strike->rd_node.relNode != p->seen.filenode)
		return LOOK_AGAIN;
	p->event.has_log_row = r->has_log;
	strike_buffer = ReadBuffer(strike, ItemPointerGetBlockNumber(&p->seen.tid));
	if (r->has_log)
		log_buffer = ReadBuffer(r->leaf, ItemPointerGetBlockNumber(&r->log_tid));
	if (r->has_notice)
		notice_buffer = ReadBuffer(r->outbox, ItemPointerGetBlockNumber(&r->notice_tid));
	record.nrows = 0;
#if QRCRED_CONTROL == 1
	p->now = qr_unix_now();
	qc_lifecycle(&decided, &p->event, p->policy, p->now, &p->outcome);
#endif
	LockBuffer(strike_buffer, BUFFER_LOCK_EXCLUSIVE);
	if (r->has_log)
		LockBuffer(log_buffer, BUFFER_LOCK_EXCLUSIVE);
	if (r->has_notice)
		LockBuffer(notice_buffer, BUFFER_LOCK_EXCLUSIVE);

	tuple = qr_row_at(strike_buffer, &p->seen.tid, &len);
	if (is_as_seen(tuple, len, &p->seen.row, &row))
	{
		bool		was_right = is_row_right(m, keys, &row);
		QcOutcome	need;

		/*
		 * What has to be at hand is decided without a look at the guess: one
		 * that was looked at is counted in this very lock hold.
		 */
		p->now = qr_unix_now();
		qc_foresee(&row, &p->event, p->policy, p->now, &need);
		if ((need.quiet || r->has_log) &&
			(need.notice == QC_NOTICE_NONE || r->has_notice))
		{
#if QRCRED_CONTROL == 1
			row = decided;
#else
			qc_lifecycle(&row, &p->event, p->policy, p->now, &p->outcome);
#endif
			result = seal_rows(m, p, keys->audit, was_right, &row, &r->log) == QC_OK ?
				LOOK_DONE : LOOK_FAILED;
		}
		else
			p->outcome = need;
	}
	if (result == LOOK_DONE)
	{
		qr_strike_to_tuple(&row, qr_record_row(&record, strike_buffer, &p->seen.tid));
		if (r->has_log)
		{
			tuple = qr_record_row(&record, log_buffer, &r->log_tid);
			qr_attempt_to_tuple(&r->log, tuple);
			tuple->t_infomask |= HEAP_XMIN_FROZEN;
		}
		if (r->has_notice)
		{
			tuple = qr_record_row(&record, notice_buffer, &r->notice_tid);
			qr_notice_to_tuple(p->outcome.notice, tuple);
			tuple->t_infomask |= HEAP_XMIN_FROZEN;
		}
		*lsn = qr_record_write(&record);
		p->after = row;
	}

	if (r->has_notice)
		UnlockReleaseBuffer(notice_buffer);
	if (r->has_log)
		UnlockReleaseBuffer(log_buffer);
	UnlockReleaseBuffer(strike_buffer);
	return result;
}

int32
qr_release_in_force(const QcStrike *row, QcMac *m,
					int (*audit_key) (int kid, uint8 key[QC_KEY_LEN]))
{
	uint8		mac[16];
	uint8		expected[16];
	uint8		key[QC_KEY_LEN];
	QcStatus	status;
	int			kid;

	if (row->frozen_until == 0 || row->frozen_until <= qr_unix_now() ||
		!qr_read_release(row->id, row->freeze_no, mac, &kid))
		return 0;
	if (audit_key(kid, key) != kid)
		return 0;
	status = qc_release_mac(m, key, row->id, row->freeze_no, expected);
	qc_wipe(key, sizeof(key));
	return status == QC_OK && qc_equal(mac, expected, sizeof(mac)) ?
		row->freeze_no : 0;
}

/*
 * What the event may come to, going by the row as it was seen: whether a log
 * row and an outbox row have to be at hand.
 */
static void
reserve(const QrPublication *p, QrReservation *r, bool is_missed)
{
	QcOutcome	foreseen;

	qc_foresee(&p->seen.row, &p->event, p->policy, qr_unix_now(), &foreseen);
	if (!r->has_log && (!foreseen.quiet || is_missed))
		qr_reserve_log(r, p->seen.row.id);
	if (!r->has_notice &&
		(foreseen.notice != QC_NOTICE_NONE ||
		 (is_missed && p->outcome.notice != QC_NOTICE_NONE)))
		qr_reserve_notice(r, p->seen.row.id);
}

/*
 * Acts that only ever make a credential safer: better done and answered with an
 * error than left undone for want of a standby.  Whatever else could not be told
 * is not looked at: no guess counted, no ticket used.
 */
static bool
is_safeguard(QcEventKind kind)
{
	return kind == QC_EV_FREEZE || kind == QC_EV_VOID || kind == QC_EV_COUNT ||
		kind == QC_EV_REGISTRATION || kind == QC_EV_CANCEL || kind == QC_EV_EPOCH;
}

/* Steps 3 to 7, looking again while the row changes; ends with the pages unlocked. */
static XLogRecPtr
publish(QrPublication *p, QcMac *m, Keys *keys)
{
	Relation	strike = qr_rel_open(QR_REL_STRIKE, RowExclusiveLock);
	int64		owner = p->seen.row.id;
	QrReservation reserved = {0};
	Look		result = LOOK_AGAIN;
	XLogRecPtr	lsn = InvalidXLogRecPtr;
	int			looks;

	qr_require_wal(strike);
	for (looks = 0; looks < MAX_LOOKS && result == LOOK_AGAIN; looks++)
	{
		CHECK_FOR_INTERRUPTS();
		if (looks > 0 && !qr_strike_find(owner, &p->seen))
			break;
		memset(&p->event, 0, sizeof(p->event));
		p->derive(p->arg, &p->seen.row, &p->event);
		if (p->sync_standby && !is_safeguard(p->event.kind))
			qr_standby_require();
		p->event.released_freeze_no =
			qr_release_in_force(&p->seen.row, m, p->audit_key);
		reserve(p, &reserved, looks > 0);
		keys->row_kid = p->seen.row.seal_kid;
		if (keys->row_kid == p->audit_kid)
			memcpy(keys->row, keys->audit, sizeof(keys->row));
		else if (keys->row_kid < 1 || keys->row_kid > 255 ||
				 p->audit_key(keys->row_kid, keys->row) != keys->row_kid)
			keys->row_kid = 0;
		result = look(m, p, strike, &reserved, keys, &lsn);
	}
	if (result == LOOK_FAILED)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("libcrypto failed; nothing was counted")));
	if (result == LOOK_AGAIN)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the credential changed too often meanwhile; nothing was counted"),
				 errhint("Send the same request again.")));

	/* what was reserved stays locked to the transaction's end, the strike table does not */
	qr_reservation_close(&reserved);
	relation_close(strike, RowExclusiveLock);
	return lsn;
}

void
qr_publish(QrPublication *p, QcMac *m)
{
	bool		is_alone = !TransactionIdIsValid(GetTopTransactionIdIfAny()) ||
		(only_record != InvalidXLogRecPtr && XactLastRecEnd == only_record);
	Keys		keys;
	XLogRecPtr	lsn = InvalidXLogRecPtr;

	p->audit_kid = p->audit_key(0, keys.audit);
	PG_TRY();
	{
		lsn = publish(p, m, &keys);
	}
	PG_FINALLY();
	{
		qc_wipe(&keys, sizeof(keys));
		qc_wipe(p->event.guess, sizeof(p->event.guess));
		qc_wipe(p->event.expected, sizeof(p->event.expected));
		qc_wipe(p->event.expected_before, sizeof(p->event.expected_before));
		qc_mac_forget(m);
	}
	PG_END_TRY();

	/* 8. durable before it is told; a flood's count needs no flush of its own */
	QR_KILLPOINT("published");
	if (p->outcome.quiet)
		return;
#if QRCRED_CONTROL != 2
	XLogFlush(lsn);
#endif
	QR_KILLPOINT("flushed");
	only_record = is_alone && XactLastRecEnd == lsn ? lsn : InvalidXLogRecPtr;
	if (p->sync_standby)
		qr_standby_wait(lsn);
	if (p->notify && p->outcome.notice != QC_NOTICE_NONE)
		Async_Notify(QR_OUTBOX_CHANNEL, NULL);
}

/*
 * The commit of a transaction that did nothing but ask for verdicts needs no
 * flush of its own: what it must not lose was flushed with the verdict, and an
 * empty commit record is all that a crash could take.  Not where a synchronous
 * standby is named, whose wait is part of the commit.
 */
static void
spare_commit_flush(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			if (only_record != InvalidXLogRecPtr &&
				XactLastRecEnd == only_record && !qr_standby_is_named() &&
				synchronous_commit > SYNCHRONOUS_COMMIT_OFF)
			{
				saved_synchronous_commit = synchronous_commit;
				synchronous_commit = SYNCHRONOUS_COMMIT_OFF;
				commit_flush_spared = true;
			}
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			if (commit_flush_spared)
				synchronous_commit = saved_synchronous_commit;
			commit_flush_spared = false;
			only_record = InvalidXLogRecPtr;
			break;
		default:
			break;
	}
}

void
qr_publish_init(void)
{
	RegisterXactCallback(spare_commit_flush, NULL);
}
