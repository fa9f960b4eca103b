/*
 * paymodes.c
 *	  The ways to wrap a call about a payment: committed, taken back, cut off.
 *
 * An answer is noted as soon as the client has it, and the fate of its
 * transaction once the server has told that.  What a COMMIT did whose reply
 * was lost is nobody's claim.
 */
#include "pay.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOLD "told|"
#define NCOLUMNS 7
#define NARGS 5

#define OID_TEXT 25
#define OID_UUID 2950

static const Oid arg_types[NARGS] = {OID_TEXT, OID_UUID, OID_TEXT, OID_TEXT, OID_UUID};

/* Every argument is used by every verb, so that all are called alike. */
static const char *const call_of[VERBS] = {
	[VERB_PRESENT] = "SELECT v.verdict, v.next, NULL, v.tries_left, v.attempt_no, v.repeated, v.challenge"
	" FROM qrcred.present($1, $2, $3, $4, $5) v",
	[VERB_CONFIRM] = "SELECT v.verdict, v.status, v.receipt, v.tries_left, NULL, NULL, NULL"
	" FROM qrcred.confirm($1, $2, $3, $5) v WHERE $4 <> ''",
	[VERB_RESEND] = "SELECT 'done', NULL, NULL, NULL, NULL, NULL, NULL"
	" FROM (SELECT qrcred.resend($1, $2)) v WHERE $4 <> '' OR $3 <> '' OR $5 IS NULL",
	[VERB_CANCEL] = "SELECT 'done', v.status, NULL, NULL, NULL, NULL, NULL"
	" FROM qrcred.cancel_payment($1, $2) v WHERE $4 <> '' OR $3 <> '' OR $5 IS NULL",
	[VERB_SETTLE] = "", [VERB_DECLINE] = ""
};

/* The same through functions of the caller's, which undo what was done. */
#define THROUGH(function) \
	"SELECT verdict, status, receipt, tries_left, attempt_no, repeated, challenge FROM pay." function \
	"($1, $2, $3, $4, $5, $6)"

static void
args_of(const Ask *ask, const char *args[NARGS])
{
	args[0] = ask->session;
	args[1] = ask->payment;
	args[2] = ask->code[0] ? ask->code : NULL;
	args[3] = ask->gateway;
	args[4] = ask->request[0] ? ask->request : NULL;
}

static void
fail(Client *c, const Ask *ask, const char *mode, int64_t sent, const PGresult *res)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;

	note_failure(c, ask, mode, sent, state ? state : "lost");
}

/* The columns of an answer in a row. */
static void
fields_of(Answer *a, char *fields[NCOLUMNS], size_t sizes[NCOLUMNS])
{
	fields[0] = a->verdict;
	sizes[0] = sizeof(a->verdict);
	fields[1] = a->status;
	sizes[1] = sizeof(a->status);
	fields[2] = a->receipt;
	sizes[2] = sizeof(a->receipt);
	fields[3] = a->tries_left;
	sizes[3] = sizeof(a->tries_left);
	fields[4] = a->attempt_no;
	sizes[4] = sizeof(a->attempt_no);
	fields[5] = a->repeated;
	sizes[5] = sizeof(a->repeated);
	fields[6] = a->challenge;
	sizes[6] = sizeof(a->challenge);
}

