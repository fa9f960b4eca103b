/*
 * package.h
 *	  The answer to a download or a renewal.
 */
#ifndef QR_PACKAGE_H
#define QR_PACKAGE_H

#include "postgres.h"

#include "core/code.h"
#include "core/strike.h"
#include "store/payers.h"
#include "store/registry.h"

/*
 * The wallet package of 2-protocol.md as jsonb in result_context, for the
 * row's present generation.  Call it only after that row was flushed.
 */
extern Datum qr_package(const QrIssued *issued, const QrTerms *terms,
						const QcStrike *s, MemoryContext result_context);

/* A payer's package: in place of the keys what the credential is bound to. */
extern Datum qr_payer_package(const QrIssued *issued, const QrTerms *terms,
							  const QcStrike *s, const QrBiometric *biometric,
							  MemoryContext result_context);

/* The first code of the row's present generation, as text. */
extern void qr_static_code(const QcStrike *s, char text[QC_CODE_TEXT + 1]);

/* {"v": 1, "verdict": "rejected"}, whatever the reason. */
extern Datum qr_package_rejected(void);

#endif
