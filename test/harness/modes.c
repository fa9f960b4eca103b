/*
 * modes.c
 *	  The ways to wrap a call, most of which take back what they did.
 *
 * A verdict is noted as soon as the client has it, before the transaction
 * ends; what becomes of the transaction does not matter to the checker.
 */
#include "guess.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS "v.verdict, v.next, v.tries_left, v.attempt_no, v.repeated, v.challenge"
#define NCOLUMNS 6
#define TOLD "told|"

#define OID_INT8 20
#define OID_TEXT 25
#define OID_UUID 2950

static const Oid arg_types[] = {OID_INT8, OID_TEXT, OID_TEXT, OID_TEXT, OID_UUID};

static const char *
call_of(const Ask *ask)
{
	return ask->kind == KIND_FIRST || ask->kind == KIND_ROTATING ?
		"qrcred.verify($2, $3, $4, $5)" :
		"qrcred.verify_second($1, $2, $3, $4, $5)";
}

static void
args_of(const Ask *ask, const char *args[5])
{
	args[0] = ask->id_text;
	args[1] = ask->code;
	args[2] = ask->gateway;
	args[3] = ask->text[0] ? ask->text : NULL;
	args[4] = ask->request[0] ? ask->request : NULL;
}

static void
fail(Client *c, const Ask *ask, const char *mode, int64_t sent, const PGresult *res)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;

	note_failure(c, ask, mode, sent,
				 PQstatus(c->conn) == CONNECTION_BAD && state == NULL ? "lost" :
				 state ? state : "lost");
}

/* The verdict in the result's first row, noted; false (and noted) without one. */
static bool
take(Client *c, const Ask *ask, const char *mode, int64_t sent, PGresult *res,
	 Answer *answer)
{
	bool		ok = PQresultStatus(res) == PGRES_TUPLES_OK &&
		PQntuples(res) == 1 && PQnfields(res) == NCOLUMNS;
	char	   *fields[] = {answer->verdict, answer->next, answer->tries_left,
	answer->attempt_no, answer->repeated, answer->challenge};
	size_t		sizes[] = {sizeof(answer->verdict), sizeof(answer->next),
		sizeof(answer->tries_left), sizeof(answer->attempt_no),
	sizeof(answer->repeated), sizeof(answer->challenge)};
	int			i;

	if (ok)
	{
		for (i = 0; i < NCOLUMNS; i++)
			snprintf(fields[i], sizes[i], "%s",
					 PQgetisnull(res, 0, i) ? "" : PQgetvalue(res, 0, i));
		note(c, ask, mode, sent, answer);
	}
	else
		fail(c, ask, mode, sent, res);
	PQclear(res);
	return ok;
}

static bool
command(Client *c, const Ask *ask, const char *mode, const char *sql)
{
	int64_t		sent = clock_now();
	PGresult   *res = PQexec(c->conn, sql);
	bool		ok = PQresultStatus(res) == PGRES_COMMAND_OK ||
		PQresultStatus(res) == PGRES_TUPLES_OK;

	if (!ok)
		fail(c, ask, mode, sent, res);
	PQclear(res);
	return ok;
}

static bool
select_verdict(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	const char *args[5];
	char		sql[200];
	int64_t		sent;

	args_of(ask, args);
	snprintf(sql, sizeof(sql), "SELECT " COLUMNS " FROM %s v", call_of(ask));
	sent = clock_now();
	return take(c, ask, mode, sent,
				PQexecParams(c->conn, sql, 5, arg_types, args, NULL, NULL, 0), answer);
}

/* BEGIN with what follows it, the call, and its end. */
static bool
wrapped(Client *c, const Ask *ask, const char *mode, const char *begin,
		const char *end, Answer *answer)
{
	return command(c, ask, mode, begin) &&
		select_verdict(c, ask, mode, answer) &&
		(end == NULL || command(c, ask, mode, end) || true);
}

static bool
plain(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	return select_verdict(c, ask, mode, answer);
}

static bool
rolled_back(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	return wrapped(c, ask, mode, "BEGIN", "ROLLBACK", answer);
}

static bool
committed(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	return wrapped(c, ask, mode, "BEGIN", "COMMIT", answer);
}

/* Twice in one transaction, the first taken back. */
static bool
savepoint(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	return wrapped(c, ask, mode, "BEGIN; SAVEPOINT a", "ROLLBACK TO a", answer) &&
		PQtransactionStatus(c->conn) == PQTRANS_INTRANS &&
		select_verdict(c, ask, mode, answer) &&
		(command(c, ask, mode, draw(c, 2) ? "COMMIT" : "ROLLBACK") || true);
}

