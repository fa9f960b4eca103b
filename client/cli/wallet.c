/*
 * wallet.c
 *	  What the commands share: room for secrets, input, the bank's clock, the
 *	  way to an open store, a code on its way out.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "card.h"
#include "commands.h"
#include "guard.h"
#include "text.h"

void *
wallet_room(size_t size)
{
	void	   *p = guard_space(size);

	if (p == NULL)
		complain("Close other programs and try again.", "no memory");
	return p;
}

Outcome
wallet_space(Store **store, char **pin)
{
	*pin = NULL;
	*store = wallet_room(sizeof(Store));
	if (*store != NULL)
		*pin = wallet_room(PIN_MAX + 1);
	return *pin != NULL ? OUT_OK : OUT_USAGE;
}

Outcome
wallet_read(int fd, const char *name, char *out, size_t size, size_t *len)
{
	*len = 0;
	while (*len < size)
	{
		ssize_t		n = read(fd, out + *len, size - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
		{
			complain("Look at the file given for it.", "cannot read the %s: %s", name,
					 strerror(errno));
			return OUT_BAD;
		}
		if (n == 0)
			return OUT_OK;
		*len += (size_t) n;
	}
	complain("Look at the file given for it.", "the %s is too long to be one", name);
	return OUT_BAD;
}

bool
wallet_now(const Options *o, const Credential *cred, uint32_t *now)
{
	int64_t		t = (int64_t) time(NULL) +
		(o->has_clock_offset ? o->clock_offset : cred->clock_offset);

	if (t < 0 || t > (int64_t) UINT32_MAX)
	{
		complain("Set this machine's clock.", "the clock is before 1970 or after 2106");
		return false;
	}
	*now = (uint32_t) t;
	return true;
}

Outcome
wallet_expiry(const Options *o, const Credential *cred)
{
	uint32_t	now;
	char		day[16];

	if (!wallet_now(o, cred, &now))
		return OUT_USAGE;
	if ((int64_t) now < cred->valid_until)
		return OUT_OK;
	text_day(cred->valid_until, day);
	complain(cred->kind == CREDENTIAL_PAYER ?
			 "Have the bank renew it, and bind a template to it again." :
			 "Renew it: run qrwallet renewal, send the code that it prints to the bank, "
			 "and give the answer to qrwallet download.",
			 "the credential has expired on %s (UTC)", day);
	return OUT_EXPIRED;
}

Outcome
wallet_kind(const Credential *cred, CredentialKind kind)
{
	if (kind == CREDENTIAL_ANY || cred->kind == kind)
		return OUT_OK;
	if (cred->kind == CREDENTIAL_PAYER)
		complain("Pay with it: qrwallet pay --payment FILE. It is renewed by binding a template "
				 "again and then keeping the new key: qrwallet keep --package FILE.",
				 "this is a payer's credential: it has no card, answers no scanner "
				 "and sends no renewal request");
	else
		complain("Give the payer's package with --package, or another store with --store.",
				 "this is a holder's credential: it is shown to a scanner and cannot pay");
	return OUT_USAGE;
}

Outcome
wallet_look(const Options *o, Store *store, CredentialKind kind, bool expired_too)
{
	Outcome		out = store_take(store);

	if (out == OUT_OK)
		out = store_usable(store);
	if (out == OUT_OK)
		out = wallet_kind(&store->cred, kind);
	if (out == OUT_OK && !expired_too)
		out = wallet_expiry(o, &store->cred);
	store_drop(store);
	return out;
}

Outcome
wallet_try_pin(Store *store, const char *pin, CredentialKind kind)
{
	Outcome		out = store_take(store);

	if (out == OUT_OK)
		out = store_try(store, pin);
	store_drop(store);
	/* another one may have taken its place while the PIN was typed */
	return out == OUT_OK ? wallet_kind(&store->cred, kind) : out;
}

Outcome
wallet_put_code(const Options *o, const char *code, const char *name)
{
	Outcome		out = OUT_OK;

	if (o->png != NULL)
		out = card_symbol_file(code, o->png);
	if (out != OUT_OK)
		return out;
	if (o->plain)
		puts(code);
	else if (o->text)
		printf("%s: %s\n", name, code);
	else if (o->png == NULL)
		out = card_symbol_print(code, o->invert);
	return out;
}

bool
wallet_may_talk(const Options *o)
{
	return !o->plain && (o->png == NULL || strcmp(o->png, "-") != 0);
}
