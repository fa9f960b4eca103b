/*
 * keyuse.c
 *	  SQL over what hangs on a master key.
 */
#include "postgres.h"

#include "store/keyuse.h"

#include "catalog/pg_type.h"
#include "core/lifecycle.h"
#include "utils/memutils.h"

/* Conditions on kid stand in the statements' texts, each of which has its plan. */
#define CUSTOMERS_ON(condition) \
	"SELECT count(*) FROM qrcred_store.customer WHERE kid " condition " AND full_name <> ''"
#define PAYERS_ON(condition) \
	"SELECT count(*) FROM (SELECT credential_id FROM qrcred_store.login WHERE kid " condition \
	" UNION SELECT credential_id FROM qrcred_store.card WHERE kid " condition \
	" UNION SELECT credential_id FROM qrcred_store.biometric WHERE kid " condition ") p"
#define CREDENTIALS_ON(condition) \
	"SELECT count(*) FROM qrcred_store.strike WHERE id > 0 AND kid " condition " AND flags & 1 = 0"

/* A table's statements have the same arguments: id, kid, values, digest. */
static const struct
{
	const char *table;
	const char *column[QR_SEALED_COLUMNS];
	const char *select;
	const char *update;
}			sealeds[QR_SEALEDS] = {
	[QR_SEALED_LOGIN] = {
		"login", {"name"},
		"SELECT login_id::int8, kid, name, NULL::bytea FROM qrcred_store.login"
		" WHERE kid <> $1 ORDER BY login_id LIMIT $2 FOR UPDATE SKIP LOCKED",
		"UPDATE qrcred_store.login SET kid = $2, name = $3, name_digest = $5"
		" WHERE login_id = $1"
	},
	[QR_SEALED_CARD] = {
		"card", {"card", "card_password"},
		"SELECT credential_id, kid, card, card_password FROM qrcred_store.card"
		" WHERE kid <> $1 ORDER BY credential_id LIMIT $2 FOR UPDATE SKIP LOCKED",
		"UPDATE qrcred_store.card SET kid = $2, card = $3, card_password = $4"
		" WHERE credential_id = $1"
	},
	[QR_SEALED_BIOMETRIC] = {
		"biometric", {"key"},
		"SELECT credential_id, kid, key, NULL::bytea FROM qrcred_store.biometric"
		" WHERE kid <> $1 ORDER BY credential_id LIMIT $2 FOR UPDATE SKIP LOCKED",
		"UPDATE qrcred_store.biometric SET kid = $2, key = $3 WHERE credential_id = $1"
	}
};

static int64
count(const char *sql, int kid)
{
	Oid			types[] = {INT2OID};
	Datum		values[] = {Int16GetDatum(kid)};

	qr_query(sql, lengthof(types), types, values);
	return DatumGetInt64(qr_value(0, 1));
}

void
qr_key_use(int kid, QrKeyUse *use)
{
	use->customers = count(CUSTOMERS_ON("= $1"), kid);
	use->payers = count(PAYERS_ON("= $1"), kid);
	use->credentials = count(CREDENTIALS_ON("= $1"), kid);
	use->payments = count("SELECT count(*) FROM qrcred_store.payment WHERE kid = $1"
						  " AND state IN ('open', 'presented')"
						  " AND (asked IS NOT NULL OR expires > pg_catalog.clock_timestamp())", kid);
}

void
qr_key_left(int kid, QrKeyUse *left)
{
	left->customers = count(CUSTOMERS_ON("<> $1"), kid);
	left->payers = count(PAYERS_ON("<> $1"), kid);
	left->credentials = count(CREDENTIALS_ON("<> $1"), kid);
	left->payments = 0;
}

bool
qr_key_is_in_use(int kid)
{
	return count("SELECT count(*) FROM qrcred_store.key_check WHERE kid = $1 AND retired IS NULL",
				 kid) > 0;
}

