/*
 * lines.h
 *	  A text broken into lines of bounded width, and such a line as XML.
 *
 * A line refers to the text; nothing is copied or allocated.  However long
 * the text and whatever it is made of, no line is wider than asked for
 * (a single character wider than the line excepted), and what is written for
 * a line is bounded by its width: white space is collapsed, what cannot be
 * drawn is dropped, and no character carries more than MARKS_MAX marks.
 */
#ifndef QP_LINES_H
#define QP_LINES_H

#include "chars.h"
#include "out.h"

typedef struct QpLine
{
	const char *start;
	const char *end;
	bool		cut;			/* an ellipsis stands for the rest */
} QpLine;

/* Nothing but white space and what is not drawn. */
bool		qp_blank(const char *text);

/* By the first character that is written in a direction. */
bool		qp_right_to_left(const char *text);

/*
 * Breaks text into at most max lines of width thousandths of the font size
 * and returns their number; *whole tells whether all of it is there, else the
 * last line is cut.
 */
int			qp_break_lines(const char *text, int width, int max,
						   QpLine *lines, bool *whole);

void		qp_out_line(QpOut *out, const QpLine *line);

#endif
