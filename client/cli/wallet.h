/*
 * wallet.h
 *	  What every part of the wallet speaks of: the credential, the outcome.
 */
#ifndef WALLET_H
#define WALLET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/code.h"

/* Also the exit codes; README.md and --help list them. */
typedef enum Outcome
{
	OUT_OK = 0,
	OUT_USAGE = 1,				/* usage, no terminal, an output not writable */
	OUT_WRONG_PIN = 2,
	OUT_CLOSED = 3,				/* three wrong PINs */
	OUT_EXPIRED = 4,
	OUT_BAD = 5,				/* store or package missing, damaged, refused */
	OUT_NO_MATCH = 6			/* a template too far off the bound one */
} Outcome;

#define PIN_MIN			6
#define PIN_MAX			64
#define PIN_TRIES		3

/* Largest texts in bytes, without the terminator. */
#define ISSUER_CODE_MAX	64
#define ISSUER_NAME_MAX	1024
#define PURPOSE_MAX		4096
#define FACE_VALUE_MAX	1024

/* As the store file has them. */
typedef enum CredentialKind
{
	CREDENTIAL_ANY = 0,			/* in no file */
	CREDENTIAL_HOLDER = 1,		/* shown to scanners */
	CREDENTIAL_PAYER = 2		/* pays with a key made from a biometric */
} CredentialKind;

typedef enum WalletKey
{
	KEY_SECOND,
	KEY_ROTATING,
	KEY_OCRA,
	KEY_RENEWAL,
	KEY_COUNT
} WalletKey;

typedef struct Credential
{
	/* readable without the PIN, but not changeable without it */
	CredentialKind kind;
	int64_t		credential_id;
	uint8_t		generation;
	uint8_t		kid;
	uint8_t		digits;			/* of a challenge, as the bank's policy has it */
	bool		first_open;		/* first code and card texts without the PIN */
	int64_t		valid_from;		/* unix seconds, 0 .. 2^32 - 1 */
	int64_t		valid_until;
	int64_t		clock_offset;	/* bank's clock minus this machine's, seconds */
	char		issuer_code[ISSUER_CODE_MAX + 1];
	char		issuer_name[ISSUER_NAME_MAX + 1];

	/* sealed; with first_open also readable */
	char		first_code[QC_CODE_TEXT + 1];
	char		purpose[PURPOSE_MAX + 1];
	char		face_value[FACE_VALUE_MAX + 1];

	/* always sealed */
	uint8_t		key[KEY_COUNT][QC_KEY_LEN];	/* a holder's */
	uint8_t		biometric_key[QC_KEY_LEN];	/* a payer's */
} Credential;

/*
 * "qrwallet: message", then the hint, a sentence on what to do next (NULL for
 * none), both on standard error.
 */
void		complain(const char *hint, const char *message,...)
			__attribute__((format(printf, 2, 3)));

#endif
