/*
 * code.h
 *	  The codes of the protocol, to the byte: QC1 (31 bytes, 54 characters),
 *	  the ticket QT1 and the session QS1 (18 bytes, 33 characters).
 *
 * A parser is strict: exact length, prefix, alphabet, known kind, spare bits
 * zero, kid and generation not 0, credential_id positive.  Lower case is read
 * as upper case; nothing else is repaired.  Parsing touches nothing but its
 * arguments and takes no secret-dependent branch: a code's text is no secret
 * to whoever sent it.
 */
#ifndef QC_CODE_H
#define QC_CODE_H

#include "mac.h"

#define QC_CODE_BYTES	31
#define QC_CODE_HEADER	15		/* the bytes that the MAC covers first */
#define QC_CODE_MAC		16
#define QC_CODE_TEXT	54		/* "QC1." and 50 characters, no terminator */
#define QC_TOKEN_BYTES	18		/* u16 bucket and 16 bytes */
#define QC_TOKEN_TEXT	33		/* "QT1." and 29 characters, no terminator */
#define QC_STEP_SECONDS	30
#define QC_BUCKETS		4096
#define QC_BUCKET_SHIFT	51

typedef enum QcKind
{
	QC_KIND_NONE = 0,
	QC_KIND_STATIC = 0x11,
	QC_KIND_SECOND = 0x12,
	QC_KIND_ROTATING = 0x13,
	QC_KIND_BIOMETRIC = 0x14,
	QC_KIND_RENEWAL = 0x15
} QcKind;

typedef struct QcCode
{
	uint8_t		kind;			/* QcKind */
	uint8_t		kid;			/* 1..255 */
	uint8_t		generation;		/* 1..255 */
	int64_t		credential_id;	/* positive */
	uint32_t	moment;			/* unix seconds or time step, by kind */
	uint8_t		mac[QC_CODE_MAC];
} QcCode;

typedef struct QcToken
{
	uint16_t	bucket;			/* 0..4095 */
	uint8_t		bytes[16];
} QcToken;

/* text need not be terminated.  QC_E_CODE unless it is a well-formed code. */
QcStatus	qc_code_parse(const char *text, size_t len, QcCode *code);

/* Writes 54 characters and a terminator. */
void		qc_code_print(const QcCode *code, char out[QC_CODE_TEXT + 1]);

/*
 * Fills code->mac for the kind in code->kind; key is the credential key of
 * that kind.  extra follows the 15 header bytes in the message: nothing for
 * static, rotating and renewal codes; u8 count || digits for a second code
 * (qc_second_extra); the 32-byte payment digest for a biometric code.
 */
QcStatus	qc_code_sign(QcMac *m, const uint8_t key[QC_KEY_LEN],
						 const void *extra, size_t extralen, QcCode *code);

/* The second code's extra: u8 number of digits || digits.  QC_E_DIGITS. */
QcStatus	qc_second_extra(const char *digits, size_t ndigits,
							uint8_t out[9], size_t *outlen);

/* "static", "second", "rotating", "biometric", "renewal", else NULL. */
const char *qc_kind_name(uint8_t kind);

/* prefix is 'T' (ticket) or 'S' (session).  QC_E_TICKET unless well formed. */
QcStatus	qc_token_parse(char prefix, const char *text, size_t len,
						   QcToken *token);
void		qc_token_print(char prefix, const QcToken *token,
						   char out[QC_TOKEN_TEXT + 1]);

/* The first 12 bits of SHA-256(customer_ref). */
QcStatus	qc_bucket(QcMac *m, const char *customer_ref, size_t len,
					  uint16_t *bucket);

static inline uint16_t
qc_bucket_of_id(int64_t credential_id)
{
	return (uint16_t) ((uint64_t) credential_id >> QC_BUCKET_SHIFT);
}

/* bucket << 51 | the low 51 bits of random: never 0 unless both are. */
static inline int64_t
qc_make_id(uint16_t bucket, uint64_t random)
{
	return (int64_t) (((uint64_t) bucket << QC_BUCKET_SHIFT) |
					  (random & ((UINT64_C(1) << QC_BUCKET_SHIFT) - 1)));
}

/* RFC 4648 base32, upper case, no padding.  out gets (8n + 4) / 5 characters. */
void		qc_base32_encode(const uint8_t *in, size_t n, char *out);

/*
 * Decodes exactly the characters that n bytes encode to; false on a wrong
 * length, a character outside A-Z a-z 2-7, or spare bits that are not zero.
 */
bool		qc_base32_decode(const char *in, size_t len, uint8_t *out, size_t n);

#endif
