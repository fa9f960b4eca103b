/*
 * chars.h
 *	  What the layout of a card needs to know about a character.
 *
 * There is no font here, only classes: the widths are those of wide common
 * sans-serif fonts, so that a text laid out with them is rather too narrow
 * than too wide in the font that a viewer picks.
 */
#ifndef QP_CHARS_H
#define QP_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum QpCharClass
{
	QP_CHAR_DROPPED,			/* never drawn: controls, direction overrides, tags */
	QP_CHAR_NEWLINE,
	QP_CHAR_SPACE,
	QP_CHAR_MARK,				/* belongs to the character before it */
	QP_CHAR_JOINER,				/* U+200D: binds the next character as well */
	QP_CHAR_WIDE,				/* a line may be broken on either side */
	QP_CHAR_LETTER
} QpCharClass;

/* Strict: no overlong form, no surrogate, nothing above U+10FFFF. */
bool		qp_utf8_valid(const char *text, size_t len);

/* The character at *p, which moves behind it.  text must be valid UTF-8. */
uint32_t	qp_utf8_next(const char **p);

QpCharClass qp_char_class(uint32_t c);

/* Thousandths of the font size; 0 for marks and what is dropped. */
int			qp_char_width(uint32_t c);

/* Closing and opening punctuation: no line begins, or ends, with it. */
bool		qp_char_no_start(uint32_t c);
bool		qp_char_no_end(uint32_t c);

/* 1 written left to right, -1 right to left, 0 neither (digits, signs). */
int			qp_char_direction(uint32_t c);

#endif
