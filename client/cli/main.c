/*
 * main.c
 *	  The command line of the wallet.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card.h"
#include "commands.h"
#include "guard.h"
#include "member.h"

static const char usage[] =
"Usage: qrwallet COMMAND [OPTION]...\n"
"\n"
"Commands:\n"
"  download               keep the credential of a package that the bank sent\n"
"  show                   the card with the first code\n"
"  answer DIGITS          the second code for the digits that the scanner shows\n"
"  rotate                 the rotating code of this half minute\n"
"  renewal                the code to send to the bank for a renewal\n"
"  status                 issuer, validity, generation, wrong PINs left\n"
"  change-pin             another PIN\n"
"  option first-code on|off\n"
"                         whether the first code and the card need no PIN\n"
"\n"
"Commands for a payer's credential, which is made of a biometric:\n"
"  template               the bits of a face, for another program\n"
"  bind                   commit a new key to a template, for bind_helper()\n"
"  pay                    show a payment, ask, and make the code for it\n"
"  keep                   keep the key under a PIN: pay then needs no capture\n"
"\n"
"Options of every command:\n"
"  --store FILE           the sealed file ($XDG_DATA_HOME/qrwallet/wallet,\n"
"                         else ~/.local/share/qrwallet/wallet)\n"
"  --pin-fd N             read the PIN, one line, from descriptor N; change-pin\n"
"                         reads two lines, the present PIN and the new one\n"
"  --clock-offset SECONDS the bank's clock minus this machine's; without it the\n"
"                         difference at the download is used\n"
"\n"
"Options of download:\n"
"  --package FILE         the package, JSON (standard input)\n"
"  --yes                  do not ask whether to download\n"
"  --open-first-code      first code and card without the PIN\n"
"  --replace              also in place of another credential\n"
"\n"
"Options of template, bind, pay and keep:\n"
"  --payment FILE         pay: the row of begin_payment(), JSON (standard input)\n"
"  --binding FILE         template, bind: the row of begin_binding(), JSON (bind:\n"
"                         standard input)\n"
"  --package FILE         template, pay, keep: what biometric_package() answers\n"
"                         (keep: standard input; pay: without it the kept key)\n"
"  --template FILE        the capture as bits, characters 0 and 1\n"
"  --descriptor FILE      the capture as a face's descriptor, numbers\n"
"  --mean FILE            with it: the mean of the model, as many numbers\n"
"  --password-fd N        with it: read the login password from descriptor N\n"
"  --model NAME           bind: the model that made the capture; pay, keep: fail\n"
"                         when another one was bound\n"
"  --code NAME            template, bind: bch1023_123 (standard) or bch511_76\n"
"  --keep                 pay: keep the key as well, under a new PIN\n"
"  --yes                  pay: show the payment, but do not ask\n"
"  --replace              pay --keep, keep: also in place of another credential\n"
"\n"
"Options of show, answer, rotate and pay:\n"
"  --png FILE             the code's QR as PNG; - is standard output\n"
"  --text                 the code as text, not drawn\n"
"  --plain                only the code as text, one a line (renewal too)\n"
"  --invert               for dark text on light ground\n"
"  --card FILE            show: the card as FILE.svg or FILE.png\n"
"  --no-pin               show: fail rather than ask for a PIN\n"
"\n"
"  -h, --help             this text\n"
"  -V, --version          the version\n"
"\n"
"Exit codes: 0 done, or cancelled; 1 wrong usage, or no terminal, memory or\n"
"place to write; 2 wrong PIN; 3 closed after three wrong PINs; 4 expired;\n"
"5 the store file or the package is missing, damaged or refused, or a binding,\n"
"payment or capture is; 6 the capture is too far off the bound one.\n";

/* Which command takes which option. */
enum
{
	TAKES_ANY = 0,
	TAKES_DOWNLOAD = 1 << 0,
	TAKES_PICTURE = 1 << 1,
	TAKES_SHOW = 1 << 2,
	TAKES_PLAIN = 1 << 3,
	TAKES_WORDS = 1 << 4,
	TAKES_PACKAGE = 1 << 5,
	TAKES_PAYMENT = 1 << 6,
	TAKES_BINDING = 1 << 7,
	TAKES_TEMPLATE = 1 << 8,
	TAKES_FACE = 1 << 9,
	TAKES_MODEL = 1 << 10,
	TAKES_CODE = 1 << 11,
	TAKES_YES = 1 << 12,
	TAKES_REPLACE = 1 << 13
};

