/*
 * lines.c
 *	  Line breaking and the writing of lines.
 */
#include "lines.h"

#define MARKS_MAX		4
#define JOINED_MAX		8
#define ELLIPSIS_WIDTH	1000

/* What must stay together: a character, its marks, and what is joined to it. */
typedef struct Cluster
{
	const char *start;
	const char *end;
	uint32_t	first;			/* 0 at the end of the text */
	uint32_t	last;
	QpCharClass class;
	int			width;
} Cluster;

static bool
is_regional(uint32_t c)
{
	return c >= 0x1F1E6 && c <= 0x1F1FF;
}

/* The cluster at p, behind what is dropped. */
static Cluster
cluster_at(const char *p)
{
	Cluster		cl = {p, p, 0, 0, QP_CHAR_DROPPED, 0};
	bool		joined = false;
	int			joins = 0;

	while (*p != '\0' && cl.class == QP_CHAR_DROPPED)
	{
		cl.start = p;
		cl.first = cl.last = qp_utf8_next(&p);
		cl.class = qp_char_class(cl.first);
		cl.end = p;
	}
	if (cl.class == QP_CHAR_DROPPED)
	{
		cl.start = cl.end = p;
		cl.first = cl.last = 0;
		return cl;
	}
	cl.width = qp_char_width(cl.first);
	if (cl.class == QP_CHAR_SPACE || cl.class == QP_CHAR_NEWLINE)
		return cl;

	while (*p != '\0')
	{
		uint32_t	c = qp_utf8_next(&p);
		QpCharClass class = qp_char_class(c);

		if (class == QP_CHAR_JOINER)
			joined = true;
		else if (class == QP_CHAR_WIDE || class == QP_CHAR_LETTER)
		{
			bool		flag = is_regional(c) && is_regional(cl.last) && joins == 0;

			if ((!joined && !flag) || ++joins >= JOINED_MAX)
				break;
			joined = false;
			cl.last = c;
		}
		else if (class != QP_CHAR_MARK && class != QP_CHAR_DROPPED)
			break;
		cl.width += qp_char_width(c);
		cl.end = p;
	}

	/* a mark that stands alone is drawn on a circle */
	if (cl.width == 0)
		cl.width = 640;
	return cl;
}

static const char *
skip_space(const char *p)
{
	Cluster		cl = cluster_at(p);

	while (cl.class == QP_CHAR_SPACE || cl.class == QP_CHAR_NEWLINE)
		cl = cluster_at(cl.end);
	return cl.start;
}

bool
qp_blank(const char *text)
{
	return *skip_space(text) == '\0';
}

bool
qp_right_to_left(const char *text)
{
	while (*text != '\0')
	{
		int			direction = qp_char_direction(qp_utf8_next(&text));

		if (direction != 0)
			return direction < 0;
	}
	return false;
}

static bool
may_break(const Cluster *before, const Cluster *after)
{
	if (qp_char_no_end(before->last) || qp_char_no_start(after->first))
		return false;
	return before->class == QP_CHAR_WIDE || after->class == QP_CHAR_WIDE ||
		before->last == '-' || before->last == 0x2010;
}

/*
 * One line from p, which does not begin with a space; returns where the next
 * one begins.  The best place to break is the last space or the last place
 * where may_break() allows it; a word longer than the line is broken anywhere.
 */
static const char *
break_line(const char *p, int width, QpLine *line)
{
	Cluster		before = {p, p, 0, 0, QP_CHAR_DROPPED, 0};
	const char *best_end = NULL;
	const char *best_next = NULL;
	int			used = 0;

	line->start = p;
	line->cut = false;
	for (;;)
	{
		Cluster		cl = cluster_at(p);

		if (cl.first == 0 || cl.class == QP_CHAR_NEWLINE)
		{
			line->end = before.class == QP_CHAR_SPACE ? best_end : cl.start;
			return skip_space(cl.start);
		}
		if (cl.class == QP_CHAR_SPACE)
		{
			if (before.class != QP_CHAR_SPACE)
			{
				best_end = cl.start;
				used += cl.width;
			}
			best_next = cl.end;
		}
		else
		{
			if (before.class == QP_CHAR_SPACE)
				best_next = cl.start;
			else if (used > 0 && may_break(&before, &cl))
				best_end = best_next = cl.start;
			if (used > 0 && used + cl.width > width)
			{
				line->end = best_end ? best_end : cl.start;
				return best_end ? best_next : cl.start;
			}
			used += cl.width;
		}
		before = cl;
		p = cl.end;
	}
}

/* Shortens a last line to what fits beside an ellipsis. */
static void
cut_line(const char *p, int width, QpLine *line)
{
	int			used = ELLIPSIS_WIDTH;
	Cluster		cl = cluster_at(p);
	bool		space = false;

	line->start = line->end = p;
	line->cut = true;
	while (cl.first != 0 && cl.class != QP_CHAR_NEWLINE)
	{
		if (cl.class != QP_CHAR_SPACE || !space)
			used += cl.width;
		if (used > width)
			break;
		space = cl.class == QP_CHAR_SPACE;
		if (!space)
			line->end = cl.end;
		cl = cluster_at(cl.end);
	}
}

int
qp_break_lines(const char *text, int width, int max, QpLine *lines, bool *whole)
{
	const char *p = skip_space(text);
	int			n = 0;

	while (*p != '\0' && n < max)
	{
		const char *from = p;

		p = break_line(from, width, &lines[n]);
		if (n == max - 1 && *p != '\0')
			cut_line(from, width, &lines[n]);
		n++;
	}
	*whole = *p == '\0';
	return n;
}

static void
out_char(QpOut *out, uint32_t c, const char *bytes, size_t len)
{
	switch (c)
	{
		case '&':
			qp_out_text(out, "&amp;");
			break;
		case '<':
			qp_out_text(out, "&lt;");
			break;
		case '>':
			qp_out_text(out, "&gt;");
			break;
		case '"':
			qp_out_text(out, "&quot;");
			break;
		case '\'':
			qp_out_text(out, "&#39;");
			break;
		default:
			qp_out_bytes(out, bytes, len);
	}
}

void
qp_out_line(QpOut *out, const QpLine *line)
{
	const char *p = line->start;
	bool		space = false;
	int			marks = 0;

	while (p < line->end)
	{
		const char *at = p;
		uint32_t	c = qp_utf8_next(&p);
		QpCharClass class = qp_char_class(c);

		if (class == QP_CHAR_DROPPED)
			continue;
		if (class == QP_CHAR_SPACE || class == QP_CHAR_NEWLINE)
		{
			space = true;
			continue;
		}
		if (class == QP_CHAR_MARK || class == QP_CHAR_JOINER)
		{
			if (++marks > MARKS_MAX)
				continue;
		}
		else
			marks = 0;
		if (space)
			qp_out_text(out, " ");
		space = false;
		out_char(out, c, at, p - at);
	}
	if (line->cut)
		qp_out_text(out, "&#8230;");
}
