/*
 * master.h
 *	  Master keys as the verbs use them: fetched from the keyring and held
 *	  against the store's key check values.
 */
#ifndef QR_MASTER_H
#define QR_MASTER_H

#include "postgres.h"

#include "core/challenge.h"
#include "core/keys.h"
#include "core/strike.h"

/*
 * Copies master key kid; kid 0 is the current one.  Answers the kid.  ERROR
 * 55000 when the keyring has none, or when the store has used another key
 * under this number: a wrong key after a restore must never make a right code
 * count as wrong.  The caller wipes.
 */
extern int	qr_master(int kid, uint8 key[QC_KEY_LEN]);

/*
 * The audit key derived from it; the shape that qr_publish() asks for.  0, and
 * nothing copied, for a kid that the keyring does not have.
 */
extern int	qr_audit_key(int kid, uint8 key[QC_KEY_LEN]);

/*
 * As qr_master(0), and notes the key check value in the store at the key's
 * first use.  For verbs that make something that depends on the key; they run
 * as the extension's owner with SPI connected.
 */
extern int	qr_master_use(uint8 key[QC_KEY_LEN]);

/* K(label) of the row's credential, generation and registration; the caller wipes. */
extern void qr_credential_key(const QcStrike *s, const char *label,
							  uint8 key[QC_KEY_LEN]);

/* The n challenge digits of a nonce and a text's SHA-256; the caller wipes. */
extern void qr_challenge_digits(const QcStrike *s, const uint8 *nonce,
								const uint8 *text, int n,
								char digits[QC_DIGITS_MAX + 1]);

#endif
