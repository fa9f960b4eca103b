/*
 * commands.h
 *	  What the wallet can be told to do.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "store.h"

/* What a command reads; named by the option of the same name. */
typedef enum Input
{
	IN_PACKAGE,
	IN_PAYMENT,
	IN_BINDING,
	IN_TEMPLATE,
	IN_DESCRIPTOR,
	IN_MEAN,
	IN_COUNT
} Input;

typedef struct Options
{
	const char *store;			/* NULL: the default file */
	const char *png;
	const char *card;
	const char *model;			/* NULL: not given */
	const char *code;
	int			in[IN_COUNT];	/* opened before guard_start(); negative: not given */
	bool		stdin_taken;	/* one of them is standard input */
	bool		yes;
	bool		keep;
	bool		replace;
	bool		open_first_code;
	bool		no_pin;
	bool		text;
	bool		plain;
	bool		invert;
	int			pin_fd;			/* negative: the terminal */
	int			password_fd;
	bool		has_clock_offset;
	int64_t		clock_offset;
	char	  **words;			/* after the command */
	int			nwords;
	QcMac	   *mac;
} Options;

Outcome		cmd_download(const Options *o);
Outcome		cmd_show(const Options *o);
Outcome		cmd_answer(const Options *o);
Outcome		cmd_rotate(const Options *o);
Outcome		cmd_renewal(const Options *o);
Outcome		cmd_status(const Options *o);
Outcome		cmd_change_pin(const Options *o);
Outcome		cmd_option(const Options *o);
Outcome		cmd_template(const Options *o);
Outcome		cmd_bind(const Options *o);
Outcome		cmd_keep(const Options *o);
Outcome		cmd_pay(const Options *o);

/* Guarded space; NULL, and said, when there is none. */
void	   *wallet_room(size_t size);

/* Guarded space for a store and a PIN; OUT_USAGE when there is none. */
Outcome		wallet_space(Store **store, char **pin);

/* All of an input, which the messages call name; OUT_BAD when over size - 1 bytes. */
Outcome		wallet_read(int fd, const char *name, char *out, size_t size, size_t *len);

/*
 * The bank's clock: this machine's, corrected.  False, and said, when it
 * falls outside the times that codes can hold.
 */
bool		wallet_now(const Options *o, const Credential *cred, uint32_t *now);

/* OUT_EXPIRED, and said what to do, after the credential's validity. */
Outcome		wallet_expiry(const Options *o, const Credential *cred);

/* OUT_USAGE, and said what to do, unless the credential is of that kind. */
Outcome		wallet_kind(const Credential *cred, CredentialKind kind);

/* Says early, before a PIN is asked for, what would stop the command anyway. */
Outcome		wallet_look(const Options *o, Store *store, CredentialKind kind,
						bool expired_too);

/* Tries a PIN, and finds a credential of that kind behind it. */
Outcome		wallet_try_pin(Store *store, const char *pin, CredentialKind kind);

/* Whether a new credential may take the place of what the store holds. */
Outcome		wallet_place(const Options *o, Store *store, const Credential *cred);

/* The new credential into the store, if its place is still free. */
Outcome		wallet_keep(const Options *o, Store *store, Credential *cred, const char *pin);

/* One code as the options ask: text, PNG, or drawn on the terminal. */
Outcome		wallet_put_code(const Options *o, const char *code, const char *name);

/* Beside a picture or plain code on standard output no word may stand there. */
bool		wallet_may_talk(const Options *o);

#endif
