/*
 * audit.c
 *	  Whether the attempt log is whole, and what to keep of it outside.
 *
 * audit() recomputes an owner's seal chain and the strike row's MAC.  A strike
 * row and a log put back together are consistent again: that shows only
 * against a digest of audit_anchor() kept elsewhere.
 */
#include "qrcred.h"

#include <openssl/evp.h>

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "master.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "store/publish.h"
#include "store/relations.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#define BATCH	1000
#define SEAL	16
#define EPOCH_SHIFT \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

PG_FUNCTION_INFO_V1(qrcred_audit);
PG_FUNCTION_INFO_V1(qrcred_audit_anchor);
PG_FUNCTION_INFO_V1(qrcred_pause);
PG_FUNCTION_INFO_V1(qrcred_resume);

/* An audit under way: what the chain has come to, and the first thing wrong. */
typedef struct Audit
{
	int64		next_no;		/* the number that the next row must have */
	bool		is_begun;		/* seal is that of row next_no - 1 */
	uint8		seal[SEAL];
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

static const uint8 *
audit_key(Audit *a, int kid)
{
	if (a->key_kid != kid)
		a->key_kid = qr_audit_key(kid, a->key);
	if (a->key_kid == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("master key %d, which sealed a part of the log, is not in the keyring", kid),
				 errhint("Keep a retired key in the keyring of whoever audits.")));
	return a->key;
}

static Datum
column(int row, int i)
{
	bool		isnull;
	Datum		d = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
								  i, &isnull);

	if (isnull)
		elog(ERROR, "a column of the attempt log is null");
	return d;
}

static void
read_attempt(int row, QcAttempt *log)
{
	log->at = DatumGetTimestampTz(column(row, 1)) + EPOCH_SHIFT;
	log->owner = DatumGetInt64(column(row, 2));
	log->attempt_no = DatumGetInt64(column(row, 3));
	log->moment = DatumGetInt64(column(row, 4));
	log->actor = DatumGetObjectId(column(row, 5));
	log->gateway = DatumGetInt32(column(row, 6));
	memcpy(log->seal, DatumGetUUIDP(column(row, 7))->data, SEAL);
	log->kind = DatumGetInt16(column(row, 8));
	log->factor = DatumGetInt16(column(row, 9));
	log->verdict = DatumGetInt16(column(row, 10));
	log->reason = DatumGetInt16(column(row, 11));
	log->tier = DatumGetInt16(column(row, 12));
	log->freeze_no = DatumGetInt16(column(row, 13));
	log->generation = DatumGetInt16(column(row, 14));
	log->kid = DatumGetInt16(column(row, 15));
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
	if (log->kid < 1 || log->kid > 255)
	{
		find_fault(a, log->attempt_no, "a row does not fit its seal");
		return;
	}
	key = audit_key(a, log->kid);
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
	SPI_execute_with_args("SELECT attempt_no, seal FROM qrcred_store.anchor WHERE owner = $1",
						  1, types, values, NULL, false, 0);
	if (SPI_processed > 0)
	{
		a->next_no = DatumGetInt64(column(0, 1)) + 1;
		memcpy(a->seal, DatumGetUUIDP(column(0, 2))->data, SEAL);
		a->is_begun = true;
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
	uint8		must[SEAL];

	if (a->next_no - 1 < s->attempt_no)
		find_fault(a, a->next_no, "a row is missing");
	if (s->attempt_no > 0 && a->is_begun && !qc_equal(s->seal, a->seal, SEAL))
		find_fault(a, s->attempt_no, "the strike row's seal differs from the log's");

	/* a gateway's row is made without a key and has no MAC before its first use */
	if (s->seal_kid == 0 && s->attempt_no == 0 && s->id <= 0)
		return;
	if (s->seal_kid < 1 || s->seal_kid > 255)
	{
		find_fault(a, s->attempt_no, "the strike row does not fit its MAC");
		return;
	}
	qr_check(qc_strike_mac(qr_mac(), audit_key(a, s->seal_kid), s, must), "strike row");
	if (!qc_equal(must, s->mac, SEAL))
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
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"credential_id\" names no credential")));
	begin_chain(a, owner);
	check_rows(a, owner, before.row.attempt_no);
	check_strike(a, &before.row);
	if (!qr_strike_find(owner, &after))
		return false;
	return after.row.attempt_no == before.row.attempt_no;
}

/*
 * audit(credential_id): ok, the lowest number that is missing, doubled or
 * wrong, and what is wrong.  A gateway's chain is audited by -number.
 */