typedef struct Command
{
	const char *name;
	Outcome		(*run) (const Options *o);
	unsigned	takes;
	Input		standard;		/* what standard input is unless it is named */
} Command;

static const Command commands[] = {
	{"download", cmd_download, TAKES_PACKAGE | TAKES_DOWNLOAD | TAKES_YES | TAKES_REPLACE,
	IN_PACKAGE},
	{"show", cmd_show, TAKES_PICTURE | TAKES_PLAIN | TAKES_SHOW, IN_COUNT},
	{"answer", cmd_answer, TAKES_PICTURE | TAKES_PLAIN | TAKES_WORDS, IN_COUNT},
	{"rotate", cmd_rotate, TAKES_PICTURE | TAKES_PLAIN, IN_COUNT},
	{"renewal", cmd_renewal, TAKES_PLAIN, IN_COUNT},
	{"status", cmd_status, TAKES_ANY, IN_COUNT},
	{"change-pin", cmd_change_pin, TAKES_ANY, IN_COUNT},
	{"option", cmd_option, TAKES_WORDS, IN_COUNT},
	{"template", cmd_template, TAKES_BINDING | TAKES_PACKAGE | TAKES_FACE | TAKES_CODE,
	IN_COUNT},
	{"bind", cmd_bind, TAKES_BINDING | TAKES_TEMPLATE | TAKES_FACE | TAKES_MODEL | TAKES_CODE,
	IN_BINDING},
	{"pay", cmd_pay, TAKES_PAYMENT | TAKES_PACKAGE | TAKES_TEMPLATE | TAKES_FACE | TAKES_MODEL |
		TAKES_YES | TAKES_REPLACE | TAKES_PICTURE | TAKES_PLAIN, IN_PAYMENT},
	{"keep", cmd_keep, TAKES_PACKAGE | TAKES_TEMPLATE | TAKES_FACE | TAKES_MODEL | TAKES_REPLACE,
	IN_PACKAGE}
};

enum
{
	OPT_STORE = 256, OPT_PIN_FD, OPT_CLOCK_OFFSET, OPT_YES, OPT_OPEN_FIRST_CODE,
	OPT_REPLACE, OPT_PNG, OPT_TEXT, OPT_PLAIN, OPT_INVERT, OPT_CARD, OPT_NO_PIN,
	OPT_PASSWORD_FD, OPT_MODEL, OPT_CODE, OPT_KEEP,
	OPT_INPUT					/* and on, in the order of Input */
};

/* The files that are read, in the order of Input. */
static const struct
{
	const char *name;
	unsigned	takes;
}			inputs[IN_COUNT] =
{
	[IN_PACKAGE] = {"package", TAKES_PACKAGE},
	[IN_PAYMENT] = {"payment", TAKES_PAYMENT},
	[IN_BINDING] = {"binding", TAKES_BINDING},
	[IN_TEMPLATE] = {"template", TAKES_TEMPLATE},
	[IN_DESCRIPTOR] = {"descriptor", TAKES_FACE},
	[IN_MEAN] = {"mean", TAKES_FACE}
};

