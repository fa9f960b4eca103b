/*
 * paying.c
 *	  Finding a payment, and its verification codes.
 */
#include "qrcred.h"

#include "master.h"
#include "paying.h"
#include "store/registry.h"

uint16
qr_payment_bucket(const pg_uuid_t *id)
{
	return (uint16) (id->data[0] << 4 | id->data[1] >> 4);
}

bool
qr_payment_of(const QrSession *session, const pg_uuid_t *id, QrPayment *payment)
{
	return qr_payment_find(id, payment) &&
		payment->credential_id == session->row.credential_id;
}

void
qr_payment_require(FunctionCallInfo fcinfo, int argno, const QrSession *session,
				   QrPayment *payment)
{
	qr_require(fcinfo, argno, "payment_id");
	if (!qr_payment_of(session, PG_GETARG_UUID_P(argno), payment))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"payment_id\" names no payment of this login")));
}

char *
qr_payment_text(const QrPayment *p)
{
	return psprintf("%s %s %s", p->currency, p->amount, p->payee);
}

void
qr_verification_code(int kid, const uint8 subject[16], int sending,
					 char code[QC_VERIFICATION_DIGITS + 1])
{
	uint8		master[QC_KEY_LEN];
	QcStatus	status;

	(void) qr_master(kid, master);
	status = qc_verification_code(qr_mac(), master, subject, (uint32) sending, code);
	qc_wipe(master, sizeof(master));
	qr_check(status, "verification_code");
}

void
qr_expect_verification(int kid, const uint8 subject[16], int sending,
					   const char *guess, QcEvent *e)
{
	char		must[QC_VERIFICATION_DIGITS + 1];

	qr_verification_code(kid, subject, sending, must);
	memcpy(e->guess, guess, QC_VERIFICATION_DIGITS);
	memcpy(e->expected, must, QC_VERIFICATION_DIGITS);
	e->guess_len = QC_VERIFICATION_DIGITS;
	qc_wipe(must, sizeof(must));
}

bool
qr_is_verification_code(const char *text, size_t len)
{
	return len == QC_VERIFICATION_DIGITS && strspn(text, "0123456789") == len;
}

void
qr_payment_send(const QrSession *session, QrPayment *payment)
{
	if (session->issuer.verification == QR_VERIFICATION_OFF)
		return;
	payment->sending = qr_payment_count_sending(&payment->id);
	payment->sent_seconds = 0;
	if (session->issuer.verification == QR_VERIFICATION_SMS)
		qr_outbox_put_about(QC_NOTICE_VERIFICATION, payment->credential_id,
							payment->sending, payment->id.data);
}
