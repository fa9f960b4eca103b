/*
 * target.c
 *	  What comes from outside, byte by byte: codes, tickets, OCRA suites and
 *	  questions, payments, words for the decoder, and the lifecycle fed with
 *	  arbitrary events.
 *
 * One function, LLVMFuzzerTestOneInput, for libFuzzer (make fuzz) and for the
 * replay program (make check).  It aborts where a promise of src/core does not
 * hold; the sanitizers watch the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bch.h"
#include "code.h"
#include "lifecycle.h"
#include "ocra.h"
#include "payment.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool held, const char *promise)
{
	if (held)
		return;
	fprintf(stderr, "broken: %s\n", promise);
	abort();
}

/* What parses prints again as the same text, in capitals. */
static void
codes(const char *text, size_t len)
{
	QcCode		code;
	QcCode		again;
	char		printed[QC_CODE_TEXT + 1];
	size_t		i;

	if (qc_code_parse(text, len, &code) != QC_OK)
		return;
	must(len == QC_CODE_TEXT && code.kid != 0 && code.generation != 0 &&
		 code.credential_id > 0 && qc_kind_name(code.kind) != NULL,
		 "only a well-formed code parses");
	qc_code_print(&code, printed);
	for (i = 0; i < len; i++)
		must(printed[i] == text[i] || printed[i] == text[i] - 'a' + 'A',
			 "a code prints as it was read");
	must(qc_code_parse(printed, strlen(printed), &again) == QC_OK &&
		 memcmp(&again, &code, sizeof(code)) == 0, "a printed code parses to itself");
}

static void
tokens(const char *text, size_t len)
{
	QcToken		token;
	char		printed[QC_TOKEN_TEXT + 1];

	if (qc_token_parse('T', text, len, &token) != QC_OK)
		return;
	must(len == QC_TOKEN_TEXT && token.bucket < QC_BUCKETS, "only a well-formed ticket parses");
	qc_token_print('T', &token, printed);
	must(qc_token_parse('T', printed, QC_TOKEN_TEXT, &token) == QC_OK,
		 "a printed ticket parses");
}

/* suite, a zero byte, question: a result is digits, a refusal leaves nothing. */
static void
suites(QcMac *m, const char *text, size_t len)
{
	static const uint8_t key[] = "12345678901234567890123456789012";
	const char *zero = memchr(text, 0, len);
	int64_t		number = 7;
	QcOcraInput in;
	char		out[QC_OTP_TEXT];
	int			inputs;

	if (zero == NULL)
		return;
	for (inputs = 0; inputs < 4; inputs++)
	{
		memset(&in, 0, sizeof(in));
		in.question = zero + 1;
		in.question_len = len - (size_t) (zero + 1 - text);
		in.counter = (inputs & 1) ? &number : NULL;
		in.time_step = (inputs & 2) ? &number : NULL;
		if (qc_ocra(m, text, (size_t) (zero - text), key, 32, &in, out) != QC_OK)
			continue;
		must(strlen(out) >= 4 && strlen(out) <= 9 &&
			 strspn(out, "0123456789") == strlen(out), "a code of 4 to 9 digits");
	}
}

/* Five texts with a zero byte between each two. */
static void
payments(QcMac *m, const char *text, size_t len)
{
	QcText		part[5];
	uint8_t		joined[5 * 2 + 512];
	uint8_t		digest[QC_SHA256_LEN];
	uint8_t		want[QC_SHA256_LEN];
	QcPart		whole = {joined, 0};
	bool		is_right;
	int			i;

	for (i = 0; i < 5; i++)
	{
		const char *zero = i < 4 ? memchr(text, 0, len) : text + len;

		if (zero == NULL)
			return;
		part[i].data = text;
		part[i].len = (size_t) (zero - text);
		if (whole.len + 2 + part[i].len > sizeof(joined))
			return;
		qc_put_u16(joined + whole.len, (uint16_t) part[i].len);
		memcpy(joined + whole.len + 2, text, part[i].len);
		whole.len += 2 + part[i].len;
		if (i < 4)
		{
			len -= part[i].len + 1;
			text = zero + 1;
		}
	}
	is_right = part[0].len == 36 &&
		strspn(part[0].data, "0123456789abcdef-") == 36 &&
		part[2].len == 3 &&
		part[3].len > 0 && part[3].len <= 20 &&
		strspn(part[3].data, "0123456789.") == part[3].len &&
		part[4].len == 32;
	if (qc_payment_digest(m, part, digest) == QC_OK)
	{
		must(is_right, "only a well-formed payment has a digest");
		must(qc_sha256(m, &whole, 1, want) == QC_OK &&
			 memcmp(digest, want, sizeof(want)) == 0,
			 "a payment's digest is that of its texts with their lengths");
		return;
	}
	for (i = 0; i < QC_SHA256_LEN; i++)
		must(digest[i] == 0, "a refused payment has no digest");
}

static int
wrong_bits(const uint8_t *a, const uint8_t *b, size_t len)
{
	int			count = 0;

	while (len-- > 0)
	{
		unsigned	differing = a[len] ^ b[len];

		for (; differing != 0; differing &= differing - 1)
			count++;
	}
	return count;
}

/*
 * 'W', the number of a code, a word: what is decoded encodes to within t of
 * the word, and a commitment made of both opens.
 */
