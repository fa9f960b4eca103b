/*
 * ocra.c
 *	  OCRA, HOTP and TOTP.
 *
 * The suite is read first and completely; only then are the arguments held
 * against what it names.  The message of the HMAC is handed over in pieces,
 * straight from the caller's arguments, so that no copy of a PIN hash or of
 * session data is made.
 */
#include "ocra.h"

#include <string.h>

#include "challenge.h"

#define QUESTION_BYTES	128		/* RFC 6287, 5.1: Q is always this long */
#define QUESTION_MIN	4
#define QUESTION_MAX	64
#define SESSION_MAX		512
#define DIGITS_MIN		4
#define DIGITS_MAX		9

/* 10^64 is below 2^(7 * 32). */
#define NUMBER_WORDS	7

typedef struct Suite
{
	QcHash		hash;
	int			digits;
	bool		has_counter;
	char		question_format;	/* 'A', 'N' or 'H' */
	size_t		question_len;
	bool		has_pin;
	QcHash		pin_hash;
	size_t		session_len;	/* 0: none */
	bool		has_time;
} Suite;

/* What is left of the suite's text; it is not terminated. */
typedef struct Cursor
{
	const char *p;
	size_t		left;
} Cursor;

/* Steps over word if the text goes on with it. */
static bool
take(Cursor *c, const char *word)
{
	size_t		len = strlen(word);

	if (c->left < len || memcmp(c->p, word, len) != 0)
		return false;
	c->p += len;
	c->left -= len;
	return true;
}

/* Steps over one digit. */
static bool
take_digit(Cursor *c, int *digit)
{
	if (c->left == 0 || *c->p < '0' || *c->p > '9')
		return false;
	*digit = *c->p - '0';
	c->p++;
	c->left--;
	return true;
}

/* Exactly width digits. */
static bool
take_fixed(Cursor *c, int width, size_t *value)
{
	int			digit;
	int			i;

	*value = 0;
	for (i = 0; i < width; i++)
	{
		if (!take_digit(c, &digit))
			return false;
		*value = *value * 10 + (size_t) digit;
	}
	return true;
}

/* One or two digits, two of them only when the first is not 0. */
static bool
take_plain(Cursor *c, int *value)
{
	int			digit;

	if (!take_digit(c, value))
		return false;
	if (*value != 0 && take_digit(c, &digit))
		*value = *value * 10 + digit;
	return true;
}

static bool
take_hash(Cursor *c, QcHash *hash)
{
	if (take(c, "SHA1"))
		*hash = QC_SHA1;
	else if (take(c, "SHA256"))
		*hash = QC_SHA256;
	else if (take(c, "SHA512"))
		*hash = QC_SHA512;
	else
		return false;
	return true;
}

/* HOTP-SHAx-t, with any t that the RFC knows: 0 and 4 to 10. */
static bool
take_function(Cursor *c, Suite *s)
{
	return take(c, "HOTP-") && take_hash(c, &s->hash) && take(c, "-") &&
		take_plain(c, &s->digits) &&
		(s->digits == 0 || (s->digits >= DIGITS_MIN && s->digits <= 10));
}

/* QFxx */
static bool
take_question(Cursor *c, Suite *s)
{
	if (!take(c, "Q") || c->left == 0 ||
		(*c->p != 'A' && *c->p != 'N' && *c->p != 'H'))
		return false;
	s->question_format = *c->p;
	c->p++;
	c->left--;
	return take_fixed(c, 2, &s->question_len) &&
		s->question_len >= QUESTION_MIN && s->question_len <= QUESTION_MAX;
}

/* The granularity of T: 1 to 59 seconds or minutes, 0 to 48 hours. */
static bool
take_granularity(Cursor *c)
{
	int			n;

	if (!take_plain(c, &n))
		return false;
	if (take(c, "S") || take(c, "M"))
		return n >= 1 && n <= 59;
	return take(c, "H") && n <= 48;
}

/*
 * OCRA-1:HOTP-SHAx-t:[C-]QFxx[-PH][-Snnn][-TG], upper case as it stands here
 * and in this order.
 */
