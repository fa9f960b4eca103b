/*
 * roundtrip.c
 *	  Draws hundreds of random contents in every form and has two independent
 *	  readers (zbarimg, ZXingReader) read them back; prints "N passed, N failed".
 *
 * Usage: roundtrip [seed].  A reader is started once for all pictures.  Each
 * picture has a content of its own, so that what a reader says without a file
 * name tells which picture it read.
 */
#include "roundtrip.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PICTURES		480
#define LONGEST			1200	/* bytes of a random content */

typedef enum Form
{
	PNG, SVG, TEXT, TEXT_INVERTED, CARD
} Form;

static const char *const form_names[] = {"PNG", "SVG", "text", "inverted text", "card"};

typedef struct Picture
{
	char		content[LONGEST + 1];
	char		file[32];
	Form		form;
	char		level;
	bool		zbar_read;
	bool		zxing_read;
} Picture;

static Picture pictures[PICTURES];
static int	passed = 0;
static int	failed = 0;
static uint64_t state = 0x9E3779B97F4A7C15;

void
check(bool ok, const char *format, ...)
{
	va_list		args;

	if (ok)
	{
		passed++;
		return;
	}
	failed++;
	va_start(args, format);
	printf("failed: ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

uint32_t
any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t) ((state >> 16) % below);
}

static bool
append(void *arg, const void *data, size_t len)
{
	Bytes	   *b = arg;

	if (len > b->limit - b->len)
		return false;
	b->data = realloc(b->data, b->len + len + 1);
	if (b->data == NULL)
		abort();
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return true;
}

QpSink
to_bytes(Bytes *b)
{
	QpSink		sink = {append, b};

	return sink;
}

char *
put_char(char *p, uint32_t c)
{
	if (c < 0x80)
		*p++ = (char) c;
	else if (c < 0x800)
	{
		*p++ = (char) (0xC0 | c >> 6);
		*p++ = (char) (0x80 | (c & 0x3F));
	}
	else if (c < 0x10000)
	{
		*p++ = (char) (0xE0 | c >> 12);
		*p++ = (char) (0x80 | (c >> 6 & 0x3F));
		*p++ = (char) (0x80 | (c & 0x3F));
	}
	else
	{
		*p++ = (char) (0xF0 | c >> 18);
		*p++ = (char) (0x80 | (c >> 12 & 0x3F));
		*p++ = (char) (0x80 | (c >> 6 & 0x3F));
		*p++ = (char) (0x80 | (c & 0x3F));
	}
	return p;
}

/* ---- contents */

static void
any_of(char *p, const char *set, uint32_t n)
{
	while (n-- > 0)
		*p++ = set[any((uint32_t) strlen(set))];
	*p = '\0';
}

static void
any_code(char *content)
{
	strcpy(content, "QC1.");
	any_of(content + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 50);
}

/* Chinese, with some of everything else; no text without a first letter. */
static void
any_utf8(char *content)
{
	static const uint32_t ranges[][2] = {
		{0x4E00, 0x9FA5}, {0x4E00, 0x9FA5}, {'a', 'z'}, {'0', '9'}, {0xC0, 0xFF},
		{0x3041, 0x3093}, {0x410, 0x44F}, {0x627, 0x64A}, {0xAC00, 0xD7A3}, {0x1F600, 0x1F640}
	};
	uint32_t	first = any(sizeof(ranges) / sizeof(ranges[0]));
	uint32_t	n = 3 + any(any(4) == 0 ? 200 : 30);
	bool		mixed = any(2) != 0;

	while (n-- > 0)
	{
		uint32_t	which = mixed ? any(sizeof(ranges) / sizeof(ranges[0])) : first;

		content = put_char(content, ranges[which][0] + any(ranges[which][1] - ranges[which][0] + 1));
	}
	*content = '\0';
}

static void
any_content(Picture *p)
{
	uint32_t	kind = p->form == CARD ? 0 : any(8);

	if (kind < 3)
		any_code(p->content);
	else if (kind == 3)
	{
		/* readers and their output trim and escape: no space, no quote */
		any_of(p->content, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$%*+-./:", 4 + any(any(3) == 0 ? 900 : 100));
	}
	else if (kind == 4)
		any_of(p->content, "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_=&?#/:.~", 4 + any(300));
	else
		any_utf8(p->content);
}

static bool
is_new(int n)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(pictures[i].content, pictures[n].content) == 0)
			return false;
	}
	return true;
}

