/*
 * test_payment.c
 *	  What a payer's code is bound to: every rule of the five texts, the digest
 *	  and the verification code against answers computed with Python's hmac.
 */
#include "check.h"
#include "payment.h"

#define ID		"0123abcd-4567-89ab-8def-0123456789ab"
#define NONCE	"00112233445566778899aabbccddeeff"

static bool
is_amount(const char *amount, const char *currency)
{
	char	   *a = exact(amount, strlen(amount));
	char	   *c = exact(currency, strlen(currency));
	bool		ok = qc_is_amount(a, strlen(amount), c, strlen(currency));

	free(a);
	free(c);
	return ok;
}

static int
decimals(const char *currency)
{
	char	   *c = exact(currency, strlen(currency));
	int			n = qc_currency_decimals(c, strlen(currency));

	free(c);
	return n;
}

static void
test_currencies(void)
{
	/* ISO 4217, every entry in use that has other than two */
	static const char none[] =
		"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
	static const char three[] = "BHD IQD JOD KWD LYD OMR TND";
	static const char four[] = "CLF UYW";
	static const char *const bad[] = {
		"", "C", "CN", "CNYY", "cny", "CNy", "C Y", "CN1", "CN[", "@NY",
		"\xc3\x84" "A", "JPYX", " JPY"
	};
	char		currency[4] = {0};
	int			count[5] = {0};
	size_t		i;

	for (currency[0] = 'A'; currency[0] <= 'Z'; currency[0]++)
	{
		for (currency[1] = 'A'; currency[1] <= 'Z'; currency[1]++)
		{
			for (currency[2] = 'A'; currency[2] <= 'Z'; currency[2]++)
			{
				int			want = strstr(none, currency) ? 0 :
					strstr(three, currency) ? 3 :
					strstr(four, currency) ? 4 : 2;

				CHECK_NOTE(decimals(currency) == want, currency);
				count[want]++;
			}
		}
	}
	CHECK(count[0] == 17 && count[3] == 7 && count[4] == 2);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		CHECK_NOTE(decimals(bad[i]) == -1, bad[i]);
		CHECK_NOTE(!is_amount("1.00", bad[i]), bad[i]);
		CHECK_NOTE(!is_amount("1", bad[i]), bad[i]);
	}
	CHECK(qc_currency_decimals("CN\0", 3) == -1);
}

static void
test_amounts(void)
{
	static const char *const good[][2] = {
		{"88.50", "CNY"}, {"0.01", "CNY"}, {"0.10", "EUR"}, {"10.00", "EUR"},
		{"999999999999999.99", "CNY"}, {"100000000000000.00", "USD"},
		{"12000", "JPY"}, {"1", "JPY"}, {"999999999999999", "KRW"}, {"10", "VND"},
		{"0.001", "KWD"}, {"97.882", "KWD"}, {"999999999999999.999", "BHD"},
		{"0.0001", "CLF"}, {"1.0000", "UYW"}, {"999999999999999.9999", "CLF"}
	};
	static const char *const bad[][2] = {
		/* decimals of another currency, none, too many */
		{"88.5", "CNY"}, {"88.500", "CNY"}, {"88", "CNY"}, {"88.", "CNY"},
		{"12000.00", "JPY"}, {"12000.", "JPY"}, {"1.0", "JPY"},
		{"97.88", "KWD"}, {"97.8820", "KWD"}, {"97", "KWD"},
		{"1.00", "CLF"}, {"1.000", "CLF"}, {"1.00000", "CLF"},
		/* zero */
		{"0.00", "CNY"}, {"0", "JPY"}, {"0.000", "KWD"}, {"0.0000", "CLF"},
		/* leading zeros and missing digits */
		{"01.00", "CNY"}, {"00.50", "CNY"}, {"000", "JPY"}, {"01", "JPY"},
		{".50", "CNY"}, {".5", "CNY"}, {"", "CNY"}, {"", "JPY"}, {".", "CNY"},
		{"00.001", "KWD"},
		/* signs, exponents, grouping, blanks, other digits and points */
		{"+1.00", "CNY"}, {"-1.00", "CNY"}, {"-1", "JPY"}, {"1e2", "JPY"},
		{"1e.00", "CNY"}, {"1,000.00", "CNY"}, {"1,00", "CNY"}, {"1 000", "JPY"},
		{" 1.00", "CNY"}, {"1.00 ", "CNY"}, {"1.0 ", "CNY"}, {"1. 0", "CNY"},
		{"1..0", "CNY"}, {"1.0.", "CNY"}, {"1:00", "CNY"}, {"1/00", "CNY"},
		{"0x10", "JPY"}, {"NaN", "JPY"}, {"1.0a", "CNY"}, {"\xd9\xa1.00", "CNY"},
		{"1.00\n", "CNY"}, {"1_0", "JPY"},
		/* too long */
		{"1000000000000000", "JPY"}, {"1000000000000000.00", "CNY"},
		{"1000000000000000.000", "KWD"}, {"1000000000000000.0000", "CLF"}
	};
	char		digits[96];
	size_t		i;
	int			c;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		CHECK_NOTE(is_amount(good[i][0], good[i][1]), good[i][0]);
		CHECK_NOTE(strlen(good[i][0]) < QC_AMOUNT_MAX, good[i][0]);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_NOTE(!is_amount(bad[i][0], bad[i][1]), bad[i][0]);

	/* one byte replaced by every other, a zero byte among them */
	for (i = 0; i < 5; i++)
	{
		for (c = 0; c < 256; c++)
		{
			bool		right = i == 2 ? c == '.' : c >= '0' && c <= '9';

			memcpy(digits, "18.50", 6);
			digits[i] = (char) c;
			if (i == 0 && c == '0')
				right = false;
			snprintf(digits + 32, 64, "%d at %d", c, (int) i);
			CHECK_NOTE(qc_is_amount(digits, 5, "CNY", 3) == right, digits + 32);
		}
	}
}

