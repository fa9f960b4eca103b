/*
 * password.c
 *	  The account password after an accepted scan.
 *
 * Hashing is pgcrypto's crypt() with bcrypt.  It runs before the lock; whether
 * the hash is the right one is decided under it, like every other guess.
 */
#include "qrcred.h"

#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "request.h"
#include "store/registry.h"
#include "store/relations.h"
#include "text.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define BCRYPT_ROUNDS	10		/* 2^10, some 60 ms: what OWASP asks at least */
#define PASSWORD_MAX	72		/* bytes; bcrypt looks at no more */

PG_FUNCTION_INFO_V1(qrcred_set_password);
PG_FUNCTION_INFO_V1(qrcred_check_password);

/* A function of pgcrypto by its schema, never through a search_path. */
static Oid
pgcrypto_function(const char *name, Oid first, Oid second)
{
	Oid			types[2] = {first, second};
	Oid			owner;
	Oid			schema;

	if (!qr_extension("pgcrypto", &owner, &schema))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension pgcrypto is not in this database"),
				 errhint("Make it with CREATE EXTENSION pgcrypto.")));
	return LookupFuncName(list_make2(makeString(get_namespace_name(schema)),
									 makeString(pstrdup(name))),
						  2, types, false);
}

/* crypt(password, salt): the hash as text, palloc'd. */
static char *
hash_password(const char *password, const char *salt)
{
	text	   *secret = cstring_to_text(password);
	Datum		d = OidFunctionCall2Coll(pgcrypto_function("crypt", TEXTOID, TEXTOID),
										 DEFAULT_COLLATION_OID,
										 PointerGetDatum(secret),
										 CStringGetTextDatum(salt));

	qc_wipe(VARDATA(secret), VARSIZE(secret) - VARHDRSZ);
	return TextDatumGetCString(d);
}

/* set_password(issuer, customer_ref, password) */
Datum
qrcred_set_password(PG_FUNCTION_ARGS)
{
	size_t		len;
	char	   *issuer = qr_text_arg(fcinfo, 0, "issuer", NULL);
	char	   *customer_ref = qr_text_arg(fcinfo, 1, "customer_ref", NULL);
	char	   *password = qr_text_arg(fcinfo, 2, "password", &len);
	char	   *hash;
	Datum		salt;
	QrTerms		terms;

	if (len == 0 || len > PASSWORD_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"password\" must be 1 to %d bytes", PASSWORD_MAX)));
	qr_store_ready();
	salt = OidFunctionCall2Coll(pgcrypto_function("gen_salt", TEXTOID, INT4OID),
								DEFAULT_COLLATION_OID,
								CStringGetTextDatum("bf"),
								Int32GetDatum(BCRYPT_ROUNDS));
	hash = hash_password(password, TextDatumGetCString(salt));
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
	bool		is_hashed;		/* false: too long to be anybody's password */
	uint8		guess[QC_SHA256_LEN];
	uint8		expected[QC_SHA256_LEN];
} Guess;

static void
derive_password(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Guess *g = arg;

	e->kind = QC_EV_PASSWORD;
	e->gateway = g->request.gateway.gateway_id;
	e->attempt_no = g->attempt_no;
	memcpy(e->request, g->request.digest, sizeof(e->request));
	memcpy(e->guess, g->guess, sizeof(e->guess));
	memcpy(e->expected, g->expected, sizeof(e->expected));
	e->guess_len = g->is_hashed ? sizeof(e->guess) : 0;
}

static void
digest_text(const char *text, uint8 out[QC_SHA256_LEN])
{
	QcPart		part = {text, strlen(text)};

	qr_check(qc_sha256(qr_mac(), &part, 1, out), "password");
}

/* Both hashes as digests of one length, whatever bcrypt's text looks like. */
static void
hash_guess(Guess *g, char *password, size_t len, const char *stored)
{
	char	   *hash;

	g->is_hashed = len > 0 && len <= PASSWORD_MAX;
	if (!g->is_hashed)
		return;
	hash = hash_password(password, stored);
	digest_text(hash, g->guess);
	digest_text(stored, g->expected);
	qc_wipe(hash, strlen(hash));
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
	if (!concerns_row(&g, &seen.row))
		return qr_request_refuse(fcinfo, &g.request, QC_REJECTED, QC_WHY_NOT_LATEST, false);
	stored = qr_read_password_hash(g.request.credential.customer_id);
	if (stored == NULL)
		return qr_request_refuse(fcinfo, &g.request, QC_REJECTED, QC_WHY_NO_PASSWORD, false);
	hash_guess(&g, password, len, stored);
	qc_wipe(password, len);
	result = qr_request_judge(fcinfo, &g.request, &seen, derive_password, &g, 0);
	qc_wipe(&g, sizeof(g));
	return result;
}
