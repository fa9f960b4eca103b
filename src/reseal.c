/*
 * reseal.c
 *	  Sealing a payer's values anew under another master key.
 *
 * Rows that others hold are passed over: the next batch finds them.
 */
#include "qrcred.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "loginname.h"
#include "miscadmin.h"
#include "reseal.h"
#include "seal.h"

/* A row's columns as the statements here select them. */
typedef struct Row
{
	int64		id;
	int			kid;
	QrBytes		value[2];		/* length 0: null */
} Row;

static Row *
rows(const char *sql, int kid, int batch, int nvalues, uint64 *n)
{
	Oid			types[] = {INT2OID, INT4OID};
	Datum		values[] = {Int16GetDatum(kid), Int32GetDatum(batch)};
	Row		   *found;
	uint64		i;
	int			j;

	*n = qr_query(sql, lengthof(types), types, values);
	found = palloc0(sizeof(Row) * Max(*n, 1));
	for (i = 0; i < *n; i++)
	{
		found[i].id = DatumGetInt64(qr_value(i, 1));
		found[i].kid = DatumGetInt16(qr_value(i, 2));
		for (j = 0; j < nvalues; j++)
			if (!qr_value_is_null(i, 3 + j))
				found[i].value[j] = qr_value_bytes(i, 3 + j);
	}
	return found;
}

/* One value from its old key to the new one. */
static QrBytes
reseal(const char *table, const char *column, const Row *row, QrBytes old, int kid)
{
	QrPlace		place = {table, column, row->id, row->kid};
	QrBytes		sealed = {NULL, 0};
	size_t		len;
	char	   *plain;

	if (old.len == 0)
		return sealed;
	plain = qr_unseal(&place, old, &len);
	place.kid = kid;
	sealed = qr_seal(&place, plain, len);
	qc_wipe(plain, len);
	return sealed;
}

static Datum
datum(QrBytes b)
{
	return b.len > 0 ? qr_bytes_datum(b.data, b.len) : (Datum) 0;
}

static void
reseal_logins(int kid, int batch)
{
	uint64		n;
	Row		   *found = rows("SELECT login_id::int8, kid, name FROM qrcred_store.login"
							 " WHERE kid <> $1 ORDER BY login_id LIMIT $2"
							 " FOR UPDATE SKIP LOCKED", kid, batch, 1, &n);
	uint64		i;

	for (i = 0; i < n; i++)
	{
		QrPlace		place = {"login", "name", found[i].id, found[i].kid};
		QrLogin		login = {0};
		Oid			types[] = {INT4OID, INT2OID, BYTEAOID, BYTEAOID};
		Datum		values[4];
		size_t		len;
		char	   *name = qr_unseal(&place, found[i].value[0], &len);

		CHECK_FOR_INTERRUPTS();
		login.login_id = (int32) found[i].id;
		qr_login_name(&login, name);
		qc_wipe(name, len);
		values[0] = Int32GetDatum(login.login_id);
		values[1] = Int16GetDatum(login.kid);
		values[2] = datum(login.name);
		values[3] = qr_bytes_datum(login.digest, QC_SHA256_LEN);
		qr_query("UPDATE qrcred_store.login SET kid = $2, name = $3, name_digest = $4"
				 " WHERE login_id = $1", lengthof(types), types, values);
	}
}

static void
reseal_cards(int kid, int batch)
{
	uint64		n;
	Row		   *found = rows("SELECT credential_id, kid, card, card_password FROM qrcred_store.card"
							 " WHERE kid <> $1 ORDER BY credential_id LIMIT $2"
							 " FOR UPDATE SKIP LOCKED", kid, batch, 2, &n);
	uint64		i;

	for (i = 0; i < n; i++)
	{
		QrCard		card = {found[i].id, kid, {NULL, 0}, {NULL, 0}};

		CHECK_FOR_INTERRUPTS();
		card.card = reseal("card", "card", &found[i], found[i].value[0], kid);
		card.card_password = reseal("card", "card_password", &found[i], found[i].value[1], kid);
		qr_card_put(&card);
	}
}

static void
reseal_biometrics(int kid, int batch)
{
	uint64		n;
	Row		   *found = rows("SELECT credential_id, kid, key FROM qrcred_store.biometric"
							 " WHERE kid <> $1 ORDER BY credential_id LIMIT $2"
							 " FOR UPDATE SKIP LOCKED", kid, batch, 1, &n);
	uint64		i;

	for (i = 0; i < n; i++)
	{
		QrBytes		key = reseal("biometric", "key", &found[i], found[i].value[0], kid);
		Oid			types[] = {INT8OID, INT2OID, BYTEAOID};
		Datum		values[] = {Int64GetDatum(found[i].id), Int16GetDatum(kid), datum(key)};

		CHECK_FOR_INTERRUPTS();
		qr_query_nulls("UPDATE qrcred_store.biometric SET kid = $2, key = $3"
					   " WHERE credential_id = $1", lengthof(types), types, values,
					   key.len > 0 ? "   " : "  n");
	}
}

void
qr_reseal_payers(int kid, int batch)
{
	reseal_logins(kid, batch);
	reseal_cards(kid, batch);
	reseal_biometrics(kid, batch);
}
