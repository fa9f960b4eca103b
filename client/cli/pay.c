/*
 * pay.c
 *	  Paying: the payment is shown, the payer agrees, and a capture or the kept
 *	  key makes the code for this payment only.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "codes.h"
#include "guard.h"
#include "payer.h"
#include "pin.h"
#include "template.h"
#include "text.h"

#define LABEL_WIDTH	15			/* columns */
#define COLUMNS_MIN	40
#define COLUMNS_MAX	80

/* What is shown before the question; wrapping makes a text longer. */
typedef struct Shown
{
	char		text[4 * (PAYEE_MAX + ISSUER_NAME_MAX) + 1024];
	size_t		len;
	int			columns;
} Shown;

static Outcome
read_payment(const Options *o, Payment *payment)
{
	char	   *text = wallet_room(REQUEST_MAX);
	size_t		len;
	Outcome		out;

	if (text == NULL)
		return OUT_USAGE;
	out = wallet_read(o->in[IN_PAYMENT], "payment", text, REQUEST_MAX, &len);
	return out == OUT_OK ? request_payment(o->mac, text, len, payment) : out;
}

/* The bank would reject the code, and count it as a wrong one. */
static Outcome
check_fits(const Options *o, const Payment *payment, const Credential *cred)
{
	if (payment->kid == cred->kid && payment->generation == cred->generation)
		return OUT_OK;
	complain(o->in[IN_PACKAGE] >= 0 ?
			 "A template was bound since: get the package again, or bind again." :
			 "A template was bound since: run qrwallet keep with the new package, or bind again.",
			 "the payment is for another kid or generation of the credential");
	return OUT_BAD;
}

static Outcome
check_validity(const Options *o, const Credential *cred)
{
	uint32_t	now;
	char		day[16];
	Outcome		out = wallet_expiry(o, cred);

	if (out == OUT_OK && wallet_now(o, cred, &now) && (int64_t) now < cred->valid_from)
	{
		text_day(cred->valid_from, day);
		complain(NULL, "the credential is not valid before %s (UTC)", day);
	}
	return out;
}

/*
 * Appends a line, wrapped and indented: what stands further on in a text never
 * looks like a line of its own, whatever spaces are in it.  False when there is
 * no room.
 */
static bool
append_line(Shown *shown, const char *label, const char *text)
{
	int			columns = shown->columns - LABEL_WIDTH;

	do
	{
		size_t		room = sizeof(shown->text) - shown->len;
		size_t		skip;
		size_t		len = text_line(text, columns, &skip);
		int			n = snprintf(shown->text + shown->len, room, "%-*s%.*s\n",
								 LABEL_WIDTH, label, (int) len, text);

		if (n < 0 || (size_t) n >= room)
			return false;
		shown->len += (size_t) n;
		label = "";
		/* a text that cannot go on is at its end */
		text += skip > 0 ? skip : strlen(text);
	} while (*text != '\0');
	return true;
}

static int
terminal_columns(void)
{
	struct winsize ws;
	int			columns = COLUMNS_MAX;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0 && ws.ws_col < columns)
		columns = ws.ws_col;
	return columns < COLUMNS_MIN ? COLUMNS_MIN : columns;
}

/*
 * Shows what the code will stand for, and asks.  Payee and amount are those
 * that were hashed; they and the question go the same way, which is not
 * standard output, where the code alone stands.
 */
static Outcome
confirm(const Options *o, const Payment *payment, const Credential *cred, bool *cancelled)
{
	char		payee[PAYEE_MAX + 1];
	char		amount[QC_AMOUNT_MAX + 8];
	char		issuer[ISSUER_NAME_MAX + ISSUER_CODE_MAX + 8];
	Shown		shown = {.columns = terminal_columns()};
	char		question[sizeof(shown.text) + 32];
	Answer		answer;

	*cancelled = false;
	snprintf(amount, sizeof(amount), "%s %s", payment->amount, payment->currency);
	snprintf(issuer, sizeof(issuer), "%s (%s)", cred->issuer_name, cred->issuer_code);
	if (!text_clean(payment->payee, strlen(payment->payee), payee, sizeof(payee)) ||
		payee[strspn(payee, " ")] == '\0' ||
		!append_line(&shown, "Payee:", payee) ||
		(strcmp(payee, payment->payee) != 0 &&
		 !append_line(&shown, "", "(with characters that are not shown)")) ||
		!append_line(&shown, "Amount:", amount) ||
		!append_line(&shown, "From:", issuer))
	{
		complain("Begin the payment again; if it happens again, tell the bank.",
				 "the payment cannot be shown");
		return OUT_BAD;
	}
	if (o->yes)
	{
		fputs(shown.text, stderr);
		return OUT_OK;
	}
	snprintf(question, sizeof(question), "%sPay? OK / Cancel:", shown.text);
	answer = ask_ok(question, o->stdin_taken, STDERR_FILENO);
	*cancelled = answer == ANSWER_CANCEL;
	if (answer != ANSWER_NOBODY)
		return OUT_OK;
	complain("Give the payment as a file with --payment; --yes does not ask.",
			 "no terminal to ask at; nothing was paid");
	return OUT_USAGE;
}

