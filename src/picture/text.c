/*
 * text.c
 *	  A symbol as half blocks for a terminal.
 *
 * A character cell is about twice as high as wide, so two rows of modules
 * share a line.  The side is odd; what would be below the last row is left
 * blank, which lies outside the quiet zone whatever the ground.
 */
#include "out.h"

#define QUIET	4

static bool
is_dark(const QpSymbol *sym, int x, int y)
{
	x -= QUIET;
	y -= QUIET;
	return x >= 0 && y >= 0 && x < sym->size && y < sym->size &&
		sym->dark[y * sym->size + x] != 0;
}

QpStatus
qp_text(const QpSymbol *sym, bool invert, QpSink *sink)
{
	/* by upper half filled * 2 + lower half filled */
	static const char *const blocks[] = {
		" ", "\xE2\x96\x84", "\xE2\x96\x80", "\xE2\x96\x88"
	};
	int			side = sym->size + 2 * QUIET;
	QpOut		out;

	qp_out_begin(&out, sink);
	for (int y = 0; y < side; y += 2)
	{
		for (int x = 0; x < side; x++)
		{
			bool		upper = is_dark(sym, x, y) == invert;
			bool		lower = y + 1 < side && is_dark(sym, x, y + 1) == invert;

			qp_out_text(&out, blocks[upper * 2 + lower]);
		}
		qp_out_text(&out, "\n");
	}
	return qp_out_end(&out);
}
