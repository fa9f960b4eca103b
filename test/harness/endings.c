/*
 * endings.c
 *	  The ways to wrap a call that guesses and payments have in common.
 */
#include "endings.h"

#include <string.h>

static const char *
draw_end(Client *c, const Mode *mode)
{
	return draw(c, TWELVE) < (uint64_t) mode->commits ? "COMMIT" : "ROLLBACK";
}

/* By itself: the server has committed before it says that it is ready again. */
bool
plain(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	int64_t		sent = clock_now();

	if (!ask_once(c, ask, mode->name, answer))
		return false;
	if (PQtransactionStatus(c->conn) == PQTRANS_IDLE)
		note_fate(c, ask, mode->name, sent, answer, FATE_COMMITTED);
	return true;
}

bool
begun_with(Client *c, const Ask *ask, const Mode *mode, const char *begin, Answer *answer)
{
	if (!command(c, ask, mode->name, begin) || !ask_once(c, ask, mode->name, answer))
		return false;
	end_with(c, ask, mode->name, draw_end(c, mode), answer);
	return true;
}

/* One that is serializable may fail after the answer is out. */
bool
in_transaction(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	return begun_with(c, ask, mode, mode->begin, answer);
}

/* Twice in one transaction, the first taken back. */
bool
savepoint(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	int64_t		sent;

	if (!command(c, ask, mode->name, "BEGIN; SAVEPOINT a") ||
		!ask_once(c, ask, mode->name, answer))
		return false;
	sent = clock_now();
	if (!command(c, ask, mode->name, "ROLLBACK TO a"))
		return true;
	note_fate(c, ask, mode->name, sent, answer, FATE_UNDONE);
	memset(answer, 0, sizeof(*answer));
	if (!ask_once(c, ask, mode->name, answer))
		return false;
	end_with(c, ask, mode->name, draw_end(c, mode), answer);
	return true;
}

/* An exception block in plpgsql that undoes the call and keeps the answer. */
bool
caught(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	int64_t		sent = clock_now();
	Call		call;

	call_of(ask, "caught", &call);
	if (!take(c, ask, mode->name, sent, run_call(c, &call), answer))
		return false;
	note_fate(c, ask, mode->name, sent, answer, FATE_UNDONE);
	return true;
}

/* The answer leaves in an error message, which also ends the transaction. */
bool
raised(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	int64_t		sent = clock_now();
	Call		call;

	call_of(ask, "raised", &call);
	if (!take_message(c, ask, mode->name, sent, run_call(c, &call), answer))
		return false;
	note_fate(c, ask, mode->name, sent, answer, FATE_UNDONE);
	return true;
}

/* In two phases. */
bool
prepared(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	char		prepare[80];
	char		end[80];
	unsigned long long gid = draw(c, UINT64_MAX);

	snprintf(prepare, sizeof(prepare), "PREPARE TRANSACTION 'client-%llx'", gid);
	snprintf(end, sizeof(end), "%s PREPARED 'client-%llx'", draw_end(c, mode), gid);
	if (!command(c, ask, mode->name, "BEGIN") || !ask_once(c, ask, mode->name, answer))
		return false;
	if (command(c, ask, mode->name, prepare))
		end_with(c, ask, mode->name, end, answer);
	return true;
}

/* Twice, between BEGIN and ROLLBACK. */
static bool
send_pipeline(Client *c, const Ask *ask)
{
	Call		call;

	call_of(ask, NULL, &call);
	return PQenterPipelineMode(c->conn) &&
		PQsendQueryParams(c->conn, "BEGIN", 0, NULL, NULL, NULL, NULL, 0) &&
		send_call(c, &call) &&
		send_call(c, &call) &&
		PQsendQueryParams(c->conn, "ROLLBACK", 0, NULL, NULL, NULL, NULL, 0) &&
		PQpipelineSync(c->conn);
}

/* Twice in one pipeline, rolled back in it too. */
bool
pipelined(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	int64_t		sent = clock_now();
	bool		ok = false;
	int			nulls = 0;

	if (!send_pipeline(c, ask))
	{
		note_lost(c, ask, mode->name, sent);
		cut(c);
		return false;
	}
	for (;;)
	{
		PGresult   *res = PQgetResult(c->conn);

		if (res == NULL)
		{
			/* one after each statement; more of them, and the server is gone */
			if (++nulls > 8 || PQstatus(c->conn) == CONNECTION_BAD)
				break;
			continue;
		}
		if (PQresultStatus(res) == PGRES_PIPELINE_SYNC)
		{
			PQclear(res);
			break;
		}
		if (PQresultStatus(res) == PGRES_TUPLES_OK)
		{
			memset(answer, 0, sizeof(*answer));
			if (take(c, ask, mode->name, sent, res, answer))
			{
				ok = true;
				note_fate(c, ask, mode->name, sent, answer, FATE_UNDONE);
			}
		}
		else
		{
			if (PQresultStatus(res) == PGRES_FATAL_ERROR)
				note_failure(c, ask, mode->name, sent, res);
			PQclear(res);
		}
	}
	if (PQstatus(c->conn) != CONNECTION_OK || !PQexitPipelineMode(c->conn))
		cut(c);
	return ok;
}

/* Wherever the server is by then. */
bool
timed_out(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	char		begin[80];

	snprintf(begin, sizeof(begin), "BEGIN; SET LOCAL statement_timeout = %d",
			 1 + (int) draw(c, mode->most_msec));
	return begun_with(c, ask, mode, begin, answer);
}

int
draw_mode(Client *c, bool is_undoing)
{
	for (;;)
	{
		int			mode = (int) draw(c, nmodes);

		if ((options.modes & (1u << mode)) != 0 && (!is_undoing || modes[mode].undoes))
			return mode;
		/* not where the command line leaves none of them */
		if (is_undoing && draw(c, 50) == 0)
			is_undoing = false;
	}
}

bool
ask_in_mode(Client *c, int mode, const Ask *ask, Answer *answer)
{
	bool		ok;

	memset(answer, 0, sizeof(*answer));
	ok = modes[mode].ending(c, ask, &modes[mode], answer);
	end_transaction(c);
	return ok;
}
