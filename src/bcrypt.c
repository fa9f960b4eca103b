/*
 * bcrypt.c
 *	  Hashing passwords by pgcrypto.
 */
#include "qrcred.h"

#include "bcrypt.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "store/relations.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define BCRYPT_ROUNDS	10		/* 2^10, some 60 ms: what OWASP asks at least */

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

void
qr_check_password_length(size_t len, const char *argname)
{
	if (len == 0 || len > QR_PASSWORD_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be 1 to %d bytes", argname, QR_PASSWORD_MAX)));
}

char *
qr_bcrypt_new(const char *password)
{
	Datum		salt = OidFunctionCall2Coll(pgcrypto_function("gen_salt", TEXTOID, INT4OID),
											DEFAULT_COLLATION_OID,
											CStringGetTextDatum("bf"),
											Int32GetDatum(BCRYPT_ROUNDS));

	return hash_password(password, TextDatumGetCString(salt));
}

static void
digest_text(const char *text, uint8 out[QC_SHA256_LEN])
{
	QcPart		part = {text, strlen(text)};

	qr_check(qc_sha256(qr_mac(), &part, 1, out), "password");
}

void
qr_bcrypt_guess(const char *password, size_t len, const char *stored, QrHashed *h)
{
	char	   *hash;

	h->is_hashed = len > 0 && len <= QR_PASSWORD_MAX;
	if (!h->is_hashed)
		return;
	hash = hash_password(password, stored);
	digest_text(hash, h->guess);
	digest_text(stored, h->expected);
	qc_wipe(hash, strlen(hash));
}
