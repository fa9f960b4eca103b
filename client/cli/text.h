/*
 * text.h
 *	  UTF-8 texts from outside: made harmless for a terminal, measured, wrapped.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies UTF-8 into out (size with terminator).  Control characters and line
 * ends become spaces; characters that turn the writing direction, and those
 * that XML forbids, are left out.  False when it is not UTF-8 or too long.
 */
bool		text_clean(const char *in, size_t len, char *out, size_t size);

/* True when text_clean() would change nothing. */
bool		text_is_clean(const char *in, size_t len);

/* Columns on a terminal; a CJK character counts double. */
int			text_width(const char *s, size_t len);

/*
 * The bytes of s that make the next line of at most columns (at least 2): up
 * to a space or beside a wide character where there is one.  *skip receives
 * the bytes to go on from, that is with the spaces at the break.
 */
size_t		text_line(const char *s, int columns, size_t *skip);

/* "2031-05-04", UTC; when is unix seconds, 0 .. 2^32 - 1. */
void		text_day(long long when, char out[16]);

#endif
