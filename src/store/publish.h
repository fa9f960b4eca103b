/*
 * publish.h
 *	  A verdict, made and counted so that nothing takes it back: the strike row
 *	  changed in place together with the log row, flushed before it is told
 *	  (3-architecture, "The strike row and the log row", steps 1 to 8).
 */
#ifndef QR_PUBLISH_H
#define QR_PUBLISH_H

#include "postgres.h"
#include "storage/itemptr.h"

#include "core/lifecycle.h"

#define QR_OUTBOX_CHANNEL	"qrcred_outbox"

/* A strike row as it was seen, and where. */
typedef struct QrStrikeRef
{
	ItemPointerData tid;
	Oid			filenode;		/* that tid is a place in */
	QcStrike	row;
} QrStrikeRef;

typedef struct QrPublication
{
	/* in */
	QrStrikeRef seen;			/* from qr_strike_find() */
	const QcPolicy *policy;
	bool		sync_standby;	/* wait for a synchronous standby as well */
	bool		notify;			/* NOTIFY the relay of a message, with the caller's commit */

	/*
	 * The audit key of master key kid, 0 the current one; answers the kid, or 0
	 * when there is no such key.
	 */
	int			(*audit_key) (int kid, uint8 key[QC_KEY_LEN]);

	/*
	 * Fills the event, every expected byte included, for the row as it was
	 * seen; called again when the row's generation, challenge or freeze
	 * changed before the lock was had.  May raise.
	 */
	void		(*derive) (void *arg, const QcStrike *seen, QcEvent *event);
	void	   *arg;

	/* out */
	int			audit_kid;
	QcEvent		event;
	QcOutcome	outcome;
	QcStrike	after;			/* the row after the event */
	int64		now;			/* the moment of the decision, unix microseconds */
} QrPublication;

/* Registers the transaction callback; called once from _PG_init. */
extern void qr_publish_init(void);

/*
 * Step 1: ERROR 25006 in a read-only transaction or on a standby, and in
 * parallel mode.  command names the SQL function.
 */
extern void qr_publish_allowed(const char *command);

/*
 * Step 2: the owner's strike row as it is now, uncommitted ordinary changes
 * by others aside.  False when there is none.  ERROR 55000 when somebody
 * updates or deletes it by SQL, or when this very command made it.
 */
extern bool qr_strike_find(int64 owner, QrStrikeRef *ref);

/*
 * The number of the row's freeze when it is in force and a release of it is
 * too, else 0.  Only a committed release (not the caller's own, uncommitted)
 * with a right MAC counts.
 */
extern int32 qr_release_in_force(const QcStrike *row, QcMac *m,
								 int (*audit_key) (int kid, uint8 key[QC_KEY_LEN]));

/*
 * Steps 3 to 8.  On return the verdict is durable and may be told; on ERROR
 * it may have been counted but was not told.
 */
extern void qr_publish(QrPublication *p, QcMac *m);

/* The wall clock in unix microseconds. */
extern int64 qr_unix_now(void);

#endif
