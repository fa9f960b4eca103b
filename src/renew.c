/*
 * renew.c
 *	  A credential generated anew from the registration data: asked for by its
 *	  wallet with a renewal code, or by staff.
 *
 * The generation changes in place and is flushed before the package or the
 * ticket leaves; every older code is worthless from then on.
 */
#include "qrcred.h"

#include "door.h"
#include "executor/spi.h"
#include "issuing.h"
#include "master.h"
#include "package.h"
#include "store/publish.h"
#include "store/relations.h"

#define WALLET_NONCE	16

PG_FUNCTION_INFO_V1(qrcred_renew);
PG_FUNCTION_INFO_V1(qrcred_reissue);

/* A renewal on its way. */
typedef struct Renewal
{
	QcEventKind kind;			/* RENEWAL or REISSUE */
	QcCode		code;			/* RENEWAL */
	uint8		wallet[WALLET_NONCE];	/* digest of code and wallet nonce */
	bool		has_wallet;
	QrIssued	issued;
	QrTerms		terms;
	QrIssuer	policy;
	QrCustomer	customer;
} Renewal;

/* A renewal code that leads nowhere. */
static Datum
refuse(const QcCode *code, QcReason why)
{
	(void) qr_door_refuse(why, code->moment, true);
	SPI_finish();
	return qr_package_rejected();
}

/* Whether the MAC is that of the row's present generation. */
static bool
is_code_right(const QcCode *code, const QcStrike *s)
{
	QcCode		must = *code;
	uint8		key[QC_KEY_LEN];
	QcStatus	status;

	qr_credential_key(s, QC_CRED_RENEWAL, key);
	status = qc_code_sign(qr_mac(), key, NULL, 0, &must);
	qc_wipe(key, sizeof(key));
	qr_check(status, "renewal code");
	return qc_equal(must.mac, code->mac, sizeof(must.mac)) &&
		code->kid == s->kid && code->generation == s->generation;
}

static void
derive_renewal(void *arg, const QcStrike *seen, QcEvent *e)
{
	Renewal    *r = arg;

	e->kind = r->kind;
	e->moment = r->code.moment;
	e->has_wallet_nonce = r->has_wallet;
	memcpy(e->wallet_nonce, r->wallet, sizeof(e->wallet_nonce));
	e->right = r->kind == QC_EV_RENEWAL && is_code_right(&r->code, seen);
	e->new_valid_until = qr_unix_now() / QC_USEC + (int64) r->issued.valid_days * QR_DAY;
	if (e->new_valid_until > PG_UINT32_MAX)
		qr_check(QC_E_TIME, "valid_days");
	/* erased data makes no code; such a credential is void anyway */
	if (!qr_is_forgotten(&r->customer))
		e->new_kid = qr_current_digest(&r->terms, &r->customer, e->new_digest);
}

/* The rows about the credential; false when there is none. */
static bool
find(Renewal *r, int64 credential_id, QrStrikeRef *seen)
{
	if (!qr_credential_find(credential_id, &r->issued) ||
		!qr_strike_find(credential_id, seen))
		return false;
	qr_terms_of_id(r->issued.issuer_id, &r->terms);
	if (!qr_read_issuer(r->issued.issuer_id, &r->policy) ||
		!qr_customer_of_id(r->issued.customer_id, &r->customer))
		elog(ERROR, "issuer or customer of a credential is missing");
	return true;
}

static void
publish(Renewal *r, QrPublication *p)
{
	p->policy = &r->policy.policy;
	p->sync_standby = r->policy.sync_standby;
	p->notify = r->policy.notify;
	p->audit_key = qr_audit_key;
	p->derive = derive_renewal;
	p->arg = r;
	qr_publish(p, qr_mac());
}

/*
 * After generation 255 the credential is void and another one of the same
 * bucket takes its place, as an ordinary row of the caller's transaction.
 */
static void
succeed_last_generation(Renewal *r, QcStrike *s)
{
	qr_first_strike(&r->terms, &r->customer,
					qr_unix_now() / QC_USEC + (int64) r->issued.valid_days * QR_DAY, s);
	r->issued.valid_from = qr_unix_now() / QC_USEC;
	if (r->kind == QC_EV_RENEWAL)
	{
		/* the wallet has its package with this answer: no ticket is open */
		s->flags = QC_FLAG_DOWNLOADED;
		s->ticket_state = QC_TICKET_USED;
	}
	qr_insert_credential(&r->issued, s);
}

