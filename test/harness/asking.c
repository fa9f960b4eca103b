/*
 * asking.c
 *	  Calls, answers and the ends of transactions, noted as the client has them.
 */
#include "asking.h"

#include <string.h>

#define TOLD "told|"
#define NTEXTS 7

typedef struct Text
{
	char	   *text;
	size_t		size;
} Text;

/* An answer's texts, in the order of the columns. */
static void
texts_of(Answer *a, Text out[NTEXTS])
{
	const Text	texts[NTEXTS] = {
		{a->verdict, sizeof(a->verdict)},
		{a->status, sizeof(a->status)},
		{a->receipt, sizeof(a->receipt)},
		{a->tries_left, sizeof(a->tries_left)},
		{a->attempt_no, sizeof(a->attempt_no)},
		{a->repeated, sizeof(a->repeated)},
		{a->challenge, sizeof(a->challenge)}
	};

	memcpy(out, texts, sizeof(texts));
}

void
note(Client *c, const Ask *ask, const char *mode, int64_t sent, Answer *a)
{
	a->number = ++c->replies;
	a->fate = FATE_UNKNOWN;
	log_answer(c, ask, mode, sent, a);
	count_answer(ask, a);
}

void
note_fate(Client *c, const Ask *ask, const char *mode, int64_t sent, Answer *answer, Fate fate)
{
	Answer		a = {.number = answer->number};

	answer->fate = fate;
	if (!has_fates)
		return;
	strcpy(a.verdict, fate == FATE_COMMITTED ? "committed" : "undone");
	log_answer(c, ask, mode, sent, &a);
}

static void
note_without_answer(Client *c, const Ask *ask, const char *mode, int64_t sent,
					const char *sqlstate)
{
	Answer		a = {.verdict = "!"};

	snprintf(a.status, sizeof(a.status), "%s", sqlstate);
	log_answer(c, ask, mode, sent, &a);
	count(UNANSWERED);
}

void
note_lost(Client *c, const Ask *ask, const char *mode, int64_t sent)
{
	note_without_answer(c, ask, mode, sent, "lost");
}

void
note_failure(Client *c, const Ask *ask, const char *mode, int64_t sent, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	note_without_answer(c, ask, mode, sent, state ? state : "lost");
}

PGresult *
run_call(Client *c, const Call *call)
{
	return PQexecParams(c->conn, call->sql, call->nargs, call->types, call->args, NULL, NULL, 0);
}

bool
send_call(Client *c, const Call *call)
{
	return PQsendQueryParams(c->conn, call->sql, call->nargs, call->types, call->args,
							 NULL, NULL, 0);
}

/* An answer that was read, or the failure to; frees the result. */
static bool
note_result(Client *c, const Ask *ask, const char *mode, int64_t sent, PGresult *res,
			Answer *answer, bool ok)
{
	if (ok)
		note(c, ask, mode, sent, answer);
	else
		note_failure(c, ask, mode, sent, res);
	PQclear(res);
	return ok;
}

bool
take(Client *c, const Ask *ask, const char *mode, int64_t sent, PGresult *res,
	 Answer *answer)
{
	bool		ok = PQresultStatus(res) == PGRES_TUPLES_OK &&
		PQntuples(res) == 1 && PQnfields(res) == NTEXTS;
	Text		texts[NTEXTS];
	int			i;

	texts_of(answer, texts);
	for (i = 0; ok && i < NTEXTS; i++)
		snprintf(texts[i].text, texts[i].size, "%s", PQgetvalue(res, 0, i));
	return note_result(c, ask, mode, sent, res, answer, ok);
}

bool
take_message(Client *c, const Ask *ask, const char *mode, int64_t sent, PGresult *res,
			 Answer *answer)
{
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	bool		ok = message && strncmp(message, TOLD, strlen(TOLD)) == 0;
	Text		texts[NTEXTS];
	int			i;

	texts_of(answer, texts);
	if (ok)
		message += strlen(TOLD);
	for (i = 0; ok && i < NTEXTS; i++)
	{
		size_t		len = strcspn(message, "|");

		snprintf(texts[i].text, texts[i].size, "%.*s", (int) len, message);
		message += len + (message[len] == '|');
	}
	return note_result(c, ask, mode, sent, res, answer, ok);
}

bool
ask_once(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	int64_t		sent = clock_now();
	Call		call;

	call_of(ask, NULL, &call);
	return take(c, ask, mode, sent, run_call(c, &call), answer);
}

bool
command(Client *c, const Ask *ask, const char *mode, const char *sql)
{
	int64_t		sent = clock_now();
	PGresult   *res = PQexec(c->conn, sql);
	bool		ok = PQresultStatus(res) == PGRES_COMMAND_OK ||
		PQresultStatus(res) == PGRES_TUPLES_OK;

	if (!ok)
		note_failure(c, ask, mode, sent, res);
	PQclear(res);
	return ok;
}

/* A COMMIT of a transaction that had failed is a rollback and says so. */
void
end_with(Client *c, const Ask *ask, const char *mode, const char *end, Answer *answer)
{
	int64_t		sent = clock_now();
	PGresult   *res = PQexec(c->conn, end);

	if (PQresultStatus(res) == PGRES_COMMAND_OK)
	{
		if (strncmp(PQcmdStatus(res), "COMMIT", 6) == 0)
			note_fate(c, ask, mode, sent, answer, FATE_COMMITTED);
		else if (strncmp(PQcmdStatus(res), "ROLLBACK", 8) == 0)
			note_fate(c, ask, mode, sent, answer, FATE_UNDONE);
	}
	else
		note_failure(c, ask, mode, sent, res);
	PQclear(res);
}
