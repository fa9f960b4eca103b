/*
 * rekey.c
 *	  From one master key to the next: re-sealing what is stored, and retiring
 *	  a key that nothing hangs on any more.
 *
 * Verification goes on meanwhile: each row names the key it was made with.
 */
#include "qrcred.h"

#include "catalog/pg_type.h"
#include "chain.h"
#include "epoch.h"
#include "executor/spi.h"
#include "keyring/keyring.h"
#include "master.h"
#include "miscadmin.h"
#include "personal.h"
#include "reseal.h"
#include "store/relations.h"

#define BATCH_MAX	1000000

/* How many payers have something sealed under a key; the condition is on kid. */
#define PAYERS_ON(condition) \
	"SELECT count(*) FROM (SELECT credential_id FROM qrcred_store.login WHERE kid " condition \
	" UNION SELECT credential_id FROM qrcred_store.card WHERE kid " condition \
	" UNION SELECT credential_id FROM qrcred_store.biometric WHERE kid " condition ") p"

PG_FUNCTION_INFO_V1(qrcred_rekey);
PG_FUNCTION_INFO_V1(qrcred_retire_key);
PG_FUNCTION_INFO_V1(qrcred_keyring_has);

static int64
count(const char *sql, int kid)
{
	Oid			types[] = {INT2OID};
	Datum		values[] = {Int16GetDatum(kid)};
	bool		isnull;

	SPI_execute_with_args(sql, 1, types, values, NULL, false, 0);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
									   1, &isnull));
}

/* One customer's data from its old key to the given one. */
static void
reseal(QrCustomer *c, int kid, const uint8 *master)
{
	QrPersonalData data = {0};
	QrTerms		terms;

	qr_terms_of_id(c->issuer_id, &terms);
	qr_personal_open(c, &data);
	PG_TRY();
	{
		c->kid = kid;
		qr_personal_seal(master, &terms, &data, c);
	}
	PG_FINALLY();
	{
		qr_personal_wipe(&data);
	}
	PG_END_TRY();
	qr_customer_update(c);
}

static int
reseal_batch(int batch, uint8 *master)
{
	int			kid = qr_master_use(master);
	int			n;
	QrCustomer *customers = qr_customers_to_rekey(kid, batch, &n);
	int			i;

	for (i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		reseal(&customers[i], kid, master);
	}
	return kid;
}

/* Asks wallets on an old key to renew, once for each key that became current. */
static void
queue_renewals(int kid, int batch)
{
	Oid			types[] = {INT2OID, INT4OID, INT2OID};
	Datum		values[] = {Int16GetDatum(kid), Int32GetDatum(batch),
	Int16GetDatum(QC_NOTICE_RENEW)};

	SPI_execute_with_args("INSERT INTO qrcred_store.outbox (kind, credential_id)"
						  " SELECT $3, s.id FROM qrcred_store.strike s"
						  " WHERE s.id > 0 AND s.kid <> $1 AND s.flags & 1 = 0 AND s.flags & 16 <> 0"
						  " AND NOT EXISTS (SELECT FROM qrcred_store.outbox o, qrcred_store.key_check k"
						  "  WHERE o.credential_id = s.id AND o.kind = $3 AND k.kid = $1"
						  "  AND o.made >= k.first_used)"
						  " ORDER BY s.id LIMIT $2", 3, types, values, NULL, false, 0);
}

/* rekey(batch): one batch; call it again, each in a transaction of its own. */
Datum
qrcred_rekey(PG_FUNCTION_ARGS)
{
	int			batch = (int) qr_int_arg(fcinfo, 0, "batch", 1, BATCH_MAX);
	uint8		master[QC_KEY_LEN];
	volatile int kid = 0;
	int64		customers;
	int64		payers;
	int64		wallets;

	qr_store_ready();
	SPI_connect();
	PG_TRY();
	{
		kid = reseal_batch(batch, master);
	}
	PG_FINALLY();
	{
		qc_wipe(master, sizeof(master));
	}
	PG_END_TRY();
	qr_reseal_payers(kid, batch);
	queue_renewals(kid, batch);
	customers = count("SELECT count(*) FROM qrcred_store.customer WHERE kid <> $1 AND full_name <> ''", kid);
	payers = count(PAYERS_ON("<> $1"), kid);
	wallets = count("SELECT count(*) FROM qrcred_store.strike WHERE id > 0 AND kid <> $1 AND flags & 1 = 0", kid);
	SPI_finish();
	ereport(NOTICE,
			(errmsg("master key %d: %lld customers and %lld payers still to re-seal, %lld credentials still on an older key",
					kid, (long long) customers, (long long) payers, (long long) wallets)));
	PG_RETURN_VOID();
}

