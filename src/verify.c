/*
 * verify.c
 *	  First scan, challenge, second scan.
 *
 * The order is the same in each: refuse what cannot be written, read the
 * arguments, parse the code, find key and row, publish the verdict, answer.
 * What is wrong about a guess is logged and never told: "rejected" is all.
 */
#include "qrcred.h"

#include "access/xact.h"
#include "core/challenge.h"
#include "core/keys.h"
#include "core/ocra.h"
#include "funcapi.h"
#include "master.h"
#include "miscadmin.h"
#include "store/publish.h"
#include "store/rows.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
#include "verdict.h"

PG_FUNCTION_INFO_V1(qrcred_verify);
PG_FUNCTION_INFO_V1(qrcred_verify_second);
PG_FUNCTION_INFO_V1(qrcred_expected_second);
PG_FUNCTION_INFO_V1(qrcred_challenge_number);

/* A scan on its way: what was asked, and what it was found to be about. */
typedef struct Presented
{
	QrGateway	gateway;
	char	   *code_text;
	size_t		code_len;
	uint8		text[QC_SHA256_LEN];	/* SHA-256 of the transaction text */
	uint8		request[16];

	int64		credential_id;	/* 0 until the code said one */
	QcCode		code;			/* a typed code has kind QC_KIND_NONE */
	QrCredential credential;
	QrIssuer	issuer;

	QcVerdict	refusal;		/* for the gateway's row */
	QcReason	why;
	bool		is_forged;
} Presented;

static void
derive_credential_key(const QcStrike *s, const char *label, uint8 out[QC_KEY_LEN])
{
	uint8		master[QC_KEY_LEN];
	QcStatus	status;

	(void) qr_master(s->kid, master);
	status = qc_credential_key(qr_mac(), master, label, s->id, s->generation,
							   s->digest, out);
	qc_wipe(master, sizeof(master));
	qr_check(status, "credential key");
}

/* The challenge digits of a nonce and a text, as this credential derives them. */
static void
derive_digits(const QcStrike *s, const uint8 *nonce, const uint8 *text, int n,
			  char out[QC_DIGITS_MAX + 1])
{
	uint8		key[QC_KEY_LEN];
	QcStatus	status;

	derive_credential_key(s, QC_CRED_CHALLENGE, key);
	status = qc_challenge_digits(qr_mac(), key, nonce, text, n, out);
	qc_wipe(key, sizeof(key));
	qr_check(status, "challenge");
}

static void
sha256_of(const QcPart *parts, int nparts, uint8 out[QC_SHA256_LEN])
{
	qr_check(qc_sha256(qr_mac(), parts, nparts, out), "sha256");
}

/*
 * The digest by which a repeated request is known.  Without a request id, one
 * is made of backend, statement time, command and arguments, so that equal
 * calls in one command count once.
 */
static void
digest_request(FunctionCallInfo fcinfo, int argno, const char *verb,
			   const char *gateway, Presented *scan)
{
	struct
	{
		int64		started;
		int64		statement;
		int32		pid;
		uint32		command;
	}			self;
	int64		id = scan->credential_id;
	QcPart		parts[7];
	uint8		digest[QC_SHA256_LEN];

	memset(&self, 0, sizeof(self));
	if (PG_ARGISNULL(argno))
	{
		self.started = MyStartTimestamp;
		self.statement = GetCurrentStatementStartTimestamp();
		self.pid = MyProcPid;
		self.command = GetCurrentCommandId(false);
		parts[0] = (QcPart) {&self, sizeof(self)};
	}
	else
		parts[0] = (QcPart) {PG_GETARG_UUID_P(argno)->data, UUID_LEN};
	parts[1] = (QcPart) {verb, strlen(verb) + 1};
	parts[2] = (QcPart) {&id, sizeof(id)};
	parts[3] = (QcPart) {&scan->code_len, sizeof(scan->code_len)};
	parts[4] = (QcPart) {scan->code_text, scan->code_len};
	parts[5] = (QcPart) {gateway, strlen(gateway) + 1};
	parts[6] = (QcPart) {scan->text, sizeof(scan->text)};
	sha256_of(parts, lengthof(parts), digest);
	memcpy(scan->request, digest, sizeof(scan->request));
}

/* The gateway by its name; one bound to a role answers only to that session_user. */
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

