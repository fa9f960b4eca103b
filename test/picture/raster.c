/*
 * raster.c
 *	  Half blocks and SVG paths made into pixels, for readers that take
 *	  pixels only.
 */
#include "roundtrip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLACK	0
#define WHITE	255

typedef struct Grey
{
	int			width;
	int			height;
	unsigned char *pixels;
} Grey;

static Grey
new_grey(int width, int height, int ground)
{
	Grey		g = {width, height, malloc((size_t) width * height)};

	if (g.pixels == NULL)
		abort();
	memset(g.pixels, ground, (size_t) width * height);
	return g;
}

static void
fill(Grey *g, int x, int y, int width, int height, int grey)
{
	for (int j = y; j < y + height; j++)
	{
		for (int i = x; i < x + width; i++)
		{
			if (i >= 0 && j >= 0 && i < g->width && j < g->height)
				g->pixels[(size_t) j * g->width + i] = (unsigned char) grey;
		}
	}
}

static bool
write_grey(Grey *g, const char *path)
{
	FILE	   *f = fopen(path, "wb");
	size_t		n = (size_t) g->width * g->height;
	bool		ok;

	if (f == NULL)
		return false;
	fprintf(f, "P5\n%d %d\n255\n", g->width, g->height);
	ok = fwrite(g->pixels, 1, n, f) == n;
	free(g->pixels);
	return fclose(f) == 0 && ok;
}

/* The terminal's ground shows for blanks and a line around everything. */
bool
raster_text(const char *text, bool invert, int scale, const char *path)
{
	int			ground = invert ? WHITE : BLACK;
	int			columns = 0;
	int			lines = 0;
	int			x = 1;
	int			y = 1;
	Grey		g;

	for (const char *p = text; *p != '\0'; p++)
	{
		if (*p == '\n')
			lines++;
		else if (lines == 0 && (*p & 0xC0) != 0x80)
			columns++;
	}
	g = new_grey((columns + 2) * scale, (lines * 2 + 2) * scale, ground);
	for (const char *p = text; *p != '\0';)
	{
		bool		upper = false;
		bool		lower = false;

		if (*p == '\n')
		{
			x = 1;
			y += 2;
			p++;
			continue;
		}
		if (*p == ' ')
			p++;
		else if (strncmp(p, "\xE2\x96", 2) == 0)
		{
			upper = p[2] == '\x80' || p[2] == '\x88';
			lower = p[2] == '\x84' || p[2] == '\x88';
			p += 3;
		}
		else
		{
			free(g.pixels);
			return false;
		}
		if (upper)
			fill(&g, x * scale, y * scale, scale, scale, WHITE - ground);
		if (lower)
			fill(&g, x * scale, (y + 1) * scale, scale, scale, WHITE - ground);
		x++;
	}
	return write_grey(&g, path);
}

bool
raster_svg(const char *svg, int scale, int grow, const char *path)
{
	const char *black = strstr(svg, "<path fill=\"#000\" d=\"");
	const char *box = NULL;
	int			width;
	int			height;
	Grey		g;

	if (black == NULL)
		return false;

	/* the view box that is nearest before the path is the path's */
	for (const char *p = svg; (p = strstr(p, "viewBox=\"0 0 ")) != NULL && p < black; p++)
		box = p;
	if (box == NULL || sscanf(box, "viewBox=\"0 0 %d %d\"", &width, &height) != 2)
		return false;

	g = new_grey((width + 2 * grow) * scale, (height + 2 * grow) * scale, WHITE);
	for (const char *p = strchr(black, 'M'); p != NULL && *p == 'M';)
	{
		int			x;
		int			y;
		int			w;
		int			h;
		int			back;
		int			used;

		if (sscanf(p, "M%d %dh%dv%dh-%dz%n", &x, &y, &w, &h, &back, &used) != 5 || back != w ||
			x + w > width || y + h > height)
		{
			free(g.pixels);
			return false;
		}
		fill(&g, (x + grow) * scale, (y + grow) * scale, w * scale, h * scale, BLACK);
		p += used;
	}
	return write_grey(&g, path);
}
