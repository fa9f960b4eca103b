/*
 * text.c
 *	  Texts that become part of an identity: references and personal data.
 *
 * A control character is one of Unicode's category Cc: below U+0020, and
 * U+007F to U+009F.  What is valid in a UTF8 database has been checked when the
 * value came in, so the decoding here needs no check of its own.
 */
#include "text.h"

#include "common/unicode_norm.h"
#include "core/mac.h"
#include "mb/pg_wchar.h"

/*
 * Normalising to form C leaves at least a quarter of the bytes: the strongest
 * shortening is U+1FBE U+0308 U+0301 (7 bytes) to U+0390 (2 bytes).
 */
#define SHORTENING_MAX	4

static void pg_attribute_noreturn()
refuse(const char *argname, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"%s\" %s", argname, what)));
}

static void pg_attribute_noreturn()
refuse_longer(const char *argname, size_t max)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"%s\" must not be longer than %zu bytes",
					argname, max)));
}

/* Zero-terminated code points; NULL when one of them is a control character. */
static pg_wchar *
decode(const char *s, size_t len, size_t *count)
{
	const unsigned char *p = (const unsigned char *) s;
	const unsigned char *end = p + len;
	pg_wchar   *out = palloc((len + 1) * sizeof(pg_wchar));
	size_t		n = 0;

	while (p < end)
	{
		pg_wchar	c = utf8_to_unicode(p);

		if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
		{
			qc_wipe(out, n * sizeof(pg_wchar));
			pfree(out);
			return NULL;
		}
		out[n++] = c;
		p += pg_utf_mblen(p);
	}
	out[n] = 0;
	*count = n;
	return out;
}

static size_t
count_points(const pg_wchar *w)
{
	size_t		n = 0;

	while (w[n] != 0)
		n++;
	return n;
}

void
qr_check_reference(const char *s, size_t len, const char *argname)
{
	pg_wchar   *point;
	size_t		count;
	bool		same = true;

	if (len == 0)
		refuse(argname, "must not be empty");
	if (len > QR_REFERENCE_MAX)
		refuse_longer(argname, QR_REFERENCE_MAX);
	point = decode(s, len, &count);
	if (point == NULL)
		refuse(argname, "must not hold control characters");

	/* the quick check answers for all but a few code points */
	if (unicode_is_normalized_quickcheck(UNICODE_NFC, point) != UNICODE_NORM_QC_YES)
	{
		pg_wchar   *composed = unicode_normalize(UNICODE_NFC, point);

		same = count_points(composed) == count &&
			memcmp(composed, point, count * sizeof(pg_wchar)) == 0;
		pfree(composed);
	}
	pfree(point);
	if (!same)
		refuse(argname, "must be in Unicode normalisation form C");
}

char *
qr_normalise_personal(const char *s, size_t *len, const char *argname,
					  size_t max)
{
	pg_wchar   *point;
	pg_wchar   *composed;
	size_t		count;
	size_t		bytes = 0;
	unsigned char buf[4];
	char	   *out = NULL;

	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("personal data is kept only in a database of encoding UTF8")));
	if (*len == 0)
		refuse(argname, "must not be empty");
	if (*len > max * SHORTENING_MAX)
		refuse_longer(argname, max);
	point = decode(s, *len, &count);
	if (point == NULL)
		refuse(argname, "must not hold control characters");

	composed = unicode_normalize(UNICODE_NFC, point);
	qc_wipe(point, count * sizeof(pg_wchar));
	pfree(point);

	count = count_points(composed);
	for (size_t i = 0; i < count; i++)
		bytes += pg_utf_mblen(unicode_to_utf8(composed[i], buf));
	if (bytes <= max)
	{
		unsigned char *p = palloc(bytes + 1);

		out = (char *) p;
		for (size_t i = 0; i < count; i++)
		{
			unicode_to_utf8(composed[i], p);
			p += pg_utf_mblen(p);
		}
		*p = '\0';
	}
	qc_wipe(composed, count * sizeof(pg_wchar));
	qc_wipe(buf, sizeof(buf));
	pfree(composed);
	if (out == NULL)
		refuse_longer(argname, max);
	*len = bytes;
	return out;
}
