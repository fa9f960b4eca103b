/*
 * guess.c
 *	  The guesser: clients in parallel, each of which picks a credential, asks,
 *	  and writes down what it was told, until enough is asked or it is told to
 *	  stop (SIGTERM).  A client whose backend or server dies connects again.
 *
 *	  guess -d DIRECTORY -c CONNINFO [-c ...] -i ISSUER [-i ...] [options]
 *		-n clients  -s slots  -g guesses  -t seconds  -w gateways  -S seed
 *		-m mode,mode  only these   -o  only wrong codes after one first scan
 *
 * The issuers, the gateways till-1.. and schema guess are there already.  The
 * last line of output, and the file "progress" meanwhile, hold the numbers of
 * guesses answered, of strikes, of acceptances and of calls without answer.
 */
#include "guess.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

Options		options = {.directory = NULL, .nclients = 16, .nslots = 100,
.ngateways = 8, .guesses = 0, .seconds = 0, .modes = ~0u};
Slot	   *slots;
volatile bool stopping = false;

static long guesses_answered;
static long strikes;
static long acceptances;
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

static const char *const kind_names[KINDS] = {"first", "second", "typed", "rotating"};

static const char *
field(const char *s)
{
	return s[0] ? s : "-";
}

static void
write_line(Client *c, const Ask *ask, const char *mode, int64_t sent,
		   const Answer *a)
{
	fprintf(c->log, "%lld\t%lld\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			(long long) sent, (long long) clock_now(), c->number, ask->id_text,
			ask->gateway, kind_names[ask->kind], mode, field(ask->request),
			field(ask->asked), a->verdict, field(a->next), field(a->tries_left),
			field(a->attempt_no), field(a->repeated));
}

void
note(Client *c, const Ask *ask, const char *mode, int64_t sent, const Answer *a)
{
	write_line(c, ask, mode, sent, a);
	if (ask->kind == KIND_SECOND || ask->kind == KIND_TYPED)
		__sync_fetch_and_add(&guesses_answered, 1);
	if (a->tries_left[0] != '\0' && a->repeated[0] == 'f')
		__sync_fetch_and_add(&strikes, 1);
	if (strcmp(a->verdict, "accepted") == 0)
		__sync_fetch_and_add(&acceptances, 1);
}

void
note_failure(Client *c, const Ask *ask, const char *mode, int64_t sent,
			 const char *sqlstate)
{
	Answer		a = {0};

	strcpy(a.verdict, "!");
	snprintf(a.next, sizeof(a.next), "%s", sqlstate);
	write_line(c, ask, mode, sent, &a);
	__sync_fetch_and_add(&unanswered, 1);
}

void
note_paid(Client *c, const Ask *ask, const char *mode, int64_t sent,
		  unsigned long long number)
{
	Answer		a = {0};

	strcpy(a.verdict, "paid");
	snprintf(a.attempt_no, sizeof(a.attempt_no), "%llu", number);
	write_line(c, ask, mode, sent, &a);
}

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

static bool
is_void(const Answer *a)
{
	return strcmp(a->verdict, "frozen") == 0 && strcmp(a->next, "stop") == 0;
}

/* What all clients may know of the credential from now on. */
static void
learn(Slot *slot, const Ask *ask, const Answer *a)
{
	pthread_mutex_lock(&slot->lock);
	if (slot->id == ask->id)
	{
		if (strcmp(a->verdict, "challenge") == 0)
			snprintf(slot->digits, sizeof(slot->digits), "%s", a->challenge);
		else if (strcmp(a->verdict, "accepted") == 0 && ask->kind != KIND_ROTATING)
			slot->digits[0] = '\0';
		else if (strcmp(a->verdict, "frozen") == 0 || strcmp(a->next, "stop") == 0)
		{
			slot->digits[0] = '\0';
			slot->frozen_until = clock_now() + 900000;
		}
		else if (strcmp(a->verdict, "rejected") == 0 && a->attempt_no[0] == '\0' &&
				 ask->kind != KIND_ROTATING)
			slot->digits[0] = '\0';
		if (is_void(a) && !options.only_wrong)
			slot->id = 0;
	}
	pthread_mutex_unlock(&slot->lock);
}

static void
ask_once(Client *c, Slot *slot, Ask *ask)
{
	Answer		answer;
	int			mode;

	do
		mode = (int) draw(c, nmodes);
	while ((options.modes & (1u << mode)) == 0);
	if (ask_in_mode(c, mode, ask, &answer))
		learn(slot, ask, &answer);

	/* who lost the reply or his transaction asks again: a used code still pays */
	if (ask->request[0] && !options.only_wrong &&
		(PQstatus(c->conn) == CONNECTION_OK ? draw(c, 8) == 0 : connect_client(c)) &&
		ask_in_mode(c, (int) draw(c, 2), ask, &answer))
		learn(slot, ask, &answer);
}

/*
 * All clients meet at one credential every now and then; with -o, at each in
 * turn, while it is fresh.
 */
static Slot *
pick(Client *c)
{
	if (options.only_wrong)
		return &slots[(guesses_answered / options.nclients) % options.nslots];
	if (draw(c, 4) == 0)
		return &slots[(clock_now() / 100000) % options.nslots];
	return &slots[draw(c, options.nslots)];
}

