/*
 * pay.c
 *	  The payers: clients in parallel that work as work.c says and write down
 *	  what they are told, until enough is asked or they are told to stop
 *	  (SIGTERM).  A client whose backend or server dies connects again.
 *
 *	  pay -d DIRECTORY -c CONNINFO [-c ...] [options]
 *		-n clients  -s payers  -g confirmations  -t seconds  -S seed
 *		-m mode,mode  only these
 *		-C CONNINFO -N number  clients that settle what is charged elsewhere
 *		-r  each payment confirmed by all clients at once
 *		-p  or presented, if with -r   -o  with wrong codes only
 *
 * The file "payers" in the directory has a line per payer: id, kid, generation,
 * session, gateway, key in hexadecimal, whether a verification code is asked
 * for (t or f).  The last line of output, and the file "progress" meanwhile,
 * hold the numbers of confirmations answered, of wrong codes told, of payments
 * told as charged and of calls without answer.
 */
#include "pay.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

Options		options = {.directory = NULL, .nclients = 16, .nsettlers = 1, .nslots = 0,
.calls = 0, .seconds = 0, .modes = ~0u};
Slot	   *slots;
volatile bool stopping = false;

static long confirmations;
static long wrong_told;
static long charged_told;
static long unanswered;

int64_t
clock_now(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
	return (int64_t) tv.tv_sec * 1000000 + tv.tv_usec;
}

/* 0..n-1 (splitmix64). */
uint64_t
draw(Client *c, uint64_t n)
{
	uint64_t	x = c->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (x ^ (x >> 31)) % n;
}

/* ---- the log */

static const char *const verb_names[VERBS] = {
	"present", "confirm", "resend", "cancel", "settle", "decline"
};

static const char *
field(const char *s)
{
	return s[0] ? s : "-";
}

static void
write_line(Client *c, const Ask *ask, const char *mode, int64_t sent, long number,
		   const Answer *a)
{
	fprintf(c->log, "%lld\t%lld\t%d\t%ld\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			(long long) sent, (long long) clock_now(), c->number, number,
			field(ask->id_text), field(ask->payment), verb_names[ask->verb], mode,
			field(ask->request), field(ask->asked), a->verdict, field(a->status),
			field(a->receipt), field(a->tries_left), field(a->attempt_no), field(a->repeated));
}

void
note(Client *c, const Ask *ask, const char *mode, int64_t sent, Answer *a)
{
	a->number = ++c->replies;
	a->fate = FATE_UNKNOWN;
	write_line(c, ask, mode, sent, a->number, a);
	if (ask->verb == VERB_CONFIRM)
		__sync_fetch_and_add(&confirmations, 1);
	if (a->tries_left[0] != '\0')
		__sync_fetch_and_add(&wrong_told, 1);
	if (strcmp(a->status, "charged") == 0)
		__sync_fetch_and_add(&charged_told, 1);
}

void
note_failure(Client *c, const Ask *ask, const char *mode, int64_t sent, const char *sqlstate)
{
	Answer		a = {0};

	strcpy(a.verdict, "!");
	snprintf(a.status, sizeof(a.status), "%s", sqlstate);
	write_line(c, ask, mode, sent, 0, &a);
	__sync_fetch_and_add(&unanswered, 1);
}

void
note_fate(Client *c, const Ask *ask, const char *mode, int64_t sent, Answer *answer, Fate fate)
{
	Answer		a = {0};

	answer->fate = fate;
	strcpy(a.verdict, fate == FATE_COMMITTED ? "committed" : "undone");
	write_line(c, ask, mode, sent, answer->number, &a);
}

/* ---- connections */

static void
quiet(void *arg, const char *message)
{
}

/* Waits for the server; false when it is time to stop. */
bool
connect_client(Client *c)
{
	while (!stopping)
	{
		if (c->conn)
		{
			PQfinish(c->conn);
			usleep(20000 + draw(c, 30000));
		}
		c->conn = PQconnectdb(c->conninfo);
		if (PQstatus(c->conn) == CONNECTION_OK)
		{
			PQsetNoticeProcessor(c->conn, quiet, NULL);
			return true;
		}
	}
	return false;
}

/* ---- the program */

static void
report(FILE *out)
{
	fprintf(out, "%ld %ld %ld %ld\n", confirmations, wrong_told, charged_told, unanswered);
}

