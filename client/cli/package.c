/*
 * package.c
 *	  The wallet package (2-protocol, "Wallet package"): what the bank answers
 *	  to a download or a renewal.
 */
#include <string.h>

#include <jansson.h>

#include "guard.h"
#include "package.h"
#include "text.h"

static const char hint_anew[] =
	"Nothing was kept. Download again; if it happens again, tell the bank.";

void
package_start(void)
{
	json_set_alloc_funcs(guard_malloc, guard_free);
	/* a fixed seed is no loss: a package is small, and its sender known */
	json_object_seed(1);
}

/* No value is ever named: it may be a key. */
static bool
bad(const char *member)
{
	complain(hint_anew, "the package is not as a bank makes it: \"%s\" is missing or wrong",
			 member);
	return false;
}

static bool
read_int(const json_t *object, const char *name, int64_t least, int64_t most, int64_t *out)
{
	const json_t *v = json_object_get(object, name);

	if (!json_is_integer(v) || json_integer_value(v) < least || json_integer_value(v) > most)
		return bad(name);
	*out = json_integer_value(v);
	return true;
}

/* An optional text is empty when it is missing or null. */
static bool
read_text(const json_t *object, const char *name, bool optional, char *out, size_t size)
{
	const json_t *v = json_object_get(object, name);

	out[0] = '\0';
	if (optional && (v == NULL || json_is_null(v)))
		return true;
	if (!json_is_string(v) ||
		!text_clean(json_string_value(v), json_string_length(v), out, size))
		return bad(name);
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
read_key(const json_t *keys, const char *name, uint8_t out[QC_KEY_LEN])
{
	const json_t *v = json_object_get(keys, name);
	const char *s = json_string_value(v);
	size_t		i;

	if (s == NULL || json_string_length(v) != 2 * QC_KEY_LEN)
		return bad(name);
	for (i = 0; i < QC_KEY_LEN; i++)
	{
		int			high = hex_digit(s[2 * i]);
		int			low = hex_digit(s[2 * i + 1]);

		if (high < 0 || low < 0)
			return bad(name);
		out[i] = (uint8_t) (high << 4 | low);
	}
	return true;
}

/* A string, since JSON's numbers are exact to 2^53 only; no sign, no leading zero. */
static bool
read_id(const json_t *object, int64_t *out)
{
	const json_t *v = json_object_get(object, "credential_id");
	const char *s = json_string_value(v);
	int64_t		id = 0;

	if (s == NULL || strlen(s) != json_string_length(v) || *s < '1' || *s > '9')
		return bad("credential_id");
	for (; *s != '\0'; s++)
	{
		if (*s < '0' || *s > '9' || id > (INT64_MAX - (*s - '0')) / 10)
			return bad("credential_id");
		id = id * 10 + (*s - '0');
	}
	*out = id;
	return true;
}

static bool
read_first_code(const json_t *object, Credential *cred)
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
		return bad("static");
	qc_code_print(&code, cred->first_code);
	return true;
}

static bool
read_members(const json_t *object, Credential *cred, int64_t *server_time)
{
	static const char *const key_name[KEY_COUNT] = {
		[KEY_SECOND] = "second",
		[KEY_ROTATING] = "rotating",
		[KEY_OCRA] = "ocra",
		[KEY_RENEWAL] = "renewal"
	};
	const json_t *keys = json_object_get(object, "keys");
	const json_t *issuer = json_object_get(object, "issuer");
	int64_t		generation;
	int64_t		kid;
	int64_t		digits;
	int			i;

	if (!read_id(object, &cred->credential_id) ||
		!read_int(object, "generation", 1, 255, &generation) ||
		!read_int(object, "kid", 1, 255, &kid) ||
		!read_int(object, "digits", 6, 8, &digits) ||
		!read_int(object, "valid_from", 0, UINT32_MAX, &cred->valid_from) ||
		!read_int(object, "valid_until", 0, UINT32_MAX, &cred->valid_until) ||
		!read_int(object, "server_time", 0, UINT32_MAX, server_time))
		return false;
	cred->generation = (uint8_t) generation;
	cred->kid = (uint8_t) kid;
	cred->digits = (uint8_t) digits;

	if (!json_is_object(issuer))
		return bad("issuer");
	if (!read_text(issuer, "code", false, cred->issuer_code, sizeof(cred->issuer_code)) ||
		!read_text(issuer, "name", false, cred->issuer_name, sizeof(cred->issuer_name)) ||
		!read_text(object, "purpose", true, cred->purpose, sizeof(cred->purpose)) ||
		!read_text(object, "face_value", true, cred->face_value, sizeof(cred->face_value)))
		return false;
	if (cred->issuer_code[0] == '\0')
		return bad("issuer");

	if (!json_is_object(keys))
		return bad("keys");
	for (i = 0; i < KEY_COUNT; i++)
		if (!read_key(keys, key_name[i], cred->key[i]))
			return false;
	return read_first_code(object, cred);
}

static Outcome
read_object(const json_t *object, Credential *cred, int64_t *server_time)
{
	const char *verdict = json_string_value(json_object_get(object, "verdict"));
	const json_t *version = json_object_get(object, "v");

	if (!json_is_integer(version))
	{
		bad("v");
		return OUT_BAD;
	}
	if (json_integer_value(version) != 1)
	{
		complain("Get a newer qrwallet.", "the package is of a version that this wallet does not know");
		return OUT_BAD;
	}
	if (verdict != NULL && strcmp(verdict, "rejected") == 0)
	{
		complain("A link works once and not for long, and a renewal code for a minute: "
				 "try a new renewal code, or ask the bank for a new link.",
				 "the bank rejected the request, so there is no credential to keep");
		return OUT_BAD;
	}
	if (json_object_get(object, "biometric") != NULL)
	{
		complain("Use the bank's web wallet for it.",
				 "this is a payer's credential, which is made of a biometric; this wallet has no camera");
		return OUT_BAD;
	}
	return read_members(object, cred, server_time) ? OUT_OK : OUT_BAD;
}

Outcome
package_read(const char *text, size_t len, Credential *cred, int64_t *server_time)
{
	json_error_t error;
	json_t	   *object;
	Outcome		out;

	object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(object))
	{
		/* error.text may quote the package, and so a key */
		complain(hint_anew, "the package is not a JSON object");
		json_decref(object);
		qc_wipe(&error, sizeof(error));
		return OUT_BAD;
	}
	out = read_object(object, cred, server_time);
	json_decref(object);
	if (out != OUT_OK)
		qc_wipe(cred, sizeof(*cred));
	return out;
}
