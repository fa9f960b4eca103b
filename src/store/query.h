/*
 * query.h
 *	  SQL over the store's ordinary rows: statements whose plans are kept, and
 *	  their results' values.
 *
 * The caller has SPI connected and runs as the extension's owner.  Values are
 * those of the last statement; what is copied lives in the SPI context.
 */
#ifndef QR_QUERY_H
#define QR_QUERY_H

#include "postgres.h"

/* A piece of bytes in the store. */
typedef struct QrBytes
{
	uint8	   *data;
	size_t		len;
} QrBytes;

/*
 * Runs a statement, a literal: its plan is kept for the session by the
 * literal's address.  nulls as SPI has it, or NULL.  Answers the number of rows.
 */
extern uint64 qr_query(const char *sql, int nargs, const Oid *types, Datum *values);
extern uint64 qr_query_nulls(const char *sql, int nargs, const Oid *types,
							 Datum *values, const char *nulls);

/*
 * The same for a SELECT, with the latest snapshot, whatever snapshot the
 * caller's transaction holds.
 */
extern uint64 qr_query_latest(const char *sql, int nargs, const Oid *types, Datum *values);

/* Column i, from 1, of row row, from 0; ERROR when it is null. */
extern Datum qr_value(uint64 row, int i);
extern char *qr_value_text(uint64 row, int i);
extern QrBytes qr_value_bytes(uint64 row, int i);
extern bool qr_value_is_null(uint64 row, int i);

extern Datum qr_bytes_datum(const uint8 *data, size_t len);
extern Datum qr_uuid_datum(const uint8 *bytes);

#endif
