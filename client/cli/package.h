/*
 * package.h
 *	  The wallet package (2-protocol, "Wallet package"): what the bank answers
 *	  to a download or a renewal.
 */
#ifndef PACKAGE_H
#define PACKAGE_H

#include "wallet.h"

#define PACKAGE_MAX		65536	/* bytes */

/* For the JSON library: its memory is wiped when it is given back. */
void		package_start(void);

/*
 * Reads text.  Strict: one JSON object, no member twice, every member of the
 * protocol there with the right type and range, the first code well formed
 * and of this very credential.  Members that version 1 does not know are left
 * alone.  *server_time is the bank's clock.  Otherwise OUT_BAD, and said why.
 */
Outcome		package_read(const char *text, size_t len,
						 Credential *cred, int64_t *server_time);

#endif