static void
test_ids(void)
{
	char		text[96];
	size_t		i;
	int			c;

	CHECK(qc_is_payment_id(ID, 36));
	CHECK(qc_is_payment_id("ffffffff-ffff-ffff-ffff-ffffffffffff", 36));
	CHECK(qc_is_payment_nonce(NONCE, 32));
	for (i = 0; i <= 40; i++)
	{
		snprintf(text, sizeof(text), "%s%s", ID, "0123");
		CHECK(qc_is_payment_id(text, i) == (i == 36));
		snprintf(text, sizeof(text), "%s%s", NONCE, "01234567");
		CHECK(qc_is_payment_nonce(text, i) == (i == 32));
	}
	for (i = 0; i < 36; i++)
	{
		bool		hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		for (c = 0; c < 256; c++)
		{
			bool		hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');

			memcpy(text, ID, 37);
			text[i] = (char) c;
			snprintf(text + 40, 50, "%d at %d", c, (int) i);
			CHECK_NOTE(qc_is_payment_id(text, 36) == (hyphen ? c == '-' : hex),
					   text + 40);
			if (i >= 32)
				continue;
			memcpy(text, NONCE, 33);
			text[i] = (char) c;
			CHECK_NOTE(qc_is_payment_nonce(text, 32) == hex, text + 40);
		}
	}
}

static void
test_digest(QcMac *m)
{
	static const char *const payment[5] = {ID, "", "EUR", "0.05", NONCE};
	static const struct
	{
		int			which;
		const char *value;
	}			wrong[] = {
		{0, "0123ABCD-4567-89ab-8def-0123456789ab"},
		{0, "0123abcd456789ab8def0123456789ab"}, {0, ""},
		{2, "eur"}, {2, ""}, {2, "EURO"}, {2, "JPY"}, {2, "KWD"},
		{3, "0.5"}, {3, "0.00"}, {3, "5"}, {3, ""},
		{4, "00112233445566778899AABBCCDDEEFF"}, {4, "00"}, {4, ""}
	};
	char	   *longest = malloc(65536);
	QcText		text[5];
	QcText		kept;
	uint8_t		digest[QC_SHA256_LEN];
	uint8_t		other[QC_SHA256_LEN];
	size_t		i;

	for (i = 0; i < 5; i++)
	{
		text[i].data = payment[i];
		text[i].len = strlen(payment[i]);
	}
	CHECK(qc_payment_digest(m, text, digest) == QC_OK);
	CHECK(equals_hex(digest, sizeof(digest),
					 "d7bc3abca212690a6a2dfe2bc3fda537"
					 "a997d28ce92fef457581709eab74d940"));

	memset(longest, 'p', 65536);
	text[1].data = longest;
	text[1].len = 65535;
	CHECK(qc_payment_digest(m, text, digest) == QC_OK);
	CHECK(equals_hex(digest, sizeof(digest),
					 "b780ddd77460364e866040acd1bc3fb5"
					 "5349131c0655665c08f7a9b9fa2aff1d"));
	text[1].len = 65536;
	memset(other, 0xff, sizeof(other));
	CHECK(qc_payment_digest(m, text, other) == QC_E_LENGTH);
	CHECK(all_zero(other, sizeof(other)));
	text[1].data = "shop";
	text[1].len = 4;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		kept = text[wrong[i].which];
		text[wrong[i].which].data = wrong[i].value;
		text[wrong[i].which].len = strlen(wrong[i].value);
		memset(other, 0xff, sizeof(other));
		CHECK_NOTE(qc_payment_digest(m, text, other) == QC_E_PAYMENT,
				   wrong[i].value);
		CHECK_NOTE(all_zero(other, sizeof(other)), wrong[i].value);
		text[wrong[i].which] = kept;
	}

	/* the payee counts as given: blanks, capitals, a zero byte */
	CHECK(qc_payment_digest(m, text, digest) == QC_OK);
	for (i = 0; i < 3; i++)
	{
		static const char *const payee[3] = {"Shop", "shop ", "shop\0"};

		text[1].data = payee[i];
		text[1].len = i == 0 ? 4 : 5;
		CHECK(qc_payment_digest(m, text, other) == QC_OK);
		CHECK(memcmp(digest, other, sizeof(digest)) != 0);
	}
	free(longest);
}

