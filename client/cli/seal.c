/*
 * seal.c
 *	  scrypt by libcrypto; AES-256-GCM as the core has it.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "core/aead.h"
#include "seal.h"

#define SCRYPT_N		(UINT64_C(1) << 17)
#define SCRYPT_R		8
#define SCRYPT_P		1
/* libcrypto's default stops at 32 MiB; 128 * r * N and some blocks are needed */
#define SCRYPT_MEMORY	(UINT64_C(160) << 20)

bool
seal_derive(const char *pin, const uint8_t salt[SALT_LEN], PinKey *key)
{
	EVP_KDF    *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	uint64_t	n = SCRYPT_N;
	uint32_t	r = SCRYPT_R;
	uint32_t	p = SCRYPT_P;
	uint64_t	memory = SCRYPT_MEMORY;
	OSSL_PARAM	params[7];
	uint8_t		out[QC_KEY_LEN + CHECK_LEN];
	bool		ok;

	params[0] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
												  (void *) pin, strlen(pin));
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
												  (void *) salt, SALT_LEN);
	params[2] = OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n);
	params[3] = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r);
	params[4] = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p);
	params[5] = OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory);
	params[6] = OSSL_PARAM_construct_end();

	ok = ctx != NULL && EVP_KDF_derive(ctx, out, sizeof(out), params) == 1;
	if (ok)
	{
		memcpy(key->key, out, QC_KEY_LEN);
		memcpy(key->check, out + QC_KEY_LEN, CHECK_LEN);
	}
	else
		qc_wipe(key, sizeof(*key));
	qc_wipe(out, sizeof(out));
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

bool
seal_random(uint8_t *out, size_t len)
{
	return RAND_bytes(out, (int) len) == 1;
}

bool
seal_close(const PinKey *key, const uint8_t nonce[NONCE_LEN],
		   const uint8_t *aad, size_t aadlen,
		   const uint8_t *in, size_t len,
		   uint8_t *out, uint8_t tag[TAG_LEN])
{
	return qc_gcm_seal(key->key, nonce, aad, aadlen, in, len, out, tag) == QC_OK;
}

bool
seal_open(const PinKey *key, const uint8_t nonce[NONCE_LEN],
		  const uint8_t *aad, size_t aadlen,
		  const uint8_t *in, size_t len,
		  const uint8_t tag[TAG_LEN], uint8_t *out)
{
	return qc_gcm_open(key->key, nonce, aad, aadlen, in, len, tag, out) == QC_OK;
}
