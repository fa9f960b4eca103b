/*
 * standby.c
 *	  The wait of step 8 for issuers whose policy has sync_standby.
 */
#include "postgres.h"

#include "store/standby.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "replication/syncrep.h"
#include "replication/walsender_private.h"
#include "storage/lwlock.h"
#include "utils/guc.h"

bool
qr_standby_is_named(void)
{
	return SyncRepStandbyNames != NULL && SyncRepStandbyNames[0] != '\0';
}

static bool
is_flushed_there(XLogRecPtr lsn)
{
	XLogRecPtr	flushed;

	LWLockAcquire(SyncRepLock, LW_SHARED);
	flushed = WalSndCtl->lsn[SYNC_REP_WAIT_FLUSH];
	LWLockRelease(SyncRepLock);
	return flushed >= lsn;
}

void
qr_standby_require(void)
{
	if (!qr_standby_is_named())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the issuer's policy demands a synchronous standby and none is named"),
				 errhint("Set synchronous_standby_names, or sync_standby to false in the policy.")));
}

void
qr_standby_wait(XLogRecPtr lsn)
{
	int			level;

	qr_standby_require();

	/* the session may have turned waiting off; the policy stands above it */
	level = NewGUCNestLevel();
	(void) set_config_option("synchronous_commit", "on", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	HOLD_INTERRUPTS();
	SyncRepWaitForLSN(lsn, true);
	RESUME_INTERRUPTS();
	AtEOXact_GUC(true, level);

	/* a cancelled wait returns with a warning only */
	if (!is_flushed_there(lsn))
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("the wait for the synchronous standby ended early; the verdict is not told"),
				 errhint("Send the same request again.")));
}
