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
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "chain.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "master.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "store/query.h"
#include "store/relations.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#define BATCH	1000
#define SEAL	16

PG_FUNCTION_INFO_V1(qrcred_audit);
PG_FUNCTION_INFO_V1(qrcred_audit_anchor);
PG_FUNCTION_INFO_V1(qrcred_anchor_mac);
PG_FUNCTION_INFO_V1(qrcred_pause);
PG_FUNCTION_INFO_V1(qrcred_resume);

/*
 * audit(credential_id): ok, the lowest number that is missing, doubled or
 * wrong, and what is wrong.  A gateway's chain is audited by -number.
 */
Datum
qrcred_audit(PG_FUNCTION_ARGS)
{
	int64		owner = qr_bigint_arg(fcinfo, 0, "credential_id", PG_INT64_MIN, PG_INT64_MAX);
	QrChain		chain;
	TupleDesc	desc;
	Datum		values[3];
	bool		isnull[3] = {false, false, false};

	qr_store_ready();
	SPI_connect();
	if (!qr_chain_check(owner, &chain))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"credential_id\" names no credential")));
	SPI_finish();

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type is not a row");
	values[0] = BoolGetDatum(chain.finding == NULL);
	values[1] = Int64GetDatum(chain.first_bad);
	values[2] = CStringGetTextDatum(chain.finding ? chain.finding : "whole");
	isnull[1] = chain.finding == NULL;
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

			qc_put_u64(bytes, DatumGetInt64(qr_value((int) i, 1)));
			qc_put_u64(bytes + 8, DatumGetInt64(qr_value((int) i, 2)));
			memcpy(bytes + 16, DatumGetUUIDP(qr_value((int) i, 3))->data, SEAL);
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

/* anchor_mac(owner, attempt_no, seal): for whoever writes an anchor.  Owner only. */
Datum
qrcred_anchor_mac(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *mac = palloc(sizeof(pg_uuid_t));
	uint8		key[QC_KEY_LEN];
	QcStatus	status;
	TupleDesc	desc;
	Datum		values[2];
	bool		isnull[2] = {false, false};
	int			kid;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type is not a row");
	desc = BlessTupleDesc(desc);
	kid = qr_audit_key(0, key);
	status = qc_anchor_mac(qr_mac(), key, PG_GETARG_INT64(0), PG_GETARG_INT64(1),
						   PG_GETARG_UUID_P(2)->data, mac->data);
	qc_wipe(key, sizeof(key));
	qr_check(status, "anchor");
	values[0] = UUIDPGetDatum(mac);
	values[1] = Int16GetDatum(kid);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, isnull)));
}

/* The strike table as a session-level lock knows it. */
static LockRelId paused;
static bool is_paused = false;

static void
release_pause(void)
{
	if (is_paused)
		UnlockRelationIdForSession(&paused, ShareLock);
	is_paused = false;
}

/* The server does not release a session-level lock of this kind at a session's end. */
static void
at_exit(int code, Datum arg)
{
	release_pause();
}

/* It does so when the session's transaction aborts. */
static void
at_abort(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_ABORT || !is_paused)
		return;
	is_paused = false;
	ereport(WARNING,
			(errmsg("verification is no longer paused"),
			 errhint("An error or a rollback in the session that called qrcred.pause() ends the pause.")));
}

/*
 * pause(): nothing is changed in place until resume(), an abort or the
 * session's end; verification waits.  For a pg_dump that is an exact copy.
 */
Datum
qrcred_pause(PG_FUNCTION_ARGS)
{
	static bool is_registered = false;
	Relation	rel;

	if (is_paused)
		PG_RETURN_VOID();
	if (!is_registered)
	{
		before_shmem_exit(at_exit, (Datum) 0);
		RegisterXactCallback(at_abort, NULL);
		is_registered = true;
	}
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
	release_pause();
	PG_RETURN_VOID();
}
