/*
 * download.c
 *	  The download: from a package of the bank to a sealed store.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "package.h"
#include "pin.h"
#include "text.h"

static void
describe(const Credential *cred)
{
	char		from[16];
	char		until[16];

	text_day(cred->valid_from, from);
	text_day(cred->valid_until, until);
	printf("Issuer:        %s (%s)\n", cred->issuer_name, cred->issuer_code);
	if (cred->purpose[0] != '\0')
		printf("Purpose:       %s\n", cred->purpose);
	if (cred->face_value[0] != '\0')
		printf("Face value:    %s\n", cred->face_value);
	printf("Valid:         %s to %s (UTC)\n", from, until);
	fflush(stdout);
}

/* At generation 255 the bank renews with a new id of the same bucket. */
static bool
renews(const Credential *old, const Credential *cred)
{
	if (old->kind != cred->kind)
		return false;
	if (old->credential_id == cred->credential_id)
		return cred->generation > old->generation;
	return old->generation == 255 && cred->generation == 1 &&
		qc_bucket_of_id(old->credential_id) == qc_bucket_of_id(cred->credential_id) &&
		strcmp(old->issuer_code, cred->issuer_code) == 0;
}

/* Whether the new credential may take the place of what the store holds. */
static Outcome
check_place(const Store *store, const Credential *cred, bool replace)
{
	static const char hint[] =
		"Nothing was kept. Give --replace to lose what is there, or another file with --store.";

	if (replace || store->state == STORE_NONE || store->state == STORE_CLOSED)
		return OUT_OK;
	if (store->state == STORE_DAMAGED)
	{
		complain(hint, "there is a store file already, and it is damaged");
		return OUT_BAD;
	}
	if (renews(&store->cred, cred))
		return OUT_OK;
	if (store->cred.credential_id == cred->credential_id)
		complain(hint, "this credential is here already, as new as the package or newer");
	else
		complain(hint, "another credential is here already");
	return OUT_BAD;
}

/* OUT_OK with *cancelled set when the customer does not want it. */
static Outcome
confirm(const Options *o, bool *cancelled)
{
	Answer		answer = ANSWER_OK;

	if (!o->yes)
		answer = ask_ok("Download the credential? OK / Cancel:", o->stdin_taken, STDOUT_FILENO);
	*cancelled = answer == ANSWER_CANCEL;
	if (answer != ANSWER_NOBODY)
		return OUT_OK;
	complain("Give --yes, or the package as a file with --package.",
			 "no terminal to ask at; nothing was kept");
	return OUT_USAGE;
}

Outcome
wallet_place(const Options *o, Store *store, const Credential *cred)
{
	Outcome		out = store_take(store);

	if (out == OUT_OK || store->state == STORE_DAMAGED)
		out = check_place(store, cred, o->replace);
	store_drop(store);
	return out;
}

Outcome
wallet_keep(const Options *o, Store *store, Credential *cred, const char *pin)
{
	Outcome		out = store_take(store);

	if (out == OUT_OK || store->state == STORE_DAMAGED)
		out = check_place(store, cred, o->replace);
	if (out == OUT_OK)
	{
		/* a renewed credential keeps what the customer chose for the old one */
		if (store->state == STORE_SEALED && renews(&store->cred, cred) &&
			store->cred.first_open)
			cred->first_open = true;
		store->cred = *cred;
		out = store_seal(store, pin);
	}
	store_drop(store);
	return out;
}

Outcome
cmd_download(const Options *o)
{
	Credential *cred = wallet_room(sizeof(Credential));
	char	   *text = wallet_room(PACKAGE_MAX);
	char	   *pin;
	Store	   *store;
	size_t		len;
	int64_t		server_time;
	uint32_t	now;
	bool		cancelled;
	Outcome		out;

	if (cred == NULL || text == NULL || wallet_space(&store, &pin) != OUT_OK)
		return OUT_USAGE;
	out = wallet_read(o->in[IN_PACKAGE], "package", text, PACKAGE_MAX, &len);
	if (out == OUT_OK)
		out = package_read(text, len, cred, NULL, &server_time);
	qc_wipe(text, PACKAGE_MAX);
	if (out == OUT_OK)
	{
		cred->clock_offset = o->has_clock_offset ? o->clock_offset :
			server_time - (int64_t) time(NULL);
		cred->first_open = o->open_first_code;
		out = store_find(store, o->mac, o->store, true);
	}
	if (out == OUT_OK)
		out = wallet_place(o, store, cred);
	if (out != OUT_OK)
		return out;

	describe(cred);
	out = confirm(o, &cancelled);
	if (out == OUT_OK && cancelled)
	{
		puts("Cancelled. Nothing was kept.");
		return OUT_OK;
	}
	if (out == OUT_OK)
		out = pin_read_new(o->pin_fd, pin);
	if (out == OUT_OK)
		out = wallet_keep(o, store, cred, pin);
	qc_wipe(pin, PIN_MAX + 1);
	if (out != OUT_OK)
		return out;
	puts("The credential is kept.");
	if (wallet_now(o, cred, &now) && (int64_t) now >= cred->valid_until)
		complain("Renew it: qrwallet renewal", "the credential has expired already");
	return OUT_OK;
}
