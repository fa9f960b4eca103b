/*
 * charge.c
 *	  Calling the charge function: by its number, as its owner, under the
 *	  search_path of whoever set it, never through SQL text.
 */
#include "qrcred.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "charge.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "seal.h"
#include "store/payers.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/resowner.h"
#include "utils/syscache.h"

#define SQLSTATE_DECLINED	MAKE_SQLSTATE('Q', 'C', '4', '0', '2')
#define ARGUMENTS			6

/* The function as set_charge_function() noted it. */
typedef struct Function
{
	Oid			oid;
	Oid			owner;
	char	   *search_path;
} Function;

/* A card in the clear; wipe() ends its life. */
typedef struct Card
{
	char	   *card;
	size_t		card_len;
	char	   *password;		/* NULL: none is kept */
	size_t		password_len;
	text	   *card_text;
	text	   *password_text;
} Card;

static void
find_function(int32 issuer_id, Function *f)
{
	Oid			types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(issuer_id)};
	static const Oid signature[ARGUMENTS] = {
		UUIDOID, TEXTOID, TEXTOID, NUMERICOID, TEXTOID, TEXTOID
	};
	HeapTuple	tuple = NULL;
	bool		is_right = false;

	if (qr_query_latest("SELECT charge_oid, charge_path FROM qrcred_store.issuer"
						" WHERE issuer_id = $1 AND charge_oid IS NOT NULL",
						lengthof(types), types, values) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the issuer has no charge function"),
				 errhint("Set one with qrcred.set_charge_function().")));
	f->oid = DatumGetObjectId(qr_value(0, 1));
	f->search_path = qr_value_text(0, 2);
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(f->oid));
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);

		f->owner = proc->proowner;
		is_right = proc->prokind == PROKIND_FUNCTION && !proc->proretset &&
			!proc->proisstrict && proc->prorettype == TEXTOID &&
			proc->pronargs == ARGUMENTS &&
			memcmp(proc->proargtypes.values, signature, sizeof(signature)) == 0;
		ReleaseSysCache(tuple);
	}
	if (!is_right)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the issuer's charge function is gone or has changed"),
				 errhint("Set it again with qrcred.set_charge_function().")));
}

static void
open_card(int64 credential_id, Card *c)
{
	QrCard		sealed;
	QrPlace		place = {"card", "card", credential_id, 0};

	if (!qr_card_find(credential_id, &sealed))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the payer has bound no card"),
				 errhint("Bind one with qrcred.bind_card() and confirm again.")));
	place.kid = sealed.kid;
	c->card = qr_unseal(&place, sealed.card, &c->card_len);
	c->card_text = cstring_to_text_with_len(c->card, c->card_len);
	if (sealed.card_password.len == 0)
		return;
	place.column = "card_password";
	c->password = qr_unseal(&place, sealed.card_password, &c->password_len);
	c->password_text = cstring_to_text_with_len(c->password, c->password_len);
}

static void
wipe(Card *c)
{
	if (c->card != NULL)
		qc_wipe(c->card, c->card_len);
	if (c->password != NULL)
		qc_wipe(c->password, c->password_len);
	if (c->card_text != NULL)
		qc_wipe(VARDATA(c->card_text), c->card_len);
	if (c->password_text != NULL)
		qc_wipe(VARDATA(c->password_text), c->password_len);
	memset(c, 0, sizeof(*c));
}

/* A function's message may quote what it was given: such a text is left out. */
static void
blot_out(char **text, const Card *c)
{
	if (*text == NULL)
		return;
	if (strstr(*text, c->card) != NULL ||
		(c->password != NULL && strstr(*text, c->password) != NULL))
	{
		qc_wipe(*text, strlen(*text));
		*text = pstrdup("(left out: it held card data)");
	}
}

static void
blot_out_error(ErrorData *e, const Card *c)
{
	blot_out(&e->message, c);
	blot_out(&e->detail, c);
	blot_out(&e->detail_log, c);
	blot_out(&e->hint, c);
	blot_out(&e->context, c);
	blot_out(&e->internalquery, c);
	blot_out(&e->schema_name, c);
	blot_out(&e->table_name, c);
	blot_out(&e->column_name, c);
	blot_out(&e->datatype_name, c);
	blot_out(&e->constraint_name, c);
}

/* A parameter for as long as the function runs. */
static void
set_meanwhile(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

static text *
call(const Function *f, const QrPayment *payment, const Card *c)
{
	LOCAL_FCINFO(fcinfo, ARGUMENTS);
	FmgrInfo	flinfo;
	Datum		result;

	fmgr_info(f->oid, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, ARGUMENTS, DEFAULT_COLLATION_OID, NULL, NULL);
	memset(fcinfo->args, 0, sizeof(NullableDatum) * ARGUMENTS);
	fcinfo->args[0].value = UUIDPGetDatum(&payment->id);
	fcinfo->args[1].value = PointerGetDatum(c->card_text);
	fcinfo->args[2].value = PointerGetDatum(c->password_text);
	fcinfo->args[2].isnull = c->password_text == NULL;
	fcinfo->args[3].value = DirectFunctionCall3(numeric_in, CStringGetDatum(payment->amount),
												ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	fcinfo->args[4].value = CStringGetTextDatum(payment->currency);
	fcinfo->args[5].value = CStringGetTextDatum(payment->payee);
	result = FunctionCallInvoke(fcinfo);
	return fcinfo->isnull ? NULL : DatumGetTextPP(result);
}

QrCharge
qr_charge(int32 issuer_id, const QrPayment *payment, char **words)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	Function	f = {0};
	Card		card = {0};
	Oid			user;
	int			security;
	text	   *volatile answer = NULL;
	char	   *volatile refusal = NULL;

	find_function(issuer_id, &f);
	GetUserIdAndSecContext(&user, &security);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		int			level = NewGUCNestLevel();

		open_card(payment->credential_id, &card);
		set_meanwhile("search_path", f.search_path);
		/* the trees of its statements hold the card as a constant, for the session to read */
		set_meanwhile("debug_print_parse", "off");
		set_meanwhile("debug_print_rewritten", "off");
		set_meanwhile("debug_print_plan", "off");
		SetUserIdAndSecContext(f.owner, security | SECURITY_LOCAL_USERID_CHANGE);
		answer = call(&f, payment, &card);
		SetUserIdAndSecContext(user, security);
		/* whatever the function has SET, a plain search_path too, ends with it */
		AtEOXact_GUC(false, level);
		MemoryContextSwitchTo(context);
		answer = answer ? (text *) pg_detoast_datum_copy((struct varlena *) answer) : NULL;
		wipe(&card);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		SetUserIdAndSecContext(user, security);
		if (card.card != NULL)
			blot_out_error(error, &card);
		wipe(&card);
		if (error->sqlerrcode != SQLSTATE_DECLINED)
			ReThrowError(error);
		refusal = pstrdup(error->message ? error->message : "");
		FreeErrorData(error);
	}
	PG_END_TRY();

	*words = refusal ? refusal : answer ? text_to_cstring(answer) : NULL;
	if (refusal)
		return QR_CHARGE_DECLINED;
	return answer ? QR_CHARGED : QR_CHARGE_ASKED;
}
