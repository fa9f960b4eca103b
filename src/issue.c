/*
 * issue.c
 *	  Registering a customer, issuing a credential, sending its link again.
 *
 * These run as the extension's owner (SECURITY DEFINER) with SPI.  Master keys
 * are copied for as short as it goes and wiped on every way out.
 */
#include "qrcred.h"

#include "executor/spi.h"
#include "issuing.h"
#include "master.h"
#include "package.h"
#include "personal.h"
#include "store/publish.h"
#include "store/registry.h"
#include "store/relations.h"
#include "text.h"
#include "utils/builtins.h"

#define PERSONAL_MAX	512		/* bytes of a name, id number or phone */
#define WORDS_MAX		1000	/* bytes of a purpose or a face value */

PG_FUNCTION_INFO_V1(qrcred_register);
PG_FUNCTION_INFO_V1(qrcred_issue);
PG_FUNCTION_INFO_V1(qrcred_enrol_payer);
PG_FUNCTION_INFO_V1(qrcred_resend_link);
PG_FUNCTION_INFO_V1(qrcred_cancel_ticket);
PG_FUNCTION_INFO_V1(qrcred_static_code);

static char *
personal_arg(FunctionCallInfo fcinfo, int argno, const char *name, size_t *len)
{
	char	   *raw = qr_text_arg(fcinfo, argno, name, len);
	size_t		raw_len = *len;
	char	   *normal = qr_normalise_personal(raw, len, name, PERSONAL_MAX);

	qc_wipe(raw, raw_len);
	return normal;
}

/* issuer and customer_ref, at argno and after. */
static char *
reference_arg(FunctionCallInfo fcinfo, int argno, const char *name)
{
	size_t		len;
	char	   *s = qr_text_arg(fcinfo, argno, name, &len);

	qr_check_reference(s, len, name);
	return s;
}

/* register(issuer, customer_ref, full_name, id_number, phone) */
Datum
qrcred_register(PG_FUNCTION_ARGS)
{
	char	   *issuer = reference_arg(fcinfo, 0, "issuer");
	QrCustomer	customer = {0};
	QrPersonalData data = {0};
	QrTerms		terms;
	uint8		master[QC_KEY_LEN];

	customer.customer_ref = reference_arg(fcinfo, 1, "customer_ref");
	qr_store_ready();
	SPI_connect();
	qr_terms_of(issuer, &terms);
	qr_require_issuer(terms.issuer_id, "issuer");
	(void) qr_own_bucket(customer.customer_ref);
	customer.customer_id = qr_customer_number();
	PG_TRY();
	{
		data.text[QR_FULL_NAME] = personal_arg(fcinfo, 2, "full_name", &data.len[QR_FULL_NAME]);
		data.text[QR_ID_NUMBER] = personal_arg(fcinfo, 3, "id_number", &data.len[QR_ID_NUMBER]);
		data.text[QR_PHONE] = personal_arg(fcinfo, 4, "phone", &data.len[QR_PHONE]);
		customer.kid = qr_master_use(master);
		qr_personal_seal(master, &terms, &data, &customer);
	}
	PG_FINALLY();
	{
		qc_wipe(master, sizeof(master));
		qr_personal_wipe(&data);
	}
	PG_END_TRY();
	qr_customer_insert(terms.issuer_id, &customer);
	SPI_finish();
	PG_RETURN_VOID();
}

/* Printable words for the card, optional; NULL when the argument is null. */
static char *
words_arg(FunctionCallInfo fcinfo, int argno, const char *name)
{
	size_t		len;
	size_t		i;
	char	   *s;

	if (PG_ARGISNULL(argno))
		return NULL;
	s = qr_text_arg(fcinfo, argno, name, &len);
	if (len > WORDS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be at most %d bytes", name, WORDS_MAX)));
	for (i = 0; i < len; i++)
		if ((unsigned char) s[i] < 0x20 || s[i] == 0x7f)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument \"%s\" must not hold control characters", name)));
	return s;
}

/*
 * A credential of this kind for issuer and customer_ref, the first two
 * arguments; purpose and face_value NULL and valid_days 0 are the issuer's.
 */
