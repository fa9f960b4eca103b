/*
 * announce.c
 *	  The trigger's way of saying that rows of a table change.
 *
 * It is said as the server says that a table itself changed: this backend hears
 * of it after the command and again after a rollback, the others when the
 * transaction commits, before COMMIT is answered; standbys when they replay
 * it.  A prepared transaction says it at COMMIT PREPARED.
 */
#include "qrcred.h"

#include "utils/inval.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(qrcred_announce_change);

/* announce_change(relation) */
Datum
qrcred_announce_change(PG_FUNCTION_ARGS)
{
	qr_require(fcinfo, 0, "relation");
	if (!SearchSysCacheExists1(RELOID, PG_GETARG_DATUM(0)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"relation\" names no relation")));
	CacheInvalidateRelcacheByRelid(PG_GETARG_OID(0));
	PG_RETURN_VOID();
}