/* code, gateway, transaction_text and request_id stand at argno and after. */
static void
read_scan(FunctionCallInfo fcinfo, int argno, const char *verb, Presented *scan)
{
	char	   *gateway;
	QcPart		text = {NULL, 0};

	scan->code_text = qr_text_arg(fcinfo, argno, "code", &scan->code_len);
	gateway = qr_text_arg(fcinfo, argno + 1, "gateway", NULL);
	if (!PG_ARGISNULL(argno + 2))
		text.data = qr_text_arg(fcinfo, argno + 2, "transaction_text", &text.len);
	sha256_of(&text, 1, scan->text);
	digest_request(fcinfo, argno + 3, verb, gateway, scan);
	read_gateway(gateway, &scan->gateway);
}

static void
derive_refusal(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Presented *scan = arg;

	e->kind = QC_EV_REFUSED;
	e->gateway = scan->gateway.gateway_id;
	e->moment = scan->code.moment;
	e->refusal = scan->refusal;
	e->why = scan->why;
	e->forged = scan->is_forged;
}

/* A refusal that concerns no customer: counted and logged in the gateway's row. */
static Datum
refuse(FunctionCallInfo fcinfo, Presented *scan, QcVerdict verdict, QcReason why,
	   bool is_forged)
{
	QrPublication p = {0};
	QrAnswer	answer = {0};
	QcPolicy	none = {0};

	scan->refusal = verdict;
	scan->why = why;
	scan->is_forged = is_forged;
	if (!qr_strike_find(-(int64) scan->gateway.gateway_id, &p.seen))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the gateway has no strike row"),
				 errhint("Take the store up again with qrcred.upgrade_store().")));
	p.policy = &none;
	p.audit_key = qr_audit_key;
	p.derive = derive_refusal;
	p.arg = scan;
	qr_publish(&p, qr_mac());

	answer.outcome = p.outcome;
	answer.credential_id = scan->credential_id;
	return qr_answer(fcinfo, &answer);
}

/* A verdict on the credential's own row. */
static Datum
judge(FunctionCallInfo fcinfo, Presented *scan, const QrStrikeRef *seen,
	  void (*derive) (void *, const QcStrike *, QcEvent *))
{
	QrPublication p = {0};
	QrAnswer	answer = {0};

	p.seen = *seen;
	p.policy = &scan->issuer.policy;
	p.sync_standby = scan->issuer.sync_standby;
	p.audit_key = qr_audit_key;
	p.derive = derive;
	p.arg = scan;
	qr_publish(&p, qr_mac());

	answer.outcome = p.outcome;
	answer.credential_id = scan->credential_id;
	answer.customer_ref = scan->credential.customer_ref;
	answer.issuer = scan->issuer.code;
	answer.lang = scan->issuer.lang;
	if (p.outcome.verdict == QC_CHALLENGE)
	{
		derive_digits(&p.after, p.after.nonce, p.after.text,
					  p.after.challenge_digits, answer.challenge);
		answer.challenge_seconds =
			(p.after.challenge_until - p.now + QC_USEC - 1) / QC_USEC;
	}
	return qr_answer(fcinfo, &answer);
}

/*
 * Whether a first code's MAC is the one it must be for this row.  128 bits
 * cannot be guessed, so it is compared outside the lock and decides whose row
 * is locked.
 */
static bool
is_first_code_right(const Presented *scan, const QcStrike *s)
{
	QcCode		must = scan->code;
	uint8		key[QC_KEY_LEN];
	QcStatus	status;

	derive_credential_key(s, scan->code.kind == QC_KIND_STATIC ?
						  QC_CRED_STATIC : QC_CRED_ROTATING, key);
	status = qc_code_sign(qr_mac(), key, NULL, 0, &must);
	qc_wipe(key, sizeof(key));
	qr_check(status, "first code");
	return qc_equal(must.mac, scan->code.mac, sizeof(must.mac)) &&
		scan->code.kid == s->kid &&
		scan->code.generation == s->generation &&
		(scan->code.kind != QC_KIND_STATIC ||
		 (int64) scan->code.moment == s->valid_until);
}

static void
derive_first(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Presented *scan = arg;

	e->kind = scan->code.kind == QC_KIND_STATIC ? QC_EV_STATIC : QC_EV_ROTATING;
	e->gateway = scan->gateway.gateway_id;
	e->moment = scan->code.moment;
	e->right = is_first_code_right(scan, seen);
	memcpy(e->text, scan->text, sizeof(e->text));
	memcpy(e->request, scan->request, sizeof(e->request));
	if (!pg_strong_random(e->nonce, sizeof(e->nonce)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not draw a challenge"),
				 errdetail("The source of randomness failed.")));
}

/* The rows of a credential that verification reads; false when there is none. */
static bool
find_credential(Presented *scan, QrStrikeRef *seen)
{
	if (!qr_read_credential(scan->credential_id, &scan->credential) ||
		!qr_strike_find(scan->credential_id, seen))
		return false;
	if (!qr_read_issuer(scan->credential.issuer_id, &scan->issuer))
		elog(ERROR, "issuer %d is missing", scan->credential.issuer_id);
	return true;
}

