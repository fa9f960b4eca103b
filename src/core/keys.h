/*
 * keys.h
 *	  The key tree of the protocol (2-protocol, "Keys"): everything derives
 *	  from a 32-byte master key by HKDF-Expand; nothing derived is stored.
 *
 * Outputs are secrets: the caller wipes them on every exit.
 */
#ifndef QC_KEYS_H
#define QC_KEYS_H

#include "mac.h"

/* Labels of the server's own keys, Expand(master, "qrcred/1 <label>"). */
#define QC_MASTER_REGISTRATION	"registration"
#define QC_MASTER_ANSWER		"answer"
#define QC_MASTER_SEAL			"seal"
#define QC_MASTER_TICKET		"ticket"
#define QC_MASTER_LOGIN			"login"
#define QC_MASTER_VERIFICATION	"verification"
#define QC_MASTER_AUDIT			"audit"
#define QC_MASTER_CHECK			"check"

/* Labels of a credential's keys. */
#define QC_CRED_STATIC			"static"
#define QC_CRED_CHALLENGE		"challenge"
#define QC_CRED_SECOND			"second"
#define QC_CRED_ROTATING		"rotating"
#define QC_CRED_OCRA			"ocra"
#define QC_CRED_RENEWAL			"renewal"

/* Expand(master, "qrcred/1 " || label). */
QcStatus	qc_master_key(QcMac *m, const uint8_t master[QC_KEY_LEN],
						  const char *label, uint8_t out[QC_KEY_LEN]);

/*
 * K(label) = Expand(master, "qrcred/1 " || label || 0x00 ||
 * u64 credential_id || u8 generation || registration_digest).
 */
QcStatus	qc_credential_key(QcMac *m, const uint8_t master[QC_KEY_LEN],
							  const char *label, int64_t credential_id,
							  uint8_t generation,
							  const uint8_t registration_digest[QC_SHA256_LEN],
							  uint8_t out[QC_KEY_LEN]);

/* One text of the registration data; UTF-8, NFC, at most 65535 bytes. */
typedef struct QcText
{
	const char *data;
	size_t		len;
} QcText;

/*
 * HMAC(registration key, LP(issuer_code) LP(customer_ref) LP(full_name)
 * LP(id_number) LP(phone)).  QC_E_LENGTH when a text is over 65535 bytes.
 */
QcStatus	qc_registration_digest(QcMac *m, const uint8_t master[QC_KEY_LEN],
								   const QcText text[5],
								   uint8_t out[QC_SHA256_LEN]);

/* HMAC(answer key, LP(label) LP(issuer_code) LP(customer_ref) LP(answer)). */
QcStatus	qc_answer_digest(QcMac *m, const uint8_t master[QC_KEY_LEN],
							 const char *label, QcText issuer_code,
							 QcText customer_ref, QcText answer,
							 uint8_t out[QC_SHA256_LEN]);

/* The ticket's 16 bytes: HMAC(ticket key, u64 id || u8 generation || u32 serial). */
QcStatus	qc_ticket(QcMac *m, const uint8_t master[QC_KEY_LEN],
					  int64_t credential_id, uint8_t generation,
					  uint32_t serial, uint8_t out[16]);

/*
 * K(biometric) = Expand(SHA-256(packed secret), "qrcred/1 biometric" ||
 * u64 credential_id || u8 generation).
 */
QcStatus	qc_biometric_key(QcMac *m, const uint8_t *secret, size_t len,
							 int64_t credential_id, uint8_t generation,
							 uint8_t out[QC_KEY_LEN]);

/* First 8 bytes of HMAC(check key, ""). */
QcStatus	qc_check_value(QcMac *m, const uint8_t master[QC_KEY_LEN],
						   uint8_t out[8]);

#endif