/* *cred is the key's, all but the key itself; then the payer is asked. */
static Outcome
agree(const Options *o, const Payment *payment, const Credential *cred, bool *cancelled)
{
	Outcome		out = check_fits(o, payment, cred);

	if (out == OUT_OK)
		out = check_validity(o, cred);
	if (out == OUT_OK)
		out = confirm(o, payment, cred, cancelled);
	return out;
}

static Outcome
put_payment_code(const Options *o, const Payment *payment, const Credential *cred)
{
	char		code[QC_CODE_TEXT + 1];
	uint32_t	now;
	Outcome		out;

	if (request_clock() >= payment->ends)
	{
		complain("Begin the payment again.", "the payment has expired meanwhile");
		return OUT_EXPIRED;
	}
	if (!wallet_now(o, cred, &now))
		return OUT_USAGE;
	out = codes_biometric(o->mac, cred, now, payment->digest, code);
	if (out == OUT_OK)
		out = wallet_put_code(o, code, "Biometric code");
	if (out == OUT_OK && wallet_may_talk(o))
		printf("It is for this payment only, works once, and for at least %u seconds.\n",
			   QC_STEP_SECONDS);
	return out;
}

/* With the key that a capture and the package give. */
static Outcome
pay_fresh(const Options *o, const Payment *payment, bool *cancelled)
{
	Credential *cred = wallet_room(sizeof(Credential));
	Biometric  *biometric = wallet_room(sizeof(Biometric));
	Store	   *store;
	char	   *pin;
	Outcome		out;

	if (cred == NULL || biometric == NULL || wallet_space(&store, &pin) != OUT_OK)
		return OUT_USAGE;
	out = payer_read(o, cred, biometric);
	if (out == OUT_OK && o->keep)
		out = store_find(store, o->mac, o->store, true);
	if (out == OUT_OK && o->keep)
		out = wallet_place(o, store, cred);
	if (out == OUT_OK)
		out = agree(o, payment, cred, cancelled);
	if (out == OUT_OK && !*cancelled)
	{
		out = payer_open(o, biometric, cred);
		if (out == OUT_OK && o->keep)
			out = payer_keep(o, store, pin, cred);
		if (out == OUT_OK)
			out = put_payment_code(o, payment, cred);
	}
	qc_wipe(cred, sizeof(*cred));
	return out;
}

/* With the key in the store. */
static Outcome
pay_kept(const Options *o, const Payment *payment, bool *cancelled)
{
	Store	   *store;
	char	   *pin;
	Outcome		out = wallet_space(&store, &pin);

	if (out == OUT_OK)
		out = store_find(store, o->mac, o->store, false);
	if (out == OUT_OK)
		out = wallet_look(o, store, CREDENTIAL_PAYER, false);
	if (out == OUT_OK)
		out = agree(o, payment, &store->cred, cancelled);
	if (out != OUT_OK || *cancelled)
		return out;
	out = pin_read(o->pin_fd, "PIN", pin);
	if (out == OUT_OK)
		out = wallet_try_pin(store, pin, CREDENTIAL_PAYER);
	qc_wipe(pin, PIN_MAX + 1);
	/* another one may have taken its place while the PIN was typed */
	if (out == OUT_OK)
		out = check_fits(o, payment, &store->cred);
	if (out == OUT_OK)
		out = put_payment_code(o, payment, &store->cred);
	qc_wipe(&store->cred, sizeof(store->cred));
	return out;
}

/* What pays: a package with a capture, or neither. */
static Outcome
check_source(const Options *o)
{
	if (o->in[IN_PACKAGE] >= 0)
		return template_given(o);
	if (o->in[IN_TEMPLATE] >= 0 || o->in[IN_DESCRIPTOR] >= 0 || o->in[IN_MEAN] >= 0 ||
		o->keep || o->replace || o->model != NULL)
	{
		complain("Give what biometric_package() answers with --package FILE; "
				 "the key that is kept pays with its PIN alone.",
				 "a capture needs the package that it opens");
		return OUT_USAGE;
	}
	return OUT_OK;
}

Outcome
cmd_pay(const Options *o)
{
	Payment    *payment = wallet_room(sizeof(Payment));
	bool		cancelled = false;
	Outcome		out = check_source(o);

	if (out != OUT_OK || payment == NULL)
		return out != OUT_OK ? out : OUT_USAGE;
	out = read_payment(o, payment);
	if (out == OUT_OK)
		out = o->in[IN_PACKAGE] >= 0 ? pay_fresh(o, payment, &cancelled) :
			pay_kept(o, payment, &cancelled);
	if (out == OUT_OK && cancelled)
		fputs("Cancelled. Nothing was paid.\n", stderr);
	return out;
}
