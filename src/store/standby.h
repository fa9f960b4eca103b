/*
 * standby.h
 *	  Waiting until a synchronous standby has a verdict on its disk.
 */
#ifndef QR_STANDBY_H
#define QR_STANDBY_H

#include "postgres.h"
#include "access/xlogdefs.h"

/* Whether synchronous_standby_names names any. */
extern bool qr_standby_is_named(void);

/* ERROR 55000 when synchronous_standby_names names none. */
extern void qr_standby_require(void);

/*
 * Waits until a synchronous standby has flushed up to lsn.  ERROR as above, and
 * when the wait was cancelled: a verdict that is not safe there is not told.
 */
extern void qr_standby_wait(XLogRecPtr lsn);

#endif
