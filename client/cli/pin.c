/*
 * pin.c
 *	  Asking: the PIN, the login password, and OK or Cancel.
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

/* What is asked for, in the messages. */
typedef struct Asked
{
	const char *name;
	const char *option;
	int			most;			/* characters or bytes, as unit says */
	const char *unit;
} Asked;

static const Asked asked_pin = {"PIN", "--pin-fd", PIN_MAX, "digits"};

/* Says what is wrong with a line that was not taken. */
static Outcome
explain(const Asked *asked, Line line)
{
	char		hint[80];

	switch (line)
	{
		case LINE_OK:
			return OUT_OK;
		case LINE_LONG:
			complain("Nothing was tried; type it again.", "a %s has at most %d %s",
					 asked->name, asked->most, asked->unit);
			break;
		case LINE_END:
			complain("Nothing was tried.", "no %s was given", asked->name);
			break;
		case LINE_ERROR:
			snprintf(hint, sizeof(hint), "With %s, name an open descriptor.", asked->option);
			complain(hint, "cannot read the %s: %s", asked->name, strerror(errno));
			break;
	}
	return OUT_USAGE;
}

/* One line of the descriptor, or of the terminal when that is negative. */
static Outcome
read_asked(const Asked *asked, int fd, const char *prompt, char *out, size_t size)
{
	Line		line;

	if (fd >= 0)
		line = read_line(fd, out, size);
	else
	{
		int			tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
		char		hint[80];

		if (tty < 0)
		{
			snprintf(hint, sizeof(hint), "Run it at a terminal, or give the %s with %s.",
					 asked->name, asked->option);
			complain(hint, "no terminal to ask for the %s", asked->name);
			return OUT_USAGE;
		}
		line = read_hidden(tty, prompt, out, size);
		(void) close(tty);
	}
	if (line == LINE_OK && out[0] == '\0')
		line = LINE_END;
	return explain(asked, line);
}

Outcome
pin_read(int pin_fd, const char *prompt, char *pin)
{
	return read_asked(&asked_pin, pin_fd, prompt, pin, PIN_MAX + 1);
}

Outcome
password_read(int fd, char *password, size_t size)
{
	Asked		asked = {"login password", "--password-fd", (int) size - 1, "bytes"};

	return read_asked(&asked, fd, "Login password", password, size);
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
ask_ok(const char *question, bool stdin_taken, int out)
{
	static const char *const yes[] = {"ok", "o", "yes", "y", NULL};
	static const char *const no[] = {"cancel", "c", "no", "n", "", NULL};
	char		line[32];
	int			in = STDIN_FILENO;
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
