/*
 * store.h
 *	  The sealed file: one credential, its PIN, the count of wrong PINs.
 *
 * A wrong PIN is counted on the disk before the PIN is looked at, and a lock
 * on FILE.lock is held from the reading of the count to the end of the try: a
 * kill, a crash or any number of parallel calls gives nobody a fourth try.
 */
#ifndef STORE_H
#define STORE_H

#include <limits.h>

#include "format.h"
#include "seal.h"

typedef enum StoreState
{
	STORE_NONE,					/* no file */
	STORE_DAMAGED,
	STORE_CLOSED,				/* three wrong PINs: only the open part is left */
	STORE_SEALED
} StoreState;

typedef struct Store
{
	StoreState	state;
	Credential	cred;			/* open part; all of it after store_try() */
	Image		image;
	PinKey		key;			/* after store_try() and store_seal() */
	QcMac	   *mac;
	int			dir_fd;
	int			lock_fd;
	char		base[NAME_MAX + 1];
	uint8_t		work[FILE_MAX];
	uint8_t		secret[SEALED_MAX];
} Store;

/*
 * Finds the directory of the file; path NULL is the default,
 * $XDG_DATA_HOME/qrwallet/wallet.  With create, missing directories are made
 * with mode 0700.  The Store is to lie in guarded space.
 */
Outcome		store_find(Store *store, QcMac *mac, const char *path, bool create);

/* Takes the lock and reads.  Every store_take() needs a store_drop(). */
Outcome		store_take(Store *store);
void		store_drop(Store *store);

/* OUT_OK when the store can be asked for its PIN; else says what to do. */
Outcome		store_usable(Store *store);

/* Tries a PIN, between store_take() and store_drop(). */
Outcome		store_try(Store *store, const char *pin);

/* Writes store->cred under a new PIN, or again under the key of store_try(). */
Outcome		store_seal(Store *store, const char *pin);
Outcome		store_reseal(Store *store);

/* For how many wrong PINs there is room. */
int			store_tries_left(const Store *store);

#endif
