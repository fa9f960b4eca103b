/*
 * verdict.h
 *	  The row that a verification answers, and its words for a person.
 */
#ifndef QR_VERDICT_H
#define QR_VERDICT_H

#include "postgres.h"
#include "fmgr.h"

#include "core/challenge.h"
#include "core/lifecycle.h"
#include "store/rows.h"

typedef struct QrAnswer
{
	QcOutcome	outcome;
	int64		credential_id;	/* 0: null */
	const char *customer_ref;	/* needed, and told, where qr_tells_customer() */
	const char *issuer;
	QrLang		lang;
	char		challenge[QC_DIGITS_MAX + 1];	/* empty: null */
	int			challenge_seconds;
} QrAnswer;

/* Whether the verdict tells whose credential it is: accepted and challenge do. */
extern bool qr_tells_customer(const QcOutcome *outcome);

/*
 * A datum of type qrcred.verification.  What a verdict may not tell is null
 * here, whatever the caller filled in; the challenge digits are wiped.
 */
extern Datum qr_answer(FunctionCallInfo fcinfo, QrAnswer *answer);

#endif
