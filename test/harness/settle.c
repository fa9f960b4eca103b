/*
 * settle.c
 *	  The issuer's own program: what the charge function left to be moved
 *	  elsewhere is settled or declined, in one transaction with the books.
 */
#include "pay.h"

#include <string.h>
#include <unistd.h>

/* A row of the charge function's outbox that nobody is at; false when there is none. */
static bool
take_order(Client *c, Ask *ask)
{
	PGresult   *res = PQexec(c->conn, "BEGIN; SELECT o.payment_id FROM bank.outgoing o"
							 " WHERE NOT o.is_done ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED");
	bool		ok = PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 1;

	memset(ask, 0, sizeof(*ask));
	if (ok)
		snprintf(ask->payment, sizeof(ask->payment), "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	return ok;
}

static bool
call(Client *c, const Ask *ask, const char *sql, const char *word, Answer *answer)
{
	const char *args[] = {ask->payment, word};
	int64_t		sent = clock_now();

	memset(answer, 0, sizeof(*answer));
	return take(c, ask, "settle", sent,
				PQexecParams(c->conn, sql, 2, NULL, args, NULL, NULL, 0), answer);
}

#define DONE(status, receipt) \
	"SELECT 'done', '" status "', " receipt ", NULL, NULL, NULL, NULL FROM "

/* Books and settles, or declines, and writes down that it did. */
static bool
finish_order(Client *c, Ask *ask, Answer *answer)
{
	char		receipt[sizeof(answer->receipt)];

	if (draw(c, 5) == 0)
	{
		ask->verb = VERB_DECLINE;
		return call(c, ask, DONE("declined", "NULL")
					"(SELECT qrcred.decline_payment($1, $2), bank.done($1)) d", "no funds", answer);
	}
	ask->verb = VERB_SETTLE;
	snprintf(receipt, sizeof(receipt), "S-%d-%llx", c->number,
			 (unsigned long long) draw(c, UINT64_MAX));
	return call(c, ask, DONE("charged", "$2")
				"(SELECT bank.settled($1, $2), qrcred.settle_payment($1, $2), bank.done($1)) d",
				receipt, answer);
}

/* Said once more, which changes nothing; or with another receipt, which is refused. */
static void
say_again(Client *c, const Ask *ask, const Answer *said)
{
	const char *args[] = {ask->payment, draw(c, 2) ? said->receipt : "another"};

	PQclear(PQexecParams(c->conn, "SELECT qrcred.settle_payment($1, $2)", 2, NULL, args,
						 NULL, NULL, 0));
}

void
keep_settling(Client *c)
{
	while (is_ready(c))
	{
		Ask			ask;
		Answer		answer;

		if (take_order(c, &ask) && finish_order(c, &ask, &answer))
		{
			uint64_t	how = draw(c, 8);

			if (how == 0 && PQsendQuery(c->conn, "COMMIT"))
				cut(c);
			else if (how != 0)
				end_with(c, &ask, "settle", how == 1 ? "ROLLBACK" : "COMMIT", &answer);
			if (c->conn && answer.fate == FATE_COMMITTED && ask.verb == VERB_SETTLE)
				say_again(c, &ask, &answer);
		}
		end_transaction(c);
		usleep(3000 + draw(c, 20000));
	}
}