/* ---- drawing */

static bool
write_file(const char *path, const Bytes *b)
{
	FILE	   *f = fopen(path, "wb");
	bool		ok;

	if (f == NULL)
		return false;
	ok = fwrite(b->data, 1, b->len, f) == b->len;
	return fclose(f) == 0 && ok;
}

/* Draws into the current directory; the module is large enough for any reader. */
static bool
draw(Picture *p, QpSymbol *sym)
{
	Bytes		made = {NULL, 0, SIZE_MAX};
	QpSink		sink = to_bytes(&made);
	QpCard		card = {sym, "中国工商银行", "Coffee & cake for two", "CNY 88.50", 1798761599, NULL};
	int			module = 3 + (int) any(5);
	int			quiet = 4 + (int) any(3);
	bool		ok = false;

	switch (p->form)
	{
		case PNG:
			ok = qp_png(sym, module, quiet, &sink) == QP_OK && write_file(p->file, &made);
			break;
		case SVG:
			ok = qp_svg(sym, module, quiet, &sink) == QP_OK && raster_svg(made.data, 1, 0, p->file);
			break;
		case TEXT:
		case TEXT_INVERTED:
			ok = qp_text(sym, p->form == TEXT_INVERTED, &sink) == QP_OK &&
				raster_text(made.data, p->form == TEXT_INVERTED, module, p->file);
			break;
		case CARD:
			/* the quiet zone is the card's ground, at least 4 modules of it */
			ok = qp_card_svg(&card, &sink) == QP_OK && raster_svg(made.data, module, 4, p->file);
			break;
	}
	free(made.data);
	return ok;
}

static void
draw_all(void)
{
	for (int i = 0; i < PICTURES; i++)
	{
		Picture    *p = &pictures[i];
		QpSymbol	sym;
		uint32_t	which = any(10);

		p->form = which < 5 ? PNG : which < 7 ? SVG : which == 7 ? TEXT : which == 8 ? TEXT_INVERTED : CARD;
		p->level = "LMQH"[p->form == CARD ? 1 : any(4)];
		do
			any_content(p);
		while (!is_new(i));
		snprintf(p->file, sizeof(p->file), "p%03d.%s", i, p->form == PNG ? "png" : "pgm");
		check(qp_symbol(p->content, strlen(p->content), p->level, &sym) == QP_OK && draw(p, &sym),
			  "%s of \"%s\" at %c not drawn", form_names[p->form], p->content, p->level);
		if (strncmp(p->content, "QC1.", 4) == 0 && p->level == 'M')
			check(sym.version == 3 && sym.size == 29, "a code is version %d", sym.version);
	}
}

/* ---- reading */

