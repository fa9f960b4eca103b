/*
 * registry.c
 *	  SQL over the store's ordinary tables.
 */
#include "postgres.h"

#include "store/registry.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "store/publish.h"
#include "store/query.h"
#include "store/relations.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#define TERMS_COLUMNS \
	"issuer_id, code, name, purpose, wallet_url, digits, valid_days, ticket_hours, activation"
#define CUSTOMER_COLUMNS \
	"customer_id, kid, customer_ref, full_name, id_number, phone," \
	" answer_id_number, answer_phone, answer_id_last4, issuer_id"

void
qr_owner_begin(QrOwner *before)
{
	Oid			owner;
	Oid			schema;

	if (!qr_extension("qrcred", &owner, &schema))
		elog(ERROR, "extension qrcred is missing");
	GetUserIdAndSecContext(&before->user, &before->context);
	SetUserIdAndSecContext(owner, before->context | SECURITY_LOCAL_USERID_CHANGE);
}

void
qr_owner_end(const QrOwner *before)
{
	SetUserIdAndSecContext(before->user, before->context);
}

static void
terms_row(QrTerms *terms)
{
	terms->issuer_id = DatumGetInt32(qr_value(0, 1));
	terms->code = qr_value_text(0, 2);
	terms->name = qr_value_text(0, 3);
	terms->purpose = qr_value_text(0, 4);
	terms->wallet_url = qr_value_text(0, 5);
	terms->digits = DatumGetInt32(qr_value(0, 6));
	terms->valid_days = DatumGetInt32(qr_value(0, 7));
	terms->ticket_hours = DatumGetInt32(qr_value(0, 8));
	terms->asks_id_last4 = strcmp(qr_value_text(0, 9), "id_last4") == 0;
}

void
qr_terms_of(const char *issuer_code, QrTerms *terms)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(issuer_code)};

	if (qr_query("SELECT " TERMS_COLUMNS " FROM qrcred_store.issuer WHERE code = $1",
			1, types, values) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"issuer\" names no issuer"),
				 errhint("Issuers are made with qrcred.create_issuer().")));
	terms_row(terms);
}

bool
qr_issuer_exists(const char *issuer_code)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(issuer_code)};

	return qr_query("SELECT FROM qrcred_store.issuer WHERE code = $1",
			   1, types, values) > 0;
}

void
qr_terms_of_id(int32 issuer_id, QrTerms *terms)
{
	Oid			types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(issuer_id)};

	if (qr_query("SELECT " TERMS_COLUMNS " FROM qrcred_store.issuer WHERE issuer_id = $1",
			1, types, values) == 0)
		elog(ERROR, "issuer %d is missing", issuer_id);
	terms_row(terms);
}

void
qr_require_issuer(int32 issuer_id, const char *duty)
{
	Oid			types[] = {INT4OID, TEXTOID};
	Datum		values[] = {Int32GetDatum(issuer_id), CStringGetTextDatum(duty)};

	qr_query("SELECT qrcred.require_issuer($1, $2)", lengthof(types), types, values);
}

int64
qr_customer_number(void)
{
	qr_query("SELECT nextval(pg_get_serial_sequence('qrcred_store.customer', 'customer_id'))",
		0, NULL, NULL);
	return DatumGetInt64(qr_value(0, 1));
}

