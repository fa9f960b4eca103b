/*
 * cards.c
 *	  Cards of random texts: well-formed whatever the texts are made of, of
 *	  bounded size whatever their length.
 */
#include "roundtrip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chars.h"

#define CARDS			2000
#define CARD_LONGEST	16000	/* a card's bytes at most, its QR included */

static const struct
{
	const char *text;
	uint32_t	meaning;
}			references[] = {
	{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&#8230;", 0x2026}
};

/* A character out of those that make trouble, or out of all. */
static uint32_t
any_char(void)
{
	static const char trouble[] = "<>&\"' ]-/\t\n\r\x01\x1F\x7F" "aZ0.,";
	static const uint32_t ranges[][2] = {
		{0x80, 0xFF}, {0x300, 0x36F}, {0x590, 0x6FF}, {0x900, 0x97F}, {0xE00, 0xE7F},
		{0x2000, 0x206F}, {0x3000, 0x30FF}, {0x4E00, 0x9FFF}, {0xD700, 0xD7FF},
		{0xFDD0, 0xFDEF}, {0xFE00, 0xFE0F}, {0xFFF0, 0xFFFF}, {0x1F1E6, 0x1F1FF}, {0x1F3FB, 0x1F64F},
		{0xE0000, 0xE01EF}, {0x10FFF0, 0x10FFFF}
	};
	uint32_t	which = any(2 * sizeof(ranges) / sizeof(ranges[0]));

	if (which >= sizeof(ranges) / sizeof(ranges[0]))
		return (unsigned char) trouble[any(sizeof(trouble) - 1)];
	return ranges[which][0] + any(ranges[which][1] - ranges[which][0] + 1);
}

static char *
any_text(void)
{
	uint32_t	n = any(4) == 0 ? any(20000) : any(40);
	uint32_t	again = any(8) == 0 ? 20000 : 2;
	char	   *text = malloc(n * 4 + 1);
	char	   *p = text;
	uint32_t	c = 0;

	if (text == NULL)
		abort();
	for (uint32_t i = 0; i < n; i++)
	{
		if (i == 0 || any(again) == 0)
			c = any_char();		/* else the last one again */
		p = put_char(p, c);
	}
	*p = '\0';
	return text;
}

/* The character, if XML 1.0 has it (production 2). */
static bool
is_xml_char(uint32_t c)
{
	return c == 0x9 || c == 0xA || c == 0xD || (c >= 0x20 && c <= 0xD7FF) ||
		(c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

/*
 * NULL when the document is well-formed as far as ours can fail to be: valid
 * characters, elements that nest, attributes in quotes, known references.
 */
static const char *
malformed(const char *xml)
{
	const char *open[16];
	int			depth = 0;
	bool		seen = false;

	if (!qp_utf8_valid(xml, strlen(xml)))
		return "not UTF-8";
	for (const char *p = xml; *p != '\0';)
	{
		if (*p == '&')
		{
			size_t		len = 0;

			for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
			{
				if (strncmp(p, references[i].text, strlen(references[i].text)) == 0)
					len = strlen(references[i].text);
			}
			if (len == 0)
				return "unknown reference";
			p += len;
		}
		else if (*p == '<' && p[1] == '/')
		{
			size_t		len = strcspn(p + 2, ">");

			if (depth == 0 || strncmp(open[--depth], p + 2, len) != 0)
				return "elements do not nest";
			p += len + 3;
		}
		else if (*p == '<')
		{
			if ((depth == 0 && seen) || depth == 16)
				return "more than one root, or too deep";
			seen = true;
			open[depth++] = p + 1;
			p += 1 + strcspn(p + 1, " />");
			while (*p == ' ')
			{
				p += strcspn(p, "=<>");
				if (strncmp(p, "=\"", 2) != 0)
					return "attribute without quotes";
				p += 2 + strcspn(p + 2, "\"<");
				if (*p++ != '"')
					return "attribute without end";
			}
			if (*p == '/')
			{
				depth--;
				p++;
			}
			if (*p++ != '>')
				return "tag without end";
		}
		else if (!is_xml_char(qp_utf8_next(&p)))
			return "forbidden character";
	}
	return depth == 0 && seen ? NULL : "element without end";
}

/*
 * Nothing that reorders text is left, and every line, as wide as it is taken
 * to be, has room between the edges of its box.
 */
static const char *
badly_set(const char *xml)
{
	const char *text = xml;

	while ((text = strstr(text, "<text ")) != NULL)
	{
		const char *p = strchr(text, '>') + 1;
		const char *box = NULL;
		const char *group = NULL;
		long		width = 0;
		int			x;
		int			room;
		int			size;

		for (const char *b = xml; (b = strstr(b, "<svg x=")) != NULL && b < text; b++)
			box = b;
		for (const char *b = xml; (b = strstr(b, "font-size=")) != NULL && b < text; b++)
			group = b;
		if (box == NULL || group == NULL || sscanf(box, "<svg x=\"%d\" y=\"%*d\" width=\"%d\"", &x, &room) != 2 ||
			sscanf(group, "font-size=\"%d\"", &size) != 1 || x < 0 || x + room > 860)
			return "no box";
		while (*p != '<')
		{
			uint32_t	c = *p == '&' ? (unsigned char) *p : qp_utf8_next(&p);

			if (c == '&')
			{
				for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
				{
					if (strncmp(p, references[i].text, strlen(references[i].text)) == 0)
						c = references[i].meaning;
				}
				p = strchr(p, ';') + 1;
			}
			width += qp_char_width(c);
			if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069))
				return "text can be reordered";
		}
		if (width * size > room * 1000L)
			return "line wider than its box";
		text++;
	}
	return NULL;
}

void
check_cards(void)
{
	static const char code[] = "QC1.CFLR2EWAVBM6FUKTAEAAAAAAKIJPJJF4OZAGEPREOFMO2R2JSU";
	QpSymbol	sym;

	if (qp_symbol(code, strlen(code), 'M', &sym) != QP_OK)
	{
		check(false, "no symbol for a card");
		return;
	}
	for (int i = 0; i < CARDS; i++)
	{
		char	   *texts[4] = {any_text(), any_text(), any_text(), any_text()};
		QpCard		card = {&sym, texts[0], texts[1], texts[2], any(4) == 0 ? -1 : (int64_t) any(UINT32_MAX),
		any(2) ? texts[3] : NULL};
		Bytes		made = {NULL, 0, SIZE_MAX};
		QpSink		sink = to_bytes(&made);
		const char *why = "not drawn";

		if (qp_card_svg(&card, &sink) == QP_OK && (why = malformed(made.data)) == NULL &&
			(why = badly_set(made.data)) == NULL && made.len > CARD_LONGEST)
			why = "too long";
		check(why == NULL, "card %d: %s", i, why ? why : "");
		free(made.data);
		for (int j = 0; j < 4; j++)
			free(texts[j]);
	}
}
