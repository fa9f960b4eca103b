/*
 * activation.c
 *	  Finding what a ticket is for, and using it in place.
 */
#include "qrcred.h"

#include "activation.h"
#include "master.h"
#include "personal.h"

static void
derive_download(void *arg, const QcStrike *seen, QcEvent *e)
{
	const QrActivation *a = arg;
	QrCustomer	customer;
	uint8		master[QC_KEY_LEN];

	e->kind = QC_EV_DOWNLOAD;
	e->generation = a->ticket.generation;
	e->ticket_serial = a->ticket.serial;
	e->ticket_expired = a->ticket.expires <= qr_unix_now() / QC_USEC;
	e->taken = a->taken;
	e->has_wallet_nonce = a->wallet_nonce != NULL;
	if (e->has_wallet_nonce)
		memcpy(e->wallet_nonce, a->wallet_nonce, sizeof(e->wallet_nonce));
	e->right = !a->terms.asks_id_last4;
	e->unanswered = a->terms.asks_id_last4 && a->answer == NULL;
	if (e->right || e->unanswered)
		return;

	if (!qr_customer_of_id(a->issued.customer_id, &customer) ||
		customer.answer_id_last4.len != sizeof(e->expected))
		elog(ERROR, "customer of credential is missing");
	(void) qr_master(customer.kid, master);
	PG_TRY();
	{
		qr_answer_id_last4(master, &a->terms, customer.customer_ref, a->answer, e->guess);
	}
	PG_FINALLY();
	{
		qc_wipe(master, sizeof(master));
	}
	PG_END_TRY();
	memcpy(e->expected, customer.answer_id_last4.data, sizeof(e->expected));
	e->guess_len = sizeof(e->guess);
}

/* Whether the ticket's bytes are those of the credential's ticket key. */
static bool
is_ticket_right(const QrActivation *a, const QcStrike *s, const QcToken *token)
{
	uint8		master[QC_KEY_LEN];
	uint8		must[16];
	QcStatus	status;

	(void) qr_master(s->kid, master);
	status = qc_ticket(qr_mac(), master, s->id, a->ticket.generation,
					   a->ticket.serial, must);
	qc_wipe(master, sizeof(master));
	qr_check(status, "ticket");
	return qc_equal(must, token->bytes, sizeof(must)) &&
		token->bucket == qc_bucket_of_id(s->id);
}

QcReason
qr_activation_find(const char *ticket, size_t len, int kind, QrActivation *a,
				   QrStrikeRef *seen)
{
	QcToken		token;
	QcPart		part;
	uint8		sha256[QC_SHA256_LEN];
	char		canonical[QC_TOKEN_TEXT + 1];

	if (qc_token_parse('T', ticket, len, &token) != QC_OK)
		return QC_WHY_MALFORMED;
	if (!qr_bucket_is_owned(token.bucket))
		return QC_WHY_BUCKET;

	qc_token_print('T', &token, canonical);
	part = (QcPart) {canonical, QC_TOKEN_TEXT};
	qr_check(qc_sha256(qr_mac(), &part, 1, sha256), "ticket");
	if (!qr_ticket_find(sha256, &a->ticket) ||
		!qr_credential_find(a->ticket.credential_id, &a->issued) ||
		!qr_strike_find(a->ticket.credential_id, seen) ||
		!qr_read_issuer(a->issued.issuer_id, &a->policy) ||
		!is_ticket_right(a, &seen->row, &token))
		return QC_WHY_UNKNOWN;
	if (a->issued.kind != kind)
		return QC_WHY_KIND;
	qr_terms_of_id(a->issued.issuer_id, &a->terms);
	return QC_WHY_NONE;
}

void
qr_activation_publish(QrActivation *a, QrPublication *p)
{
	p->policy = &a->policy.policy;
	p->sync_standby = a->policy.sync_standby;
	p->notify = a->policy.notify;
	p->audit_key = qr_audit_key;
	p->derive = derive_download;
	p->arg = a;
	qr_publish(p, qr_mac());
}
