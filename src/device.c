/*
 * device.c
 *	  A payer's package: for the device that bound the biometric, and for a
 *	  further one, where the policy has a verification code with that code.
 *
 * What a further device gets is counted in place, three a day, and told to the
 * customer in the same record.
 */
#include "qrcred.h"

#include "binding.h"
#include "door.h"
#include "executor/spi.h"
#include "master.h"
#include "package.h"
#include "paying.h"
#include "request.h"
#include "store/registry.h"
#include "store/relations.h"

PG_FUNCTION_INFO_V1(qrcred_biometric_package);

/* A request for a package on its way. */
typedef struct Device
{
	QrSession	session;
	QrBiometric biometric;
	bool		is_bound;
	const char *code;			/* NULL: none was given */
	size_t		len;
} Device;

typedef enum Reply
{
	REPLY_REJECTED,
	REPLY_PACKAGE,
	REPLY_SENT					/* a verification code: null */
} Reply;

/* Whether it was this session that bound the biometric. */
static bool
is_first_device(const Device *d)
{
	return d->biometric.bound_by.len == QC_SHA256_LEN &&
		qc_equal(d->biometric.bound_by.data, d->session.row.sha256, QC_SHA256_LEN);
}

static void
derive_package(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Device *d = arg;

	e->kind = QC_EV_PACKAGE;
	e->gateway = d->session.gateway.gateway_id;
	e->unbound = !qr_is_bound(&d->biometric, seen);
	e->right = d->session.issuer.verification == QR_VERIFICATION_OFF;
	if (e->right)
		return;
	e->late = d->session.row.sending == 0 ||
		d->session.row.sent_seconds >= QR_VERIFICATION_SECONDS;
	qr_expect_verification(seen->kid, d->session.row.sha256, d->session.row.sending,
						   d->code, e);
}

/* A verification code for this device, unless it had enough of them today. */
static Reply
send_code(const Device *d)
{
	int			sending;

	if (qr_login_count_sending(d->session.row.login_id, QC_PACKAGES_A_DAY) == 0)
		return REPLY_REJECTED;
	sending = qr_session_count_sending(d->session.row.sha256);
	qr_outbox_put_about(QC_NOTICE_DEVICE_CODE, d->session.row.credential_id, sending,
						d->session.row.sha256);
	return REPLY_SENT;
}

static void
note_refusal(FunctionCallInfo fcinfo, const Device *d, QcReason why)
{
	QrRequest	r = {0};
	QcOutcome	outcome;

	r.credential_id = d->session.row.credential_id;
	qr_request_read(fcinfo, -1, "biometric_package", d->session.row.gateway,
					(QcPart) {NULL, 0}, (QcPart) {NULL, 0}, &r);
	qr_request_note_refusal(&r, QC_REJECTED, why, false, &outcome);
}

static Reply
judge(FunctionCallInfo fcinfo, Device *d, QrPublication *p)
{
	QcState		state = qc_state(&p->seen.row,
								 qr_release_in_force(&p->seen.row, qr_mac(), qr_audit_key),
								 qr_unix_now());
	bool		is_usable = d->is_bound && state != QC_STATE_VOID && state != QC_STATE_FROZEN;

	if (is_usable && is_first_device(d))
		return REPLY_PACKAGE;
	if (is_usable && d->code == NULL &&
		d->session.issuer.verification != QR_VERIFICATION_OFF)
		return send_code(d);
	if (d->code != NULL && !qr_is_verification_code(d->code, d->len))
	{
		note_refusal(fcinfo, d, QC_WHY_MALFORMED);
		return REPLY_REJECTED;
	}
	if (!is_usable)
	{
		note_refusal(fcinfo, d, d->is_bound ? QC_WHY_FROZEN : QC_WHY_UNBOUND);
		return REPLY_REJECTED;
	}
	p->policy = &d->session.issuer.policy;
	p->sync_standby = d->session.issuer.sync_standby;
	p->notify = d->session.issuer.notify;
	p->audit_key = qr_audit_key;
	p->derive = derive_package;
	p->arg = d;
	qr_publish(p, qr_mac());
	return p->outcome.verdict == QC_DONE ? REPLY_PACKAGE : REPLY_REJECTED;
}

/* biometric_package(session, verification_code) */
Datum
qrcred_biometric_package(PG_FUNCTION_ARGS)
{
	MemoryContext result_context = CurrentMemoryContext;
	Device		d = {0};
	QrPublication p = {0};
	QrIssued	issued;
	QrTerms		terms;
	char	   *session = qr_text_arg(fcinfo, 0, "session", NULL);
	QcReason	why;
	Reply		reply = REPLY_REJECTED;
	Datum		result = (Datum) 0;

	if (!PG_ARGISNULL(1))
		d.code = qr_text_arg(fcinfo, 1, "verification_code", &d.len);
	qr_publish_allowed("qrcred.biometric_package()");
	qr_store_ready();
	SPI_connect();
	why = qr_session_find(session, &d.session);
	if (why != QC_WHY_NONE)
		(void) qr_door_refuse(why, 0, why == QC_WHY_SESSION);
	else
	{
		if (!qr_credential_find(d.session.row.credential_id, &issued) ||
			!qr_strike_find(d.session.row.credential_id, &p.seen))
			elog(ERROR, "rows of a session's credential are missing");
		qr_terms_of_id(issued.issuer_id, &terms);
		d.is_bound = qr_biometric_find(d.session.row.credential_id, &d.biometric) &&
			qr_is_bound(&d.biometric, &p.seen.row);
		reply = judge(fcinfo, &d, &p);
	}
	if (reply == REPLY_PACKAGE)
		result = qr_payer_package(&issued, &terms, &p.seen.row, &d.biometric, result_context);
	SPI_finish();
	if (reply == REPLY_SENT)
		PG_RETURN_NULL();
	return reply == REPLY_PACKAGE ? result : qr_package_rejected();
}
