/*
 * differential.c
 *	  Prints random cases with the core's answers, one a line, for
 *	  differential.pl to work out by itself.
 *
 * usage: differential [cases [seed]].  The seed stands in the first line, so
 * that a run can be repeated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "challenge.h"
#include "code.h"
#include "keys.h"
#include "ocra.h"

static const char *const hash_name[QC_HASH_COUNT] = {"sha1", "sha256", "sha512"};
static const char *const suite_hash[QC_HASH_COUNT] = {"SHA1", "SHA256", "SHA512"};

static uint64_t state;

/* splitmix64 */
static uint64_t
next_random(void)
{
	uint64_t	z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* lo..hi; the slight bias does not matter here */
static int
between(int lo, int hi)
{
	return lo + (int) (next_random() % (uint64_t) (hi - lo + 1));
}

static void
random_bytes(uint8_t *out, size_t n)
{
	while (n-- > 0)
		*out++ = (uint8_t) next_random();
}

/* Non-negative, of any magnitude, the largest among them. */
static int64_t
random_int64(void)
{
	if (between(0, 30) == 0)
		return INT64_MAX;
	return (int64_t) (next_random() >> between(1, 63));
}

/* In a buffer of the exact length, as the sanitizer wants it. */
static void *
random_buffer(size_t n)
{
	uint8_t    *out = malloc(n);

	if (out == NULL && n > 0)
		abort();
	random_bytes(out, n);
	return out;
}

static char *
random_text(size_t n, const char *alphabet)
{
	char	   *out = malloc(n);
	size_t		i;

	if (out == NULL && n > 0)
		abort();
	for (i = 0; i < n; i++)
		out[i] = alphabet[next_random() % strlen(alphabet)];
	return out;
}

/* Lengths around the hashes' block sizes among them. */
static size_t
random_key_length(void)
{
	static const int edge[] = {1, 16, 20, 32, 63, 64, 65, 127, 128, 129, 1024};

	if (between(0, 2) == 0)
		return (size_t) edge[between(0, 10)];
	return (size_t) between(1, 200);
}

static void
print_hex(const void *data, size_t n)
{
	const uint8_t *p = data;

	putchar('\t');
	while (n-- > 0)
		printf("%02x", *p++);
}

/* A status that is not QC_OK is printed as such and fails over there. */
static void
print_answer(QcStatus status, const char *answer)
{
	if (status == QC_OK)
		printf("\t%s\n", answer);
	else
		printf("\tstatus %d\n", status);
}

static void
print_hex_answer(QcStatus status, const void *data, size_t n)
{
	if (status == QC_OK)
	{
		print_hex(data, n);
		putchar('\n');
	}
	else
		print_answer(status, "");
}

static void
case_hotp(QcMac *m)
{
	QcHash		hash = (QcHash) between(0, 2);
	size_t		keylen = random_key_length();
	uint8_t    *key = random_buffer(keylen);
	int64_t		counter = random_int64();
	int			digits = between(4, 9);
	char		out[QC_OTP_TEXT];
	QcStatus	status = qc_hotp(m, hash, key, keylen, counter, digits, out);

	printf("hotp\t%s", hash_name[hash]);
	print_hex(key, keylen);
	printf("\t%lld\t%d", (long long) counter, digits);
	print_answer(status, out);
	free(key);
}

static void
case_totp(QcMac *m)
{
	QcHash		hash = (QcHash) between(0, 2);
	size_t		keylen = random_key_length();
	uint8_t    *key = random_buffer(keylen);
	int64_t		at = between(0, 9) == 0 ? random_int64() :
		(int64_t) (next_random() >> 30);
	int			step = between(0, 1) == 0 ? 30 : between(1, 3600);
	int			digits = between(4, 9);
	char		out[QC_OTP_TEXT];
	QcStatus	status = qc_totp(m, hash, key, keylen, at, step, digits, out);

	printf("totp\t%s", hash_name[hash]);
	print_hex(key, keylen);
	printf("\t%lld\t%d\t%d", (long long) at, step, digits);
	print_answer(status, out);
	free(key);
}

static char *
random_question(char format, int longest, size_t *len)
{
	static const char alphanumeric[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz";
	char	   *question;

	*len = (size_t) (between(0, 2) == 0 ? longest : between(1, longest));
	if (format == 'A')
	{
		if (between(0, 3) == 0)
			*len = 2 * (size_t) longest;
		return random_text(*len, alphanumeric);
	}
	if (format == 'H')
		return random_text(*len, "0123456789abcdefABCDEF");

	question = random_text(*len, "0123456789");
	if (between(0, 3) == 0)		/* leading zeros, or nothing else */
		memset(question, '0', (size_t) between(1, (int) *len));
	return question;
}

static void
case_ocra(QcMac *m)
{
	QcHash		hash = (QcHash) between(0, 2);
	QcHash		pin_hash = (QcHash) between(0, 2);
	char		format = "NAH"[between(0, 2)];
	int			longest = between(4, 64);
	size_t		keylen = random_key_length();
	uint8_t    *key = random_buffer(keylen);
	int64_t		counter = random_int64();
	int64_t		time_step = random_int64();
	size_t		pin_len = qc_hash_len(pin_hash);
	uint8_t    *pin = random_buffer(pin_len);
	size_t		session_len = (size_t) between(1, 512);
	uint8_t    *session = random_buffer(session_len);
	QcOcraInput in = {0};
	char	   *question;
	char	   *exact;
	char		suite[128];
	int			n;
	char		out[QC_OTP_TEXT];
	QcStatus	status;

	question = random_question(format, longest, &in.question_len);
	in.question = question;
	if (between(0, 1) == 0)
		in.counter = &counter;
	if (between(0, 1) == 0)
	{
		in.pin_hash = pin;
		in.pin_hash_len = pin_len;
	}
	if (between(0, 1) == 0)
	{
		in.session = session;
		in.session_len = session_len;
	}
	if (between(0, 1) == 0)
		in.time_step = &time_step;

	n = sprintf(suite, "OCRA-1:HOTP-%s-%d:%sQ%c%02d", suite_hash[hash],
				between(4, 9), in.counter != NULL ? "C-" : "", format, longest);
	if (in.pin_hash != NULL)
		n += sprintf(suite + n, "-P%s", suite_hash[pin_hash]);
	if (in.session != NULL)
		n += sprintf(suite + n, "-S%03d", (int) session_len);
	if (in.time_step != NULL)
	{
		int			unit = between(0, 2);

		n += sprintf(suite + n, "-T%d%c", unit == 2 ? between(0, 48) :
					 between(1, 59), "SMH"[unit]);
	}
	exact = malloc((size_t) n);
	if (exact == NULL)
		abort();
	memcpy(exact, suite, (size_t) n);
	status = qc_ocra(m, exact, (size_t) n, key, keylen, &in, out);

	printf("ocra\t%s", suite);
	print_hex(key, keylen);
	printf("\t%.*s\t", (int) in.question_len, question);
	if (in.counter != NULL)
		printf("%lld", (long long) counter);
	print_hex(in.pin_hash, in.pin_hash_len);
	print_hex(in.session, in.session_len);
	putchar('\t');
	if (in.time_step != NULL)
		printf("%lld", (long long) time_step);
	print_answer(status, out);
	free(key);
	free(pin);
	free(session);
	free(question);
	free(exact);
}

static void
case_digits(QcMac *m)
{
	uint8_t		key[QC_KEY_LEN];
	uint8_t		nonce[QC_NONCE_LEN];
	uint8_t		t[QC_SHA256_LEN];
	int			n = between(6, 8);
	size_t		len = (size_t) between(0, 200);
	QcPart		text;
	char		out[QC_DIGITS_MAX + 1];
	char		typed[QC_OTP_TEXT];
	QcStatus	status;

	text.data = random_buffer(len);
	text.len = len;
	random_bytes(key, sizeof(key));
	random_bytes(nonce, sizeof(nonce));
	if (qc_sha256(m, &text, 1, t) != QC_OK)
		abort();
	status = qc_challenge_digits(m, key, nonce, t, n, out);

	printf("digits");
	print_hex(key, sizeof(key));
	print_hex(nonce, sizeof(nonce));
	print_hex(text.data, len);
	printf("\t%d", n);
	print_answer(status, out);

	status = qc_typed_code(m, key, out, (size_t) n, typed);
	printf("typed");
	print_hex(key, sizeof(key));
	printf("\t%s", out);
	print_answer(status, typed);
	free((void *) text.data);
}

/* A credential's key, and a code signed with it. */
static void
case_code(QcMac *m)
{
	static const char *const labels[] = {
		QC_CRED_STATIC, QC_CRED_CHALLENGE, QC_CRED_SECOND, QC_CRED_ROTATING,
		QC_CRED_OCRA, QC_CRED_RENEWAL
	};
	const char *label = labels[between(0, 5)];
	uint8_t		master[QC_KEY_LEN];
	uint8_t		digest[QC_SHA256_LEN];
	uint8_t		key[QC_KEY_LEN];
	size_t		extralen = (size_t) (between(0, 1) == 0 ? 0 : between(1, 64));
	uint8_t    *extra = random_buffer(extralen);
	QcCode		code;
	QcStatus	status;
	char		out[QC_CODE_TEXT + 1];

	random_bytes(master, sizeof(master));
	random_bytes(digest, sizeof(digest));
	memset(&code, 0, sizeof(code));
	code.kind = (uint8_t) between(QC_KIND_STATIC, QC_KIND_RENEWAL);
	code.kid = (uint8_t) between(1, 255);
	code.generation = (uint8_t) between(1, 255);
	code.credential_id = qc_make_id((uint16_t) between(0, 4095), next_random());
	code.moment = (uint32_t) next_random();

	status = qc_credential_key(m, master, label, code.credential_id,
							   code.generation, digest, key);
	printf("key");
	print_hex(master, sizeof(master));
	printf("\t%s\t%lld\t%d", label, (long long) code.credential_id,
		   code.generation);
	print_hex(digest, sizeof(digest));
	print_hex_answer(status, key, sizeof(key));

	status = qc_code_sign(m, key, extra, extralen, &code);
	qc_code_print(&code, out);
	printf("code");
	print_hex(key, sizeof(key));
	printf("\t%d\t%d\t%lld\t%d\t%lu", code.kind, code.kid,
		   (long long) code.credential_id, code.generation,
		   (unsigned long) code.moment);
	print_hex(extra, extralen);
	print_answer(status, out);
	free(extra);
}

/* The server's own digests and the ticket. */
static void
case_server(QcMac *m)
{
	uint8_t		master[QC_KEY_LEN];
	uint8_t		digest[QC_SHA256_LEN];
	QcText		text[5];
	QcToken		token;
	int64_t		id = random_int64();
	uint8_t		generation = (uint8_t) between(1, 255);
	uint32_t	serial = (uint32_t) next_random();
	uint8_t		check[8];
	char		out[QC_TOKEN_TEXT + 1];
	QcStatus	status;
	int			i;

	random_bytes(master, sizeof(master));
	for (i = 0; i < 5; i++)
	{
		text[i].len = (size_t) (between(0, 9) == 0 ? between(200, 400) :
								between(0, 40));
		text[i].data = random_buffer(text[i].len);
	}
	status = qc_registration_digest(m, master, text, digest);
	printf("registration");
	print_hex(master, sizeof(master));
	for (i = 0; i < 5; i++)
		print_hex(text[i].data, text[i].len);
	print_hex_answer(status, digest, sizeof(digest));

	status = qc_answer_digest(m, master, "phone", text[0], text[1], text[4],
							  digest);
	printf("answer");
	print_hex(master, sizeof(master));
	printf("\tphone");
	print_hex(text[0].data, text[0].len);
	print_hex(text[1].data, text[1].len);
	print_hex(text[4].data, text[4].len);
	print_hex_answer(status, digest, sizeof(digest));
	for (i = 0; i < 5; i++)
		free((void *) text[i].data);

	status = qc_check_value(m, master, check);
	printf("check");
	print_hex(master, sizeof(master));
	print_hex_answer(status, check, sizeof(check));

	token.bucket = qc_bucket_of_id(id);
	status = qc_ticket(m, master, id, generation, serial, token.bytes);
	qc_token_print('T', &token, out);
	printf("ticket");
	print_hex(master, sizeof(master));
	printf("\t%lld\t%d\t%lu", (long long) id, generation,
		   (unsigned long) serial);
	print_answer(status, out);
}

int
main(int argc, char **argv)
{
	int			cases = argc > 1 ? atoi(argv[1]) : 8000;
	QcMac		m;
	int			i;

	state = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t) time(NULL);
	printf("seed\t%llu\n", (unsigned long long) state);
	if (qc_mac_open(&m) != QC_OK)
		return 1;
	for (i = 0; i < cases; i++)
	{
		/* half of them are OCRA, which has the most to get wrong */
		switch (i % 10)
		{
			case 0:
				case_hotp(&m);
				break;
			case 1:
				case_totp(&m);
				break;
			case 2:
				case_digits(&m);
				break;
			case 3:
				case_code(&m);
				break;
			case 4:
				case_server(&m);
				break;
			default:
				case_ocra(&m);
				break;
		}
	}
	qc_mac_close(&m);
	printf("end\n");
	return 0;
}
