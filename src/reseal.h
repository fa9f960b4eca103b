/*
 * reseal.h
 *	  What rekey() does to system B's sealed values.
 */
#ifndef QR_RESEAL_H
#define QR_RESEAL_H

/*
 * Up to batch rows each of logins, cards and biometrics from older master keys
 * to kid, the current one.  The caller has SPI connected.
 */
extern void qr_reseal_payers(int kid, int batch);

#endif
