/*
 * support.c
 *	  Customer service: lost phones and changed registration data.
 */
#include "qrcred.h"

#include "door.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "issuing.h"
#include "master.h"
#include "miscadmin.h"
#include "personal.h"
#include "store/publish.h"
#include "store/relations.h"
#include "text.h"
#include "utils/tuplestore.h"

#define PERSONAL_MAX	512
#define OPERATOR_MAX	200
#define WRONG_AN_HOUR	10		/* wrong answers of one operator before staff is told */
#define DOOR			0

PG_FUNCTION_INFO_V1(qrcred_report_lost);
PG_FUNCTION_INFO_V1(qrcred_update_registration);

/* An event without further input, for a credential's own row. */
static void
derive_event(void *arg, const QcStrike *seen, QcEvent *e)
{
	e->kind = *(const QcEventKind *) arg;
}

/* The event in place and durable; the row after it in *after. */
static void
publish_event(int64 credential_id, const QrIssuer *issuer, QcEventKind kind,
			  QcStrike *after)
{
	QrPublication p = {0};

	if (!qr_strike_find(credential_id, &p.seen))
		elog(ERROR, "a credential has no strike row");
	p.policy = &issuer->policy;
	p.sync_standby = issuer->sync_standby;
	p.notify = issuer->notify;
	p.audit_key = qr_audit_key;
	p.derive = derive_event;
	p.arg = &kind;
	qr_publish(&p, qr_mac());
	*after = p.after;
}

/* What the caller said, as digests under one master key. */
typedef struct Answers
{
	int			kid;
	uint8		id_number[QC_SHA256_LEN];
	uint8		phone[QC_SHA256_LEN];
} Answers;

static void
digest_under(int kid, const QrTerms *terms, const char *id_number,
			 const char *phone, Answers *a)
{
	uint8		master[QC_KEY_LEN];

	a->kid = qr_master(kid, master);
	PG_TRY();
	{
		qr_answer_lost(master, terms, id_number, phone, a->id_number, a->phone);
	}
	PG_FINALLY();
	{
		qc_wipe(master, sizeof(master));
	}
	PG_END_TRY();
}

/* Under every master key that customers hang on; ERROR 55000 when one is missing. */
static Answers *
digest_answers(const QrTerms *terms, const char *id_number, const char *phone,
			   int *count)
{
	int			nkids;
	int		   *kids = qr_kids_in_use(&nkids);
	Answers    *answers = palloc(sizeof(Answers) * Max(nkids, 1));
	int			i;

	for (i = 0; i < nkids; i++)
		digest_under(kids[i], terms, id_number, phone, &answers[i]);
	*count = nkids;
	return answers;
}

static bool
is_caller(const QrCustomer *c, const Answers *answers, int n)
{
	bool		is_right = false;
	int			i;

	for (i = 0; i < n; i++)
		if (answers[i].kid == c->kid &&
			c->answer_id_number.len == QC_SHA256_LEN &&
			c->answer_phone.len == QC_SHA256_LEN)
			is_right |= qc_equal(c->answer_id_number.data, answers[i].id_number, QC_SHA256_LEN) &
				qc_equal(c->answer_phone.data, answers[i].phone, QC_SHA256_LEN);
	return is_right;
}

/* Freezes every credential of the customer that is not void. */
static void
freeze_all(const QrCustomer *c, const QrIssuer *issuer, const char *words,
		   ReturnSetInfo *rsinfo)
{
	int			n;
	int64	   *ids = qr_credentials_of(c->customer_id, &n);
	int			i;

	for (i = 0; i < n; i++)
	{
		QcStrike	after;
		Datum		row[2];
		bool		isnull[2] = {false, false};

		CHECK_FOR_INTERRUPTS();
		publish_event(ids[i], issuer, QC_EV_FREEZE, &after);
		qr_act_insert(ids[i], after.attempt_no, words);
		row[0] = Int64GetDatum(ids[i]);
		row[1] = BoolGetDatum((after.flags & QC_FLAG_VOID) == 0);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row, isnull);
	}
}

/* A wrong caller: logged, counted by operator, told to staff when it piles up. */
static void
note_wrong(const char *words)
{
	int64		attempt_no = qr_door_refuse(QC_WHY_ANSWER, 0, false);

	qr_act_insert(DOOR, attempt_no, words);
	if (qr_act_count(DOOR, words, 3600) == WRONG_AN_HOUR + 1)
		qr_outbox_put(QC_NOTICE_OPERATOR, 0, 0);
}

static char *
answer_arg(FunctionCallInfo fcinfo, int argno, const char *name)
{
	size_t		len;
	char	   *s = qr_text_arg(fcinfo, argno, name, &len);

	return qr_normalise_personal(s, &len, name, PERSONAL_MAX);
}

/*
 * report_lost(issuer, id_number, phone, operator): every credential of the
 * customer who knows both answers is frozen at once; else the empty set.
 */
