/*
 * endings.h
 *	  The ways to wrap a call and to end its transaction: committed, taken back,
 *	  undone by an exception, cut off by a time limit.
 */
#ifndef ENDINGS_H
#define ENDINGS_H

#include "asking.h"

#define TWELVE			12

/* True with the last answer told, whatever became of its transaction. */
typedef struct Mode Mode;
typedef bool (*Ending) (Client *c, const Ask *ask, const Mode *mode, Answer *answer);

struct Mode
{
	const char *name;
	Ending		ending;
	const char *begin;			/* what begins the transaction */
	int			commits;		/* of twelve transactions so many, the others are rolled back */
	int			most_msec;		/* of a time limit */
	bool		undoes;			/* the transaction comes to nothing, always */
};

/* Of each program: plain, rollback and commit first. */
extern const Mode modes[];
extern const int nmodes;

/* What begins a transaction that reads, or reads and writes, the program's noise. */
#define REPEATABLE_READ(schema) \
	"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM " schema ".noise"
#define SERIALIZABLE(schema) \
	"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(n) FROM " schema ".noise; " \
	"INSERT INTO " schema ".noise VALUES (1)"

extern bool plain(Client *c, const Ask *ask, const Mode *mode, Answer *answer);
extern bool in_transaction(Client *c, const Ask *ask, const Mode *mode, Answer *answer);
extern bool savepoint(Client *c, const Ask *ask, const Mode *mode, Answer *answer);
extern bool caught(Client *c, const Ask *ask, const Mode *mode, Answer *answer);
extern bool raised(Client *c, const Ask *ask, const Mode *mode, Answer *answer);
extern bool prepared(Client *c, const Ask *ask, const Mode *mode, Answer *answer);
extern bool pipelined(Client *c, const Ask *ask, const Mode *mode, Answer *answer);
extern bool timed_out(Client *c, const Ask *ask, const Mode *mode, Answer *answer);

/* The same with another beginning than the mode's, for a program's own ways. */
extern bool begun_with(Client *c, const Ask *ask, const Mode *mode, const char *begin,
					   Answer *answer);

/* One of those that the command line has; is_undoing: preferably one that undoes. */
extern int	draw_mode(Client *c, bool is_undoing);

/* True with the last answer told; the connection is idle, bad or gone afterwards. */
extern bool ask_in_mode(Client *c, int mode, const Ask *ask, Answer *answer);

#endif