Datum
qrcred_verify(PG_FUNCTION_ARGS)
{
	Presented	scan = {0};
	QrStrikeRef seen;
	bool		is_known;
	bool		is_right;

	qr_publish_allowed("qrcred.verify()");
	read_scan(fcinfo, 0, "verify", &scan);
	if (!scan.gateway.enabled)
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_CLOSED, false);
	if (qc_code_parse(scan.code_text, scan.code_len, &scan.code) != QC_OK)
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_MALFORMED, true);
	scan.credential_id = scan.code.credential_id;
	if (!qr_bucket_is_owned(qc_bucket_of_id(scan.credential_id)))
		return refuse(fcinfo, &scan, QC_ELSEWHERE, QC_WHY_BUCKET, false);
	if (scan.code.kind != QC_KIND_STATIC && scan.code.kind != QC_KIND_ROTATING)
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_KIND, true);

	is_known = find_credential(&scan, &seen);
	if (!is_known)
	{
		/* an unknown id costs what a wrong code costs */
		memset(&seen, 0, sizeof(seen));
		seen.row.id = scan.credential_id;
	}
	is_right = is_first_code_right(&scan, &seen.row);
	if (!is_known)
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_UNKNOWN, true);
	if (scan.code.kid != seen.row.kid ||
		scan.code.generation != seen.row.generation)
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_STALE, true);
	if (!is_right)
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_FORGED, true);
	if (scan.credential.kind != QR_CREDENTIAL_KEYS)
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_KIND, false);
	return judge(fcinfo, &scan, &seen, derive_first);
}

/* The MAC or the typed digits that answer a challenge of this credential. */
static void
expect_answer(const Presented *scan, const QcStrike *s, const uint8 *nonce,
			  const uint8 *text, int ndigits, uint8 out[32])
{
	char		digits[QC_DIGITS_MAX + 1];
	char		typed[QC_OTP_TEXT];
	uint8		key[QC_KEY_LEN];
	uint8		extra[9];
	size_t		extra_len;
	QcCode		must = scan->code;
	QcStatus	status;

	derive_digits(s, nonce, text, ndigits, digits);
	if (scan->code.kind == QC_KIND_NONE)
	{
		derive_credential_key(s, QC_CRED_OCRA, key);
		status = qc_typed_code(qr_mac(), key, digits, strlen(digits), typed);
		memcpy(out, typed, 8);
	}
	else
	{
		derive_credential_key(s, QC_CRED_SECOND, key);
		status = qc_second_extra(digits, strlen(digits), extra, &extra_len);
		if (status == QC_OK)
			status = qc_code_sign(qr_mac(), key, extra, extra_len, &must);
		memcpy(out, must.mac, sizeof(must.mac));
		qc_wipe(extra, sizeof(extra));
	}
	qc_wipe(key, sizeof(key));
	qc_wipe(digits, sizeof(digits));
	qc_wipe(typed, sizeof(typed));
	qc_wipe(&must, sizeof(must));
	qr_check(status, "second code");
}

static void
derive_second(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Presented *scan = arg;
	bool		is_typed = scan->code.kind == QC_KIND_NONE;

	e->kind = is_typed ? QC_EV_TYPED : QC_EV_SECOND;
	e->gateway = scan->gateway.gateway_id;
	e->moment = scan->code.moment;
	memcpy(e->text, scan->text, sizeof(e->text));
	memcpy(e->request, scan->request, sizeof(e->request));
	if (!is_typed && (scan->code.kid != seen->kid ||
					  scan->code.generation != seen->generation))
	{
		/* renewed since the first look: the code is nobody's guess any more */
		e->kind = QC_EV_REFUSED;
		e->refusal = QC_REJECTED;
		e->why = QC_WHY_STALE;
		return;
	}
	if (seen->challenge_state == QC_CHALLENGE_NONE)
		return;

	if (is_typed)
		memcpy(e->guess, scan->code_text, 8);
	else
		memcpy(e->guess, scan->code.mac, sizeof(scan->code.mac));
	e->guess_len = is_typed ? 8 : sizeof(scan->code.mac);
	expect_answer(scan, seen, seen->nonce, seen->text, seen->challenge_digits,
				  e->expected);
	if (seen->flags & QC_FLAG_PREVIOUS)
		expect_answer(scan, seen, seen->previous_nonce, seen->previous_text,
					  seen->previous_digits, e->expected_before);
}