Datum
qrcred_report_lost(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *issuer_code = qr_text_arg(fcinfo, 0, "issuer", NULL);
	char	   *id_number = answer_arg(fcinfo, 1, "id_number");
	char	   *phone = answer_arg(fcinfo, 2, "phone");
	size_t		len;
	char	   *operator = qr_text_arg(fcinfo, 3, "operator", &len);
	char	   *words;
	QrTerms		terms;
	QrIssuer	issuer;
	Answers    *answers;
	QrBytes    *digests;
	QrCustomer *customers;
	int			nanswers;
	int			ncustomers;
	bool		is_right = false;
	int			i;

	if (len == 0 || len > OPERATOR_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"operator\" must be 1 to %d bytes", OPERATOR_MAX)));
	qr_publish_allowed("qrcred.report_lost()");
	InitMaterializedSRF(fcinfo, 0);
	qr_store_ready();
	words = psprintf("lost phone, by %s", operator);
	SPI_connect();
	qr_terms_of(issuer_code, &terms);
	qr_require_issuer(terms.issuer_id, "support");
	if (!qr_read_issuer(terms.issuer_id, &issuer))
		elog(ERROR, "issuer %d is missing", terms.issuer_id);
	answers = digest_answers(&terms, id_number, phone, &nanswers);
	qc_wipe(id_number, strlen(id_number));
	qc_wipe(phone, strlen(phone));
	digests = palloc(sizeof(QrBytes) * Max(nanswers, 1));
	for (i = 0; i < nanswers; i++)
		digests[i] = (QrBytes) {answers[i].id_number, QC_SHA256_LEN};
	customers = qr_customers_by_id_number(terms.issuer_id, digests, nanswers, &ncustomers);
	for (i = 0; i < ncustomers; i++)
		if (is_caller(&customers[i], answers, nanswers))
		{
			is_right = true;
			freeze_all(&customers[i], &issuer, words, rsinfo);
		}
	if (!is_right)
		note_wrong(words);
	SPI_finish();
	return (Datum) 0;
}

/* Whether the new data makes another registration digest than the stored data. */
static bool
is_changed(const QrTerms *terms, const QrCustomer *old, const QrPersonalData *data,
		   const uint8 *master)
{
	QrPersonalData before = {0};
	uint8		was[QC_SHA256_LEN];
	uint8		is[QC_SHA256_LEN];

	qr_personal_open(old, &before);
	PG_TRY();
	{
		qr_personal_digest(master, terms, old->customer_ref, &before, was);
		qr_personal_digest(master, terms, old->customer_ref, data, is);
	}
	PG_FINALLY();
	{
		qr_personal_wipe(&before);
	}
	PG_END_TRY();
	return !qc_equal(was, is, sizeof(was));
}

/*
 * update_registration(issuer, customer_ref, full_name, id_number, phone):
 * codes made from other data end at once; reissue() makes new ones.
 */
Datum
qrcred_update_registration(PG_FUNCTION_ARGS)
{
	char	   *issuer_code = qr_text_arg(fcinfo, 0, "issuer", NULL);
	char	   *customer_ref = qr_text_arg(fcinfo, 1, "customer_ref", NULL);
	QrPersonalData data = {0};
	QrTerms		terms;
	QrIssuer	issuer;
	QrCustomer	customer;
	uint8		master[QC_KEY_LEN];
	volatile bool changed = false;

	qr_publish_allowed("qrcred.update_registration()");
	qr_store_ready();
	SPI_connect();
	qr_terms_of(issuer_code, &terms);
	qr_require_issuer(terms.issuer_id, "issuer");
	if (!qr_read_issuer(terms.issuer_id, &issuer) ||
		!qr_customer_find(terms.issuer_id, customer_ref, &customer))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"customer_ref\" names no customer of the issuer")));
	PG_TRY();
	{
		static const char *const name[QR_PERSONALS] = {"full_name", "id_number", "phone"};
		int			kid;
		int			i;

		for (i = 0; i < QR_PERSONALS; i++)
		{
			char	   *raw = qr_text_arg(fcinfo, 2 + i, name[i], &data.len[i]);

			data.text[i] = qr_normalise_personal(raw, &data.len[i], name[i], PERSONAL_MAX);
		}
		kid = qr_master_use(master);
		changed = is_changed(&terms, &customer, &data, master);
		customer.kid = kid;
		qr_personal_seal(master, &terms, &data, &customer);
	}
	PG_FINALLY();
	{
		qc_wipe(master, sizeof(master));
		qr_personal_wipe(&data);
	}
	PG_END_TRY();
	qr_customer_update(&customer);
	if (changed)
	{
		int			n;
		int64	   *ids = qr_credentials_of(customer.customer_id, &n);
		int			i;

		for (i = 0; i < n; i++)
		{
			QcStrike	after;

			CHECK_FOR_INTERRUPTS();
			publish_event(ids[i], &issuer, QC_EV_REGISTRATION, &after);
		}
	}
	SPI_finish();
	PG_RETURN_VOID();
}
