/*
 * asking.h
 *	  A question as a call in SQL, its answer, and what is written down of both.
 *
 * An answer is noted as soon as the client has it, before the transaction ends.
 * A call that ended without one has the verdict "!" and its SQLSTATE, or
 * "lost", as status.  What became of the transaction that an answer was told in
 * is noted by a program that has_fates: with the verdict "committed" or
 * "undone" and the answer's number; without that, nobody was told.
 */
#ifndef ASKING_H
#define ASKING_H

#include "ocra.h"
#include "run.h"

#define OID_INT8		20
#define OID_TEXT		25
#define OID_UUID		2950

#define CALL_ARGS_MAX	6

/* What a client asks; each program has its own. */
typedef struct Ask Ask;

/* The statement, which answers the texts of Answer in their order. */
typedef struct Call
{
	char		sql[320];
	int			nargs;
	const Oid  *types;
	const char *args[CALL_ARGS_MAX];
} Call;

typedef enum Fate
{
	FATE_UNKNOWN,
	FATE_COMMITTED,
	FATE_UNDONE
} Fate;

/* Texts; empty: null. */
typedef struct Answer
{
	char		verdict[16];
	char		status[16];		/* or what to do next */
	char		receipt[64];
	char		tries_left[8];
	char		attempt_no[24];
	char		repeated[4];
	char		challenge[QC_OTP_TEXT];
	long		number;			/* of the reply, for its fate */
	Fate		fate;
} Answer;

/*
 * Of each program.  through: NULL, or the name of the function that calls and
 * undoes it.
 */
extern void call_of(const Ask *ask, const char *through, Call *call);
extern void log_answer(Client *c, const Ask *ask, const char *mode, int64_t sent,
					   const Answer *answer);
extern void count_answer(const Ask *ask, const Answer *answer);
extern const bool has_fates;

extern void note(Client *c, const Ask *ask, const char *mode, int64_t sent, Answer *answer);
extern void note_fate(Client *c, const Ask *ask, const char *mode, int64_t sent,
					  Answer *answer, Fate fate);
extern void note_lost(Client *c, const Ask *ask, const char *mode, int64_t sent);
extern void note_failure(Client *c, const Ask *ask, const char *mode, int64_t sent,
						 const PGresult *res);

/* The call's result, or false from send_call() when it cannot be sent. */
extern PGresult *run_call(Client *c, const Call *call);
extern bool send_call(Client *c, const Call *call);

/*
 * The answer in the result's first row, or in the message of the error that
 * ended it, noted; false (and noted) without one.  Frees the result.
 */
extern bool take(Client *c, const Ask *ask, const char *mode, int64_t sent,
				 PGresult *res, Answer *answer);
extern bool take_message(Client *c, const Ask *ask, const char *mode, int64_t sent,
						 PGresult *res, Answer *answer);

/* The call with nothing around it. */
extern bool ask_once(Client *c, const Ask *ask, const char *mode, Answer *answer);

/* False (and noted) when it failed. */
extern bool command(Client *c, const Ask *ask, const char *mode, const char *sql);

/* Ends the transaction of the answer, whose fate is noted once it is told. */
extern void end_with(Client *c, const Ask *ask, const char *mode, const char *end,
					 Answer *answer);

#endif
