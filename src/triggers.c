/*
 * triggers.c
 *	  Triggers that the bank attaches to tables of its own.
 *
 * freeze_on(column, reason [, 'transactional' [, issuer]])
 * count_on(column [, issuer])
 * registration_changed(column [, issuer])
 *
 * The column holds a credential id (bigint) or a customer_ref (text); with
 * the latter every credential of the customer is meant, at all issuers unless
 * one is named.  A null does nothing.  An id that lives elsewhere is a warning,
 * since the bank's row is not to fail for it.
 */
#include "qrcred.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "master.h"
#include "miscadmin.h"
#include "store/publish.h"
#include "store/registry.h"
#include "store/relations.h"
#include "triggers.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(qrcred_freeze_on);
PG_FUNCTION_INFO_V1(qrcred_count_on);
PG_FUNCTION_INFO_V1(qrcred_registration_changed);

/* A freeze that waits for its row's commit. */
typedef struct Pending
{
	SubTransactionId subid;
	int64		credential_id;
	char	   *reason;
} Pending;

static List *pending = NIL;		/* of Pending, in TopTransactionContext */

/* What a trigger was made with. */
typedef struct Attached
{
	const char *name;			/* of the function, for messages */
	const char *column;
	const char *reason;
	bool		is_transactional;
	const char *issuer;			/* NULL: all */
} Attached;

static void pg_attribute_noreturn()
complain(const char *function, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("trigger function qrcred.%s() %s", function, what),
			 errhint("%s", hint)));
}

static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *function)
{
	TriggerData *t = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function qrcred.%s() was not called by a trigger", function)));
	if (!TRIGGER_FIRED_AFTER(t->tg_event) || !TRIGGER_FIRED_FOR_ROW(t->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(t->tg_event))
		complain(function, "must be attached AFTER INSERT OR UPDATE ... FOR EACH ROW",
				 "CREATE TRIGGER ... AFTER INSERT OR UPDATE ON ... FOR EACH ROW EXECUTE FUNCTION ...");
	return t;
}

/* The row's credentials by the column named; NULL when it is null. */
static int64 *
credentials_of_row(const TriggerData *t, const Attached *a, int *count)
{
	TupleDesc	desc = RelationGetDescr(t->tg_relation);
	HeapTuple	row = TRIGGER_FIRED_BY_UPDATE(t->tg_event) ? t->tg_newtuple : t->tg_trigtuple;
	int			i = SPI_fnumber(desc, a->column);
	Oid			type;
	bool		isnull;
	Datum		d;
	int64	   *one;

	if (i <= 0)
		complain(a->name, psprintf("names a column \"%s\" that table \"%s\" does not have",
								   a->column, RelationGetRelationName(t->tg_relation)),
				 "The first argument is the column with the credential id or the customer_ref.");
	type = SPI_gettypeid(desc, i);
	d = SPI_getbinval(row, desc, i, &isnull);
	*count = 0;
	if (type == INT8OID)
	{
		if (a->issuer != NULL)
			complain(a->name, psprintf("names an issuer, but column \"%s\" holds credential ids", a->column),
					 "An issuer goes with a customer_ref.");
		one = palloc(sizeof(int64));
		*one = isnull ? 0 : DatumGetInt64(d);
		*count = isnull ? 0 : 1;
		return one;
	}
	if (type != TEXTOID && type != VARCHAROID)
		complain(a->name, psprintf("names column \"%s\", which is neither bigint nor text", a->column),
				 "A credential id is bigint, a customer_ref is text.");
	if (a->issuer != NULL && !qr_issuer_exists(a->issuer))
		complain(a->name, psprintf("names an issuer \"%s\" that does not exist", a->issuer),
				 "The issuer is named by its code.");
	return isnull ? NULL :
		qr_credentials_by_ref(TextDatumGetCString(d), a->issuer, count);
}

/* Without a seconds argument of its own: a freeze lasts until released. */
static void
derive_event(void *arg, const QcStrike *seen, QcEvent *e)
{
	e->kind = *(const QcEventKind *) arg;
}

/* The event in place; words, when given, are noted as staff's. */
static void
perform(int64 credential_id, QcEventKind kind, const char *words)
{
	QrPublication p = {0};
	QrCredential credential;
	QrIssuer	issuer;

	if (!qr_read_credential(credential_id, &credential) ||
		!qr_read_issuer(credential.issuer_id, &issuer) ||
		!qr_strike_find(credential_id, &p.seen))
	{
		ereport(WARNING,
				(errmsg("credential %lld does not live in this database", (long long) credential_id)));
		return;
	}
	p.policy = &issuer.policy;
	p.sync_standby = issuer.sync_standby;
	p.notify = issuer.notify;
	p.audit_key = qr_audit_key;
	p.derive = derive_event;
	p.arg = &kind;
	qr_publish(&p, qr_mac());
	if (words != NULL)
		qr_act_insert(credential_id, p.after.attempt_no, words);
}

static void
put_off(int64 credential_id, const char *reason)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	Pending    *f = palloc(sizeof(Pending));

	f->subid = GetCurrentSubTransactionId();
	f->credential_id = credential_id;
	f->reason = pstrdup(reason);
	pending = lappend(pending, f);
	MemoryContextSwitchTo(old);
}

