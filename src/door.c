/*
 * door.c
 *	  Refusals without a gateway.
 */
#include "qrcred.h"

#include "door.h"
#include "master.h"
#include "store/publish.h"
#include "store/standby.h"

#define DOOR	0

typedef struct Refusal
{
	QcReason	why;
	int64		moment;
	bool		is_forged;
} Refusal;

static void
derive_refusal(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Refusal *r = arg;

	e->kind = QC_EV_REFUSED;
	e->refusal = QC_REJECTED;
	e->why = r->why;
	e->moment = r->moment;
	e->forged = r->is_forged;
}

int64
qr_door_refuse(QcReason why, int64 moment, bool is_forged)
{
	Refusal		r = {why, moment, is_forged};
	QrPublication p = {0};
	QcPolicy	none = {0};

	if (!qr_strike_find(DOOR, &p.seen))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the store has no strike row for wallets"),
				 errhint("Take the store up again with qrcred.upgrade_store().")));
	p.policy = &none;
	p.sync_standby = qr_standby_is_named();
	p.audit_key = qr_audit_key;
	p.derive = derive_refusal;
	p.arg = &r;
	qr_publish(&p, qr_mac());
	return p.after.attempt_no;
}
