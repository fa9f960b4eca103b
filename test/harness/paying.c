/*
 * paying.c
 *	  What a client does: it picks a payer, and begins, presents or confirms his
 *	  payment, rightly or wrongly.
 *
 * A biometric code takes a step of 30 seconds, so a payment is dear: most calls
 * about one that has not ended take back what they did, and a new one begins
 * some seconds after the last.
 */
#include "pay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAYMENT_USEC	4000000
#define FREEZE_USEC		1000000
#define WRONG_USEC		5000000

static pthread_barrier_t race;

/* What all clients may know of the payment from now on. */
static void
learn(Slot *slot, const Ask *ask, const Answer *a)
{
	bool		is_right = ask->asked[0] != '\0';

	pthread_mutex_lock(&slot->lock);
	if (strcmp(a->verdict, "frozen") == 0 || strcmp(a->tries_left, "0") == 0)
		slot->frozen_until = clock_now() + FREEZE_USEC;
	if (a->tries_left[0] != '\0' && is_right)
		slot->wrong_left--;
	if (strcmp(slot->payment, ask->payment) != 0)
		;
	else if (ask->verb == VERB_PRESENT)
	{
		if (a->challenge[0] != '\0')
			snprintf(slot->digits, sizeof(slot->digits), "%.*s", QC_VERIFICATION_DIGITS, a->challenge);
		if (strcmp(a->verdict, "accepted") == 0)
		{
			if (a->fate == FATE_COMMITTED)
				slot->state = STATE_PRESENTED;
		}
		else if (strcmp(a->status, "stop") == 0)
			slot->state = STATE_ENDED;
		else if (is_right && strcmp(a->verdict, "rejected") == 0 &&
				 strcmp(slot->code, ask->code) == 0)
			slot->code[0] = '\0';	/* used up, or too old */
	}
	else if (ask->verb == VERB_CONFIRM)
	{
		if (a->tries_left[0] != '\0' && is_right)
			slot->digits[0] = '\0'; /* another one was sent since */
		if (strcmp(a->status, "open") == 0 && slot->state == STATE_PRESENTED)
			slot->state = STATE_OPEN;
		if ((a->fate == FATE_COMMITTED &&
			 (strcmp(a->status, "charged") == 0 || strcmp(a->status, "declined") == 0)) ||
			strcmp(a->status, "left") == 0)
			slot->state = STATE_ENDED;
	}
	else if (a->fate == FATE_COMMITTED)
	{
		slot->digits[0] = '\0';
		if (ask->verb == VERB_CANCEL && strcmp(a->status, "left") == 0)
			slot->state = STATE_ENDED;
	}
	pthread_mutex_unlock(&slot->lock);
}

/* In a mode at random; who lost the reply asks again at once, half of the time. */
static void
ask_and_learn(Client *c, Slot *slot, Ask *ask)
{
	Answer		answer;
	int			mode = draw_mode(c, slot->state == STATE_PRESENTED ? draw(c, 60) != 0 :
								 slot->state == STATE_OPEN && draw(c, 3) == 0);

	/* the other modes know presenting and confirming only */
	if (ask->verb != VERB_PRESENT && ask->verb != VERB_CONFIRM)
		mode = (int) draw(c, 3);
	if (ask_in_mode(c, mode, ask, &answer))
		learn(slot, ask, &answer);
	else if (ask->asked[0] && draw(c, 2) && is_ready(c) &&
			 ask_in_mode(c, (int) draw(c, 3), ask, &answer))
		learn(slot, ask, &answer);
}

static bool
has_digits(const Slot *seen)
{
	return !seen->needs_code || seen->digits[0] != '\0';
}

/* Takes one of the wrong codes that the payer bears, which are for the whole run. */
static bool
may_be_wrong(Client *c, Slot *slot)
{
	int64_t		now = clock_now();
	bool		ok;

	pthread_mutex_lock(&slot->lock);
	ok = slot->wrong_left > 0 && now >= slot->wrong_from;
	if (ok)
	{
		slot->wrong_left--;
		/* sometimes another one at once, by another client as well */
		if (draw(c, 2))
			slot->wrong_from = now + (int64_t) draw(c, WRONG_USEC);
	}
	pthread_mutex_unlock(&slot->lock);
	return ok;
}

/*
 * Presents the payment, with a code made now when it has none.  A retry by the
 * same request is honoured as long as no other came between, so others are
 * rare while the payment is open; false when no step is left.
 */