void
qr_customer_insert(int32 issuer_id, const QrCustomer *c)
{
	Oid			types[] = {INT8OID, INT4OID, TEXTOID, INT2OID, BYTEAOID, BYTEAOID,
	BYTEAOID, BYTEAOID, BYTEAOID, BYTEAOID};
	Datum		values[] = {
		Int64GetDatum(c->customer_id), Int32GetDatum(issuer_id),
		CStringGetTextDatum(c->customer_ref), Int16GetDatum(c->kid),
		qr_bytes_datum(c->sealed[QR_FULL_NAME].data, c->sealed[QR_FULL_NAME].len),
		qr_bytes_datum(c->sealed[QR_ID_NUMBER].data, c->sealed[QR_ID_NUMBER].len),
		qr_bytes_datum(c->sealed[QR_PHONE].data, c->sealed[QR_PHONE].len),
		qr_bytes_datum(c->answer_id_number.data, c->answer_id_number.len),
		qr_bytes_datum(c->answer_phone.data, c->answer_phone.len),
		qr_bytes_datum(c->answer_id_last4.data, c->answer_id_last4.len)
	};

	/* a violation of the constraint itself would put the reference into the log */
	if (qr_query("INSERT INTO qrcred_store.customer (customer_id, issuer_id, customer_ref, kid,"
			" full_name, id_number, phone, answer_id_number, answer_phone, answer_id_last4)"
			" OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
			" ON CONFLICT (issuer_id, customer_ref) DO NOTHING",
			lengthof(types), types, values) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("the issuer has registered a customer of this customer_ref already")));
}

static void
read_customer(uint64 row, QrCustomer *c)
{
	c->customer_id = DatumGetInt64(qr_value(row, 1));
	c->kid = DatumGetInt16(qr_value(row, 2));
	c->customer_ref = TextDatumGetCString(qr_value(row, 3));
	c->sealed[QR_FULL_NAME] = qr_value_bytes(row, 4);
	c->sealed[QR_ID_NUMBER] = qr_value_bytes(row, 5);
	c->sealed[QR_PHONE] = qr_value_bytes(row, 6);
	c->answer_id_number = qr_value_bytes(row, 7);
	c->answer_phone = qr_value_bytes(row, 8);
	c->answer_id_last4 = qr_value_bytes(row, 9);
	c->issuer_id = DatumGetInt32(qr_value(row, 10));
}

static bool
customer_row(QrCustomer *c, uint64 found)
{
	if (found > 0)
		read_customer(0, c);
	return found > 0;
}

bool
qr_customer_find(int32 issuer_id, const char *customer_ref, QrCustomer *customer)
{
	Oid			types[] = {INT4OID, TEXTOID};
	Datum		values[] = {Int32GetDatum(issuer_id), CStringGetTextDatum(customer_ref)};

	return customer_row(customer, qr_query("SELECT " CUSTOMER_COLUMNS
									  " FROM qrcred_store.customer"
									  " WHERE issuer_id = $1 AND customer_ref = $2",
									  lengthof(types), types, values));
}

bool
qr_customer_of_id(int64 customer_id, QrCustomer *customer)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(customer_id)};

	return customer_row(customer, qr_query("SELECT " CUSTOMER_COLUMNS
									  " FROM qrcred_store.customer WHERE customer_id = $1",
									  lengthof(types), types, values));
}

void
qr_customer_update(const QrCustomer *c)
{
	Oid			types[] = {INT8OID, INT2OID, BYTEAOID, BYTEAOID, BYTEAOID, BYTEAOID,
	BYTEAOID, BYTEAOID};
	Datum		values[] = {
		Int64GetDatum(c->customer_id), Int16GetDatum(c->kid),
		qr_bytes_datum(c->sealed[QR_FULL_NAME].data, c->sealed[QR_FULL_NAME].len),
		qr_bytes_datum(c->sealed[QR_ID_NUMBER].data, c->sealed[QR_ID_NUMBER].len),
		qr_bytes_datum(c->sealed[QR_PHONE].data, c->sealed[QR_PHONE].len),
		qr_bytes_datum(c->answer_id_number.data, c->answer_id_number.len),
		qr_bytes_datum(c->answer_phone.data, c->answer_phone.len),
		qr_bytes_datum(c->answer_id_last4.data, c->answer_id_last4.len)
	};

	qr_query("UPDATE qrcred_store.customer SET kid = $2, full_name = $3, id_number = $4,"
		" phone = $5, answer_id_number = $6, answer_phone = $7, answer_id_last4 = $8"
		" WHERE customer_id = $1", lengthof(types), types, values);
}