static void
words(const uint8_t *data, size_t size)
{
	static const QcBch smaller[] = {
		{"15,7", 4, 15, 7, 2, 0x13},
		{"15,5", 4, 15, 5, 3, 0x13},
		{"31,11", 5, 31, 11, 5, 0x25},
		{"63,39", 6, 63, 39, 4, 0x43}
	};
	const QcBch *code;
	uint8_t    *word;
	uint8_t    *secret;
	uint8_t		again[QC_BCH_BYTES_MAX];
	QcStatus	status;
	size_t		len;
	size_t		i;
	int			corrected;

	if (size < 2 || data[0] != 'W')
		return;
	code = data[1] % 6 < 4 ? &smaller[data[1] % 6] :
		data[1] % 6 == 4 ? qc_bch_find("bch511_76", 9) : qc_bch_find("bch1023_123", 11);
	len = qc_bch_bytes(code);
	word = calloc(1, len);
	secret = malloc(qc_bch_secret_bytes(code));
	memcpy(word, data + 2, size - 2 < len ? size - 2 : len);

	status = qc_bch_decode(code, word, secret, &corrected);
	must((status == QC_E_LENGTH) == !qc_is_packed(word, code->n),
		 "spare bits are refused, and nothing else is for its form");
	if (status == QC_OK)
	{
		must(qc_bch_encode(code, secret, again) == QC_OK &&
			 wrong_bits(again, word, len) == corrected && corrected <= code->t,
			 "what is decoded encodes to within t of the word");
		must(qc_fuzzy_commit(code, word, secret, again) == QC_OK &&
			 wrong_bits(again, (const uint8_t[QC_BCH_BYTES_MAX]) {0}, len) == corrected,
			 "a helper is the template and the code word");
		must(qc_fuzzy_open(code, again, word, secret) == QC_OK, "a commitment opens");
	}
	else
	{
		for (i = 0; i < qc_bch_secret_bytes(code); i++)
			must(secret[i] == 0, "a refused word leaves no secret");
	}
	free(word);
	free(secret);
}

/*
 * Events one after the other: counts within their limits, void final.  A row is
 * a credential's or a login's, and the latter has but one kind of event.
 */
static void
lives(const uint8_t *data, size_t size)
{
	QcStrike	s;
	QcPolicy	p;
	int64_t		now = INT64_C(1700000000000000);
	bool		is_login;

	is_login = size > 0 && data[0] % QC_EVENT_KINDS == QC_EV_LOGIN;
	memset(&s, 0, sizeof(s));
	memset(&p, 0, sizeof(p));
	s.id = 1;
	s.generation = 1;
	s.valid_until = INT64_C(1900000000);
	p.digits = 8;
	p.challenge_seconds = 120;
	p.strike_limit = 3;
	p.freeze_seconds = 300;
	p.freeze_cap_seconds = 86400;
	p.max_freezes = 4;
	p.freeze_memory_days = 30;
	p.wallet_skew_seconds = -1;
	p.typed = true;
	for (; size >= 4; data += 4, size -= 4)
	{
		bool		was_void = (s.flags & QC_FLAG_VOID) != 0;
		int64_t		before = s.attempt_no;
		QcOutcome	out;
		QcOutcome	foreseen;
		QcEvent		e;

		memset(&e, 0, sizeof(e));
		e.kind = (QcEventKind) (data[0] % QC_EVENT_KINDS);
		if (is_login)
			e.kind = QC_EV_LOGIN;
		else if (e.kind == QC_EV_LOGIN)
			continue;
		e.right = data[1] & 1;
		e.gateway = data[1] >> 6;
		e.guess_len = (data[1] & 2) ? 16 : 0;
		e.guess[0] = data[1] & 4;
		e.moment = now / QC_USEC / QC_STEP_SECONDS + (int8_t) data[2] / 32;
		e.generation = s.generation;
		e.ticket_serial = s.ticket_serial;
		e.new_valid_until = s.valid_until;
		e.attempt_no = s.accept_no;
		e.released_freeze_no = (data[1] & 8) ? s.freeze_no : 0;
		e.refusal = QC_REJECTED;
		e.forged = data[1] & 16;
		e.has_log_row = true;
		e.request[0] = data[3] & 3;
		e.late = data[1] & 32;
		e.unbound = (data[2] & 3) == 3;
		e.payment[0] = data[2] & 4;
		e.taken = data[2] & 8;
		e.over_limit = data[2] & 16;
		now += (int64_t) data[3] * data[3] * QC_USEC / 16;
		qc_foresee(&s, &e, &p, now, &foreseen);
		qc_lifecycle(&s, &e, &p, now, &out);
		must(out.notice == QC_NOTICE_NONE || foreseen.notice != QC_NOTICE_NONE,
			 "a notice is foreseen");
		must(s.attempt_no > before, "every event has a number of its own");
		must(qc_strike_sum(&s) < QC_STRIKES_CEILING, "five strikes freeze");
		must(!was_void || (s.flags & QC_FLAG_VOID) != 0, "void is final");
		must(!was_void || out.verdict != QC_ACCEPTED || out.repeated, "void accepts nothing");
		must(out.tries_left < p.strike_limit, "tries left stay below the limit");
		must(e.kind != QC_EV_PACKAGE || out.verdict != QC_DONE || s.window_count <= QC_PACKAGES_A_DAY,
			 "packages of a day have an end");
		must(!is_login || (s.freeze_no == 0 && out.verdict != QC_FROZEN), "a login is never frozen");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static QcMac mac;
	static bool is_open = false;
	char	   *text;

	if (!is_open)
		must(qc_mac_open(&mac) == QC_OK, "libcrypto opens");
	is_open = true;
	if (size == 0)
		return 0;

	/* in a buffer of exactly this length, so that an over-read is seen */
	text = malloc(size);
	memcpy(text, data, size);
	codes(text, size);
	tokens(text, size);
	suites(&mac, text, size);
	payments(&mac, text, size);
	words((const uint8_t *) text, size);
	lives((const uint8_t *) text, size);
	free(text);
	return 0;
}
