/*
 * payers.c
 *	  SQL over logins, sessions, cards and biometric bindings.
 */
#include "postgres.h"

#include "store/payers.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#define LOGIN_COLUMNS "login_id, credential_id, kid, name, name_digest, password_hash"

int *
qr_login_kids(int *count)
{
	uint64		n = qr_query_latest("SELECT k.kid FROM qrcred_store.key_check k WHERE EXISTS"
									" (SELECT FROM qrcred_store.login l WHERE l.kid = k.kid)"
									" ORDER BY 1", 0, NULL, NULL);
	int		   *kids = palloc(sizeof(int) * Max(n, 1));
	uint64		i;

	for (i = 0; i < n; i++)
		kids[i] = DatumGetInt16(qr_value(i, 1));
	*count = (int) n;
	return kids;
}

static bool
login_row(QrLogin *login, uint64 found)
{
	if (found == 0)
		return false;
	login->login_id = DatumGetInt32(qr_value(0, 1));
	login->credential_id = DatumGetInt64(qr_value(0, 2));
	login->kid = DatumGetInt16(qr_value(0, 3));
	login->name = qr_value_bytes(0, 4);
	memcpy(login->digest, qr_value_bytes(0, 5).data, QC_SHA256_LEN);
	login->password_hash = qr_value_text(0, 6);
	return true;
}

bool
qr_login_find(int kid, const uint8 digest[QC_SHA256_LEN], QrLogin *login)
{
	Oid			types[] = {INT2OID, BYTEAOID};
	Datum		values[] = {Int16GetDatum(kid), qr_bytes_datum(digest, QC_SHA256_LEN)};

	return login_row(login, qr_query_latest("SELECT " LOGIN_COLUMNS " FROM qrcred_store.login"
											" WHERE kid = $1 AND name_digest = $2",
											lengthof(types), types, values));
}

bool
qr_login_of_credential(int64 credential_id, QrLogin *login)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(credential_id)};

	return login_row(login, qr_query_latest("SELECT " LOGIN_COLUMNS " FROM qrcred_store.login"
											" WHERE credential_id = $1",
											lengthof(types), types, values));
}

int32
qr_login_number(void)
{
	qr_query("SELECT nextval(pg_get_serial_sequence('qrcred_store.login', 'login_id'))::int4",
			 0, NULL, NULL);
	return DatumGetInt32(qr_value(0, 1));
}

bool
qr_login_insert(const QrLogin *login)
{
	Oid			types[] = {INT4OID, INT8OID, INT2OID, BYTEAOID, BYTEAOID, TEXTOID};
	Datum		values[] = {
		Int32GetDatum(login->login_id), Int64GetDatum(login->credential_id),
		Int16GetDatum(login->kid), qr_bytes_datum(login->name.data, login->name.len),
		qr_bytes_datum(login->digest, QC_SHA256_LEN),
		CStringGetTextDatum(login->password_hash)
	};
	Oid			strike_types[] = {INT8OID};
	Datum		strike_values[] = {Int64GetDatum(QR_LOGIN_OWNER(login->login_id))};

	if (qr_query("INSERT INTO qrcred_store.login (login_id, credential_id, kid, name,"
				 " name_digest, password_hash) OVERRIDING SYSTEM VALUE"
				 " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
				 lengthof(types), types, values) == 0)
		return false;
	qr_query("INSERT INTO qrcred_store.strike (id) VALUES ($1) ON CONFLICT DO NOTHING",
			 lengthof(strike_types), strike_types, strike_values);
	return true;
}

void
qr_login_delete(int32 login_id)
{
	Oid			types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(login_id)};

	qr_query("DELETE FROM qrcred_store.login WHERE login_id = $1",
			 lengthof(types), types, values);
}

bool
qr_login_update(const QrLogin *login)
{
	Oid			types[] = {INT4OID, INT2OID, BYTEAOID, BYTEAOID, TEXTOID};
	Datum		values[] = {
		Int32GetDatum(login->login_id), Int16GetDatum(login->kid),
		qr_bytes_datum(login->name.data, login->name.len),
		qr_bytes_datum(login->digest, QC_SHA256_LEN),
		CStringGetTextDatum(login->password_hash)
	};

	return qr_query("UPDATE qrcred_store.login SET kid = $2, name = $3, name_digest = $4,"
					" password_hash = $5 WHERE login_id = $1 AND NOT EXISTS"
					" (SELECT FROM qrcred_store.login o WHERE o.kid = $2"
					"  AND o.name_digest = $4 AND o.login_id <> $1)",
					lengthof(types), types, values) > 0;
}

