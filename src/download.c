/*
 * download.c
 *	  The wallet fetches its credential: a ticket is used in place and flushed
 *	  before the package leaves, so that no rollback gives it back.
 */
#include "qrcred.h"

#include "door.h"
#include "executor/spi.h"
#include "master.h"
#include "package.h"
#include "personal.h"
#include "store/publish.h"
#include "store/registry.h"
#include "store/relations.h"
#include "utils/builtins.h"

#define WALLET_NONCE	16

PG_FUNCTION_INFO_V1(qrcred_download);

/* A download on its way. */
typedef struct Download
{
	QrTicketRow ticket;
	QrIssued	issued;
	QrTerms		terms;
	QrIssuer	policy;
	const char *answer;			/* NULL: none was given */
	const uint8 *wallet_nonce;	/* NULL: none was given */
} Download;

/* A ticket that leads nowhere. */
static Datum
refuse(QcReason why)
{
	(void) qr_door_refuse(why, 0, true);
	SPI_finish();
	return qr_package_rejected();
}

static void
derive_download(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Download *d = arg;
	QrCustomer	customer;
	uint8		master[QC_KEY_LEN];

	e->kind = QC_EV_DOWNLOAD;
	e->generation = d->ticket.generation;
	e->ticket_serial = d->ticket.serial;
	e->ticket_expired = d->ticket.expires <= qr_unix_now() / QC_USEC;
	e->has_wallet_nonce = d->wallet_nonce != NULL;
	if (e->has_wallet_nonce)
		memcpy(e->wallet_nonce, d->wallet_nonce, sizeof(e->wallet_nonce));
	e->right = !d->terms.asks_id_last4;
	e->unanswered = d->terms.asks_id_last4 && d->answer == NULL;
	if (e->right || e->unanswered)
		return;

	if (!qr_customer_of_id(d->issued.customer_id, &customer) ||
		customer.answer_id_last4.len != sizeof(e->expected))
		elog(ERROR, "customer of credential is missing");
	(void) qr_master(customer.kid, master);
	PG_TRY();
	{
		qr_answer_id_last4(master, &d->terms, customer.customer_ref, d->answer, e->guess);
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
is_ticket_right(const Download *d, const QcStrike *s, const QcToken *token)
{
	uint8		master[QC_KEY_LEN];
	uint8		must[16];
	QcStatus	status;

	(void) qr_master(s->kid, master);
	status = qc_ticket(qr_mac(), master, s->id, d->ticket.generation,
					   d->ticket.serial, must);
	qc_wipe(master, sizeof(master));
	qr_check(status, "ticket");
	return qc_equal(must, token->bytes, sizeof(must)) &&
		token->bucket == qc_bucket_of_id(s->id);
}

/* download(ticket, answer, wallet_nonce) */
Datum
qrcred_download(PG_FUNCTION_ARGS)
{
	MemoryContext result_context = CurrentMemoryContext;
	Download	d = {0};
	QrPublication p = {0};
	QcToken		token;
	QcPart		part;
	uint8		sha256[QC_SHA256_LEN];
	char		canonical[QC_TOKEN_TEXT + 1];
	size_t		len;
	char	   *ticket = qr_text_arg(fcinfo, 0, "ticket", &len);
	Datum		result;

	if (!PG_ARGISNULL(1))
		d.answer = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (!PG_ARGISNULL(2))
		d.wallet_nonce = qr_bytea_arg(fcinfo, 2, "wallet_nonce",
									  WALLET_NONCE, WALLET_NONCE, NULL);
	qr_publish_allowed("qrcred.download()");
	qr_store_ready();
	SPI_connect();
	if (qc_token_parse('T', ticket, len, &token) != QC_OK)
		return refuse(QC_WHY_MALFORMED);
	if (!qr_bucket_is_owned(token.bucket))
		return refuse(QC_WHY_BUCKET);

	qc_token_print('T', &token, canonical);
	part = (QcPart) {canonical, QC_TOKEN_TEXT};
	qr_check(qc_sha256(qr_mac(), &part, 1, sha256), "ticket");
	if (!qr_ticket_find(sha256, &d.ticket) ||
		!qr_credential_find(d.ticket.credential_id, &d.issued) ||
		!qr_strike_find(d.ticket.credential_id, &p.seen) ||
		!qr_read_issuer(d.issued.issuer_id, &d.policy) ||
		!is_ticket_right(&d, &p.seen.row, &token))
		return refuse(QC_WHY_UNKNOWN);
	if (d.issued.kind != QR_CREDENTIAL_KEYS)
		return refuse(QC_WHY_KIND);

	qr_terms_of_id(d.issued.issuer_id, &d.terms);
	p.policy = &d.policy.policy;
	p.sync_standby = d.policy.sync_standby;
	p.notify = d.policy.notify;
	p.audit_key = qr_audit_key;
	p.derive = derive_download;
	p.arg = &d;
	qr_publish(&p, qr_mac());
	result = p.outcome.verdict == QC_DONE ?
		qr_package(&d.issued, &d.terms, &p.after, result_context) : (Datum) 0;
	SPI_finish();
	return result != (Datum) 0 ? result : qr_package_rejected();
}
