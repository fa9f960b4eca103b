/*
 * test_code.c
 *	  That the parsers of codes and tokens are strict, and base32.
 */
#include "check.h"
#include "code.h"

static QcStatus
parse_exact(const char *text, size_t len, QcCode *code)
{
	char	   *copy = exact(text, len);
	QcStatus	status;

	memset(code, 0xaa, sizeof(*code));
	status = qc_code_parse(copy, len, code);
	free(copy);
	return status;
}

static QcStatus
token_exact(char prefix, const char *text, size_t len, QcToken *token)
{
	char	   *copy = exact(text, len);
	QcStatus	status;

	memset(token, 0xaa, sizeof(*token));
	status = qc_token_parse(prefix, copy, len, token);
	free(copy);
	return status;
}

/* Refused, with nothing of it left in the output. */
static bool
refused(const char *text, size_t len)
{
	QcCode		code;

	return parse_exact(text, len, &code) == QC_E_CODE &&
		all_zero(&code, sizeof(code));
}

static bool
same_code(const QcCode *a, const QcCode *b)
{
	return a->kind == b->kind && a->kid == b->kid &&
		a->generation == b->generation &&
		a->credential_id == b->credential_id && a->moment == b->moment &&
		memcmp(a->mac, b->mac, QC_CODE_MAC) == 0;
}

static QcCode
sample(QcKind kind)
{
	QcCode		code;
	int			i;

	memset(&code, 0, sizeof(code));
	code.kind = (uint8_t) kind;
	code.kid = 200;
	code.generation = 7;
	code.credential_id = INT64_C(0x3a1b2c3d4e5f6071);
	code.moment = UINT32_C(0x89abcdef);
	for (i = 0; i < QC_CODE_MAC; i++)
		code.mac[i] = (uint8_t) (17 * i + 3);
	return code;
}

/* The text of 31 bytes, whatever they say. */
static void
text_of(const uint8_t raw[QC_CODE_BYTES], char out[QC_CODE_TEXT])
{
	memcpy(out, "QC1.", 4);
	qc_base32_encode(raw, QC_CODE_BYTES, out + 4);
}

static void
raw_of(const QcCode *code, uint8_t raw[QC_CODE_BYTES])
{
	char		text[QC_CODE_TEXT + 1];

	qc_code_print(code, text);
	CHECK(qc_base32_decode(text + 4, QC_CODE_TEXT - 4, raw, QC_CODE_BYTES));
}