/* An exception block in plpgsql that undoes the call and keeps the verdict. */
static bool
caught(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	const char *args[5];
	int64_t		sent = clock_now();

	args_of(ask, args);
	return take(c, ask, mode, sent,
				PQexecParams(c->conn, ask->kind == KIND_FIRST || ask->kind == KIND_ROTATING ?
							 "SELECT " COLUMNS " FROM guess.caught(NULL, $2, $3, $4, $5) v WHERE $1 > 0" :
							 "SELECT " COLUMNS " FROM guess.caught($1, $2, $3, $4, $5) v",
							 5, arg_types, args, NULL, NULL, 0), answer);
}

/* The verdict leaves in an error message, which also ends the transaction. */
static bool
raised(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	const char *args[5];
	int64_t		sent = clock_now();
	PGresult   *res;
	const char *message;
	char	   *fields[] = {answer->verdict, answer->next, answer->tries_left,
	answer->attempt_no, answer->repeated, answer->challenge};
	size_t		sizes[] = {sizeof(answer->verdict), sizeof(answer->next),
		sizeof(answer->tries_left), sizeof(answer->attempt_no),
	sizeof(answer->repeated), sizeof(answer->challenge)};
	bool		ok = false;
	int			i;

	args_of(ask, args);
	res = PQexecParams(c->conn, ask->kind == KIND_FIRST || ask->kind == KIND_ROTATING ?
					   "SELECT guess.raised(NULL, $2, $3, $4, $5) WHERE $1 > 0" :
					   "SELECT guess.raised($1, $2, $3, $4, $5)",
					   5, arg_types, args, NULL, NULL, 0);
	message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	if (message && strncmp(message, TOLD, strlen(TOLD)) == 0)
	{
		const char *p = message + strlen(TOLD);

		for (i = 0; i < NCOLUMNS; i++)
		{
			size_t		len = strcspn(p, "|");

			snprintf(fields[i], sizes[i], "%.*s", (int) len, p);
			p += len + (p[len] == '|');
		}
		ok = true;
		note(c, ask, mode, sent, answer);
	}
	else
		fail(c, ask, mode, sent, res);
	PQclear(res);
	return ok;
}

static bool
repeatable(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	return wrapped(c, ask, mode,
				   "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM guess.noise",
				   draw(c, 2) ? "COMMIT" : "ROLLBACK", answer);
}

/* May fail to serialise, after the verdict is out. */
static bool
serializable(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	return wrapped(c, ask, mode,
				   "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(n) FROM guess.noise; "
				   "INSERT INTO guess.noise VALUES (1)",
				   draw(c, 4) ? "ROLLBACK" : "COMMIT", answer);
}

static bool
prepared(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	char		prepare[80];
	char		end[80];
	unsigned long long gid = draw(c, UINT64_MAX);

	snprintf(prepare, sizeof(prepare), "PREPARE TRANSACTION 'guess-%llx'", gid);
	snprintf(end, sizeof(end), "%s PREPARED 'guess-%llx'",
			 draw(c, 4) ? "ROLLBACK" : "COMMIT", gid);
	return wrapped(c, ask, mode, "BEGIN", prepare, answer) &&
		(PQtransactionStatus(c->conn) != PQTRANS_IDLE ||
		 command(c, ask, mode, end) || true);
}

/* Tells by the number of rows whether it was accepted; no attempt number. */
static bool
explained(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	const char *args[5];
	char		sql[250];
	int64_t		sent;
	PGresult   *res;
	bool		ok;

	if (!command(c, ask, mode, "BEGIN"))
		return false;
	args_of(ask, args);
	snprintf(sql, sizeof(sql), "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) "
			 "SELECT FROM %s v WHERE v.verdict = 'accepted'", call_of(ask));
	sent = clock_now();
	res = PQexecParams(c->conn, sql, 5, arg_types, args, NULL, NULL, 0);
	ok = PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) > 0;
	if (ok)
	{
		snprintf(answer->verdict, sizeof(answer->verdict), "%s",
				 strstr(PQgetvalue(res, 0, 0), "rows=1 ") ? "accepted" : "otherwise");
		note(c, ask, mode, sent, answer);
	}
	else
		fail(c, ask, mode, sent, res);
	PQclear(res);
	return ok && (command(c, ask, mode, "ROLLBACK") || true);
}

static bool
asynchronous(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	return wrapped(c, ask, mode, "BEGIN; SET LOCAL synchronous_commit = off",
				   draw(c, 2) ? "COMMIT" : "ROLLBACK", answer);
}

