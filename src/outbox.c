/*
 * outbox.c
 *	  What the bank's message sender takes: the table holds ids only; phone and
 *	  link are opened and derived here, for whoever takes the row.
 */
#include "qrcred.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "issuing.h"
#include "miscadmin.h"
#include "paying.h"
#include "personal.h"
#include "store/publish.h"
#include "store/relations.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

#define TAKE_MAX	10000

PG_FUNCTION_INFO_V1(qrcred_outbox_take);

/* One message as it stands in the table. */
typedef struct Message
{
	int64		outbox_id;
	int			kind;			/* QcNotice */
	int64		credential_id;
	int			gateway_id;
	int			ticket_serial;
	pg_uuid_t	key;
	TimestampTz made;
	pg_uuid_t	subject;		/* payment, or first half of a session's digest */
} Message;

static Datum
column(SPITupleTable *table, uint64 row, int i)
{
	bool		isnull;

	return SPI_getbinval(table->vals[row], table->tupdesc, i, &isnull);
}

static void
read_message(SPITupleTable *table, uint64 row, Message *m)
{
	m->outbox_id = DatumGetInt64(column(table, row, 1));
	m->kind = DatumGetInt16(column(table, row, 2));
	m->credential_id = DatumGetInt64(column(table, row, 3));
	m->gateway_id = DatumGetInt32(column(table, row, 4));
	m->ticket_serial = DatumGetInt32(column(table, row, 5));
	m->key = *DatumGetUUIDP(column(table, row, 6));
	m->made = DatumGetTimestampTz(column(table, row, 7));
	m->subject = *DatumGetUUIDP(column(table, row, 8));
}

/* The words about a credential; %s is the issuer's name, then the link or code. */
static const char *
words(int kind, QrLang lang)
{
	static const char *const en[QC_NOTICES] = {
		[QC_NOTICE_DOWNLOAD] = "%s: download your credential: %s",
		[QC_NOTICE_FROZEN] = "%s: your credential has been frozen. If this was not you, call us.%s",
		[QC_NOTICE_RELEASED] = "%s: your credential can be used again.%s",
		[QC_NOTICE_VOIDED] = "%s: your credential is no longer valid. Please contact us.%s",
		[QC_NOTICE_WARNING] = "%s: your credential has been frozen after wrong codes. The next time it becomes invalid for good.%s",
		[QC_NOTICE_EXPIRING] = "%s: your credential expires soon. Open your wallet to renew it.%s",
		[QC_NOTICE_RENEW] = "%s: please open your wallet and renew your credential.%s",
		[QC_NOTICE_RENEWED] = "%s: your credential was renewed. If this was not you, call us.%s",
		[QC_NOTICE_VERIFICATION] = "%s: pay %s. Code: %s. Tell it to nobody.",
		[QC_NOTICE_DEVICE_CODE] = "%s: code for paying with another device: %s. Tell it to nobody. If this was not you, call us.",
		[QC_NOTICE_BOUND] = "%s: paying with your biometric was set up. If this was not you, call us.%s",
		[QC_NOTICE_DEVICE] = "%s: another device can pay for you now. If this was not you, call us.%s",
	};
	static const char *const zh[QC_NOTICES] = {
		[QC_NOTICE_DOWNLOAD] = "%s：请下载您的凭证：%s",
		[QC_NOTICE_FROZEN] = "%s：您的凭证已冻结。如非本人操作，请致电我们。%s",
		[QC_NOTICE_RELEASED] = "%s：您的凭证已恢复使用。%s",
		[QC_NOTICE_VOIDED] = "%s：您的凭证已作废，请联系我们。%s",
		[QC_NOTICE_WARNING] = "%s：因多次输入错误，您的凭证已冻结。再次冻结将永久作废。%s",
		[QC_NOTICE_EXPIRING] = "%s：您的凭证即将到期，请打开手机钱包更新。%s",
		[QC_NOTICE_RENEW] = "%s：请打开手机钱包更新您的凭证。%s",
		[QC_NOTICE_RENEWED] = "%s：您的凭证已更新。如非本人操作，请致电我们。%s",
		[QC_NOTICE_VERIFICATION] = "%s：支付 %s，验证码 %s，请勿告诉他人。",
		[QC_NOTICE_DEVICE_CODE] = "%s：在另一台设备上支付的验证码：%s，请勿告诉他人。如非本人操作，请致电我们。",
		[QC_NOTICE_BOUND] = "%s：您的生物特征支付已设置。如非本人操作，请致电我们。%s",
		[QC_NOTICE_DEVICE] = "%s：另一台设备已可为您支付。如非本人操作，请致电我们。%s",
	};

	return lang == QR_LANG_ZH ? zh[kind] : en[kind];
}