/* Closes the chain of every owner in whose log the key is needed; reads the whole log. */
static void
close_chains(int kid)
{
	Oid			types[] = {INT2OID};
	Datum		values[] = {Int16GetDatum(kid)};
	SPITupleTable *table;
	uint64		n;
	uint64		i;

	SPI_execute_with_args("SELECT id FROM qrcred_store.strike WHERE seal_kid = $1"
						  " UNION SELECT owner FROM qrcred_store.anchor WHERE kid = $1"
						  " UNION SELECT owner FROM qrcred_store.attempt WHERE kid = $1 ORDER BY 1",
						  1, types, values, NULL, false, 0);
	table = SPI_tuptable;
	n = SPI_processed;
	for (i = 0; i < n; i++)
	{
		bool		isnull;
		int64		owner = DatumGetInt64(SPI_getbinval(table->vals[i], table->tupdesc, 1, &isnull));
		QrChain		chain;
		QrStrikeRef seen;

		CHECK_FOR_INTERRUPTS();
		if (!qr_chain_check(owner, &chain) || !qr_strike_find(owner, &seen))
			continue;
		if (chain.finding != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the log of owner %lld is not whole: %s at %lld", (long long) owner,
							chain.finding, (long long) chain.first_bad),
					 errhint("Look into it with qrcred.audit() while the key can still prove it.")));
		qr_epoch(&seen, seen.row.attempt_no, 0, true, true);
	}
}

static void
refuse_if(int64 n, int kid, const char *what)
{
	if (n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("master key %d is still needed by %lld %s", kid, (long long) n, what),
				 errhint("Call qrcred.rekey() until none is left, and renew or void the credentials; view qrcred.key_usage counts them.")));
}

/* retire_key(kid): afterwards the key may leave the keyring. */
Datum
qrcred_retire_key(PG_FUNCTION_ARGS)
{
	int			kid = (int) qr_int_arg(fcinfo, 0, "kid", 1, 255);
	Oid			types[] = {INT2OID};
	Datum		values[] = {Int16GetDatum(kid)};

	qr_store_ready();
	if (kid == qr_keyring_current())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("master key %d is the current one", kid),
				 errhint("Make another key current first.")));
	SPI_connect();
	if (count("SELECT count(*) FROM qrcred_store.key_check WHERE kid = $1 AND retired IS NULL", kid) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"kid\" names no key in use")));
	refuse_if(count("SELECT count(*) FROM qrcred_store.strike WHERE id > 0 AND kid = $1 AND flags & 1 = 0", kid),
			  kid, "credentials");
	refuse_if(count("SELECT count(*) FROM qrcred_store.customer WHERE kid = $1 AND full_name <> ''", kid),
			  kid, "customers");
	refuse_if(count(PAYERS_ON("= $1"), kid), kid, "payers");
	refuse_if(count("SELECT count(*) FROM qrcred_store.payment WHERE kid = $1"
					" AND state IN ('open', 'presented')"
					" AND (asked IS NOT NULL OR expires > pg_catalog.clock_timestamp())", kid),
			  kid, "payments under way");
	close_chains(kid);
	SPI_execute_with_args("UPDATE qrcred_store.key_check SET retired = pg_catalog.clock_timestamp()"
						  " WHERE kid = $1", 1, types, values, NULL, false, 0);
	SPI_finish();
	PG_RETURN_VOID();
}

/* keyring_has(kid): for view key_usage. */
Datum
qrcred_keyring_has(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(qr_keyring_has((int) qr_int_arg(fcinfo, 0, "kid", 1, 255)));
}