static void
write_progress(void)
{
	char		path[1024];
	char		hidden[1024];
	FILE	   *f;

	snprintf(path, sizeof(path), "%s/progress", options.directory);
	snprintf(hidden, sizeof(hidden), "%s/progress.new", options.directory);
	f = fopen(hidden, "w");
	if (f == NULL)
		return;
	report(f);
	fclose(f);
	rename(hidden, path);
}

static void
stop(int signal)
{
	stopping = true;
}

static unsigned
parse_modes(char *list)
{
	unsigned	bits = 0;
	char	   *name;
	int			i;

	for (name = strtok(list, ","); name; name = strtok(NULL, ","))
	{
		for (i = 0; i < nmodes && strcmp(name, mode_names[i]) != 0; i++)
			;
		if (i == nmodes)
		{
			fprintf(stderr, "pay: there is no mode \"%s\"\n", name);
			exit(2);
		}
		bits |= 1u << i;
	}
	return bits;
}

static uint64_t
parse_options(int argc, char **argv)
{
	uint64_t	seed = (uint64_t) clock_now();
	int			opt;

	while ((opt = getopt(argc, argv, "d:c:C:N:n:s:g:t:S:m:rpo")) != -1)
		switch (opt)
		{
			case 'd': options.directory = optarg; break;
			case 'c':
				if (options.nconninfo < MAX_CLIENTS)
					options.conninfo[options.nconninfo++] = optarg;
				break;
			case 'C': options.settler = optarg; break;
			case 'N': options.nsettlers = atoi(optarg); break;
			case 'n': options.nclients = atoi(optarg); break;
			case 's': options.nslots = atoi(optarg); break;
			case 'g': options.calls = atol(optarg); break;
			case 't': options.seconds = atoi(optarg); break;
			case 'S': seed = strtoull(optarg, NULL, 10); break;
			case 'm': options.modes = parse_modes(optarg); break;
			case 'r': options.is_race = true; break;
			case 'p': options.is_presented = true; break;
			case 'o': options.only_wrong = true; break;
			default: exit(2);
		}
	if (options.settler == NULL)
		options.nsettlers = 0;
	if (options.directory == NULL || options.nconninfo == 0 || options.nclients < 1 ||
		options.nsettlers < 0 || options.nclients + options.nsettlers > MAX_CLIENTS)
	{
		fprintf(stderr, "pay: -d and -c are needed\n");
		exit(2);
	}
	return seed;
}

static bool
open_client(Client *c, int number, uint64_t seed)
{
	char		path[1024];

	c->number = number;
	c->random = seed + (uint64_t) number * UINT64_C(0x632be59bd9b4e019);
	c->conninfo = number < options.nclients ?
		options.conninfo[number % options.nconninfo] : options.settler;
	snprintf(path, sizeof(path), "%s/client-%02d.log", options.directory, number);
	c->log = fopen(path, "a");
	if (c->log == NULL)
		fprintf(stderr, "pay: %s: %s\n", path, strerror(errno));
	return c->log != NULL;
}

int
main(int argc, char **argv)
{
	static Client clients[MAX_CLIENTS];
	uint64_t	seed = parse_options(argc, argv);
	int			nall = options.nclients + options.nsettlers;
	int64_t		began;
	int			i;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, stop);
	prctl(PR_SET_PDEATHSIG, SIGTERM);	/* nobody reads on when the test is gone */
	signal(SIGINT, stop);
	i = read_payers(options.directory);
	if (options.nslots == 0 || options.nslots > i)
		options.nslots = i;
	for (i = 0; i < nall; i++)
		if (!open_client(&clients[i], i, seed))
			return 1;
	if (options.is_race)
		present_all(&clients[0]);
	began = clock_now();
	for (i = 0; i < nall; i++)
		if (pthread_create(&clients[i].thread, NULL,
						   i < options.nclients ? client_main : settler_main, &clients[i]) != 0)
			return 1;
	while (!options.is_race && !stopping &&
		   (options.calls == 0 || confirmations < options.calls) &&
		   (options.seconds == 0 || clock_now() - began < options.seconds * INT64_C(1000000)))
	{
		write_progress();
		usleep(100000);
	}
	if (!options.is_race)
		stopping = true;
	for (i = 0; i < options.nclients; i++)
		pthread_join(clients[i].thread, NULL);
	stopping = true;
	for (; i < nall; i++)
		pthread_join(clients[i].thread, NULL);
	write_progress();
	report(stdout);
	return 0;
}