/* Every change of one bit is refused or is another code. */
static void
test_bits(const QcCode *code)
{
	uint8_t		raw[QC_CODE_BYTES];
	char		text[QC_CODE_TEXT];
	int			bit;

	raw_of(code, raw);
	for (bit = 0; bit < 8 * QC_CODE_BYTES; bit++)
	{
		QcCode		parsed;
		QcStatus	status;

		raw[bit / 8] ^= (uint8_t) (0x80 >> bit % 8);
		text_of(raw, text);
		status = parse_exact(text, sizeof(text), &parsed);
		CHECK(status == QC_E_CODE ||
			  (status == QC_OK && !same_code(code, &parsed)));
		/* past the kind and the id's sign, every bit is a legal change here */
		if (bit > 16)
			CHECK(status == QC_OK);
		raw[bit / 8] ^= (uint8_t) (0x80 >> bit % 8);
	}
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/*
 * Every change of one character to any other byte: the other case of a letter
 * is the same code, all else is refused or another code.
 */
static void
test_characters(const QcCode *code)
{
	char		text[QC_CODE_TEXT + 1];
	size_t		at;
	int			byte;

	qc_code_print(code, text);
	for (at = 0; at < QC_CODE_TEXT; at++)
	{
		char		kept = text[at];
		int			wrong = 0;

		for (byte = 0; byte < 256; byte++)
		{
			char		c = (char) byte;
			QcCode		parsed;
			QcStatus	status;

			if (c == kept)
				continue;
			text[at] = c;
			status = parse_exact(text, QC_CODE_TEXT, &parsed);
			if (is_letter(kept) && c == (kept ^ 0x20))
				wrong += !(status == QC_OK && same_code(code, &parsed));
			else if (at < 4 || !(is_letter(c) || (c >= '2' && c <= '7')))
				wrong += !(status == QC_E_CODE);
			else
				wrong += !(status == QC_E_CODE || !same_code(code, &parsed));
		}
		CHECK(wrong == 0);
		text[at] = kept;
	}
}

static void
test_lengths(const QcCode *code)
{
	char		text[QC_CODE_TEXT + 10];
	size_t		len;

	memset(text, 'A', sizeof(text));
	qc_code_print(code, text);
	text[QC_CODE_TEXT] = 'A';
	for (len = 0; len <= sizeof(text); len++)
	{
		QcCode		parsed;

		if (len == QC_CODE_TEXT)
			CHECK(parse_exact(text, len, &parsed) == QC_OK);
		else
			CHECK(refused(text, len));
	}
	CHECK(refused("", 0));

	/* nothing is trimmed: not a line end, not a blank, not a terminator */
	text[QC_CODE_TEXT] = '\n';
	CHECK(refused(text, QC_CODE_TEXT + 1));
	text[QC_CODE_TEXT] = '\0';
	CHECK(refused(text, QC_CODE_TEXT + 1));
	memmove(text + 1, text, QC_CODE_TEXT);
	text[0] = ' ';
	CHECK(refused(text, QC_CODE_TEXT + 1));
	CHECK(refused(text, QC_CODE_TEXT));
}

static void
test_case(const QcCode *code)
{
	char		text[QC_CODE_TEXT + 1];
	QcCode		parsed;
	size_t		i;

	qc_code_print(code, text);
	for (i = 0; i < QC_CODE_TEXT; i++)
	{
		CHECK(!(text[i] >= 'a' && text[i] <= 'z'));
		if (is_letter(text[i]))
			text[i] |= 0x20;
	}
	CHECK(parse_exact(text, QC_CODE_TEXT, &parsed) == QC_OK);
	CHECK(same_code(code, &parsed));
}

/* Of the last character's five bits, the two lowest are spare. */
static void
test_spare_bits(const QcCode *code)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char		text[QC_CODE_TEXT + 1];
	QcCode		parsed;
	int			value;

	qc_code_print(code, text);
	for (value = 0; value < 32; value++)
	{
		text[QC_CODE_TEXT - 1] = alphabet[value];
		CHECK(parse_exact(text, QC_CODE_TEXT, &parsed) ==
			  (value % 4 == 0 ? QC_OK : QC_E_CODE));
	}
}

