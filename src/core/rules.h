/*
 * rules.h
 *	  What the files of the lifecycle share; nobody else includes it.
 */
#ifndef QC_RULES_H
#define QC_RULES_H

#include "lifecycle.h"

void		qc_answer(QcOutcome *out, QcVerdict verdict, QcReason reason,
					  QcNext next);
void		qc_reject(QcOutcome *out, QcReason reason);

/* Whether a field of 16 bytes holds nothing. */
bool		qc_is_zero(const uint8_t bytes[16]);

/* Compares the guess with what it must be, in constant time. */
bool		qc_is_guess_right(const QcEvent *e);

/* The challenge, and what is remembered of the one before it, is over. */
void		qc_end_challenge(QcStrike *s);

bool		qc_is_expired(const QcStrike *s, int64_t now);

/*
 * Void, frozen, changed and expired, said to the holder of a right code or at
 * the gateway of an open challenge.  True when the answer is given.
 */
bool		qc_barred(const QcStrike *s, const QcEvent *e, int64_t now,
					  QcOutcome *out);

/* now + seconds, never past QC_FOREVER. */
int64_t		qc_later(int64_t now, int64_t seconds);

/*
 * A freeze, whoever caused it: every count to zero, every factor left one
 * guess, the challenge ended but remembered until its time, so that its
 * gateway is told why.
 */
void		qc_enter_freeze(QcStrike *s, int64_t until);

/* A wrong guess that counts; at the limit of its factor, or of all, it freezes. */
void		qc_strike(QcStrike *s, QcFactor factor, const QcPolicy *p,
					  int64_t now, QcOutcome *out);

/* A success clears its own factor only. */
void		qc_succeed(QcStrike *s, QcFactor factor);

/* The latest acceptance is this one, unless the day's limit forbids it. */
void		qc_accept(QcStrike *s, const QcEvent *e, int tier, bool ask_password,
					  int64_t now, QcOutcome *out);

/*
 * Every older code of the credential is worthless from here on.  After the
 * last generation the row is void and the caller makes another credential.
 */
void		qc_next_generation(QcStrike *s, const QcEvent *e);

/* Events of payer.c. */
void		qc_event_login(QcStrike *s, const QcEvent *e, int64_t now,
						   QcOutcome *out);
void		qc_event_biometric(QcStrike *s, const QcEvent *e, const QcPolicy *p,
							   int64_t now, QcOutcome *out);
void		qc_event_verification(QcStrike *s, const QcEvent *e,
								  const QcPolicy *p, int64_t now, QcOutcome *out);
void		qc_event_binding(QcStrike *s, const QcEvent *e, int64_t now,
							 QcOutcome *out);
void		qc_event_package(QcStrike *s, const QcEvent *e, const QcPolicy *p,
							 int64_t now, QcOutcome *out);

/* Events of ticket.c. */
void		qc_event_download(QcStrike *s, const QcEvent *e, int64_t now,
							  QcOutcome *out);
void		qc_event_new_ticket(QcStrike *s, const QcEvent *e, int64_t now,
								QcOutcome *out);
void		qc_event_renew(QcStrike *s, const QcEvent *e, const QcPolicy *p,
						   int64_t now, QcOutcome *out);
void		qc_event_reissue(QcStrike *s, const QcEvent *e, QcOutcome *out);

#endif
