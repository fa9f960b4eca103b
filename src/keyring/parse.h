/*
 * parse.h
 *	  The text of a keyring: one key a line.
 *
 * Plain C: nothing here raises, allocates or keeps anything.  A fault is a
 * sentence for the administrator; it never holds a byte of the line.
 */
#ifndef QR_KEYRING_PARSE_H
#define QR_KEYRING_PARSE_H

#include "core/mac.h"

#define QR_KID_MAX		255
#define QR_LINE_MAX		1024	/* bytes of a line without its end */

/* What is known of the keys besides the keys; all zero before the first line. */
typedef struct QrKeyIndex
{
	bool		present[QR_KID_MAX + 1];
	int			current;		/* 0 until known */
	bool		marked;			/* a line said "current" */
} QrKeyIndex;

/*
 * Reads the whole text into key and index; the highest key is current where no
 * line says so.  NULL when all is well and there is at least one key; else
 * what is wrong, and *line is the number of the line, or 0 when no single line
 * is to blame.  After a fault key and index are half filled: the caller wipes.
 */
const char *qr_keyring_parse(const char *text, size_t len,
							 uint8_t key[QR_KID_MAX + 1][QC_KEY_LEN],
							 QrKeyIndex *index, int *line);

#endif