static QcStatus
parse_suite(const char *text, size_t len, Suite *s)
{
	Cursor		c;

	memset(s, 0, sizeof(*s));
	c.p = text;
	c.left = len;

	if (!take(&c, "OCRA-1:") || !take_function(&c, s) || !take(&c, ":"))
		return QC_E_SUITE;

	s->has_counter = take(&c, "C-");
	if (!take_question(&c, s))
		return QC_E_SUITE;

	s->has_pin = take(&c, "-P");
	if (s->has_pin && !take_hash(&c, &s->pin_hash))
		return QC_E_SUITE;

	if (take(&c, "-S") &&
		(!take_fixed(&c, 3, &s->session_len) ||
		 s->session_len == 0 || s->session_len > SESSION_MAX))
		return QC_E_SUITE;

	s->has_time = take(&c, "-T");
	if (s->has_time && !take_granularity(&c))
		return QC_E_SUITE;

	if (c.left != 0)
		return QC_E_SUITE;
	if (s->digits < DIGITS_MIN || s->digits > DIGITS_MAX)
		return QC_E_SUITE_UNSUPPORTED;
	return QC_OK;
}

/* 0..15, or -1 for what is no hexadecimal digit. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static void
put_nibble(uint8_t *out, size_t at, unsigned int nibble)
{
	out[at / 2] |= (uint8_t) ((at % 2 == 0) ? nibble << 4 : nibble);
}

static bool
encode_alphanumeric(const char *q, size_t len, uint8_t *out)
{
	size_t		i;

	for (i = 0; i < len; i++)
	{
		if (!((q[i] >= '0' && q[i] <= '9') || (q[i] >= 'A' && q[i] <= 'Z') ||
			  (q[i] >= 'a' && q[i] <= 'z')))
			return false;
		out[i] = (uint8_t) q[i];
	}
	return true;
}

static bool
encode_hex(const char *q, size_t len, uint8_t *out)
{
	size_t		i;

	for (i = 0; i < len; i++)
	{
		int			value = hex_value(q[i]);

		if (value < 0)
			return false;
		put_nibble(out, i, (unsigned int) value);
	}
	return true;
}

/* Decimal to an integer, and that to hexadecimal without leading zeros. */
static bool
encode_number(const char *q, size_t len, uint8_t *out)
{
	uint32_t	words[NUMBER_WORDS] = {0};	/* least significant first */
	size_t		at = 0;
	size_t		i;
	int			w;
	int			shift;

	for (i = 0; i < len; i++)
	{
		uint64_t	carry;

		if (q[i] < '0' || q[i] > '9')
			return false;
		carry = (uint64_t) (q[i] - '0');
		for (w = 0; w < NUMBER_WORDS; w++)
		{
			carry += (uint64_t) words[w] * 10;
			words[w] = (uint32_t) carry;
			carry >>= 32;
		}
	}

	for (w = NUMBER_WORDS - 1; w >= 0; w--)
	{
		for (shift = 28; shift >= 0; shift -= 4)
		{
			unsigned int nibble = (words[w] >> shift) & 15;

			if (nibble != 0 || at > 0)
				put_nibble(out, at++, nibble);
		}
	}
	return true;
}

/* The 128 bytes of Q, padded on the right with zeros. */
static QcStatus
encode_question(const Suite *s, const char *q, size_t len,
				uint8_t out[QUESTION_BYTES])
{
	bool		ok;

	memset(out, 0, QUESTION_BYTES);
	if (q == NULL || len == 0)
		return QC_E_QUESTION;
	if (len > s->question_len &&
		!(s->question_format == 'A' && len == 2 * s->question_len))
		return QC_E_QUESTION;

	if (s->question_format == 'A')
		ok = encode_alphanumeric(q, len, out);
	else if (s->question_format == 'H')
		ok = encode_hex(q, len, out);
	else
		ok = encode_number(q, len, out);
	return ok ? QC_OK : QC_E_QUESTION;
}

/* Are the arguments those that the suite names, and well formed? */
static QcStatus
check_input(const Suite *s, const QcOcraInput *in)
{
	if (s->has_counter != (in->counter != NULL) ||
		(in->counter != NULL && *in->counter < 0))
		return QC_E_COUNTER;
	if (s->has_pin != (in->pin_hash != NULL) ||
		(s->has_pin && in->pin_hash_len != qc_hash_len(s->pin_hash)))
		return QC_E_PIN;
	if ((s->session_len > 0) != (in->session != NULL) ||
		(in->session != NULL && in->session_len != s->session_len))
		return QC_E_SESSION;
	if (s->has_time != (in->time_step != NULL) ||
		(in->time_step != NULL && *in->time_step < 0))
		return QC_E_TIME_STEP;
	return QC_OK;
}

static bool
key_valid(const uint8_t *key, size_t keylen)
{
	return key != NULL && keylen >= 1 && keylen <= QC_OTP_KEY_MAX;
}

/*
 * The HMAC over the parts, truncated as RFC 4226, 5.3 says: the low four bits
 * of the last byte point at 31 bits, whose last decimal digits are the code.
 */
