/*
 * request.h
 *	  A scanner's request, from its arguments to its answer: what verify,
 *	  verify_second and check_password share.
 */
#ifndef QR_REQUEST_H
#define QR_REQUEST_H

#include "postgres.h"
#include "fmgr.h"

#include "core/lifecycle.h"
#include "core/mac.h"
#include "store/publish.h"
#include "store/rows.h"

typedef struct QrRequest
{
	int64		credential_id;	/* 0 until the code said one */
	QrGateway	gateway;
	uint8		text[QC_SHA256_LEN];	/* SHA-256 of the transaction text */
	const char *transaction;	/* the text itself; NULL or empty without one */
	uint8		digest[16];		/* by which the same request is known again */
	int64		moment;			/* the code's, for the log */

	QrIssuer	issuer;			/* filled by qr_request_find() */

	bool		is_opening;		/* it opens a challenge at best, and holds no sums */
	bool		over_limit;		/* filled by qr_request_judge() */

	QcVerdict	refusal;		/* filled by qr_request_refuse() */
	QcReason	why;
	bool		is_forged;
} QrRequest;

/*
 * Reads the gateway by its name (22023 for an unknown one, 42501 for one bound
 * to another session_user), takes the text's digest and the request's: a
 * keyed digest over verb, credential_id, what, gateway, text and the request
 * id at argno (negative: there is no such argument).  Without a request id one is made of backend, statement time
 * and command, so that equal calls in one command count once.
 */
extern void qr_request_read(FunctionCallInfo fcinfo, int argno,
							const char *verb, const char *gateway,
							QcPart what, QcPart text, QrRequest *r);

/*
 * The rows that judging reads, the credential's strike row and its issuer;
 * false when there is no such credential.
 */
extern bool qr_request_find(QrRequest *r, QrStrikeRef *seen);

/*
 * A refusal that concerns no customer: counted and logged in the gateway's
 * row, durable on return.
 */
extern void qr_request_note_refusal(QrRequest *r, QcVerdict verdict, QcReason why,
									bool is_forged, QcOutcome *outcome);

/* The same; answers a row of qrcred.verification. */
extern Datum qr_request_refuse(FunctionCallInfo fcinfo, QrRequest *r,
							   QcVerdict verdict, QcReason why, bool is_forged);

/*
 * A verdict on the credential's own row; derive and arg as in QrPublication.
 * tier is what an acceptance would be worth against tier_limits, 0 where none
 * apply; derive hands over_limit on.
 */
extern Datum qr_request_judge(FunctionCallInfo fcinfo, QrRequest *r,
							  const QrStrikeRef *seen,
							  void (*derive) (void *, const QcStrike *, QcEvent *),
							  void *arg, char tier);

/*
 * The same without the limit and the answer; policy and the rest are the
 * request's issuer's.
 */
extern void qr_request_publish(QrRequest *r, const QrStrikeRef *seen,
							   void (*derive) (void *, const QcStrike *, QcEvent *),
							   void *arg, QrPublication *p);

/* Whether this very request was judged on the row before. */
extern bool qr_request_is_repeated(const QrRequest *r, const QcStrike *s);

#endif
