/*
 * master.c
 *	  Master keys, checked against the store before anything is judged by them.
 */
#include "qrcred.h"

#include "catalog/pg_type.h"
#include "core/keys.h"
#include "executor/spi.h"
#include "keyring/keyring.h"
#include "master.h"
#include "store/relations.h"
#include "store/rows.h"

#define CHECK_LEN	8

/*
 * Key numbers whose check value was found right, for one reading of the keyring
 * and one state of the store's tables: another store in this one's place may
 * have been used with other keys.
 */
static uint8 is_right[256];
static uint64 right_epoch = 0;
static uint64 right_state = 0;

/* Needs no look at the stored check value; false while the tables are not checked. */
static bool
is_known_right(int kid)
{
	uint64		state = qr_store_state();

	if (right_epoch != qr_keyring_epoch() || right_state != state)
		memset(is_right, 0, sizeof(is_right));
	right_epoch = qr_keyring_epoch();
	right_state = state;
	return state != 0 && is_right[kid];
}

/* As qr_master(); *is_noted says whether the store knows the key. */
static int
checked_master(int kid, uint8 key[QC_KEY_LEN], bool *is_noted)
{
	uint8		stored[CHECK_LEN];
	uint8		value[CHECK_LEN];
	bool		is_settled = false;
	QcStatus	status;

	if (kid == 0)
		kid = qr_keyring_current();
	else
		(void) qr_keyring_has(kid);
	if (kid < 1 || kid > 255)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("a stored row names master key %d", kid)));

	/*
	 * The keyring was read just now where a reload asked for it.  Whatever may
	 * raise comes before the key is copied.
	 */
	if (is_known_right(kid))
	{
		qr_keyring_get(kid, key);
		*is_noted = true;
		return kid;
	}
	*is_noted = qr_read_key_check(kid, stored, &is_settled);
	qr_keyring_get(kid, key);
	if (!*is_noted)
		return kid;

	status = qc_check_value(qr_mac(), key, value);
	if (status == QC_OK && qc_equal(stored, value, sizeof(value)))
	{
		/* a check value that this transaction noted may yet go with it */
		is_right[kid] = is_settled;
		return kid;
	}
	qc_wipe(key, QC_KEY_LEN);
	qr_check(status, "key check value");
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("master key %d is not the key that this store was used with", kid),
			 errdetail("Its key check value differs from the stored one; nothing was judged or counted."),
			 errhint("Put the right key %d into the keyring and reload the configuration.", kid)));
	return 0;
}

int
qr_master(int kid, uint8 key[QC_KEY_LEN])
{
	bool		is_noted;

	return checked_master(kid, key, &is_noted);
}

/*
 * The key to seal with now: the current one once the store has noted it.
 * Before its first use that is an older one which the store knows, so that a
 * wrong keyring after a restore never seals anything; a store without any
 * noted key takes the current one.
 */
static int
sealing_kid(void)
{
	int			current = qr_keyring_current();
	bool		is_any_noted = false;
	bool		is_settled;
	uint8		stored[CHECK_LEN];
	int			kid;

	if (is_known_right(current))
		return current;
	if (qr_read_key_check(current, stored, &is_settled))
		return current;
	for (kid = 255; kid > 0; kid--)
		if (qr_read_key_check(kid, stored, &is_settled))
		{
			is_any_noted = true;
			if (qr_keyring_has(kid))
				return kid;
		}
	if (is_any_noted)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the keyring has none of the master keys that this store was used with"),
				 errdetail("The current one, %d, is not known to the store; nothing was judged or counted.", current),
				 errhint("Put the right keys into the keyring and reload the configuration.")));
	return current;
}

int
qr_audit_key(int kid, uint8 key[QC_KEY_LEN])
{
	uint8		master[QC_KEY_LEN];
	QcStatus	status;

	if (kid == 0)
		kid = sealing_kid();
	else if (!qr_keyring_has(kid))
		return 0;
	if (is_known_right(kid) && qr_keyring_get_derived(kid, key))
		return kid;
	kid = qr_master(kid, master);
	status = qc_master_key(qr_mac(), master, QC_MASTER_AUDIT, key);
	qc_wipe(master, sizeof(master));
	qr_check(status, "audit key");
	/* not yet while the store does not know this master key: it may turn out the wrong one */
	if (is_right[kid])
		qr_keyring_keep_derived(kid, key);
	return kid;
}

int
qr_master_use(uint8 key[QC_KEY_LEN])
{
	bool		is_noted;
	int			kid = checked_master(0, key, &is_noted);
	uint8		value[CHECK_LEN];
	bytea	   *b;
	Oid			types[2] = {INT2OID, BYTEAOID};
	Datum		values[2];

	if (is_noted)
		return kid;
	if (SPI_execute_with_args("SELECT FROM qrcred_store.key_check WHERE kid = $1 AND retired IS NOT NULL",
							  1, types, (Datum[]) {Int16GetDatum(kid)}, NULL, false, 1) > 0 &&
		SPI_processed > 0)
	{
		qc_wipe(key, QC_KEY_LEN);
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("master key %d is retired", kid),
				 errhint("A key number is never used again: make a new key under another number and mark it current.")));
	}
	qr_check(qc_check_value(qr_mac(), key, value), "key check value");
	b = palloc(VARHDRSZ + CHECK_LEN);
	SET_VARSIZE(b, VARHDRSZ + CHECK_LEN);
	memcpy(VARDATA(b), value, CHECK_LEN);
	values[0] = Int16GetDatum(kid);
	values[1] = PointerGetDatum(b);
	if (SPI_execute_with_args("INSERT INTO qrcred_store.key_check (kid, check_value, home)"
							  " VALUES ($1, $2, qrcred.home()) ON CONFLICT (kid) DO NOTHING",
							  2, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not note the key check value");
	return kid;
}

void
qr_credential_key(const QcStrike *s, const char *label, uint8 key[QC_KEY_LEN])
{
	uint8		master[QC_KEY_LEN];
	QcStatus	status;

	(void) qr_master(s->kid, master);
	status = qc_credential_key(qr_mac(), master, label, s->id, s->generation,
							   s->digest, key);
	qc_wipe(master, sizeof(master));
	qr_check(status, "credential key");
}

void
qr_challenge_digits(const QcStrike *s, const uint8 *nonce, const uint8 *text,
					int n, char digits[QC_DIGITS_MAX + 1])
{
	uint8		key[QC_KEY_LEN];
	QcStatus	status;

	qr_credential_key(s, QC_CRED_CHALLENGE, key);
	status = qc_challenge_digits(qr_mac(), key, nonce, text, n, digits);
	qc_wipe(key, sizeof(key));
	qr_check(status, "challenge");
}
