/*
 * pin.c
 *	  Asking: the PIN, and OK or Cancel.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "guard.h"
#include "pin.h"

#define NEW_PIN_ROUNDS	3
#define ASK_ROUNDS		3

typedef enum Line
{
	LINE_OK,
	LINE_END,					/* end of input, nothing read */
	LINE_LONG,					/* read to its end, not kept */
	LINE_ERROR
} Line;

/* Byte by byte: what follows the line belongs to somebody else. */
static Line
read_line(int fd, char *out, size_t size)
{
	size_t		len = 0;
	bool		some = false;

	for (;;)
	{
		char		c;
		ssize_t		n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
		{
			qc_wipe(out, size);
			return LINE_ERROR;
		}
		if (n == 0 && !some)
			return LINE_END;
		if (n == 0 || c == '\n')
			break;
		some = true;
		if (len < size)
			out[len++] = c;
		qc_wipe(&c, 1);
	}
	if (len > 0 && len < size && out[len - 1] == '\r')
		len--;
	if (len == size)
	{
		qc_wipe(out, size);
		return LINE_LONG;
	}
	out[len] = '\0';
	return LINE_OK;
}

static Line
read_hidden(int tty, const char *prompt, char *out, size_t size)
{
	struct termios saved;
	struct termios hidden;
	Line		line;

	if (tcgetattr(tty, &saved) != 0)
		return LINE_ERROR;
	hidden = saved;
	hidden.c_lflag &= ~(tcflag_t) (ECHO | ECHOE | ECHOK | ECHONL);
	/* stopped here, the shell would be left without echo */
	hidden.c_cc[VSUSP] = _POSIX_VDISABLE;
	guard_terminal(tty, &saved);
	if (tcsetattr(tty, TCSAFLUSH, &hidden) != 0)
	{
		guard_terminal_done();
		return LINE_ERROR;
	}
	dprintf(tty, "%s: ", prompt);
	line = read_line(tty, out, size);
	(void) tcsetattr(tty, TCSAFLUSH, &saved);
	guard_terminal_done();
	dprintf(tty, "\n");
	return line;
}

static int
open_terminal(void)
{
	int			tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (tty < 0)
		complain("Run it at a terminal, or give the PIN with --pin-fd.",
				 "no terminal to ask for the PIN");
	return tty;
}

/* Says what is wrong with a line that was not taken. */
static Outcome
explain(Line line)
{
	switch (line)
	{
		case LINE_OK:
			return OUT_OK;
		case LINE_LONG:
			complain("Nothing was tried; type it again.", "a PIN has at most %d digits", PIN_MAX);
			break;
		case LINE_END:
			complain("Nothing was tried.", "no PIN was given");
			break;
		case LINE_ERROR:
			complain("With --pin-fd, name an open descriptor.", "cannot read the PIN: %s",
					 strerror(errno));
			break;
	}
	return OUT_USAGE;
}

Outcome
pin_read(int pin_fd, const char *prompt, char *pin)
{
	Line		line;

	if (pin_fd >= 0)
		line = read_line(pin_fd, pin, PIN_MAX + 1);
	else
	{
		int			tty = open_terminal();

		if (tty < 0)
			return OUT_USAGE;
		line = read_hidden(tty, prompt, pin, PIN_MAX + 1);
		(void) close(tty);
	}
	if (line == LINE_OK && pin[0] == '\0')
		line = LINE_END;
	return explain(line);
}

static bool
pin_is_good(const char *pin)
{
	size_t		len = strlen(pin);

	return len >= PIN_MIN && strspn(pin, "0123456789") == len;
}

Outcome
pin_read_new(int pin_fd, char *pin)
{
	char	   *again;
	int			round;
	Outcome		out;

	if (pin_fd >= 0)
	{
		out = pin_read(pin_fd, "", pin);
		if (out == OUT_OK && !pin_is_good(pin))
		{
			complain("Choose another.", "a PIN has at least %d digits, and only digits", PIN_MIN);
			out = OUT_USAGE;
		}
		return out;
	}

	again = guard_space(PIN_MAX + 1);
	if (again == NULL)
		return OUT_USAGE;
	for (round = 0; round < NEW_PIN_ROUNDS; round++)
	{
		out = pin_read(-1, "New PIN (at least 6 digits)", pin);
		if (out != OUT_OK)
			return out;
		if (!pin_is_good(pin))
		{
			complain("Choose another.", "a PIN has at least %d digits, and only digits", PIN_MIN);
			continue;
		}
		out = pin_read(-1, "The same PIN again", again);
		if (out != OUT_OK)
			return out;
		if (strcmp(pin, again) == 0)
		{
			qc_wipe(again, PIN_MAX + 1);
			return OUT_OK;
		}
		complain("Type it twice alike.", "the two PINs differ");
	}
	return OUT_USAGE;
}

static bool
is_one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(s, *words) == 0)
			return true;
	return false;
}

Answer
ask_ok(const char *question, bool stdin_taken)
{
	static const char *const yes[] = {"ok", "o", "yes", "y", NULL};
	static const char *const no[] = {"cancel", "c", "no", "n", "", NULL};
	char		line[32];
	int			in = STDIN_FILENO;
	int			out = STDOUT_FILENO;
	int			round;
	Answer		answer = ANSWER_CANCEL;

	if (stdin_taken)
	{
		in = out = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (in < 0)
			return ANSWER_NOBODY;
	}
	for (round = 0; round < ASK_ROUNDS; round++)
	{
		Line		got;

		dprintf(out, "%s ", question);
		got = read_line(in, line, sizeof(line));
		if (got == LINE_END || got == LINE_ERROR)
			break;
		if (got == LINE_OK && is_one_of(line, yes))
		{
			answer = ANSWER_OK;
			break;
		}
		if (got == LINE_OK && is_one_of(line, no))
			break;
	}
	if (stdin_taken)
		(void) close(in);
	return answer;
}
