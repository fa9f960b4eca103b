/*
 * parse.c
 *	  The text of a keyring: one key a line.
 *
 *		line	= [ kid blank key [ blank "current" ] ] [ comment ]
 *		kid		= 1..255, decimal
 *		key		= 64 hexadecimal digits
 *		comment	= "#" and the rest of the line
 *
 * Blanks (space, tab) around the words do not count, nor does a CR at the end.
 */
#include "keyring/parse.h"

#include <string.h>

typedef struct Word
{
	const char *data;
	size_t		len;
} Word;

#define WORDS_MAX	3			/* kid, key, "current" */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts a line at its blanks and its comment; more than WORDS_MAX are counted. */
static int
split(const char *line, size_t len, Word word[WORDS_MAX])
{
	int			n = 0;
	size_t		i = 0;

	for (;;)
	{
		size_t		start;

		while (i < len && is_blank(line[i]))
			i++;
		if (i == len || line[i] == '#')
			return n;
		start = i;
		while (i < len && !is_blank(line[i]) && line[i] != '#')
			i++;
		if (n < WORDS_MAX)
		{
			word[n].data = line + start;
			word[n].len = i - start;
		}
		n++;
	}
}

/* 1..255, or 0 when the word is no such number. */
static int
parse_kid(Word w)
{
	int			kid = 0;

	if (w.len > 3)
		return 0;
	for (size_t i = 0; i < w.len; i++)
	{
		if (w.data[i] < '0' || w.data[i] > '9')
			return 0;
		kid = kid * 10 + (w.data[i] - '0');
	}
	return kid <= QR_KID_MAX ? kid : 0;
}

/*
 * The value of a hexadecimal digit, or -1.  No table and no branch on the
 * digit: a key's digits must not show in the time or the cache.
 */
static int
hex_value(unsigned char c)
{
	int			digit = c - '0';
	int			letter = (c | 0x20) - 'a';
	int			is_digit = ~((digit | (9 - digit)) >> 31);
	int			is_letter = ~((letter | (5 - letter)) >> 31);

	return (digit & is_digit) | ((letter + 10) & is_letter) |
		~(is_digit | is_letter);
}

static bool
parse_key(Word w, uint8_t key[QC_KEY_LEN])
{
	int			bad = 0;

	if (w.len != 2 * QC_KEY_LEN)
		return false;
	for (size_t i = 0; i < QC_KEY_LEN; i++)
	{
		int			hi = hex_value((unsigned char) w.data[2 * i]);
		int			lo = hex_value((unsigned char) w.data[2 * i + 1]);

		bad |= hi | lo;
		key[i] = (uint8_t) (((unsigned) hi << 4) | (unsigned) lo);
	}
	return bad >= 0;
}

static const char *
parse_line(const char *line, size_t len,
		   uint8_t key[QR_KID_MAX + 1][QC_KEY_LEN], QrKeyIndex *index)
{
	Word		word[WORDS_MAX];
	int			n;
	int			kid;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len > QR_LINE_MAX)
		return "The line is longer than 1024 bytes.";
	n = split(line, len, word);
	if (n == 0)
		return NULL;

	kid = parse_kid(word[0]);
	if (kid == 0)
		return "The key id is not a number from 1 to 255.";
	if (index->present[kid])
		return "The key id stands in an earlier line already.";
	if (n < 2 || !parse_key(word[1], key[kid]))
		return "The key is not 64 hexadecimal digits.";
	index->present[kid] = true;

	if (n == 2)
	{
		if (!index->marked && kid > index->current)
			index->current = kid;
		return NULL;
	}
	if (n > WORDS_MAX || word[2].len != strlen("current") ||
		memcmp(word[2].data, "current", strlen("current")) != 0)
		return "After the key stands something other than the word \"current\".";
	if (index->marked)
		return "An earlier line is marked \"current\" already.";
	index->marked = true;
	index->current = kid;
	return NULL;
}

const char *
qr_keyring_parse(const char *text, size_t len,
				 uint8_t key[QR_KID_MAX + 1][QC_KEY_LEN],
				 QrKeyIndex *index, int *line)
{
	size_t		start = 0;

	*line = 0;
	while (start < len)
	{
		const char *end = memchr(text + start, '\n', len - start);
		size_t		linelen = end ? (size_t) (end - text) - start : len - start;
		const char *fault;

		(*line)++;
		fault = parse_line(text + start, linelen, key, index);
		if (fault)
			return fault;
		start += linelen + 1;
	}
	if (index->current == 0)
	{
		*line = 0;
		return "It holds no key.";
	}
	return NULL;
}
