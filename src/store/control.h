/*
 * control.h
 *	  Builds that test/t makes to prove that its harness sees what it claims
 *	  to see.  A plain build contains none of it.
 *
 * QRCRED_CONTROL=1	the guess is compared outside the lock
 * QRCRED_CONTROL=2	the verdict is told before the flush
 * QRCRED_CONTROL=3	the log row is inserted frozen
 * QRCRED_KILLPOINTS	the backend kills itself at the point that the postmaster's
 *					environment names, once in so many passes:
 *					QRCRED_KILLPOINT=published:1000
 */
#ifndef QR_CONTROL_H
#define QR_CONTROL_H

#ifndef QRCRED_CONTROL
#define QRCRED_CONTROL 0
#endif

#ifdef QRCRED_KILLPOINTS
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/pg_prng.h"

static inline void
qr_killpoint(const char *name)
{
	const char *env = getenv("QRCRED_KILLPOINT");
	size_t		len = strlen(name);

	if (env != NULL && strncmp(env, name, len) == 0 && env[len] == ':' &&
		pg_prng_uint64_range(&pg_global_prng_state, 1, strtoul(env + len + 1, NULL, 10)) == 1)
		kill(getpid(), SIGKILL);
}
#define QR_KILLPOINT(name) qr_killpoint(name)
#else
#define QR_KILLPOINT(name) ((void) 0)
#endif

#endif
