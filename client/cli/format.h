/*
 * format.h
 *	  The store file, to the byte.
 *
 * Integers are big-endian.  "QRWALLET", u8 format (2), u8 wrong PINs since
 * the last right one (0..3), u32 length of the open part, u32 length of the
 * sealed part (0: closed for good), salt 16, nonce 12, check 16, open part,
 * sealed part, tag 16, SHA-256 of all before.  The digest finds accidents
 * before they cost a PIN; who changes it with the rest meets the tag, whose
 * additional data is everything before the sealed part, wrong PINs taken as 0.
 * A format implies its scrypt cost, so a file cannot ask for another.
 *
 * Format 1, which is read and never written, lacks the u8 kind behind the
 * numbers of the open part and is always a holder's.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include "wallet.h"

#define SALT_LEN	16
#define NONCE_LEN	12
#define CHECK_LEN	16
#define TAG_LEN		16
#define OPEN_MAX	8192
#define SEALED_MAX	8192
#define HEAD_LEN	(8 + 1 + 1 + 4 + 4 + SALT_LEN + NONCE_LEN + CHECK_LEN)
#define AAD_MAX		(HEAD_LEN + OPEN_MAX)
#define FILE_MAX	(AAD_MAX + SEALED_MAX + TAG_LEN + QC_SHA256_LEN)

typedef struct Image
{
	uint8_t		format;
	uint8_t		wrong;
	uint8_t		salt[SALT_LEN];
	uint8_t		nonce[NONCE_LEN];
	uint8_t		check[CHECK_LEN];	/* second part of what scrypt makes of the PIN */
	uint8_t		tag[TAG_LEN];
	uint8_t		open[OPEN_MAX];
	size_t		open_len;
	uint8_t		sealed[SEALED_MAX];
	size_t		sealed_len;
} Image;

/* out has FILE_MAX bytes; false when libcrypto refuses. */
bool		format_write(QcMac *mac, const Image *image, uint8_t *out, size_t *len);

/* False unless it is a whole and undamaged file. */
bool		format_read(QcMac *mac, const uint8_t *in, size_t len, Image *image);

/* The additional data of the seal; out has AAD_MAX bytes. */
size_t		format_aad(const Image *image, uint8_t *out);

/*
 * The open part, in the newest format.  Reading clears the rest of *cred, and
 * is strict.
 */
void		format_open(const Credential *cred, Image *image);
bool		format_open_read(const Image *image, Credential *cred);

/* The sealed part in clear, by the credential's kind; out has SEALED_MAX bytes. */
size_t		format_secret(const Credential *cred, uint8_t *out);
bool		format_secret_read(const uint8_t *in, size_t len, Credential *cred);

#endif