void
qr_key_retire(int kid)
{
	Oid			types[] = {INT2OID};
	Datum		values[] = {Int16GetDatum(kid)};

	qr_query("UPDATE qrcred_store.key_check SET retired = pg_catalog.clock_timestamp()"
			 " WHERE kid = $1", lengthof(types), types, values);
}

int64 *
qr_key_owners(int kid, uint64 *n)
{
	Oid			types[] = {INT2OID};
	Datum		values[] = {Int16GetDatum(kid)};
	int64	   *owners;
	uint64		i;

	*n = qr_query("SELECT id FROM qrcred_store.strike WHERE seal_kid = $1"
				  " UNION SELECT owner FROM qrcred_store.anchor WHERE kid = $1"
				  " UNION SELECT owner FROM qrcred_store.attempt WHERE kid = $1 ORDER BY 1",
				  lengthof(types), types, values);
	owners = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * Max(*n, 1));
	for (i = 0; i < *n; i++)
		owners[i] = DatumGetInt64(qr_value(i, 1));
	return owners;
}

void
qr_key_queue_renewals(int kid, int max)
{
	Oid			types[] = {INT2OID, INT4OID, INT2OID};
	Datum		values[] = {Int16GetDatum(kid), Int32GetDatum(max),
	Int16GetDatum(QC_NOTICE_RENEW)};

	qr_query("INSERT INTO qrcred_store.outbox (kind, credential_id)"
			 " SELECT $3, s.id FROM qrcred_store.strike s"
			 " WHERE s.id > 0 AND s.kid <> $1 AND s.flags & 1 = 0 AND s.flags & 16 <> 0"
			 " AND NOT EXISTS (SELECT FROM qrcred_store.outbox o, qrcred_store.key_check k"
			 "  WHERE o.credential_id = s.id AND o.kind = $3 AND k.kid = $1"
			 "  AND o.made >= k.first_used)"
			 " ORDER BY s.id LIMIT $2", lengthof(types), types, values);
}

const char *
qr_sealed_table(QrSealed sealed)
{
	return sealeds[sealed].table;
}

const char *
qr_sealed_column(QrSealed sealed, int column)
{
	return sealeds[sealed].column[column];
}

QrSealedRow *
qr_sealed_to_rekey(QrSealed sealed, int kid, int max, uint64 *n)
{
	Oid			types[] = {INT2OID, INT4OID};
	Datum		values[] = {Int16GetDatum(kid), Int32GetDatum(max)};
	QrSealedRow *rows;
	uint64		i;
	int			j;

	*n = qr_query(sealeds[sealed].select, lengthof(types), types, values);
	rows = palloc0(sizeof(QrSealedRow) * Max(*n, 1));
	for (i = 0; i < *n; i++)
	{
		rows[i].id = DatumGetInt64(qr_value(i, 1));
		rows[i].kid = DatumGetInt16(qr_value(i, 2));
		for (j = 0; j < QR_SEALED_COLUMNS; j++)
			if (!qr_value_is_null(i, 3 + j))
				rows[i].value[j] = qr_value_bytes(i, 3 + j);
	}
	return rows;
}

void
qr_sealed_update(QrSealed sealed, const QrSealedRow *row)
{
	Oid			types[] = {INT8OID, INT2OID, BYTEAOID, BYTEAOID, BYTEAOID};
	Datum		values[] = {Int64GetDatum(row->id), Int16GetDatum(row->kid), (Datum) 0,
		(Datum) 0, qr_bytes_datum(row->digest, QC_SHA256_LEN)
	};
	char		nulls[] = "  nn ";
	int			j;

	for (j = 0; j < QR_SEALED_COLUMNS; j++)
		if (row->value[j].len > 0)
		{
			values[2 + j] = qr_bytes_datum(row->value[j].data, row->value[j].len);
			nulls[2 + j] = ' ';
		}
	qr_query_nulls(sealeds[sealed].update, lengthof(types), types, values, nulls);
}
