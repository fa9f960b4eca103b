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

/*
 * Void, frozen, changed and expired, said to the holder of a right code or at
 * the gateway of an open challenge.  True when the answer is given.
 */
bool		qc_barred(const QcStrike *s, const QcEvent *e, int64_t now,
					  QcOutcome *out);

/* Events of ticket.c. */
void		qc_event_download(QcStrike *s, const QcEvent *e, int64_t now,
							  QcOutcome *out);
void		qc_event_new_ticket(QcStrike *s, const QcEvent *e, int64_t now,
								QcOutcome *out);
void		qc_event_renew(QcStrike *s, const QcEvent *e, const QcPolicy *p,
						   int64_t now, QcOutcome *out);
void		qc_event_reissue(QcStrike *s, const QcEvent *e, QcOutcome *out);

#endif
