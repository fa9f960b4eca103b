/*
 * guess_modes.c
 *	  A guess as a call, and the ways to wrap it that only guesses have.
 *
 * A verdict stays whatever becomes of its transaction, so that no fate is
 * written down.
 */
#include "guess.h"

#include <string.h>

#define COLUMNS "v.verdict, v.next, NULL, v.tries_left, v.attempt_no, v.repeated, v.challenge"

const bool	has_fates = false;

static const char *const kind_names[KINDS] = {"first", "second", "typed", "rotating"};

static bool
is_scanned(const Ask *ask)
{
	return ask->kind == KIND_FIRST || ask->kind == KIND_ROTATING;
}

static void
args_of(const Ask *ask, Call *call)
{
	static const Oid types[] = {OID_INT8, OID_TEXT, OID_TEXT, OID_TEXT, OID_UUID};

	call->nargs = 5;
	call->types = types;
	call->args[0] = is_scanned(ask) ? NULL : ask->id_text;
	call->args[1] = ask->code;
	call->args[2] = ask->gateway;
	call->args[3] = ask->text[0] ? ask->text : NULL;
	call->args[4] = ask->request[0] ? ask->request : NULL;
}

/* The call as an item of FROM. */
static const char *
item_of(const Ask *ask)
{
	return is_scanned(ask) ? "qrcred.verify($2, $3, $4, $5)" :
		"qrcred.verify_second($1, $2, $3, $4, $5)";
}

void
call_of(const Ask *ask, const char *through, Call *call)
{
	args_of(ask, call);
	if (through)
		snprintf(call->sql, sizeof(call->sql),
				 "SELECT " COLUMNS " FROM guess.%s($1, $2, $3, $4, $5) v", through);
	else
		snprintf(call->sql, sizeof(call->sql), "SELECT " COLUMNS " FROM %s v", item_of(ask));
}

void
log_answer(Client *c, const Ask *ask, const char *mode, int64_t sent, const Answer *a)
{
	const char *const fields[] = {
		ask->id_text, ask->gateway, kind_names[ask->kind], mode, ask->request, ask->asked,
		a->verdict, a->status, a->tries_left, a->attempt_no, a->repeated
	};

	write_line(c, sent, fields, sizeof(fields) / sizeof(fields[0]));
}

void
count_answer(const Ask *ask, const Answer *a)
{
	if (ask->kind == KIND_SECOND || ask->kind == KIND_TYPED)
		count(ANSWERED);
	if (a->tries_left[0] != '\0' && a->repeated[0] == 'f')
		count(WRONG_TOLD);
	if (strcmp(a->verdict, "accepted") == 0)
		count(SUCCEEDED);
}

/* In a transaction of its own, the call between what stands before and after it. */
static bool
run_between(Client *c, const Ask *ask, const Mode *mode, const char *before,
			const char *after, int64_t *sent, PGresult **res)
{
	Call		call;

	if (!command(c, ask, mode->name, "BEGIN"))
		return false;
	args_of(ask, &call);
	snprintf(call.sql, sizeof(call.sql), "%s FROM %s v%s", before, item_of(ask), after);
	*sent = clock_now();
	*res = run_call(c, &call);
	return true;
}

/* Tells by the number of rows whether it was accepted; no attempt number. */
static bool
explained(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	int64_t		sent;
	PGresult   *res;
	bool		ok;

	if (!run_between(c, ask, mode, "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT",
					 " WHERE v.verdict = 'accepted'", &sent, &res))
		return false;
	ok = PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) > 0;
	if (ok)
	{
		snprintf(answer->verdict, sizeof(answer->verdict), "%s",
				 strstr(PQgetvalue(res, 0, 0), "rows=1 ") ? "accepted" : "otherwise");
		note(c, ask, mode->name, sent, answer);
	}
	else
		note_failure(c, ask, mode->name, sent, res);
	PQclear(res);
	return ok && (command(c, ask, mode->name, "ROLLBACK") || true);
}

static bool
cursor(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	int64_t		sent;
	PGresult   *res;
	bool		ok;

	if (!run_between(c, ask, mode, "DECLARE c CURSOR FOR SELECT " COLUMNS, "", &sent, &res))
		return false;
	ok = PQresultStatus(res) == PGRES_COMMAND_OK;
	if (!ok)
		note_failure(c, ask, mode->name, sent, res);
	PQclear(res);
	return ok && take(c, ask, mode->name, sent, PQexec(c->conn, "FETCH ALL FROM c"), answer) &&
		(command(c, ask, mode->name, "CLOSE c; ROLLBACK") || true);
}

/* Holds the very row's lock while asking. */
static bool
locked(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	char		begin[160];

	snprintf(begin, sizeof(begin), "BEGIN; SELECT id FROM qrcred_store.strike "
			 "WHERE id = %s FOR UPDATE SKIP LOCKED", ask->id_text);
	return begun_with(c, ask, mode, begin, answer);
}

static void
note_paid(Client *c, const Ask *ask, const char *mode, int64_t sent,
		  unsigned long long number)
{
	Answer		a = {.verdict = "paid"};

	snprintf(a.attempt_no, sizeof(a.attempt_no), "%llu", number);
	log_answer(c, ask, mode, sent, &a);
}

/*
 * The caller writes a row of his own, before or after the verdict, and
 * commits: once he was told so, the row has to stay.
 */
static bool
paid(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	char		insert[80];
	char		begin[100];
	unsigned long long number = draw(c, INT64_MAX);
	bool		before = draw(c, 2) == 0;
	int64_t		sent = clock_now();

	snprintf(insert, sizeof(insert), "INSERT INTO guess.paid VALUES (%llu)", number);
	snprintf(begin, sizeof(begin), "BEGIN%s%s", before ? "; " : "", before ? insert : "");
	if (!command(c, ask, mode->name, begin) || !ask_once(c, ask, mode->name, answer))
		return false;
	if ((before || command(c, ask, mode->name, insert)) &&
		PQtransactionStatus(c->conn) == PQTRANS_INTRANS &&
		command(c, ask, mode->name, "COMMIT"))
		note_paid(c, ask, mode->name, sent, number);
	return true;
}

const Mode	modes[] = {
	{"plain", plain},
	{"rollback", in_transaction, "BEGIN", 0},
	{"commit", in_transaction, "BEGIN", TWELVE},
	{"savepoint", savepoint, .commits = 6},
	{"caught", caught},
	{"raised", raised},
	{"repeatable", in_transaction, REPEATABLE_READ("guess"), 6},
	{"serializable", in_transaction, SERIALIZABLE("guess"), 3},
	{"prepared", prepared, .commits = 3},
	{"explained", explained},
	{"asynchronous", in_transaction, "BEGIN; SET LOCAL synchronous_commit = off", 6},
	{"pipeline", pipelined},
	{"cursor", cursor},
	{"locked", locked, .commits = 6},
	{"timeout", timed_out, .commits = 0, .most_msec = 4},
	{"paid", paid}
};

const int	nmodes = sizeof(modes) / sizeof(modes[0]);
