/*
 * triggers.h
 *	  Freezes that follow a transaction's commit.
 */
#ifndef QR_TRIGGERS_H
#define QR_TRIGGERS_H

/* Registers the transaction callbacks; called once from _PG_init. */
extern void qr_triggers_init(void);

#endif
