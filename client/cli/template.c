/*
 * template.c
 *	  The template that opens a helper: n bits that an extractor made, or those
 *	  of a face (2-protocol, "Fuzzy commitment").
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "core/projection.h"
#include "guard.h"
#include "pin.h"
#include "template.h"

#define ROUNDS			600000	/* of PBKDF2 over the login password */
#define PASSWORD_MAX	1024	/* bytes */
#define TEXT_MAX		4096	/* of a template, with spaces and line ends */
#define WORD_MAX		64		/* characters of a number */
#define CHUNK			4096

static const char hint_capture[] = "Capture again, or look at the file given for it.";

/* Reads a file of numbers piece by piece, since a descriptor may be long. */
typedef struct Numbers
{
	const char *name;
	char		chunk[CHUNK];
	char		word[WORD_MAX];
	size_t		used;			/* of word */
	int			count;
	double		value[QC_DESCRIPTOR_MAX];
} Numbers;

Outcome
template_given(const Options *o)
{
	bool		bits = o->in[IN_TEMPLATE] >= 0;
	bool		descriptor = o->in[IN_DESCRIPTOR] >= 0;
	bool		mean = o->in[IN_MEAN] >= 0;

	if (bits ? !descriptor && !mean : descriptor && mean)
		return OUT_OK;
	complain("Give the template with --template, or a face with --descriptor and --mean.",
			 bits ? "a template and a face cannot both be given" : "no capture was given");
	return OUT_USAGE;
}

/* Exactly n characters 0 and 1; spaces and line ends count for nothing. */
static Outcome
read_bits(int fd, const QcBch *code, uint8_t bits[QC_BCH_BYTES_MAX])
{
	char	   *text = wallet_room(TEXT_MAX);
	size_t		len;
	size_t		i;
	int			n = 0;
	Outcome		out;

	if (text == NULL)
		return OUT_USAGE;
	memset(bits, 0, QC_BCH_BYTES_MAX);
	out = wallet_read(fd, "template", text, TEXT_MAX, &len);
	for (i = 0; out == OUT_OK && i < len; i++)
	{
		if (strchr(" \t\r\n", text[i]) != NULL && text[i] != '\0')
			continue;
		if ((text[i] != '0' && text[i] != '1') || n == code->n)
			n = code->n + 1;
		if (n > code->n)
			break;
		if (text[i] == '1')
			bits[n / 8] |= (uint8_t) (0x80 >> n % 8);
		n++;
	}
	qc_wipe(text, TEXT_MAX);
	if (out == OUT_OK && n != code->n)
	{
		complain(hint_capture, "a template for %s is %d characters 0 or 1", code->name, code->n);
		out = OUT_BAD;
	}
	return out;
}

/* The word that has come together, if any, is a number; false unless it is. */
static bool
end_word(Numbers *numbers)
{
	char	   *end;
	double		v;

	if (numbers->used == 0)
		return true;
	numbers->word[numbers->used] = '\0';
	numbers->used = 0;
	v = strtod(numbers->word, &end);
	if (*end != '\0' || !isfinite(v) || numbers->count == QC_DESCRIPTOR_MAX)
		return false;
	numbers->value[numbers->count++] = v;
	return true;
}

static bool
take_character(Numbers *numbers, char c)
{
	if (c != '\0' && strchr(" \t\r\n,[]", c) != NULL)
		return end_word(numbers);
	if (c == '\0' || strchr("0123456789+-.eE", c) == NULL || numbers->used + 1 == WORD_MAX)
		return false;
	numbers->word[numbers->used++] = c;
	return true;
}

/* Numbers with spaces, line ends or commas between; a JSON array is one, too. */
static Outcome
read_numbers(int fd, Numbers *numbers)
{
	bool		ok = true;
	ssize_t		n;

	do
	{
		ssize_t		i;

		n = read(fd, numbers->chunk, CHUNK);
		if (n < 0 && errno != EINTR)
		{
			complain("Look at the file given for it.", "cannot read the %s: %s", numbers->name,
					 strerror(errno));
			return OUT_BAD;
		}
		for (i = 0; ok && i < n; i++)
			ok = take_character(numbers, numbers->chunk[i]);
	} while (ok && n != 0);
	if (ok && end_word(numbers) && numbers->count > 0)
		return OUT_OK;
	complain(hint_capture, "the %s is not a list of 1 to %d numbers", numbers->name,
			 QC_DESCRIPTOR_MAX);
	return OUT_BAD;
}

/* The projection's secret seed, of the login password. */
static Outcome
make_seed(const Options *o, const Binding *binding, uint8_t seed[QC_KEY_LEN])
{
	char	   *password = wallet_room(PASSWORD_MAX + 1);
	uint8_t    *stretched = wallet_room(QC_KEY_LEN);
	Outcome		out;
	bool		ok;

	if (password == NULL || stretched == NULL)
		return OUT_USAGE;
	out = password_read(o->password_fd, password, PASSWORD_MAX + 1);
	if (out != OUT_OK)
		return out;
	ok = PKCS5_PBKDF2_HMAC(password, (int) strlen(password), binding->salt,
						   (int) binding->salt_len, ROUNDS, EVP_sha256(),
						   QC_KEY_LEN, stretched) == 1 &&
		qc_projection_seed(o->mac, stretched, binding->credential_id,
						   binding->generation, seed) == QC_OK;
	qc_mac_forget(o->mac);
	qc_wipe(password, PASSWORD_MAX + 1);
	qc_wipe(stretched, QC_KEY_LEN);
	if (ok)
		return OUT_OK;
	complain("Close other programs and try again.", "cannot stretch the login password");
	return OUT_USAGE;
}

static Outcome
project_face(const Options *o, const Binding *binding, const QcBch *code,
			 uint8_t bits[QC_BCH_BYTES_MAX])
{
	Numbers    *descriptor = wallet_room(sizeof(Numbers));
	Numbers    *mean = wallet_room(sizeof(Numbers));
	uint8_t    *seed = wallet_room(QC_KEY_LEN);
	Outcome		out;

	if (descriptor == NULL || mean == NULL || seed == NULL)
		return OUT_USAGE;
	descriptor->name = "descriptor";
	mean->name = "mean";
	out = read_numbers(o->in[IN_DESCRIPTOR], descriptor);
	if (out == OUT_OK)
		out = read_numbers(o->in[IN_MEAN], mean);
	if (out == OUT_OK && descriptor->count != mean->count)
	{
		complain("Both are to come from the same model.",
				 "the descriptor has %d numbers and the mean has %d", descriptor->count, mean->count);
		out = OUT_BAD;
	}
	if (out == OUT_OK)
		out = make_seed(o, binding, seed);
	memset(bits, 0, QC_BCH_BYTES_MAX);
	if (out == OUT_OK &&
		qc_project(o->mac, seed, descriptor->value, mean->value, mean->count,
				   code->n, bits) != QC_OK)
	{
		complain(hint_capture, "cannot make a template of the descriptor");
		out = OUT_BAD;
	}
	qc_mac_forget(o->mac);
	qc_wipe(descriptor, sizeof(Numbers));
	qc_wipe(mean, sizeof(Numbers));
	qc_wipe(seed, QC_KEY_LEN);
	return out;
}

Outcome
template_take(const Options *o, const Binding *binding, const QcBch *code,
			  uint8_t bits[QC_BCH_BYTES_MAX])
{
	Outcome		out = template_given(o);

	if (out != OUT_OK)
		return out;
	if (o->in[IN_TEMPLATE] >= 0)
		return read_bits(o->in[IN_TEMPLATE], code, bits);
	return project_face(o, binding, code, bits);
}
