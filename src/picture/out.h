/*
 * out.h
 *	  A small buffer in front of a QpSink, so that a picture's many short
 *	  pieces reach the caller in few calls.
 *
 * After the sink has stopped once nothing more is handed to it.  Nothing is
 * allocated: a sink that longjmps out leaves nothing behind.
 */
#ifndef QP_OUT_H
#define QP_OUT_H

#include "picture.h"

typedef struct QpOut
{
	QpSink	   *sink;
	size_t		used;
	bool		stopped;
	char		buf[2048];
} QpOut;

void		qp_out_begin(QpOut *out, QpSink *sink);
void		qp_out_bytes(QpOut *out, const char *data, size_t len);
void		qp_out_text(QpOut *out, const char *text);

/* Decimal digits of a number that is not negative. */
void		qp_out_number(QpOut *out, int64_t n);

/* Hands over what is left; QP_E_MEMORY when the sink stopped. */
QpStatus	qp_out_end(QpOut *out);

/*
 * The dark modules as data of an SVG path: one rectangle for each horizontal
 * run, a module being unit user units wide and the symbol's corner at
 * (origin, origin).
 */
void		qp_out_modules(QpOut *out, const QpSymbol *sym, int unit, int origin);

#endif
