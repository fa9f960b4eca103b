/*
 * chars.c
 *	  UTF-8, and classes, widths and directions of characters.
 */
#include "chars.h"

#include <string.h>

typedef struct Range
{
	uint32_t	first;
	uint32_t	last;
} Range;

/*
 * Neither drawn nor given room.  XML 1.0 forbids the controls and U+FFFE,
 * U+FFFF; an override of direction could turn an amount around.
 */
static const Range dropped[] = {
	{0x0000, 0x0008}, {0x000E, 0x001F}, {0x007F, 0x0084}, {0x0086, 0x009F},
	{0x00AD, 0x00AD}, {0x200B, 0x200B}, {0x202A, 0x202E}, {0x2060, 0x206F},
	{0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0xE007F}
};

static const Range marks[] = {
	{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x05BF, 0x05BF},
	{0x05C1, 0x05C2}, {0x05C4, 0x05C5}, {0x05C7, 0x05C7}, {0x0610, 0x061A},
	{0x061C, 0x061C}, {0x064B, 0x065F}, {0x0670, 0x0670}, {0x06D6, 0x06DC},
	{0x06DF, 0x06E4}, {0x06E7, 0x06E8}, {0x06EA, 0x06ED}, {0x0711, 0x0711},
	{0x0730, 0x074A}, {0x0900, 0x0902}, {0x093A, 0x093A}, {0x093C, 0x093C},
	{0x0941, 0x0948}, {0x094D, 0x094D}, {0x0951, 0x0957}, {0x0E31, 0x0E31},
	{0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
	{0x200C, 0x200C}, {0x200E, 0x200F}, {0x20D0, 0x20FF}, {0x302A, 0x302F},
	{0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0x1F3FB, 0x1F3FF},
	{0xE0100, 0xE01EF}
};

static const Range wide[] = {
	{0x1100, 0x115F}, {0x2E80, 0x3029}, {0x3030, 0x3098}, {0x309B, 0xA4CF},
	{0xA960, 0xA97F}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE10, 0xFE19},
	{0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1B000, 0x1B2FF},
	{0x1F000, 0x1F3FA}, {0x1F400, 0x1FAFF}, {0x20000, 0x3FFFD}
};

static const Range right_to_left[] = {
	{0x0590, 0x08FF}, {0xFB1D, 0xFDFF}, {0xFE70, 0xFEFC}, {0x10800, 0x10FFF},
	{0x1E800, 0x1EFFF}
};

static bool
within(uint32_t c, const Range *ranges, size_t n)
{
	if (c < ranges[0].first || c > ranges[n - 1].last)
		return false;
	for (size_t i = 0; i < n && ranges[i].first <= c; i++)
	{
		if (c <= ranges[i].last)
			return true;
	}
	return false;
}

#define WITHIN(c, ranges)	within(c, ranges, sizeof(ranges) / sizeof((ranges)[0]))

bool
qp_utf8_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *) text;
	const unsigned char *end = p + len;

	while (p < end)
	{
		int			more;
		uint32_t	c;

		if (*p < 0x80)
		{
			p++;
			continue;
		}
		if (*p >= 0xC2 && *p <= 0xDF)
			more = 1;
		else if (*p >= 0xE0 && *p <= 0xEF)
			more = 2;
		else if (*p >= 0xF0 && *p <= 0xF4)
			more = 3;
		else
			return false;
		if (end - p <= more)
			return false;
		c = *p++ & (0x3F >> more);
		for (int i = 0; i < more; i++, p++)
		{
			if ((*p & 0xC0) != 0x80)
				return false;
			c = c << 6 | (*p & 0x3F);
		}
		if ((more == 2 && c < 0x800) || (more == 3 && c < 0x10000) ||
			(c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF)
			return false;
	}
	return true;
}

uint32_t
qp_utf8_next(const char **p)
{
	unsigned char first = (unsigned char) *(*p)++;
	int			more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
	uint32_t	c = more == 0 ? first : first & (0x3Fu >> more);

	while (more-- > 0)
		c = c << 6 | ((unsigned char) *(*p)++ & 0x3F);
	return c;
}

QpCharClass
qp_char_class(uint32_t c)
{
	if (c > 0x20 && c < 0x7F)
		return QP_CHAR_LETTER;
	if (c == '\n' || c == 0x0B || c == 0x0C || c == '\r' || c == 0x85 ||
		c == 0x2028 || c == 0x2029)
		return QP_CHAR_NEWLINE;
	if (c == ' ' || c == '\t' || c == 0x1680 || (c >= 0x2000 && c <= 0x200A && c != 0x2007) ||
		c == 0x205F || c == 0x3000)
		return QP_CHAR_SPACE;
	if (c == 0x200D)
		return QP_CHAR_JOINER;
	if (WITHIN(c, dropped))
		return QP_CHAR_DROPPED;
	if (WITHIN(c, marks))
		return QP_CHAR_MARK;
	if (WITHIN(c, wide))
		return QP_CHAR_WIDE;
	return QP_CHAR_LETTER;
}

