/*
 * bcrypt.h
 *	  Passwords as pgcrypto's crypt() hashes them (bcrypt).
 *
 * Hashing runs before a lock is taken; whether a hash is the right one is
 * decided under it, like every other guess.
 */
#ifndef QR_BCRYPT_H
#define QR_BCRYPT_H

#include "postgres.h"

#include "core/mac.h"

#define QR_PASSWORD_MAX		72	/* bytes; bcrypt looks at no more */

/* A hash that is nobody's, of the cost of all others: for unknown names. */
#define QR_NOBODYS_HASH		"$2a$10$QrcredHasNoSuchLoginueFMEJp4xS1rYkFXkYfVDE4QbNO3xYJtG"

/* ERROR 22023 naming the argument unless it is 1 to QR_PASSWORD_MAX bytes. */
extern void qr_check_password_length(size_t len, const char *argname);

/* The hash of a new password with a salt drawn for it, palloc'd. */
extern char *qr_bcrypt_new(const char *password);

/* A password's hash and the stored one, each as a SHA-256 of one length. */
typedef struct QrHashed
{
	bool		is_hashed;		/* false: too long to be anybody's password */
	uint8		guess[QC_SHA256_LEN];
	uint8		expected[QC_SHA256_LEN];
} QrHashed;

extern void qr_bcrypt_guess(const char *password, size_t len, const char *stored,
							QrHashed *hashed);

#endif
