/*
 * rekey.c
 *	  From one master key to the next: re-sealing what is stored, and retiring
 *	  a key that nothing hangs on any more.
 *
 * Verification goes on meanwhile: each row names the key it was made with.
 */
#include "qrcred.h"

#include "chain.h"
#include "epoch.h"
#include "executor/spi.h"
#include "keyring/keyring.h"
#include "master.h"
#include "miscadmin.h"
#include "personal.h"
#include "reseal.h"
#include "store/keyuse.h"
#include "store/relations.h"

#define BATCH_MAX	1000000

PG_FUNCTION_INFO_V1(qrcred_rekey);
PG_FUNCTION_INFO_V1(qrcred_retire_key);
PG_FUNCTION_INFO_V1(qrcred_keyring_has);

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

/* rekey(batch): one batch; call it again, each in a transaction of its own. */
Datum
qrcred_rekey(PG_FUNCTION_ARGS)
{
	int			batch = (int) qr_int_arg(fcinfo, 0, "batch", 1, BATCH_MAX);
	uint8		master[QC_KEY_LEN];
	volatile int kid = 0;
	QrKeyUse	left;

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
	qr_key_queue_renewals(kid, batch);
	qr_key_left(kid, &left);
	SPI_finish();
	ereport(NOTICE,
			(errmsg("master key %d: %lld customers and %lld payers still to re-seal, %lld credentials still on an older key",
					kid, (long long) left.customers, (long long) left.payers,
					(long long) left.credentials)));
	PG_RETURN_VOID();
}

/* Closes the chain of every owner in whose log the key is needed. */
static void
close_chains(int kid)
{
	uint64		n;
	int64	   *owners = qr_key_owners(kid, &n);
	uint64		i;

	for (i = 0; i < n; i++)
	{
		int64		owner = owners[i];
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
	QrKeyUse	use;

	qr_store_ready();
	if (kid == qr_keyring_current())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("master key %d is the current one", kid),
				 errhint("Make another key current first.")));
	SPI_connect();
	if (!qr_key_is_in_use(kid))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"kid\" names no key in use")));
	qr_key_use(kid, &use);
	refuse_if(use.credentials, kid, "credentials");
	refuse_if(use.customers, kid, "customers");
	refuse_if(use.payers, kid, "payers");
	refuse_if(use.payments, kid, "payments under way");
	close_chains(kid);
	qr_key_retire(kid);
	SPI_finish();
	PG_RETURN_VOID();
}

/* keyring_has(kid): for view key_usage. */
Datum
qrcred_keyring_has(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(qr_keyring_has((int) qr_int_arg(fcinfo, 0, "kid", 1, 255)));
}
