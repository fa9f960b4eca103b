/*
 * test_protocol.c
 *	  The known answers of the protocol: what protocol.pl made of
 *	  test/vectors/protocol_v1.json.
 */
#include "check.h"
#include "bch.h"
#include "challenge.h"
#include "code.h"
#include "keys.h"
#include "ocra.h"
#include "payment.h"

static QcText
text_column(const Table *t, const char *name)
{
	QcText		text;

	text.data = (const char *) unhex(table_get(t, name), &text.len);
	return text;
}

static void
check_keys(QcMac *m, const Table *t, const uint8_t *master, int64_t id,
		   uint8_t generation)
{
	static const char *const registration[5] = {
		"issuer", "customer_ref", "full_name", "id_number", "phone"
	};
	static const char *const label[6] = {
		QC_CRED_STATIC, QC_CRED_CHALLENGE, QC_CRED_SECOND, QC_CRED_ROTATING,
		QC_CRED_OCRA, QC_CRED_RENEWAL
	};
	QcText		text[5];
	uint8_t		digest[QC_SHA256_LEN];
	uint8_t		key[QC_KEY_LEN];
	uint8_t		check[8];
	uint16_t	bucket;
	char		column[32];
	int			i;

	for (i = 0; i < 5; i++)
		text[i] = text_column(t, registration[i]);
	CHECK_NOTE(qc_bucket(m, text[1].data, text[1].len, &bucket) == QC_OK,
			   t->note);
	CHECK_NOTE(bucket == atoi(table_get(t, "bucket")), t->note);
	CHECK_NOTE(qc_bucket_of_id(id) == bucket, t->note);
	CHECK_NOTE(qc_make_id(bucket, (uint64_t) id) == id, t->note);

	CHECK_NOTE(qc_registration_digest(m, master, text, digest) == QC_OK,
			   t->note);
	CHECK_NOTE(equals_hex(digest, sizeof(digest),
						  table_get(t, "registration_digest")), t->note);
	for (i = 0; i < 5; i++)
		free((void *) text[i].data);

	for (i = 0; i < 6; i++)
	{
		snprintf(column, sizeof(column), "key_%s", label[i]);
		CHECK_NOTE(qc_credential_key(m, master, label[i], id, generation,
									 digest, key) == QC_OK, t->note);
		CHECK_NOTE(equals_hex(key, sizeof(key), table_get(t, column)),
				   t->note);
	}
	CHECK_NOTE(qc_check_value(m, master, check) == QC_OK, t->note);
	CHECK_NOTE(equals_hex(check, sizeof(check), table_get(t, "check_value")),
			   t->note);
}

static void
check_ticket(QcMac *m, const Table *t, const uint8_t *master, int64_t id,
			 uint8_t generation)
{
	const char *want = table_get(t, "ticket");
	char	   *text = exact(want, strlen(want));
	QcToken		token;
	QcToken		parsed;
	char		out[QC_TOKEN_TEXT + 1];

	token.bucket = qc_bucket_of_id(id);
	CHECK_NOTE(qc_ticket(m, master, id, generation,
						 (uint32_t) strtoul(table_get(t, "ticket_serial"),
											NULL, 10), token.bytes) == QC_OK,
			   t->note);
	qc_token_print('T', &token, out);
	CHECK_NOTE(strcmp(out, want) == 0, t->note);
	CHECK_NOTE(qc_token_parse('T', text, strlen(want), &parsed) == QC_OK,
			   t->note);
	CHECK_NOTE(parsed.bucket == token.bucket &&
			   memcmp(parsed.bytes, token.bytes, 16) == 0, t->note);
	CHECK_NOTE(qc_token_parse('S', text, strlen(want), &parsed) == QC_E_TICKET,
			   t->note);
	free(text);
}

/* Signs and prints the code, and reads it back. */
static void
check_code(QcMac *m, const Table *t, QcKind kind, const uint8_t *key,
		   const char *moment, const void *extra, size_t extralen,
		   const char *want)
{
	QcCode		code;
	QcCode		parsed;
	char		out[QC_CODE_TEXT + 1];
	char	   *text = exact(want, strlen(want));

	memset(&code, 0, sizeof(code));
	code.kind = (uint8_t) kind;
	code.kid = (uint8_t) atoi(table_get(t, "kid"));
	code.generation = (uint8_t) atoi(table_get(t, "generation"));
	code.credential_id = strtoll(table_get(t, "credential_id"), NULL, 10);
	code.moment = (uint32_t) strtoul(moment, NULL, 10);
	CHECK_NOTE(qc_code_sign(m, key, extra, extralen, &code) == QC_OK, t->note);
	qc_code_print(&code, out);
	CHECK_NOTE(strcmp(out, want) == 0, t->note);

	CHECK_NOTE(qc_code_parse(text, strlen(want), &parsed) == QC_OK, t->note);
	CHECK_NOTE(parsed.kind == code.kind && parsed.kid == code.kid &&
			   parsed.generation == code.generation &&
			   parsed.credential_id == code.credential_id &&
			   parsed.moment == code.moment &&
			   memcmp(parsed.mac, code.mac, QC_CODE_MAC) == 0, t->note);
	free(text);
}