static const struct option long_options[] = {
	{"store", required_argument, NULL, OPT_STORE},
	{"pin-fd", required_argument, NULL, OPT_PIN_FD},
	{"clock-offset", required_argument, NULL, OPT_CLOCK_OFFSET},
	{"package", required_argument, NULL, OPT_INPUT + IN_PACKAGE},
	{"payment", required_argument, NULL, OPT_INPUT + IN_PAYMENT},
	{"binding", required_argument, NULL, OPT_INPUT + IN_BINDING},
	{"template", required_argument, NULL, OPT_INPUT + IN_TEMPLATE},
	{"descriptor", required_argument, NULL, OPT_INPUT + IN_DESCRIPTOR},
	{"mean", required_argument, NULL, OPT_INPUT + IN_MEAN},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	{"model", required_argument, NULL, OPT_MODEL},
	{"code", required_argument, NULL, OPT_CODE},
	{"keep", no_argument, NULL, OPT_KEEP},
	{"yes", no_argument, NULL, OPT_YES},
	{"open-first-code", no_argument, NULL, OPT_OPEN_FIRST_CODE},
	{"replace", no_argument, NULL, OPT_REPLACE},
	{"png", required_argument, NULL, OPT_PNG},
	{"text", no_argument, NULL, OPT_TEXT},
	{"plain", no_argument, NULL, OPT_PLAIN},
	{"invert", no_argument, NULL, OPT_INVERT},
	{"card", required_argument, NULL, OPT_CARD},
	{"no-pin", no_argument, NULL, OPT_NO_PIN},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0}
};

void
complain(const char *hint, const char *message,...)
{
	va_list		args;

	fflush(stdout);
	fputs("qrwallet: ", stderr);
	va_start(args, message);
	vfprintf(stderr, message, args);
	va_end(args);
	fputc('\n', stderr);
	if (hint != NULL)
		fprintf(stderr, "%s\n", hint);
}

static Outcome
usage_error(const char *message, const char *what)
{
	complain("qrwallet --help lists commands and options.", message, what);
	return OUT_USAGE;
}

static bool
read_number(const char *s, int64_t least, int64_t most, int64_t *out)
{
	char	   *end;
	long long	v;

	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0' || v < least || v > most)
		return false;
	*out = v;
	return true;
}

/* Takes in one option; needed receives what a command must take for it. */
static Outcome
take_option(int opt, Options *o, const char *path[IN_COUNT], unsigned *needed)
{
	int64_t		n;

	*needed = TAKES_ANY;
	if (opt >= OPT_INPUT)
	{
		*needed = inputs[opt - OPT_INPUT].takes;
		path[opt - OPT_INPUT] = optarg;
		return OUT_OK;
	}
	switch (opt)
	{
		case OPT_STORE:
			o->store = optarg;
			break;
		case OPT_PIN_FD:
			if (!read_number(optarg, 0, 65535, &n))
				return usage_error("--pin-fd takes the number of a descriptor%s", "");
			o->pin_fd = (int) n;
			break;
		case OPT_CLOCK_OFFSET:
			if (!read_number(optarg, -(int64_t) UINT32_MAX, UINT32_MAX, &o->clock_offset))
				return usage_error("--clock-offset takes a number of seconds%s", "");
			o->has_clock_offset = true;
			break;
		case OPT_PASSWORD_FD:
			*needed = TAKES_FACE;
			if (!read_number(optarg, 0, 65535, &n))
				return usage_error("--password-fd takes the number of a descriptor%s", "");
			o->password_fd = (int) n;
			break;
		case OPT_MODEL:
			*needed = TAKES_MODEL;
			o->model = optarg;
			break;
		case OPT_CODE:
			*needed = TAKES_CODE;
			o->code = optarg;
			break;
		case OPT_KEEP:
			*needed = TAKES_PAYMENT;
			o->keep = true;
			break;
		case OPT_YES:
			*needed = TAKES_YES;
			o->yes = true;
			break;
		case OPT_OPEN_FIRST_CODE:
			*needed = TAKES_DOWNLOAD;
			o->open_first_code = true;
			break;
		case OPT_REPLACE:
			*needed = TAKES_REPLACE;
			o->replace = true;
			break;
		case OPT_PNG:
			*needed = TAKES_PICTURE;
			o->png = optarg;
			break;
		case OPT_TEXT:
			*needed = TAKES_PICTURE;
			o->text = true;
			break;
		case OPT_PLAIN:
			*needed = TAKES_PLAIN;
			o->plain = true;
			break;
		case OPT_INVERT:
			*needed = TAKES_PICTURE;
			o->invert = true;
			break;
		case OPT_CARD:
			*needed = TAKES_SHOW;
			o->card = optarg;
			if (!card_file_known(optarg))
				return usage_error("--card takes a file that ends in .svg or .png%s", "");
			break;
		case OPT_NO_PIN:
			*needed = TAKES_SHOW;
			o->no_pin = true;
			break;
	}
	return OUT_OK;
}

