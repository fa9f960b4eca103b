/*
 * test_aead.c
 *	  Sealing of data at rest: the published answers of AES-256-GCM, and that
 *	  nothing opens but what was sealed, where it was sealed.
 */
#include "aead.h"
#include "check.h"

#define PLAIN_MAX	80

/*
 * McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14
 * and 16: the ones of a 256-bit key and a 96-bit nonce.
 */
typedef struct Published
{
	const char *key;
	const char *nonce;
	const char *ad;
	const char *plain;
	const char *sealed;			/* ciphertext and tag */
} Published;

static const Published published[] = {
	{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"000000000000000000000000", "", "",
		"530f8afbc74536b9a963b4f1c4cb738b"
	},
	{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"000000000000000000000000", "",
		"00000000000000000000000000000000",
		"cea7403d4d606b6e074ec5d3baf39d18" "d0d1c8a799996bf0265b98b5d48ab919"
	},
	{
		"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
		"cafebabefacedbaddecaf888",
		"feedfacedeadbeeffeedfacedeadbeefabaddad2",
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
		"76fc6ece0f4e1768cddf8853bb2d551b"
	}
};

static void
test_published(void)
{
	size_t		i;

	for (i = 0; i < sizeof(published) / sizeof(published[0]); i++)
	{
		const Published *c = &published[i];
		size_t		adlen;
		size_t		len;
		uint8_t    *key = unhex(c->key, NULL);
		uint8_t    *nonce = unhex(c->nonce, NULL);
		uint8_t    *ad = unhex(c->ad, &adlen);
		uint8_t    *plain = unhex(c->plain, &len);
		uint8_t    *out = malloc(len + QC_SEAL_OVERHEAD);
		uint8_t    *back = malloc(len + 1);

		CHECK_NOTE(qc_seal(key, nonce, ad, adlen, plain, len, out) == QC_OK,
				   c->sealed);
		CHECK_NOTE(equals_hex(out, QC_SEAL_NONCE, c->nonce), c->sealed);
		CHECK_NOTE(equals_hex(out + QC_SEAL_NONCE,
							  len + QC_SEAL_OVERHEAD - QC_SEAL_NONCE, c->sealed),
				   c->sealed);
		CHECK_NOTE(qc_open(key, ad, adlen, out, len + QC_SEAL_OVERHEAD, back) == QC_OK,
				   c->sealed);
		CHECK_NOTE(memcmp(back, plain, len) == 0, c->sealed);
		free(key);
		free(nonce);
		free(ad);
		free(plain);
		free(out);
		free(back);
	}
}

/* Refused, and nothing of the plain text left in a buffer of exact length. */
static bool
is_refused(const uint8_t *key, const void *ad, size_t adlen,
		   const uint8_t *sealed, size_t len)
{
	size_t		n = len - QC_SEAL_OVERHEAD;
	uint8_t    *copy = exact(sealed, len);
	uint8_t    *out = malloc(n + 1);
	bool		refused;

	memset(out, 0xa5, n + 1);
	refused = qc_open(key, ad, adlen, copy, len, out) == QC_E_CRYPTO &&
		all_zero(out, n) && out[n] == 0xa5;
	free(copy);
	free(out);
	return refused;
}

