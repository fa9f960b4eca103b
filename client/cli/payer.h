/*
 * payer.h
 *	  A payer's credential out of its package and a capture.
 */
#ifndef PAYER_H
#define PAYER_H

#include "commands.h"
#include "package.h"

/* The code of a binding unless another one is named. */
#define PAYER_CODE	"bch1023_123"

/* NULL, and said, when the options name an unknown code. */
const QcBch *payer_code(const Options *o);

/*
 * The package that the options name, with the bank's clock.  OUT_BAD, and
 * said, also for another model than the options name.
 */
Outcome		payer_read(const Options *o, Credential *cred, Biometric *biometric);

/*
 * cred->biometric_key of the capture that the options name; OUT_NO_MATCH, and
 * said, when it is too far off the bound one.
 */
Outcome		payer_open(const Options *o, const Biometric *biometric, Credential *cred);

/* Asks for a new PIN and keeps the key under it, where its place is free. */
Outcome		payer_keep(const Options *o, Store *store, char *pin, Credential *cred);

#endif
