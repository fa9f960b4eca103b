/*
 * chain.c
 *	  Recomputing an owner's seal chain and its strike row's MAC.
 */
#include "qrcred.h"

#include "catalog/pg_type.h"
#include "chain.h"
#include "executor/spi.h"
#include "master.h"
#include "miscadmin.h"
#include "store/publish.h"
#include "store/query.h"
#include "store/rows.h"
#include "store/tuple.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#define BATCH	1000
#define PASSES	20
#define SEAL	16

/* A check under way: what the chain has come to, and the first thing wrong. */
typedef struct Audit
{
	int64		next_no;		/* the number that the next row must have */
	bool		is_begun;		/* seal is that of row next_no - 1 */
	uint8		seal[SEAL];
	bool		has_row;		/* the owner has a strike row */
	bool		is_row_right;	/* whose MAC is right */
	int64		first_bad;		/* 0: nothing */
	const char *finding;
	int			key_kid;		/* whose audit key is in key; 0: none yet */
	uint8		key[QC_KEY_LEN];
} Audit;

static void
find_fault(Audit *a, int64 attempt_no, const char *finding)
{
	if (a->finding != NULL)
		return;
	a->first_bad = attempt_no;
	a->finding = finding;
}

/* NULL for a kid that the store never used: whoever wrote it did not hold a key. */
static const uint8 *
audit_key(Audit *a, int kid)
{
	uint8		check[8];
	bool		is_settled;

	if (kid < 1 || kid > 255)
		return NULL;
	if (a->key_kid != kid)
		a->key_kid = qr_audit_key(kid, a->key);
	if (a->key_kid == 0 && !qr_read_key_check(kid, check, &is_settled))
		return NULL;
	if (a->key_kid == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("master key %d, which sealed a part of the log, is not in the keyring", kid),
				 errhint("Keep a retired key in the keyring of whoever audits.")));
	return a->key;
}

static void
read_attempt(int row, QcAttempt *log)
{
	log->at = DatumGetTimestampTz(qr_value(row, 1)) + QR_EPOCH_SHIFT;
	log->owner = DatumGetInt64(qr_value(row, 2));
	log->attempt_no = DatumGetInt64(qr_value(row, 3));
	log->moment = DatumGetInt64(qr_value(row, 4));
	log->actor = DatumGetObjectId(qr_value(row, 5));
	log->gateway = DatumGetInt32(qr_value(row, 6));
	memcpy(log->seal, DatumGetUUIDP(qr_value(row, 7))->data, SEAL);
	log->kind = DatumGetInt16(qr_value(row, 8));
	log->factor = DatumGetInt16(qr_value(row, 9));
	log->verdict = DatumGetInt16(qr_value(row, 10));
	log->reason = DatumGetInt16(qr_value(row, 11));
	log->tier = DatumGetInt16(qr_value(row, 12));
	log->freeze_no = DatumGetInt16(qr_value(row, 13));
	log->generation = DatumGetInt16(qr_value(row, 14));
	log->kid = DatumGetInt16(qr_value(row, 15));
}

static void
check_attempt(Audit *a, const QcAttempt *log, int64 last_no)
{
	uint8		must[SEAL];
	const uint8 *key;

	if (log->attempt_no < a->next_no)
	{
		find_fault(a, log->attempt_no, "a row stands twice, or below the first");
		return;
	}
	if (log->attempt_no > last_no)
	{
		find_fault(a, log->attempt_no, "a row is above the strike row's number");
		return;
	}
	if (log->attempt_no > a->next_no)
	{
		find_fault(a, a->next_no, "a row is missing");
		return;
	}
	key = audit_key(a, log->kid);
	if (key == NULL)
	{
		find_fault(a, log->attempt_no, "a row does not fit its seal");
		return;
	}
	if (!a->is_begun)
		qr_check(qc_seal_zero(qr_mac(), key, log->owner, a->seal), "seal");
	a->is_begun = true;
	qr_check(qc_seal_attempt(qr_mac(), key, a->seal, log, must), "seal");
	if (!qc_equal(must, log->seal, SEAL))
		find_fault(a, log->attempt_no, "a row does not fit its seal");
	memcpy(a->seal, log->seal, SEAL);
	a->next_no++;
}