/*
 * The link of the message's ticket, "" for other messages; NULL when the
 * ticket is used, replaced or expired.
 */
static char *
link_of(const Message *m, const QrTerms *terms)
{
	QrStrikeRef seen;
	char		ticket[QC_TOKEN_TEXT + 1];
	char	   *link;

	if (m->kind != QC_NOTICE_DOWNLOAD)
		return "";
	if (GetCurrentTimestamp() - m->made >= (int64) terms->ticket_hours * SECS_PER_HOUR * USECS_PER_SEC ||
		!qr_strike_find(m->credential_id, &seen) ||
		seen.row.ticket_serial != m->ticket_serial ||
		seen.row.ticket_state != QC_TICKET_READY)
		return NULL;
	qr_ticket_text(&seen.row, ticket);
	link = terms->wallet_url[0] == '\0' ? pstrdup(ticket) :
		psprintf("%s#%s", terms->wallet_url, ticket);
	qc_wipe(ticket, sizeof(ticket));
	return link;
}

/* Whether a verification code made with the message still holds. */
static bool
is_code_fresh(const Message *m)
{
	return GetCurrentTimestamp() - m->made < QR_VERIFICATION_SECONDS * USECS_PER_SEC;
}

/*
 * What to pay and its code; NULL when the payment has ended or has had
 * another code since.
 */
static char *
payment_body(const Message *m, const char *issuer_name, const char *format)
{
	QrPayment	p;
	char		code[QC_VERIFICATION_DIGITS + 1];
	char	   *body;

	if (!is_code_fresh(m) || !qr_payment_find(&m->subject, &p) ||
		p.state != QR_PAYMENT_PRESENTED || p.is_asked || p.sending != m->ticket_serial)
		return NULL;
	qr_verification_code(p.kid, p.id.data, p.sending, code);
	body = psprintf(format, issuer_name, qr_payment_text(&p), code);
	qc_wipe(code, sizeof(code));
	return body;
}

/* The code for a further device; NULL when it is too old. */
static char *
device_body(const Message *m, const char *issuer_name, const char *format)
{
	QrStrikeRef seen;
	char		code[QC_VERIFICATION_DIGITS + 1];
	char	   *body;

	if (!is_code_fresh(m) || !qr_strike_find(m->credential_id, &seen))
		return NULL;
	qr_verification_code(seen.row.kid, m->subject.data, m->ticket_serial, code);
	body = psprintf(format, issuer_name, code);
	qc_wipe(code, sizeof(code));
	return body;
}

/* A payer's words where they are others. */
static const char *
payer_words(int kind, QrLang lang, const char *other)
{
	if (kind == QC_NOTICE_DOWNLOAD)
		return lang == QR_LANG_ZH ? "%s：请设置支付登录：%s" :
			"%s: set up your login for paying: %s";
	if (kind == QC_NOTICE_EXPIRING || kind == QC_NOTICE_RENEW)
		return lang == QR_LANG_ZH ? "%s：请登录并重新设置生物特征支付。%s" :
			"%s: please log in and set up paying with your biometric again.%s";
	return other;
}

/* The message's words; NULL when there is nothing left to say. */
static char *
body_of(const Message *m, const QrTerms *terms, const QrIssued *issued, QrLang lang)
{
	const char *format = m->kind > 0 && m->kind < QC_NOTICES ? words(m->kind, lang) : NULL;
	char	   *link;

	if (format == NULL)
		return NULL;
	if (m->kind == QC_NOTICE_VERIFICATION)
		return payment_body(m, terms->name, format);
	if (m->kind == QC_NOTICE_DEVICE_CODE)
		return device_body(m, terms->name, format);
	if (issued->kind == QR_CREDENTIAL_BIOMETRIC)
		format = payer_words(m->kind, lang, format);
	link = link_of(m, terms);
	return link ? psprintf(format, terms->name, link) : NULL;
}

