/*
 * paint.c
 *	  What the customer and the scanner see, as SVG and PNG files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cairo.h>
#include <librsvg/rsvg.h>

#include "buffer.h"
#include "card.h"
#include "picture/picture.h"

#define SYMBOL_MODULE	8		/* pixels of a module's side */
#define SYMBOL_QUIET	4		/* modules */
#define CARD_SCALE		2		/* pixels for a user unit of the SVG */
#define CARD_SIDE_MAX	8192	/* pixels */

static Outcome
cannot_draw(void)
{
	complain("Use --plain for the code as text.", "cannot draw the picture");
	return OUT_USAGE;
}

static bool
ends_with(const char *s, const char *ending)
{
	size_t		n = strlen(s);
	size_t		m = strlen(ending);

	return n > m && strcasecmp(s + n - m, ending) == 0;
}

bool
card_file_known(const char *path)
{
	return ends_with(path, ".svg") || ends_with(path, ".png");
}

/* A code is worth a look over the shoulder: only the user may read the file. */
static Outcome
write_out(const char *path, const Buffer *bytes)
{
	bool		to_stdout = strcmp(path, "-") == 0;
	size_t		done = 0;
	int			fd = STDOUT_FILENO;
	bool		ok;

	if (!to_stdout)
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ok = fd >= 0;
	while (ok && done < bytes->len)
	{
		ssize_t		n = write(fd, bytes->data + done, bytes->len - done);

		if (n > 0)
			done += (size_t) n;
		else if (n == 0 || errno != EINTR)
			ok = false;
	}
	if (fd >= 0 && !to_stdout && close(fd) != 0)
		ok = false;
	if (ok)
		return OUT_OK;
	complain("Name another file, or - for standard output.", "cannot write %s: %s",
			 to_stdout ? "standard output" : path, strerror(errno));
	return OUT_USAGE;
}

Outcome
card_symbol_file(const char *code, const char *path)
{
	Buffer		png = {0};
	QpSink		sink = {buffer_append, &png};
	QpSymbol	symbol;
	Outcome		out;

	if (qp_symbol(code, strlen(code), 'M', &symbol) == QP_OK &&
		qp_png(&symbol, SYMBOL_MODULE, SYMBOL_QUIET, &sink) == QP_OK)
		out = write_out(path, &png);
	else
		out = cannot_draw();
	buffer_free(&png);
	return out;
}

static cairo_status_t
append_png(void *arg, const unsigned char *data, unsigned int len)
{
	return buffer_append(arg, data, len) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_NO_MEMORY;
}

static bool
render(RsvgHandle *handle, Buffer *png)
{
	cairo_surface_t *surface;
	cairo_t    *cr;
	double		width;
	double		height;
	RsvgRectangle viewport = {0, 0, 0, 0};
	bool		ok;

	if (!rsvg_handle_get_intrinsic_size_in_pixels(handle, &width, &height) ||
		!(width >= 1 && width * CARD_SCALE <= CARD_SIDE_MAX) ||
		!(height >= 1 && height * CARD_SCALE <= CARD_SIDE_MAX))
		return false;
	viewport.width = width * CARD_SCALE;
	viewport.height = height * CARD_SCALE;

	surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24,
										 (int) (viewport.width + 0.5),
										 (int) (viewport.height + 0.5));
	cr = cairo_create(surface);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	ok = rsvg_handle_render_document(handle, cr, &viewport, NULL) &&
		cairo_status(cr) == CAIRO_STATUS_SUCCESS &&
		cairo_surface_write_to_png_stream(surface, append_png, png) == CAIRO_STATUS_SUCCESS;
	cairo_destroy(cr);
	cairo_surface_destroy(surface);
	return ok;
}

static bool
svg_to_png(const Buffer *svg, Buffer *png)
{
	RsvgHandle *handle = rsvg_handle_new_from_data(svg->data, svg->len, NULL);
	bool		ok;

	if (handle == NULL)
		return false;
	ok = render(handle, png);
	g_object_unref(handle);
	return ok;
}

Outcome
card_file(const Credential *cred, const char *path)
{
	Buffer		svg = {0};
	Buffer		png = {0};
	QpSink		sink = {buffer_append, &svg};
	QpSymbol	symbol;
	QpCard		card = {
		.symbol = &symbol,
		.issuer = cred->issuer_name[0] != '\0' ? cred->issuer_name : cred->issuer_code,
		.purpose = cred->purpose,
		.face_value = cred->face_value,
		.valid_until = cred->valid_until
	};
	Outcome		out;

	if (qp_symbol(cred->first_code, strlen(cred->first_code), 'M', &symbol) != QP_OK ||
		qp_card_svg(&card, &sink) != QP_OK)
		out = cannot_draw();
	else if (ends_with(path, ".svg"))
		out = write_out(path, &svg);
	else
		out = svg_to_png(&svg, &png) ? write_out(path, &png) : cannot_draw();
	buffer_free(&svg);
	buffer_free(&png);
	return out;
}
