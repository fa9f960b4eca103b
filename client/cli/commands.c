/*
 * commands.c
 *	  What the wallet can be told to do with the credential that it holds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "codes.h"
#include "commands.h"
#include "guard.h"
#include "pin.h"
#include "text.h"

/* Up to a holder's credential open in *store; an expired one is of use to a renewal only. */
static Outcome
open_wallet(const Options *o, Store **store, bool expired_too)
{
	char	   *pin;
	Outcome		out = wallet_space(store, &pin);

	if (out == OUT_OK)
		out = store_find(*store, o->mac, o->store, false);
	if (out == OUT_OK)
		out = wallet_look(o, *store, CREDENTIAL_HOLDER, expired_too);
	if (out == OUT_OK)
		out = pin_read(o->pin_fd, "PIN", pin);
	if (out == OUT_OK)
		out = wallet_try_pin(*store, pin, CREDENTIAL_HOLDER);
	if (pin != NULL)
		qc_wipe(pin, PIN_MAX + 1);
	return out;
}

static Outcome
put_first_code(const Options *o, const Credential *cred)
{
	Outcome		out = OUT_OK;

	if (o->card != NULL)
		out = card_file(cred, o->card);
	if (out != OUT_OK)
		return out;
	if (o->plain || o->text || o->png != NULL)
		return wallet_put_code(o, cred->first_code, "First code");
	return o->card == NULL ? card_print(cred, o->invert) : OUT_OK;
}

Outcome
cmd_show(const Options *o)
{
	Store	   *store;
	char	   *pin;
	uint32_t	now;
	Outcome		out = wallet_space(&store, &pin);

	if (out == OUT_OK)
		out = store_find(store, o->mac, o->store, false);
	if (out == OUT_OK)
		out = wallet_look(o, store, CREDENTIAL_HOLDER, false);
	if (out == OUT_OK && !store->cred.first_open)
	{
		if (o->no_pin)
		{
			complain("Allow it with: qrwallet option first-code on",
					 "the first code opens only with the PIN");
			return OUT_USAGE;
		}
		out = pin_read(o->pin_fd, "PIN", pin);
		if (out == OUT_OK)
			out = wallet_try_pin(store, pin, CREDENTIAL_HOLDER);
	}
	if (out != OUT_OK)
		return out;
	if (wallet_now(o, &store->cred, &now) && (int64_t) now < store->cred.valid_from)
	{
		char		day[16];

		text_day(store->cred.valid_from, day);
		complain(NULL, "the credential is not valid before %s (UTC)", day);
	}
	return put_first_code(o, &store->cred);
}

Outcome
cmd_answer(const Options *o)
{
	Store	   *store;
	uint32_t	now;
	char		digits[9];
	char		code[QC_CODE_TEXT + 1];
	char		typed[QC_OTP_TEXT];
	Outcome		out;

	/* a slip of the finger is told before the PIN is asked for */
	out = codes_digits(o->words, o->nwords, digits);
	if (out == OUT_OK)
		out = open_wallet(o, &store, false);
	if (out != OUT_OK)
		return out;
	if (!wallet_now(o, &store->cred, &now))
		return OUT_USAGE;
	out = codes_second(o->mac, &store->cred, now, digits, code, typed);
	if (out == OUT_OK)
		out = wallet_put_code(o, code, "Second code");
	if (out == OUT_OK && o->plain)
		puts(typed);
	else if (out == OUT_OK && wallet_may_talk(o))
		printf("To type instead: %.4s %s\n", typed, typed + 4);
	return out;
}

Outcome
cmd_rotate(const Options *o)
{
	Store	   *store;
	uint32_t	now;
	char		code[QC_CODE_TEXT + 1];
	Outcome		out = open_wallet(o, &store, false);

	if (out != OUT_OK)
		return out;
	if (!wallet_now(o, &store->cred, &now))
		return OUT_USAGE;
	out = codes_rotating(o->mac, &store->cred, now, code);
	if (out == OUT_OK)
		out = wallet_put_code(o, code, "Rotating code");
	if (out == OUT_OK && wallet_may_talk(o))
		printf("The next one comes in %u seconds; each works once.\n",
			   QC_STEP_SECONDS - now % QC_STEP_SECONDS);
	return out;
}

Outcome
cmd_renewal(const Options *o)
{
	Store	   *store;
	uint32_t	now;
	char		code[QC_CODE_TEXT + 1];
	Outcome		out = open_wallet(o, &store, true);

	if (out != OUT_OK)
		return out;
	if (!wallet_now(o, &store->cred, &now))
		return OUT_USAGE;
	out = codes_renewal(o->mac, &store->cred, now, code);
	if (out != OUT_OK)
		return out;
	puts(code);
	if (!o->plain)
		fputs("Send this to the bank within half a minute; it works once. "
			  "Give the answer to qrwallet download.\n", stderr);
	return OUT_OK;
}

