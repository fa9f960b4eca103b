/*
 * code.c
 *	  Reading, printing and signing the codes of the protocol.
 *
 * No function of the C library that looks at a locale is used: the texts are
 * ASCII whatever the server's or the wallet's locale says.
 */
#include "code.h"

#include <string.h>

#include "challenge.h"

#define PREFIX_LEN	4			/* "QC1.", "QT1.", "QS1." */

/* The offsets of the fields in a code's bytes. */
#define OFF_KIND		0
#define OFF_KID			1
#define OFF_ID			2
#define OFF_GENERATION	10
#define OFF_MOMENT		11

static const char base32_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static size_t
base32_len(size_t n)
{
	return (8 * n + 4) / 5;
}

/* 0..31, or -1 for a character outside the alphabet. */
static int
base32_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

void
qc_base32_encode(const uint8_t *in, size_t n, char *out)
{
	uint32_t	acc = 0;		/* bits read and not yet written */
	int			bits = 0;		/* how many, 0..12 */
	size_t		i;

	for (i = 0; i < n; i++)
	{
		acc = (acc << 8) | in[i];
		bits += 8;
		while (bits >= 5)
		{
			bits -= 5;
			*out++ = base32_alphabet[(acc >> bits) & 31];
		}
		acc &= (UINT32_C(1) << bits) - 1;
	}
	if (bits > 0)
		*out = base32_alphabet[(acc << (5 - bits)) & 31];
}

bool
qc_base32_decode(const char *in, size_t len, uint8_t *out, size_t n)
{
	uint32_t	acc = 0;
	int			bits = 0;
	size_t		written = 0;
	size_t		i;
	bool		ok = (len == base32_len(n));

	for (i = 0; ok && i < len; i++)
	{
		int			value = base32_value(in[i]);

		if (value < 0)
		{
			ok = false;
			break;
		}
		acc = (acc << 5) | (uint32_t) value;
		bits += 5;
		if (bits >= 8)
		{
			bits -= 8;
			out[written++] = (uint8_t) (acc >> bits);
			acc &= (UINT32_C(1) << bits) - 1;
		}
	}

	/* what is left over are the spare bits of the last character */
	if (acc != 0)
		ok = false;
	if (!ok)
		qc_wipe(out, n);
	return ok;
}

/* "Q", letter, "1." in either case; text holds at least PREFIX_LEN bytes. */
static bool
has_prefix(const char *text, char letter)
{
	return (text[0] == 'Q' || text[0] == 'q') &&
		(text[1] == letter || text[1] == (char) (letter | 0x20)) &&
		text[2] == '1' && text[3] == '.';
}

static void
put_prefix(char *out, char letter)
{
	out[0] = 'Q';
	out[1] = letter;
	out[2] = '1';
	out[3] = '.';
}

/* The 15 bytes before the MAC. */
static void
put_header(const QcCode *code, uint8_t *out)
{
	out[OFF_KIND] = code->kind;
	out[OFF_KID] = code->kid;
	qc_put_u64(out + OFF_ID, (uint64_t) code->credential_id);
	out[OFF_GENERATION] = code->generation;
	qc_put_u32(out + OFF_MOMENT, code->moment);
}

QcStatus
qc_code_parse(const char *text, size_t len, QcCode *code)
{
	uint8_t		raw[QC_CODE_BYTES];
	uint64_t	id;

	memset(code, 0, sizeof(*code));

	if (len != QC_CODE_TEXT || !has_prefix(text, 'C') ||
		!qc_base32_decode(text + PREFIX_LEN, len - PREFIX_LEN,
						  raw, sizeof(raw)))
		return QC_E_CODE;

	id = qc_get_u64(raw + OFF_ID);
	if (qc_kind_name(raw[OFF_KIND]) == NULL || raw[OFF_KID] == 0 ||
		raw[OFF_GENERATION] == 0 || id == 0 || id > (uint64_t) INT64_MAX)
		return QC_E_CODE;

	code->kind = raw[OFF_KIND];
	code->kid = raw[OFF_KID];
	code->generation = raw[OFF_GENERATION];
	code->credential_id = (int64_t) id;
	code->moment = qc_get_u32(raw + OFF_MOMENT);
	memcpy(code->mac, raw + QC_CODE_HEADER, QC_CODE_MAC);
	return QC_OK;
}