static QcStatus
truncated(QcMac *m, QcHash hash, const uint8_t *key, size_t keylen,
		  const QcPart *parts, int nparts, int digits, char out[QC_OTP_TEXT])
{
	uint8_t		mac[QC_HMAC_MAX];
	size_t		len = qc_hash_len(hash);
	uint32_t	number;
	QcStatus	status;
	int			i;

	status = qc_hmac(m, hash, key, keylen, parts, nparts, mac, len);
	if (status == QC_OK)
	{
		number = qc_get_u32(mac + (mac[len - 1] & 15)) & UINT32_C(0x7fffffff);
		for (i = digits - 1; i >= 0; i--)
		{
			out[i] = (char) ('0' + number % 10);
			number /= 10;
		}
		out[digits] = '\0';
		qc_wipe(&number, sizeof(number));
	}
	qc_wipe(mac, sizeof(mac));
	return status;
}

QcStatus
qc_ocra(QcMac *m, const char *suite, size_t suite_len,
		const uint8_t *key, size_t keylen,
		const QcOcraInput *in, char out[QC_OTP_TEXT])
{
	static const uint8_t separator = 0x00;
	Suite		s;
	QcPart		parts[7];
	int			n = 0;
	uint8_t		counter[8];
	uint8_t		time_step[8];
	uint8_t		question[QUESTION_BYTES];
	QcStatus	status;

	qc_wipe(out, QC_OTP_TEXT);
	status = parse_suite(suite, suite_len, &s);
	if (status != QC_OK)
		return status;
	if (!key_valid(key, keylen))
		return QC_E_KEY;
	status = check_input(&s, in);
	if (status == QC_OK)
		status = encode_question(&s, in->question, in->question_len, question);

	if (status == QC_OK)
	{
		parts[n].data = suite;
		parts[n++].len = suite_len;
		parts[n].data = &separator;
		parts[n++].len = 1;
		if (s.has_counter)
		{
			qc_put_u64(counter, (uint64_t) *in->counter);
			parts[n].data = counter;
			parts[n++].len = sizeof(counter);
		}
		parts[n].data = question;
		parts[n++].len = sizeof(question);
		if (s.has_pin)
		{
			parts[n].data = in->pin_hash;
			parts[n++].len = in->pin_hash_len;
		}
		if (s.session_len > 0)
		{
			parts[n].data = in->session;
			parts[n++].len = in->session_len;
		}
		if (s.has_time)
		{
			qc_put_u64(time_step, (uint64_t) *in->time_step);
			parts[n].data = time_step;
			parts[n++].len = sizeof(time_step);
		}
		status = truncated(m, s.hash, key, keylen, parts, n, s.digits, out);
	}
	qc_wipe(question, sizeof(question));
	return status;
}

QcStatus
qc_hotp(QcMac *m, QcHash hash, const uint8_t *key, size_t keylen,
		int64_t counter, int digits, char out[QC_OTP_TEXT])
{
	uint8_t		message[8];
	QcPart		part;

	qc_wipe(out, QC_OTP_TEXT);
	if (!key_valid(key, keylen))
		return QC_E_KEY;
	if (digits < DIGITS_MIN || digits > DIGITS_MAX)
		return QC_E_LENGTH;
	if (counter < 0)
		return QC_E_COUNTER;

	qc_put_u64(message, (uint64_t) counter);
	part.data = message;
	part.len = sizeof(message);
	return truncated(m, hash, key, keylen, &part, 1, digits, out);
}

QcStatus
qc_totp(QcMac *m, QcHash hash, const uint8_t *key, size_t keylen,
		int64_t at, int step, int digits, char out[QC_OTP_TEXT])
{
	if (step < 1 || at < 0)
	{
		qc_wipe(out, QC_OTP_TEXT);
		return step < 1 ? QC_E_TIME_STEP : QC_E_TIME;
	}
	return qc_hotp(m, hash, key, keylen, at / step, digits, out);
}

QcStatus
qc_typed_code(QcMac *m, const uint8_t key[QC_KEY_LEN],
			  const char *digits, size_t ndigits,
			  char out[QC_OTP_TEXT])
{
	char		suite[] = "OCRA-1:HOTP-SHA256-8:QN00";
	QcOcraInput in = {0};

	if (!qc_digits_valid(digits, ndigits))
	{
		qc_wipe(out, QC_OTP_TEXT);
		return QC_E_DIGITS;
	}
	suite[sizeof(suite) - 2] = (char) ('0' + ndigits);
	in.question = digits;
	in.question_len = ndigits;
	return qc_ocra(m, suite, sizeof(suite) - 1, key, QC_KEY_LEN, &in, out);
}