Datum
qrcred_audit(PG_FUNCTION_ARGS)
{
	int64		owner = qr_bigint_arg(fcinfo, 0, "credential_id", PG_INT64_MIN, PG_INT64_MAX);
	Audit		a;
	TupleDesc	desc;
	Datum		values[3];
	bool		isnull[3] = {false, false, false};
	bool		is_still = false;
	int			pass;

	qr_store_ready();
	SPI_connect();
	PG_TRY();
	{
		for (pass = 0; pass < 20 && !is_still; pass++)
			is_still = audit_pass(&a, owner);
	}
	PG_FINALLY();
	{
		qc_wipe(a.key, sizeof(a.key));
	}
	PG_END_TRY();
	SPI_finish();
	if (!is_still)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("verdicts kept arriving while the log was read"),
				 errhint("Try again, or hold verification with qrcred.pause().")));

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type is not a row");
	values[0] = BoolGetDatum(a.finding == NULL);
	values[1] = Int64GetDatum(a.first_bad);
	values[2] = CStringGetTextDatum(a.finding ? a.finding : "whole");
	isnull[1] = a.finding == NULL;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull)));
}

/* Feeds owner, attempt number and seal of every row of the span into the digest. */
static int64
digest_rows(EVP_MD_CTX *md, Datum since, Datum until)
{
	Oid			types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[] = {since, until};
	Portal		portal;
	int64		count = 0;
	bool		ok = true;

	portal = SPI_cursor_open_with_args(NULL,
									   "SELECT owner, attempt_no, seal FROM qrcred_store.attempt"
									   " WHERE at >= $1 AND at < $2 ORDER BY owner, attempt_no",
									   2, types, values, NULL, false, 0);
	do
	{
		uint64		i;

		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, BATCH);
		for (i = 0; i < SPI_processed && ok; i++)
		{
			uint8		bytes[16 + SEAL];

			qc_put_u64(bytes, DatumGetInt64(column((int) i, 1)));
			qc_put_u64(bytes + 8, DatumGetInt64(column((int) i, 2)));
			memcpy(bytes + 16, DatumGetUUIDP(column((int) i, 3))->data, SEAL);
			ok = EVP_DigestUpdate(md, bytes, sizeof(bytes)) == 1;
		}
		count += SPI_processed;
	} while (SPI_processed > 0 && ok);
	SPI_cursor_close(portal);
	if (!ok)
		qr_check(QC_E_CRYPTO, "audit anchor");
	return count;
}

/* audit_anchor(since, until): rows with since <= at < until. */
Datum
qrcred_audit_anchor(PG_FUNCTION_ARGS)
{
	EVP_MD_CTX *md;
	bytea	   *digest = palloc(VARHDRSZ + QC_SHA256_LEN);
	TupleDesc	desc;
	Datum		values[2];
	bool		isnull[2] = {false, false};
	int64		count = 0;
	bool		ok;

	qr_require(fcinfo, 0, "since");
	qr_require(fcinfo, 1, "until");
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type is not a row");
	desc = BlessTupleDesc(desc);
	qr_store_ready();
	SPI_connect();
	SET_VARSIZE(digest, VARHDRSZ + QC_SHA256_LEN);
	md = EVP_MD_CTX_new();
	PG_TRY();
	{
		ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
		if (ok)
			count = digest_rows(md, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1));
		ok = ok && EVP_DigestFinal_ex(md, (uint8 *) VARDATA(digest), NULL) == 1;
		if (!ok)
			qr_check(QC_E_CRYPTO, "audit anchor");
	}
	PG_FINALLY();
	{
		EVP_MD_CTX_free(md);
	}
	PG_END_TRY();
	SPI_finish();
	values[0] = Int64GetDatum(count);
	values[1] = PointerGetDatum(digest);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, isnull)));
}

/* The strike table as a session-level lock knows it. */
static LockRelId paused;
static bool is_paused = false;

/*
 * pause(): nothing is changed in place until resume() or the session's end;
 * verification waits.  For a pg_dump that is an exact copy.
 */
Datum
qrcred_pause(PG_FUNCTION_ARGS)
{
	Relation	rel;

	if (is_paused)
		PG_RETURN_VOID();
	rel = qr_rel_open(QR_REL_STRIKE, ShareLock);
	paused = rel->rd_lockInfo.lockRelId;
	LockRelationIdForSession(&paused, ShareLock);
	is_paused = true;
	relation_close(rel, ShareLock);
	PG_RETURN_VOID();
}

Datum
qrcred_resume(PG_FUNCTION_ARGS)
{
	if (!is_paused)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("verification is not paused by this session")));
	UnlockRelationIdForSession(&paused, ShareLock);
	is_paused = false;
	PG_RETURN_VOID();
}
