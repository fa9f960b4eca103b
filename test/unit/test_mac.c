/*
 * test_mac.c
 *	  HMAC, SHA-256 and HKDF-Expand against published answers, and what
 *	  mac.h promises about empty keys, parts and failures.
 */
#include "check.h"
#include "mac.h"

#include <openssl/evp.h>

static QcPart
text_part(const char *text)
{
	QcPart		part;

	part.data = text;
	part.len = strlen(text);
	return part;
}

/* RFC 2202 and RFC 4231, the second test case of each. */
static void
test_published(QcMac *m)
{
	static const char *const answer[QC_HASH_COUNT] = {
		"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
	};
	QcPart		part = text_part("what do ya want for nothing?");
	uint8_t		out[QC_HMAC_MAX];
	int			i;

	for (i = 0; i < QC_HASH_COUNT; i++)
	{
		size_t		len = qc_hash_len((QcHash) i);

		CHECK(qc_hmac(m, (QcHash) i, "Jefe", 4, &part, 1, out, len) == QC_OK);
		CHECK(equals_hex(out, len, answer[i]));
	}

	part = text_part("abc");
	CHECK(qc_sha256(m, &part, 1, out) == QC_OK);
	CHECK(equals_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223"
					 "b00361a396177a9cb410ff61f20015ad"));
	CHECK(qc_sha256(m, NULL, 0, out) == QC_OK);
	CHECK(equals_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb924"
					 "27ae41e4649b934ca495991b7852b855"));
	part = text_part("");
	CHECK(qc_sha256(m, &part, 1, out) == QC_OK);
	CHECK(equals_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb924"
					 "27ae41e4649b934ca495991b7852b855"));
}

/* RFC 5869, A.1: the first 32 bytes of the output. */
static void
test_expand(QcMac *m)
{
	uint8_t    *prk = unhex("077709362c2e32df0ddc3f0dc47bba63"
							"90b6c73bb50f9c3122ec844ad7c2b3e5", NULL);
	size_t		len;
	uint8_t    *info = unhex("f0f1f2f3f4f5f6f7f8f9", &len);
	uint8_t		out[QC_KEY_LEN];
	QcPart		parts[2];

	parts[0].data = info;
	parts[0].len = 4;
	parts[1].data = info + 4;
	parts[1].len = len - 4;
	CHECK(qc_expand(m, prk, parts, 2, out) == QC_OK);
	CHECK(equals_hex(out, 32, "3cb25f25faacd57a90434f64d0362f2a"
					 "2d2d0a90cf1a5a4c5db02d56ecc4c5bf"));
	free(prk);
	free(info);
}

/* An empty key after another one is an empty key, not the one before. */
static void
test_empty_key(QcMac *m)
{
	static const uint8_t zeros[128] = {0};
	uint8_t		first[QC_HMAC_MAX];
	uint8_t		second[QC_HMAC_MAX];
	QcPart		part = text_part("message");
	int			i;

	for (i = 0; i < QC_HASH_COUNT; i++)
	{
		size_t		len = qc_hash_len((QcHash) i);

		CHECK(qc_hmac(m, (QcHash) i, "other", 5, &part, 1, first, len) == QC_OK);
		CHECK(qc_hmac(m, (QcHash) i, NULL, 0, &part, 1, first, len) == QC_OK);
		CHECK(qc_hmac(m, (QcHash) i, "other", 5, &part, 1, second, len) == QC_OK);
		CHECK(memcmp(first, second, len) != 0);
		CHECK(qc_hmac(m, (QcHash) i, "", 0, &part, 1, second, len) == QC_OK);
		CHECK(memcmp(first, second, len) == 0);
		CHECK(qc_hmac(m, (QcHash) i, zeros, i == QC_SHA512 ? 128 : 64, &part,
					  1, second, len) == QC_OK);
		CHECK(memcmp(first, second, len) == 0);
	}
	CHECK(qc_hmac(m, QC_SHA256, NULL, 0, NULL, 0, first, 32) == QC_OK);
	CHECK(equals_hex(first, 32, "b613679a0814d9ec772f95d778c35fc5"
					 "ff1697c493715653c6c712144292c5ad"));
}

