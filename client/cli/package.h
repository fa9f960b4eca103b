/*
 * package.h
 *	  The wallet package (2-protocol, "Wallet package"): what the bank answers
 *	  to a download or a renewal, and to a payer's biometric_package().
 */
#ifndef PACKAGE_H
#define PACKAGE_H

#include "request.h"
#include "wallet.h"

#define PACKAGE_MAX		65536	/* bytes */

/* What a payer's package has in place of the keys. */
typedef struct Biometric
{
	Binding		binding;
	const QcBch *code;
	uint8_t		helper[QC_BCH_BYTES_MAX];
	char		model[MODEL_MAX + 1];
} Biometric;

/*
 * Reads text.  Strict: one JSON object, no member twice, every member of the
 * protocol there with the right type and range, the first code well formed
 * and of this very credential.  Members that version 1 does not know are left
 * alone.  *server_time is the bank's clock.  biometric NULL: a holder's
 * package, else a payer's; the other kind is refused.  Otherwise OUT_BAD, and
 * said why.
 */
Outcome		package_read(const char *text, size_t len, Credential *cred,
						 Biometric *biometric, int64_t *server_time);

#endif
