/*
 * package.c
 *	  The wallet package (2-protocol, "Wallet package"): what the bank answers
 *	  to a download or a renewal.
 */
#include <string.h>

#include "member.h"
#include "package.h"

static const Document holder_document = {
	"package",
	"Nothing was kept. Download again; if it happens again, tell the bank."
};

static const Document payer_document = {
	"package",
	"Give what biometric_package() answers; where the bank sends a verification code for it, "
	"that is nothing until the code is given."
};

static bool
read_first_code(const Document *doc, const json_t *object, Credential *cred)
{
	const json_t *v = json_object_get(object, "static");
	const char *s = json_string_value(v);
	QcCode		code;

	if (s == NULL ||
		qc_code_parse(s, json_string_length(v), &code) != QC_OK ||
		code.kind != QC_KIND_STATIC ||
		code.credential_id != cred->credential_id ||
		code.generation != cred->generation ||
		code.kid != cred->kid)
		return member_bad(doc, "static");
	qc_code_print(&code, cred->first_code);
	return true;
}

static bool
read_keys(const Document *doc, const json_t *object, Credential *cred)
{
	static const char *const key_name[KEY_COUNT] = {
		[KEY_SECOND] = "second",
		[KEY_ROTATING] = "rotating",
		[KEY_OCRA] = "ocra",
		[KEY_RENEWAL] = "renewal"
	};
	const json_t *keys = json_object_get(object, "keys");
	size_t		len;
	int			i;

	if (!json_is_object(keys))
		return member_bad(doc, "keys");
	for (i = 0; i < KEY_COUNT; i++)
		if (!member_hex(doc, keys, key_name[i], false, QC_KEY_LEN, QC_KEY_LEN,
						cred->key[i], &len))
			return false;
	return true;
}

/* What is in place of the keys, once the credential itself is read. */
static bool
read_biometric(const Document *doc, const json_t *object, const Credential *cred,
			   Biometric *biometric)
{
	const json_t *part = json_object_get(object, "biometric");
	Binding    *binding = &biometric->binding;
	char		code[32];
	size_t		bytes;
	size_t		len;

	if (json_object_get(object, "keys") != NULL)
		return member_bad(doc, "keys");
	if (!json_is_object(part))
		return member_bad(doc, "biometric");
	if (!member_exact(doc, part, "code", code, sizeof(code)))
		return false;
	biometric->code = qc_bch_find(code, strlen(code));
	if (biometric->code == NULL)
		return member_bad(doc, "code");
	bytes = qc_bch_bytes(biometric->code);
	if (!member_hex(doc, part, "helper", false, bytes, bytes, biometric->helper, &len) ||
		!member_hex(doc, part, "salt", false, BINDING_SALT_MIN, BINDING_SALT_MAX,
					binding->salt, &binding->salt_len) ||
		!member_exact(doc, part, "model", biometric->model, sizeof(biometric->model)))
		return false;
	if (!qc_is_packed(biometric->helper, biometric->code->n))
		return member_bad(doc, "helper");
	binding->credential_id = cred->credential_id;
	binding->generation = cred->generation;
	binding->kid = cred->kid;
	return true;
}

static bool
read_members(const Document *doc, const json_t *object, Credential *cred,
			 int64_t *server_time)
{
	const json_t *issuer = json_object_get(object, "issuer");
	int64_t		generation;
	int64_t		kid;
	int64_t		digits;

	if (!member_id(doc, object, false, &cred->credential_id) ||
		!member_int(doc, object, "generation", 1, 255, &generation) ||
		!member_int(doc, object, "kid", 1, 255, &kid) ||
		!member_int(doc, object, "digits", 6, 8, &digits) ||
		!member_int(doc, object, "valid_from", 0, UINT32_MAX, &cred->valid_from) ||
		!member_int(doc, object, "valid_until", 0, UINT32_MAX, &cred->valid_until) ||
		!member_int(doc, object, "server_time", 0, UINT32_MAX, server_time))
		return false;
	cred->generation = (uint8_t) generation;
	cred->kid = (uint8_t) kid;
	cred->digits = (uint8_t) digits;

	if (!json_is_object(issuer))
		return member_bad(doc, "issuer");
	if (!member_text(doc, issuer, "code", false, cred->issuer_code, sizeof(cred->issuer_code)) ||
		!member_text(doc, issuer, "name", false, cred->issuer_name, sizeof(cred->issuer_name)) ||
		!member_text(doc, object, "purpose", true, cred->purpose, sizeof(cred->purpose)) ||
		!member_text(doc, object, "face_value", true, cred->face_value, sizeof(cred->face_value)))
		return false;
	if (cred->issuer_code[0] == '\0')
		return member_bad(doc, "issuer");
	return read_first_code(doc, object, cred);
}

/* The verdict of a request that was rejected, and packages for somebody else. */
static Outcome
check_kind(const json_t *object, bool payer)
{
	const char *verdict = json_string_value(json_object_get(object, "verdict"));

	if (verdict != NULL && strcmp(verdict, "rejected") == 0)
	{
		complain(payer ? "Log in again, or bind a template first." :
				 "A link works once and not for long, and a renewal code for a minute: "
				 "try a new renewal code, or ask the bank for a new link.",
				 "the bank rejected the request, so there is no credential %s",
				 payer ? "to pay with" : "to keep");
		return OUT_BAD;
	}
	if (!payer && json_object_get(object, "biometric") != NULL)
	{
		complain("Pay with it: qrwallet pay --package FILE. To pay with a PIN in place of a "
				 "capture, keep its key: qrwallet keep --package FILE.",
				 "this is a payer's credential, which is made of a biometric");
		return OUT_BAD;
	}
	if (payer && json_object_get(object, "biometric") == NULL)
	{
		complain("A holder's package is for qrwallet download; a payer's comes from "
				 "biometric_package(), once a template is bound.",
				 "this is not a payer's package");
		return OUT_BAD;
	}
	return OUT_OK;
}

static Outcome
read_object(const json_t *object, Credential *cred, Biometric *biometric,
			int64_t *server_time)
{
	const Document *doc = biometric != NULL ? &payer_document : &holder_document;
	const json_t *version = json_object_get(object, "v");
	Outcome		out;

	if (!json_is_integer(version))
	{
		member_bad(doc, "v");
		return OUT_BAD;
	}
	if (json_integer_value(version) != 1)
	{
		complain("Get a newer qrwallet.", "the package is of a version that this wallet does not know");
		return OUT_BAD;
	}
	out = check_kind(object, biometric != NULL);
	if (out != OUT_OK)
		return out;
	if (!read_members(doc, object, cred, server_time))
		return OUT_BAD;
	cred->kind = biometric != NULL ? CREDENTIAL_PAYER : CREDENTIAL_HOLDER;
	if (biometric != NULL ? !read_biometric(doc, object, cred, biometric) :
		!read_keys(doc, object, cred))
		return OUT_BAD;
	return OUT_OK;
}

Outcome
package_read(const char *text, size_t len, Credential *cred, Biometric *biometric,
			 int64_t *server_time)
{
	json_t	   *object;
	Outcome		out;

	object = member_object(biometric != NULL ? &payer_document : &holder_document, text, len);
	if (object == NULL)
		return OUT_BAD;
	out = read_object(object, cred, biometric, server_time);
	json_decref(object);
	if (out != OUT_OK)
		qc_wipe(cred, sizeof(*cred));
	return out;
}