static int
ascii_width(uint32_t c)
{
	if (strchr("ijl.,:;'|!", (int) c) != NULL)
		return 350;
	if (strchr("frtI()[]/\\-` ", (int) c) != NULL)
		return 420;
	if (strchr("mMW@%w", (int) c) != NULL)
		return 980;
	if ((c >= 'A' && c <= 'Z') || strchr("+=<>~^#&", (int) c) != NULL)
		return 760;
	return 635;
}

int
qp_char_width(uint32_t c)
{
	switch (qp_char_class(c))
	{
		case QP_CHAR_DROPPED:
		case QP_CHAR_NEWLINE:
		case QP_CHAR_JOINER:
			return 0;
		case QP_CHAR_MARK:
			/* a skin tone stands alone where the font has no such pair */
			return c >= 0x1F3FB && c <= 0x1F3FF ? 1300 : 0;
		case QP_CHAR_SPACE:
			/* every space is drawn as U+0020 */
			return ascii_width(' ');
		case QP_CHAR_WIDE:
			return c >= 0x1F000 && c <= 0x1FAFF ? 1300 : 1000;
		case QP_CHAR_LETTER:
			break;
	}
	if (c < 0x80)
		return ascii_width(c);
	if (c >= 0x0590 && c <= 0x06FF)
		return 720;				/* Hebrew, Arabic */
	if (c >= 0x0E00 && c <= 0x0EFF)
		return 680;				/* Thai, Lao */
	if (c < 0x0590)
		return 800;
	if (c >= 0xFDF0 && c <= 0xFDFD)
		return 12000;			/* whole sentences in one character */
	if (c >= 0x2E3A && c <= 0x2E3B)
		return 3000;
	if (c >= 0x2300 && c <= 0x2BFF)
		return 1300;			/* signs that emoji fonts draw large */
	if (c >= 0x10000 && c <= 0x1AFFF)
		return 2500;			/* ancient scripts, some very wide */
	if (c >= 0xFF61 && c <= 0xFFDC)
		return 600;				/* half width forms */
	return 1000;
}

/* In both lists: ASCII first, then CJK punctuation by code point. */
bool
qp_char_no_start(uint32_t c)
{
	static const uint32_t closing[] = {
		0x00B7, 0x2019, 0x201D, 0x2026, 0x3001, 0x3002, 0x3005, 0x3009, 0x300B, 0x300D, 0x300F,
		0x3011, 0x3015, 0x3017, 0x3019, 0x301B, 0x3041, 0x3043, 0x3045,
		0x3047, 0x3049, 0x3063, 0x3083, 0x3085, 0x3087, 0x30A1, 0x30A3,
		0x30A5, 0x30A7, 0x30A9, 0x30C3, 0x30E3, 0x30E5, 0x30E7, 0x30FC,
		0xFF01, 0xFF05, 0xFF09, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF3D, 0xFF5D
	};

	if (c < 0x80)
		return c != 0 && strchr("!%),.:;?]}", (int) c) != NULL;
	for (size_t i = 0; i < sizeof(closing) / sizeof(closing[0]); i++)
	{
		if (closing[i] == c)
			return true;
	}
	return false;
}

bool
qp_char_no_end(uint32_t c)
{
	static const uint32_t opening[] = {
		0x00A5, 0x20AC, 0x2018, 0x201C, 0x3008, 0x300A, 0x300C, 0x300E, 0x3010, 0x3014,
		0x3016, 0x3018, 0x301A, 0xFF04, 0xFF08, 0xFF3B, 0xFF5B, 0xFFE5
	};

	if (c < 0x80)
		return c != 0 && strchr("$([{", (int) c) != NULL;
	for (size_t i = 0; i < sizeof(opening) / sizeof(opening[0]); i++)
	{
		if (opening[i] == c)
			return true;
	}
	return false;
}

int
qp_char_direction(uint32_t c)
{
	if (c < 0x80)
		return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ? 1 : 0;
	if (WITHIN(c, right_to_left))
		return qp_char_class(c) == QP_CHAR_LETTER ? -1 : 0;
	if (c < 0xC0 || (c >= 0x2000 && c <= 0x2BFF) || (c >= 0x3000 && c <= 0x3004) ||
		(c >= 0x3008 && c <= 0x3020) || (c >= 0xFF00 && c <= 0xFF20) || (c >= 0x1F000 && c <= 0x1FAFF))
		return 0;
	return 1;
}
