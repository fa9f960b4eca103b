/*
 * payments.c
 *	  SQL over payments.
 */
#include "postgres.h"

#include "store/payments.h"

#include "catalog/pg_type.h"
#include "store/query.h"
#include "utils/builtins.h"

#define PAYMENT_COLUMNS \
	"payment_id, credential_id, generation, kid, amount::text, currency, payee," \
	" order_ref, pg_catalog.encode(nonce, 'hex')," \
	" CASE WHEN state IN ('open', 'presented') AND asked IS NULL" \
	"  AND expires <= pg_catalog.clock_timestamp() THEN 'expired' ELSE state END," \
	" pg_catalog.ceil(pg_catalog.extract('epoch', expires - pg_catalog.clock_timestamp()))::int4," \
	" sending, CASE WHEN sending = 0 THEN 0 ELSE" \
	"  pg_catalog.extract('epoch', pg_catalog.clock_timestamp() - sent)::int4 END," \
	" asked IS NOT NULL, receipt"

static const char *const state_name[QR_PAYMENT_STATES] = {
	"open", "presented", "charged", "declined", "left", "expired"
};

const char *
qr_payment_state_name(QrPaymentState state)
{
	return state_name[state];
}

static QrPaymentState
state_of(const char *name)
{
	int			i;

	for (i = 0; i < QR_PAYMENT_STATES; i++)
		if (strcmp(name, state_name[i]) == 0)
			return i;
	elog(ERROR, "a payment has no known state");
	return QR_PAYMENT_OPEN;
}

static bool
payment_row(QrPayment *p, uint64 found)
{
	if (found == 0)
		return false;
	p->id = *DatumGetUUIDP(qr_value(0, 1));
	p->credential_id = DatumGetInt64(qr_value(0, 2));
	p->generation = DatumGetInt16(qr_value(0, 3));
	p->kid = DatumGetInt16(qr_value(0, 4));
	p->amount = qr_value_text(0, 5);
	p->currency = qr_value_text(0, 6);
	p->payee = qr_value_text(0, 7);
	p->order_ref = qr_value_text(0, 8);
	p->nonce = qr_value_text(0, 9);
	p->state = state_of(qr_value_text(0, 10));
	p->expires_in = DatumGetInt32(qr_value(0, 11));
	p->sending = DatumGetInt32(qr_value(0, 12));
	p->sent_seconds = DatumGetInt32(qr_value(0, 13));
	p->is_asked = DatumGetBool(qr_value(0, 14));
	p->receipt = qr_value_is_null(0, 15) ? NULL : qr_value_text(0, 15);
	return true;
}

bool
qr_payment_insert(const QrPayment *p, const pg_uuid_t *request)
{
	Oid			types[] = {UUIDOID, INT8OID, INT2OID, INT2OID, TEXTOID, TEXTOID, TEXTOID,
	TEXTOID, TEXTOID, UUIDOID, INT4OID};
	Datum		values[] = {
		UUIDPGetDatum(&p->id), Int64GetDatum(p->credential_id),
		Int16GetDatum(p->generation), Int16GetDatum(p->kid),
		CStringGetTextDatum(p->amount), CStringGetTextDatum(p->currency),
		CStringGetTextDatum(p->payee), CStringGetTextDatum(p->order_ref),
		CStringGetTextDatum(p->nonce),
		request ? UUIDPGetDatum(request) : (Datum) 0,
		Int32GetDatum(QR_PAYMENT_SECONDS)
	};

	return qr_query_nulls("INSERT INTO qrcred_store.payment (payment_id, credential_id, generation,"
						  " kid, amount, currency, payee, order_ref, nonce, request, expires)"
						  " VALUES ($1, $2, $3, $4, $5::numeric, $6, $7, $8,"
						  "  pg_catalog.decode($9, 'hex'), $10,"
						  "  pg_catalog.clock_timestamp() + make_interval(secs => $11))"
						  " ON CONFLICT (credential_id, request) DO NOTHING",
						  lengthof(types), types, values,
						  request ? "           " : "         n ") > 0;
}

bool
qr_payment_find(const pg_uuid_t *id, QrPayment *payment)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(id)};

	return payment_row(payment,
					   qr_query_latest("SELECT " PAYMENT_COLUMNS " FROM qrcred_store.payment"
									   " WHERE payment_id = $1", lengthof(types), types, values));
}

bool
qr_payment_of_request(int64 credential_id, const pg_uuid_t *request, QrPayment *payment)
{
	Oid			types[] = {INT8OID, UUIDOID};
	Datum		values[] = {Int64GetDatum(credential_id), UUIDPGetDatum(request)};

	return payment_row(payment,
					   qr_query_latest("SELECT " PAYMENT_COLUMNS " FROM qrcred_store.payment"
									   " WHERE credential_id = $1 AND request = $2",
									   lengthof(types), types, values));
}

void
qr_payment_lock(const pg_uuid_t *id, QrPayment *payment)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(id)};

	/* found before by the latest snapshot, and never deleted */
	if (!payment_row(payment,
					 qr_query("SELECT " PAYMENT_COLUMNS " FROM qrcred_store.payment"
							  " WHERE payment_id = $1 FOR UPDATE",
							  lengthof(types), types, values)))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the payment is newer than this transaction's snapshot"),
				 errhint("Do it again, with the same request_id, in another transaction.")));
}

void
qr_payment_presented(const pg_uuid_t *id, int64 attempt_no)
{
	Oid			types[] = {UUIDOID, INT8OID};
	Datum		values[] = {UUIDPGetDatum(id), Int64GetDatum(attempt_no)};

	qr_query("UPDATE qrcred_store.payment SET state = 'presented', attempt_no = $2"
			 " WHERE payment_id = $1", lengthof(types), types, values);
}

int
qr_payment_count_sending(const pg_uuid_t *id)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(id)};

	qr_query("UPDATE qrcred_store.payment SET sending = sending + 1,"
			 " sent = pg_catalog.clock_timestamp() WHERE payment_id = $1 RETURNING sending",
			 lengthof(types), types, values);
	return DatumGetInt32(qr_value(0, 1));
}

void
qr_payment_asked(const pg_uuid_t *id, int64 attempt_no)
{
	Oid			types[] = {UUIDOID, INT8OID};
	Datum		values[] = {UUIDPGetDatum(id), Int64GetDatum(attempt_no)};

	qr_query("UPDATE qrcred_store.payment SET asked = pg_catalog.clock_timestamp(),"
			 " attempt_no = $2 WHERE payment_id = $1", lengthof(types), types, values);
}

void
qr_payment_end(const pg_uuid_t *id, QrPaymentState state, const char *words)
{
	Oid			types[] = {UUIDOID, TEXTOID, TEXTOID};
	Datum		values[] = {UUIDPGetDatum(id), CStringGetTextDatum(state_name[state]),
	words ? CStringGetTextDatum(words) : (Datum) 0};

	qr_query_nulls("UPDATE qrcred_store.payment SET state = $2,"
				   " receipt = CASE WHEN $2 = 'charged' THEN $3 END,"
				   " reason = CASE WHEN $2 <> 'charged' THEN pg_catalog.left($3, 1000) END,"
				   " ended = pg_catalog.clock_timestamp() WHERE payment_id = $1",
				   lengthof(types), types, values, words ? "   " : "  n");
}
