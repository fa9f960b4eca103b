/*
 * keyring.h
 *	  Which master key, read from where, kept how long, wiped when.
 *
 * The keyring comes from qrcred.keyring_file or the output of
 * qrcred.keyring_command.  It is read at the first use in a backend and again
 * at the first use after a configuration reload; the old keys are wiped then
 * and at the backend's end.  Every failure is an error (55000 with a hint) and
 * never shows key bytes; the server itself never stops for want of a key.
 */
#ifndef QR_KEYRING_H
#define QR_KEYRING_H

#include "core/mac.h"

/* Defines the two settings; called once from _PG_init. */
extern void qr_keyring_init(void);

/* The number of the current master key, 1..255; ERROR 55000 without one. */
extern int	qr_keyring_current(void);

/* Copies master key kid; ERROR 55000 naming the kid when it is not there. */
extern void qr_keyring_get(int kid, uint8_t key[QC_KEY_LEN]);

/* Whether key kid is there (reads the keyring when needed). */
extern bool qr_keyring_has(int kid);

/*
 * One key derived from master key kid, kept where the master keys are and
 * wiped with them; the last one put there.  False when it is not this kid's.
 */
extern void qr_keyring_keep_derived(int kid, const uint8_t key[QC_KEY_LEN]);
extern bool qr_keyring_get_derived(int kid, uint8_t key[QC_KEY_LEN]);

/*
 * Counts the readings: differs after every time that the keyring was read
 * anew, so that what was concluded from a key can be concluded again.
 */
extern uint64_t qr_keyring_epoch(void);

#endif