QrCustomer *
qr_customers_by_id_number(int32 issuer_id, const QrBytes *digests, int ndigests,
						  int *count)
{
	Oid			types[] = {INT4OID, BYTEAARRAYOID};
	Datum		values[2];
	Datum	   *elements = palloc(sizeof(Datum) * Max(ndigests, 1));
	QrCustomer *found;
	uint64		n;
	uint64		i;

	for (i = 0; i < ndigests; i++)
		elements[i] = qr_bytes_datum(digests[i].data, digests[i].len);
	values[0] = Int32GetDatum(issuer_id);
	values[1] = PointerGetDatum(construct_array(elements, ndigests, BYTEAOID, -1,
												false, TYPALIGN_INT));
	n = qr_query("SELECT " CUSTOMER_COLUMNS " FROM qrcred_store.customer"
			" WHERE issuer_id = $1 AND answer_id_number = ANY ($2)"
			" ORDER BY customer_id LIMIT 1000", lengthof(types), types, values);
	found = palloc(sizeof(QrCustomer) * Max(n, 1));
	for (i = 0; i < n; i++)
		read_customer(i, &found[i]);
	*count = (int) n;
	return found;
}

QrCustomer *
qr_customers_to_rekey(int kid, int max, int *count)
{
	Oid			types[] = {INT2OID, INT4OID};
	Datum		values[] = {Int16GetDatum(kid), Int32GetDatum(max)};
	uint64		n = qr_query("SELECT " CUSTOMER_COLUMNS " FROM qrcred_store.customer"
						" WHERE kid <> $1 AND full_name <> '' ORDER BY customer_id"
						" LIMIT $2 FOR UPDATE SKIP LOCKED", lengthof(types), types, values);
	QrCustomer *found = palloc(sizeof(QrCustomer) * Max(n, 1));
	uint64		i;

	for (i = 0; i < n; i++)
		read_customer(i, &found[i]);
	*count = (int) n;
	return found;
}

int64 *
qr_credentials_of(int64 customer_id, int *count)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(customer_id)};
	uint64		n = qr_query("SELECT credential_id FROM qrcred_store.credential"
						" WHERE customer_id = $1 ORDER BY credential_id",
						lengthof(types), types, values);
	int64	   *ids = palloc(sizeof(int64) * Max(n, 1));
	uint64		i;

	for (i = 0; i < n; i++)
		ids[i] = DatumGetInt64(qr_value(i, 1));
	*count = (int) n;
	return ids;
}

int64 *
qr_credentials_by_ref(const char *customer_ref, const char *issuer_code, int *count)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(customer_ref),
	issuer_code ? CStringGetTextDatum(issuer_code) : (Datum) 0};
	const char *sql =
		"SELECT x.credential_id FROM qrcred_store.issuer i"
		" JOIN qrcred_store.customer c ON c.issuer_id = i.issuer_id AND c.customer_ref = $1"
		" JOIN qrcred_store.credential x ON x.customer_id = c.customer_id"
		" WHERE $2 IS NULL OR i.code = $2 ORDER BY 1";
	int64	   *ids;
	uint64		n;
	uint64		i;

	if (SPI_execute_with_args(sql, lengthof(types), types, values,
							  issuer_code ? "  " : " n", false, 0) < 0)
		elog(ERROR, "SPI failed");
	n = SPI_processed;
	ids = palloc(sizeof(int64) * Max(n, 1));
	for (i = 0; i < n; i++)
		ids[i] = DatumGetInt64(qr_value(i, 1));
	*count = (int) n;
	return ids;
}

int *
qr_kids_in_use(int *count)
{
	uint64		n = qr_query("SELECT k.kid FROM qrcred_store.key_check k WHERE EXISTS"
						" (SELECT FROM qrcred_store.customer c WHERE c.kid = k.kid"
						"  AND c.full_name <> '') ORDER BY k.kid", 0, NULL, NULL);
	int		   *kids = palloc(sizeof(int) * Max(n, 1));
	uint64		i;

	for (i = 0; i < n; i++)
		kids[i] = DatumGetInt16(qr_value(i, 1));
	*count = (int) n;
	return kids;
}