static bool
choose_code(Client *c, Slot *slot, const Slot *seen, Ask *ask)
{
	bool		is_open = seen->state == STATE_OPEN;
	bool		is_needed = is_open || (seen->state == STATE_PRESENTED && !has_digits(seen));

	ask_for(seen, VERB_PRESENT, ask);
	if ((!is_open || seen->code[0] == '\0') && draw(c, 3) == 0 && may_be_wrong(c, slot))
	{
		wrong_code(c, seen, ask);
		return true;
	}
	if (seen->code[0] == '\0')
	{
		if (!is_needed || !new_code(c, slot))
			return false;
		pthread_mutex_lock(&slot->lock);
		ask_for(slot, VERB_PRESENT, ask);
		pthread_mutex_unlock(&slot->lock);
	}
	if (draw(c, is_open ? 20 : 3) == 0)
		draw_request(c, ask->request);
	else if (draw(c, is_open ? 20 : 3) == 0)
		ask->request[0] = '\0';
	return ask->code[0] != '\0';
}

/* What comes next for the payment as it was seen; false when nothing does now. */
static bool
choose(Client *c, Slot *slot, const Slot *seen, Ask *ask)
{
	if (seen->state == STATE_OPEN || !has_digits(seen) || draw(c, 10) == 0)
		return choose_code(c, slot, seen, ask);
	if (seen->state == STATE_PRESENTED && draw(c, 150) == 0)
	{
		ask_for(seen, draw(c, 2) ? VERB_RESEND : VERB_CANCEL, ask);
		return true;
	}
	ask_for(seen, VERB_CONFIRM, ask);
	if (draw(c, 2))
		draw_request(c, ask->request);
	if (seen->needs_code && draw(c, 9) == 0 && may_be_wrong(c, slot))
		wrong_code(c, seen, ask);
	return true;
}

/* All clients meet at one payer every now and then. */
static Slot *
pick(Client *c)
{
	if (draw(c, 3) == 0)
		return &slots[(clock_now() / 200000) % options.nslots];
	return &slots[draw(c, options.nslots)];
}

static void
work(Client *c)
{
	Slot	   *slot = pick(c);
	Slot		seen;
	bool		mine;
	Ask			ask;

	pthread_mutex_lock(&slot->lock);
	mine = !slot->is_begun &&
		(slot->state == STATE_NONE ||
		 (slot->state == STATE_ENDED && clock_now() - slot->begun_at > PAYMENT_USEC));
	if (mine)
	{
		slot->is_begun = true;
		slot->begun_at = clock_now();
	}
	seen = *slot;
	pthread_mutex_unlock(&slot->lock);
	if (mine)
	{
		(void) begin_payment(c, slot);
		pthread_mutex_lock(&slot->lock);
		slot->is_begun = false;
		pthread_mutex_unlock(&slot->lock);
	}
	else if (seen.state == STATE_NONE ||
			 (seen.frozen_until > clock_now() && draw(c, 20) != 0) ||
			 !choose(c, slot, &seen, &ask))
		usleep(500);
	else
		ask_and_learn(c, slot, &ask);
}

void
keep_paying(Client *c)
{
	while (is_ready(c))
	{
		work(c);
		usleep(draw(c, 3000));
	}
}

static void
run_race(Client *c, Verb verb)
{
	int			i;

	/* the others would wait for it */
	if (!is_ready(c))
		abort();
	for (i = 0; i < options.nslots; i++)
	{
		Slot		seen;
		Ask			ask;
		Answer		answer;

		pthread_mutex_lock(&slots[i].lock);
		seen = slots[i];
		pthread_mutex_unlock(&slots[i].lock);
		ask_for(&seen, verb, &ask);
		if (verb == VERB_PRESENT && draw(c, 2))
			draw_request(c, ask.request);
		if (options.only_wrong)
			wrong_code(c, &seen, &ask);
		pthread_barrier_wait(&race);
		(void) ask_in_mode(c, draw_mode(c, false), &ask, &answer);
	}
}

void
race_to_present(Client *c)
{
	run_race(c, VERB_PRESENT);
}

void
race_to_confirm(Client *c)
{
	run_race(c, VERB_CONFIRM);
}

/* For a race: every payment begun, and presented before anybody confirms. */
void
present_all(Client *c, bool is_presented, int nclients)
{
	int			i;

	if (!is_ready(c))
		give_up(1, "stopped");
	for (i = 0; i < options.nslots; i++)
	{
		Ask			ask;
		Answer		answer;

		if (!begin_payment(c, &slots[i]) || !new_code(c, &slots[i]))
			give_up(1, "payer %d has no payment: %s", i, PQerrorMessage(c->conn));
		if (is_presented)
			continue;
		ask_for(&slots[i], VERB_PRESENT, &ask);
		if (!ask_in_mode(c, 0, &ask, &answer) || strcmp(answer.verdict, "accepted") != 0)
			give_up(1, "payer %d was not accepted: %s", i, PQerrorMessage(c->conn));
		learn(&slots[i], &ask, &answer);
	}
	pthread_barrier_init(&race, NULL, (unsigned) nclients);
}
