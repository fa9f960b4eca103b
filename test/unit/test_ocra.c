/*
 * test_ocra.c
 *	  The vectors of RFC 4226, 6238 and 6287, and everything that the OCRA
 *	  function refuses.
 */
#include "check.h"
#include "ocra.h"

/* The arguments of a call; what is not set is absent. */
typedef struct Call
{
	const char *suite;
	const char *question;
	int64_t		counter;		/* -1: absent */
	int			pin_len;		/* -1: absent */
	int			session_len;	/* -1: absent */
	int64_t		time_step;		/* -1: absent */
} Call;

static const uint8_t some_key[20] = "12345678901234567890";

/* Calls with every argument in a buffer of its exact length. */
static QcStatus
call_ocra(QcMac *m, const Call *c, char out[QC_OTP_TEXT])
{
	QcOcraInput in = {0};
	static const uint8_t bytes[600] = {1, 2, 3};
	uint8_t    *key = exact(some_key, sizeof(some_key));
	char	   *suite = exact(c->suite, strlen(c->suite));
	char	   *question = NULL;
	uint8_t    *pin = NULL;
	uint8_t    *session = NULL;
	QcStatus	status;

	if (c->question != NULL)
	{
		in.question_len = strlen(c->question);
		in.question = question = exact(c->question, in.question_len);
	}
	if (c->counter != -1)
		in.counter = &c->counter;
	if (c->pin_len != -1)
	{
		in.pin_hash = pin = exact(bytes, (size_t) c->pin_len);
		in.pin_hash_len = (size_t) c->pin_len;
	}
	if (c->session_len != -1)
	{
		in.session = session = exact(bytes, (size_t) c->session_len);
		in.session_len = (size_t) c->session_len;
	}
	if (c->time_step != -1)
		in.time_step = &c->time_step;

	memset(out, 0x7f, QC_OTP_TEXT);
	status = qc_ocra(m, suite, strlen(c->suite), key, sizeof(some_key), &in,
					 out);
	free(key);
	free(suite);
	free(question);
	free(pin);
	free(session);
	return status;
}

static void
expect(QcMac *m, const Call *c, QcStatus want)
{
	char		out[QC_OTP_TEXT];
	char		note[256];
	QcStatus	got = call_ocra(m, c, out);

	snprintf(note, sizeof(note), "%.80s %.80s: status %d, not %d", c->suite,
			 c->question != NULL ? c->question : "(null)", got, want);
	CHECK_NOTE(got == want, note);
	CHECK_NOTE(got == QC_OK || all_zero(out, sizeof(out)), note);
}

static QcHash
hash_of(const char *name)
{
	if (strcmp(name, "sha1") == 0)
		return QC_SHA1;
	return strcmp(name, "sha256") == 0 ? QC_SHA256 : QC_SHA512;
}

static void
test_hotp_vectors(QcMac *m, const char *vectors)
{
	static Table t;
	char		out[QC_OTP_TEXT];

	table_open(&t, vectors, "rfc4226_rfc6238.tsv");
	while (table_next(&t))
	{
		size_t		len;
		uint8_t    *key = unhex(table_get(&t, "secret_hex"), &len);
		QcHash		hash = hash_of(table_get(&t, "algo"));
		int64_t		counter = atoll(table_get(&t, "moving_factor"));
		const char *at = table_get(&t, "time_s");
		int			digits = atoi(table_get(&t, "digits"));
		const char *want = table_get(&t, "expected");

		CHECK_NOTE(qc_hotp(m, hash, key, len, counter, digits, out) == QC_OK,
				   t.note);
		CHECK_NOTE(strcmp(out, want) == 0, t.note);
		if (*at != '\0')
		{
			CHECK_NOTE(qc_totp(m, hash, key, len, atoll(at), 30, digits,
							   out) == QC_OK, t.note);
			CHECK_NOTE(strcmp(out, want) == 0, t.note);
		}
		free(key);
	}
	CHECK(t.row == 28);
}

