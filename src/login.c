/*
 * login.c
 *	  A payer's login: registered with a ticket, entered with a password.
 *
 * Wrong guesses make the login wait, in place and durable; a name that nobody
 * has waits in the same way, on a row chosen by its digest, and costs the same
 * hash.  Knowing a name is never enough to freeze anybody.
 */
#include "qrcred.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "activation.h"
#include "bcrypt.h"
#include "binding.h"
#include "door.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "loginname.h"
#include "master.h"
#include "request.h"
#include "session.h"
#include "store/relations.h"
#include "store/standby.h"
#include "text.h"
#include "utils/builtins.h"
#include "utils/resowner.h"

PG_FUNCTION_INFO_V1(qrcred_register_login);
PG_FUNCTION_INFO_V1(qrcred_login);
PG_FUNCTION_INFO_V1(qrcred_logout);
PG_FUNCTION_INFO_V1(qrcred_change_login_password);

/* The login's row as it shall be; false when the name is somebody else's. */
static bool
put_login(int64 credential_id, const char *name, const char *hash)
{
	QrLogin		own;
	QrLogin		other;
	bool		has_one = qr_login_of_credential(credential_id, &own);

	if (qr_login_by_name(name, &other) && other.credential_id != credential_id)
		return false;
	if (!has_one)
	{
		own.login_id = qr_login_number();
		own.credential_id = credential_id;
	}
	own.password_hash = unconstify(char *, hash);
	qr_login_name(&own, name);
	if (!has_one)
		return qr_login_insert(&own);
	qr_sessions_delete(own.login_id, NULL);
	return qr_login_update(&own);
}

/*
 * The login is written before the ticket is judged, in a subtransaction that
 * goes when it is refused: so neither a taken name uses a ticket up nor a
 * refused ticket leaves a login.
 */
static const char *
register_login(QrActivation *a, QrPublication *p, const char *name, const char *hash)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	bool		is_accepted;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	a->taken = !put_login(a->issued.credential_id, name, hash);
	qr_activation_publish(a, p);
	is_accepted = p->outcome.verdict == QC_DONE;
	if (is_accepted)
		ReleaseCurrentSubTransaction();
	else
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return is_accepted ? "accepted" :
		p->outcome.reason == QC_WHY_TAKEN ? "login_taken" : "rejected";
}

/* register_login(ticket, answer, login, password) */
Datum
qrcred_register_login(PG_FUNCTION_ARGS)
{
	MemoryContext result_context = CurrentMemoryContext;
	QrActivation a = {0};
	QrPublication p = {0};
	size_t		ticket_len;
	size_t		name_len;
	size_t		password_len;
	char	   *ticket = qr_text_arg(fcinfo, 0, "ticket", &ticket_len);
	char	   *name = qr_text_arg(fcinfo, 2, "login", &name_len);
	char	   *password = qr_text_arg(fcinfo, 3, "password", &password_len);
	const char *verdict = "rejected";
	QcReason	why;
	MemoryContext old;
	text	   *result;

	if (!PG_ARGISNULL(1))
		a.answer = text_to_cstring(PG_GETARG_TEXT_PP(1));
	qr_check_reference(name, name_len, "login");
	qr_check_password_length(password_len, "password");
	qr_publish_allowed("qrcred.register_login()");
	qr_store_ready();
	SPI_connect();
	why = qr_activation_find(ticket, ticket_len, QR_CREDENTIAL_BIOMETRIC, &a, &p.seen);
	if (why != QC_WHY_NONE)
		(void) qr_door_refuse(why, 0, true);
	else
	{
		char	   *hash = qr_bcrypt_new(password);

		verdict = register_login(&a, &p, name, hash);
	}
	qc_wipe(password, password_len);
	old = MemoryContextSwitchTo(result_context);
	result = cstring_to_text(verdict);
	MemoryContextSwitchTo(old);
	SPI_finish();
	PG_RETURN_TEXT_P(result);
}

/* A login's password on its way, hashed already. */
typedef struct Entry
{
	int32		gateway;
	bool		is_known;
	QrHashed	hashed;
} Entry;

static void
derive_login(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Entry *x = arg;

	e->kind = QC_EV_LOGIN;
	e->gateway = x->gateway;
	memcpy(e->guess, x->hashed.guess, sizeof(e->guess));
	memcpy(e->expected, x->hashed.expected, sizeof(e->expected));
	e->guess_len = x->is_known && x->hashed.is_hashed ? sizeof(e->guess) : 0;
}

