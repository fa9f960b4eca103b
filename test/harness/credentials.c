/*
 * credentials.c
 *	  The issuing side and the wallet's side of the guesser: new credentials,
 *	  and the codes that they show.
 */
#include "guess.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static PGresult *
call(Client *c, const char *sql, const char *const *args, int nargs)
{
	PGresult   *res = PQexecParams(c->conn, sql, nargs, NULL, args, NULL, NULL, 0);

	if (PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 1)
		return res;
	PQclear(res);
	return NULL;
}

/*
 * Registers a customer, issues and downloads, each committed by itself.  False
 * when the server went away; what was half made stays unused.  The slot's lock
 * is not held: is_made keeps others away.
 */
bool
make_credential(Client *c, Slot *slot, int number)
{
	const char *issuer = place.issuer[number % place.nissuers];
	char		reference[48];
	char		id_number[24];
	const char *registration[] = {issuer, reference, "Ada Example", id_number, "+8613800000000"};
	const char *ticket[1];
	PGresult   *issued;
	PGresult   *package;
	bool		ok = false;

	snprintf(reference, sizeof(reference), "G-%d-%016llx", c->number,
			 (unsigned long long) draw(c, UINT64_MAX));
	snprintf(id_number, sizeof(id_number), "%018llu",
			 (unsigned long long) draw(c, UINT64_C(1000000000000000000)));
	PQclear(call(c, "SELECT qrcred.register($1, $2, $3, $4, $5)", registration, 5));
	issued = call(c, "SELECT credential_id, ticket FROM qrcred.issue($1, $2)",
				  registration, 2);
	if (issued == NULL)
		return false;
	ticket[0] = PQgetvalue(issued, 0, 1);
	package = call(c, "SELECT p->>'static', p->'keys'->>'second', p->'keys'->>'rotating', "
				   "p->'keys'->>'ocra', p->>'kid' FROM qrcred.download($1) p", ticket, 1);
	if (package != NULL && !PQgetisnull(package, 0, 0))
	{
		pthread_mutex_lock(&slot->lock);
		ok = read_hex(PQgetvalue(package, 0, 1), slot->second_key, QC_KEY_LEN) &&
			read_hex(PQgetvalue(package, 0, 2), slot->rotating_key, QC_KEY_LEN) &&
			read_hex(PQgetvalue(package, 0, 3), slot->ocra_key, QC_KEY_LEN);
		snprintf(slot->first, sizeof(slot->first), "%s", PQgetvalue(package, 0, 0));
		slot->kid = (uint8_t) atoi(PQgetvalue(package, 0, 4));
		snprintf(slot->gateway, sizeof(slot->gateway), "till-%d",
				 1 + number % place.ngateways);
		snprintf(slot->text, sizeof(slot->text), "%s",
				 number % 4 == 3 ? "CNY 12.50 Books" : "");
		slot->digits[0] = '\0';
		slot->frozen_until = 0;
		slot->id = ok ? strtoll(PQgetvalue(issued, 0, 0), NULL, 10) : 0;
		pthread_mutex_unlock(&slot->lock);
	}
	PQclear(package);
	PQclear(issued);
	return ok;
}

/* The wallet's second code, or one with a random MAC. */
static bool
second_code(Client *c, const Slot *slot, bool right, Ask *ask)
{
	QcCode		code = {0};
	uint8_t		extra[9];
	size_t		extra_len;
	int			i;

	code.kind = QC_KIND_SECOND;
	code.kid = slot->kid;
	code.generation = 1;
	code.credential_id = slot->id;
	code.moment = (uint32_t) (clock_now() / 1000000);
	if (right)
	{
		if (qc_second_extra(slot->digits, strlen(slot->digits), extra, &extra_len) != QC_OK ||
			qc_code_sign(&c->mac, slot->second_key, extra, extra_len, &code) != QC_OK)
			return false;
	}
	else
		for (i = 0; i < QC_CODE_MAC; i++)
			code.mac[i] = (uint8_t) draw(c, 256);
	qc_code_print(&code, ask->code);
	return true;
}

static bool
rotating_code(Client *c, const Slot *slot, Ask *ask)
{
	QcCode		code = {0};

	code.kind = QC_KIND_ROTATING;
	code.kid = slot->kid;
	code.generation = 1;
	code.credential_id = slot->id;
	code.moment = (uint32_t) (clock_now() / 1000000 / QC_STEP_SECONDS);
	if (qc_code_sign(&c->mac, slot->rotating_key, NULL, 0, &code) != QC_OK)
		return false;
	qc_code_print(&code, ask->code);
	snprintf(ask->asked, sizeof(ask->asked), "%u", code.moment);
	return true;
}

/* slot is the caller's copy.  A right code needs slot->digits. */
bool
prepare_ask(Client *c, const Slot *slot, Kind kind, bool right, Ask *ask)
{
	bool		ok = true;

	memset(ask, 0, sizeof(*ask));
	ask->kind = kind;
	ask->id = slot->id;
	snprintf(ask->id_text, sizeof(ask->id_text), "%lld", (long long) slot->id);
	snprintf(ask->gateway, sizeof(ask->gateway), "%s", slot->gateway);
	snprintf(ask->text, sizeof(ask->text), "%s", slot->text);
	if (right && slot->digits[0] != '\0')
		snprintf(ask->asked, sizeof(ask->asked), "%s", slot->digits);
	if (draw(c, 2) == 0)
		draw_request(c, ask->request);
	switch (kind)
	{
		case KIND_FIRST:
			ask->asked[0] = '\0';
			snprintf(ask->code, sizeof(ask->code), "%s", slot->first);
			break;
		case KIND_ROTATING:
			ok = rotating_code(c, slot, ask);
			break;
		case KIND_SECOND:
			ok = second_code(c, slot, right, ask);
			break;
		default:
			if (right)
				ok = qc_typed_code(&c->mac, slot->ocra_key, slot->digits,
								   strlen(slot->digits), ask->code) == QC_OK;
			else
				snprintf(ask->code, sizeof(ask->code), "%08llu",
						 (unsigned long long) draw(c, 100000000));
	}
	return ok;
}
