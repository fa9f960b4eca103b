/*
 * binding.c
 *	  Ending a binding in place.
 */
#include "qrcred.h"

#include "binding.h"
#include "issuing.h"
#include "master.h"
#include "store/publish.h"

typedef struct Ending
{
	QrIssued	issued;
	QrTerms		terms;
	QrCustomer	customer;
} Ending;

static void
derive_binding(void *arg, const QcStrike *seen, QcEvent *e)
{
	Ending	   *x = arg;

	e->kind = QC_EV_BINDING;
	e->new_valid_until = qr_unix_now() / QC_USEC + (int64) x->issued.valid_days * QR_DAY;
	if (e->new_valid_until > PG_UINT32_MAX)
		qr_check(QC_E_TIME, "valid_days");
	/* erased data makes no code; such a credential is void anyway */
	if (!qr_is_forgotten(&x->customer))
		e->new_kid = qr_current_digest(&x->terms, &x->customer, e->new_digest);
}

static void pg_attribute_noreturn()
refuse(const char *state)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the payer's credential cannot be bound now"),
			 errdetail("Its state is \"%s\".", state)));
}

bool
qr_is_bound(const QrBiometric *biometric, const QcStrike *s)
{
	return biometric->is_bound && biometric->generation == s->generation;
}

void
qr_require_bindable(const QcStrike *s)
{
	int32		released = qr_release_in_force(s, qr_mac(), qr_audit_key);

	if (s->flags & QC_FLAG_VOID)
		refuse(qc_state_name(QC_STATE_VOID));
	if (qc_is_frozen(s, released, qr_unix_now()))
		refuse(qc_state_name(QC_STATE_FROZEN));
	if (s->flags & QC_FLAG_REGISTRATION)
		refuse("registration changed");
}

void
qr_binding_end(const QrSession *session, QcStrike *after)
{
	Ending		x = {0};
	QrPublication p = {0};

	if (!qr_credential_find(session->row.credential_id, &x.issued) ||
		!qr_strike_find(session->row.credential_id, &p.seen) ||
		!qr_customer_of_id(x.issued.customer_id, &x.customer))
		elog(ERROR, "rows of a payer's credential are missing");
	qr_terms_of_id(x.issued.issuer_id, &x.terms);
	p.policy = &session->issuer.policy;
	p.sync_standby = session->issuer.sync_standby;
	p.notify = session->issuer.notify;
	p.audit_key = qr_audit_key;
	p.derive = derive_binding;
	p.arg = &x;
	qr_publish(&p, qr_mac());
	if (p.outcome.verdict != QC_DONE)
		refuse(qc_state_name(qc_state(&p.after, p.event.released_freeze_no, p.now)));
	qr_biometric_delete(session->row.credential_id);
	if (p.after.flags & QC_FLAG_VOID)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the payer's credential has had its last generation and is void"),
				 errhint("Enrol the payer anew with qrcred.enrol_payer().")));
	*after = p.after;
}
