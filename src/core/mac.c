/*
 * mac.c
 *	  HMAC, SHA-256, HKDF-Expand, constant-time comparison and wiping, all of
 *	  them libcrypto's.
 */
#include "mac.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static const uint8_t zero_key[QC_KEY_LEN] = {0};

/* Most verifications carry no transaction text, and need its SHA-256 all the same. */
static const uint8_t sha256_of_nothing[QC_SHA256_LEN] = {
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
	0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
	0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
	0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55
};

/* The names under which libcrypto knows the hashes, and their lengths. */
static const char hash_names[QC_HASH_COUNT][8] = {"SHA1", "SHA256", "SHA512"};
static const size_t hash_lens[QC_HASH_COUNT] = {20, 32, 64};

size_t
qc_hash_len(QcHash hash)
{
	return hash < QC_HASH_COUNT ? hash_lens[hash] : 0;
}

/*
 * A context with its digest set, so that a later EVP_MAC_init() only changes
 * the key.  It keeps a reference of its own to mac.
 */
static EVP_MAC_CTX *
open_hmac(EVP_MAC *mac, QcHash hash)
{
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	OSSL_PARAM	params[2];
	char		name[sizeof(hash_names[0])];

	if (ctx == NULL)
		return NULL;

	/* OSSL_PARAM wants a pointer that is not const */
	memcpy(name, hash_names[hash], sizeof(name));
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
												 name, 0);
	params[1] = OSSL_PARAM_construct_end();

	if (EVP_MAC_CTX_set_params(ctx, params) != 1 ||
		EVP_MAC_init(ctx, zero_key, sizeof(zero_key), NULL) != 1 ||
		EVP_MAC_CTX_get_mac_size(ctx) != qc_hash_len(hash))
	{
		EVP_MAC_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

QcStatus
qc_mac_open(QcMac *m)
{
	EVP_MAC    *mac;
	bool		ok;
	int			i;

	memset(m, 0, sizeof(*m));

	mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (mac == NULL)
		return QC_E_CRYPTO;

	ok = true;
	for (i = 0; i < QC_HASH_COUNT && ok; i++)
	{
		m->hmac[i] = open_hmac(mac, (QcHash) i);
		ok = (m->hmac[i] != NULL);
	}
	EVP_MAC_free(mac);

	if (ok)
	{
		m->digest = EVP_MD_CTX_new();
		m->sha256 = EVP_MD_fetch(NULL, hash_names[QC_SHA256], NULL);
		ok = (m->digest != NULL && m->sha256 != NULL);
	}
	if (!ok)
	{
		qc_mac_close(m);
		return QC_E_CRYPTO;
	}
	return QC_OK;
}

void
qc_mac_close(QcMac *m)
{
	int			i;

	qc_mac_forget(m);
	for (i = 0; i < QC_HASH_COUNT; i++)
		EVP_MAC_CTX_free(m->hmac[i]);
	EVP_MD_CTX_free(m->digest);
	EVP_MD_free(m->sha256);
	memset(m, 0, sizeof(*m));
}

/*
 * A context that cannot be re-keyed is freed, which clears it: further calls
 * on it answer QC_E_CRYPTO, but no key stays behind.
 */
void
qc_mac_forget(QcMac *m)
{
	uint8_t		ignored[QC_SHA256_LEN];
	int			i;

	qc_wipe(m->key, sizeof(m->key));
	m->has_key = false;
	for (i = 0; i < QC_HASH_COUNT; i++)
	{
		if (m->is_used[i] && m->hmac[i] != NULL &&
			EVP_MAC_init(m->hmac[i], zero_key, sizeof(zero_key), NULL) != 1)
		{
			EVP_MAC_CTX_free(m->hmac[i]);
			m->hmac[i] = NULL;
		}
		m->is_used[i] = false;
	}

	/* the digest's state is that of the last text: overwrite it likewise */
	if (m->is_digest_used && m->digest != NULL && m->sha256 != NULL)
	{
		if (EVP_DigestInit_ex2(m->digest, m->sha256, NULL) != 1 ||
			EVP_DigestFinal_ex(m->digest, ignored, NULL) != 1)
		{
			EVP_MD_CTX_free(m->digest);
			m->digest = NULL;
		}
	}
	m->is_digest_used = false;
}

/*
 * Keys the context, or starts it again where it has this key already, as the
 * seals over one verdict have.
 */
static bool
hmac_start(QcMac *m, QcHash hash, const void *key, size_t keylen)
{
	bool		is_kept = hash == QC_SHA256 && keylen == sizeof(m->key);

	m->is_used[hash] = true;
	if (is_kept && m->has_key && qc_equal(m->key, key, keylen))
		return EVP_MAC_init(m->hmac[hash], NULL, 0, NULL) == 1;
	if (hash == QC_SHA256)
		m->has_key = false;
	if (EVP_MAC_init(m->hmac[hash], key, keylen, NULL) != 1)
		return false;
	if (is_kept)
	{
		memcpy(m->key, key, keylen);
		m->has_key = true;
	}
	return true;
}

/* Feeds the parts in order. */
static bool
hmac_update(EVP_MAC_CTX *ctx, const QcPart *parts, int nparts)
{
	int			i;

	for (i = 0; i < nparts; i++)
	{
		if (parts[i].len > 0 &&
			EVP_MAC_update(ctx, parts[i].data, parts[i].len) != 1)
			return false;
	}
	return true;
}

/* HMAC over two lists of parts, one after the other. */
static QcStatus
hmac_lists(QcMac *m, QcHash hash, const void *key, size_t keylen,
		   const QcPart *first, int nfirst,
		   const QcPart *second, int nsecond,
		   uint8_t *out, size_t outlen)
{
	EVP_MAC_CTX *ctx = NULL;
	uint8_t		full[QC_HMAC_MAX];
	size_t		fulllen = 0;
	QcStatus	status = QC_E_CRYPTO;

	if (hash < QC_HASH_COUNT && outlen <= qc_hash_len(hash))
		ctx = m->hmac[hash];

	/*
	 * EVP_MAC_init() takes an empty key for "the key of before".  HMAC pads
	 * a short key with zeros, so that zeros are the same as nothing.
	 */
	if (keylen == 0)
	{
		key = zero_key;
		keylen = sizeof(zero_key);
	}

	if (ctx != NULL &&
		hmac_start(m, hash, key, keylen) &&
		hmac_update(ctx, first, nfirst) &&
		hmac_update(ctx, second, nsecond) &&
		EVP_MAC_final(ctx, full, &fulllen, sizeof(full)) == 1 &&
		fulllen == qc_hash_len(hash))
	{
		memcpy(out, full, outlen);
		status = QC_OK;
	}
	else
	{
		qc_wipe(out, outlen);
		m->has_key = false;
	}

	qc_wipe(full, sizeof(full));
	return status;
}

QcStatus
qc_hmac(QcMac *m, QcHash hash, const void *key, size_t keylen,
		const QcPart *parts, int nparts,
		uint8_t *out, size_t outlen)
{
	return hmac_lists(m, hash, key, keylen, parts, nparts, NULL, 0,
					  out, outlen);
}

QcStatus
qc_expand(QcMac *m, const uint8_t prk[QC_KEY_LEN],
		  const QcPart *info, int ninfo, uint8_t out[QC_KEY_LEN])
{
	static const uint8_t block_number = 0x01;
	const QcPart last = {&block_number, 1};

	return hmac_lists(m, QC_SHA256, prk, QC_KEY_LEN, info, ninfo, &last, 1,
					  out, QC_KEY_LEN);
}

QcStatus
qc_sha256(QcMac *m, const QcPart *parts, int nparts,
		  uint8_t out[QC_SHA256_LEN])
{
	bool		ok;
	bool		is_empty = true;
	int			i;

	for (i = 0; i < nparts; i++)
		is_empty = is_empty && parts[i].len == 0;
	if (is_empty && m->digest != NULL)
	{
		memcpy(out, sha256_of_nothing, QC_SHA256_LEN);
		return QC_OK;
	}

	m->is_digest_used = true;
	ok = (m->digest != NULL && m->sha256 != NULL &&
		  EVP_DigestInit_ex2(m->digest, m->sha256, NULL) == 1);
	for (i = 0; i < nparts && ok; i++)
	{
		if (parts[i].len > 0)
			ok = (EVP_DigestUpdate(m->digest, parts[i].data,
								   parts[i].len) == 1);
	}
	if (ok)
		ok = (EVP_DigestFinal_ex(m->digest, out, NULL) == 1);
	if (!ok)
	{
		qc_wipe(out, QC_SHA256_LEN);
		return QC_E_CRYPTO;
	}
	return QC_OK;
}

bool
qc_equal(const void *a, const void *b, size_t n)
{
	return n == 0 || CRYPTO_memcmp(a, b, n) == 0;
}

void
qc_wipe(void *p, size_t n)
{
	if (n > 0)
		OPENSSL_cleanse(p, n);
}
