/*
 * png.c
 *	  A symbol as PNG: 1 bit grey, no colour table, no time, no text, so that
 *	  equal symbols give equal files.
 *
 * A symbol compresses to next to nothing at any level; level 1 with a small
 * window spends neither time nor memory on it.
 */
#include "picture.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

#define MODULE_MAX	64
#define QUIET_MAX	64
#define ROW_MAX		((177 + 2 * QUIET_MAX) * MODULE_MAX / 8)

typedef struct PngJob
{
	QpSink	   *sink;
	bool		stopped;
} PngJob;

static void
write_bytes(png_structp png, png_bytep data, size_t len)
{
	PngJob	   *job = png_get_io_ptr(png);

	if (!job->sink->append(job->sink->arg, data, len))
	{
		job->stopped = true;
		png_error(png, "");
	}
}

static void
flush_nothing(png_structp png)
{
}

/* The default handlers would write to standard error. */
static void
on_error(png_structp png, png_const_charp message)
{
	png_longjmp(png, 1);
}

static void
on_warning(png_structp png, png_const_charp message)
{
}

/* One row of modules as a row of pixels: light 1, dark 0. */
static void
fill_row(const QpSymbol *sym, int y, int module, int quiet, uint8_t *row)
{
	const uint8_t *dark = sym->dark + y * sym->size;

	for (int x = 0; x < sym->size; x++)
	{
		int			from = (quiet + x) * module;

		if (!dark[x])
			continue;
		for (int i = from; i < from + module; i++)
			row[i >> 3] &= (uint8_t) ~(0x80 >> (i & 7));
	}
}

static void
write_picture(png_structp png, png_infop info, const QpSymbol *sym,
			  int module, int quiet)
{
	int			side = (sym->size + 2 * quiet) * module;
	uint8_t		row[ROW_MAX];

	png_set_compression_level(png, 1);
	png_set_compression_window_bits(png, 13);
	png_set_compression_mem_level(png, 6);
	png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
	png_set_IHDR(png, info, side, side, 1, PNG_COLOR_TYPE_GRAY,
				 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
				 PNG_FILTER_TYPE_BASE);
	png_write_info(png, info);
	for (int y = -quiet; y < sym->size + quiet; y++)
	{
		memset(row, 0xFF, sizeof(row));
		if (y >= 0 && y < sym->size)
			fill_row(sym, y, module, quiet, row);
		for (int i = 0; i < module; i++)
			png_write_row(png, row);
	}
	png_write_end(png, info);
}

/*
 * False when libpng came back through longjmp.  This function has no variable
 * of its own that could be lost on the way: what changes lives in the caller.
 */
static bool
write_guarded(png_structp png, png_infop info, const QpSymbol *sym,
			  int module, int quiet)
{
	if (setjmp(png_jmpbuf(png)))
		return false;
	write_picture(png, info, sym, module, quiet);
	return true;
}

QpStatus
qp_png(const QpSymbol *sym, int module, int quiet, QpSink *sink)
{
	PngJob		job = {sink, false};
	QpStatus	status = QP_OK;
	png_structp png;
	png_infop	info;

	if (module < 1 || module > MODULE_MAX || quiet < 0 || quiet > QUIET_MAX)
		return QP_E_PNG;
	png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
	if (png == NULL)
		return QP_E_MEMORY;
	info = png_create_info_struct(png);
	if (info == NULL)
		status = QP_E_MEMORY;
	else
	{
		png_set_write_fn(png, &job, write_bytes, flush_nothing);
		if (!write_guarded(png, info, sym, module, quiet))
			status = job.stopped ? QP_E_MEMORY : QP_E_PNG;
	}
	png_destroy_write_struct(&png, &info);
	return status;
}
