/*
 * session.h
 *	  A payer's session, as the verbs of system B find it.
 */
#ifndef QR_SESSION_H
#define QR_SESSION_H

#include "postgres.h"
#include "fmgr.h"

#include "core/lifecycle.h"
#include "store/payers.h"
#include "store/rows.h"

typedef struct QrSession
{
	QrSessionRow row;
	QrGateway	gateway;		/* that it is bound to */
	QrCredential credential;
	QrIssuer	issuer;
} QrSession;

/* The SHA-256 of a well-formed session, by which it is stored; else false. */
extern bool qr_session_digest(const char *text, uint8 sha256[QC_SHA256_LEN]);

/*
 * The open session, prolonged; QC_WHY_NONE, or why there is none:
 * QC_WHY_BUCKET for another database's, QC_WHY_CLOSED for one whose gateway is
 * closed, else QC_WHY_SESSION.  ERROR 42501 when its gateway is bound to
 * another session_user.  The caller has SPI connected.
 */
extern QcReason qr_session_find(const char *text, QrSession *session);

/*
 * The same for functions that answer no verdict: the argument at argno, named
 * session, or ERROR 22023.
 */
extern void qr_session_require(FunctionCallInfo fcinfo, int argno, QrSession *session);

#endif
