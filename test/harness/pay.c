/*
 * pay.c
 *	  The payers: clients in parallel that pay as paying.c says, and clients
 *	  that settle what is charged elsewhere.
 *
 *	  pay -d DIRECTORY -c CONNINFO [-c ...] [options]
 *		-C CONNINFO -N number  of clients that settle
 *		-r  each payment confirmed by all clients at once
 *		-p  or presented, if with -r; and what run.h says
 *
 * The file "payers" in the directory has a line per payer: id, kid, generation,
 * session, gateway, key in hexadecimal, whether a verification code is asked
 * for (t or f).  The counts are of confirmations answered, of wrong codes told,
 * of payments told as charged and of calls without answer.
 */
#include "pay.h"

#include <stdlib.h>

Slot	   *slots;

static const char *settler;		/* of the issuer's own program */
static int	nsettlers = 1;
static bool is_race;			/* every payment confirmed by all clients at once */
static bool is_presented;		/* or presented */

static void
own_option(int letter, char *argument)
{
	switch (letter)
	{
		case 'C': settler = argument; break;
		case 'N': nsettlers = atoi(argument); break;
		case 'r': is_race = true; break;
		case 'p': is_presented = true; break;
	}
}

static void
open_all(Client *clients, int nall)
{
	int			i;

	open_clients(clients, 0, options.nclients,
				 !is_race ? keep_paying : is_presented ? race_to_present : race_to_confirm);
	open_clients(clients, options.nclients, nall, keep_settling);
	for (i = options.nclients; i < nall; i++)
		clients[i].conninfo = settler;
}

int
main(int argc, char **argv)
{
	static Client clients[MAX_CLIENTS];
	int			nall;
	int			npayers;

	begin_run(argc, argv, "C:N:rp", own_option);
	if (settler == NULL)
		nsettlers = 0;
	nall = options.nclients + nsettlers;
	if (nsettlers < 0 || nall > MAX_CLIENTS)
		give_up(2, "-n and -N take up to %d", MAX_CLIENTS);
	npayers = read_payers(options.directory);
	if (options.nslots == 0 || options.nslots > npayers)
		options.nslots = npayers;
	open_all(clients, nall);
	if (is_race)
		present_all(&clients[0], is_presented, options.nclients);
	start_clients(clients, nall);
	if (!is_race)
		wait_until_enough();
	wait_for_clients(clients, 0, options.nclients);
	stopping = true;
	wait_for_clients(clients, options.nclients, nall);
	end_run();
	return 0;
}