/* Where a message is cut does not matter; short outputs are the first bytes. */
static void
test_parts(QcMac *m)
{
	char	   *message = exact("0123456789abcdef", 16);
	QcPart		whole;
	QcPart		parts[3];
	uint8_t		want[32];
	uint8_t		got[33];
	size_t		i;

	whole.data = message;
	whole.len = 16;
	CHECK(qc_hmac(m, QC_SHA256, "key", 3, &whole, 1, want, 32) == QC_OK);
	for (i = 0; i <= 16; i++)
	{
		parts[0].data = message;
		parts[0].len = i;
		parts[1].data = NULL;
		parts[1].len = 0;
		parts[2].data = message + i;
		parts[2].len = 16 - i;
		CHECK(qc_hmac(m, QC_SHA256, "key", 3, parts, 3, got, 32) == QC_OK);
		CHECK(memcmp(want, got, 32) == 0);
	}
	for (i = 0; i <= 32; i++)
	{
		memset(got, 0xaa, sizeof(got));
		CHECK(qc_hmac(m, QC_SHA256, "key", 3, &whole, 1, got, i) == QC_OK);
		CHECK(memcmp(want, got, i) == 0 && got[i] == 0xaa);
	}
	free(message);
}

static void
test_failures(QcMac *m)
{
	uint8_t		out[QC_HMAC_MAX + 1];
	QcMac		closed;

	memset(out, 0xaa, sizeof(out));
	CHECK(qc_hmac(m, QC_SHA1, "key", 3, NULL, 0, out, 21) == QC_E_CRYPTO);
	CHECK(all_zero(out, 21) && out[21] == 0xaa);
	CHECK(qc_hash_len(QC_HASH_COUNT) == 0);
	CHECK(qc_hmac(m, QC_HASH_COUNT, "key", 3, NULL, 0, out, 0) == QC_E_CRYPTO);

	/* closed, it answers and does not crash */
	CHECK(qc_mac_open(&closed) == QC_OK);
	qc_mac_close(&closed);
	memset(out, 0xaa, sizeof(out));
	CHECK(qc_hmac(&closed, QC_SHA256, "key", 3, NULL, 0, out, 32) == QC_E_CRYPTO);
	CHECK(all_zero(out, 32));
	memset(out, 0xaa, sizeof(out));
	CHECK(qc_sha256(&closed, NULL, 0, out) == QC_E_CRYPTO);
	CHECK(all_zero(out, 32));
	qc_mac_forget(&closed);
	qc_mac_close(&closed);
}

static void
test_forget(QcMac *m)
{
	uint8_t		before[32];
	uint8_t		after[32];
	QcPart		part = text_part("x");

	CHECK(qc_hmac(m, QC_SHA256, "key", 3, &part, 1, before, 32) == QC_OK);
	qc_mac_forget(m);
	CHECK(qc_hmac(m, QC_SHA256, "key", 3, &part, 1, after, 32) == QC_OK);
	CHECK(memcmp(before, after, 32) == 0);
	CHECK(qc_sha256(m, &part, 1, before) == QC_OK);
	qc_mac_forget(m);
	CHECK(qc_sha256(m, &part, 1, after) == QC_OK);
	CHECK(memcmp(before, after, 32) == 0);
}

/* The HMAC under a context's own key, without giving it one. */
static void
again(QcMac *m, QcHash hash, const QcPart *part, uint8_t *out)
{
	size_t		len;

	CHECK(EVP_MAC_init(m->hmac[hash], NULL, 0, NULL) == 1);
	CHECK(EVP_MAC_update(m->hmac[hash], part->data, part->len) == 1);
	CHECK(EVP_MAC_final(m->hmac[hash], out, &len, QC_HMAC_MAX) == 1);
	CHECK(len == qc_hash_len(hash));
}

