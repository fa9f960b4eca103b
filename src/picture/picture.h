/*
 * picture.h
 *	  QR symbols and cards as SVG, PNG and text, for the server and the wallet.
 *
 * Knows nothing of PostgreSQL and nothing of credentials.  The caller's
 * append function takes the bytes.  It may longjmp out of every function but
 * qp_png(), where libpng's state would be lost: there it returns false instead.
 */
#ifndef QP_PICTURE_H
#define QP_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum QpStatus
{
	QP_OK = 0,
	QP_E_TOO_LONG,				/* content does not fit version 40 at this level */
	QP_E_EMPTY,					/* no content */
	QP_E_CONTENT,				/* content holds a NUL byte or is not UTF-8 */
	QP_E_MEMORY,
	QP_E_PNG					/* libpng refused */
} QpStatus;

/* append returns false to stop; the drawing function then returns QP_E_MEMORY. */
typedef struct QpSink
{
	bool		(*append) (void *arg, const void *data, size_t len);
	void	   *arg;
} QpSink;

/* Modules of a symbol, row by row, 1 = dark; size is the side without quiet zone. */
typedef struct QpSymbol
{
	int			size;
	int			version;
	uint8_t		dark[177 * 177];
} QpSymbol;

/*
 * level is 'L', 'M', 'Q' or 'H'.  Content made only of the QR alphanumeric
 * set (0-9 A-Z space $ % * + - . / :) is encoded in alphanumeric mode, other
 * content as bytes of UTF-8, marked so (ECI 26) unless it is ASCII.  A code of
 * 54 characters at M is version 3.  A level other than these four fits nothing.
 */
QpStatus	qp_symbol(const char *content, size_t len, char level, QpSymbol *sym);

/*
 * The most characters (alphanumeric mode) or bytes (else) that fit at this level
 * for content like this one, in version 40.
 */
int			qp_limit(const char *content, size_t len, char level);

/* module: side of a module in user units or pixels, 1..64; quiet: modules, 0..64. */
QpStatus	qp_svg(const QpSymbol *sym, int module, int quiet, QpSink *sink);
QpStatus	qp_png(const QpSymbol *sym, int module, int quiet, QpSink *sink);

/*
 * Half blocks (U+2580, U+2584, U+2588, space), two module rows a line, 4 quiet
 * modules around, every line ended by a newline.  Dark modules are blank and light
 * ones filled, for a terminal of light text on dark ground; invert for the other.
 */
QpStatus	qp_text(const QpSymbol *sym, bool invert, QpSink *sink);

/*
 * The card: QR at the upper left, issuer at the upper right, purpose, face
 * value and the day it is valid until (UTC) below, a frame around it.  Texts are
 * UTF-8; they are escaped, wrapped by width (a CJK character counts double) and never
 * run out of the frame.  An empty text leaves its line out.
 */
typedef struct QpCard
{
	const QpSymbol *symbol;
	const char *issuer;
	const char *purpose;
	const char *face_value;
	int64_t		valid_until;	/* unix seconds; negative leaves the line out */
	const char *valid_label;	/* words before the day, "Valid until" when NULL */
} QpCard;

QpStatus	qp_card_svg(const QpCard *card, QpSink *sink);

#endif
