/*
 * password.c
 *	  The account password after an accepted scan.
 */
#include "qrcred.h"

#include "bcrypt.h"
#include "executor/spi.h"
#include "request.h"
#include "store/registry.h"
#include "store/relations.h"

PG_FUNCTION_INFO_V1(qrcred_set_password);
PG_FUNCTION_INFO_V1(qrcred_check_password);

/* set_password(issuer, customer_ref, password) */
Datum
qrcred_set_password(PG_FUNCTION_ARGS)
{
	size_t		len;
	char	   *issuer = qr_text_arg(fcinfo, 0, "issuer", NULL);
	char	   *customer_ref = qr_text_arg(fcinfo, 1, "customer_ref", NULL);
	char	   *password = qr_text_arg(fcinfo, 2, "password", &len);
	char	   *hash;
	QrTerms		terms;

	qr_check_password_length(len, "password");
	qr_store_ready();
	hash = qr_bcrypt_new(password);
	qc_wipe(password, len);
	SPI_connect();
	qr_terms_of(issuer, &terms);
	qr_require_issuer(terms.issuer_id, "issuer");
	if (!qr_customer_set_password(terms.issuer_id, customer_ref, hash))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"customer_ref\" names no customer of the issuer")));
	SPI_finish();
	PG_RETURN_VOID();
}

/* A password on its way, hashed already. */
typedef struct Guess
{
	QrRequest	request;
	int64		attempt_no;		/* of the acceptance that it follows */
	QrHashed	hashed;
} Guess;

static void
derive_password(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Guess *g = arg;

	e->kind = QC_EV_PASSWORD;
	e->gateway = g->request.gateway.gateway_id;
	e->attempt_no = g->attempt_no;
	memcpy(e->request, g->request.digest, sizeof(e->request));
	memcpy(e->guess, g->hashed.guess, sizeof(e->guess));
	memcpy(e->expected, g->hashed.expected, sizeof(e->expected));
	e->guess_len = g->hashed.is_hashed ? sizeof(e->guess) : 0;
}

/* Whether the acceptance named is the row's latest, at this gateway, lately. */
static bool
concerns_row(const Guess *g, const QcStrike *s)
{
	return (s->accept_no == g->attempt_no &&
			s->accept_gateway == g->request.gateway.gateway_id &&
			!s->accept_settled &&
			qr_unix_now() - s->accept_at <= QC_PASSWORD_SECONDS * QC_USEC) ||
		qr_request_is_repeated(&g->request, s);
}

/* check_password(credential_id, attempt_no, password, gateway, request_id) */
Datum
qrcred_check_password(PG_FUNCTION_ARGS)
{
	Guess		g = {0};
	QrStrikeRef seen;
	QrCredential credential;
	char	   *password;
	char	   *stored;
	size_t		len;
	struct
	{
		int64		attempt_no;
		uint8		password[QC_SHA256_LEN];
	}			what;
	QcPart		part;
	Datum		result;

	qr_publish_allowed("qrcred.check_password()");
	g.request.credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	g.attempt_no = qr_bigint_arg(fcinfo, 1, "attempt_no", 1, PG_INT64_MAX);
	password = qr_text_arg(fcinfo, 2, "password", &len);
	what.attempt_no = g.attempt_no;
	part = (QcPart) {password, len};
	qr_check(qc_sha256(qr_mac(), &part, 1, what.password), "password");
	qr_request_read(fcinfo, 4, "check_password", qr_text_arg(fcinfo, 3, "gateway", NULL),
					(QcPart) {&what, sizeof(what)}, (QcPart) {NULL, 0}, &g.request);
	qc_wipe(&what, sizeof(what));

	if (!g.request.gateway.enabled)
		return qr_request_refuse(fcinfo, &g.request, QC_REJECTED, QC_WHY_CLOSED, false);
	if (!qr_bucket_is_owned(qc_bucket_of_id(g.request.credential_id)))
		return qr_request_refuse(fcinfo, &g.request, QC_ELSEWHERE, QC_WHY_BUCKET, false);
	if (!qr_request_find(&g.request, &seen))
		return qr_request_refuse(fcinfo, &g.request, QC_REJECTED, QC_WHY_UNKNOWN, false);
	if ((seen.row.flags & QC_FLAG_PAYER) != 0)
		return qr_request_refuse(fcinfo, &g.request, QC_REJECTED, QC_WHY_KIND, false);
	if (!concerns_row(&g, &seen.row))
		return qr_request_refuse(fcinfo, &g.request, QC_REJECTED, QC_WHY_NOT_LATEST, false);
	if (!qr_read_credential(g.request.credential_id, &credential))
		elog(ERROR, "credential %lld is missing", (long long) g.request.credential_id);
	stored = qr_read_password_hash(credential.customer_id);
	if (stored == NULL)
		return qr_request_refuse(fcinfo, &g.request, QC_REJECTED, QC_WHY_NO_PASSWORD, false);
	qr_bcrypt_guess(password, len, stored, &g.hashed);
	qc_wipe(password, len);
	result = qr_request_judge(fcinfo, &g.request, &seen, derive_password, &g, 0);
	qc_wipe(&g, sizeof(g));
	return result;
}
