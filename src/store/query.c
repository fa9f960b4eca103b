/*
 * query.c
 *	  Statements with kept plans, and their values.
 */
#include "postgres.h"

#include "store/query.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

#define PLANS_MAX	256

/* Plans, found by the address of their statement's text. */
static struct
{
	const char *sql;
	SPIPlanPtr	plan;
}			plans[PLANS_MAX];

static SPIPlanPtr
plan_of(const char *sql, int nargs, const Oid *types)
{
	int			i;

	for (i = 0; i < PLANS_MAX - 1 && plans[i].sql != NULL; i++)
		if (plans[i].sql == sql)
			return plans[i].plan;
	plans[i].plan = SPI_prepare(sql, nargs, unconstify(Oid *, types));
	if (plans[i].plan == NULL || SPI_keepplan(plans[i].plan) != 0)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(SPI_result));
	plans[i].sql = sql;
	return plans[i].plan;
}

uint64
qr_query_nulls(const char *sql, int nargs, const Oid *types, Datum *values,
			   const char *nulls)
{
	int			rc = SPI_execute_plan(plan_of(sql, nargs, types), values, nulls, false, 0);

	if (rc < 0)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(rc));
	return SPI_processed;
}

uint64
qr_query(const char *sql, int nargs, const Oid *types, Datum *values)
{
	return qr_query_nulls(sql, nargs, types, values, NULL);
}

uint64
qr_query_latest(const char *sql, int nargs, const Oid *types, Datum *values)
{
	int			rc;

	/* a read-only execution takes the active snapshot as it is */
	PushActiveSnapshot(GetLatestSnapshot());
	rc = SPI_execute_plan(plan_of(sql, nargs, types), values, NULL, true, 0);
	PopActiveSnapshot();
	if (rc < 0)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(rc));
	return SPI_processed;
}

bool
qr_value_is_null(uint64 row, int i)
{
	bool		isnull;

	(void) SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, i, &isnull);
	return isnull;
}

Datum
qr_value(uint64 row, int i)
{
	bool		isnull;
	Datum		d = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
								  i, &isnull);

	if (isnull)
		elog(ERROR, "column %d of the store is null", i);
	return d;
}

char *
qr_value_text(uint64 row, int i)
{
	return TextDatumGetCString(qr_value(row, i));
}

QrBytes
qr_value_bytes(uint64 row, int i)
{
	bytea	   *b = DatumGetByteaPCopy(qr_value(row, i));
	QrBytes		out = {(uint8 *) VARDATA_ANY(b), VARSIZE_ANY_EXHDR(b)};

	return out;
}

Datum
qr_bytes_datum(const uint8 *data, size_t len)
{
	bytea	   *b = palloc(VARHDRSZ + len);

	SET_VARSIZE(b, VARHDRSZ + len);
	memcpy(VARDATA(b), data, len);
	return PointerGetDatum(b);
}

Datum
qr_uuid_datum(const uint8 *bytes)
{
	pg_uuid_t  *u = palloc(sizeof(*u));

	memcpy(u->data, bytes, UUID_LEN);
	return UUIDPGetDatum(u);
}
