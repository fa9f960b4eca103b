/*
 * keys.c
 *	  The key tree of the protocol.
 *
 * Every key is worked out anew from the master key; keys of a step in between
 * are wiped before the function leaves.
 */
#include "keys.h"

#include <string.h>

static const char namespace_prefix[] = "qrcred/1 ";

#define MAX_TEXT	65535		/* what a u16 length can say */
#define MAX_TEXTS	5

static QcPart
part_of(const void *data, size_t len)
{
	QcPart		part;

	part.data = data;
	part.len = len;
	return part;
}

/*
 * HMAC(Expand(master, "qrcred/1 " || label), parts), the shape of everything
 * that the server's own keys make.
 */
static QcStatus
master_hmac(QcMac *m, const uint8_t master[QC_KEY_LEN], const char *label,
			const QcPart *parts, int nparts, uint8_t *out, size_t outlen)
{
	uint8_t		key[QC_KEY_LEN];
	QcStatus	status;

	status = qc_master_key(m, master, label, key);
	if (status == QC_OK)
		status = qc_hmac(m, QC_SHA256, key, sizeof(key), parts, nparts,
						 out, outlen);
	else
		qc_wipe(out, outlen);
	qc_wipe(key, sizeof(key));
	return status;
}

/* The same over LP(text) of each text. */
static QcStatus
master_hmac_texts(QcMac *m, const uint8_t master[QC_KEY_LEN],
				  const char *label, const QcText *texts, int ntexts,
				  uint8_t out[QC_SHA256_LEN])
{
	uint8_t		lengths[MAX_TEXTS][2];
	QcPart		parts[2 * MAX_TEXTS];
	int			i;

	for (i = 0; i < ntexts; i++)
	{
		if (texts[i].len > MAX_TEXT)
		{
			qc_wipe(out, QC_SHA256_LEN);
			return QC_E_LENGTH;
		}
		qc_put_u16(lengths[i], (uint16_t) texts[i].len);
		parts[2 * i] = part_of(lengths[i], sizeof(lengths[i]));
		parts[2 * i + 1] = part_of(texts[i].data, texts[i].len);
	}
	return master_hmac(m, master, label, parts, 2 * ntexts,
					   out, QC_SHA256_LEN);
}

QcStatus
qc_master_key(QcMac *m, const uint8_t master[QC_KEY_LEN],
			  const char *label, uint8_t out[QC_KEY_LEN])
{
	QcPart		info[2];

	info[0] = part_of(namespace_prefix, sizeof(namespace_prefix) - 1);
	info[1] = part_of(label, strlen(label));
	return qc_expand(m, master, info, 2, out);
}

QcStatus
qc_credential_key(QcMac *m, const uint8_t master[QC_KEY_LEN],
				  const char *label, int64_t credential_id,
				  uint8_t generation,
				  const uint8_t registration_digest[QC_SHA256_LEN],
				  uint8_t out[QC_KEY_LEN])
{
	uint8_t		fixed[1 + 8 + 1];	/* 0x00, credential_id, generation */
	QcPart		info[4];

	fixed[0] = 0x00;
	qc_put_u64(fixed + 1, (uint64_t) credential_id);
	fixed[9] = generation;

	info[0] = part_of(namespace_prefix, sizeof(namespace_prefix) - 1);
	info[1] = part_of(label, strlen(label));
	info[2] = part_of(fixed, sizeof(fixed));
	info[3] = part_of(registration_digest, QC_SHA256_LEN);
	return qc_expand(m, master, info, 4, out);
}

QcStatus
qc_registration_digest(QcMac *m, const uint8_t master[QC_KEY_LEN],
					   const QcText text[5], uint8_t out[QC_SHA256_LEN])
{
	return master_hmac_texts(m, master, QC_MASTER_REGISTRATION, text, 5, out);
}

QcStatus
qc_answer_digest(QcMac *m, const uint8_t master[QC_KEY_LEN],
				 const char *label, QcText issuer_code,
				 QcText customer_ref, QcText answer,
				 uint8_t out[QC_SHA256_LEN])
{
	QcText		texts[4];

	texts[0].data = label;
	texts[0].len = strlen(label);
	texts[1] = issuer_code;
	texts[2] = customer_ref;
	texts[3] = answer;
	return master_hmac_texts(m, master, QC_MASTER_ANSWER, texts, 4, out);
}

QcStatus
qc_ticket(QcMac *m, const uint8_t master[QC_KEY_LEN],
		  int64_t credential_id, uint8_t generation,
		  uint32_t serial, uint8_t out[16])
{
	uint8_t		message[8 + 1 + 4];
	QcPart		part;

	qc_put_u64(message, (uint64_t) credential_id);
	message[8] = generation;
	qc_put_u32(message + 9, serial);
	part = part_of(message, sizeof(message));
	return master_hmac(m, master, QC_MASTER_TICKET, &part, 1, out, 16);
}

QcStatus
qc_biometric_key(QcMac *m, const uint8_t *secret, size_t len,
				 int64_t credential_id, uint8_t generation,
				 uint8_t out[QC_KEY_LEN])
{
	static const char label[] = "biometric";
	uint8_t		prk[QC_SHA256_LEN];
	uint8_t		fixed[8 + 1];
	QcPart		part = part_of(secret, len);
	QcPart		info[3];
	QcStatus	status;

	qc_put_u64(fixed, (uint64_t) credential_id);
	fixed[8] = generation;
	info[0] = part_of(namespace_prefix, sizeof(namespace_prefix) - 1);
	info[1] = part_of(label, sizeof(label) - 1);
	info[2] = part_of(fixed, sizeof(fixed));

	status = qc_sha256(m, &part, 1, prk);
	if (status == QC_OK)
		status = qc_expand(m, prk, info, 3, out);
	else
		qc_wipe(out, QC_KEY_LEN);
	qc_wipe(prk, sizeof(prk));
	return status;
}

QcStatus
qc_check_value(QcMac *m, const uint8_t master[QC_KEY_LEN], uint8_t out[8])
{
	return master_hmac(m, master, QC_MASTER_CHECK, NULL, 0, out, 8);
}
