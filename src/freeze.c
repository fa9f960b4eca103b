/*
 * freeze.c
 *	  What staff does to a credential: freeze, release, void, look.
 *
 * Freeze and void are in place and immediate, whatever the caller's
 * transaction does.  A release is an ordinary row, bound to one freeze by its
 * number, and counts once it is committed.
 */
#include "qrcred.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "master.h"
#include "store/publish.h"
#include "store/registry.h"
#include "store/relations.h"
#include "utils/builtins.h"

#define REASON_MAX		1000	/* bytes of staff's words */
#define FREEZE_MAX		(3660LL * 86400)

PG_FUNCTION_INFO_V1(qrcred_freeze);
PG_FUNCTION_INFO_V1(qrcred_release);
PG_FUNCTION_INFO_V1(qrcred_void_credential);
PG_FUNCTION_INFO_V1(qrcred_void_forgotten);
PG_FUNCTION_INFO_V1(qrcred_peek);
PG_FUNCTION_INFO_V1(qrcred_state_of);

/* An act on its way. */
typedef struct Act
{
	QcEventKind kind;
	int64		seconds;
} Act;

static char *
reason_arg(FunctionCallInfo fcinfo, int argno)
{
	size_t		len;
	char	   *reason = qr_text_arg(fcinfo, argno, "reason", &len);

	if (len == 0 || len > REASON_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"reason\" must be 1 to %d bytes", REASON_MAX)));
	return reason;
}

/* Staff may act on this credential; answers its issuer. */
static void
require_credential(int64 credential_id, QrIssuer *issuer, const char *duty)
{
	QrCredential credential;

	if (!qr_read_credential(credential_id, &credential))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"credential_id\" names no credential")));
	if (!qr_read_issuer(credential.issuer_id, issuer))
		elog(ERROR, "the credential's issuer is missing");
	SPI_connect();
	qr_require_issuer(credential.issuer_id, duty);
	SPI_finish();
}

static void
find_strike(int64 credential_id, QrStrikeRef *seen)
{
	if (!qr_strike_find(credential_id, seen))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"credential_id\" names no credential")));
}

static void
derive_act(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Act  *act = arg;

	e->kind = act->kind;
	e->seconds = act->seconds;
}

/* The act in place, and staff's words to it. */
static void
perform(int64 credential_id, Act *act, const QrIssuer *issuer, const char *reason)
{
	QrPublication p = {0};

	find_strike(credential_id, &p.seen);
	p.policy = &issuer->policy;
	p.sync_standby = issuer->sync_standby;
	p.notify = issuer->notify;
	p.audit_key = qr_audit_key;
	p.derive = derive_act;
	p.arg = act;
	qr_publish(&p, qr_mac());
	if (p.outcome.verdict != QC_DONE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the credential is void, which is final")));

	SPI_connect();
	qr_act_insert(credential_id, p.after.attempt_no, reason);
	SPI_finish();
}

static void
act_of_staff(FunctionCallInfo fcinfo, Act *act, const char *command)
{
	int64		credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	char	   *reason = reason_arg(fcinfo, 1);
	QrIssuer	issuer;

	qr_publish_allowed(command);
	require_credential(credential_id, &issuer, "support");
	perform(credential_id, act, &issuer, reason);
}

/* freeze(credential_id, reason, seconds): seconds null until released. */
Datum
qrcred_freeze(PG_FUNCTION_ARGS)
{
	Act			act = {QC_EV_FREEZE, 0};

	if (!PG_ARGISNULL(2))
		act.seconds = qr_int_arg(fcinfo, 2, "seconds", 1, FREEZE_MAX);
	act_of_staff(fcinfo, &act, "qrcred.freeze()");
	PG_RETURN_VOID();
}

/* void_credential(credential_id, reason): final. */
Datum
qrcred_void_credential(PG_FUNCTION_ARGS)
{
	Act			act = {QC_EV_VOID, 0};

	act_of_staff(fcinfo, &act, "qrcred.void_credential()");
	PG_RETURN_VOID();
}

/* void_forgotten(credential_id): part of forget(). */
Datum
qrcred_void_forgotten(PG_FUNCTION_ARGS)
{
	int64		credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	Act			act = {QC_EV_VOID, 0};
	QrIssuer	issuer;

	qr_publish_allowed("qrcred.forget()");
	require_credential(credential_id, &issuer, "issuer");
	perform(credential_id, &act, &issuer, "forgotten");
	PG_RETURN_VOID();
}

/* release(credential_id, reason): of the freeze that is in force now. */
Datum
qrcred_release(PG_FUNCTION_ARGS)
{
	int64		credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	char	   *reason = reason_arg(fcinfo, 1);
	QrStrikeRef seen;
	uint8		audit[QC_KEY_LEN];
	uint8		mac[16];
	QcStatus	status;
	QrIssuer	issuer;
	int			kid;

	require_credential(credential_id, &issuer, "support");
	find_strike(credential_id, &seen);
	if (seen.row.flags & QC_FLAG_VOID)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the credential is void, which is final"),
				 errhint("Issue a new credential to the customer.")));
	if (!qc_is_frozen(&seen.row,
					  qr_release_in_force(&seen.row, qr_mac(), qr_audit_key),
					  qr_unix_now()))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the credential is not frozen")));
	kid = qr_audit_key(0, audit);
	status = qc_release_mac(qr_mac(), audit, credential_id, seen.row.freeze_no, mac);
	qc_wipe(audit, sizeof(audit));
	qr_check(status, "release");

	SPI_connect();
	if (!qr_release_insert(credential_id, seen.row.freeze_no, mac, kid, reason))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a release of this freeze is there already"),
				 errhint("If it is this transaction's, commit it; freeze the credential again to release it anew.")));
	qr_outbox_put(QC_NOTICE_RELEASED, credential_id, 0);
	SPI_finish();
	PG_RETURN_VOID();
}

static Datum
state_row(FunctionCallInfo fcinfo, int64 credential_id)
{
	QrStrikeRef seen;
	QcState		state;
	TupleDesc	desc;
	Datum		values[4];
	bool		isnull[4] = {0};

	find_strike(credential_id, &seen);
	state = qc_state(&seen.row, qr_release_in_force(&seen.row, qr_mac(), qr_audit_key),
					 qr_unix_now());
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type is not a row");
	values[0] = CStringGetTextDatum(qc_state_name(state));
	values[1] = Int64GetDatum(seen.row.valid_until);
	values[2] = Int32GetDatum(qc_strike_sum(&seen.row));
	values[3] = Int32GetDatum(seen.row.freeze_no);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull));
}

/* peek(credential_id): the state as of now; authorises nothing, works on a standby. */
Datum
qrcred_peek(PG_FUNCTION_ARGS)
{
	int64		credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	QrIssuer	issuer;
	QrOwner		before;

	qr_owner_begin(&before);
	require_credential(credential_id, &issuer, "support");
	qr_owner_end(&before);
	return state_row(fcinfo, credential_id);
}

/* state_of(credential_id): for functions that check the caller themselves. */
Datum
qrcred_state_of(PG_FUNCTION_ARGS)
{
	return state_row(fcinfo, qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX));
}