/* freeze_on(column, reason [, 'transactional' [, issuer]]) */
Datum
qrcred_freeze_on(PG_FUNCTION_ARGS)
{
	TriggerData *t = trigger_data(fcinfo, "freeze_on");
	char	  **args = t->tg_trigger->tgargs;
	int			nargs = t->tg_trigger->tgnargs;
	Attached	a = {"freeze_on"};
	int64	   *ids;
	int			n;
	int			i;

	if (nargs < 2 || nargs > 4)
		complain(a.name, "takes a column, a reason, optionally 'transactional' or 'immediate', and an issuer",
				 "For example qrcred.freeze_on('credential_id', 'fraud alert').");
	a.column = args[0];
	a.reason = args[1];
	if (a.reason[0] == '\0')
		complain(a.name, "needs a reason", "The second argument stands in history().");
	if (nargs > 2)
	{
		a.is_transactional = strcmp(args[2], "transactional") == 0;
		if (!a.is_transactional && strcmp(args[2], "immediate") != 0)
			complain(a.name, psprintf("has a third argument \"%s\"", args[2]),
					 "It is 'immediate' (the default) or 'transactional'.");
	}
	a.issuer = nargs > 3 ? args[3] : NULL;

	qr_publish_allowed("qrcred.freeze_on()");
	qr_store_ready();
	SPI_connect();
	ids = credentials_of_row(t, &a, &n);
	for (i = 0; i < n; i++)
		if (a.is_transactional)
			put_off(ids[i], a.reason);
		else
			perform(ids[i], QC_EV_FREEZE, a.reason);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* What count_on and registration_changed have in common. */
static Datum
perform_on_row(FunctionCallInfo fcinfo, const char *name, QcEventKind kind)
{
	TriggerData *t = trigger_data(fcinfo, name);
	int			nargs = t->tg_trigger->tgnargs;
	Attached	a = {name};
	int64	   *ids;
	int			n;
	int			i;

	if (nargs < 1 || nargs > 2)
		complain(name, "takes a column and optionally an issuer",
				 "The column holds the credential id (bigint) or the customer_ref (text).");
	a.column = t->tg_trigger->tgargs[0];
	a.issuer = nargs > 1 ? t->tg_trigger->tgargs[1] : NULL;
	qr_publish_allowed(psprintf("qrcred.%s()", name));
	qr_store_ready();
	SPI_connect();
	ids = credentials_of_row(t, &a, &n);
	for (i = 0; i < n; i++)
		perform(ids[i], kind, NULL);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* count_on(column [, issuer]): each row is a strike; at the limit it freezes. */
Datum
qrcred_count_on(PG_FUNCTION_ARGS)
{
	return perform_on_row(fcinfo, "count_on", QC_EV_COUNT);
}

/* registration_changed(column [, issuer]): codes made from old data end. */
Datum
qrcred_registration_changed(PG_FUNCTION_ARGS)
{
	return perform_on_row(fcinfo, "registration_changed", QC_EV_REGISTRATION);
}

/* The freezes whose rows are about to be committed, as the extension's owner. */
static void
freeze_pending(void)
{
	List	   *due = pending;
	QrOwner		before;
	ListCell   *lc;

	pending = NIL;
	qr_owner_begin(&before);
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	foreach(lc, due)
	{
		Pending    *f = lfirst(lc);

		perform(f->credential_id, QC_EV_FREEZE, f->reason);
	}
	SPI_finish();
	PopActiveSnapshot();
	qr_owner_end(&before);
}

/* On an error the transaction's abort puts the user back. */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (pending == NIL)
		return;
	if (event == XACT_EVENT_PRE_COMMIT)
		freeze_pending();
	else if (event == XACT_EVENT_PRE_PREPARE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot prepare a transaction with a transactional freeze"),
				 errhint("Attach qrcred.freeze_on() without 'transactional'.")));
	else if (event == XACT_EVENT_ABORT)
		pending = NIL;
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid,
					  SubTransactionId parent, void *arg)
{
	ListCell   *lc;

	foreach(lc, pending)
	{
		Pending    *f = lfirst(lc);

		if (f->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			f->subid = parent;
		else if (event == SUBXACT_EVENT_ABORT_SUB)
			pending = foreach_delete_current(pending, lc);
	}
}

void
qr_triggers_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
