/*
 * upgrade.c
 *	  Taking up a store that another database wrote.
 *
 * Rows changed in place belong to no snapshot: a dump of a running store holds
 * strike rows and log rows of different moments, and now and then a strike row
 * torn between two of them, since COPY reads a row's bytes without its lock.
 * Where they do not fit, the higher number wins, an anchor stands in for what
 * was lost between, and a sealed epoch row says so.  A strike row whose MAC is
 * wrong may be torn or forged: it is frozen until staff has looked.
 */
#include "qrcred.h"

#include "catalog/pg_type.h"
#include "chain.h"
#include "epoch.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "store/publish.h"
#include "store/relations.h"

#define PROGRESS	100000

PG_FUNCTION_INFO_V1(qrcred_upgrade_store);

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

/* Brings one owner's rows together; true when an epoch was needed. */
static bool
take_up(int64 owner)
{
	QrChain		chain;
	QrStrikeRef seen;
	int64		last_no;

	if (!qr_chain_check(owner, &chain) || !qr_strike_find(owner, &seen))
		return false;
	if (chain.finding == NULL && seen.row.challenge_state == QC_CHALLENGE_NONE)
		return false;
	if (!chain.is_row_right)
		ereport(WARNING,
				(errmsg("the strike row of owner %lld does not fit its MAC and is frozen until released",
						(long long) owner)));
	last_no = Max(seen.row.attempt_no,
				  one_number("SELECT max(attempt_no) FROM qrcred_store.attempt WHERE owner = $1",
							 owner));
	qr_epoch(&seen, last_no, chain.first_bad, chain.finding != NULL,
			 chain.is_row_right);
	return chain.finding != NULL;
}

static void
take_up_all(void)
{
	Portal		portal = SPI_cursor_open_with_args(NULL,
												   "SELECT id FROM qrcred_store.strike s WHERE id > -8589934592"
												   " OR attempt_no > 0 OR EXISTS"
												   " (SELECT FROM qrcred_store.attempt a WHERE a.owner = s.id)"
												   " ORDER BY id",
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
	SPI_execute("INSERT INTO qrcred_store.strike (id) VALUES (0) ON CONFLICT DO NOTHING", false, 0);
	SPI_execute("INSERT INTO qrcred_store.strike (id) SELECT -(8589934592 + n)"
				" FROM pg_catalog.generate_series(0, 4095) n ON CONFLICT DO NOTHING", false, 0);
	SPI_execute("INSERT INTO qrcred_store.bucket SELECT 0, 4095, true WHERE NOT EXISTS (SELECT FROM qrcred_store.bucket)", false, 0);
	SPI_execute("SELECT FROM qrcred_store.key_check WHERE home <> qrcred.home()", false, 1);
	if (SPI_processed > 0)
	{
		SPI_execute("UPDATE qrcred_store.duty d SET role_oid = r.oid FROM pg_catalog.pg_roles r"
					" WHERE r.rolname = d.role_name", false, 0);
		SPI_execute("SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('qrcred_store.outbox', 'outbox_id'),"
		" GREATEST(max(outbox_id), (SELECT last_value FROM qrcred_store.outbox_outbox_id_seq))) FROM qrcred_store.outbox HAVING count(*) > 0", false, 0);
		/* a session of another database, or of an earlier day, is nobody's here */
		SPI_execute("DELETE FROM qrcred_store.session", false, 0);
		SPI_execute("UPDATE qrcred_store.issuer SET charge_oid = pg_catalog.to_regprocedure("
					"charge_name || '(uuid,text,text,numeric,text,text)')"
					" WHERE charge_name IS NOT NULL", false, 0);
		take_up_all();
		SPI_execute("UPDATE qrcred_store.key_check SET home = qrcred.home()", false, 0);
	}
	/* the grants went with the functions, if the extension was made anew */
	SPI_execute("SELECT qrcred.grant_duty(d.role_oid, d.duty, i.code)"
				" FROM qrcred_store.duty d JOIN pg_catalog.pg_roles r ON r.oid = d.role_oid"
				" LEFT JOIN qrcred_store.issuer i USING (issuer_id)", false, 0);
	SPI_finish();
	PG_RETURN_VOID();
}