static void
work(Client *c)
{
	Slot	   *slot = pick(c);
	Slot		seen;
	Kind		kind;
	bool		right = false;
	bool		mine;
	Ask			ask;

	pthread_mutex_lock(&slot->lock);
	mine = slot->id == 0 && !slot->is_made;
	if (mine)
		slot->is_made = true;
	seen = *slot;
	pthread_mutex_unlock(&slot->lock);
	if (mine)
	{
		(void) make_credential(c, slot, (int) (slot - slots));
		pthread_mutex_lock(&slot->lock);
		slot->is_made = false;
		pthread_mutex_unlock(&slot->lock);
		return;
	}
	if (seen.id == 0 ||
		(seen.frozen_until > clock_now() && draw(c, 50) != 0 && !options.only_wrong))
	{
		usleep(200);
		return;
	}

	if (options.only_wrong)
		kind = draw(c, 2) ? KIND_SECOND : KIND_TYPED;
	else if (draw(c, 40) == 0)
		kind = KIND_ROTATING;
	else if (seen.digits[0] == '\0' ? draw(c, 4) != 0 : draw(c, 30) == 0)
		kind = KIND_FIRST;
	else
	{
		kind = draw(c, 2) ? KIND_SECOND : KIND_TYPED;
		right = seen.digits[0] != '\0' && draw(c, 6) == 0;
		if (draw(c, 200) == 0)
			strcpy(seen.text, "CNY 99.00 Else");
	}
	if (prepare_ask(c, &seen, kind, right, &ask))
		ask_once(c, slot, &ask);
}

static void *
client_main(void *arg)
{
	Client	   *c = arg;

	if (qc_mac_open(&c->mac) != QC_OK)
		abort();
	while (!stopping)
	{
		if ((c->conn == NULL || PQstatus(c->conn) != CONNECTION_OK) &&
			!connect_client(c))
			break;
		if (options.guesses > 0 && guesses_answered >= options.guesses)
			break;
		work(c);
	}
	PQfinish(c->conn);
	qc_mac_close(&c->mac);
	fclose(c->log);
	return NULL;
}

static void
report(FILE *out)
{
	fprintf(out, "%ld %ld %ld %ld\n", guesses_answered, strikes, acceptances, unanswered);
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
			fprintf(stderr, "guess: there is no mode \"%s\"\n", name);
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

	while ((opt = getopt(argc, argv, "d:c:i:n:s:g:t:w:S:m:o")) != -1)
		switch (opt)
		{
			case 'd': options.directory = optarg; break;
			case 'c':
				if (options.nconninfo < MAX_CLIENTS)
					options.conninfo[options.nconninfo++] = optarg;
				break;
			case 'i':
				if (options.nissuers < MAX_ISSUERS)
					options.issuer[options.nissuers++] = optarg;
				break;
			case 'n': options.nclients = atoi(optarg); break;
			case 's': options.nslots = atoi(optarg); break;
			case 'g': options.guesses = atol(optarg); break;
			case 't': options.seconds = atoi(optarg); break;
			case 'w': options.ngateways = atoi(optarg); break;
			case 'S': seed = strtoull(optarg, NULL, 10); break;
			case 'm': options.modes = parse_modes(optarg); break;
			case 'o': options.only_wrong = true; break;
			default: exit(2);
		}
	if (options.directory == NULL || options.nconninfo == 0 ||
		options.nissuers == 0 || options.nclients < 1 ||
		options.nclients > MAX_CLIENTS || options.nslots < 1)
	{
		fprintf(stderr, "guess: -d, -c and -i are needed\n");
		exit(2);
	}
	return seed;
}

/* With -o: every credential with an open challenge before anybody guesses. */
static void
open_challenges(Client *c)
{
	Ask			ask;
	Answer		answer;
	int			i;

	if (qc_mac_open(&c->mac) != QC_OK || !connect_client(c))
		exit(1);
	for (i = 0; i < options.nslots; i++)
		if (!make_credential(c, &slots[i], i) ||
			!prepare_ask(c, &slots[i], KIND_FIRST, true, &ask) ||
			!ask_in_mode(c, 0, &ask, &answer) ||
			strcmp(answer.verdict, "challenge") != 0)
		{
			fprintf(stderr, "guess: credential %d has no challenge: %s\n", i,
					PQerrorMessage(c->conn));
			exit(1);
		}
	PQfinish(c->conn);
	qc_mac_close(&c->mac);
	c->conn = NULL;
}

int
main(int argc, char **argv)
{
	static Client clients[MAX_CLIENTS];
	uint64_t	seed = parse_options(argc, argv);
	int64_t		began = clock_now();
	int			i;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, stop);
	prctl(PR_SET_PDEATHSIG, SIGTERM);	/* nobody reads on when the test is gone */
	signal(SIGINT, stop);
	slots = calloc(options.nslots, sizeof(Slot));
	for (i = 0; i < options.nslots; i++)
		pthread_mutex_init(&slots[i].lock, NULL);
	for (i = 0; i < options.nclients; i++)
	{
		char		path[1024];

		clients[i].number = i;
		clients[i].random = seed + (uint64_t) i * UINT64_C(0x632be59bd9b4e019);
		clients[i].conninfo = options.conninfo[i % options.nconninfo];
		snprintf(path, sizeof(path), "%s/client-%02d.log", options.directory, i);
		clients[i].log = fopen(path, "a");
		if (clients[i].log == NULL)
		{
			fprintf(stderr, "guess: %s: %s\n", path, strerror(errno));
			return 1;
		}
	}
	if (options.only_wrong)
		open_challenges(&clients[0]);
	for (i = 0; i < options.nclients; i++)
		if (pthread_create(&clients[i].thread, NULL, client_main, &clients[i]) != 0)
			return 1;
	while (!stopping && (options.guesses == 0 || guesses_answered < options.guesses) &&
		   (options.seconds == 0 || clock_now() - began < options.seconds * INT64_C(1000000)))
	{
		write_progress();
		usleep(100000);
	}
	stopping = true;
	for (i = 0; i < options.nclients; i++)
		pthread_join(clients[i].thread, NULL);
	write_progress();
	report(stdout);
	return 0;
}
