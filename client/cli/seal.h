/*
 * seal.h
 *	  scrypt and AES-256-GCM, both libcrypto's.
 */
#ifndef SEAL_H
#define SEAL_H

#include "format.h"

/* What scrypt makes of a PIN: the key that seals, and a check of the PIN. */
typedef struct PinKey
{
	uint8_t		key[QC_KEY_LEN];
	uint8_t		check[CHECK_LEN];
} PinKey;

/*
 * N = 2^17, r = 8, p = 1: 128 MiB and some tenths of a second for each PIN.
 * False when there is no memory for it.
 */
bool		seal_derive(const char *pin, const uint8_t salt[SALT_LEN], PinKey *key);

bool		seal_random(uint8_t *out, size_t len);

/* in and out have len bytes and may not overlap. */
bool		seal_close(const PinKey *key, const uint8_t nonce[NONCE_LEN],
					   const uint8_t *aad, size_t aadlen,
					   const uint8_t *in, size_t len,
					   uint8_t *out, uint8_t tag[TAG_LEN]);

/* False, and out wiped, unless the tag is right. */
bool		seal_open(const PinKey *key, const uint8_t nonce[NONCE_LEN],
					  const uint8_t *aad, size_t aadlen,
					  const uint8_t *in, size_t len,
					  const uint8_t tag[TAG_LEN], uint8_t *out);

#endif
