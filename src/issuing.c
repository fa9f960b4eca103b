/*
 * issuing.c
 *	  The making of a credential's rows and of its ticket.
 */
#include "qrcred.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "issuing.h"
#include "master.h"
#include "miscadmin.h"
#include "personal.h"
#include "store/publish.h"
#include "utils/builtins.h"

void
qr_ticket_text(const QcStrike *s, char text[QC_TOKEN_TEXT + 1])
{
	uint8		master[QC_KEY_LEN];
	QcToken		token;
	QcStatus	status;

	token.bucket = qc_bucket_of_id(s->id);
	(void) qr_master(s->kid, master);
	status = qc_ticket(qr_mac(), master, s->id, s->generation,
					   s->ticket_serial, token.bytes);
	qc_wipe(master, sizeof(master));
	qr_check(status, "ticket");
	qc_token_print('T', &token, text);
}

void
qr_make_ticket(const QrTerms *terms, const QcStrike *s, char text[QC_TOKEN_TEXT + 1])
{
	uint8		sha256[QC_SHA256_LEN];
	QcPart		part;
	QrTicketRow row;

	qr_ticket_text(s, text);
	part = (QcPart) {text, QC_TOKEN_TEXT};
	qr_check(qc_sha256(qr_mac(), &part, 1, sha256), "ticket");

	row.credential_id = s->id;
	row.generation = s->generation;
	row.serial = s->ticket_serial;
	row.expires = qr_unix_now() / QC_USEC + (int64) terms->ticket_hours * 3600;
	qr_ticket_insert(sha256, &row);
	qr_outbox_put(QC_NOTICE_DOWNLOAD, s->id, s->ticket_serial);
}

Datum
qr_issued_row(FunctionCallInfo fcinfo, const QrTerms *terms, int64 credential_id,
		   char *ticket)
{
	TupleDesc	desc;
	Datum		values[3];
	bool		isnull[3] = {false, false, terms->wallet_url[0] == '\0'};
	char		url[8192];

	strlcpy(url, terms->wallet_url, sizeof(url) - QC_TOKEN_TEXT - 2);
	SPI_finish();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type is not a row");
	values[0] = Int64GetDatum(credential_id);
	values[1] = CStringGetTextDatum(ticket);
	values[2] = isnull[2] ? (Datum) 0 :
		PointerGetDatum(cstring_to_text(strcat(strcat(url, "#"), ticket)));
	qc_wipe(ticket, QC_TOKEN_TEXT);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull));
}

int
qr_current_digest(const QrTerms *terms, const QrCustomer *customer,
				  uint8 digest[QC_SHA256_LEN])
{
	QrPersonalData data = {0};
	uint8		master[QC_KEY_LEN];
	volatile int kid = 0;

	qr_personal_open(customer, &data);
	PG_TRY();
	{
		kid = qr_master_use(master);
		qr_personal_digest(master, terms, customer->customer_ref, &data, digest);
	}
	PG_FINALLY();
	{
		qc_wipe(master, sizeof(master));
		qr_personal_wipe(&data);
	}
	PG_END_TRY();
	return kid;
}

void
qr_first_strike(const QrTerms *terms, const QrCustomer *customer,
				int64 valid_until, QcStrike *s)
{
	memset(s, 0, sizeof(*s));
	s->valid_until = valid_until;
	s->generation = 1;
	s->ticket_serial = 1;
	s->kid = s->seal_kid = qr_current_digest(terms, customer, s->digest);
}

uint16
qr_own_bucket(const char *customer_ref)
{
	uint16		bucket;

	qr_check(qc_bucket(qr_mac(), customer_ref, strlen(customer_ref), &bucket),
			 "customer_ref");
	if (!qr_bucket_is_owned(bucket))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the customer's bucket %d lives in another database", bucket)));
	return bucket;
}

void
qr_insert_credential(QrIssued *issued, QcStrike *s)
{
	uint8		audit[QC_KEY_LEN];
	uint64		random;
	uint16		bucket;
	QcStatus	status;

	bucket = qr_own_bucket(issued->customer_ref);
	s->issuer_id = issued->issuer_id;
	if (issued->kind == QR_CREDENTIAL_BIOMETRIC)
		s->flags |= QC_FLAG_PAYER;
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (!pg_strong_random(&random, sizeof(random)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not draw a credential id"),
					 errdetail("The source of randomness failed.")));
		if (s->id == 0)
			s->id = qc_make_id(bucket, random);
		issued->credential_id = s->id;
		(void) qr_audit_key(s->seal_kid, audit);
		status = qc_strike_mac(qr_mac(), audit, s, s->mac);
		qc_wipe(audit, sizeof(audit));
		qr_check(status, "strike row");
		if (s->id != 0 && qr_credential_insert(issued, s))
			return;
		s->id = 0;
	}
}
