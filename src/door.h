/*
 * door.h
 *	  The wallet's own door: the strike row with id 0, where refusals stand that
 *	  concern no gateway and no credential.
 */
#ifndef QR_DOOR_H
#define QR_DOOR_H

#include "postgres.h"

#include "core/lifecycle.h"

/*
 * Logs a rejection at the door, durable on return; moment is the code's, 0
 * without one.  is_forged counts it in the door's minute.  Answers the number
 * of the log row.
 */
extern int64 qr_door_refuse(QcReason why, int64 moment, bool is_forged);

#endif