int
qr_login_count_sending(int32 login_id, int max)
{
	Oid			types[] = {INT4OID, INT4OID};
	Datum		values[] = {Int32GetDatum(login_id), Int32GetDatum(max)};

	if (qr_query("UPDATE qrcred_store.login SET device_day = d.day, device_sendings ="
				 "  CASE WHEN device_day = d.day THEN device_sendings ELSE 0 END + 1"
				 " FROM (SELECT (pg_catalog.clock_timestamp() AT TIME ZONE 'UTC')::date AS day) d"
				 " WHERE login_id = $1 AND (device_day <> d.day OR device_sendings < $2)"
				 " RETURNING device_sendings", lengthof(types), types, values) == 0)
		return 0;
	return DatumGetInt32(qr_value(0, 1));
}

void
qr_session_insert(const uint8 sha256[QC_SHA256_LEN], int32 login_id, int32 gateway_id)
{
	Oid			types[] = {BYTEAOID, INT4OID, INT4OID};
	Datum		values[] = {qr_bytes_datum(sha256, QC_SHA256_LEN),
	Int32GetDatum(login_id), Int32GetDatum(gateway_id)};

	qr_query("INSERT INTO qrcred_store.session (sha256, login_id, gateway_id)"
			 " VALUES ($1, $2, $3)", lengthof(types), types, values);
}

bool
qr_session_row(const uint8 sha256[QC_SHA256_LEN], QrSessionRow *s)
{
	Oid			types[] = {BYTEAOID, INT4OID, INT4OID};
	Datum		values[] = {qr_bytes_datum(sha256, QC_SHA256_LEN),
	Int32GetDatum(QR_SESSION_IDLE_SECONDS), Int32GetDatum(QR_SESSION_SECONDS)};

	if (qr_query_latest("SELECT s.login_id, l.credential_id, g.gateway, s.sending,"
						"  CASE WHEN s.sending = 0 THEN 0 ELSE"
						"   pg_catalog.extract('epoch', pg_catalog.clock_timestamp() - s.sent)::int4 END"
						" FROM qrcred_store.session s"
						" JOIN qrcred_store.login l USING (login_id)"
						" JOIN qrcred_store.gateway g USING (gateway_id)"
						" WHERE s.sha256 = $1"
						"  AND s.used > pg_catalog.clock_timestamp() - make_interval(secs => $2)"
						"  AND s.started > pg_catalog.clock_timestamp() - make_interval(secs => $3)",
						lengthof(types), types, values) == 0)
		return false;
	memcpy(s->sha256, sha256, QC_SHA256_LEN);
	s->login_id = DatumGetInt32(qr_value(0, 1));
	s->credential_id = DatumGetInt64(qr_value(0, 2));
	s->gateway = qr_value_text(0, 3);
	s->sending = DatumGetInt32(qr_value(0, 4));
	s->sent_seconds = DatumGetInt32(qr_value(0, 5));
	return true;
}

void
qr_session_touch(const uint8 sha256[QC_SHA256_LEN])
{
	Oid			types[] = {BYTEAOID};
	Datum		values[] = {qr_bytes_datum(sha256, QC_SHA256_LEN)};

	/* a row that changed since the caller's snapshot would be an error there */
	if (IsolationUsesXactSnapshot())
		return;
	qr_query("UPDATE qrcred_store.session SET used = pg_catalog.clock_timestamp()"
			 " WHERE sha256 = (SELECT s.sha256 FROM qrcred_store.session s WHERE s.sha256 = $1"
			 "  AND s.used < pg_catalog.clock_timestamp() - interval '5 seconds'"
			 "  FOR UPDATE SKIP LOCKED)", lengthof(types), types, values);
}

void
qr_session_delete(const uint8 sha256[QC_SHA256_LEN])
{
	Oid			types[] = {BYTEAOID};
	Datum		values[] = {qr_bytes_datum(sha256, QC_SHA256_LEN)};

	qr_query("DELETE FROM qrcred_store.session WHERE sha256 = $1",
			 lengthof(types), types, values);
}

void
qr_sessions_delete(int32 login_id, const uint8 *but_sha256)
{
	Oid			types[] = {INT4OID, BYTEAOID};
	Datum		values[] = {Int32GetDatum(login_id),
	but_sha256 ? qr_bytes_datum(but_sha256, QC_SHA256_LEN) : (Datum) 0};

	qr_query_nulls("DELETE FROM qrcred_store.session WHERE login_id = $1"
				   " AND sha256 IS DISTINCT FROM $2",
				   lengthof(types), types, values, but_sha256 ? "  " : " n");
}