/* Where the chain begins: behind the last retired row, else at row 1. */
static void
begin_chain(Audit *a, int64 owner)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(owner)};

	a->next_no = 1;
	SPI_execute_with_args("SELECT attempt_no, seal, mac, kid FROM qrcred_store.anchor WHERE owner = $1",
						  1, types, values, NULL, false, 0);
	if (SPI_processed > 0)
	{
		int			kid = DatumGetInt16(qr_value(0, 4));
		const uint8 *key;
		uint8		must[SEAL];
		uint8		mac[SEAL];

		a->next_no = DatumGetInt64(qr_value(0, 1)) + 1;
		memcpy(a->seal, DatumGetUUIDP(qr_value(0, 2))->data, SEAL);
		memcpy(mac, DatumGetUUIDP(qr_value(0, 3))->data, SEAL);
		a->is_begun = true;
		key = audit_key(a, kid);
		if (key != NULL)
			qr_check(qc_anchor_mac(qr_mac(), key, owner, a->next_no - 1, a->seal, must),
					 "anchor");
		if (key == NULL || !qc_equal(must, mac, SEAL))
			find_fault(a, a->next_no - 1, "the anchor does not fit its MAC");
	}
}

/* The owner's rows behind the anchor, in the order of their numbers. */
static void
check_rows(Audit *a, int64 owner, int64 last_no)
{
	Oid			types[] = {INT8OID, INT8OID};
	Datum		values[] = {Int64GetDatum(owner),
	Int64GetDatum(a->is_begun ? a->next_no : PG_INT64_MIN)};
	Portal		portal;

	portal = SPI_cursor_open_with_args(NULL,
									   "SELECT at, owner, attempt_no, moment, actor, gateway, seal, kind,"
									   " factor, verdict, reason, tier, freeze_no, generation, kid"
									   " FROM qrcred_store.attempt"
									   " WHERE owner = $1 AND attempt_no >= $2 ORDER BY attempt_no",
									   2, types, values, NULL, false, 0);
	do
	{
		uint64		i;

		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, BATCH);
		for (i = 0; i < SPI_processed && a->finding == NULL; i++)
		{
			QcAttempt	log;

			read_attempt((int) i, &log);
			check_attempt(a, &log, last_no);
		}
	} while (SPI_processed > 0 && a->finding == NULL);
	SPI_cursor_close(portal);
}

/* The strike row against the end of the chain, and its own MAC. */
static void
check_strike(Audit *a, const QcStrike *s)
{
	const uint8 *key;
	uint8		must[SEAL];

	if (a->next_no - 1 < s->attempt_no)
		find_fault(a, a->next_no, "a row is missing");
	if (s->attempt_no > 0 && a->is_begun && !qc_equal(s->seal, a->seal, SEAL))
		find_fault(a, s->attempt_no, "the strike row's seal differs from the log's");

	/* a gateway's row is made without a key and has no MAC before its first use */
	a->is_row_right = s->seal_kid == 0 && s->attempt_no == 0 && s->id <= 0;
	if (a->is_row_right)
		return;
	key = audit_key(a, s->seal_kid);
	if (key == NULL)
	{
		find_fault(a, s->attempt_no, "the strike row does not fit its MAC");
		return;
	}
	qr_check(qc_strike_mac(qr_mac(), key, s, must), "strike row");
	a->is_row_right = qc_equal(must, s->mac, SEAL);
	if (!a->is_row_right)
		find_fault(a, s->attempt_no, "the strike row does not fit its MAC");
}

/*
 * One pass.  The strike row is read before and after the rows: where it
 * moved, verdicts arrived meanwhile and the pass says nothing.
 */
static bool
audit_pass(Audit *a, int64 owner)
{
	QrStrikeRef before;
	QrStrikeRef after;

	memset(a, 0, sizeof(*a));
	if (!qr_strike_find(owner, &before))
		return false;
	a->has_row = true;
	begin_chain(a, owner);
	check_rows(a, owner, before.row.attempt_no);
	check_strike(a, &before.row);
	if (!qr_strike_find(owner, &after))
		return false;
	return after.row.attempt_no == before.row.attempt_no;
}

/* Passes until one finds the row standing still; false when none did. */
static bool
audit_still(Audit *a, int64 owner)
{
	int			pass;

	for (pass = 0; pass < PASSES; pass++)
		if (audit_pass(a, owner) || !a->has_row)
			return true;
	return false;
}

bool
qr_chain_check(int64 owner, QrChain *chain)
{
	Audit		a;
	volatile bool is_still = false;

	memset(&a, 0, sizeof(a));
	PG_TRY();
	{
		is_still = audit_still(&a, owner);
	}
	PG_FINALLY();
	{
		qc_wipe(a.key, sizeof(a.key));
	}
	PG_END_TRY();
	if (!is_still)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("verdicts kept arriving while the log was read"),
				 errhint("Try again, or hold verification with qrcred.pause().")));
	chain->first_bad = a.first_bad;
	chain->finding = a.finding;
	chain->is_row_right = a.is_row_right;
	return a.has_row;
}
