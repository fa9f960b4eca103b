/*
 * pay_modes.c
 *	  A question about a payment as a call, and the ways to wrap it that only
 *	  payments have: cut off.
 *
 * What a COMMIT did whose reply was lost is nobody's claim.
 */
#include "pay.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

const bool	has_fates = true;

static const char *const verb_names[VERBS] = {
	"present", "confirm", "resend", "cancel", "settle", "decline"
};

/* Every argument is used by every verb, so that all are called alike. */
static const char *const sql_of[VERBS] = {
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

void
call_of(const Ask *ask, const char *through, Call *call)
{
	/* functions that undo the call take the verb first */
	static const Oid types[] = {OID_TEXT, OID_TEXT, OID_UUID, OID_TEXT, OID_TEXT, OID_UUID};
	const char **args = call->args;

	if (through)
	{
		snprintf(call->sql, sizeof(call->sql), "SELECT verdict, status, receipt, tries_left,"
				 " attempt_no, repeated, challenge FROM pay.%s($1, $2, $3, $4, $5, $6)", through);
		*args++ = verb_names[ask->verb];
	}
	else
		snprintf(call->sql, sizeof(call->sql), "%s", sql_of[ask->verb]);
	call->types = through ? types : types + 1;
	call->nargs = through ? 6 : 5;
	args[0] = ask->session;
	args[1] = ask->payment;
	args[2] = ask->code[0] ? ask->code : NULL;
	args[3] = ask->gateway;
	args[4] = ask->request[0] ? ask->request : NULL;
}

void
log_answer(Client *c, const Ask *ask, const char *mode, int64_t sent, const Answer *a)
{
	char		number[24];
	const char *const fields[] = {
		number, ask->id_text, ask->payment, verb_names[ask->verb], mode, ask->request,
		ask->asked, a->verdict, a->status, a->receipt, a->tries_left, a->attempt_no, a->repeated
	};

	snprintf(number, sizeof(number), "%ld", a->number);
	write_line(c, sent, fields, sizeof(fields) / sizeof(fields[0]));
}

void
count_answer(const Ask *ask, const Answer *a)
{
	if (ask->verb == VERB_CONFIRM)
		count(ANSWERED);
	if (a->tries_left[0] != '\0')
		count(WRONG_TOLD);
	if (strcmp(a->status, "charged") == 0)
		count(SUCCEEDED);
}

/* Who asks for it may lose his own commit in a crash: no claim. */
static bool
asynchronous(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	return command(c, ask, mode->name, "BEGIN; SET LOCAL synchronous_commit = off") &&
		ask_once(c, ask, mode->name, answer) &&
		(command(c, ask, mode->name, "COMMIT") || true);
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
lost(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	Call		call;

	call_of(ask, NULL, &call);
	note_lost(c, ask, mode->name, clock_now());
	if (send_call(c, &call))
		hang_up(c);
	else
		cut(c);
	return false;
}

/* The answer is read, that of the COMMIT is not. */
static bool
commit_lost(Client *c, const Ask *ask, const Mode *mode, Answer *answer)
{
	if (!command(c, ask, mode->name, "BEGIN") || !ask_once(c, ask, mode->name, answer))
		return false;
	if (PQsendQuery(c->conn, "COMMIT"))
		hang_up(c);
	else
		cut(c);
	return true;
}

/* A time limit is caught while the charge function sleeps, too. */
const Mode	modes[] = {
	{"plain", plain},
	{"rollback", in_transaction, "BEGIN", 0, .undoes = true},
	{"commit", in_transaction, "BEGIN", TWELVE},
	{"savepoint", savepoint, .commits = 8},
	{"caught", caught, .undoes = true},
	{"raised", raised, .undoes = true},
	{"repeatable", in_transaction, REPEATABLE_READ("pay"), 6},
	{"serializable", in_transaction, SERIALIZABLE("pay"), 6},
	{"prepared", prepared, .commits = 6},
	{"asynchronous", asynchronous},
	{"pipeline", pipelined, .undoes = true},
	{"timeout", timed_out, .commits = TWELVE, .most_msec = 30},
	{"lost", lost},
	{"commit_lost", commit_lost}
};

const int	nmodes = sizeof(modes) / sizeof(modes[0]);