static void
check_challenge(QcMac *m, const Table *t)
{
	const char *want = table_get(t, "digits");
	size_t		n = strlen(want);
	uint8_t    *key = unhex(table_get(t, "key_challenge"), NULL);
	uint8_t    *second = unhex(table_get(t, "key_second"), NULL);
	uint8_t    *ocra = unhex(table_get(t, "key_ocra"), NULL);
	uint8_t    *nonce = unhex(table_get(t, "nonce"), NULL);
	char	   *digits = exact(want, n);
	QcText		text = text_column(t, "transaction");
	QcPart		part;
	uint8_t		digest[QC_SHA256_LEN];
	uint8_t		extra[9];
	size_t		extralen;
	char		out[QC_DIGITS_MAX + 1];
	char		typed[QC_OTP_TEXT];

	part.data = text.data;
	part.len = text.len;
	CHECK_NOTE(qc_sha256(m, &part, 1, digest) == QC_OK, t->note);
	CHECK_NOTE(qc_challenge_digits(m, key, nonce, digest, (int) n, out) ==
			   QC_OK, t->note);
	CHECK_NOTE(strcmp(out, want) == 0, t->note);

	CHECK_NOTE(qc_second_extra(digits, n, extra, &extralen) == QC_OK, t->note);
	check_code(m, t, QC_KIND_SECOND, second, table_get(t, "moment"),
			   extra, extralen, table_get(t, "second"));

	CHECK_NOTE(qc_typed_code(m, ocra, digits, n, typed) == QC_OK, t->note);
	CHECK_NOTE(strcmp(typed, table_get(t, "typed")) == 0, t->note);

	free(key);
	free(second);
	free(ocra);
	free(nonce);
	free(digits);
	free((void *) text.data);
}

static void
check_payment_digest(QcMac *m, const Table *t, uint8_t digest[QC_SHA256_LEN])
{
	static const char *const column[5] = {
		"payment_id", "payee", "currency", "amount", "nonce_text"
	};
	QcText		text[5];
	int			i;

	for (i = 0; i < 5; i++)
		text[i] = text_column(t, column[i]);
	CHECK_NOTE(qc_payment_digest(m, text, digest) == QC_OK, t->note);
	CHECK_NOTE(equals_hex(digest, QC_SHA256_LEN,
						  table_get(t, "payment_digest")), t->note);
	for (i = 0; i < 5; i++)
		free((void *) text[i].data);
}

static void
check_biometric(QcMac *m, const Table *t, int64_t id, uint8_t generation)
{
	uint8_t		key[QC_KEY_LEN];
	uint8_t		digest[QC_SHA256_LEN];
	uint8_t    *secret;
	size_t		len;

	secret = unhex(table_get(t, "secret"), &len);
	CHECK_NOTE(qc_biometric_key(m, secret, len, id, generation, key) == QC_OK,
			   t->note);
	CHECK_NOTE(equals_hex(key, sizeof(key), table_get(t, "biometric_key")),
			   t->note);
	free(secret);

	check_payment_digest(m, t, digest);
	check_code(m, t, QC_KIND_BIOMETRIC, key, table_get(t, "step"),
			   digest, sizeof(digest), table_get(t, "biometric_code"));
}

/*
 * The template makes the helper; with t wrong bits it opens it, with one more
 * it does not.
 */
static void
check_commitment(const Table *t)
{
	static const struct
	{
		const char *column;
		QcStatus	status;
	}			capture[3] = {
		{"template", QC_OK},
		{"template_t_errors", QC_OK},
		{"template_t1_errors", QC_E_DECODE}
	};
	const char *name = table_get(t, "bch");
	const QcBch *code = qc_bch_find(name, strlen(name));
	uint8_t    *secret = unhex(table_get(t, "secret"), NULL);
	uint8_t    *template_bits;
	uint8_t    *bits;
	uint8_t    *helper;
	uint8_t    *opened;
	size_t		len;
	int			i;

	CHECK_NOTE(code != NULL, t->note);
	if (code == NULL)
		abort();
	len = qc_bch_bytes(code);
	template_bits = packed_bits(table_get(t, "template"), code->n);
	bits = packed_bits(table_get(t, "helper"), code->n);
	helper = malloc(len);
	opened = malloc(qc_bch_secret_bytes(code));
	CHECK_NOTE(equals_hex(bits, len, table_get(t, "helper_packed")), t->note);
	CHECK_NOTE(qc_fuzzy_commit(code, template_bits, secret, helper) == QC_OK,
			   t->note);
	CHECK_NOTE(memcmp(helper, bits, len) == 0, t->note);
	free(bits);

	for (i = 0; i < 3; i++)
	{
		bits = packed_bits(table_get(t, capture[i].column), code->n);
		CHECK_NOTE(differing_bits(bits, template_bits, len) ==
				   (i == 0 ? 0 : code->t + i - 1), t->note);
		CHECK_NOTE(qc_fuzzy_open(code, helper, bits, opened) ==
				   capture[i].status, t->note);
		if (capture[i].status == QC_OK)
			CHECK_NOTE(equals_hex(opened, qc_bch_secret_bytes(code),
								  table_get(t, "secret")), t->note);
		else
			CHECK_NOTE(all_zero(opened, qc_bch_secret_bytes(code)), t->note);
		free(bits);
	}
	free(secret);
	free(template_bits);
	free(helper);
	free(opened);
}