static void
put_clock(const Options *o, const Credential *cred)
{
	int64_t		offset = o->has_clock_offset ? o->clock_offset : cred->clock_offset;

	if (offset == 0)
		printf("Bank's clock:  as this machine's\n");
	else
		printf("Bank's clock:  %" PRId64 " s %s this machine's\n",
			   offset < 0 ? -offset : offset, offset < 0 ? "behind" : "ahead of");
}

Outcome
cmd_status(const Options *o)
{
	Store	   *store;
	char	   *pin;
	char		from[16];
	char		until[16];
	uint32_t	now;
	const Credential *cred;
	Outcome		out = wallet_space(&store, &pin);

	if (out == OUT_OK)
		out = store_find(store, o->mac, o->store, false);
	if (out != OUT_OK)
		return out;
	out = store_take(store);
	if (out == OUT_OK)
		out = store_usable(store);
	store_drop(store);
	if (out != OUT_OK && store->state != STORE_CLOSED)
		return out;

	cred = &store->cred;
	text_day(cred->valid_from, from);
	text_day(cred->valid_until, until);
	printf("Issuer:        %s (%s)\n", cred->issuer_name, cred->issuer_code);
	printf("Credential:    %" PRId64 "\n", cred->credential_id);
	printf("Generation:    %d\n", cred->generation);
	if (!wallet_now(o, cred, &now))
		return OUT_USAGE;
	printf("Valid:         %s to %s (UTC)%s\n", from, until,
		   (int64_t) now >= cred->valid_until ? ", expired" :
		   (int64_t) now < cred->valid_from ? ", not yet" : "");
	if (cred->kind == CREDENTIAL_PAYER)
		printf("Kind:          a payer's, for qrwallet pay\n");
	else
		printf("First code:    opens %s the PIN\n", cred->first_open ? "without" : "with");
	if (store->state == STORE_CLOSED)
		printf("Wrong PINs:    %d of %d, closed\n", PIN_TRIES, PIN_TRIES);
	else
		printf("Wrong PINs:    %d of %d, %d left\n", store->image.wrong, PIN_TRIES,
			   store_tries_left(store));
	put_clock(o, cred);
	return out != OUT_OK ? out : wallet_expiry(o, cred);
}

Outcome
cmd_change_pin(const Options *o)
{
	Store	   *store;
	char	   *old;
	char	   *new_pin;
	Outcome		out = wallet_space(&store, &old);

	if (out != OUT_OK)
		return out;
	new_pin = guard_space(PIN_MAX + 1);
	if (new_pin == NULL)
		return OUT_USAGE;
	out = store_find(store, o->mac, o->store, false);
	if (out == OUT_OK)
		out = wallet_look(o, store, CREDENTIAL_ANY, true);
	if (out == OUT_OK)
		out = pin_read(o->pin_fd, "Present PIN", old);
	/* with a descriptor both are there at once, so a bad new one costs no try */
	if (out == OUT_OK && o->pin_fd >= 0)
		out = pin_read_new(o->pin_fd, new_pin);
	if (out == OUT_OK)
		out = wallet_try_pin(store, old, CREDENTIAL_ANY);
	if (out == OUT_OK && o->pin_fd < 0)
		out = pin_read_new(o->pin_fd, new_pin);
	if (out != OUT_OK)
		return out;

	/* the file may have changed while the new PIN was being typed */
	out = store_take(store);
	if (out == OUT_OK)
		out = store_try(store, old);
	if (out == OUT_OK)
		out = store_seal(store, new_pin);
	store_drop(store);
	qc_wipe(old, PIN_MAX + 1);
	qc_wipe(new_pin, PIN_MAX + 1);
	if (out == OUT_OK)
		puts("The PIN is changed.");
	return out;
}

Outcome
cmd_option(const Options *o)
{
	Store	   *store;
	char	   *pin;
	bool		on;
	Outcome		out;

	if (o->nwords != 2 || strcmp(o->words[0], "first-code") != 0 ||
		(strcmp(o->words[1], "on") != 0 && strcmp(o->words[1], "off") != 0))
	{
		complain("Run: qrwallet option first-code on, or: qrwallet option first-code off",
				 "no such option");
		return OUT_USAGE;
	}
	on = strcmp(o->words[1], "on") == 0;

	out = wallet_space(&store, &pin);
	if (out == OUT_OK)
		out = store_find(store, o->mac, o->store, false);
	if (out == OUT_OK)
		out = wallet_look(o, store, CREDENTIAL_HOLDER, true);
	if (out == OUT_OK)
		out = pin_read(o->pin_fd, "PIN", pin);
	if (out != OUT_OK)
		return out;
	out = store_take(store);
	if (out == OUT_OK)
		out = store_try(store, pin);
	if (out == OUT_OK)
		out = wallet_kind(&store->cred, CREDENTIAL_HOLDER);
	if (out == OUT_OK)
	{
		store->cred.first_open = on;
		out = store_reseal(store);
	}
	store_drop(store);
	qc_wipe(pin, PIN_MAX + 1);
	if (out == OUT_OK)
		printf("The first code opens %s the PIN.\n", on ? "without" : "with");
	return out;
}