int
qr_session_count_sending(const uint8 sha256[QC_SHA256_LEN])
{
	Oid			types[] = {BYTEAOID};
	Datum		values[] = {qr_bytes_datum(sha256, QC_SHA256_LEN)};

	qr_query("UPDATE qrcred_store.session SET sending = sending + 1,"
			 " sent = pg_catalog.clock_timestamp() WHERE sha256 = $1 RETURNING sending",
			 lengthof(types), types, values);
	return DatumGetInt32(qr_value(0, 1));
}

void
qr_card_put(const QrCard *c)
{
	Oid			types[] = {INT8OID, INT2OID, BYTEAOID, BYTEAOID};
	Datum		values[] = {
		Int64GetDatum(c->credential_id), Int16GetDatum(c->kid),
		qr_bytes_datum(c->card.data, c->card.len),
		c->card_password.len > 0 ?
		qr_bytes_datum(c->card_password.data, c->card_password.len) : (Datum) 0
	};

	qr_query_nulls("INSERT INTO qrcred_store.card (credential_id, kid, card, card_password)"
				   " VALUES ($1, $2, $3, $4) ON CONFLICT (credential_id) DO UPDATE"
				   " SET kid = excluded.kid, card = excluded.card,"
				   "  card_password = excluded.card_password, bound = excluded.bound",
				   lengthof(types), types, values,
				   c->card_password.len > 0 ? "    " : "   n");
}

bool
qr_card_find(int64 credential_id, QrCard *c)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(credential_id)};

	memset(c, 0, sizeof(*c));
	if (qr_query_latest("SELECT kid, card, card_password FROM qrcred_store.card"
						" WHERE credential_id = $1", lengthof(types), types, values) == 0)
		return false;
	c->credential_id = credential_id;
	c->kid = DatumGetInt16(qr_value(0, 1));
	c->card = qr_value_bytes(0, 2);
	if (!qr_value_is_null(0, 3))
		c->card_password = qr_value_bytes(0, 3);
	return true;
}

void
qr_card_delete(int64 credential_id)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(credential_id)};

	qr_query("DELETE FROM qrcred_store.card WHERE credential_id = $1",
			 lengthof(types), types, values);
}

bool
qr_biometric_find(int64 credential_id, QrBiometric *b)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(credential_id)};

	memset(b, 0, sizeof(*b));
	if (qr_query_latest("SELECT generation, kid, salt, code, model, helper, key, bound_by"
						" FROM qrcred_store.biometric WHERE credential_id = $1",
						lengthof(types), types, values) == 0)
		return false;
	b->credential_id = credential_id;
	b->generation = DatumGetInt16(qr_value(0, 1));
	b->kid = DatumGetInt16(qr_value(0, 2));
	b->salt = qr_value_bytes(0, 3);
	b->is_bound = !qr_value_is_null(0, 6);
	if (!b->is_bound)
		return true;
	b->code = qr_value_text(0, 4);
	b->model = qr_value_text(0, 5);
	b->helper = qr_value(0, 6);
	b->key = qr_value_bytes(0, 7);
	b->bound_by = qr_value_bytes(0, 8);
	return true;
}

void
qr_biometric_put(const QrBiometric *b)
{
	Oid			types[] = {INT8OID, INT2OID, INT2OID, BYTEAOID, TEXTOID, TEXTOID,
	VARBITOID, BYTEAOID, BYTEAOID};
	Datum		values[] = {
		Int64GetDatum(b->credential_id), Int16GetDatum(b->generation),
		Int16GetDatum(b->kid), qr_bytes_datum(b->salt.data, b->salt.len),
		b->is_bound ? CStringGetTextDatum(b->code) : (Datum) 0,
		b->is_bound ? CStringGetTextDatum(b->model) : (Datum) 0,
		b->helper,
		b->is_bound ? qr_bytes_datum(b->key.data, b->key.len) : (Datum) 0,
		b->is_bound ? qr_bytes_datum(b->bound_by.data, b->bound_by.len) : (Datum) 0
	};

	qr_query_nulls("INSERT INTO qrcred_store.biometric (credential_id, generation, kid, salt,"
				   " code, model, helper, key, bound_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
				   " ON CONFLICT (credential_id) DO UPDATE SET generation = excluded.generation,"
				   "  kid = excluded.kid, salt = excluded.salt, code = excluded.code,"
				   "  model = excluded.model, helper = excluded.helper, key = excluded.key,"
				   "  bound_by = excluded.bound_by, changed = excluded.changed",
				   lengthof(types), types, values,
				   b->is_bound ? "         " : "    nnnnn");
}

void
qr_biometric_delete(int64 credential_id)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(credential_id)};

	qr_query("DELETE FROM qrcred_store.biometric WHERE credential_id = $1",
			 lengthof(types), types, values);
}
