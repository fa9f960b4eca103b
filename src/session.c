/*
 * session.c
 *	  Finding and prolonging a session.
 */
#include "qrcred.h"

#include "miscadmin.h"
#include "session.h"

bool
qr_session_digest(const char *text, uint8 sha256[QC_SHA256_LEN])
{
	QcToken		token;
	char		canonical[QC_TOKEN_TEXT + 1];
	QcPart		part;

	if (qc_token_parse('S', text, strlen(text), &token) != QC_OK)
		return false;
	qc_token_print('S', &token, canonical);
	part = (QcPart) {canonical, QC_TOKEN_TEXT};
	qr_check(qc_sha256(qr_mac(), &part, 1, sha256), "session");
	qc_wipe(canonical, sizeof(canonical));
	qc_wipe(&token, sizeof(token));
	return true;
}

static bool
is_elsewhere(const char *text)
{
	QcToken		token;

	return qc_token_parse('S', text, strlen(text), &token) == QC_OK &&
		!qr_bucket_is_owned(token.bucket);
}

QcReason
qr_session_find(const char *text, QrSession *s)
{
	uint8		sha256[QC_SHA256_LEN];

	if (!qr_session_digest(text, sha256))
		return QC_WHY_SESSION;
	if (is_elsewhere(text))
		return QC_WHY_BUCKET;
	if (!qr_session_row(sha256, &s->row))
		return QC_WHY_SESSION;
	if (!qr_read_gateway(s->row.gateway, &s->gateway) ||
		!qr_read_credential(s->row.credential_id, &s->credential) ||
		!qr_read_issuer(s->credential.issuer_id, &s->issuer))
		elog(ERROR, "gateway, credential or issuer of a session is missing");
	if (s->gateway.has_role &&
		strcmp(NameStr(s->gateway.role),
			   GetUserNameFromId(GetSessionUserId(), false)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for this session's gateway"),
				 errdetail("The gateway is bound to another role.")));
	if (!s->gateway.enabled)
		return QC_WHY_CLOSED;
	qr_session_touch(sha256);
	return QC_WHY_NONE;
}

void
qr_session_require(FunctionCallInfo fcinfo, int argno, QrSession *s)
{
	char	   *text = qr_text_arg(fcinfo, argno, "session", NULL);

	if (qr_session_find(text, s) != QC_WHY_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"session\" names no open session"),
				 errdetail("A session ends after %d minutes without use and after %d in all.",
						   QR_SESSION_IDLE_SECONDS / 60, QR_SESSION_SECONDS / 60),
				 errhint("Log in again with qrcred.login().")));
}
