/*
 * payer.c
 *	  A payer's credential out of its package and a capture; the key that is
 *	  kept of it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "guard.h"
#include "payer.h"
#include "pin.h"
#include "template.h"

const QcBch *
payer_code(const Options *o)
{
	const char *name = o->code != NULL ? o->code : PAYER_CODE;
	const QcBch *code = qc_bch_find(name, strlen(name));

	if (code == NULL)
		complain("There are bch1023_123 and bch511_76.", "no such code: %s", name);
	return code;
}

/*
 * When the bank made the package: a file was written at that time, whatever
 * has passed since; from a pipe it comes at once.
 */
static int64_t
made_at(int fd)
{
	int64_t		now = (int64_t) time(NULL);
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (int64_t) st.st_mtime < now)
		return (int64_t) st.st_mtime;
	return now;
}

Outcome
payer_read(const Options *o, Credential *cred, Biometric *biometric)
{
	char	   *text = wallet_room(PACKAGE_MAX);
	size_t		len;
	int64_t		server_time;
	Outcome		out;

	if (text == NULL)
		return OUT_USAGE;
	out = wallet_read(o->in[IN_PACKAGE], "package", text, PACKAGE_MAX, &len);
	if (out == OUT_OK)
		out = package_read(text, len, cred, biometric, &server_time);
	qc_wipe(text, PACKAGE_MAX);
	if (out != OUT_OK)
		return out;
	cred->clock_offset = o->has_clock_offset ? o->clock_offset :
		server_time - made_at(o->in[IN_PACKAGE]);
	if (o->model != NULL && strcmp(o->model, biometric->model) != 0)
	{
		complain("Capture with the model of the binding, or bind again with this one: "
				 "two devices of a payer use the same model.",
				 "the template was bound with another model");
		return OUT_BAD;
	}
	return OUT_OK;
}

Outcome
payer_open(const Options *o, const Biometric *biometric, Credential *cred)
{
	uint8_t    *bits = wallet_room(QC_BCH_BYTES_MAX);
	uint8_t    *secret = wallet_room(QC_BCH_SECRET_MAX);
	QcStatus	status;
	Outcome		out;

	if (bits == NULL || secret == NULL)
		return OUT_USAGE;
	out = template_take(o, &biometric->binding, biometric->code, bits);
	if (out != OUT_OK)
	{
		qc_wipe(bits, QC_BCH_BYTES_MAX);
		return out;
	}
	status = qc_fuzzy_open(biometric->code, biometric->helper, bits, secret);
	qc_wipe(bits, QC_BCH_BYTES_MAX);
	if (status == QC_OK)
		status = qc_biometric_key(o->mac, secret, qc_bch_secret_bytes(biometric->code),
								  cred->credential_id, cred->generation,
								  cred->biometric_key);
	qc_mac_forget(o->mac);
	qc_wipe(secret, QC_BCH_SECRET_MAX);
	if (status == QC_OK)
		return OUT_OK;
	if (status == QC_E_DECODE)
	{
		complain("Capture again, in good light and as at the binding; model and login password "
				 "must be those of the binding, too. If it goes on, bind again.",
				 "the template is too far off the bound one");
		return OUT_NO_MATCH;
	}
	complain("Try again.", "cannot open the helper");
	return OUT_BAD;
}

Outcome
payer_keep(const Options *o, Store *store, char *pin, Credential *cred)
{
	Outcome		out = pin_read_new(o->pin_fd, pin);

	if (out == OUT_OK)
		out = wallet_keep(o, store, cred, pin);
	qc_wipe(pin, PIN_MAX + 1);
	if (out == OUT_OK)
		fputs("The key is kept; qrwallet pay --payment FILE asks for its PIN.\n", stderr);
	return out;
}

Outcome
cmd_keep(const Options *o)
{
	Credential *cred = wallet_room(sizeof(Credential));
	Biometric  *biometric = wallet_room(sizeof(Biometric));
	Store	   *store;
	char	   *pin;
	Outcome		out = template_given(o);

	if (out != OUT_OK)
		return out;
	if (cred == NULL || biometric == NULL || wallet_space(&store, &pin) != OUT_OK)
		return OUT_USAGE;
	out = payer_read(o, cred, biometric);
	if (out == OUT_OK)
		out = wallet_expiry(o, cred);
	if (out == OUT_OK)
		out = store_find(store, o->mac, o->store, true);
	if (out == OUT_OK)
		out = wallet_place(o, store, cred);
	if (out == OUT_OK)
		out = payer_open(o, biometric, cred);
	if (out == OUT_OK)
		out = payer_keep(o, store, pin, cred);
	qc_wipe(cred, sizeof(*cred));
	return out;
}
