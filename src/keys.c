/*
 * keys.c
 *	  What an owner may know about the master keys: which are there, which is
 *	  current, and their check values; never a key.
 */
#include "qrcred.h"

#include "core/keys.h"
#include "funcapi.h"
#include "keyring/keyring.h"
#include "keyring/parse.h"

#define CHECK_BYTES		8

PG_FUNCTION_INFO_V1(qrcred_key_check);

static void
put_key(ReturnSetInfo *rsinfo, int kid, int current)
{
	uint8		key[QC_KEY_LEN];
	bytea	   *check = palloc(VARHDRSZ + CHECK_BYTES);
	QcStatus	status;
	Datum		values[3];
	bool		nulls[3] = {false};

	SET_VARSIZE(check, VARHDRSZ + CHECK_BYTES);
	qr_keyring_get(kid, key);
	status = qc_check_value(qr_mac(), key, (uint8 *) VARDATA(check));
	qc_wipe(key, sizeof(key));
	qc_mac_forget(qr_mac());
	qr_check(status, "kid");

	values[0] = Int32GetDatum(kid);
	values[1] = PointerGetDatum(check);
	values[2] = BoolGetDatum(kid == current);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	pfree(check);
}

Datum
qrcred_key_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			wanted = 0;
	int			current;

	if (!PG_ARGISNULL(0))
		wanted = qr_int_arg(fcinfo, 0, "kid", 1, QR_KID_MAX);
	InitMaterializedSRF(fcinfo, 0);
	current = qr_keyring_current();
	if (wanted != 0)
	{
		put_key(rsinfo, wanted, current);
		return (Datum) 0;
	}
	for (int kid = 1; kid <= QR_KID_MAX; kid++)
		if (qr_keyring_has(kid))
			put_key(rsinfo, kid, current);
	return (Datum) 0;
}
