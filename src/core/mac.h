/*
 * mac.h
 *	  HMAC, SHA-256, HKDF-Expand, constant-time comparison and wiping.
 *
 * All of it is libcrypto's.  The caller owns a QcMac, which keeps libcrypto's
 * contexts so that a further HMAC costs a re-keying and no look-up; it holds
 * key material of the last call until qc_mac_forget() or qc_mac_close().
 * A QcMac must not be shared by threads.  Nothing here allocates except
 * qc_mac_open() (inside libcrypto) and what libcrypto does by itself.
 */
#ifndef QC_MAC_H
#define QC_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define QC_SHA256_LEN	32
#define QC_KEY_LEN		32
#define QC_HMAC_MAX		64

typedef enum QcHash
{
	QC_SHA1,
	QC_SHA256,
	QC_SHA512,
	QC_HASH_COUNT
} QcHash;

/* libcrypto's objects behind plain pointers: users need no OpenSSL header */
typedef struct QcMac
{
	void	   *hmac[QC_HASH_COUNT];	/* EVP_MAC_CTX, one per hash */
	void	   *digest;					/* EVP_MD_CTX */
	void	   *sha256;					/* EVP_MD */
	uint8_t		key[QC_KEY_LEN];		/* that the SHA-256 HMAC is keyed with */
	bool		has_key;				/* else it is keyed with another or none */
	bool		is_used[QC_HASH_COUNT]; /* HMACs since the last forgetting */
	bool		is_digest_used;
} QcMac;

/* A piece of a message; len 0 allows data NULL. */
typedef struct QcPart
{
	const void *data;
	size_t		len;
} QcPart;

/* Opens every context; QC_E_CRYPTO leaves *m closed. */
QcStatus	qc_mac_open(QcMac *m);
void		qc_mac_close(QcMac *m);

/*
 * Re-keys every context used since the last time with zeros, so that no key
 * outlives its use.
 */
void		qc_mac_forget(QcMac *m);

/* Output length of a hash in bytes: 20, 32, 64. */
size_t		qc_hash_len(QcHash hash);

/*
 * HMAC (RFC 2104) over the parts in order; out receives the first outlen
 * bytes, outlen <= qc_hash_len(hash).  keylen 0 is an empty key.
 */
QcStatus	qc_hmac(QcMac *m, QcHash hash, const void *key, size_t keylen,
					const QcPart *parts, int nparts,
					uint8_t *out, size_t outlen);

/* SHA-256 over the parts in order. */
QcStatus	qc_sha256(QcMac *m, const QcPart *parts, int nparts,
					  uint8_t out[QC_SHA256_LEN]);

/*
 * Expand(prk, info) of the protocol: HKDF-Expand (RFC 5869, 2.3) with
 * SHA-256 and 32 bytes out, which is HMAC(prk, info || 0x01).
 */
QcStatus	qc_expand(QcMac *m, const uint8_t prk[QC_KEY_LEN],
					  const QcPart *info, int ninfo, uint8_t out[QC_KEY_LEN]);

/* Constant time in n. */
bool		qc_equal(const void *a, const void *b, size_t n);

/* Overwrites with zeros; the compiler cannot drop it. */
void		qc_wipe(void *p, size_t n);

/* Big-endian stores and loads, the protocol's only byte order. */
static inline void
qc_put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t) (v >> 8);
	p[1] = (uint8_t) v;
}

static inline void
qc_put_u32(uint8_t *p, uint32_t v)
{
	qc_put_u16(p, (uint16_t) (v >> 16));
	qc_put_u16(p + 2, (uint16_t) v);
}

static inline void
qc_put_u64(uint8_t *p, uint64_t v)
{
	qc_put_u32(p, (uint32_t) (v >> 32));
	qc_put_u32(p + 4, (uint32_t) v);
}

static inline uint16_t
qc_get_u16(const uint8_t *p)
{
	return (uint16_t) ((p[0] << 8) | p[1]);
}

static inline uint32_t
qc_get_u32(const uint8_t *p)
{
	return ((uint32_t) qc_get_u16(p) << 16) | qc_get_u16(p + 2);
}

static inline uint64_t
qc_get_u64(const uint8_t *p)
{
	return ((uint64_t) qc_get_u32(p) << 32) | qc_get_u32(p + 4);
}

#endif
