/*
 * guess.c
 *	  The guesser: clients in parallel, each of which picks a credential, asks,
 *	  and writes down what it was told.
 *
 *	  guess -d DIRECTORY -c CONNINFO [-c ...] -i ISSUER [-i ...] [options]
 *		-w gateways, and what run.h says; -o after one first scan
 *
 * The issuers, the gateways till-1.. and schema guess are there already.  The
 * counts are of guesses answered, of strikes, of acceptances and of calls
 * without answer.
 */
#include "guess.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Place		place = {.ngateways = 8};

static Slot *slots;

static bool
is_void(const Answer *a)
{
	return strcmp(a->verdict, "frozen") == 0 && strcmp(a->status, "stop") == 0;
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
		else if (strcmp(a->verdict, "frozen") == 0 || strcmp(a->status, "stop") == 0)
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
ask_and_learn(Client *c, Slot *slot, Ask *ask)
{
	Answer		answer;

	if (ask_in_mode(c, draw_mode(c, false), ask, &answer))
		learn(slot, ask, &answer);

	/* who lost the reply or his transaction asks again: a used code still pays */
	if (ask->request[0] && !options.only_wrong &&
		(PQstatus(c->conn) == CONNECTION_OK ? draw(c, 8) == 0 : is_ready(c)) &&
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
		return &slots[(counted(ANSWERED) / options.nclients) % options.nslots];
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
		ask_and_learn(c, slot, &ask);
}

static void
guess(Client *c)
{
	while (is_ready(c) && (options.enough == 0 || counted(ANSWERED) < options.enough))
		work(c);
}

/* With -o: every credential with an open challenge before anybody guesses. */
static void
open_challenges(Client *c)
{
	Ask			ask;
	Answer		answer;
	int			i;

	if (!is_ready(c))
		give_up(1, "stopped");
	for (i = 0; i < options.nslots; i++)
		if (!make_credential(c, &slots[i], i) ||
			!prepare_ask(c, &slots[i], KIND_FIRST, true, &ask) ||
			!ask_in_mode(c, 0, &ask, &answer) ||
			strcmp(answer.verdict, "challenge") != 0)
			give_up(1, "credential %d has no challenge: %s", i, PQerrorMessage(c->conn));
}

static void
own_option(int letter, char *argument)
{
	if (letter == 'w')
		place.ngateways = atoi(argument);
	else if (place.nissuers < MAX_ISSUERS)
		place.issuer[place.nissuers++] = argument;
}

int
main(int argc, char **argv)
{
	static Client clients[MAX_CLIENTS];
	int			i;

	options.nslots = 100;
	begin_run(argc, argv, "i:w:", own_option);
	if (place.nissuers == 0 || options.nslots < 1)
		give_up(2, "-i and a slot are needed");
	slots = calloc(options.nslots, sizeof(Slot));
	for (i = 0; i < options.nslots; i++)
		pthread_mutex_init(&slots[i].lock, NULL);
	open_clients(clients, 0, options.nclients, guess);
	if (options.only_wrong)
		open_challenges(&clients[0]);
	start_clients(clients, options.nclients);
	wait_until_enough();
	wait_for_clients(clients, 0, options.nclients);
	end_run();
	return 0;
}