int64
qr_act_count(int64 owner, const char *words, int seconds)
{
	Oid			types[] = {INT8OID, TEXTOID, INT4OID};
	Datum		values[] = {Int64GetDatum(owner), CStringGetTextDatum(words),
	Int32GetDatum(seconds)};

	qr_query("SELECT count(*) FROM qrcred_store.act WHERE owner = $1 AND words = $2"
		" AND at > pg_catalog.clock_timestamp() - make_interval(secs => $3)",
		lengthof(types), types, values);
	return DatumGetInt64(qr_value(0, 1));
}

bool
qr_customer_set_password(int32 issuer_id, const char *customer_ref,
						 const char *hash)
{
	Oid			types[] = {INT4OID, TEXTOID, TEXTOID};
	Datum		values[] = {Int32GetDatum(issuer_id),
	CStringGetTextDatum(customer_ref), CStringGetTextDatum(hash)};

	return qr_query("UPDATE qrcred_store.customer SET password_hash = $3"
			   " WHERE issuer_id = $1 AND customer_ref = $2",
			   lengthof(types), types, values) > 0;
}

static void
strike_insert(const QcStrike *s)
{
	Oid			types[] = {INT8OID, INT8OID, UUIDOID, UUIDOID, UUIDOID, INT4OID,
	INT2OID, INT2OID, INT2OID, INT4OID, INT4OID, INT2OID};
	Datum		values[] = {
		Int64GetDatum(s->id), Int64GetDatum(s->valid_until),
		qr_uuid_datum(s->digest), qr_uuid_datum(s->digest + UUID_LEN),
		qr_uuid_datum(s->mac), Int32GetDatum(s->ticket_serial),
		Int16GetDatum(s->generation), Int16GetDatum(s->kid),
		Int16GetDatum(s->seal_kid), Int32GetDatum(s->flags),
		Int32GetDatum(s->issuer_id), Int16GetDatum(s->ticket_state)
	};

	qr_query("INSERT INTO qrcred_store.strike (id, valid_until, digest_1, digest_2, mac,"
		" ticket_serial, generation, kid, seal_kid, flags, issuer_id, ticket_state)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		lengthof(types), types, values);
}

bool
qr_credential_insert(const QrIssued *c, const QcStrike *strike)
{
	Oid			types[] = {INT8OID, INT4OID, INT8OID, INT2OID, TEXTOID, TEXTOID,
	TEXTOID, INT8OID, INT4OID};
	Datum		values[] = {
		Int64GetDatum(c->credential_id), Int32GetDatum(c->issuer_id),
		Int64GetDatum(c->customer_id), Int16GetDatum(c->kind),
		CStringGetTextDatum(c->customer_ref), CStringGetTextDatum(c->purpose),
		CStringGetTextDatum(c->face_value), Int64GetDatum(c->valid_from),
		Int32GetDatum(c->valid_days)
	};

	if (qr_query("INSERT INTO qrcred_store.credential (credential_id, issuer_id, customer_id,"
			" kind, customer_ref, purpose, face_value, valid_from, valid_days)"
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
			lengthof(types), types, values) == 0)
		return false;
	strike_insert(strike);
	return true;
}

bool
qr_credential_find(int64 credential_id, QrIssued *c)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(credential_id)};

	if (qr_query("SELECT issuer_id, customer_id, kind, customer_ref, purpose, face_value,"
			" valid_from, valid_days"
			" FROM qrcred_store.credential WHERE credential_id = $1",
			lengthof(types), types, values) == 0)
		return false;
	c->credential_id = credential_id;
	c->issuer_id = DatumGetInt32(qr_value(0, 1));
	c->customer_id = DatumGetInt64(qr_value(0, 2));
	c->kind = DatumGetInt16(qr_value(0, 3));
	c->customer_ref = qr_value_text(0, 4);
	c->purpose = qr_value_text(0, 5);
	c->face_value = qr_value_text(0, 6);
	c->valid_from = DatumGetInt64(qr_value(0, 7));
	c->valid_days = DatumGetInt32(qr_value(0, 8));
	return true;
}