void
qc_code_print(const QcCode *code, char out[QC_CODE_TEXT + 1])
{
	uint8_t		raw[QC_CODE_BYTES];

	put_header(code, raw);
	memcpy(raw + QC_CODE_HEADER, code->mac, QC_CODE_MAC);
	put_prefix(out, 'C');
	qc_base32_encode(raw, sizeof(raw), out + PREFIX_LEN);
	out[QC_CODE_TEXT] = '\0';

	/* an expected code is a secret until it is shown */
	qc_wipe(raw, sizeof(raw));
}

QcStatus
qc_code_sign(QcMac *m, const uint8_t key[QC_KEY_LEN],
			 const void *extra, size_t extralen, QcCode *code)
{
	uint8_t		header[QC_CODE_HEADER];
	QcPart		parts[2];

	put_header(code, header);
	parts[0].data = header;
	parts[0].len = sizeof(header);
	parts[1].data = extra;
	parts[1].len = extralen;
	return qc_hmac(m, QC_SHA256, key, QC_KEY_LEN, parts, 2,
				   code->mac, QC_CODE_MAC);
}

QcStatus
qc_second_extra(const char *digits, size_t ndigits,
				uint8_t out[9], size_t *outlen)
{
	if (!qc_digits_valid(digits, ndigits))
	{
		qc_wipe(out, 9);
		*outlen = 0;
		return QC_E_DIGITS;
	}
	out[0] = (uint8_t) ndigits;
	memcpy(out + 1, digits, ndigits);
	*outlen = ndigits + 1;
	return QC_OK;
}

const char *
qc_kind_name(uint8_t kind)
{
	switch (kind)
	{
		case QC_KIND_STATIC:
			return "static";
		case QC_KIND_SECOND:
			return "second";
		case QC_KIND_ROTATING:
			return "rotating";
		case QC_KIND_BIOMETRIC:
			return "biometric";
		case QC_KIND_RENEWAL:
			return "renewal";
		default:
			return NULL;
	}
}

QcStatus
qc_token_parse(char prefix, const char *text, size_t len, QcToken *token)
{
	uint8_t		raw[QC_TOKEN_BYTES];
	QcStatus	status = QC_E_TICKET;

	memset(token, 0, sizeof(*token));
	memset(raw, 0, sizeof(raw));

	if ((prefix == 'T' || prefix == 'S') &&
		len == QC_TOKEN_TEXT && has_prefix(text, prefix) &&
		qc_base32_decode(text + PREFIX_LEN, len - PREFIX_LEN,
						 raw, sizeof(raw)) &&
		qc_get_u16(raw) < QC_BUCKETS)
	{
		token->bucket = qc_get_u16(raw);
		memcpy(token->bytes, raw + 2, sizeof(token->bytes));
		status = QC_OK;
	}
	qc_wipe(raw, sizeof(raw));
	return status;
}

void
qc_token_print(char prefix, const QcToken *token, char out[QC_TOKEN_TEXT + 1])
{
	uint8_t		raw[QC_TOKEN_BYTES];

	qc_put_u16(raw, token->bucket);
	memcpy(raw + 2, token->bytes, sizeof(token->bytes));
	put_prefix(out, prefix);
	qc_base32_encode(raw, sizeof(raw), out + PREFIX_LEN);
	out[QC_TOKEN_TEXT] = '\0';
	qc_wipe(raw, sizeof(raw));
}

QcStatus
qc_bucket(QcMac *m, const char *customer_ref, size_t len, uint16_t *bucket)
{
	QcPart		part;
	uint8_t		digest[QC_SHA256_LEN];
	QcStatus	status;

	part.data = customer_ref;
	part.len = len;
	status = qc_sha256(m, &part, 1, digest);

	/* a failed digest is zeros, and so is the bucket then */
	*bucket = (uint16_t) (qc_get_u16(digest) >> 4);
	qc_wipe(digest, sizeof(digest));
	return status;
}
