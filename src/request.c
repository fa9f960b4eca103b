/*
 * request.c
 *	  Reading a request, judging it on a row, refusing it at the gateway.
 */
#include "qrcred.h"

#include "access/xact.h"
#include "daylimit.h"
#include "master.h"
#include "miscadmin.h"
#include "request.h"
#include "storage/proc.h"
#include "store/standby.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
#include "verdict.h"

/*
 * Keyed, because a digest of a guess stays in the strike row, and a dump must
 * not serve to test passwords against it.
 */
static void
digest_request(FunctionCallInfo fcinfo, int argno, const char *verb,
			   const char *gateway, QcPart what, QrRequest *r)
{
	struct
	{
		int64		started;
		int64		statement;
		int32		pid;
		uint32		command;
		uint32		transaction;	/* a procedure's commit starts commands anew */
	}			self;
	uint8		key[QC_KEY_LEN];
	QcPart		parts[7];
	QcStatus	status;

	memset(&self, 0, sizeof(self));
	if (argno < 0 || PG_ARGISNULL(argno))
	{
		self.started = MyStartTimestamp;
		self.statement = GetCurrentStatementStartTimestamp();
		self.pid = MyProcPid;
		self.command = GetCurrentCommandId(false);
		self.transaction = MyProc->lxid;
		parts[0] = (QcPart) {&self, sizeof(self)};
	}
	else
		parts[0] = (QcPart) {PG_GETARG_UUID_P(argno)->data, UUID_LEN};
	parts[1] = (QcPart) {verb, strlen(verb) + 1};
	parts[2] = (QcPart) {&r->credential_id, sizeof(r->credential_id)};
	parts[3] = (QcPart) {&what.len, sizeof(what.len)};
	parts[4] = what;
	parts[5] = (QcPart) {gateway, strlen(gateway) + 1};
	parts[6] = (QcPart) {r->text, sizeof(r->text)};
	(void) qr_audit_key(0, key);
	status = qc_hmac(qr_mac(), QC_SHA256, key, sizeof(key), parts,
					 lengthof(parts), r->digest, sizeof(r->digest));
	qc_wipe(key, sizeof(key));
	qr_check(status, "request");
}

static void
read_gateway(const char *name, QrGateway *gateway)
{
	if (!qr_read_gateway(name, gateway))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"gateway\" names no gateway"),
				 errhint("Gateways are made with qrcred.create_gateway().")));
	if (gateway->has_role &&
		strcmp(NameStr(gateway->role),
			   GetUserNameFromId(GetSessionUserId(), false)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for this gateway"),
				 errdetail("The gateway is bound to another role.")));
}

void
qr_request_read(FunctionCallInfo fcinfo, int argno, const char *verb,
				const char *gateway, QcPart what, QcPart text, QrRequest *r)
{
	read_gateway(gateway, &r->gateway);
	r->transaction = text.data;
	qr_check(qc_sha256(qr_mac(), &text, 1, r->text), "transaction_text");
	digest_request(fcinfo, argno, verb, gateway, what, r);
}

bool
qr_request_find(QrRequest *r, QrStrikeRef *seen)
{
	if (!qr_strike_find(r->credential_id, seen))
		return false;
	if (!qr_read_issuer(seen->row.issuer_id, &r->issuer))
		elog(ERROR, "issuer %d is missing", seen->row.issuer_id);
	return true;
}

bool
qr_request_is_repeated(const QrRequest *r, const QcStrike *s)
{
	return qc_equal(s->request, r->digest, sizeof(s->request));
}

static void
derive_refusal(void *arg, const QcStrike *seen, QcEvent *e)
{
	const QrRequest *r = arg;

	e->kind = QC_EV_REFUSED;
	e->gateway = r->gateway.gateway_id;
	e->moment = r->moment;
	e->refusal = r->refusal;
	e->why = r->why;
	e->forged = r->is_forged;
	memcpy(e->request, r->digest, sizeof(e->request));
}

void
qr_request_note_refusal(QrRequest *r, QcVerdict verdict, QcReason why,
						bool is_forged, QcOutcome *outcome)
{
	QrPublication p = {0};
	QcPolicy	none = {0};

	r->refusal = verdict;
	r->why = why;
	r->is_forged = is_forged;
	if (!qr_strike_find(-(int64) r->gateway.gateway_id, &p.seen))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the gateway has no strike row"),
				 errhint("Take the store up again with qrcred.upgrade_store().")));
	p.policy = &none;
	/* no issuer's policy applies; alike for every refusal, so that its time tells nothing */
	p.sync_standby = qr_standby_is_named();
	p.audit_key = qr_audit_key;
	p.derive = derive_refusal;
	p.arg = r;
	qr_publish(&p, qr_mac());
	*outcome = p.outcome;
}

Datum
qr_request_refuse(FunctionCallInfo fcinfo, QrRequest *r, QcVerdict verdict,
				  QcReason why, bool is_forged)
{
	QrAnswer	answer = {0};

	qr_request_note_refusal(r, verdict, why, is_forged, &answer.outcome);
	answer.credential_id = r->credential_id;
	return qr_answer(fcinfo, &answer);
}

void
qr_request_publish(QrRequest *r, const QrStrikeRef *seen,
				   void (*derive) (void *, const QcStrike *, QcEvent *), void *arg,
				   QrPublication *p)
{
	p->seen = *seen;
	p->policy = &r->issuer.policy;
	p->sync_standby = r->issuer.sync_standby;
	p->notify = r->issuer.notify;
	p->audit_key = qr_audit_key;
	p->derive = derive;
	p->arg = arg;
	qr_publish(p, qr_mac());
}

Datum
qr_request_judge(FunctionCallInfo fcinfo, QrRequest *r, const QrStrikeRef *seen,
				 void (*derive) (void *, const QcStrike *, QcEvent *), void *arg,
				 char tier)
{
	QrPublication p = {0};
	QrAnswer	answer = {0};
	QrCredential credential;
	QrLimit		limit = QR_LIMIT_NONE;

	if (tier != 0 && r->issuer.has_limits && r->transaction != NULL)
		limit = qr_limit_check(r->credential_id, tier, r->transaction, !r->is_opening);
	r->over_limit = limit == QR_LIMIT_OVER;

	qr_request_publish(r, seen, derive, arg, &p);

	if (limit == QR_LIMIT_WITHIN && p.outcome.verdict == QC_ACCEPTED)
		qr_limit_note(r->credential_id, p.outcome.attempt_no, tier, r->transaction);

	answer.outcome = p.outcome;
	answer.credential_id = r->credential_id;
	answer.issuer = r->issuer.code;
	answer.lang = r->issuer.lang;
	if (qr_tells_customer(&p.outcome))
	{
		if (!qr_read_credential(r->credential_id, &credential))
			elog(ERROR, "credential %lld is missing", (long long) r->credential_id);
		answer.customer_ref = credential.customer_ref;
	}
	if (p.outcome.verdict == QC_CHALLENGE)
	{
		qr_challenge_digits(&p.after, p.after.nonce, p.after.text,
							p.after.challenge_digits, answer.challenge);
		qc_mac_forget(qr_mac());
		answer.challenge_seconds =
			(p.after.challenge_until - p.now + QC_USEC - 1) / QC_USEC;
	}
	return qr_answer(fcinfo, &answer);
}