/*
 * Phone and body of a message about a credential.  False when there is
 * nothing left to say: the link was replaced or used, or the person forgotten.
 */
static bool
compose(const Message *m, Datum *phone, Datum *body)
{
	QrIssued	issued;
	QrTerms		terms;
	QrIssuer	issuer;
	QrCustomer	customer;
	QrPersonalData data = {0};
	char	   *text;

	if (!qr_credential_find(m->credential_id, &issued) ||
		!qr_customer_of_id(issued.customer_id, &customer) ||
		!qr_read_issuer(issued.issuer_id, &issuer))
		return false;
	if (qr_is_forgotten(&customer))
		return false;
	qr_terms_of_id(issued.issuer_id, &terms);
	text = body_of(m, &terms, &issued, issuer.lang);
	if (text == NULL)
		return false;
	*body = CStringGetTextDatum(text);
	qr_personal_open(&customer, &data);
	*phone = PointerGetDatum(cstring_to_text_with_len(data.text[QR_PHONE],
													  data.len[QR_PHONE]));
	qr_personal_wipe(&data);
	return true;
}

/* What is told to staff: no phone. */
static Datum
compose_alert(const Message *m)
{
	if (m->kind == QC_NOTICE_OPERATOR)
		return CStringGetTextDatum("customer service: an operator heard more than 10 wrong answers about lost phones within an hour; see qrcred_store.act");
	return CStringGetTextDatum(psprintf("gateway number %d: more than %d forged codes a minute",
										m->gateway_id, QC_FORGED_A_MINUTE));
}

static void
mark_done(int64 outbox_id)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(outbox_id)};

	SPI_execute_with_args("UPDATE qrcred_store.outbox SET done = pg_catalog.clock_timestamp()"
						  " WHERE outbox_id = $1", 1, types, values, NULL, false, 0);
}

/*
 * outbox_take(max): up to max messages that nobody holds, oldest first; each
 * is offered again after five minutes unless outbox_done() was called.
 */
Datum
qrcred_outbox_take(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(qr_int_arg(fcinfo, 0, "max", 1, TAKE_MAX))};
	SPITupleTable *table;
	uint64		n;
	uint64		i;

	InitMaterializedSRF(fcinfo, 0);
	qr_store_ready();
	SPI_connect();
	SPI_execute("DELETE FROM qrcred_store.outbox WHERE outbox_id IN"
				" (SELECT outbox_id FROM qrcred_store.outbox WHERE kind = 0"
				"  LIMIT 1000 FOR UPDATE SKIP LOCKED)", false, 0);
	SPI_execute_with_args("UPDATE qrcred_store.outbox o SET taken = pg_catalog.clock_timestamp()"
						  " FROM (SELECT outbox_id FROM qrcred_store.outbox"
						  "  WHERE done IS NULL AND kind <> 0 AND (taken IS NULL"
						  "   OR taken < pg_catalog.clock_timestamp() - interval '5 minutes')"
						  "  ORDER BY outbox_id LIMIT $1 FOR UPDATE SKIP LOCKED) t"
						  " WHERE o.outbox_id = t.outbox_id"
						  " RETURNING o.outbox_id, o.kind, o.credential_id, o.gateway_id,"
						  "  o.ticket_serial, o.idempotency_key, o.made, o.subject",
						  1, types, values, NULL, false, 0);
	table = SPI_tuptable;
	n = SPI_processed;
	for (i = 0; i < n; i++)
	{
		Message		m;
		Datum		row[5] = {0};
		bool		isnull[5] = {false, false, true, false, false};

		CHECK_FOR_INTERRUPTS();
		read_message(table, i, &m);
		row[0] = Int64GetDatum(m.outbox_id);
		row[1] = CStringGetTextDatum(qc_notice_name(m.kind));
		row[4] = UUIDPGetDatum(&m.key);
		if (m.kind == QC_NOTICE_ALERT || m.kind == QC_NOTICE_OPERATOR)
			row[3] = compose_alert(&m);
		else if (compose(&m, &row[2], &row[3]))
			isnull[2] = false;
		else
		{
			mark_done(m.outbox_id);
			continue;
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row, isnull);
	}
	SPI_finish();
	return (Datum) 0;
}
