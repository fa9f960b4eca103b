/*
 * aead.c
 *	  AES-256-GCM by libcrypto (NIST SP 800-38D, 96-bit nonce, 128-bit tag).
 */
#include "aead.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

QcStatus
qc_gcm_seal(const uint8_t key[QC_KEY_LEN], const uint8_t nonce[QC_SEAL_NONCE],
			const void *ad, size_t adlen, const void *plain, size_t len,
			uint8_t *out, uint8_t tag[QC_SEAL_TAG])
{
	EVP_CIPHER_CTX *ctx;
	int			n;
	bool		ok;

	if (adlen > INT_MAX || len > INT_MAX)
		return QC_E_LENGTH;
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx != NULL &&
		EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
		EVP_EncryptUpdate(ctx, NULL, &n, ad, (int) adlen) == 1 &&
		EVP_EncryptUpdate(ctx, out, &n, plain, (int) len) == 1 &&
		EVP_EncryptFinal_ex(ctx, out + len, &n) == 1 &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, QC_SEAL_TAG, tag) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		qc_wipe(out, len);
	return ok ? QC_OK : QC_E_CRYPTO;
}

QcStatus
qc_gcm_open(const uint8_t key[QC_KEY_LEN], const uint8_t nonce[QC_SEAL_NONCE],
			const void *ad, size_t adlen, const void *sealed, size_t len,
			const uint8_t tag[QC_SEAL_TAG], uint8_t *out)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t		given[QC_SEAL_TAG];
	int			n;
	bool		ok;

	if (adlen > INT_MAX || len > INT_MAX)
		return QC_E_CRYPTO;
	memcpy(given, tag, sizeof(given));
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx != NULL &&
		EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
		EVP_DecryptUpdate(ctx, NULL, &n, ad, (int) adlen) == 1 &&
		EVP_DecryptUpdate(ctx, out, &n, sealed, (int) len) == 1 &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, QC_SEAL_TAG, given) == 1 &&
		EVP_DecryptFinal_ex(ctx, out + len, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		qc_wipe(out, len);
	return ok ? QC_OK : QC_E_CRYPTO;
}

QcStatus
qc_seal(const uint8_t key[QC_KEY_LEN], const uint8_t nonce[QC_SEAL_NONCE],
		const void *ad, size_t adlen, const void *plain, size_t len,
		uint8_t *out)
{
	QcStatus	status;

	if (len > INT_MAX - QC_SEAL_OVERHEAD)
		return QC_E_LENGTH;
	memcpy(out, nonce, QC_SEAL_NONCE);
	status = qc_gcm_seal(key, nonce, ad, adlen, plain, len, out + QC_SEAL_NONCE,
						 out + QC_SEAL_NONCE + len);
	if (status != QC_OK)
		qc_wipe(out, len + QC_SEAL_OVERHEAD);
	return status;
}

QcStatus
qc_open(const uint8_t key[QC_KEY_LEN], const void *ad, size_t adlen,
		const uint8_t *sealed, size_t len, uint8_t *out)
{
	if (len < QC_SEAL_OVERHEAD)
		return QC_E_CRYPTO;
	return qc_gcm_open(key, sealed, ad, adlen, sealed + QC_SEAL_NONCE,
					   len - QC_SEAL_OVERHEAD, sealed + len - QC_SEAL_TAG, out);
}