static Datum
issue(FunctionCallInfo fcinfo, int kind, const char *purpose,
	  const char *face_value, int valid_days)
{
	char	   *issuer = reference_arg(fcinfo, 0, "issuer");
	char	   *customer_ref = reference_arg(fcinfo, 1, "customer_ref");
	char		ticket[QC_TOKEN_TEXT + 1];
	QrTerms		terms;
	QrCustomer	customer;
	QrIssued	issued = {0};
	QcStrike	s;
	int64		valid_until;

	qr_store_ready();
	SPI_connect();
	qr_terms_of(issuer, &terms);
	qr_require_issuer(terms.issuer_id, "issuer");
	if (!qr_customer_find(terms.issuer_id, customer_ref, &customer))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"customer_ref\" names no customer of the issuer"),
				 errhint("Customers are registered with qrcred.register().")));
	issued.issuer_id = terms.issuer_id;
	issued.customer_id = customer.customer_id;
	issued.kind = kind;
	issued.customer_ref = customer.customer_ref;
	issued.purpose = unconstify(char *, purpose ? purpose : terms.purpose);
	issued.face_value = unconstify(char *, face_value ? face_value : "");
	issued.valid_from = qr_unix_now() / QC_USEC;
	issued.valid_days = valid_days > 0 ? valid_days : terms.valid_days;
	valid_until = issued.valid_from + (int64) issued.valid_days * QR_DAY;
	if (valid_until > PG_UINT32_MAX)
		qr_check(QC_E_TIME, "valid_days");

	qr_first_strike(&terms, &customer, valid_until, &s);
	qr_insert_credential(&issued, &s);
	qr_make_ticket(&terms, &s, ticket);
	return qr_issued_row(fcinfo, &terms, s.id, ticket);
}

/* issue(issuer, customer_ref, purpose, face_value, valid_days) */
Datum
qrcred_issue(PG_FUNCTION_ARGS)
{
	char	   *purpose = words_arg(fcinfo, 2, "purpose");
	char	   *face_value = words_arg(fcinfo, 3, "face_value");
	int			valid_days = PG_ARGISNULL(4) ? 0 :
	(int) qr_int_arg(fcinfo, 4, "valid_days", 1, 3660);

	return issue(fcinfo, QR_CREDENTIAL_KEYS, purpose, face_value, valid_days);
}

/*
 * enrol_payer(issuer, customer_ref): a payer's credential; its ticket is spent
 * by register_login().
 */
Datum
qrcred_enrol_payer(PG_FUNCTION_ARGS)
{
	return issue(fcinfo, QR_CREDENTIAL_BIOMETRIC, NULL, NULL, 0);
}

static void
derive_ticket(void *arg, const QcStrike *seen, QcEvent *e)
{
	e->kind = *(QcEventKind *) arg;
}

/* Changes the credential's ticket in place; what was issued and its terms. */
static void
change_ticket(FunctionCallInfo fcinfo, QcEventKind kind, QrPublication *p,
			  QrIssued *issued)
{
	int64		credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	QrIssuer	policy;

	if (!qr_credential_find(credential_id, issued) ||
		!qr_strike_find(credential_id, &p->seen) ||
		!qr_read_issuer(issued->issuer_id, &policy))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"credential_id\" names no credential")));
	qr_require_issuer(issued->issuer_id, "issuer");
	p->policy = &policy.policy;
	p->sync_standby = policy.sync_standby;
	p->notify = policy.notify;
	p->audit_key = qr_audit_key;
	p->derive = derive_ticket;
	p->arg = &kind;
	qr_publish(p, qr_mac());
	p->policy = NULL;
	p->arg = NULL;
}

/*
 * resend_link(credential_id): a new ticket; the one before it is worthless from
 * here on, whatever becomes of the caller's transaction.
 */
Datum
qrcred_resend_link(PG_FUNCTION_ARGS)
{
	char		ticket[QC_TOKEN_TEXT + 1];
	QrPublication p = {0};
	QrIssued	issued;
	QrTerms		terms;

	qr_publish_allowed("qrcred.resend_link()");
	qr_store_ready();
	SPI_connect();
	change_ticket(fcinfo, QC_EV_TICKET, &p, &issued);
	qr_terms_of_id(issued.issuer_id, &terms);
	if (p.outcome.verdict != QC_DONE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the credential cannot be downloaded"),
				 errdetail("Its state is \"%s\".",
						   qc_state_name(qc_state(&p.after, p.event.released_freeze_no, p.now)))));
	qr_make_ticket(&terms, &p.after, ticket);
	return qr_issued_row(fcinfo, &terms, issued.credential_id, ticket);
}

/* cancel_ticket(credential_id): no download until a new link is sent. */
Datum
qrcred_cancel_ticket(PG_FUNCTION_ARGS)
{
	QrPublication p = {0};
	QrIssued	issued;

	qr_publish_allowed("qrcred.cancel_ticket()");
	qr_store_ready();
	SPI_connect();
	change_ticket(fcinfo, QC_EV_CANCEL, &p, &issued);
	SPI_finish();
	PG_RETURN_VOID();
}

/* static_code(credential_id): the first code, for card_svg(credential_id).  Owner only. */
Datum
qrcred_static_code(PG_FUNCTION_ARGS)
{
	int64		credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	QrStrikeRef seen;
	char		text[QC_CODE_TEXT + 1];

	if (!qr_strike_find(credential_id, &seen))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"credential_id\" names no credential")));
	qr_static_code(&seen.row, text);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}