static void
test_ocra_vectors(QcMac *m, const char *vectors)
{
	static Table t;
	char		out[QC_OTP_TEXT];

	table_open(&t, vectors, "rfc6287_ocra.tsv");
	while (table_next(&t))
	{
		const char *suite = table_get(&t, "suite");
		const char *counter = table_get(&t, "counter");
		const char *pin = table_get(&t, "pin_sha1_hex");
		const char *session = table_get(&t, "session_hex");
		const char *steps = table_get(&t, "timesteps_hex");
		QcOcraInput in = {0};
		int64_t		c = atoll(counter);
		int64_t		step = strtoll(steps, NULL, 16);
		size_t		keylen;
		uint8_t    *key = unhex(table_get(&t, "key_hex"), &keylen);
		uint8_t    *pin_hash = unhex(pin, &in.pin_hash_len);
		uint8_t    *session_data = unhex(session, &in.session_len);
		char	   *exact_suite = exact(suite, strlen(suite));
		char	   *question;

		in.question_len = strlen(table_get(&t, "question"));
		question = exact(table_get(&t, "question"), in.question_len);
		in.question = question;
		if (*counter != '\0')
			in.counter = &c;
		if (*pin != '\0')
			in.pin_hash = pin_hash;
		if (*session != '\0')
			in.session = session_data;
		if (*steps != '\0')
			in.time_step = &step;

		CHECK_NOTE(qc_ocra(m, exact_suite, strlen(suite), key, keylen, &in,
						   out) == QC_OK, t.note);
		CHECK_NOTE(strcmp(out, table_get(&t, "expected")) == 0, t.note);
		free(key);
		free(pin_hash);
		free(session_data);
		free(exact_suite);
		free(question);
	}
	CHECK(t.row == 70);
}