static bool
is_typed_code(const char *text, size_t len)
{
	return len == 8 && strspn(text, "0123456789") == 8;
}

/*
 * Whether the credential's own row is to judge: its challenge belongs to this
 * gateway, or this very request was judged there before.  Without that an id
 * alone would reach a customer's row.
 */
static bool
concerns_row(const Presented *scan, const QcStrike *s)
{
	return (s->challenge_state != QC_CHALLENGE_NONE &&
			s->challenge_until > qr_unix_now() &&
			s->challenge_gateway == scan->gateway.gateway_id) ||
		qc_equal(s->request, scan->request, sizeof(s->request));
}

Datum
qrcred_verify_second(PG_FUNCTION_ARGS)
{
	Presented	scan = {0};
	QrStrikeRef seen;

	qr_publish_allowed("qrcred.verify_second()");
	scan.credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	read_scan(fcinfo, 1, "verify_second", &scan);
	if (!scan.gateway.enabled)
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_CLOSED, false);
	if (!qr_bucket_is_owned(qc_bucket_of_id(scan.credential_id)))
		return refuse(fcinfo, &scan, QC_ELSEWHERE, QC_WHY_BUCKET, false);
	if (!is_typed_code(scan.code_text, scan.code_len))
	{
		if (qc_code_parse(scan.code_text, scan.code_len, &scan.code) != QC_OK)
			return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_MALFORMED, false);
		if (scan.code.kind != QC_KIND_SECOND)
			return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_KIND, false);
		if (scan.code.credential_id != scan.credential_id)
			return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_STALE, false);
	}
	if (!find_credential(&scan, &seen))
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_UNKNOWN, false);
	if (scan.code.kind == QC_KIND_SECOND &&
		(scan.code.kid != seen.row.kid ||
		 scan.code.generation != seen.row.generation))
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_STALE, false);
	if (!concerns_row(&scan, &seen.row))
		return refuse(fcinfo, &scan, QC_REJECTED, QC_WHY_NO_CHALLENGE, false);
	return judge(fcinfo, &scan, &seen, derive_second);
}

static void
require_credential(int64 credential_id, QrStrikeRef *seen)
{
	QrCredential credential;

	if (!qr_read_credential(credential_id, &credential) ||
		!qr_strike_find(credential_id, seen))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"credential_id\" names no credential")));
}

/*
 * expected_second(credential_id, moment): the second code that the open
 * challenge asks for, as a wallet whose clock says moment (unix seconds)
 * would show it.  Owner only.
 */
Datum
qrcred_expected_second(PG_FUNCTION_ARGS)
{
	Presented	scan = {0};
	QrStrikeRef seen;
	uint8		must[32];
	char		text[QC_CODE_TEXT + 1];

	scan.credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	scan.code.moment = (uint32) qr_bigint_arg(fcinfo, 1, "moment", 0, PG_UINT32_MAX);
	require_credential(scan.credential_id, &seen);
	if (seen.row.challenge_state != QC_CHALLENGE_OPEN ||
		seen.row.challenge_until <= qr_unix_now())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the credential has no open challenge"),
				 errhint("A scan of its first code opens one.")));
	scan.code.kind = QC_KIND_SECOND;
	scan.code.kid = seen.row.kid;
	scan.code.generation = seen.row.generation;
	scan.code.credential_id = scan.credential_id;
	expect_answer(&scan, &seen.row, seen.row.nonce, seen.row.text,
				  seen.row.challenge_digits, must);
	memcpy(scan.code.mac, must, sizeof(scan.code.mac));
	qc_code_print(&scan.code, text);
	qc_wipe(must, sizeof(must));
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

/*
 * challenge_number(credential_id, nonce, transaction_text): the challenge
 * digits for a nonce of 16 bytes, as many as the issuer's policy says.  Owner only.
 */
Datum
qrcred_challenge_number(PG_FUNCTION_ARGS)
{
	Presented	scan = {0};
	QrStrikeRef seen;
	const uint8 *nonce;
	QcPart		text = {NULL, 0};
	char		digits[QC_DIGITS_MAX + 1];

	scan.credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	nonce = qr_bytea_arg(fcinfo, 1, "nonce", QC_NONCE_LEN, QC_NONCE_LEN, NULL);
	if (!PG_ARGISNULL(2))
		text.data = qr_text_arg(fcinfo, 2, "transaction_text", &text.len);
	sha256_of(&text, 1, scan.text);
	if (!find_credential(&scan, &seen))
		require_credential(scan.credential_id, &seen);
	derive_digits(&seen.row, nonce, scan.text, scan.issuer.policy.digits, digits);
	PG_RETURN_TEXT_P(cstring_to_text(digits));
}
