/*
 * run.h
 *	  A run of many clients: its command line, its threads, and how far it is.
 *
 * Options of every program:
 *		-d DIRECTORY  of the clients' logs and the file "progress"
 *		-c CONNINFO [-c ...]  the clients take turns with them
 *		-n clients  -s slots  -g number, and enough is asked  -t seconds
 *		-S seed  -m mode,mode  only these   -o  only wrong codes
 *
 * The last line of output, and the file "progress" meanwhile, hold the four
 * counts.
 */
#ifndef RUN_H
#define RUN_H

#include "client.h"

#define MAX_CLIENTS		64

typedef struct Options
{
	const char *conninfo[MAX_CLIENTS];
	int			nconninfo;
	const char *directory;
	int			nclients;
	int			nslots;			/* credentials or payers in use */
	long		enough;			/* answered, then stop; 0: no end */
	int			seconds;
	uint64_t	seed;
	unsigned	modes;			/* bits of the modes to mix */
	bool		only_wrong;
} Options;

typedef enum Count
{
	ANSWERED,
	WRONG_TOLD,
	SUCCEEDED,
	UNANSWERED,
	COUNTS
} Count;

extern Options options;

extern void count(Count what);
extern long counted(Count what);

/* Says so and exits. */
extern void give_up(int status, const char *format,...) __attribute__((format(printf, 2, 3), noreturn));

/*
 * Reads the command line and minds signals.  letters: of the program's own
 * options, as getopt() has them; own() is given one of them with its argument.
 */
extern void begin_run(int argc, char **argv, const char *letters,
					  void (*own) (int letter, char *argument));

/* Clients from..to-1, with their logs; started, each works in a thread of its own. */
extern void open_clients(Client *clients, int from, int to, void (*work) (Client *c));
extern void start_clients(Client *clients, int n);
extern void wait_for_clients(Client *clients, int from, int to);

/* Until enough is answered, the time is over or somebody says stop; stops. */
extern void wait_until_enough(void);

extern void end_run(void);

#endif
