/*
 * target.c
 *	  What comes from outside, byte by byte: codes, tickets, OCRA suites and
 *	  questions, and the lifecycle fed with arbitrary events.
 *
 * One function, LLVMFuzzerTestOneInput, for libFuzzer (make fuzz) and for the
 * replay program (make check).  It aborts where a promise of src/core does not
 * hold; the sanitizers watch the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "lifecycle.h"
#include "ocra.h"

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

/* Events one after the other: counts within their limits, void final. */
static void
lives(const uint8_t *data, size_t size)
{
	QcStrike	s;
	QcPolicy	p;
	int64_t		now = INT64_C(1700000000000000);

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
		QcEvent		e;

		memset(&e, 0, sizeof(e));
		e.kind = (QcEventKind) (data[0] % QC_EVENT_KINDS);
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
		now += (int64_t) data[3] * data[3] * QC_USEC / 16;
		qc_lifecycle(&s, &e, &p, now, &out);
		must(s.attempt_no > before, "every event has a number of its own");
		must(qc_strike_sum(&s) < QC_STRIKES_CEILING, "five strikes freeze");
		must(!was_void || (s.flags & QC_FLAG_VOID) != 0, "void is final");
		must(!was_void || out.verdict != QC_ACCEPTED || out.repeated, "void accepts nothing");
		must(out.tries_left < p.strike_limit, "tries left stay below the limit");
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
	lives((const uint8_t *) text, size);
	free(text);
	return 0;
}
