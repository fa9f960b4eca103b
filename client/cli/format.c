/*
 * format.c
 *	  The store file, to the byte.
 */
#include <string.h>

#include "format.h"
#include "text.h"

#define MAGIC			"QRWALLET"
#define MAGIC_LEN		8
#define FORMAT_FIRST	1
#define FORMAT			2
#define FLAG_FIRST_OPEN	0x01

/* Reads on until something is missing, and then says so once. */
typedef struct Reader
{
	const uint8_t *p;
	size_t		left;
	bool		ok;
} Reader;

static const uint8_t *
take(Reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (!r->ok || n > r->left)
	{
		r->ok = false;
		return NULL;
	}
	r->p += n;
	r->left -= n;
	return p;
}

static uint64_t
take_int(Reader *r, size_t n)
{
	const uint8_t *p = take(r, n);
	uint64_t	v = 0;

	if (p == NULL)
		return 0;
	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static void
take_bytes(Reader *r, uint8_t *out, size_t n)
{
	const uint8_t *p = take(r, n);

	if (p != NULL)
		memcpy(out, p, n);
}

/* A text of size - 1 bytes at most, which text_clean() has been over. */
static void
take_text(Reader *r, char *out, size_t size)
{
	size_t		n = (size_t) take_int(r, 2);
	const uint8_t *p = take(r, n);

	out[0] = '\0';
	if (p == NULL || n >= size || !text_is_clean((const char *) p, n))
	{
		r->ok = false;
		return;
	}
	memcpy(out, p, n);
	out[n] = '\0';
}

static uint8_t *
put_text(uint8_t *p, const char *s)
{
	size_t		n = strlen(s);

	qc_put_u16(p, (uint16_t) n);
	memcpy(p + 2, s, n);
	return p + 2 + n;
}

static uint8_t *
put_head(uint8_t *p, const Image *image, uint8_t wrong)
{
	memcpy(p, MAGIC, MAGIC_LEN);
	p[8] = image->format;
	p[9] = wrong;
	qc_put_u32(p + 10, (uint32_t) image->open_len);
	qc_put_u32(p + 14, (uint32_t) image->sealed_len);
	memcpy(p + 18, image->salt, SALT_LEN);
	memcpy(p + 34, image->nonce, NONCE_LEN);
	memcpy(p + 46, image->check, CHECK_LEN);
	memcpy(p + HEAD_LEN, image->open, image->open_len);
	return p + HEAD_LEN + image->open_len;
}

bool
format_write(QcMac *mac, const Image *image, uint8_t *out, size_t *len)
{
	uint8_t    *p = put_head(out, image, image->wrong);
	QcPart		all;

	memcpy(p, image->sealed, image->sealed_len);
	p += image->sealed_len;
	memcpy(p, image->tag, TAG_LEN);
	p += TAG_LEN;
	all.data = out;
	all.len = (size_t) (p - out);
	*len = all.len + QC_SHA256_LEN;
	return qc_sha256(mac, &all, 1, p) == QC_OK;
}

bool
format_read(QcMac *mac, const uint8_t *in, size_t len, Image *image)
{
	Reader		r = {in, len, true};
	uint8_t		digest[QC_SHA256_LEN];
	const uint8_t *magic;
	QcPart		all;

	memset(image, 0, sizeof(*image));
	if (len < HEAD_LEN + TAG_LEN + QC_SHA256_LEN || len > FILE_MAX)
		return false;
	all.data = in;
	all.len = len - QC_SHA256_LEN;
	if (qc_sha256(mac, &all, 1, digest) != QC_OK ||
		!qc_equal(digest, in + all.len, QC_SHA256_LEN))
		return false;

	r.left = all.len;
	magic = take(&r, MAGIC_LEN);
	image->format = (uint8_t) take_int(&r, 1);
	if (magic == NULL || memcmp(magic, MAGIC, MAGIC_LEN) != 0 ||
		image->format < FORMAT_FIRST || image->format > FORMAT)
		return false;
	image->wrong = (uint8_t) take_int(&r, 1);
	image->open_len = (size_t) take_int(&r, 4);
	image->sealed_len = (size_t) take_int(&r, 4);
	if (image->wrong > PIN_TRIES || image->open_len > OPEN_MAX ||
		image->sealed_len > SEALED_MAX)
	{
		image->open_len = image->sealed_len = 0;
		return false;
	}
	take_bytes(&r, image->salt, SALT_LEN);
	take_bytes(&r, image->nonce, NONCE_LEN);
	take_bytes(&r, image->check, CHECK_LEN);
	take_bytes(&r, image->open, image->open_len);
	take_bytes(&r, image->sealed, image->sealed_len);
	take_bytes(&r, image->tag, TAG_LEN);
	/* only a closed store has nothing sealed */
	return r.ok && r.left == 0 &&
		(image->sealed_len > 0 || image->wrong == PIN_TRIES);
}

size_t
format_aad(const Image *image, uint8_t *out)
{
	return (size_t) (put_head(out, image, 0) - out);
}

void
format_open(const Credential *cred, Image *image)
{
	uint8_t    *p = image->open;

	image->format = FORMAT;
	qc_put_u64(p, (uint64_t) cred->credential_id);
	p[8] = cred->generation;
	p[9] = cred->kid;
	p[10] = cred->digits;
	p[11] = cred->first_open ? FLAG_FIRST_OPEN : 0;
	qc_put_u32(p + 12, (uint32_t) cred->valid_from);
	qc_put_u32(p + 16, (uint32_t) cred->valid_until);
	qc_put_u64(p + 20, (uint64_t) cred->clock_offset);
	p[28] = (uint8_t) cred->kind;
	p = put_text(p + 29, cred->issuer_code);
	p = put_text(p, cred->issuer_name);
	if (cred->first_open)
	{
		p = put_text(p, cred->first_code);
		p = put_text(p, cred->purpose);
		p = put_text(p, cred->face_value);
	}
	image->open_len = (size_t) (p - image->open);
}

bool
format_open_read(const Image *image, Credential *cred)
{
	Reader		r = {image->open, image->open_len, true};
	uint8_t		flags;

	qc_wipe(cred, sizeof(*cred));
	cred->credential_id = (int64_t) take_int(&r, 8);
	cred->generation = (uint8_t) take_int(&r, 1);
	cred->kid = (uint8_t) take_int(&r, 1);
	cred->digits = (uint8_t) take_int(&r, 1);
	flags = (uint8_t) take_int(&r, 1);
	cred->first_open = flags == FLAG_FIRST_OPEN;
	cred->valid_from = (int64_t) take_int(&r, 4);
	cred->valid_until = (int64_t) take_int(&r, 4);
	cred->clock_offset = (int64_t) take_int(&r, 8);
	cred->kind = image->format == FORMAT_FIRST ? CREDENTIAL_HOLDER :
		(CredentialKind) take_int(&r, 1);
	take_text(&r, cred->issuer_code, sizeof(cred->issuer_code));
	take_text(&r, cred->issuer_name, sizeof(cred->issuer_name));
	if (cred->first_open)
	{
		take_text(&r, cred->first_code, sizeof(cred->first_code));
		take_text(&r, cred->purpose, sizeof(cred->purpose));
		take_text(&r, cred->face_value, sizeof(cred->face_value));
	}
	return r.ok && r.left == 0 && (flags & ~FLAG_FIRST_OPEN) == 0 &&
		(cred->kind == CREDENTIAL_HOLDER ||
		 (cred->kind == CREDENTIAL_PAYER && !cred->first_open)) &&
		cred->credential_id > 0 && cred->generation > 0 && cred->kid > 0 &&
		cred->digits >= 6 && cred->digits <= 8 &&
		cred->clock_offset >= -(int64_t) UINT32_MAX &&
		cred->clock_offset <= (int64_t) UINT32_MAX;
}

size_t
format_secret(const Credential *cred, uint8_t *out)
{
	uint8_t    *p = out;

	if (cred->kind == CREDENTIAL_PAYER)
	{
		memcpy(p, cred->biometric_key, QC_KEY_LEN);
		p += QC_KEY_LEN;
	}
	else
	{
		memcpy(p, cred->key, sizeof(cred->key));
		p = put_text(p + sizeof(cred->key), cred->first_code);
	}
	p = put_text(p, cred->purpose);
	p = put_text(p, cred->face_value);
	return (size_t) (p - out);
}

bool
format_secret_read(const uint8_t *in, size_t len, Credential *cred)
{
	Reader		r = {in, len, true};

	if (cred->kind == CREDENTIAL_PAYER)
		take_bytes(&r, cred->biometric_key, QC_KEY_LEN);
	else
	{
		take_bytes(&r, &cred->key[0][0], sizeof(cred->key));
		take_text(&r, cred->first_code, sizeof(cred->first_code));
	}
	take_text(&r, cred->purpose, sizeof(cred->purpose));
	take_text(&r, cred->face_value, sizeof(cred->face_value));
	return r.ok && r.left == 0;
}