void
qr_ticket_insert(const uint8 sha256[QC_SHA256_LEN], const QrTicketRow *ticket)
{
	Oid			types[] = {BYTEAOID, INT8OID, INT2OID, INT4OID, INT8OID};
	Datum		values[] = {
		qr_bytes_datum(sha256, QC_SHA256_LEN), Int64GetDatum(ticket->credential_id),
		Int16GetDatum(ticket->generation), Int32GetDatum(ticket->serial),
		Int64GetDatum(ticket->expires)
	};

	qr_query("INSERT INTO qrcred_store.ticket (sha256, credential_id, generation, serial, expires)"
		" VALUES ($1, $2, $3, $4, $5)", lengthof(types), types, values);
}

bool
qr_ticket_find(const uint8 sha256[QC_SHA256_LEN], QrTicketRow *ticket)
{
	Oid			types[] = {BYTEAOID};
	Datum		values[] = {qr_bytes_datum(sha256, QC_SHA256_LEN)};

	if (qr_query("SELECT credential_id, generation, serial, expires"
			" FROM qrcred_store.ticket WHERE sha256 = $1",
			lengthof(types), types, values) == 0)
		return false;
	ticket->credential_id = DatumGetInt64(qr_value(0, 1));
	ticket->generation = DatumGetInt16(qr_value(0, 2));
	ticket->serial = DatumGetInt32(qr_value(0, 3));
	ticket->expires = DatumGetInt64(qr_value(0, 4));
	return true;
}

void
qr_outbox_put_about(QcNotice notice, int64 credential_id, int32 serial,
					const uint8 subject[16])
{
	Oid			types[] = {INT2OID, INT8OID, INT4OID, UUIDOID};
	Datum		values[] = {Int16GetDatum(notice), Int64GetDatum(credential_id),
	Int32GetDatum(serial), qr_uuid_datum(subject)};

	qr_query("INSERT INTO qrcred_store.outbox (kind, credential_id, ticket_serial, subject)"
			 " VALUES ($1, $2, $3, $4)", lengthof(types), types, values);
	qr_query("SELECT pg_catalog.pg_notify('" QR_OUTBOX_CHANNEL "', '')"
			 " FROM qrcred_store.credential c JOIN qrcred_store.issuer i USING (issuer_id)"
			 " WHERE c.credential_id = $1 AND i.notify", 1, types + 1, values + 1);
}

void
qr_outbox_put(QcNotice notice, int64 credential_id, int32 ticket_serial)
{
	static const uint8 nothing[16];

	qr_outbox_put_about(notice, credential_id, ticket_serial, nothing);
}

static Datum
session_user_datum(void)
{
	return CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
}

void
qr_act_insert(int64 owner, int64 attempt_no, const char *words)
{
	Oid			types[] = {INT8OID, INT8OID, TEXTOID, TEXTOID};
	Datum		values[] = {Int64GetDatum(owner), Int64GetDatum(attempt_no),
	session_user_datum(), CStringGetTextDatum(words)};

	qr_query("INSERT INTO qrcred_store.act (owner, attempt_no, actor, words)"
		" VALUES ($1, $2, $3, $4)", lengthof(types), types, values);
}

bool
qr_release_insert(int64 credential_id, int32 freeze_no, const uint8 mac[16],
				  int kid, const char *reason)
{
	Oid			types[] = {INT8OID, INT4OID, UUIDOID, INT2OID, TEXTOID, TEXTOID};
	Datum		values[] = {
		Int64GetDatum(credential_id), Int32GetDatum(freeze_no), qr_uuid_datum(mac),
		Int16GetDatum(kid),
		session_user_datum(), CStringGetTextDatum(reason)
	};

	return qr_query("INSERT INTO qrcred_store.release (credential_id, freeze_no, mac, kid, actor, reason)"
			   " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
			   lengthof(types), types, values) > 0;
}
