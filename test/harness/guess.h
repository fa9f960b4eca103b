/*
 * guess.h
 *	  Clients that guess codes in every way that a caller can wrap a call in,
 *	  and write down each verdict once they have received it.
 *
 * A line of a client's log goes on with: credential, gateway, kind, mode,
 * request id, what the code answers, verdict, next, tries_left, attempt_no,
 * repeated.  A commit of the caller's own row has the verdict "paid" and the
 * row's number as attempt_no.
 */
#ifndef GUESS_H
#define GUESS_H

#include "code.h"
#include "endings.h"

#define MAX_ISSUERS		8

typedef enum Kind
{
	KIND_FIRST,
	KIND_SECOND,
	KIND_TYPED,
	KIND_ROTATING,
	KINDS
} Kind;

/* A credential in turn; when it is void, another takes its place. */
typedef struct Slot
{
	pthread_mutex_t lock;		/* over all that follows */
	int64_t		id;				/* 0: none was made yet */
	bool		is_made;		/* somebody is making it */
	char		first[QC_CODE_TEXT + 1];
	uint8_t		second_key[QC_KEY_LEN];
	uint8_t		rotating_key[QC_KEY_LEN];
	uint8_t		ocra_key[QC_KEY_LEN];
	uint8_t		kid;
	char		gateway[24];
	char		text[24];		/* the transaction's; empty: null */
	char		digits[QC_OTP_TEXT];	/* of the open challenge; empty: none */
	int64_t		frozen_until;	/* as far as the clients know */
} Slot;

/* One call, its arguments as text. */
struct Ask
{
	Kind		kind;
	int64_t		id;
	char		id_text[24];
	char		code[QC_CODE_TEXT + 1];
	char		gateway[24];
	char		text[24];
	char		request[UUID_TEXT + 1]; /* empty: null */
	char		asked[24];		/* the challenge or step that a right code answers */
};

/* What the command line says besides. */
typedef struct Place
{
	const char *issuer[MAX_ISSUERS];
	int			nissuers;
	int			ngateways;
} Place;

extern Place place;

/* credentials.c */
extern bool make_credential(Client *c, Slot *slot, int number);
extern bool prepare_ask(Client *c, const Slot *slot, Kind kind, bool right,
						Ask *ask);

#endif
