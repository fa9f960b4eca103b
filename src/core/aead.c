/*
 * aead.c
 *	  AES-256-GCM by libcrypto (NIST SP 800-38D, 96-bit nonce, 128-bit tag).
 */
#include "aead.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#define TAG	16

QcStatus
qc_seal(const uint8_t key[QC_KEY_LEN], const uint8_t nonce[QC_SEAL_NONCE],
		const void *ad, size_t adlen, const void *plain, size_t len,
		uint8_t *out)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t    *body = out + QC_SEAL_NONCE;
	int			n;
	bool		ok;

	if (adlen > INT_MAX || len > INT_MAX - QC_SEAL_OVERHEAD)
		return QC_E_LENGTH;
	ctx = EVP_CIPHER_CTX_new();
	memcpy(out, nonce, QC_SEAL_NONCE);
	ok = ctx != NULL &&
		EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
		EVP_EncryptUpdate(ctx, NULL, &n, ad, (int) adlen) == 1 &&
		EVP_EncryptUpdate(ctx, body, &n, plain, (int) len) == 1 &&
		EVP_EncryptFinal_ex(ctx, body + len, &n) == 1 &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, body + len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		qc_wipe(out, len + QC_SEAL_OVERHEAD);
	return ok ? QC_OK : QC_E_CRYPTO;
}

QcStatus
qc_open(const uint8_t key[QC_KEY_LEN], const void *ad, size_t adlen,
		const uint8_t *sealed, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx;
	const uint8_t *body = sealed + QC_SEAL_NONCE;
	uint8_t		tag[TAG];
	size_t		plain;
	int			n;
	bool		ok;

	if (len < QC_SEAL_OVERHEAD || adlen > INT_MAX || len > INT_MAX)
		return QC_E_CRYPTO;
	plain = len - QC_SEAL_OVERHEAD;
	memcpy(tag, body + plain, TAG);
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx != NULL &&
		EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed) == 1 &&
		EVP_DecryptUpdate(ctx, NULL, &n, ad, (int) adlen) == 1 &&
		EVP_DecryptUpdate(ctx, out, &n, body, (int) plain) == 1 &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1 &&
		EVP_DecryptFinal_ex(ctx, out + plain, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		qc_wipe(out, plain);
	return ok ? QC_OK : QC_E_CRYPTO;
}
