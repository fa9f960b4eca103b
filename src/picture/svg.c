/*
 * svg.c
 *	  A symbol as SVG: a white ground and one path of horizontal runs.
 *
 * All coordinates are whole numbers and edges are drawn crisp, so that a
 * viewer leaves no hair line between two rows.
 */
#include "out.h"

void
qp_out_modules(QpOut *out, const QpSymbol *sym, int unit, int origin)
{
	for (int y = 0; y < sym->size; y++)
	{
		const uint8_t *row = sym->dark + y * sym->size;
		int			x = 0;

		while (x < sym->size)
		{
			int			start;

			while (x < sym->size && !row[x])
				x++;
			if (x == sym->size)
				break;
			start = x;
			while (x < sym->size && row[x])
				x++;
			qp_out_text(out, "M");
			qp_out_number(out, origin + start * unit);
			qp_out_text(out, " ");
			qp_out_number(out, origin + y * unit);
			qp_out_text(out, "h");
			qp_out_number(out, (x - start) * unit);
			qp_out_text(out, "v");
			qp_out_number(out, unit);
			qp_out_text(out, "h-");
			qp_out_number(out, (x - start) * unit);
			qp_out_text(out, "z");
		}
	}
}

QpStatus
qp_svg(const QpSymbol *sym, int module, int quiet, QpSink *sink)
{
	QpOut		out;
	int			side = (sym->size + 2 * quiet) * module;

	qp_out_begin(&out, sink);
	qp_out_text(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
	qp_out_number(&out, side);
	qp_out_text(&out, "\" height=\"");
	qp_out_number(&out, side);
	qp_out_text(&out, "\" viewBox=\"0 0 ");
	qp_out_number(&out, side);
	qp_out_text(&out, " ");
	qp_out_number(&out, side);
	qp_out_text(&out, "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h");
	qp_out_number(&out, side);
	qp_out_text(&out, "v");
	qp_out_number(&out, side);
	qp_out_text(&out, "H0z\"/><path fill=\"#000\" d=\"");
	qp_out_modules(&out, sym, module, quiet * module);
	qp_out_text(&out, "\"/></svg>\n");
	return qp_out_end(&out);
}
