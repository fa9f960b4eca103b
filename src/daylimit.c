/*
 * daylimit.c
 *	  The day's sums, through SQL as the extension's owner.
 */
#include "qrcred.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "daylimit.h"
#include "store/registry.h"
#include "utils/builtins.h"

QrLimit
qr_limit_check(int64 credential_id, char tier, const char *text, bool holds)
{
	char		word[2] = {tier, '\0'};
	Oid			types[] = {INT8OID, TEXTOID, TEXTOID, BOOLOID};
	Datum		values[] = {Int64GetDatum(credential_id), CStringGetTextDatum(word),
	CStringGetTextDatum(text), BoolGetDatum(holds)};
	QrOwner		owner;
	QrLimit		limit;
	bool		isnull;
	Datum		over;

	qr_owner_begin(&owner);
	SPI_connect();
	SPI_execute_with_args("SELECT qrcred.is_over_limit($1, $2, $3, $4)", 4, types,
						  values, NULL, false, 0);
	over = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	limit = isnull ? QR_LIMIT_NONE :
		DatumGetBool(over) ? QR_LIMIT_OVER : QR_LIMIT_WITHIN;
	SPI_finish();
	qr_owner_end(&owner);
	return limit;
}

void
qr_limit_note(int64 credential_id, int64 attempt_no, char tier, const char *text)
{
	char		word[2] = {tier, '\0'};
	Oid			types[] = {INT8OID, INT8OID, TEXTOID, TEXTOID};
	Datum		values[] = {Int64GetDatum(credential_id), Int64GetDatum(attempt_no),
	CStringGetTextDatum(word), CStringGetTextDatum(text)};
	QrOwner		owner;

	qr_owner_begin(&owner);
	SPI_connect();
	SPI_execute_with_args("SELECT qrcred.note_spent($1, $2, $3, $4)", 4, types,
						  values, NULL, false, 0);
	SPI_finish();
	qr_owner_end(&owner);
}