/* Suites that are no suites, whatever the arguments. */
static void
test_suites(QcMac *m)
{
	static const char *const malformed[] = {
		"", "O", "OCRA-1", "OCRA-1:", "OCRA-1:HOTP-SHA1-6", "OCRA-1:HOTP-SHA1-6:",
		"OCRA-2:HOTP-SHA1-6:QN08", "ocra-1:HOTP-SHA1-6:QN08",
		"OCRA-1:hotp-SHA1-6:QN08", "OCRA-1:HOTP-sha1-6:QN08",
		"OCRA-1:HOTP-SHA1-6:qN08", "OCRA-1:HOTP-SHA1-6:Qn08",
		" OCRA-1:HOTP-SHA1-6:QN08", "OCRA-1:HOTP-SHA1-6:QN08 ",
		"OCRA-1:HOTP-SHA1-6:QN08\n", "OCRA-1:HOTP-SHA1-6:QN08-",
		"OCRA-1:HOTP-SHA1-6:QN08:", "OCRA-1:TOTP-SHA1-6:QN08",
		"OCRA-1:HOTP-MD5-6:QN08", "OCRA-1:HOTP-SHA224-6:QN08",
		"OCRA-1:HOTP-SHA384-6:QN08", "OCRA-1:HOTP-SHA-1-6:QN08",
		"OCRA-1:HOTP-SHA1:QN08", "OCRA-1:HOTP-SHA1-:QN08",
		"OCRA-1:HOTP-SHA1-1:QN08", "OCRA-1:HOTP-SHA1-2:QN08",
		"OCRA-1:HOTP-SHA1-3:QN08", "OCRA-1:HOTP-SHA1-11:QN08",
		"OCRA-1:HOTP-SHA1-00:QN08", "OCRA-1:HOTP-SHA1-06:QN08",
		"OCRA-1:HOTP-SHA1-010:QN08", "OCRA-1:HOTP-SHA1-100:QN08",
		"OCRA-1:HOTP-SHA1--6:QN08", "OCRA-1:HOTP-SHA1-+6:QN08",
		"OCRA-1:HOTP-SHA1-6:Q", "OCRA-1:HOTP-SHA1-6:QN", "OCRA-1:HOTP-SHA1-6:QN8",
		"OCRA-1:HOTP-SHA1-6:QN00", "OCRA-1:HOTP-SHA1-6:QN03",
		"OCRA-1:HOTP-SHA1-6:QN65", "OCRA-1:HOTP-SHA1-6:QN99",
		"OCRA-1:HOTP-SHA1-6:QN008", "OCRA-1:HOTP-SHA1-6:QX08",
		"OCRA-1:HOTP-SHA1-6:QN08QN08", "OCRA-1:HOTP-SHA1-6:QN08-QN08",
		"OCRA-1:HOTP-SHA1-6:C", "OCRA-1:HOTP-SHA1-6:C-", "OCRA-1:HOTP-SHA1-6:CQN08",
		"OCRA-1:HOTP-SHA1-6:c-QN08", "OCRA-1:HOTP-SHA1-6:C-C-QN08",
		"OCRA-1:HOTP-SHA1-6:QN08-C", "OCRA-1:HOTP-SHA1-6:PSHA1-QN08",
		"OCRA-1:HOTP-SHA1-6:QN08-P", "OCRA-1:HOTP-SHA1-6:QN08-PSHA",
		"OCRA-1:HOTP-SHA1-6:QN08-PSHA224", "OCRA-1:HOTP-SHA1-6:QN08-PSHA1-PSHA1",
		"OCRA-1:HOTP-SHA1-6:QN08-PMD5", "OCRA-1:HOTP-SHA1-6:QN08PSHA1",
		"OCRA-1:HOTP-SHA1-6:QN08-S", "OCRA-1:HOTP-SHA1-6:QN08-S1",
		"OCRA-1:HOTP-SHA1-6:QN08-S64", "OCRA-1:HOTP-SHA1-6:QN08-S000",
		"OCRA-1:HOTP-SHA1-6:QN08-S513", "OCRA-1:HOTP-SHA1-6:QN08-S999",
		"OCRA-1:HOTP-SHA1-6:QN08-S0064", "OCRA-1:HOTP-SHA1-6:QN08-S064-S064",
		"OCRA-1:HOTP-SHA1-6:QN08-S064-PSHA1", "OCRA-1:HOTP-SHA1-6:QN08-T",
		"OCRA-1:HOTP-SHA1-6:QN08-T1", "OCRA-1:HOTP-SHA1-6:QN08-TM",
		"OCRA-1:HOTP-SHA1-6:QN08-T0S", "OCRA-1:HOTP-SHA1-6:QN08-T60S",
		"OCRA-1:HOTP-SHA1-6:QN08-T0M", "OCRA-1:HOTP-SHA1-6:QN08-T60M",
		"OCRA-1:HOTP-SHA1-6:QN08-T49H", "OCRA-1:HOTP-SHA1-6:QN08-T1D",
		"OCRA-1:HOTP-SHA1-6:QN08-T01M", "OCRA-1:HOTP-SHA1-6:QN08-T00H",
		"OCRA-1:HOTP-SHA1-6:QN08-T100S", "OCRA-1:HOTP-SHA1-6:QN08-T1MM",
		"OCRA-1:HOTP-SHA1-6:QN08-T1m", "OCRA-1:HOTP-SHA1-6:QN08-T1M-S064",
		"OCRA-1:HOTP-SHA1-6:QN08-T1M-PSHA1", "OCRA-1:HOTP-SHA1-0:QN8",
		"OCRA-1:HOTP-SHA1-10:", "OCRA-1:HOTP-SHA1-6:QN0\xef\xbc\x98"
	};
	static const char *const unsupported[] = {
		"OCRA-1:HOTP-SHA1-0:QN08", "OCRA-1:HOTP-SHA1-10:QN08",
		"OCRA-1:HOTP-SHA256-0:C-QA10-PSHA1", "OCRA-1:HOTP-SHA512-10:QH40-T1M"
	};
	static const char *const fine[] = {
		"OCRA-1:HOTP-SHA1-4:QN08", "OCRA-1:HOTP-SHA256-5:QN04",
		"OCRA-1:HOTP-SHA512-6:QN64", "OCRA-1:HOTP-SHA1-7:QA08",
		"OCRA-1:HOTP-SHA1-8:QH08", "OCRA-1:HOTP-SHA1-9:QN10"
	};
	static const char *const timed[] = {
		"OCRA-1:HOTP-SHA1-6:QN08-T1S", "OCRA-1:HOTP-SHA1-6:QN08-T59S",
		"OCRA-1:HOTP-SHA1-6:QN08-T1M", "OCRA-1:HOTP-SHA1-6:QN08-T59M",
		"OCRA-1:HOTP-SHA1-6:QN08-T0H", "OCRA-1:HOTP-SHA1-6:QN08-T48H",
		"OCRA-1:HOTP-SHA1-6:QN08-T10S"
	};
	Call		c = {NULL, "1234", -1, -1, -1, -1};
	QcOcraInput in = {0};
	char		out[QC_OTP_TEXT];
	size_t		i;

	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
	{
		c.suite = malformed[i];
		expect(m, &c, QC_E_SUITE);
	}
	for (i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++)
	{
		c.suite = unsupported[i];
		expect(m, &c, QC_E_SUITE_UNSUPPORTED);
	}
	for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
	{
		c.suite = fine[i];
		expect(m, &c, QC_OK);
		CHECK(call_ocra(m, &c, out) == QC_OK);
		CHECK(strlen(out) == i + 4);
	}
	c.time_step = 0;
	for (i = 0; i < sizeof(timed) / sizeof(timed[0]); i++)
	{
		c.suite = timed[i];
		expect(m, &c, QC_OK);
	}

	/* every way to cut a long suite short, and a NUL inside */
	c.suite = "OCRA-1:HOTP-SHA256-8:C-QN08-PSHA256-S064-T1M";
	c.counter = 0;
	c.pin_len = 32;
	c.session_len = 64;
	expect(m, &c, QC_OK);
	in.question = "1234";
	in.question_len = 4;
	for (i = 0; i < strlen(c.suite); i++)
	{
		char	   *cut = exact(c.suite, i);
		QcStatus	status = qc_ocra(m, cut, i, some_key, 20, &in, out);

		/* cut behind QN08, PSHA256 or S064 it is a suite, with C missing */
		CHECK(status == (i == 27 || i == 35 || i == 40 ?
						 QC_E_COUNTER : QC_E_SUITE));
		free(cut);
	}
	CHECK(qc_ocra(m, "OCRA-1:HOTP-SHA1-6:QN08\0", 24, some_key, 20, &in,
				  out) == QC_E_SUITE);
	CHECK(qc_ocra(m, "OCRA-1:HOTP-SHA1-6:QN08\0-T1M", 28, some_key, 20, &in,
				  out) == QC_E_SUITE);
}