static const Command *
find_command(const char *name)
{
	size_t		i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/*
 * Reads the command line.  *command is NULL when help or the version was
 * wanted, and has been printed.
 */
static Outcome
read_arguments(int argc, char **argv, Options *o, const Command **command,
			   const char *path[IN_COUNT])
{
	unsigned	needed_all = TAKES_ANY;
	int			opt;

	*command = NULL;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "hV", long_options, NULL)) != -1)
	{
		unsigned	needed;
		Outcome		out;

		if (opt == 'h')
		{
			fputs(usage, stdout);
			return OUT_OK;
		}
		if (opt == 'V')
		{
			puts("qrwallet " QRWALLET_VERSION);
			return OUT_OK;
		}
		if (opt == '?')
			return usage_error("no such option, or it lacks its value: %s", argv[optind - 1]);
		out = take_option(opt, o, path, &needed);
		if (out != OUT_OK)
			return out;
		needed_all |= needed;
	}
	if (optind == argc)
		return usage_error("which command?%s", "");
	*command = find_command(argv[optind]);
	if (*command == NULL)
		return usage_error("no such command: %s", argv[optind]);
	o->words = argv + optind + 1;
	o->nwords = argc - optind - 1;
	if ((needed_all & ~(*command)->takes) != 0)
		return usage_error("%s does not take one of these options", (*command)->name);
	if (o->nwords > 0 && ((*command)->takes & TAKES_WORDS) == 0)
		return usage_error("%s takes no further word", (*command)->name);
	return OUT_OK;
}

/*
 * Opens what is to be read, before files can no longer be opened by the name
 * of a descriptor.
 */
static Outcome
open_inputs(const Command *command, const char *path[IN_COUNT], Options *o)
{
	int			i;

	if (command->standard < IN_COUNT && path[command->standard] == NULL)
		path[command->standard] = "-";
	for (i = 0; i < IN_COUNT; i++)
	{
		if (path[i] == NULL)
			continue;
		if (strcmp(path[i], "-") != 0)
			o->in[i] = open(path[i], O_RDONLY | O_CLOEXEC | O_NOCTTY);
		else if (o->stdin_taken)
			return usage_error("two files cannot both be standard input; name --%s FILE",
							   inputs[i].name);
		else
		{
			o->in[i] = STDIN_FILENO;
			o->stdin_taken = true;
		}
		if (o->in[i] < 0)
		{
			char		hint[64];

			snprintf(hint, sizeof(hint), "Look at the file given with --%s.", inputs[i].name);
			complain(hint, "cannot open the %s: %s", inputs[i].name, strerror(errno));
			return OUT_BAD;
		}
		if (o->in[i] == o->pin_fd || o->in[i] == o->password_fd)
			return usage_error("PIN or password cannot come from the descriptor of --%s",
							   inputs[i].name);
	}
	return OUT_OK;
}

int
main(int argc, char **argv)
{
	Options		o = {.pin_fd = -1, .password_fd = -1};
	const Command *command;
	const char *path[IN_COUNT] = {NULL};
	QcMac		mac;
	Outcome		out;
	int			i;

	/* for the width of characters; the messages are English anyway */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		(void) setlocale(LC_CTYPE, "");

	for (i = 0; i < IN_COUNT; i++)
		o.in[i] = -1;
	out = read_arguments(argc, argv, &o, &command, path);
	if (out != OUT_OK || command == NULL)
		return out;
	out = open_inputs(command, path, &o);
	if (out != OUT_OK)
		return out;

	if (!guard_start() || qc_mac_open(&mac) != QC_OK)
	{
		complain("Close other programs and try again.", "no memory, or no libcrypto");
		return OUT_USAGE;
	}
	member_start();
	o.mac = &mac;
	out = command->run(&o);
	qc_mac_close(&mac);
	if (fflush(stdout) != 0 || ferror(stdout))
	{
		complain("Look at where the output goes.", "cannot write the output");
		return out == OUT_OK ? OUT_USAGE : out;
	}
	return out;
}
