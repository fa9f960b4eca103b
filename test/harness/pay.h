/*
 * pay.h
 *	  Clients that pay in every way that a caller can wrap a call in, lose
 *	  replies, and write down each answer once they have received it.
 *
 * The log of a client has a line per event, its fields parted by tabs: time
 * sent and received (unix microseconds), client, number of the reply, payer,
 * payment, verb, mode, request id, what a right code is for (a step, or
 * "right"), verdict, status (present: next), receipt, tries_left, attempt_no,
 * repeated.  "-" stands for null.  What became of the transaction that an
 * answer was told in is a line of its own with the answer's number and the
 * verdict "committed" or "undone"; without one nobody was told.  A call without
 * an answer has the verdict "!" and its SQLSTATE, or "lost", as status.
 */
#ifndef PAY_H
#define PAY_H

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>

#include "code.h"
#include "payment.h"

#define MAX_CLIENTS		64
#define UUID_TEXT		36
#define RECEIPT_MAX		64

typedef enum Verb
{
	VERB_PRESENT,
	VERB_CONFIRM,
	VERB_RESEND,
	VERB_CANCEL,
	VERB_SETTLE,
	VERB_DECLINE,
	VERBS
} Verb;

/* What the clients think of a payment; the store may know better. */
typedef enum State
{
	STATE_NONE,
	STATE_OPEN,
	STATE_PRESENTED,
	STATE_ENDED
} State;

/* A payer, and the payment in hand. */
typedef struct Slot
{
	pthread_mutex_t lock;		/* over all that follows */
	int64_t		id;
	char		id_text[24];
	uint8_t		kid;
	uint8_t		generation;
	uint8_t		key[QC_KEY_LEN];
	char		session[QC_TOKEN_TEXT + 1];
	char		gateway[24];
	bool		needs_code;		/* the policy has a verification code */
	int			wrong_left;		/* wrong codes that the payer bears before it is void */
	int64_t		wrong_from;		/* when the next one may be tried */
	int64_t		frozen_until;	/* as far as the clients know */
	int64_t		last_step;		/* of the biometric codes made so far */
	State		state;
	bool		is_begun;		/* somebody is beginning a payment */
	int64_t		begun_at;
	char		payment[UUID_TEXT + 1];
	uint8_t		digest[QC_SHA256_LEN];
	char		code[QC_CODE_TEXT + 1]; /* the biometric code; empty: none yet */
	char		step[24];		/* its step */
	char		request[UUID_TEXT + 1];
	char		digits[QC_VERIFICATION_DIGITS + 1]; /* empty: not shown yet */
} Slot;

typedef struct Client
{
	int			number;
	pthread_t	thread;
	const char *conninfo;
	PGconn	   *conn;
	QcMac		mac;
	uint64_t	random;
	long		replies;
	FILE	   *log;
} Client;

/* One call, its arguments as text. */
typedef struct Ask
{
	Verb		verb;
	char		id_text[24];
	char		session[QC_TOKEN_TEXT + 1];
	char		payment[UUID_TEXT + 1];
	char		code[QC_CODE_TEXT + 1]; /* empty: null */
	char		gateway[24];
	char		request[UUID_TEXT + 1]; /* empty: null */
	char		asked[24];		/* what a right code is for; empty: a wrong one */
} Ask;

typedef enum Fate
{
	FATE_UNKNOWN,
	FATE_COMMITTED,
	FATE_UNDONE
} Fate;

typedef struct Answer
{
	char		verdict[16];
	char		status[16];
	char		receipt[RECEIPT_MAX];
	char		tries_left[8];
	char		attempt_no[24];
	char		repeated[4];
	char		challenge[QC_VERIFICATION_DIGITS + 1];
	long		number;			/* of the reply, for its fate */
	Fate		fate;
} Answer;

/* What the command line says. */
typedef struct Options
{
	const char *conninfo[MAX_CLIENTS];
	int			nconninfo;
	const char *settler;		/* of the issuer's own program */
	const char *directory;
	int			nclients;
	int			nsettlers;
	int			nslots;			/* payers in use, of those in the file; 0: all */
	long		calls;			/* confirmations answered, then stop */
	int			seconds;
	bool		is_race;		/* every payment confirmed by all clients at once */
	bool		is_presented;	/* or presented */
	bool		only_wrong;
	unsigned	modes;			/* bits of the modes to mix */
} Options;

extern Options options;
extern Slot *slots;
extern volatile bool stopping;

/* pay.c */
extern int64_t clock_now(void);
extern uint64_t draw(Client *c, uint64_t n);
extern bool connect_client(Client *c);
extern void note(Client *c, const Ask *ask, const char *mode, int64_t sent, Answer *answer);
extern void note_failure(Client *c, const Ask *ask, const char *mode, int64_t sent,
						 const char *sqlstate);
extern void note_fate(Client *c, const Ask *ask, const char *mode, int64_t sent,
					  Answer *answer, Fate fate);

/* work.c */
extern void present_all(Client *c);
extern void *client_main(void *arg);

/* orders.c */
extern int	read_payers(const char *directory);
extern bool begin_payment(Client *c, Slot *slot);
extern void ask_for(const Slot *slot, Verb verb, Ask *ask);
extern void draw_request(Client *c, char out[UUID_TEXT + 1]);
extern bool new_code(Client *c, Slot *slot);
extern void wrong_code(Client *c, const Slot *slot, Ask *ask);

/* paymodes.c */
extern const char *const mode_names[];
extern const int nmodes;
extern void cut(Client *c);
extern bool take(Client *c, const Ask *ask, const char *mode, int64_t sent,
				 PGresult *res, Answer *answer);
extern bool command(Client *c, const Ask *ask, const char *mode, const char *sql);
extern void end_with(Client *c, const Ask *ask, const char *mode, const char *end,
					 Answer *answer);
extern bool ask_in_mode(Client *c, int mode, const Ask *ask, Answer *answer);
extern int	draw_mode(Client *c, bool is_undoing);

/* settle.c */
extern void *settler_main(void *arg);

#endif