/*
 * A wallet nonce is noted together with the code, under a key, so that only
 * the same request fetches the package again.
 */
static void
note_wallet(FunctionCallInfo fcinfo, const char *code, size_t len, Renewal *r)
{
	const uint8 *nonce;
	uint8		key[QC_KEY_LEN];
	QcPart		parts[3];
	QcStatus	status;

	r->has_wallet = !PG_ARGISNULL(1);
	if (!r->has_wallet)
		return;
	nonce = qr_bytea_arg(fcinfo, 1, "wallet_nonce", WALLET_NONCE, WALLET_NONCE, NULL);
	parts[0] = (QcPart) {"renew", 6};
	parts[1] = (QcPart) {code, len};
	parts[2] = (QcPart) {nonce, WALLET_NONCE};
	(void) qr_audit_key(0, key);
	status = qc_hmac(qr_mac(), QC_SHA256, key, sizeof(key), parts, 3,
					 r->wallet, sizeof(r->wallet));
	qc_wipe(key, sizeof(key));
	qr_check(status, "wallet_nonce");
}

/* renew(code, wallet_nonce) */
Datum
qrcred_renew(PG_FUNCTION_ARGS)
{
	MemoryContext result_context = CurrentMemoryContext;
	Renewal		r = {0};
	QrPublication p = {0};
	size_t		len;
	char	   *code = qr_text_arg(fcinfo, 0, "code", &len);
	Datum		result = (Datum) 0;

	qr_publish_allowed("qrcred.renew()");
	qr_store_ready();
	r.kind = QC_EV_RENEWAL;
	note_wallet(fcinfo, code, len, &r);
	SPI_connect();
	if (qc_code_parse(code, len, &r.code) != QC_OK)
		return refuse(&r.code, QC_WHY_MALFORMED);
	if (!qr_bucket_is_owned(qc_bucket_of_id(r.code.credential_id)))
		return refuse(&r.code, QC_WHY_BUCKET);
	if (r.code.kind != QC_KIND_RENEWAL)
		return refuse(&r.code, QC_WHY_KIND);
	if (!find(&r, r.code.credential_id, &p.seen))
		return refuse(&r.code, QC_WHY_UNKNOWN);
	if (r.issued.kind != QR_CREDENTIAL_KEYS)
		return refuse(&r.code, QC_WHY_KIND);

	/* only a right code, or a retry of one, reaches the customer's row */
	if (!is_code_right(&r.code, &p.seen.row) &&
		!(r.has_wallet && qc_equal(r.wallet, p.seen.row.wallet_nonce, WALLET_NONCE)))
		return refuse(&r.code, r.code.generation == p.seen.row.generation ?
					  QC_WHY_FORGED : QC_WHY_STALE);
	publish(&r, &p);
	if (p.outcome.verdict == QC_DONE)
	{
		QcStrike	s = p.after;

		if (s.flags & QC_FLAG_VOID)
			succeed_last_generation(&r, &s);
		result = qr_package(&r.issued, &r.terms, &s, result_context);
	}
	SPI_finish();
	return result != (Datum) 0 ? result : qr_package_rejected();
}

/* reissue(credential_id): a new generation with a new ticket, by staff. */
Datum
qrcred_reissue(PG_FUNCTION_ARGS)
{
	int64		credential_id = qr_bigint_arg(fcinfo, 0, "credential_id", 1, PG_INT64_MAX);
	char		ticket[QC_TOKEN_TEXT + 1];
	Renewal		r = {0};
	QrPublication p = {0};
	QcStrike	s;

	qr_publish_allowed("qrcred.reissue()");
	qr_store_ready();
	r.kind = QC_EV_REISSUE;
	SPI_connect();
	if (!find(&r, credential_id, &p.seen))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"credential_id\" names no credential")));
	qr_require_issuer(r.issued.issuer_id, "issuer");
	publish(&r, &p);
	if (p.outcome.verdict != QC_DONE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the credential is void, which is final"),
				 errhint("Issue a new credential to the customer.")));
	s = p.after;
	if (s.flags & QC_FLAG_VOID)
		succeed_last_generation(&r, &s);
	qr_make_ticket(&r.terms, &s, ticket);
	return qr_issued_row(fcinfo, &r.terms, s.id, ticket);
}
