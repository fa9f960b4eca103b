/*
 * guess.h
 *	  Clients that guess codes in every way that a caller can wrap a call in,
 *	  and write down each verdict once they have received it.
 *
 * The log of a client has a line per answer, its fields parted by tabs:
 * time sent and received (unix microseconds), client, credential, gateway,
 * kind, mode, request id, what the code answers, verdict, next, tries_left,
 * attempt_no, repeated.  "-" stands for null.  A call that ended without an
 * answer has the verdict "!" and its SQLSTATE, or "lost", as next; a commit of
 * the caller's own row has the verdict "paid" and the row's number as attempt_no.
 */
#ifndef GUESS_H
#define GUESS_H

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>

#include "code.h"
#include "ocra.h"

#define MAX_CLIENTS		64
#define MAX_ISSUERS		8
#define UUID_TEXT		36

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

typedef struct Client
{
	int			number;
	pthread_t	thread;
	const char *conninfo;
	PGconn	   *conn;
	QcMac		mac;
	uint64_t	random;
	FILE	   *log;
} Client;

/* One call, its arguments as text. */
typedef struct Ask
{
	Kind		kind;
	int64_t		id;
	char		id_text[24];
	char		code[QC_CODE_TEXT + 1];
	char		gateway[24];
	char		text[24];
	char		request[UUID_TEXT + 1]; /* empty: null */
	char		asked[24];		/* the challenge or step that a right code answers */
} Ask;

typedef struct Answer
{
	char		verdict[16];
	char		next[16];
	char		challenge[QC_OTP_TEXT];
	char		tries_left[8];
	char		attempt_no[24];
	char		repeated[4];
} Answer;

/* What the command line says. */
typedef struct Options
{
	const char *conninfo[MAX_CLIENTS];
	int			nconninfo;
	const char *issuer[MAX_ISSUERS];
	int			nissuers;
	const char *directory;
	int			nclients;
	int			nslots;
	int			ngateways;
	long		guesses;		/* second codes answered, then stop */
	int			seconds;
	bool		only_wrong;		/* scan 1 once, then nothing but wrong codes */
	unsigned	modes;			/* bits of the modes to mix */
} Options;

extern Options options;
extern Slot *slots;
extern volatile bool stopping;

/* guess.c */
extern int64_t clock_now(void);
extern uint64_t draw(Client *c, uint64_t n);
extern void note(Client *c, const Ask *ask, const char *mode, int64_t sent,
				 const Answer *answer);
extern void note_failure(Client *c, const Ask *ask, const char *mode,
						 int64_t sent, const char *sqlstate);
extern void note_paid(Client *c, const Ask *ask, const char *mode, int64_t sent,
					  unsigned long long number);
extern bool connect_client(Client *c);

/* credentials.c */
extern bool make_credential(Client *c, Slot *slot, int number);
extern bool prepare_ask(Client *c, const Slot *slot, Kind kind, bool right,
						Ask *ask);

/* modes.c */
extern const char *const mode_names[];
extern const int nmodes;
extern bool ask_in_mode(Client *c, int mode, const Ask *ask, Answer *answer);

#endif