/* A key that is given twice is set once; any other one in between is seen. */
static void
test_same_key(QcMac *m)
{
	uint8_t		key[2][QC_KEY_LEN] = {{1}, {2}};
	uint8_t		want[2][2][32];
	uint8_t		got[QC_HMAC_MAX];
	QcPart		part[2] = {text_part("x"), text_part("another text")};
	int			i;

	for (i = 0; i < 4; i++)
	{
		qc_mac_forget(m);
		CHECK(qc_hmac(m, QC_SHA256, key[i / 2], QC_KEY_LEN, &part[i % 2], 1,
					  want[i / 2][i % 2], 32) == QC_OK);
	}
	for (i = 0; i < 256; i++)
	{
		int			k = i >> 1 & 1;
		int			p = i >> 2 & 1;

		if (i % 11 == 0)
			CHECK(qc_hmac(m, QC_SHA256, key[k], QC_KEY_LEN - 1, part, 1, got, 32) == QC_OK);
		if (i % 13 == 0)
			CHECK(qc_hmac(m, QC_SHA512, key[k], QC_KEY_LEN, part, 1, got, 64) == QC_OK);
		if (i % 17 == 0)
			CHECK(qc_expand(m, key[!k], part, 1, got) == QC_OK);
		if (i % 19 == 0)
			CHECK(qc_hmac(m, QC_SHA256, NULL, 0, part, 1, got, 32) == QC_OK);
		if (i % 23 == 0)
			qc_mac_forget(m);
		CHECK(qc_hmac(m, QC_SHA256, key[k], QC_KEY_LEN, &part[p], 1, got, 32) == QC_OK);
		CHECK(memcmp(got, want[k][p], 32) == 0);
	}
}

/* Nothing of a key is left: neither a copy nor a keyed context. */
static void
test_forgotten(QcMac *m)
{
	static const QcHash hashes[] = {QC_SHA256, QC_SHA512, QC_SHA1, QC_SHA256};
	uint8_t		key[QC_KEY_LEN] = {1};
	uint8_t		zero[QC_KEY_LEN] = {0};
	uint8_t		left[QC_HMAC_MAX];
	uint8_t		want[QC_HMAC_MAX];
	QcPart		part = text_part("x");
	int			i;

	for (i = 0; i < 4; i++)
	{
		CHECK(qc_hmac(m, hashes[i], key, sizeof(key), &part, 1, want, 1) == QC_OK);
		if (i == 3)
			CHECK(qc_hmac(m, QC_SHA256, key, 3, &part, 1, want, 1) == QC_OK);
		qc_mac_forget(m);
		CHECK(all_zero(m->key, sizeof(m->key)));
		again(m, hashes[i], &part, left);
		CHECK(qc_hmac(m, hashes[i], zero, sizeof(zero), &part, 1,
					  want, qc_hash_len(hashes[i])) == QC_OK);
		CHECK(memcmp(left, want, qc_hash_len(hashes[i])) == 0);
	}
	qc_mac_forget(m);
}

static void
test_small(void)
{
	uint8_t		a[16];
	uint8_t		b[16];
	int			i;

	for (i = 0; i < 16; i++)
		a[i] = b[i] = (uint8_t) i;
	CHECK(qc_equal(a, b, 16));
	CHECK(qc_equal(NULL, NULL, 0));
	for (i = 0; i < 128; i++)
	{
		b[i / 8] ^= (uint8_t) (1 << (i % 8));
		CHECK(!qc_equal(a, b, 16));
		CHECK(qc_equal(a, b, (size_t) i / 8));
		b[i / 8] ^= (uint8_t) (1 << (i % 8));
	}
	qc_wipe(a + 1, 14);
	CHECK(all_zero(a + 1, 14) && a[15] == 15);
	qc_wipe(NULL, 0);

	qc_put_u64(a, UINT64_C(0x0123456789abcdef));
	CHECK(equals_hex(a, 8, "0123456789abcdef"));
	CHECK(qc_get_u64(a) == UINT64_C(0x0123456789abcdef));
	CHECK(qc_get_u32(a + 4) == UINT32_C(0x89abcdef));
	CHECK(qc_get_u16(a + 6) == 0xcdef);
}

int
main(void)
{
	QcMac		m;

	CHECK(qc_mac_open(&m) == QC_OK);
	test_published(&m);
	test_expand(&m);
	test_empty_key(&m);
	test_parts(&m);
	test_failures(&m);
	test_forget(&m);
	test_same_key(&m);
	test_forgotten(&m);
	test_small();
	qc_mac_close(&m);
	return finish();
}