/* Every length, every bit of what is sealed, of the place and of the key. */
static void
test_bound(void)
{
	static const char place[] = "customer.id_number.4711.1";
	static const char other[] = "customer.id_number.4711.2";
	uint8_t		key[QC_KEY_LEN];
	uint8_t		nonce[QC_SEAL_NONCE];
	uint8_t		plain[PLAIN_MAX];
	uint8_t		sealed[PLAIN_MAX + QC_SEAL_OVERHEAD];
	uint8_t		ad[sizeof(place)];
	size_t		adlen = strlen(place);
	size_t		len;
	size_t		i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t) (7 * i + 1);
	for (i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t) (250 - i);
	for (i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t) (i + 1);
	for (len = 0; len <= PLAIN_MAX; len++)
	{
		size_t		total = len + QC_SEAL_OVERHEAD;
		uint8_t    *text = exact(plain, len);
		uint8_t    *back = malloc(len + 1);
		int			opened = 0;

		CHECK(qc_seal(key, nonce, place, adlen, text, len, sealed) == QC_OK);
		CHECK(qc_open(key, place, adlen, sealed, total, back) == QC_OK);
		CHECK(memcmp(back, plain, len) == 0);
		CHECK(len < 8 || memcmp(sealed + QC_SEAL_NONCE, plain, len) != 0);
		free(text);
		free(back);

		for (i = 0; i < 8 * total; i++)
		{
			sealed[i / 8] ^= (uint8_t) (1 << i % 8);
			opened += !is_refused(key, place, adlen, sealed, total);
			sealed[i / 8] ^= (uint8_t) (1 << i % 8);
		}
		CHECK(opened == 0);

		memcpy(ad, place, sizeof(ad));
		for (i = 0; i < 8 * adlen; i++)
		{
			ad[i / 8] ^= (uint8_t) (1 << i % 8);
			opened += !is_refused(key, ad, adlen, sealed, total);
			ad[i / 8] ^= (uint8_t) (1 << i % 8);
		}
		CHECK(opened == 0);
		CHECK(is_refused(key, other, strlen(other), sealed, total));
		CHECK(is_refused(key, place, adlen - 1, sealed, total));
		CHECK(is_refused(key, NULL, 0, sealed, total));
		CHECK(total == QC_SEAL_OVERHEAD ||
			  is_refused(key, place, adlen, sealed, total - 1));

		for (i = 0; i < 8 * sizeof(key); i++)
		{
			key[i / 8] ^= (uint8_t) (1 << i % 8);
			opened += !is_refused(key, place, adlen, sealed, total);
			key[i / 8] ^= (uint8_t) (1 << i % 8);
		}
		CHECK(opened == 0);
	}
}

/* Shorter than nonce and tag is no sealed value, and nothing is written. */
static void
test_short(void)
{
	static const uint8_t key[QC_KEY_LEN] = {1};
	uint8_t		out = 0x5a;
	size_t		len;

	for (len = 0; len < QC_SEAL_OVERHEAD; len++)
	{
		uint8_t    *sealed = calloc(1, len + 1);

		CHECK(qc_open(key, "x", 1, sealed, len, &out) == QC_E_CRYPTO);
		CHECK(out == 0x5a);
		free(sealed);
	}
}

/* An empty text and an empty place are sealed like any other. */
static void
test_empty(void)
{
	static const uint8_t key[QC_KEY_LEN] = {2};
	static const uint8_t nonce[QC_SEAL_NONCE] = {3};
	uint8_t		sealed[QC_SEAL_OVERHEAD + 1];
	uint8_t		out[1] = {0};

	CHECK(qc_seal(key, nonce, NULL, 0, NULL, 0, sealed) == QC_OK);
	CHECK(qc_open(key, NULL, 0, sealed, QC_SEAL_OVERHEAD, out) == QC_OK);
	CHECK(is_refused(key, "", 1, sealed, QC_SEAL_OVERHEAD));
	CHECK(qc_seal(key, nonce, NULL, 0, "a", 1, sealed) == QC_OK);
	CHECK(qc_open(key, NULL, 0, sealed, QC_SEAL_OVERHEAD + 1, out) == QC_OK);
	CHECK(out[0] == 'a');
}

/* Two nonces give two texts that have nothing to do with each other. */
static void
test_nonce(void)
{
	static const uint8_t key[QC_KEY_LEN] = {4};
	uint8_t		nonce[QC_SEAL_NONCE] = {0};
	uint8_t		first[32 + QC_SEAL_OVERHEAD];
	uint8_t		second[32 + QC_SEAL_OVERHEAD];
	static const uint8_t plain[32] = {0};
	int			same = 0;
	size_t		i;

	CHECK(qc_seal(key, nonce, "p", 1, plain, sizeof(plain), first) == QC_OK);
	nonce[QC_SEAL_NONCE - 1] = 1;
	CHECK(qc_seal(key, nonce, "p", 1, plain, sizeof(plain), second) == QC_OK);
	for (i = QC_SEAL_NONCE; i < sizeof(first); i++)
		same += first[i] == second[i];
	CHECK(same < 8);
}

int
main(void)
{
	test_published();
	test_bound();
	test_short();
	test_empty();
	test_nonce();
	return finish();
}
