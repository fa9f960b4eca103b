/*
 * pay.h
 *	  Clients that pay in every way that a caller can wrap a call in, lose
 *	  replies, and write down each answer once they have received it.
 *
 * A line of a client's log goes on with: number of the reply, payer, payment,
 * verb, mode, request id, what a right code is for (a step, or "right"),
 * verdict, status (present: next), receipt, tries_left, attempt_no, repeated.
 * What became of an answer's transaction is a line of its own with the answer's
 * number.
 */
#ifndef PAY_H
#define PAY_H

#include "code.h"
#include "endings.h"
#include "payment.h"

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

/* One call, its arguments as text. */
struct Ask
{
	Verb		verb;
	char		id_text[24];
	char		session[QC_TOKEN_TEXT + 1];
	char		payment[UUID_TEXT + 1];
	char		code[QC_CODE_TEXT + 1]; /* empty: null */
	char		gateway[24];
	char		request[UUID_TEXT + 1]; /* empty: null */
	char		asked[24];		/* what a right code is for; empty: a wrong one */
};

extern Slot *slots;

/* paying.c; a race is one payment after the other, by all at the same time. */
extern void present_all(Client *c, bool is_presented, int nclients);
extern void race_to_present(Client *c);
extern void race_to_confirm(Client *c);
extern void keep_paying(Client *c);

/* orders.c */
extern int	read_payers(const char *directory);
extern bool begin_payment(Client *c, Slot *slot);
extern void ask_for(const Slot *slot, Verb verb, Ask *ask);
extern bool new_code(Client *c, Slot *slot);
extern void wrong_code(Client *c, const Slot *slot, Ask *ask);

/* settle.c */
extern void keep_settling(Client *c);

#endif
