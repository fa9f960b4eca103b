/*
 * bind.c
 *	  Binding: the wallet commits a key to a template by itself, so that the
 *	  bank never sees the template.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"
#include "member.h"
#include "payer.h"
#include "template.h"
#include "text.h"

/* What bind_helper() takes. */
typedef struct Commitment
{
	const QcBch *code;
	uint8_t		template_bits[QC_BCH_BYTES_MAX];
	uint8_t		secret[QC_BCH_SECRET_MAX];
	uint8_t		helper[QC_BCH_BYTES_MAX];
	uint8_t		key[QC_KEY_LEN];
	char		bits[QC_BCH_BITS_MAX + 2];	/* as text, room for a line end */
	char		hex[2 * BINDING_SALT_MAX + 1];
} Commitment;

/* What a template or a key is printed to is a program, not a screen. */
static Outcome
check_output(const char *what)
{
	if (!isatty(STDOUT_FILENO))
		return OUT_OK;
	complain("Send it through a pipe to the program that needs it.",
			 "a %s is not shown on a screen", what);
	return OUT_USAGE;
}

/* Past the stream's buffer, which nobody wipes. */
static Outcome
put_secret(const char *s, size_t len)
{
	while (len > 0)
	{
		ssize_t		n = write(STDOUT_FILENO, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
		{
			complain("Look at where the output goes.", "cannot write the output: %s",
					 strerror(errno));
			return OUT_USAGE;
		}
		s += n;
		len -= (size_t) n;
	}
	return OUT_OK;
}

static void
print_bits(const uint8_t *bits, int n, char *out)
{
	int			i;

	for (i = 0; i < n; i++)
		out[i] = (bits[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0';
	out[n] = '\0';
}

static const char *
print_hex(const uint8_t *bytes, size_t len, char *out)
{
	static const char digit[] = "0123456789abcdef";
	size_t		i;

	for (i = 0; i < len; i++)
	{
		out[2 * i] = digit[bytes[i] >> 4];
		out[2 * i + 1] = digit[bytes[i] & 15];
	}
	out[2 * len] = '\0';
	return out;
}

static Outcome
read_binding(const Options *o, Binding *binding)
{
	char	   *text = wallet_room(REQUEST_MAX);
	size_t		len;
	Outcome		out;

	if (text == NULL)
		return OUT_USAGE;
	out = wallet_read(o->in[IN_BINDING], "binding", text, REQUEST_MAX, &len);
	return out == OUT_OK ? request_binding(text, len, binding) : out;
}

/* The binding, or that of a package that was bound before, with its code. */
static Outcome
find_binding(const Options *o, Binding *binding, const QcBch **code)
{
	Credential *cred;
	Biometric  *biometric;
	Outcome		out;

	if ((o->in[IN_BINDING] >= 0) == (o->in[IN_PACKAGE] >= 0))
	{
		complain("Give --binding FILE or --package FILE, but not both.",
				 "no binding to make a template for");
		return OUT_USAGE;
	}
	if (o->in[IN_BINDING] >= 0)
	{
		*code = payer_code(o);
		return *code == NULL ? OUT_USAGE : read_binding(o, binding);
	}
	if (o->code != NULL)
	{
		complain("Leave --code out.", "the package says which code it is bound with");
		return OUT_USAGE;
	}
	cred = wallet_room(sizeof(Credential));
	biometric = wallet_room(sizeof(Biometric));
	if (cred == NULL || biometric == NULL)
		return OUT_USAGE;
	out = payer_read(o, cred, biometric);
	*binding = biometric->binding;
	*code = biometric->code;
	return out;
}

Outcome
cmd_template(const Options *o)
{
	Commitment *c = wallet_room(sizeof(Commitment));
	Binding    *binding = wallet_room(sizeof(Binding));
	Outcome		out = template_given(o);

	if (out == OUT_OK)
		out = check_output("template");
	if (out != OUT_OK || c == NULL || binding == NULL)
		return out != OUT_OK ? out : OUT_USAGE;
	out = find_binding(o, binding, &c->code);
	if (out == OUT_OK)
		out = template_take(o, binding, c->code, c->template_bits);
	if (out == OUT_OK)
	{
		print_bits(c->template_bits, c->code->n, c->bits);
		c->bits[c->code->n] = '\n';
		out = put_secret(c->bits, (size_t) c->code->n + 1);
	}
	qc_wipe(c, sizeof(*c));
	return out;
}

/* Draws the secret, k bits, and leaves of it only helper and key. */
static Outcome
commit(const Options *o, const Binding *binding, Commitment *c)
{
	size_t		len = qc_bch_secret_bytes(c->code);
	bool		ok = seal_random(c->secret, len);

	c->secret[len - 1] &= (uint8_t) (0xFF << (8 * len - (size_t) c->code->k));
	ok = ok && qc_fuzzy_commit(c->code, c->template_bits, c->secret, c->helper) == QC_OK &&
		qc_biometric_key(o->mac, c->secret, len, binding->credential_id,
						 binding->generation, c->key) == QC_OK;
	qc_mac_forget(o->mac);
	qc_wipe(c->secret, sizeof(c->secret));
	qc_wipe(c->template_bits, sizeof(c->template_bits));
	if (ok)
		return OUT_OK;
	complain("Try again.", "cannot commit to the template");
	return OUT_BAD;
}

/* The arguments of bind_helper() after the session, by name, as one JSON line. */
static Outcome
put_commitment(const Options *o, const Binding *binding, Commitment *c)
{
	json_t	   *object = json_object();
	char	   *line = NULL;
	bool		ok;
	Outcome		out = OUT_USAGE;

	print_bits(c->helper, c->code->n, c->bits);
	ok = json_object_set_new(object, "helper", json_string(c->bits)) == 0;
	ok = json_object_set_new(object, "key",
							 json_string(print_hex(c->key, QC_KEY_LEN, c->hex))) == 0 && ok;
	ok = json_object_set_new(object, "salt",
							 json_string(print_hex(binding->salt, binding->salt_len, c->hex))) == 0 && ok;
	ok = json_object_set_new(object, "model", json_string(o->model)) == 0 && ok;
	ok = json_object_set_new(object, "code", json_string(c->code->name)) == 0 && ok;
	if (ok)
		line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (line != NULL)
		out = put_secret(line, strlen(line));
	else
		complain("Close other programs and try again.", "no memory");
	if (out == OUT_OK)
		out = put_secret("\n", 1);
	guard_free(line);
	return out;
}

static Outcome
check_model(const char *model)
{
	if (model != NULL && model[0] != '\0' && strlen(model) <= MODEL_MAX &&
		text_is_clean(model, strlen(model)))
		return OUT_OK;
	complain("Name the model that made the template, with --model: other devices of the payer "
			 "must use the same one.",
			 model == NULL ? "no model was given" : "this is not the name of a model");
	return OUT_USAGE;
}

Outcome
cmd_bind(const Options *o)
{
	Commitment *c = wallet_room(sizeof(Commitment));
	Binding    *binding = wallet_room(sizeof(Binding));
	Outcome		out = template_given(o);

	if (out == OUT_OK)
		out = check_model(o->model);
	if (out == OUT_OK)
		out = check_output("key");
	if (out != OUT_OK || c == NULL || binding == NULL)
		return out != OUT_OK ? out : OUT_USAGE;
	c->code = payer_code(o);
	out = c->code == NULL ? OUT_USAGE : read_binding(o, binding);
	if (out == OUT_OK)
		out = template_take(o, binding, c->code, c->template_bits);
	if (out == OUT_OK)
		out = commit(o, binding, c);
	if (out == OUT_OK)
		out = put_commitment(o, binding, c);
	qc_wipe(c, sizeof(*c));
	return out;
}
