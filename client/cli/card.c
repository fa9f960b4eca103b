/*
 * card.c
 *	  What the customer and the scanner see in the terminal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buffer.h"
#include "card.h"
#include "picture/picture.h"
#include "text.h"

#define CARD_WIDTH		78		/* columns between the frame's sides, at most */
#define NARROW_WIDTH	60		/* below, the issuer stands under the QR */
#define GAP				2

/* White on black whatever the terminal's own colours are, as scanners need it. */
static const char colour_on[] = "\033[97;40m";
static const char colour_off[] = "\033[0m";

static bool
use_colour(bool invert)
{
	const char *term = getenv("TERM");

	return !invert && isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL &&
		term != NULL && strcmp(term, "dumb") != 0;
}

static Outcome
symbol_lines(const char *code, bool invert, Buffer *lines)
{
	QpSymbol	symbol;
	QpSink		sink = {buffer_append, lines};

	if (qp_symbol(code, strlen(code), 'M', &symbol) == QP_OK &&
		qp_text(&symbol, invert, &sink) == QP_OK &&
		buffer_append(lines, "", 1))
		return OUT_OK;
	complain("Use --plain for the code as text.", "cannot draw the code");
	return OUT_USAGE;
}

/* Prints the next line of a symbol without its line end. */
static void
print_symbol_line(const char **lines, bool colour)
{
	size_t		len = strcspn(*lines, "\n");

	printf("%s%.*s%s", colour ? colour_on : "", (int) len, *lines, colour ? colour_off : "");
	*lines += len + ((*lines)[len] == '\n');
}

Outcome
card_symbol_print(const char *code, bool invert)
{
	Buffer		lines = {0};
	bool		colour = use_colour(invert);
	Outcome		out = symbol_lines(code, invert, &lines);

	if (out == OUT_OK)
	{
		const char *p = (const char *) lines.data;

		while (*p != '\0')
		{
			print_symbol_line(&p, colour);
			putchar('\n');
		}
	}
	buffer_free(&lines);
	return out;
}

static void
print_times(const char *s, int n)
{
	while (n-- > 0)
		fputs(s, stdout);
}

static void
print_rule(const char *left, const char *right, int width)
{
	fputs(left, stdout);
	print_times("─", width);
	printf("%s\n", right);
}

/* Prints the next line of a text and spaces up to columns. */
static void
print_text_line(const char **text, int columns)
{
	size_t		skip;
	size_t		len = text_line(*text, columns, &skip);

	printf("%.*s", (int) len, *text);
	print_times(" ", columns - text_width(*text, len));
	/* a text that cannot go on is at its end */
	*text += skip > 0 ? skip : strlen(*text);
}

static void
print_block(const char *text, int width)
{
	while (*text == ' ')
		text++;
	while (*text != '\0')
	{
		printf("│ ");
		print_text_line(&text, width - 2);
		printf(" │\n");
	}
}

static int
card_width(int symbol_width)
{
	struct winsize ws;
	int			width = CARD_WIDTH;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0 && ws.ws_col - 2 < width)
		width = ws.ws_col - 2;
	return width > symbol_width ? width : symbol_width;
}

Outcome
card_print(const Credential *cred, bool invert)
{
	Buffer		lines = {0};
	bool		colour = use_colour(invert);
	const char *issuer = cred->issuer_name[0] != '\0' ? cred->issuer_name : cred->issuer_code;
	const char *side;
	const char *p;
	char		day[16];
	char		validity[64];
	int			symbol_width;
	int			width;
	bool		narrow;
	Outcome		out = symbol_lines(cred->first_code, invert, &lines);

	if (out != OUT_OK)
	{
		buffer_free(&lines);
		return out;
	}
	p = (const char *) lines.data;
	symbol_width = text_width(p, strcspn(p, "\n"));
	width = card_width(symbol_width);
	narrow = width < NARROW_WIDTH;

	/* the issuer starts one line below the upper edge */
	side = narrow ? "" : issuer;
	print_rule("┌", "┐", width);
	while (*p != '\0')
	{
		bool		first = p == (const char *) lines.data;

		printf("│");
		print_symbol_line(&p, colour);
		if (first || *side == '\0')
			print_times(" ", width - symbol_width);
		else
		{
			print_times(" ", GAP);
			print_text_line(&side, width - symbol_width - GAP - 1);
			putchar(' ');
		}
		printf("│\n");
	}
	print_rule("├", "┤", width);
	if (narrow)
		print_block(issuer, width);
	print_block(cred->purpose, width);
	print_block(cred->face_value, width);
	text_day(cred->valid_until, day);
	snprintf(validity, sizeof(validity), "Valid until %s (UTC)", day);
	print_block(validity, width);
	print_rule("└", "┘", width);
	buffer_free(&lines);
	return OUT_OK;
}
