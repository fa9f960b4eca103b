/*
 * rate.c
 *	  Two prepared statements in turns, each executed by the same number of
 *	  clients as fast as they are answered.
 *
 *	  rate CONNINFO CLIENTS SECONDS WARM ROUNDS ARGUMENTS FIRST STATEMENT STATEMENT
 *
 * Every client keeps one connection for either statement from beginning to
 * end: what is compared is a statement in a session that has run it before,
 * not the making of a session.  After WARM seconds of either, each round runs
 * one for SECONDS and then the other, the odd rounds in the order given, the
 * even ones the other way round.
 *
 * Each execution takes the next line of the file ARGUMENTS as $1; each
 * statement goes through the lines by itself, from line FIRST (0 is the first)
 * on.  Prints a line a round: the
 * executions a second of the first statement and of the second.  The last
 * line holds, of either statement, how often it was executed in all and how
 * many of its answers began with another word than its first one.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_CLIENTS 64

/* One of the two statements. */
typedef struct
{
	const char *statement;
	long		next_line;
	long		odd_answers;
	char		first_answer[64];
} Arm;

static const char *conninfo;
static Arm	arms[2];
static char **lines;
static long nlines;

/* what the clients are to run: set before they pass begin, -1 to end */
static int	running;
static volatile int stopping;
static pthread_barrier_t begin;
static pthread_barrier_t end;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void
fail(const char *what)
{
	fprintf(stderr, "rate: %s\n", what);
	exit(1);
}

static PGconn *
open_connection(const char *statement)
{
	PGconn	   *conn = PQconnectdb(conninfo);
	PGresult   *res;

	if (PQstatus(conn) != CONNECTION_OK)
		fail(PQerrorMessage(conn));
	res = PQprepare(conn, "s", statement, 1, NULL);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail(PQerrorMessage(conn));
	PQclear(res);
	return conn;
}

static void
note_answer(Arm *arm, const char *answer)
{
	pthread_mutex_lock(&lock);
	if (arm->first_answer[0] == '\0')
		snprintf(arm->first_answer, sizeof(arm->first_answer), "%s", answer);
	if (strcmp(arm->first_answer, answer) != 0)
		arm->odd_answers++;
	pthread_mutex_unlock(&lock);
}

/* Executes until told to stop; a line once taken is always executed. */
static void
execute(PGconn *conn, Arm *arm)
{
	while (!stopping)
	{
		long		i = __sync_fetch_and_add(&arm->next_line, 1);
		const char *args[1];
		PGresult   *res;

		if (i >= nlines)
			fail("the lines ran out: a larger POOL is needed");
		args[0] = lines[i];
		res = PQexecPrepared(conn, "s", 1, args, NULL, NULL, 0);
		if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK)
			fail(PQerrorMessage(conn));
		note_answer(arm, PQntuples(res) > 0 ? PQgetvalue(res, 0, 0) : "done");
		PQclear(res);
	}
}

static void *
client_main(void *arg)
{
	PGconn	   *conns[2];
	int			i;

	(void) arg;
	for (i = 0; i < 2; i++)
		conns[i] = open_connection(arms[i].statement);
	for (;;)
	{
		pthread_barrier_wait(&begin);
		if (running < 0)
			break;
		execute(conns[running], &arms[running]);
		pthread_barrier_wait(&end);
	}
	for (i = 0; i < 2; i++)
		PQfinish(conns[i]);
	return NULL;
}

/* Lets the clients run an arm for a while: executions a second. */
static double
run(int arm, double seconds)
{
	struct timespec nap = {(time_t) seconds,
	(long) ((seconds - (time_t) seconds) * 1e9)};
	long		before = arms[arm].next_line;
	double		began;

	running = arm;
	stopping = 0;
	pthread_barrier_wait(&begin);
	began = now();
	nanosleep(&nap, NULL);
	stopping = 1;
	pthread_barrier_wait(&end);
	return (arms[arm].next_line - before) / (now() - began);
}

static void
read_lines(const char *path)
{
	FILE	   *f = fopen(path, "r");
	char		line[256];
	long		room = 0;

	if (f == NULL)
		fail(path);
	while (fgets(line, sizeof(line), f))
	{
		line[strcspn(line, "\n")] = '\0';
		if (nlines == room)
		{
			room = room ? 2 * room : 1024;
			lines = realloc(lines, room * sizeof(char *));
		}
		lines[nlines++] = strdup(line);
	}
	fclose(f);
}

int
main(int argc, char **argv)
{
	pthread_t	threads[MAX_CLIENTS];
	int			nclients;
	double		seconds;
	double		warm;
	int			rounds;
	long		first;
	int			i;

	if (argc != 10)
		fail("rate CONNINFO CLIENTS SECONDS WARM ROUNDS ARGUMENTS FIRST STATEMENT STATEMENT");
	conninfo = argv[1];
	nclients = atoi(argv[2]);
	seconds = atof(argv[3]);
	warm = atof(argv[4]);
	rounds = atoi(argv[5]);
	read_lines(argv[6]);
	first = atol(argv[7]);
	for (i = 0; i < 2; i++)
	{
		arms[i].statement = argv[8 + i];
		arms[i].next_line = first;
	}
	if (nclients < 1 || nclients > MAX_CLIENTS)
		fail("1 to 64 clients");
	pthread_barrier_init(&begin, NULL, nclients + 1);
	pthread_barrier_init(&end, NULL, nclients + 1);
	for (i = 0; i < nclients; i++)
		if (pthread_create(&threads[i], NULL, client_main, NULL) != 0)
			fail("no thread");

	for (i = 0; i < 2; i++)
		run(i, warm);
	for (i = 0; i < rounds; i++)
	{
		double		rates[2];
		int			turn = i % 2;

		rates[turn] = run(turn, seconds);
		rates[1 - turn] = run(1 - turn, seconds);
		printf("%.1f %.1f\n", rates[0], rates[1]);
		fflush(stdout);
	}
	running = -1;
	pthread_barrier_wait(&begin);
	for (i = 0; i < nclients; i++)
		pthread_join(threads[i], NULL);
	printf("%ld %ld %ld %ld\n", arms[0].next_line - first, arms[0].odd_answers,
		   arms[1].next_line - first, arms[1].odd_answers);
	return 0;
}