/* Which question each format takes. */
static void
test_questions(QcMac *m)
{
	static const struct
	{
		const char *suite;
		const char *question;
		QcStatus	status;
	}			tried[] = {
		{"OCRA-1:HOTP-SHA1-6:QN08", NULL, QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QN08", "", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QA08", "", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QH08", "", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QN08", "1", QC_OK},
		{"OCRA-1:HOTP-SHA1-6:QN08", "12345678", QC_OK},
		{"OCRA-1:HOTP-SHA1-6:QN08", "123456789", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QN08", "1234567812345678", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QN08", "1234567a", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QN08", "-1234567", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QN08", "+1234567", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QN08", " 1234567", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QN08", "1234567\n", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QN08", "12\xd9\xa3", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QA08", "aZ09zA5b", QC_OK},
		{"OCRA-1:HOTP-SHA1-6:QA08", "aZ09zA5b9", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QA08", "CLI2222SRV11110", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QA08", "CLI22220SRV11110", QC_OK},
		{"OCRA-1:HOTP-SHA1-6:QA08", "CLI22220SRV111100", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QA08", "abc def", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QA08", "abc-def", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QA08", "abc_def", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QA08", "abc\x7f", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QA08", "caf\xc3\xa9", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QA08", "[]^`{}@", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QH08", "0123abCD", QC_OK},
		{"OCRA-1:HOTP-SHA1-6:QH08", "abc", QC_OK},
		{"OCRA-1:HOTP-SHA1-6:QH08", "0123abCDE", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QH08", "0123abCD0123abCD", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QH08", "0123abCG", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QH08", "0x123", QC_E_QUESTION},
		{"OCRA-1:HOTP-SHA1-6:QH08", "12 34", QC_E_QUESTION},
	};
	static const char nines[] =
		"99999999999999999999999999999999"
		"99999999999999999999999999999999"
		"99999999999999999999999999999999"
		"99999999999999999999999999999999";
	QcOcraInput in = {0};
	char		out[QC_OTP_TEXT];
	char		other[QC_OTP_TEXT];
	char	   *question;
	size_t		i;

	for (i = 0; i < sizeof(tried) / sizeof(tried[0]); i++)
	{
		Call		c = {NULL, NULL, -1, -1, -1, -1};

		c.suite = tried[i].suite;
		c.question = tried[i].question;
		expect(m, &c, tried[i].status);
	}

	/* the longest of each format: 64 digits, 64 nibbles, twice 64 letters */
	for (i = 0; i < 3; i++)
	{
		char		suite[] = "OCRA-1:HOTP-SHA1-6:QN64";
		size_t		len = i == 2 ? 128 : 64;

		suite[20] = "NHA"[i];
		question = exact(nines, len);
		in.question = question;
		in.question_len = len;
		CHECK(qc_ocra(m, suite, 23, some_key, 20, &in, out) == QC_OK);
		free(question);
		in.question = nines;
		in.question_len = len + 1;
		CHECK(qc_ocra(m, suite, 23, some_key, 20, &in, out) == QC_E_QUESTION);
	}

	/* a NUL inside is refused; leading zeros of a number are not its value */
	in.question = "123\0""567";
	in.question_len = 7;
	CHECK(qc_ocra(m, "OCRA-1:HOTP-SHA1-6:QN08", 23, some_key, 20, &in, out) ==
		  QC_E_QUESTION);
	CHECK(qc_ocra(m, "OCRA-1:HOTP-SHA1-6:QA08", 23, some_key, 20, &in, out) ==
		  QC_E_QUESTION);
	in.question = "00001234";
	in.question_len = 8;
	CHECK(qc_ocra(m, "OCRA-1:HOTP-SHA1-9:QN08", 23, some_key, 20, &in, out) ==
		  QC_OK);
	in.question = "1234";
	in.question_len = 4;
	CHECK(qc_ocra(m, "OCRA-1:HOTP-SHA1-9:QN08", 23, some_key, 20, &in, other)
		  == QC_OK);
	CHECK(strcmp(out, other) == 0);
}

/* Each byte alone as a question: which of them a format takes. */
static void
test_alphabets(QcMac *m)
{
	static const char digits[] = "0123456789";
	static const char small[] = "abcdefghijklmnopqrstuvwxyz";
	static const char capital[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char		suite[] = "OCRA-1:HOTP-SHA1-6:Q?08";
	QcOcraInput in = {0};
	char		out[QC_OTP_TEXT];
	char		c;
	int			f;
	int			byte;

	in.question = &c;
	in.question_len = 1;
	for (f = 0; f < 3; f++)
	{
		/* letters of the format: none, a to f, all */
		size_t		letters = (size_t) (f == 0 ? 0 : f == 1 ? 6 : 26);

		suite[20] = "NHA"[f];
		for (byte = 0; byte < 256; byte++)
		{
			bool		taken;

			c = (char) byte;
			taken = memchr(digits, c, 10) != NULL ||
				memchr(small, c, letters) != NULL ||
				memchr(capital, c, letters) != NULL;
			CHECK(qc_ocra(m, suite, 23, some_key, 20, &in, out) ==
				  (taken ? QC_OK : QC_E_QUESTION));
		}
	}
}

/* Every input that a suite names is needed, and no other is taken. */
static void
test_inputs(QcMac *m)
{
	static const char plain[] = "OCRA-1:HOTP-SHA256-8:QN08";
	static const struct
	{
		Call		call;
		QcStatus	status;
	}			tried[] = {
		{{plain, "1", -1, -1, -1, -1}, QC_OK},
		{{plain, "1", 0, -1, -1, -1}, QC_E_COUNTER},
		{{plain, "1", -1, 20, -1, -1}, QC_E_PIN},
		{{plain, "1", -1, 0, -1, -1}, QC_E_PIN},
		{{plain, "1", -1, -1, 64, -1}, QC_E_SESSION},
		{{plain, "1", -1, -1, 0, -1}, QC_E_SESSION},
		{{plain, "1", -1, -1, -1, 0}, QC_E_TIME_STEP},
		{{"OCRA-1:HOTP-SHA1-6:C-QN08", "1", -1, -1, -1, -1}, QC_E_COUNTER},
		{{"OCRA-1:HOTP-SHA1-6:C-QN08", "1", -2, -1, -1, -1}, QC_E_COUNTER},
		{{"OCRA-1:HOTP-SHA1-6:C-QN08", "1", INT64_MIN, -1, -1, -1}, QC_E_COUNTER},
		{{"OCRA-1:HOTP-SHA1-6:C-QN08", "1", INT64_MAX, -1, -1, -1}, QC_OK},
		{{"OCRA-1:HOTP-SHA1-6:QN08-PSHA1", "1", -1, -1, -1, -1}, QC_E_PIN},
		{{"OCRA-1:HOTP-SHA1-6:QN08-PSHA1", "1", -1, 0, -1, -1}, QC_E_PIN},
		{{"OCRA-1:HOTP-SHA1-6:QN08-PSHA1", "1", -1, 19, -1, -1}, QC_E_PIN},
		{{"OCRA-1:HOTP-SHA1-6:QN08-PSHA1", "1", -1, 20, -1, -1}, QC_OK},
		{{"OCRA-1:HOTP-SHA1-6:QN08-PSHA1", "1", -1, 32, -1, -1}, QC_E_PIN},
		{{"OCRA-1:HOTP-SHA1-6:QN08-PSHA256", "1", -1, 32, -1, -1}, QC_OK},
		{{"OCRA-1:HOTP-SHA1-6:QN08-PSHA256", "1", -1, 20, -1, -1}, QC_E_PIN},
		{{"OCRA-1:HOTP-SHA1-6:QN08-PSHA512", "1", -1, 64, -1, -1}, QC_OK},
		{{"OCRA-1:HOTP-SHA1-6:QN08-PSHA512", "1", -1, 32, -1, -1}, QC_E_PIN},
		{{"OCRA-1:HOTP-SHA1-6:QN08-S001", "1", -1, -1, -1, -1}, QC_E_SESSION},
		{{"OCRA-1:HOTP-SHA1-6:QN08-S001", "1", -1, -1, 0, -1}, QC_E_SESSION},
		{{"OCRA-1:HOTP-SHA1-6:QN08-S001", "1", -1, -1, 1, -1}, QC_OK},
		{{"OCRA-1:HOTP-SHA1-6:QN08-S001", "1", -1, -1, 2, -1}, QC_E_SESSION},
		{{"OCRA-1:HOTP-SHA1-6:QN08-S512", "1", -1, -1, 511, -1}, QC_E_SESSION},
		{{"OCRA-1:HOTP-SHA1-6:QN08-S512", "1", -1, -1, 512, -1}, QC_OK},
		{{"OCRA-1:HOTP-SHA1-6:QN08-S512", "1", -1, -1, 513, -1}, QC_E_SESSION},
		{{"OCRA-1:HOTP-SHA1-6:QN08-T1M", "1", -1, -1, -1, -1}, QC_E_TIME_STEP},
		{{"OCRA-1:HOTP-SHA1-6:QN08-T1M", "1", -1, -1, -1, -2}, QC_E_TIME_STEP},
		{{"OCRA-1:HOTP-SHA1-6:QN08-T1M", "1", -1, -1, -1, INT64_MIN}, QC_E_TIME_STEP},
		{{"OCRA-1:HOTP-SHA1-6:QN08-T1M", "1", -1, -1, -1, INT64_MAX}, QC_OK},
	};
	static const int64_t minus_one = -1;
	QcOcraInput in = {0};
	char		out[QC_OTP_TEXT];
	uint8_t    *key;
	size_t		i;

	for (i = 0; i < sizeof(tried) / sizeof(tried[0]); i++)
		expect(m, &tried[i].call, tried[i].status);

	in.question = "1";
	in.question_len = 1;
	in.counter = &minus_one;
	CHECK(qc_ocra(m, "OCRA-1:HOTP-SHA1-6:C-QN08", 25, some_key, 20, &in, out)
		  == QC_E_COUNTER);
	in.counter = NULL;
	in.time_step = &minus_one;
	CHECK(qc_ocra(m, "OCRA-1:HOTP-SHA1-6:QN08-T1M", 27, some_key, 20, &in, out)
		  == QC_E_TIME_STEP);
	in.time_step = NULL;

	/* keys of 1 to 1024 bytes */
	key = calloc(1, QC_OTP_KEY_MAX + 1);
	CHECK(key != NULL);
	CHECK(qc_ocra(m, plain, 25, key, 0, &in, out) == QC_E_KEY);
	CHECK(all_zero(out, sizeof(out)));
	CHECK(qc_ocra(m, plain, 25, NULL, 0, &in, out) == QC_E_KEY);
	CHECK(qc_ocra(m, plain, 25, key, 1, &in, out) == QC_OK);
	CHECK(qc_ocra(m, plain, 25, key, QC_OTP_KEY_MAX, &in, out) == QC_OK);
	CHECK(qc_ocra(m, plain, 25, key, QC_OTP_KEY_MAX + 1, &in, out) == QC_E_KEY);
	free(key);
}

static void
test_hotp_refusals(QcMac *m)
{
	char		out[QC_OTP_TEXT];
	QcMac		closed = {{NULL}, NULL, NULL};
	int			digits;

	for (digits = -1; digits <= 11; digits++)
	{
		QcStatus	want = digits >= 4 && digits <= 9 ? QC_OK : QC_E_LENGTH;

		memset(out, 0x7f, sizeof(out));
		CHECK(qc_hotp(m, QC_SHA1, some_key, 20, 0, digits, out) == want);
		CHECK(want == QC_OK ? strlen(out) == (size_t) digits :
			  all_zero(out, sizeof(out)));
		CHECK(qc_totp(m, QC_SHA1, some_key, 20, 0, 30, digits, out) == want);
	}
	CHECK(qc_hotp(m, QC_SHA1, some_key, 20, -1, 6, out) == QC_E_COUNTER);
	CHECK(qc_hotp(m, QC_SHA1, some_key, 20, INT64_MAX, 6, out) == QC_OK);
	CHECK(qc_hotp(m, QC_SHA1, some_key, 0, 0, 6, out) == QC_E_KEY);
	CHECK(all_zero(out, sizeof(out)));

	CHECK(qc_totp(m, QC_SHA1, some_key, 20, INT64_MAX, 1, 6, out) == QC_OK);
	memset(out, 0x7f, sizeof(out));
	CHECK(qc_totp(m, QC_SHA1, some_key, 20, -1, 30, 6, out) == QC_E_TIME);
	CHECK(all_zero(out, sizeof(out)));
	CHECK(qc_totp(m, QC_SHA1, some_key, 20, 0, 0, 6, out) == QC_E_TIME_STEP);
	CHECK(qc_totp(m, QC_SHA1, some_key, 20, 0, -30, 6, out) == QC_E_TIME_STEP);
	CHECK(qc_totp(m, QC_SHA1, some_key, 0, 0, 30, 6, out) == QC_E_KEY);

	memset(out, 0x7f, sizeof(out));
	CHECK(qc_hotp(&closed, QC_SHA1, some_key, 20, 0, 6, out) == QC_E_CRYPTO);
	CHECK(all_zero(out, sizeof(out)));
	CHECK(qc_hotp(m, QC_HASH_COUNT, some_key, 20, 0, 6, out) == QC_E_CRYPTO);
}

/* The typed code is OCRA with the suite of that many digits. */
static void
test_typed(QcMac *m)
{
	static const char *const bad[] = {
		"", "12345", "123456789", "1234567x", "1234 678", "12345\xef\xbc\x91"
	};
	uint8_t		key[QC_KEY_LEN] = {9, 8, 7};
	char		suite[] = "OCRA-1:HOTP-SHA256-8:QN0n";
	char		out[QC_OTP_TEXT];
	char		want[QC_OTP_TEXT];
	QcOcraInput in = {0};
	size_t		n;

	for (n = 6; n <= 8; n++)
	{
		char	   *digits = exact("98765432", n);

		CHECK(qc_typed_code(m, key, digits, n, out) == QC_OK);
		suite[24] = (char) ('0' + n);
		in.question = digits;
		in.question_len = n;
		CHECK(qc_ocra(m, suite, 25, key, sizeof(key), &in, want) == QC_OK);
		CHECK(strcmp(out, want) == 0 && strlen(out) == 8);
		free(digits);
	}
	for (n = 0; n < sizeof(bad) / sizeof(bad[0]); n++)
	{
		char	   *digits = exact(bad[n], strlen(bad[n]));

		memset(out, 0x7f, sizeof(out));
		CHECK(qc_typed_code(m, key, digits, strlen(bad[n]), out) ==
			  QC_E_DIGITS);
		CHECK(all_zero(out, sizeof(out)));
		free(digits);
	}
}

int
main(int argc, char **argv)
{
	QcMac		m;

	if (argc != 3 || qc_mac_open(&m) != QC_OK)
		return 1;
	test_hotp_vectors(&m, argv[1]);
	test_ocra_vectors(&m, argv[1]);
	test_suites(&m);
	test_questions(&m);
	test_alphabets(&m);
	test_inputs(&m);
	test_hotp_refusals(&m);
	test_typed(&m);
	qc_mac_close(&m);
	return finish();
}
