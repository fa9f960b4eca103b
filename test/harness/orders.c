/*
 * orders.c
 *	  The payers' side: payments begun, and the codes for them, right and wrong.
 */
#include "pay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRONG_CODES	14			/* a payer bears them without being void */

/* Fills slots from the file "payers"; how many there are. */
int
read_payers(const char *directory)
{
	char		path[1024];
	char		key[2 * QC_KEY_LEN + 1];
	char		needs_code;
	int			kid;
	int			generation;
	int			n = 0;
	FILE	   *f;

	snprintf(path, sizeof(path), "%s/payers", directory);
	f = fopen(path, "r");
	for (;;)
	{
		Slot	   *s;

		slots = realloc(slots, sizeof(Slot) * (n + 1));
		s = &slots[n];
		memset(s, 0, sizeof(*s));
		if (f == NULL ||
			fscanf(f, "%23s %d %d %33s %23s %64s %c", s->id_text, &kid, &generation,
				   s->session, s->gateway, key, &needs_code) != 7)
			break;
		s->id = strtoll(s->id_text, NULL, 10);
		s->kid = (uint8_t) kid;
		s->generation = (uint8_t) generation;
		s->needs_code = needs_code == 't';
		s->wrong_left = WRONG_CODES;
		if (!read_hex(key, s->key, QC_KEY_LEN))
			break;
		n++;
	}
	if (f == NULL || n == 0)
		give_up(1, "there are no payers in %s", path);
	fclose(f);
	for (kid = 0; kid < n; kid++)
		pthread_mutex_init(&slots[kid].lock, NULL);
	return n;
}

/* The next step that a code may have, not used before; 0 when there is none. */
static int64_t
free_step(const Slot *slot)
{
	int64_t		now = clock_now() / 1000000 / QC_STEP_SECONDS;
	int64_t		step = slot->last_step >= now - 1 ? slot->last_step + 1 : now - 1;

	return step <= now + 1 ? step : 0;
}

static bool
take_payment(Client *c, Slot *slot, const PGresult *res)
{
	QcText		text[5];
	int			i;
	bool		ok;

	for (i = 0; i < 5; i++)
	{
		text[i].data = PQgetvalue(res, 0, i);
		text[i].len = (size_t) PQgetlength(res, 0, i);
	}
	pthread_mutex_lock(&slot->lock);
	ok = qc_payment_digest(&c->mac, text, slot->digest) == QC_OK;
	snprintf(slot->payment, sizeof(slot->payment), "%s", PQgetvalue(res, 0, 0));
	slot->code[0] = '\0';
	slot->digits[0] = '\0';
	if (ok)
		slot->state = STATE_OPEN;
	pthread_mutex_unlock(&slot->lock);
	return ok;
}

/*
 * Orders something; whose reply is lost asks again with the same request id.
 * False when there is no step left to sign it with, or no server.
 */
bool
begin_payment(Client *c, Slot *slot)
{
	char		amount[24];
	char		request[UUID_TEXT + 1];
	const char *args[] = {slot->session, amount, request};
	bool		ok = false;
	int			tries;

	if (free_step(slot) == 0)
		return false;
	snprintf(amount, sizeof(amount), "%d.%02d", 1 + (int) draw(c, 900), (int) draw(c, 100));
	draw_request(c, request);
	for (tries = 0; tries < 3 && !ok; tries++)
	{
		PGresult   *res = PQexecParams(c->conn, "SELECT payment_id, payee, currency, amount, nonce"
									   " FROM qrcred.begin_payment($1, $2, 'CNY', 'Example Shop', 'order', $3)",
									   3, NULL, args, NULL, NULL, 0);

		if (PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 1)
			ok = take_payment(c, slot, res);
		PQclear(res);
		if (!ok && !is_ready(c))
			break;
	}
	return ok;
}

/* slot is the caller's copy, or locked. */
void
ask_for(const Slot *slot, Verb verb, Ask *ask)
{
	memset(ask, 0, sizeof(*ask));
	ask->verb = verb;
	memcpy(ask->id_text, slot->id_text, sizeof(ask->id_text));
	memcpy(ask->session, slot->session, sizeof(ask->session));
	memcpy(ask->payment, slot->payment, sizeof(ask->payment));
	memcpy(ask->gateway, slot->gateway, sizeof(ask->gateway));
	if (verb == VERB_PRESENT)
	{
		memcpy(ask->code, slot->code, sizeof(ask->code));
		memcpy(ask->request, slot->request, sizeof(ask->request));
		memcpy(ask->asked, slot->step, sizeof(ask->asked));
	}
	else if (verb == VERB_CONFIRM)
	{
		memcpy(ask->code, slot->digits, sizeof(slot->digits));
		strcpy(ask->asked, "right");
	}
}

/* A biometric code for the slot's payment, at a step not used before. */
bool
new_code(Client *c, Slot *slot)
{
	QcCode		code = {.kind = QC_KIND_BIOMETRIC};
	bool		ok = false;
	int64_t		step;

	pthread_mutex_lock(&slot->lock);
	step = free_step(slot);
	if (slot->code[0] != '\0')
		ok = true;				/* somebody else made it */
	else if (step != 0)
	{
		code.kid = slot->kid;
		code.generation = slot->generation;
		code.credential_id = slot->id;
		code.moment = (uint32_t) step;
		ok = qc_code_sign(&c->mac, slot->key, slot->digest, sizeof(slot->digest), &code) == QC_OK;
		if (ok)
		{
			slot->last_step = step;
			qc_code_print(&code, slot->code);
			snprintf(slot->step, sizeof(slot->step), "%u", code.moment);
			draw_request(c, slot->request);
		}
	}
	pthread_mutex_unlock(&slot->lock);
	return ok;
}

/*
 * Makes the question one with a wrong code: of a modified wallet, at a step
 * later than any, or six digits that were not sent.
 */
void
wrong_code(Client *c, const Slot *slot, Ask *ask)
{
	QcCode		code = {.kind = QC_KIND_BIOMETRIC};
	int			i;

	ask->asked[0] = '\0';
	if (ask->verb == VERB_CONFIRM)
	{
		do
			snprintf(ask->code, sizeof(ask->code), "%06d", (int) draw(c, 1000000));
		while (strcmp(ask->code, slot->digits) == 0);
		return;
	}
	code.kid = slot->kid;
	code.generation = slot->generation;
	code.credential_id = slot->id;
	code.moment = (uint32_t) (clock_now() / 1000000 / QC_STEP_SECONDS + 1);
	for (i = 0; i < QC_CODE_MAC; i++)
		code.mac[i] = (uint8_t) draw(c, 256);
	qc_code_print(&code, ask->code);
	draw_request(c, ask->request);
}
