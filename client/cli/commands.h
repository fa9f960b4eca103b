/*
 * commands.h
 *	  What the wallet can be told to do.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "store.h"

typedef struct Options
{
	const char *store;			/* NULL: the default file */
	const char *png;
	const char *card;
	int			package_fd;		/* opened before guard_start() */
	bool		yes;
	bool		replace;
	bool		open_first_code;
	bool		no_pin;
	bool		text;
	bool		plain;
	bool		invert;
	int			pin_fd;			/* negative: the terminal */
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

/* Guarded space for a store and a PIN; OUT_USAGE when there is none. */
Outcome		wallet_space(Store **store, char **pin);

/*
 * The bank's clock: this machine's, corrected.  False, and said, when it
 * falls outside the times that codes can hold.
 */
bool		wallet_now(const Options *o, const Credential *cred, uint32_t *now);

#endif
