/*
 * request.c
 *	  What the bank asks of a payer's phone: the rows of begin_binding() and
 *	  begin_payment(), as JSON.
 */
#include <string.h>
#include <time.h>

#include "member.h"
#include "request.h"

static const Document binding_document = {
	"binding",
	"Nothing was bound. Give the row of begin_binding() as JSON; "
	"if it happens again, tell the bank."
};

static const Document payment_document = {
	"payment",
	"Nothing was paid. Give the row of begin_payment() as JSON; "
	"if it happens again, tell the bank."
};

int64_t
request_clock(void)
{
	struct timespec now = {0, 0};

	(void) clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t) now.tv_sec;
}

/* The kid and generation that both rows have. */
static bool
read_epoch(const Document *doc, const json_t *object, uint8_t *kid, uint8_t *generation)
{
	int64_t		k;
	int64_t		g;

	if (!member_int(doc, object, "kid", 1, 255, &k) ||
		!member_int(doc, object, "generation", 1, 255, &g))
		return false;
	*kid = (uint8_t) k;
	*generation = (uint8_t) g;
	return true;
}

Outcome
request_binding(const char *text, size_t len, Binding *binding)
{
	const Document *doc = &binding_document;
	json_t	   *object = member_object(doc, text, len);
	bool		ok;

	if (object == NULL)
		return OUT_BAD;
	ok = member_id(doc, object, true, &binding->credential_id) &&
		read_epoch(doc, object, &binding->kid, &binding->generation) &&
		member_hex(doc, object, "salt", true, BINDING_SALT_MIN, BINDING_SALT_MAX,
				   binding->salt, &binding->salt_len);
	json_decref(object);
	return ok ? OUT_OK : OUT_BAD;
}

static QcText
text_of(const char *s)
{
	QcText		text = {s, strlen(s)};

	return text;
}

/* The five texts, hashed as they stand: what is not well formed is not shown. */
static Outcome
hash_texts(QcMac *mac, Payment *payment)
{
	QcText		texts[5];
	QcStatus	status;

	texts[0] = text_of(payment->payment_id);
	texts[1] = text_of(payment->payee);
	texts[2] = text_of(payment->currency);
	texts[3] = text_of(payment->amount);
	texts[4] = text_of(payment->nonce);
	status = qc_payment_digest(mac, texts, payment->digest);
	if (status == QC_OK)
		return OUT_OK;
	if (status == QC_E_PAYMENT)
		complain(payment_document.hint,
				 "the payment is not as a bank makes it: payment_id, currency, amount or nonce is wrong");
	else
		complain("Try again.", "cannot hash the payment");
	return OUT_BAD;
}

Outcome
request_payment(QcMac *mac, const char *text, size_t len, Payment *payment)
{
	const Document *doc = &payment_document;
	json_t	   *object = member_object(doc, text, len);
	int64_t		expires_in;
	bool		ok;

	if (object == NULL)
		return OUT_BAD;
	ok = member_exact(doc, object, "payment_id", payment->payment_id,
					  sizeof(payment->payment_id)) &&
		member_exact(doc, object, "payee", payment->payee, sizeof(payment->payee)) &&
		member_exact(doc, object, "currency", payment->currency, sizeof(payment->currency)) &&
		member_exact(doc, object, "amount", payment->amount, sizeof(payment->amount)) &&
		member_exact(doc, object, "nonce", payment->nonce, sizeof(payment->nonce)) &&
		member_int(doc, object, "expires_in", INT32_MIN, INT32_MAX, &expires_in) &&
		read_epoch(doc, object, &payment->kid, &payment->generation);
	json_decref(object);
	if (!ok)
		return OUT_BAD;
	if (expires_in <= 0)
	{
		complain("Begin the payment again.", "the payment has expired");
		return OUT_EXPIRED;
	}
	payment->ends = request_clock() + expires_in;
	return hash_texts(mac, payment);
}
