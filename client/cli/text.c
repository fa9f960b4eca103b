/*
 * text.c
 *	  UTF-8 texts from outside: made harmless for a terminal, measured, wrapped.
 */
#define _GNU_SOURCE				/* wcwidth */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "text.h"

/*
 * Reads one character; returns its length in bytes, 0 when it is no shortest
 * form of a Unicode scalar value.
 */
static size_t
decode(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *) s;
	size_t		n;
	size_t		i;

	if (len == 0)
		return 0;
	if (p[0] < 0x80)
	{
		*cp = p[0];
		return 1;
	}
	if (p[0] >= 0xF0 && p[0] <= 0xF4)
		n = 4;
	else if (p[0] >= 0xE0)
		n = 3;
	else if (p[0] >= 0xC2)
		n = 2;
	else
		return 0;
	if (n > len || p[0] > 0xF4)
		return 0;
	*cp = p[0] & (0xFFu >> (n + 1));
	for (i = 1; i < n; i++)
	{
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		*cp = (*cp << 6) | (p[i] & 0x3F);
	}
	if (*cp < least[n] || *cp > 0x10FFFF || (*cp >= 0xD800 && *cp <= 0xDFFF))
		return 0;
	return n;
}

/* What a terminal would take as a command, or as a new line. */
static bool
is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F) || cp == 0x2028 || cp == 0x2029;
}

/* What would make a text look different from what it is, or end an XML file. */
static bool
is_dropped(uint32_t cp)
{
	return (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069) ||
		cp == 0x200E || cp == 0x200F || cp == 0x061C || cp == 0xFEFF ||
		(cp & 0xFFFE) == 0xFFFE;
}

bool
text_clean(const char *in, size_t len, char *out, size_t size)
{
	size_t		used = 0;

	while (len > 0)
	{
		uint32_t	cp;
		size_t		n = decode(in, len, &cp);

		if (n == 0)
			return false;
		if (is_control(cp))
		{
			if (used + 1 >= size)
				return false;
			out[used++] = ' ';
		}
		else if (!is_dropped(cp))
		{
			if (used + n >= size)
				return false;
			memcpy(out + used, in, n);
			used += n;
		}
		in += n;
		len -= n;
	}
	out[used] = '\0';
	return true;
}

bool
text_is_clean(const char *in, size_t len)
{
	while (len > 0)
	{
		uint32_t	cp;
		size_t		n = decode(in, len, &cp);

		if (n == 0 || is_control(cp) || is_dropped(cp))
			return false;
		in += n;
		len -= n;
	}
	return true;
}

static int
columns_of(uint32_t cp)
{
	int			w = wcwidth((wchar_t) cp);

	return w < 0 ? 1 : w;
}

int
text_width(const char *s, size_t len)
{
	int			width = 0;

	while (len > 0)
	{
		uint32_t	cp;
		size_t		n = decode(s, len, &cp);

		if (n == 0)
			break;
		width += columns_of(cp);
		s += n;
		len -= n;
	}
	return width;
}

size_t
text_line(const char *s, int columns, size_t *skip)
{
	size_t		left = strlen(s);
	size_t		at = 0;			/* bytes that fit so far */
	size_t		brk = 0;		/* the last place where a line may end */
	bool		wide_before = false;
	int			width = 0;

	while (at < left)
	{
		uint32_t	cp;
		size_t		n = decode(s + at, left - at, &cp);
		int			w;

		if (n == 0)
			break;
		w = columns_of(cp);
		if (at > 0 && (cp == ' ' || w == 2 || (wide_before && w > 0)))
			brk = at;
		if (width + w > columns && cp != ' ')
			break;
		wide_before = (w == 2);
		width += w;
		at += n;
	}
	if (at < left && brk > 0)
		at = brk;
	for (*skip = at; s[*skip] == ' '; (*skip)++)
		;
	while (at > 0 && s[at - 1] == ' ')
		at--;
	return at;
}

void
text_day(long long when, char out[16])
{
	time_t		t = (time_t) when;
	struct tm	tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, 16, "%Y-%m-%d", &tm) == 0)
		snprintf(out, 16, "?");
}