/* The codes whose message is the header alone. */
static void
check_plain_codes(QcMac *m, const Table *t)
{
	static const struct
	{
		QcKind		kind;
		const char *name;
		const char *key;
		const char *moment;
	}			plain[3] = {
		{QC_KIND_STATIC, "static", "key_static", "expires"},
		{QC_KIND_ROTATING, "rotating", "key_rotating", "step"},
		{QC_KIND_RENEWAL, "renewal", "key_renewal", "step"}
	};
	int			i;

	for (i = 0; i < 3; i++)
	{
		uint8_t    *key = unhex(table_get(t, plain[i].key), NULL);

		check_code(m, t, plain[i].kind, key, table_get(t, plain[i].moment),
				   NULL, 0, table_get(t, plain[i].name));
		free(key);
	}
}

/* What the vectors leave out of keys.h: lengths and boundaries of texts. */
static void
test_texts(QcMac *m)
{
	uint8_t		master[QC_KEY_LEN] = {1};
	char	   *longest = calloc(1, 65536);
	QcText		text[5];
	uint8_t		first[QC_SHA256_LEN];
	uint8_t		second[QC_SHA256_LEN];
	int			i;

	if (longest == NULL)
		abort();
	for (i = 0; i < 5; i++)
	{
		text[i].data = NULL;
		text[i].len = 0;
	}
	CHECK(qc_registration_digest(m, master, text, first) == QC_OK);
	for (i = 0; i < 5; i++)
	{
		text[i].data = longest;
		text[i].len = 65536;
		CHECK(qc_registration_digest(m, master, text, second) == QC_E_LENGTH);
		CHECK(all_zero(second, sizeof(second)));
		text[i].len = 65535;
		CHECK(qc_registration_digest(m, master, text, second) == QC_OK);
		CHECK(memcmp(first, second, sizeof(first)) != 0);
		text[i].len = 0;
	}

	/* "ab", "c" is not "a", "bc" */
	text[0].data = "ab";
	text[0].len = 2;
	text[1].data = "c";
	text[1].len = 1;
	CHECK(qc_registration_digest(m, master, text, first) == QC_OK);
	text[0].len = 1;
	text[1].data = "bc";
	text[1].len = 2;
	CHECK(qc_registration_digest(m, master, text, second) == QC_OK);
	CHECK(memcmp(first, second, sizeof(first)) != 0);

	CHECK(qc_answer_digest(m, master, "phone", text[0], text[1], text[2],
						   first) == QC_OK);
	CHECK(qc_answer_digest(m, master, "id_number", text[0], text[1], text[2],
						   second) == QC_OK);
	CHECK(memcmp(first, second, sizeof(first)) != 0);
	text[2].data = longest;
	text[2].len = 65536;
	CHECK(qc_answer_digest(m, master, "phone", text[0], text[1], text[2],
						   second) == QC_E_LENGTH);
	CHECK(all_zero(second, sizeof(second)));
	free(longest);
}

int
main(int argc, char **argv)
{
	static Table t;
	QcMac		m;

	if (argc != 3 || qc_mac_open(&m) != QC_OK)
		return 1;
	table_open(&t, argv[2], "protocol_v1.tsv");
	while (table_next(&t))
	{
		uint8_t    *master = unhex(table_get(&t, "master"), NULL);
		int64_t		id = strtoll(table_get(&t, "credential_id"), NULL, 10);
		uint8_t		generation = (uint8_t) atoi(table_get(&t, "generation"));

		check_keys(&m, &t, master, id, generation);
		check_ticket(&m, &t, master, id, generation);
		check_plain_codes(&m, &t);
		check_challenge(&m, &t);
		check_biometric(&m, &t, id, generation);
		check_commitment(&t);
		free(master);
	}
	CHECK(t.row == 24);
	test_texts(&m);
	qc_mac_close(&m);
	return finish();
}
