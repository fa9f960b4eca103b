/*
 * text.h
 *	  Texts that become part of an identity: references and personal data.
 *
 * Both work on UTF-8 and refuse with 22023 naming the argument, never quoting
 * its value.
 */
#ifndef QR_TEXT_H
#define QR_TEXT_H

#include "postgres.h"

#include "store/rows.h"


/*
 * An issuer code or customer_ref: 1..64 bytes, no control character, already
 * in Unicode normalisation form C.  It is refused rather than repaired, since
 * the bank's own tables hold it as given.
 */
extern void qr_check_reference(const char *s, size_t len, const char *argname);

/*
 * A full name, id number or phone: a terminated palloc'd copy in form C, with
 * its length in *len (in: the length of s).  Refused when it is empty, holds a
 * control character, or is longer than max bytes once normalised.  The caller
 * wipes the copy.
 */
extern char *qr_normalise_personal(const char *s, size_t *len,
								   const char *argname, size_t max);

#endif
