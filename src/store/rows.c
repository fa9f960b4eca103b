/*
 * rows.c
 *	  Index look-ups of the store's ordinary rows with the latest snapshot.
 */
#include "postgres.h"

#include "store/rows.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/transam.h"
#include "access/xact.h"
#include "store/kept.h"
#include "store/relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

/* One look-up under way. */
typedef struct Lookup
{
	Relation	rel;
	SysScanDesc scan;
	Snapshot	snapshot;
	uint64		state;			/* of the store before the snapshot; 0: what is read
								 * may be out of date unnoticed */
} Lookup;

static HeapTuple
lookup(Lookup *l, QrRel which, ScanKey keys, int nkeys)
{
	l->rel = qr_rel_open(which, AccessShareLock);
	l->state = qr_rel_is_announced(which) ? qr_store_state() : 0;
	l->snapshot = RegisterSnapshot(GetLatestSnapshot());
	l->scan = systable_beginscan(l->rel, qr_rel_index(which), true,
								 l->snapshot, nkeys, keys);
	return systable_getnext(l->scan);
}

static void
lookup_end(Lookup *l)
{
	systable_endscan(l->scan);
	UnregisterSnapshot(l->snapshot);
	relation_close(l->rel, AccessShareLock);
}

static Datum
column(Lookup *l, HeapTuple tuple, int attno, bool *isnull)
{
	return heap_getattr(tuple, attno, RelationGetDescr(l->rel), isnull);
}

static int
int_column(Lookup *l, HeapTuple tuple, int attno)
{
	bool		isnull;
	Datum		d = column(l, tuple, attno, &isnull);

	return isnull ? -1 : DatumGetInt32(d);
}

static bool
bool_column(Lookup *l, HeapTuple tuple, int attno)
{
	bool		isnull;
	Datum		d = column(l, tuple, attno, &isnull);

	return !isnull && DatumGetBool(d);
}

static void
text_column(Lookup *l, HeapTuple tuple, int attno, char *out, size_t size)
{
	bool		isnull;
	Datum		d = column(l, tuple, attno, &isnull);

	out[0] = '\0';
	if (!isnull)
		text_to_cstring_buffer(DatumGetTextPP(d), out, size);
}

bool
qr_read_issuer(int32 issuer_id, QrIssuer *issuer)
{
	Lookup		l;
	ScanKeyData key;
	HeapTuple	tuple;
	char		lang[3];
	char		verification[8];

	if (qr_kept_issuer(issuer_id, issuer))
		return true;
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(issuer_id));
	tuple = lookup(&l, QR_REL_ISSUER, &key, 1);
	if (HeapTupleIsValid(tuple))
	{
		issuer->issuer_id = issuer_id;
		text_column(&l, tuple, 2, issuer->code, sizeof(issuer->code));
		issuer->policy.digits = int_column(&l, tuple, 5);
		issuer->policy.challenge_seconds = int_column(&l, tuple, 6);
		issuer->policy.strike_limit = int_column(&l, tuple, 7);
		issuer->policy.freeze_seconds = int_column(&l, tuple, 8);
		issuer->policy.freeze_cap_seconds = int_column(&l, tuple, 9);
		issuer->policy.max_freezes = int_column(&l, tuple, 10);
		issuer->policy.freeze_memory_days = int_column(&l, tuple, 11);
		issuer->policy.wallet_skew_seconds = int_column(&l, tuple, 12);
		issuer->policy.skew_ahead = bool_column(&l, tuple, 13);
		issuer->policy.second_scan_required = bool_column(&l, tuple, 14);
		issuer->policy.static_alone = bool_column(&l, tuple, 15);
		issuer->policy.typed = bool_column(&l, tuple, 16);
		issuer->policy.ask_password = bool_column(&l, tuple, 17);
		issuer->policy.renew_grace_days = int_column(&l, tuple, 22);
		issuer->sync_standby = bool_column(&l, tuple, 18);
		issuer->notify = bool_column(&l, tuple, 19);
		issuer->has_limits = !heap_attisnull(tuple, 25, RelationGetDescr(l.rel));
		text_column(&l, tuple, 20, lang, sizeof(lang));
		issuer->lang = strcmp(lang, "zh") == 0 ? QR_LANG_ZH : QR_LANG_EN;
		text_column(&l, tuple, 26, verification, sizeof(verification));
		issuer->verification = strcmp(verification, "off") == 0 ? QR_VERIFICATION_OFF :
			strcmp(verification, "screen") == 0 ? QR_VERIFICATION_SCREEN : QR_VERIFICATION_SMS;
		issuer->keeps_card_password = bool_column(&l, tuple, 27);
	}
	lookup_end(&l);
	if (HeapTupleIsValid(tuple))
		qr_keep_issuer(issuer, l.state);
	return HeapTupleIsValid(tuple);
}

