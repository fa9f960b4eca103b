/*
 * member.c
 *	  Strict reading of the bank's JSON: packages, bindings, payments.
 */
#include <string.h>

#include "guard.h"
#include "member.h"
#include "text.h"

void
member_start(void)
{
	json_set_alloc_funcs(guard_malloc, guard_free);
	/* a fixed seed is no loss: a document is small, and its sender known */
	json_object_seed(1);
}

json_t *
member_object(const Document *doc, const char *text, size_t len)
{
	json_error_t error;
	json_t	   *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	/* error.text may quote the document, and so a key */
	qc_wipe(&error, sizeof(error));
	if (json_is_object(object))
		return object;
	json_decref(object);
	complain(doc->hint, "the %s is not a JSON object", doc->name);
	return NULL;
}

bool
member_bad(const Document *doc, const char *name)
{
	complain(doc->hint, "the %s is not as a bank makes it: \"%s\" is missing or wrong",
			 doc->name, name);
	return false;
}

bool
member_int(const Document *doc, const json_t *object, const char *name,
		   int64_t least, int64_t most, int64_t *out)
{
	const json_t *v = json_object_get(object, name);

	if (!json_is_integer(v) || json_integer_value(v) < least || json_integer_value(v) > most)
		return member_bad(doc, name);
	*out = json_integer_value(v);
	return true;
}

bool
member_exact(const Document *doc, const json_t *object, const char *name,
			 char *out, size_t size)
{
	const json_t *v = json_object_get(object, name);
	size_t		len = json_string_length(v);

	if (!json_is_string(v) || len >= size)
		return member_bad(doc, name);
	memcpy(out, json_string_value(v), len);
	out[len] = '\0';
	return true;
}

bool
member_text(const Document *doc, const json_t *object, const char *name,
			bool optional, char *out, size_t size)
{
	const json_t *v = json_object_get(object, name);

	out[0] = '\0';
	if (optional && (v == NULL || json_is_null(v)))
		return true;
	if (!json_is_string(v) ||
		!text_clean(json_string_value(v), json_string_length(v), out, size))
		return member_bad(doc, name);
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

bool
member_hex(const Document *doc, const json_t *object, const char *name,
		   bool bytea, size_t least, size_t most, uint8_t *out, size_t *len)
{
	const json_t *v = json_object_get(object, name);
	const char *s = json_string_value(v);
	size_t		n = json_string_length(v);
	size_t		i;

	if (s != NULL && bytea && n >= 2 && s[0] == '\\' && s[1] == 'x')
	{
		s += 2;
		n -= 2;
	}
	if (s == NULL || n % 2 != 0 || n / 2 < least || n / 2 > most)
		return member_bad(doc, name);
	for (i = 0; i < n / 2; i++)
	{
		int			high = hex_digit(s[2 * i]);
		int			low = hex_digit(s[2 * i + 1]);

		if (high < 0 || low < 0)
			return member_bad(doc, name);
		out[i] = (uint8_t) (high << 4 | low);
	}
	*len = n / 2;
	return true;
}

bool
member_id(const Document *doc, const json_t *object, bool number, int64_t *out)
{
	static const char name[] = "credential_id";
	const json_t *v = json_object_get(object, name);
	const char *s = json_string_value(v);
	int64_t		id = 0;

	if (number && json_is_integer(v))
		return member_int(doc, object, name, 1, INT64_MAX, out);
	if (s == NULL || strlen(s) != json_string_length(v) || *s < '1' || *s > '9')
		return member_bad(doc, name);
	for (; *s != '\0'; s++)
	{
		if (*s < '0' || *s > '9' || id > (INT64_MAX - (*s - '0')) / 10)
			return member_bad(doc, name);
		id = id * 10 + (*s - '0');
	}
	*out = id;
	return true;
}
