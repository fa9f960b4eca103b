/*
 * rate.c
 *	  Clients that execute one prepared statement as fast as they are answered.
 *
 *	  rate CONNINFO CLIENTS SECONDS STATEMENT ARGUMENTS FIRST
 *
 * Each execution takes the next line of the file ARGUMENTS as $1, from line
 * FIRST (0 is the first) on.  Prints the executions, the seconds they took and
 * how many answers began with another word than the first one's.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define MAX_CLIENTS 64

static const char *conninfo;
static const char *statement;
static char **lines;
static long nlines;
static long next_line;
static long first_line;
static long odd_answers;
static char first_answer[64];
static volatile int stopping;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t ready;

static double
now(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
	return tv.tv_sec + tv.tv_usec / 1e6;
}

static void
fail(const char *what)
{
	fprintf(stderr, "rate: %s\n", what);
	exit(1);
}

static void
note_answer(const char *answer)
{
	pthread_mutex_lock(&lock);
	if (first_answer[0] == '\0')
		snprintf(first_answer, sizeof(first_answer), "%s", answer);
	if (strcmp(first_answer, answer) != 0)
		odd_answers++;
	pthread_mutex_unlock(&lock);
}

static void *
client_main(void *arg)
{
	PGconn	   *conn = PQconnectdb(conninfo);
	PGresult   *res;

	if (PQstatus(conn) != CONNECTION_OK)
		fail(PQerrorMessage(conn));
	res = PQprepare(conn, "s", statement, 1, NULL);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail(PQerrorMessage(conn));
	PQclear(res);
	pthread_barrier_wait(&ready);
	while (!stopping)
	{
		long		i = __sync_fetch_and_add(&next_line, 1);
		const char *args[1];

		if (i >= nlines)
			break;
		args[0] = lines[i];
		res = PQexecPrepared(conn, "s", 1, args, NULL, NULL, 0);
		if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK)
			fail(PQerrorMessage(conn));
		note_answer(PQntuples(res) > 0 ? PQgetvalue(res, 0, 0) : "done");
		PQclear(res);
	}
	PQfinish(conn);
	return NULL;
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
	double		began;
	long		done;
	int			i;

	if (argc != 7)
		fail("rate CONNINFO CLIENTS SECONDS STATEMENT ARGUMENTS FIRST");
	conninfo = argv[1];
	nclients = atoi(argv[2]);
	seconds = atof(argv[3]);
	statement = argv[4];
	read_lines(argv[5]);
	first_line = next_line = atol(argv[6]);
	if (nclients < 1 || nclients > MAX_CLIENTS)
		fail("1 to 64 clients");
	pthread_barrier_init(&ready, NULL, nclients + 1);
	for (i = 0; i < nclients; i++)
		if (pthread_create(&threads[i], NULL, client_main, NULL) != 0)
			fail("no thread");
	pthread_barrier_wait(&ready);
	began = now();
	while (now() - began < seconds && next_line < nlines)
	{
		struct timespec nap = {0, 10000000};

		nanosleep(&nap, NULL);
	}
	stopping = 1;
	for (i = 0; i < nclients; i++)
		pthread_join(threads[i], NULL);
	done = (next_line < nlines ? next_line : nlines) - first_line;
	printf("%ld %.6f %ld\n", done, now() - began, odd_answers);
	return 0;
}
