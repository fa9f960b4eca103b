/*
 * loginname.h
 *	  A login's name: kept sealed, found by a keyed digest.
 */
#ifndef QR_LOGINNAME_H
#define QR_LOGINNAME_H

#include "postgres.h"

#include "core/mac.h"
#include "store/payers.h"

/* HMAC(login key of master key kid, name); kid 0 is the current one.  Answers the kid. */
extern int	qr_login_digest(int kid, const char *name, uint8 digest[QC_SHA256_LEN]);

/* The login of this name, under whichever master key it is kept. */
extern bool qr_login_by_name(const char *name, QrLogin *login);

/* Fills kid, digest and sealed name under the current master key. */
extern void qr_login_name(QrLogin *login, const char *name);

/* The strike row by which an unknown name waits. */
extern int64 qr_nobody(const char *name);

#endif