static void
test_verification(QcMac *m)
{
	static const struct
	{
		uint32_t	sending;
		const char *code;
	}			known[] = {
		{0, "310817"}, {1, "357838"}, {2, "154498"},
		{UINT32_C(0x01020304), "178586"}, {UINT32_MAX, "052773"},
		{101493, "000008"}
	};
	uint8_t		master[QC_KEY_LEN];
	uint8_t		subject[16];
	char	   *out = malloc(QC_VERIFICATION_DIGITS + 1);
	size_t		i;

	for (i = 0; i < sizeof(master); i++)
		master[i] = (uint8_t) i;
	for (i = 0; i < sizeof(subject); i++)
		subject[i] = (uint8_t) (100 + i);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		CHECK_NOTE(qc_verification_code(m, master, subject, known[i].sending,
										out) == QC_OK, known[i].code);
		CHECK_NOTE(strcmp(out, known[i].code) == 0, known[i].code);
	}

	/* every byte of the subject counts */
	for (i = 0; i < sizeof(subject); i++)
	{
		subject[i] ^= 1;
		CHECK(qc_verification_code(m, master, subject, 0, out) == QC_OK);
		CHECK(strlen(out) == 6 && strspn(out, "0123456789") == 6 &&
			  strcmp(out, known[0].code) != 0);
		subject[i] ^= 1;
	}
	free(out);
}

/* K(biometric) by Python's hmac and hashlib; the vectors have no generation 255. */
static void
test_biometric_key(QcMac *m)
{
	uint8_t		secret[10];
	uint8_t		key[QC_KEY_LEN];
	uint8_t		other[QC_KEY_LEN];

	memset(secret, 0xab, 9);
	secret[9] = 0xc0;
	CHECK(qc_biometric_key(m, secret, 10, 1, 255, key) == QC_OK);
	CHECK(equals_hex(key, sizeof(key),
					 "ba0ab74ce38aa47eccd09035c58db52e"
					 "2b668c37f5f6a260f383aaccf7acb90f"));
	CHECK(qc_biometric_key(m, secret, 9, 1, 255, other) == QC_OK);
	CHECK(memcmp(key, other, sizeof(key)) != 0);
	CHECK(qc_biometric_key(m, secret, 10, 1, 254, other) == QC_OK);
	CHECK(memcmp(key, other, sizeof(key)) != 0);
	CHECK(qc_biometric_key(m, secret, 10, 2, 255, other) == QC_OK);
	CHECK(memcmp(key, other, sizeof(key)) != 0);
}

/* Without libcrypto's contexts nothing comes out, and nothing is left. */
static void
test_no_crypto(void)
{
	QcMac		closed;
	QcText		text[5] = {
		{ID, 36}, {"shop", 4}, {"EUR", 3}, {"0.05", 4}, {NONCE, 32}
	};
	uint8_t		key[QC_KEY_LEN] = {1};
	uint8_t		digest[QC_SHA256_LEN];
	char		code[QC_VERIFICATION_DIGITS + 1];

	memset(&closed, 0, sizeof(closed));
	memset(digest, 0xff, sizeof(digest));
	CHECK(qc_payment_digest(&closed, text, digest) == QC_E_CRYPTO);
	CHECK(all_zero(digest, sizeof(digest)));
	memset(digest, 0xff, sizeof(digest));
	CHECK(qc_biometric_key(&closed, key, 10, 1, 1, digest) == QC_E_CRYPTO);
	CHECK(all_zero(digest, sizeof(digest)));
	memset(code, 'x', sizeof(code));
	CHECK(qc_verification_code(&closed, key, key, 1, code) == QC_E_CRYPTO);
	CHECK(all_zero(code, sizeof(code)));
}

int
main(int argc, char **argv)
{
	QcMac		m;

	(void) argv;
	if (argc != 3 || qc_mac_open(&m) != QC_OK)
		return 1;
	test_currencies();
	test_amounts();
	test_ids();
	test_digest(&m);
	test_verification(&m);
	test_biometric_key(&m);
	test_no_crypto();
	qc_mac_close(&m);
	return finish();
}