static void
test_fields(void)
{
	static const uint8_t id_bad[][8] = {
		{0, 0, 0, 0, 0, 0, 0, 0},
		{0x80, 0, 0, 0, 0, 0, 0, 0},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	};
	static const uint8_t id_good[][8] = {
		{0, 0, 0, 0, 0, 0, 0, 1},
		{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	};
	QcCode		code = sample(QC_KIND_SECOND);
	QcCode		parsed;
	uint8_t		raw[QC_CODE_BYTES];
	char		text[QC_CODE_TEXT];
	int			kind;
	size_t		i;

	for (kind = 0; kind < 256; kind++)
	{
		bool		known = kind >= 0x11 && kind <= 0x15;

		raw_of(&code, raw);
		raw[0] = (uint8_t) kind;
		text_of(raw, text);
		CHECK((parse_exact(text, sizeof(text), &parsed) == QC_OK) == known);
		CHECK(known ? parsed.kind == kind : all_zero(&parsed, sizeof(parsed)));
		CHECK((qc_kind_name((uint8_t) kind) != NULL) == known);
	}
	CHECK(strcmp(qc_kind_name(QC_KIND_STATIC), "static") == 0);
	CHECK(strcmp(qc_kind_name(QC_KIND_SECOND), "second") == 0);
	CHECK(strcmp(qc_kind_name(QC_KIND_ROTATING), "rotating") == 0);
	CHECK(strcmp(qc_kind_name(QC_KIND_BIOMETRIC), "biometric") == 0);
	CHECK(strcmp(qc_kind_name(QC_KIND_RENEWAL), "renewal") == 0);

	raw_of(&code, raw);
	raw[1] = 0;
	text_of(raw, text);
	CHECK(refused(text, sizeof(text)));
	raw[1] = 255;
	raw[10] = 0;
	text_of(raw, text);
	CHECK(refused(text, sizeof(text)));
	raw[10] = 255;
	text_of(raw, text);
	CHECK(parse_exact(text, sizeof(text), &parsed) == QC_OK);
	CHECK(parsed.kid == 255 && parsed.generation == 255);

	for (i = 0; i < sizeof(id_bad) / sizeof(id_bad[0]); i++)
	{
		memcpy(raw + 2, id_bad[i], 8);
		text_of(raw, text);
		CHECK(refused(text, sizeof(text)));
	}
	for (i = 0; i < sizeof(id_good) / sizeof(id_good[0]); i++)
	{
		memcpy(raw + 2, id_good[i], 8);
		text_of(raw, text);
		CHECK(parse_exact(text, sizeof(text), &parsed) == QC_OK);
		CHECK(parsed.credential_id == (i == 0 ? 1 : INT64_MAX));
	}

	/* a moment of 0 and the last one are ordinary */
	memset(raw + 11, 0, 4);
	text_of(raw, text);
	CHECK(parse_exact(text, sizeof(text), &parsed) == QC_OK);
	CHECK(parsed.moment == 0);
	memset(raw + 11, 0xff, 4);
	text_of(raw, text);
	CHECK(parse_exact(text, sizeof(text), &parsed) == QC_OK);
	CHECK(parsed.moment == UINT32_MAX);
}

static void
test_tokens(void)
{
	QcToken		token;
	QcToken		parsed;
	char		text[QC_TOKEN_TEXT + 8];
	char		letter;
	size_t		len;
	size_t		i;
	int			p;

	for (i = 0; i < 16; i++)
		token.bytes[i] = (uint8_t) (200 + 11 * i);
	for (p = 0; p < 2; p++)
	{
		letter = "TS"[p];
		token.bucket = p == 0 ? 0 : 4095;
		memset(text, 'A', sizeof(text));
		qc_token_print(letter, &token, text);
		CHECK(strlen(text) == QC_TOKEN_TEXT && text[1] == letter);
		text[QC_TOKEN_TEXT] = 'A';
		for (len = 0; len <= sizeof(text); len++)
		{
			QcStatus	status = token_exact(letter, text, len, &parsed);

			CHECK(status == (len == QC_TOKEN_TEXT ? QC_OK : QC_E_TICKET));
			CHECK(status == QC_OK || all_zero(&parsed, sizeof(parsed)));
		}
		CHECK(token_exact(letter, text, QC_TOKEN_TEXT, &parsed) == QC_OK);
		CHECK(parsed.bucket == token.bucket &&
			  memcmp(parsed.bytes, token.bytes, 16) == 0);
		CHECK(token_exact("ST"[p], text, QC_TOKEN_TEXT, &parsed) == QC_E_TICKET);
		CHECK(token_exact('C', text, QC_TOKEN_TEXT, &parsed) == QC_E_TICKET);
		CHECK(token_exact((char) (letter | 0x20), text, QC_TOKEN_TEXT,
						  &parsed) == QC_E_TICKET);

		for (i = 0; i < QC_TOKEN_TEXT; i++)
		{
			char		kept = text[i];
			int			byte;
			int			wrong = 0;

			for (byte = 0; byte < 256; byte++)
			{
				bool		same;

				text[i] = (char) byte;
				same = token_exact(letter, text, QC_TOKEN_TEXT, &parsed) ==
					QC_OK && parsed.bucket == token.bucket &&
					memcmp(parsed.bytes, token.bytes, 16) == 0;
				wrong += same != (text[i] == kept ||
								  (is_letter(kept) &&
								   text[i] == (kept ^ 0x20)));
			}
			CHECK(wrong == 0);
			text[i] = kept;
		}
	}

	/* there is no third letter, whatever the text says */
	text[1] = 'C';
	CHECK(token_exact('C', text, QC_TOKEN_TEXT, &parsed) == QC_E_TICKET);
	text[1] = 's';
	CHECK(token_exact('S', text, QC_TOKEN_TEXT, &parsed) == QC_OK);
	CHECK(token_exact('s', text, QC_TOKEN_TEXT, &parsed) == QC_E_TICKET);

	/* a bucket above 4095 is none */
	token.bucket = 4096;
	qc_token_print('S', &token, text);
	CHECK(token_exact('S', text, QC_TOKEN_TEXT, &parsed) == QC_E_TICKET);
	token.bucket = 65535;
	qc_token_print('S', &token, text);
	CHECK(token_exact('S', text, QC_TOKEN_TEXT, &parsed) == QC_E_TICKET);
}

/* RFC 4648, section 10, without its padding; and round trips of all lengths. */
static void
test_base32(void)
{
	static const char *const rfc[7] = {
		"", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"
	};
	uint8_t		raw[64];
	size_t		n;

	for (n = 0; n < sizeof(raw); n++)
		raw[n] = (uint8_t) (n * 157 + 91);

	for (n = 0; n <= 6; n++)
	{
		char		out[16];

		memset(out, '#', sizeof(out));
		qc_base32_encode((const uint8_t *) "foobar", n, out);
		CHECK(strncmp(out, rfc[n], strlen(rfc[n])) == 0);
		CHECK(out[strlen(rfc[n])] == '#');
	}
	for (n = 0; n <= sizeof(raw); n++)
	{
		size_t		len = (8 * n + 4) / 5;
		uint8_t    *in = exact(raw, n);
		char	   *text = malloc(len);
		uint8_t    *back = malloc(n);
		size_t		i;

		if ((text == NULL && len > 0) || (back == NULL && n > 0))
			abort();
		qc_base32_encode(in, n, text);
		CHECK(qc_base32_decode(text, len, back, n));
		CHECK(n == 0 || memcmp(raw, back, n) == 0);
		CHECK(n == 0 || !qc_base32_decode(text, len - 1, back, n));
		CHECK(all_zero(back, n));
		for (i = 0; i < len; i++)
		{
			char		kept = text[i];

			text[i] = "=018-_ \0"[i % 8];
			CHECK(!qc_base32_decode(text, len, back, n));
			CHECK(all_zero(back, n));
			text[i] = kept;
		}
		free(in);
		free(text);
		free(back);
	}
}

static void
test_second_extra(void)
{
	static const char *const bad[] = {
		"", "12345", "123456789", "12345a", "123 56", "+12345", "12345\n",
		"1234567\x80"
	};
	uint8_t		out[9];
	size_t		len;
	size_t		i;
	char	   *digits;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		digits = exact(bad[i], strlen(bad[i]));
		memset(out, 0xaa, sizeof(out));
		CHECK(qc_second_extra(digits, strlen(bad[i]), out, &len) == QC_E_DIGITS);
		CHECK(all_zero(out, sizeof(out)) && len == 0);
		free(digits);
	}
	CHECK(qc_second_extra("12345\0", 6, out, &len) == QC_E_DIGITS);
	for (i = 6; i <= 8; i++)
	{
		digits = exact("01234567", i);
		CHECK(qc_second_extra(digits, i, out, &len) == QC_OK);
		CHECK(len == i + 1 && out[0] == i && memcmp(out + 1, digits, i) == 0);
		free(digits);
	}
}

static void
test_ids(void)
{
	CHECK(qc_make_id(0, 0) == 0);
	CHECK(qc_make_id(0, 1) == 1);
	CHECK(qc_make_id(4095, UINT64_MAX) == INT64_MAX);
	CHECK(qc_make_id(1, 0) == INT64_C(1) << 51);
	CHECK(qc_make_id(0, UINT64_MAX) == (INT64_C(1) << 51) - 1);
	CHECK(qc_bucket_of_id(INT64_MAX) == 4095);
	CHECK(qc_bucket_of_id((INT64_C(1) << 51) - 1) == 0);
	CHECK(qc_bucket_of_id(qc_make_id(2748, 12345)) == 2748);
}

int
main(void)
{
	int			kind;

	for (kind = QC_KIND_STATIC; kind <= QC_KIND_RENEWAL; kind++)
	{
		QcCode		code = sample((QcKind) kind);

		test_bits(&code);
		test_characters(&code);
		test_lengths(&code);
		test_case(&code);
		test_spare_bits(&code);
	}
	test_fields();
	test_tokens();
	test_base32();
	test_second_extra();
	test_ids();
	return finish();
}
