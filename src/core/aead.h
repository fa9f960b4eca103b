/*
 * aead.h
 *	  AES-256-GCM for data at rest: nonce (12 bytes) || ciphertext || tag (16).
 *
 * The caller owns every buffer.  The additional data binds a sealed value to
 * its place, so that it opens nowhere else.
 */
#ifndef QC_AEAD_H
#define QC_AEAD_H

#include "mac.h"

#define QC_SEAL_NONCE		12
#define QC_SEAL_TAG			16
#define QC_SEAL_OVERHEAD	(QC_SEAL_NONCE + QC_SEAL_TAG)

/* nonce must be drawn anew for every call; out gets len + QC_SEAL_OVERHEAD bytes. */
QcStatus	qc_seal(const uint8_t key[QC_KEY_LEN],
					const uint8_t nonce[QC_SEAL_NONCE],
					const void *ad, size_t adlen,
					const void *plain, size_t len, uint8_t *out);

/*
 * out gets len - QC_SEAL_OVERHEAD bytes.  QC_E_CRYPTO, with out wiped, when
 * the value was not sealed under this key and additional data.
 */
QcStatus	qc_open(const uint8_t key[QC_KEY_LEN],
					const void *ad, size_t adlen,
					const uint8_t *sealed, size_t len, uint8_t *out);

/*
 * The same with nonce and tag apart, for a file format of its own; out gets
 * len bytes.
 */
QcStatus	qc_gcm_seal(const uint8_t key[QC_KEY_LEN],
						const uint8_t nonce[QC_SEAL_NONCE],
						const void *ad, size_t adlen,
						const void *plain, size_t len,
						uint8_t *out, uint8_t tag[QC_SEAL_TAG]);
QcStatus	qc_gcm_open(const uint8_t key[QC_KEY_LEN],
						const uint8_t nonce[QC_SEAL_NONCE],
						const void *ad, size_t adlen,
						const void *sealed, size_t len,
						const uint8_t tag[QC_SEAL_TAG], uint8_t *out);

#endif