/* The verdict on the login's row, or on that of its unknown name. */
static bool
judge_login(Entry *x, int64 owner)
{
	QrPublication p = {0};
	QcPolicy	none = {0};

	if (!qr_strike_find(owner, &p.seen))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a login has no strike row"),
				 errhint("Take the store up again with qrcred.upgrade_store().")));
	p.policy = &none;
	/* alike for known and unknown names, so that its time tells nothing */
	p.sync_standby = qr_standby_is_named();
	p.audit_key = qr_audit_key;
	p.derive = derive_login;
	p.arg = x;
	qr_publish(&p, qr_mac());
	qc_wipe(x, sizeof(*x));
	return p.outcome.verdict == QC_ACCEPTED;
}

/* A new session of the login, noted by its digest; text is a secret. */
static void
make_session(const QrLogin *login, int32 gateway_id, char text[QC_TOKEN_TEXT + 1])
{
	QcToken		token;
	uint8		sha256[QC_SHA256_LEN];

	token.bucket = qc_bucket_of_id(login->credential_id);
	if (!pg_strong_random(token.bytes, sizeof(token.bytes)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not draw a session"),
				 errdetail("The source of randomness failed.")));
	qc_token_print('S', &token, text);
	qc_wipe(&token, sizeof(token));
	if (!qr_session_digest(text, sha256))
		elog(ERROR, "a session is malformed");
	qr_session_insert(sha256, login->login_id, gateway_id);
}

static Datum
login_row(FunctionCallInfo fcinfo, const char *session)
{
	TupleDesc	desc;
	Datum		values[2];
	bool		isnull[2] = {false, session == NULL};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type is not a row");
	values[0] = CStringGetTextDatum(session ? "accepted" : "rejected");
	values[1] = session ? CStringGetTextDatum(session) : (Datum) 0;
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull));
}

/* login(login, password, gateway) */
Datum
qrcred_login(PG_FUNCTION_ARGS)
{
	QrRequest	r = {0};
	QrLogin		login = {0};
	Entry		x = {0};
	QcOutcome	outcome;
	size_t		len;
	char	   *name = qr_text_arg(fcinfo, 0, "login", NULL);
	char	   *password = qr_text_arg(fcinfo, 1, "password", &len);
	char		session[QC_TOKEN_TEXT + 1];
	bool		is_accepted = false;
	Datum		result;

	qr_publish_allowed("qrcred.login()");
	qr_store_ready();
	qr_request_read(fcinfo, -1, "login", qr_text_arg(fcinfo, 2, "gateway", NULL),
					(QcPart) {NULL, 0}, (QcPart) {NULL, 0}, &r);
	SPI_connect();
	if (!r.gateway.enabled)
		qr_request_note_refusal(&r, QC_REJECTED, QC_WHY_CLOSED, false, &outcome);
	else
	{
		x.gateway = r.gateway.gateway_id;
		x.is_known = qr_login_by_name(name, &login);
		qr_bcrypt_guess(password, len,
						x.is_known ? login.password_hash : QR_NOBODYS_HASH, &x.hashed);
		is_accepted = judge_login(&x, x.is_known ? QR_LOGIN_OWNER(login.login_id) :
								  qr_nobody(name));
	}
	qc_wipe(password, len);
	if (is_accepted)
		make_session(&login, r.gateway.gateway_id, session);
	SPI_finish();
	result = login_row(fcinfo, is_accepted ? session : NULL);
	qc_wipe(session, sizeof(session));
	return result;
}

/* logout(session) */
Datum
qrcred_logout(PG_FUNCTION_ARGS)
{
	QrSession	session;

	qr_store_ready();
	SPI_connect();
	qr_session_require(fcinfo, 0, &session);
	qr_session_delete(session.row.sha256);
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * change_login_password(session, password): the login's other sessions end, and
 * so does a binding, whose template was projected under the old password.
 */
Datum
qrcred_change_login_password(PG_FUNCTION_ARGS)
{
	QrSession	session;
	QrLogin		login;
	QrBiometric biometric;
	QrStrikeRef seen;
	QcStrike	after;
	size_t		len;
	char	   *password = qr_text_arg(fcinfo, 1, "password", &len);

	qr_check_password_length(len, "password");
	qr_publish_allowed("qrcred.change_login_password()");
	qr_store_ready();
	SPI_connect();
	qr_session_require(fcinfo, 0, &session);
	if (!qr_login_of_credential(session.row.credential_id, &login) ||
		!qr_strike_find(session.row.credential_id, &seen))
		elog(ERROR, "rows of a session's login are missing");
	if (qr_biometric_find(session.row.credential_id, &biometric) &&
		qr_is_bound(&biometric, &seen.row))
	{
		qr_require_bindable(&seen.row);
		qr_binding_end(&session, &after);
	}
	login.password_hash = qr_bcrypt_new(password);
	qc_wipe(password, len);
	(void) qr_login_update(&login);
	qr_sessions_delete(login.login_id, session.row.sha256);
	SPI_finish();
	PG_RETURN_VOID();
}