/* Runs argv, standard output into a file; false when it could not be run. */
static bool
run(char *const *argv, const char *output)
{
	pid_t		pid;
	int			status;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
	{
		int			out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int			null = open("/dev/null", O_WRONLY);

		if (out < 0 || null < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
			_exit(127);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) != 127;
}

static void
read_with(const char *const *command, const char *output)
{
	char	   *argv[PICTURES + 8];
	int			n = 0;

	while (command[n] != NULL)
	{
		argv[n] = (char *) command[n];
		n++;
	}
	for (int i = 0; i < PICTURES; i++)
		argv[n++] = pictures[i].file;
	argv[n] = NULL;
	check(run(argv, output), "%s cannot be run", command[0]);
}

/* The next line without its end; false at the end of the file. */
static bool
next_line(FILE *f, char *line, int size)
{
	if (fgets(line, size, f) == NULL)
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static void
read_zbar(void)
{
	static const char *const command[] = {"zbarimg", "-q", "--nodbus", NULL};
	static char line[8 * LONGEST];
	FILE	   *f;

	read_with(command, "zbar.out");
	f = fopen("zbar.out", "r");
	while (f != NULL && next_line(f, line, sizeof(line)))
	{
		for (int i = 0; i < PICTURES; i++)
		{
			if (strncmp(line, "QR-Code:", 8) == 0 && strcmp(line + 8, pictures[i].content) == 0)
				pictures[i].zbar_read = true;
		}
	}
	if (f != NULL)
		fclose(f);
}

/* The bytes as ZXing prints them: two digits and a space each. */
static bool
equals_hex(const char *hex, const char *content)
{
	for (; *content != '\0'; content++)
	{
		if (strtol(hex, (char **) &hex, 16) != (unsigned char) *content)
			return false;
	}
	return strspn(hex, " ") == strlen(hex);
}

/* File, then what was read: the bytes and the level must both be right. */
static void
read_zxing(void)
{
	static const char *const command[] = {"ZXingReader", "-format", "QRCode", NULL};
	static char line[8 * LONGEST];
	int			current = -1;
	bool		bytes_right = false;
	FILE	   *f;

	read_with(command, "zxing.out");
	f = fopen("zxing.out", "r");
	while (f != NULL && next_line(f, line, sizeof(line)))
	{
		if (sscanf(line, "File: p%d", &current) == 1)
			bytes_right = false;
		else if (current >= 0 && current < PICTURES && strncmp(line, "Bytes:", 6) == 0)
			bytes_right = equals_hex(line + 6, pictures[current].content);
		else if (current >= 0 && current < PICTURES && strncmp(line, "EC Level:", 9) == 0)
			pictures[current].zxing_read = bytes_right &&
				line[9 + strspn(line + 9, " ")] == pictures[current].level;
	}
	if (f != NULL)
		fclose(f);
}

/* ---- what is refused */

static void
check_refusals(void)
{
	static const char *const not_utf8[] = {
		"\x80", "a\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE4\xB8"
	};
	static QpSymbol sym;
	QpCard		card = {&sym, "Bank", "Use", "5", 0, NULL};
	size_t		whole[4];

	for (size_t i = 0; i < sizeof(not_utf8) / sizeof(not_utf8[0]); i++)
	{
		check(qp_symbol(not_utf8[i], strlen(not_utf8[i]), 'M', &sym) == QP_E_CONTENT, "content %zu is not UTF-8", i);
		card.issuer = not_utf8[i];
		check(qp_card_svg(&card, NULL) == QP_E_CONTENT, "issuer %zu is not UTF-8", i);
	}
	card.issuer = "Bank";
	check(qp_symbol("a\0b", 3, 'M', &sym) == QP_E_CONTENT, "a NUL byte");
	check(qp_symbol("", 0, 'M', &sym) == QP_E_EMPTY, "no content");
	check(qp_symbol("x", 1, 'm', &sym) == QP_E_TOO_LONG, "no such level");

	/* a sink that stops anywhere ends every form, libpng's included */
	check(qp_symbol("QC1", 3, 'M', &sym) == QP_OK, "a short content");
	for (int form = 0; form < 4; form++)
	{
		for (size_t limit = SIZE_MAX;; limit = limit == SIZE_MAX ? 0 : limit + 1 + limit / 8)
		{
			Bytes		made = {NULL, 0, limit};
			QpSink		sink = to_bytes(&made);
			QpStatus	status;

			status = form == 0 ? qp_svg(&sym, 4, 4, &sink) : form == 1 ? qp_png(&sym, 4, 4, &sink) :
				form == 2 ? qp_text(&sym, false, &sink) : qp_card_svg(&card, &sink);
			free(made.data);
			if (limit == SIZE_MAX)
			{
				whole[form] = made.len;
				check(status == QP_OK && made.len > 0, "form %d without a limit", form);
			}
			else if (limit >= whole[form])
				break;
			else
				check(status == QP_E_MEMORY, "form %d goes on after %zu bytes", form, limit);
		}
	}
}

int
main(int argc, char **argv)
{
	char		directory[] = "/tmp/qrcred-picture.XXXXXX";

	if (argc > 1)
		state ^= strtoull(argv[1], NULL, 0) * 0xD1342543DE82EF95;
	if (mkdtemp(directory) == NULL || chdir(directory) != 0)
	{
		perror(directory);
		return 1;
	}

	check_refusals();
	check_cards();
	draw_all();
	read_zbar();
	read_zxing();
	for (int i = 0; i < PICTURES; i++)
	{
		const Picture *p = &pictures[i];

		check(p->zbar_read, "zbarimg did not read %s, %s of \"%s\" at %c",
			  p->file, form_names[p->form], p->content, p->level);
		check(p->zxing_read, "ZXingReader did not read %s, %s of \"%s\" at %c",
			  p->file, form_names[p->form], p->content, p->level);
		unlink(p->file);
	}
	unlink("zbar.out");
	unlink("zxing.out");
	if (chdir("/") != 0 || rmdir(directory) != 0)
		perror(directory);
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