/* The answer in the result's first row, noted; false (and noted) without one. */
bool
take(Client *c, const Ask *ask, const char *mode, int64_t sent, PGresult *res,
	 Answer *answer)
{
	bool		ok = PQresultStatus(res) == PGRES_TUPLES_OK &&
		PQntuples(res) == 1 && PQnfields(res) == NCOLUMNS;
	char	   *fields[NCOLUMNS];
	size_t		sizes[NCOLUMNS];
	int			i;

	if (ok)
	{
		fields_of(answer, fields, sizes);
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

bool
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

/*
 * Ends the transaction of the answer, whose fate is noted once it is told.  A
 * COMMIT of a transaction that had failed is a rollback and says so.
 */
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
		fail(c, ask, mode, sent, res);
	PQclear(res);
}

/* Hangs up without a word to the server. */
void
cut(Client *c)
{
	if (PQstatus(c->conn) == CONNECTION_OK)
		(void) shutdown(PQsocket(c->conn), SHUT_RDWR);
	(void) PQconsumeInput(c->conn);
	PQfinish(c->conn);
	c->conn = NULL;
}

static bool
call(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	const char *args[NARGS];
	int64_t		sent = clock_now();

	args_of(ask, args);
	return take(c, ask, mode, sent, PQexecParams(c->conn, call_of[ask->verb], NARGS, arg_types,
												 args, NULL, NULL, 0), answer);
}

/* BEGIN with what follows it, the call, and its end. */
static bool
wrapped(Client *c, const Ask *ask, const char *mode, const char *begin,
		const char *end, Answer *answer)
{
	if (!command(c, ask, mode, begin) || !call(c, ask, mode, answer))
		return false;
	end_with(c, ask, mode, end, answer);
	return true;
}

/* By itself: the server has committed before it says that it is ready again. */
static bool
plain(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	int64_t		sent = clock_now();

	if (!call(c, ask, mode, answer))
		return false;
	if (PQtransactionStatus(c->conn) == PQTRANS_IDLE)
		note_fate(c, ask, mode, sent, answer, FATE_COMMITTED);
	return true;
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
	int64_t		sent;

	if (!command(c, ask, mode, "BEGIN; SAVEPOINT a") || !call(c, ask, mode, answer))
		return false;
	sent = clock_now();
	if (!command(c, ask, mode, "ROLLBACK TO a"))
		return true;
	note_fate(c, ask, mode, sent, answer, FATE_UNDONE);
	memset(answer, 0, sizeof(*answer));
	if (!call(c, ask, mode, answer))
		return false;
	end_with(c, ask, mode, draw(c, 3) ? "COMMIT" : "ROLLBACK", answer);
	return true;
}

static PGresult *
call_through(Client *c, const Ask *ask, const char *sql)
{
	static const Oid types[NARGS + 1] = {OID_TEXT, OID_TEXT, OID_UUID, OID_TEXT, OID_TEXT, OID_UUID};
	const char *args[NARGS + 1];

	args[0] = ask->verb == VERB_PRESENT ? "present" : "confirm";
	args_of(ask, args + 1);
	return PQexecParams(c->conn, sql, NARGS + 1, types, args, NULL, NULL, 0);
}

/* An exception block in plpgsql that undoes the call and keeps the answer. */
static bool
caught(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	int64_t		sent = clock_now();

	if (!take(c, ask, mode, sent, call_through(c, ask, THROUGH("caught")), answer))
		return false;
	note_fate(c, ask, mode, sent, answer, FATE_UNDONE);
	return true;
}

/* The answer leaves in an error message, which also ends the transaction. */
static bool
raised(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	int64_t		sent = clock_now();
	PGresult   *res = call_through(c, ask, THROUGH("raised"));
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	char	   *fields[NCOLUMNS];
	size_t		sizes[NCOLUMNS];
	bool		ok = message && strncmp(message, TOLD, strlen(TOLD)) == 0;
	int			i;

	if (ok)
	{
		message += strlen(TOLD);
		fields_of(answer, fields, sizes);
		for (i = 0; i < NCOLUMNS; i++)
		{
			size_t		len = strcspn(message, "|");

			snprintf(fields[i], sizes[i], "%.*s", (int) len, message);
			message += len + (message[len] == '|');
		}
		note(c, ask, mode, sent, answer);
		note_fate(c, ask, mode, sent, answer, FATE_UNDONE);
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
				   "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pay.noise",
				   draw(c, 2) ? "COMMIT" : "ROLLBACK", answer);
}

static bool
serializable(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	return wrapped(c, ask, mode,
				   "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(n) FROM pay.noise; "
				   "INSERT INTO pay.noise VALUES (1)",
				   draw(c, 2) ? "ROLLBACK" : "COMMIT", answer);
}

static bool
prepared(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	char		prepare[80];
	char		end[80];
	unsigned long long gid = draw(c, UINT64_MAX);

	snprintf(prepare, sizeof(prepare), "PREPARE TRANSACTION 'pay-%llx'", gid);
	snprintf(end, sizeof(end), "%s PREPARED 'pay-%llx'", draw(c, 2) ? "ROLLBACK" : "COMMIT", gid);
	if (!command(c, ask, mode, "BEGIN") || !call(c, ask, mode, answer))
		return false;
	if (command(c, ask, mode, prepare))
		end_with(c, ask, mode, end, answer);
	return true;
}

/* Who asks for it may lose his own commit in a crash: no claim. */
static bool
asynchronous(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	return command(c, ask, mode, "BEGIN; SET LOCAL synchronous_commit = off") &&
		call(c, ask, mode, answer) && (command(c, ask, mode, "COMMIT") || true);
}

/* Twice in one pipeline, rolled back in it too. */
static bool
pipelined(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	const char *args[NARGS];
	int64_t		sent = clock_now();
	bool		ok = false;
	PGresult   *res;
	int			nulls = 0;

	args_of(ask, args);
	if (!PQenterPipelineMode(c->conn) ||
		!PQsendQueryParams(c->conn, "BEGIN", 0, NULL, NULL, NULL, NULL, 0) ||
		!PQsendQueryParams(c->conn, call_of[ask->verb], NARGS, arg_types, args, NULL, NULL, 0) ||
		!PQsendQueryParams(c->conn, call_of[ask->verb], NARGS, arg_types, args, NULL, NULL, 0) ||
		!PQsendQueryParams(c->conn, "ROLLBACK", 0, NULL, NULL, NULL, NULL, 0) ||
		!PQpipelineSync(c->conn))
	{
		note_failure(c, ask, mode, sent, "lost");
		cut(c);
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
		{
			memset(answer, 0, sizeof(*answer));
			if (take(c, ask, mode, sent, res, answer))
			{
				ok = true;
				note_fate(c, ask, mode, sent, answer, FATE_UNDONE);
			}
		}
		else
		{
			if (PQresultStatus(res) == PGRES_FATAL_ERROR)
				fail(c, ask, mode, sent, res);
			PQclear(res);
		}
	}
	if (PQstatus(c->conn) != CONNECTION_OK || !PQexitPipelineMode(c->conn))
		cut(c);
	return ok;
}

/* Caught while the charge function sleeps, too. */
static bool
timed_out(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	char		begin[80];

	snprintf(begin, sizeof(begin), "BEGIN; SET LOCAL statement_timeout = %d",
			 1 + (int) draw(c, 30));
	return wrapped(c, ask, mode, begin, "COMMIT", answer);
}

/*
 * Hangs up: as soon as the reply is there, without reading it; or after a
 * moment, wherever the server is by then.
 */
static void
hang_up(Client *c)
{
	struct pollfd wait = {.fd = PQsocket(c->conn),.events = POLLIN};

	(void) PQflush(c->conn);
	if (draw(c, 2))
		(void) poll(&wait, 1, 2000);
	else
		usleep(draw(c, 15000));
	cut(c);
}

/* Nobody reads the reply. */
static bool
lost(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	const char *args[NARGS];

	args_of(ask, args);
	note_failure(c, ask, mode, clock_now(), "lost");
	if (PQsendQueryParams(c->conn, call_of[ask->verb], NARGS, arg_types, args, NULL, NULL, 0))
		hang_up(c);
	else
		cut(c);
	return false;
}

/* The answer is read, that of the COMMIT is not. */
static bool
commit_lost(Client *c, const Ask *ask, const char *mode, Answer *answer)
{
	if (!command(c, ask, mode, "BEGIN") || !call(c, ask, mode, answer))
		return false;
	if (PQsendQuery(c->conn, "COMMIT"))
		hang_up(c);
	else
		cut(c);
	return true;
}

typedef bool (*Mode) (Client *c, const Ask *ask, const char *mode, Answer *answer);

static const Mode modes[] = {
	plain, rolled_back, committed, savepoint, caught, raised, repeatable,
	serializable, prepared, asynchronous, pipelined, timed_out, lost, commit_lost
};

const char *const mode_names[] = {
	"plain", "rollback", "commit", "savepoint", "caught", "raised", "repeatable",
	"serializable", "prepared", "asynchronous", "pipeline", "timeout", "lost", "commit_lost"
};

const int	nmodes = sizeof(modes) / sizeof(modes[0]);

/* One of those that the command line has; is_undoing: whose transaction comes to nothing. */
int
draw_mode(Client *c, bool is_undoing)
{
	static const Mode undoing[] = {rolled_back, caught, raised, pipelined};
	int			mode;
	int			i;

	for (;;)
	{
		mode = (int) draw(c, nmodes);
		for (i = 0; is_undoing && i < 4 && modes[mode] != undoing[i]; i++)
			;
		if ((options.modes & (1u << mode)) != 0 && i < 4)
			return mode;
		/* not where the command line leaves none of them */
		if (is_undoing && draw(c, 50) == 0)
			is_undoing = false;
	}
}

/* True with the last answer told; the connection is idle, bad or gone afterwards. */
bool
ask_in_mode(Client *c, int mode, const Ask *ask, Answer *answer)
{
	bool		ok;

	memset(answer, 0, sizeof(*answer));
	ok = modes[mode] (c, ask, mode_names[mode], answer);
	if (c->conn && PQstatus(c->conn) == CONNECTION_OK &&
		PQtransactionStatus(c->conn) != PQTRANS_IDLE)
		PQclear(PQexec(c->conn, "ROLLBACK"));
	return ok;
}