bool
qr_read_gateway(const char *name, QrGateway *gateway)
{
	Lookup		l;
	ScanKeyData key;
	HeapTuple	tuple;

	if (qr_kept_gateway(name, gateway))
		return true;
	ScanKeyInit(&key, 2, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(name));
	tuple = lookup(&l, QR_REL_GATEWAY, &key, 1);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		role = column(&l, tuple, 4, &isnull);

		gateway->gateway_id = int_column(&l, tuple, 1);
		gateway->has_role = !isnull;
		if (!isnull)
			gateway->role = *DatumGetName(role);
		gateway->enabled = bool_column(&l, tuple, 5);
	}
	lookup_end(&l);
	if (HeapTupleIsValid(tuple))
		qr_keep_gateway(name, gateway, l.state);
	return HeapTupleIsValid(tuple);
}

bool
qr_read_credential(int64 credential_id, QrCredential *credential)
{
	Lookup		l;
	ScanKeyData key;
	HeapTuple	tuple;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(credential_id));
	tuple = lookup(&l, QR_REL_CREDENTIAL, &key, 1);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;

		credential->credential_id = credential_id;
		credential->issuer_id = int_column(&l, tuple, 2);
		credential->customer_id = DatumGetInt64(column(&l, tuple, 3, &isnull));
		credential->kind = DatumGetInt16(column(&l, tuple, 4, &isnull));
		text_column(&l, tuple, 5, credential->customer_ref,
					sizeof(credential->customer_ref));
	}
	lookup_end(&l);
	return HeapTupleIsValid(tuple);
}

char *
qr_read_password_hash(int64 customer_id)
{
	Lookup		l;
	ScanKeyData key;
	HeapTuple	tuple;
	char	   *hash = NULL;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(customer_id));
	tuple = lookup(&l, QR_REL_CUSTOMER, &key, 1);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		d = column(&l, tuple, 11, &isnull);

		hash = isnull ? NULL : TextDatumGetCString(d);
	}
	lookup_end(&l);
	return hash;
}

bool
qr_read_key_check(int kid, uint8 check_value[8], bool *is_settled)
{
	Lookup		l;
	ScanKeyData key;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(kid));
	tuple = lookup(&l, QR_REL_KEY_CHECK, &key, 1);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		bytea	   *b = DatumGetByteaPP(column(&l, tuple, 2, &isnull));

		found = VARSIZE_ANY_EXHDR(b) == 8;
		if (found)
			memcpy(check_value, VARDATA_ANY(b), 8);
		*is_settled = !TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
	}
	lookup_end(&l);
	return found;
}

bool
qr_bucket_is_owned(int bucket)
{
	const bool *kept = qr_kept_buckets();
	bool		owned[QR_BUCKETS] = {false};
	Lookup		l;
	HeapTuple	tuple;

	if (bucket < 0 || bucket >= QR_BUCKETS)
		return false;
	if (kept != NULL)
		return kept[bucket];

	/* the ranges come in order of their first bucket; the last one below decides */
	for (tuple = lookup(&l, QR_REL_BUCKET, NULL, 0);
		 HeapTupleIsValid(tuple); tuple = systable_getnext(l.scan))
	{
		int			first = Max(int_column(&l, tuple, 1), 0);
		int			last = Min(int_column(&l, tuple, 2), QR_BUCKETS - 1);
		bool		is_owned = bool_column(&l, tuple, 3);
		int			i;

		for (i = first; i < QR_BUCKETS; i++)
			owned[i] = i <= last && is_owned;
	}
	lookup_end(&l);
	qr_keep_buckets(owned, l.state);
	return owned[bucket];
}

bool
qr_read_release(int64 credential_id, int32 freeze_no, uint8 mac[16], int *kid)
{
	Lookup		l;
	ScanKeyData keys[2];
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(credential_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(freeze_no));
	tuple = lookup(&l, QR_REL_RELEASE, keys, 2);
	if (HeapTupleIsValid(tuple) &&
		!TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data)))
	{
		bool		isnull;

		memcpy(mac, DatumGetUUIDP(column(&l, tuple, 3, &isnull))->data, 16);
		*kid = DatumGetInt16(column(&l, tuple, 4, &isnull));
		found = true;
	}
	lookup_end(&l);
	return found;
}
