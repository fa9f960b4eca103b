/*
 * run.c
 *	  A run of many clients, until enough is asked or it is told to stop
 *	  (SIGTERM).
 */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "endings.h"

Options		options = {.nclients = 16, .modes = ~0u};

static const char *program;
static long counts[COUNTS];

void
count(Count what)
{
	__sync_fetch_and_add(&counts[what], 1);
}

long
counted(Count what)
{
	return __atomic_load_n(&counts[what], __ATOMIC_RELAXED);
}

void
give_up(int status, const char *format,...)
{
	va_list		args;

	fprintf(stderr, "%s: ", program);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
	exit(status);
}

static unsigned
parse_modes(char *list)
{
	unsigned	bits = 0;
	char	   *name;
	int			i;

	for (name = strtok(list, ","); name; name = strtok(NULL, ","))
	{
		for (i = 0; i < nmodes && strcmp(name, modes[i].name) != 0; i++)
			;
		if (i == nmodes)
			give_up(2, "there is no mode \"%s\"", name);
		bits |= 1u << i;
	}
	return bits;
}

static void
stop(int signal)
{
	stopping = true;
}

void
begin_run(int argc, char **argv, const char *letters, void (*own) (int letter, char *argument))
{
	char		all[40];
	int			opt;

	program = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	options.seed = (uint64_t) clock_now();
	snprintf(all, sizeof(all), "d:c:n:s:g:t:S:m:o%s", letters);
	while ((opt = getopt(argc, argv, all)) != -1)
		switch (opt)
		{
			case 'd': options.directory = optarg; break;
			case 'c':
				if (options.nconninfo < MAX_CLIENTS)
					options.conninfo[options.nconninfo++] = optarg;
				break;
			case 'n': options.nclients = atoi(optarg); break;
			case 's': options.nslots = atoi(optarg); break;
			case 'g': options.enough = atol(optarg); break;
			case 't': options.seconds = atoi(optarg); break;
			case 'S': options.seed = strtoull(optarg, NULL, 10); break;
			case 'm': options.modes = parse_modes(optarg); break;
			case 'o': options.only_wrong = true; break;
			case '?': exit(2);
			default: own(opt, optarg);
		}
	if (options.directory == NULL || options.nconninfo == 0)
		give_up(2, "-d and -c are needed");
	if (options.nclients < 1 || options.nclients > MAX_CLIENTS)
		give_up(2, "-n takes 1 to %d", MAX_CLIENTS);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, stop);
	prctl(PR_SET_PDEATHSIG, SIGTERM);	/* nobody reads on when the test is gone */
	signal(SIGINT, stop);
}

void
open_clients(Client *clients, int from, int to, void (*work) (Client *c))
{
	int			i;

	for (i = from; i < to; i++)
	{
		Client	   *c = &clients[i];
		char		path[1024];

		c->number = i;
		c->work = work;
		c->random = options.seed + (uint64_t) i * UINT64_C(0x632be59bd9b4e019);
		c->conninfo = options.conninfo[i % options.nconninfo];
		if (qc_mac_open(&c->mac) != QC_OK)
			give_up(1, "no HMAC");
		snprintf(path, sizeof(path), "%s/client-%02d.log", options.directory, i);
		c->log = fopen(path, "a");
		if (c->log == NULL)
			give_up(1, "%s: %s", path, strerror(errno));
	}
}

static void *
client_main(void *arg)
{
	Client	   *c = arg;

	c->work(c);
	PQfinish(c->conn);
	qc_mac_close(&c->mac);
	fclose(c->log);
	return NULL;
}

void
start_clients(Client *clients, int n)
{
	int			i;

	for (i = 0; i < n; i++)
		if (pthread_create(&clients[i].thread, NULL, client_main, &clients[i]) != 0)
			give_up(1, "no thread");
}

void
wait_for_clients(Client *clients, int from, int to)
{
	int			i;

	for (i = from; i < to; i++)
		pthread_join(clients[i].thread, NULL);
}

static void
report(FILE *out)
{
	fprintf(out, "%ld %ld %ld %ld\n", counted(ANSWERED), counted(WRONG_TOLD),
			counted(SUCCEEDED), counted(UNANSWERED));
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

void
wait_until_enough(void)
{
	int64_t		began = clock_now();

	while (!stopping && (options.enough == 0 || counted(ANSWERED) < options.enough) &&
		   (options.seconds == 0 || clock_now() - began < options.seconds * INT64_C(1000000)))
	{
		write_progress();
		usleep(100000);
	}
	stopping = true;
}

void
end_run(void)
{
	write_progress();
	report(stdout);
}
