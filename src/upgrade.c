/*
 * upgrade.c
 *	  Taking up a store that another database wrote.
 *
 * Rows changed in place belong to no snapshot: a dump of a running store holds
 * strike rows and log rows of different moments.  Where they do not fit, the
 * higher number wins, an anchor stands in for what was lost between, and a
 * sealed epoch row says so.  A strike row whose MAC is wrong was not made by
 * a dump: it is left as it is, for audit() to show.
 */
#include "qrcred.h"

#include "catalog/pg_type.h"
#include "chain.h"
#include "executor/spi.h"
#include "master.h"
#include "miscadmin.h"
#include "store/publish.h"
#include "store/relations.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#define PROGRESS	100000

PG_FUNCTION_INFO_V1(qrcred_upgrade_store);

/* The epoch of one owner. */
typedef struct Epoch
{
	int64		last_no;		/* the highest number of its log rows */
	int64		first_bad;
} Epoch;

static void
derive_epoch(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Epoch *epoch = arg;

	e->kind = QC_EV_EPOCH;
	e->attempt_no = epoch->last_no;
	e->moment = epoch->first_bad;
}

static int64
one_number(const char *sql, int64 owner)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(owner)};
	bool		isnull;
	Datum		d;

	SPI_execute_with_args(sql, 1, types, values, NULL, false, 0);
	d = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return isnull ? 0 : DatumGetInt64(d);
}

/* The chain goes on from here: number and seal before the epoch row. */
static void
set_anchor(int64 owner, int64 attempt_no, const uint8 seal[16])
{
	Oid			types[] = {INT8OID, INT8OID, UUIDOID};
	pg_uuid_t	uuid;
	Datum		values[] = {Int64GetDatum(owner), Int64GetDatum(attempt_no), UUIDPGetDatum(&uuid)};

	memcpy(uuid.data, seal, sizeof(uuid.data));
	SPI_execute_with_args("INSERT INTO qrcred_store.anchor AS a (owner, attempt_no, seal)"
						  " VALUES ($1, $2, $3) ON CONFLICT (owner) DO UPDATE"
						  " SET attempt_no = excluded.attempt_no, seal = excluded.seal",
						  3, types, values, NULL, false, 0);
}

/* Brings one owner's rows together; true when an epoch was needed. */
static bool
take_up(int64 owner)
{
	QrChain		chain;
	Epoch		epoch = {0};
	QrPublication p = {0};
	QcPolicy	none = {0};
	bool		is_open;

	if (!qr_chain_check(owner, &chain) || !qr_strike_find(owner, &p.seen))
		return false;
	is_open = p.seen.row.challenge_state != QC_CHALLENGE_NONE;
	if (chain.finding == NULL && !is_open)
		return false;
	if (!chain.is_row_right)
	{
		ereport(WARNING,
				(errmsg("the strike row of owner %lld does not fit its MAC and is left as it is",
						(long long) owner)));
		return false;
	}
	epoch.first_bad = chain.first_bad;
	epoch.last_no = Max(p.seen.row.attempt_no,
						one_number("SELECT max(attempt_no) FROM qrcred_store.attempt WHERE owner = $1",
								   owner));
	if (chain.finding != NULL)
		set_anchor(owner, epoch.last_no, p.seen.row.seal);
	p.policy = &none;
	p.audit_key = qr_audit_key;
	p.derive = derive_epoch;
	p.arg = &epoch;
	qr_publish(&p, qr_mac());
	return chain.finding != NULL;
}

static void
take_up_all(void)
{
	Portal		portal = SPI_cursor_open_with_args(NULL,
												   "SELECT id FROM qrcred_store.strike ORDER BY id",
												   0, NULL, NULL, NULL, false, 0);
	int64		seen = 0;
	int64		epochs = 0;

	for (;;)
	{
		SPITupleTable *table;
		uint64		n;
		uint64		i;

		SPI_cursor_fetch(portal, true, 1000);
		table = SPI_tuptable;
		n = SPI_processed;
		if (n == 0)
			break;
		for (i = 0; i < n; i++)
		{
			bool		isnull;

			CHECK_FOR_INTERRUPTS();
			epochs += take_up(DatumGetInt64(SPI_getbinval(table->vals[i], table->tupdesc, 1, &isnull)));
			if (++seen % PROGRESS == 0)
				ereport(NOTICE, (errmsg("%lld strike rows taken up", (long long) seen)));
		}
		SPI_freetuptable(table);
	}
	SPI_cursor_close(portal);
	ereport(NOTICE,
			(errmsg("the store came out of a dump: %lld strike rows taken up, %lld of them with an epoch row",
					(long long) seen, (long long) epochs)));
}

/* upgrade_store() */
Datum
qrcred_upgrade_store(PG_FUNCTION_ARGS)
{
	qr_publish_allowed("qrcred.upgrade_store()");
	qr_store_ready();
	SPI_connect();
	SPI_execute("SELECT FROM qrcred_store.key_check WHERE home <> qrcred.home()", false, 1);
	if (SPI_processed > 0)
	{
		take_up_all();
		SPI_execute("UPDATE qrcred_store.key_check SET home = qrcred.home()", false, 0);
	}
	SPI_finish();
	PG_RETURN_VOID();
}
