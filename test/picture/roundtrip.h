/*
 * roundtrip.h
 *	  What the parts of the picture test share.
 */
#ifndef ROUNDTRIP_H
#define ROUNDTRIP_H

#include "picture.h"

/* A sink into memory; it stops before the byte that is one more than limit. */
typedef struct Bytes
{
	char	   *data;			/* always terminated */
	size_t		len;
	size_t		limit;
} Bytes;

QpSink		to_bytes(Bytes *b);

/* Counts a check and reports it when it failed. */
void		check(bool ok, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* 0 .. below - 1, the same sequence for the same seed. */
uint32_t	any(uint32_t below);

/* Writes c as UTF-8 and returns what is behind it. */
char	   *put_char(char *p, uint32_t c);

/*
 * Grey pictures (PGM) of a symbol's other forms, a module being a square of
 * scale pixels: of qr_text as a terminal shows it, of an SVG's black path.
 * grow adds so many light modules around.
 */
bool		raster_text(const char *text, bool invert, int scale, const char *path);
bool		raster_svg(const char *svg, int scale, int grow, const char *path);

/* Checks of the card that need no reader. */
void		check_cards(void);

#endif
