/*
 * payer_card.h
 *	  What happens to a payer's row, for the tests of system B: codes presented,
 *	  verification codes, bindings, packages.
 */
#ifndef QC_PAYER_CARD_H
#define QC_PAYER_CARD_H

#include "card.h"

/* A code for the payment of this number, of a step so many from now. */
static inline QcEvent
presented(const Card *c, int payment, int ahead, Guess guess)
{
	QcEvent		e = event(c, QC_EV_BIOMETRIC);

	put_guess(&e, guess);
	e.moment = c->now / QC_USEC / QC_STEP_SECONDS + ahead;
	memset(e.payment, payment, sizeof(e.payment));
	return e;
}

static inline QcVerdict
present(Card *c, int payment, Guess guess)
{
	QcEvent		e = presented(c, payment, 0, guess);

	return apply(c, &e);
}

static inline QcEvent
verification(const Card *c, Guess guess)
{
	QcEvent		e = event(c, QC_EV_VERIFICATION);

	put_guess(&e, guess);
	e.guess_len = 6;
	return e;
}

static inline QcVerdict
confirm(Card *c, Guess guess)
{
	QcEvent		e = verification(c, guess);

	return apply(c, &e);
}

/* A package for a further device, asked for with a verification code. */
static inline QcEvent
package_asked(const Card *c, Guess guess)
{
	QcEvent		e = event(c, QC_EV_PACKAGE);

	put_guess(&e, guess);
	e.guess_len = 6;
	return e;
}

static inline QcVerdict
ask_package(Card *c, Guess guess)
{
	QcEvent		e = package_asked(c, guess);

	return apply(c, &e);
}

/* What was bound ends; a year and another key for what follows. */
static inline QcVerdict
end_binding(Card *c)
{
	QcEvent		e = event(c, QC_EV_BINDING);

	e.new_kid = 2;
	e.new_valid_until = c->now / QC_USEC + 400 * 86400;
	memset(e.new_digest, 0xd2, sizeof(e.new_digest));
	return apply(c, &e);
}

/* Whether nothing but the event's number, and the memory of a request, differs. */
static inline bool
is_untouched(const QcStrike *after, const QcStrike *before)
{
	QcStrike	x = *after;

	x.attempt_no = before->attempt_no;
	memcpy(x.request, before->request, sizeof(x.request));
	x.request_at = before->request_at;
	x.request_no = before->request_no;
	x.request_verdict = before->request_verdict;
	x.request_reason = before->request_reason;
	x.request_next = before->request_next;
	x.request_tier = before->request_tier;
	x.request_tries = before->request_tries;
	return memcmp(&x, before, sizeof(x)) == 0;
}

/* What bars a payer, and what is said of it to who holds a right code. */
typedef struct Bar
{
	int			flags;
	bool		is_frozen;
	bool		is_expired;
	QcVerdict	verdict;
	QcReason	reason;
	QcNext		next;
} Bar;

static const Bar bars[] = {
	{QC_FLAG_VOID, false, false, QC_FROZEN, QC_WHY_VOID, QC_NEXT_STOP},
	{QC_FLAG_VOID | QC_FLAG_REGISTRATION, true, true, QC_FROZEN, QC_WHY_VOID, QC_NEXT_STOP},
	{0, true, false, QC_FROZEN, QC_WHY_FROZEN, QC_NEXT_NONE},
	{QC_FLAG_REGISTRATION, true, true, QC_FROZEN, QC_WHY_FROZEN, QC_NEXT_NONE},
	{QC_FLAG_REGISTRATION, false, false, QC_REJECTED, QC_WHY_REGISTRATION, QC_NEXT_STOP},
	{QC_FLAG_REGISTRATION, false, true, QC_REJECTED, QC_WHY_REGISTRATION, QC_NEXT_STOP},
	{0, false, true, QC_EXPIRED, QC_WHY_EXPIRED, QC_NEXT_RENEW}
};

static inline Card
barred(const Bar *bar)
{
	Card		c = fresh();

	c.s.flags |= bar->flags;
	c.s.freeze_no = 3;
	if (bar->is_frozen)
		c.s.frozen_until = c.now + 1;
	if (bar->is_expired)
		c.s.valid_until = c.now / QC_USEC;
	return c;
}

#endif