/* Twice in one pipeline, rolled back in it too. */
static bool
pipelined(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	const char *args[5];
	char		sql[200];
	int64_t		sent = clock_now();
	bool		ok = false;
	PGresult   *res;
	int			nulls = 0;

	args_of(ask, args);
	snprintf(sql, sizeof(sql), "SELECT " COLUMNS " FROM %s v", call_of(ask));
	if (!PQenterPipelineMode(c->conn) ||
		!PQsendQueryParams(c->conn, "BEGIN", 0, NULL, NULL, NULL, NULL, 0) ||
		!PQsendQueryParams(c->conn, sql, 5, arg_types, args, NULL, NULL, 0) ||
		!PQsendQueryParams(c->conn, sql, 5, arg_types, args, NULL, NULL, 0) ||
		!PQsendQueryParams(c->conn, "ROLLBACK", 0, NULL, NULL, NULL, NULL, 0) ||
		!PQpipelineSync(c->conn))
	{
		note_failure(c, ask, mode, sent, "lost");
		PQreset(c->conn);
		return false;
	}
	for (;;)
	{
		res = PQgetResult(c->conn);
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
			ok |= take(c, ask, mode, sent, res, answer);
		else
		{
			if (PQresultStatus(res) == PGRES_FATAL_ERROR)
				fail(c, ask, mode, sent, res);
			PQclear(res);
		}
	}
	if (PQstatus(c->conn) == CONNECTION_OK && !PQexitPipelineMode(c->conn))
		PQreset(c->conn);
	return ok;
}

static bool
cursor(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	const char *args[5];
	char		sql[200];
	int64_t		sent;
	PGresult   *res;
	bool		ok;

	if (!command(c, ask, mode, "BEGIN"))
		return false;
	args_of(ask, args);
	snprintf(sql, sizeof(sql), "DECLARE c CURSOR FOR SELECT " COLUMNS " FROM %s v", call_of(ask));
	sent = clock_now();
	res = PQexecParams(c->conn, sql, 5, arg_types, args, NULL, NULL, 0);
	ok = PQresultStatus(res) == PGRES_COMMAND_OK;
	if (!ok)
		fail(c, ask, mode, sent, res);
	PQclear(res);
	return ok && take(c, ask, mode, sent, PQexec(c->conn, "FETCH ALL FROM c"), answer) &&
		(command(c, ask, mode, "CLOSE c; ROLLBACK") || true);
}

/* Holds the very row's lock while asking. */
static bool
locked(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	char		begin[160];

	snprintf(begin, sizeof(begin), "BEGIN; SELECT id FROM qrcred_store.strike "
			 "WHERE id = %s FOR UPDATE SKIP LOCKED", ask->id_text);
	return wrapped(c, ask, mode, begin, draw(c, 2) ? "COMMIT" : "ROLLBACK", answer);
}

static bool
timed_out(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	char		begin[80];

	snprintf(begin, sizeof(begin), "BEGIN; SET LOCAL statement_timeout = %d",
			 1 + (int) draw(c, 4));
	return wrapped(c, ask, mode, begin, "ROLLBACK", answer);
}

/*
 * The caller writes a row of his own, before or after the verdict, and
 * commits: once he was told so, the row has to stay.
 */
static bool
paid(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	char		insert[80];
	char		begin[100];
	unsigned long long number = draw(c, INT64_MAX);
	bool		before = draw(c, 2) == 0;
	int64_t		sent = clock_now();

	snprintf(insert, sizeof(insert), "INSERT INTO guess.paid VALUES (%llu)", number);
	snprintf(begin, sizeof(begin), "BEGIN%s%s", before ? "; " : "", before ? insert : "");
	if (!wrapped(c, ask, mode, begin, before ? NULL : insert, answer))
		return false;
	if (PQtransactionStatus(c->conn) == PQTRANS_INTRANS &&
		command(c, ask, mode, "COMMIT"))
		note_paid(c, ask, mode, sent, number);
	return true;
}

typedef bool (*Mode) (Client *c, const Ask *ask, const char *mode, Answer *answer);

static const Mode modes[] = {
	plain, rolled_back, committed, savepoint, caught, raised, repeatable,
	serializable, prepared, explained, asynchronous, pipelined, cursor, locked,
	timed_out, paid
};

const char *const mode_names[] = {
	"plain", "rollback", "commit", "savepoint", "caught", "raised", "repeatable",
	"serializable", "prepared", "explained", "asynchronous", "pipeline", "cursor",
	"locked", "timeout", "paid"
};

const int	nmodes = sizeof(modes) / sizeof(modes[0]);

/* True with the last verdict told; the connection is idle or bad afterwards. */
bool
ask_in_mode(Client *c, int mode, const Ask *ask, Answer *answer)
{
	bool		ok;

	memset(answer, 0, sizeof(*answer));
	ok = modes[mode] (c, ask, mode_names[mode], answer);
	if (PQstatus(c->conn) == CONNECTION_OK &&
		PQtransactionStatus(c->conn) != PQTRANS_IDLE)
		PQclear(PQexec(c->conn, "ROLLBACK"));
	return ok;
}
