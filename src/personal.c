/*
 * personal.c
 *	  Sealing, opening and digesting registration data (2-protocol, "Keys").
 */
#include "qrcred.h"

#include "core/aead.h"
#include "mb/pg_wchar.h"
#include "master.h"
#include "personal.h"

static const char *const column_name[QR_PERSONALS] = {
	"full_name", "id_number", "phone"
};

void
qr_personal_wipe(QrPersonalData *data)
{
	int			i;

	for (i = 0; i < QR_PERSONALS; i++)
		if (data->text[i] != NULL)
			qc_wipe(data->text[i], data->len[i]);
	memset(data, 0, sizeof(*data));
}

/* Additional data: table, column, row id, kid. */
static int
place_of(char *out, size_t size, int which, const QrCustomer *c)
{
	return snprintf(out, size, "customer.%s.%lld.%d", column_name[which],
					(long long) c->customer_id, c->kid);
}

/* An answer as it is compared: without blanks and hyphens, in capitals. */
static char *
plain_answer(const char *text, size_t len, size_t *outlen)
{
	char	   *out = palloc(len + 1);
	size_t		n = 0;
	size_t		i;

	for (i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '-')
			out[n++] = pg_ascii_toupper((unsigned char) text[i]);
	out[n] = '\0';
	*outlen = n;
	return out;
}

/* The start of the last four characters. */
static const char *
last4(const char *text, size_t len)
{
	int			chars = pg_mbstrlen_with_len(text, (int) len);

	for (; chars > 4; chars--)
		text += pg_mblen(text);
	return text;
}

static QcStatus
digest_answer(const uint8 *master, const char *label, const QrTerms *terms,
			  const char *customer_ref, const char *text, size_t len, uint8 *out)
{
	QcText		issuer = {terms->code, strlen(terms->code)};
	QcText		ref = {customer_ref, strlen(customer_ref)};
	QcText		answer = {text, len};

	return qc_answer_digest(qr_mac(), master, label, issuer, ref, answer, out);
}

void
qr_answer_id_last4(const uint8 master[QC_KEY_LEN], const QrTerms *terms,
				   const char *customer_ref, const char *answer,
				   uint8 digest[QC_SHA256_LEN])
{
	size_t		len;
	char	   *plain = plain_answer(answer, strlen(answer), &len);
	QcStatus	status = digest_answer(master, "id_last4", terms, customer_ref,
									   plain, len, digest);

	qc_wipe(plain, len);
	qr_check(status, "answer");
}

void
qr_answer_lost(const uint8 master[QC_KEY_LEN], const QrTerms *terms,
			   const char *id_number, const char *phone,
			   uint8 id_digest[QC_SHA256_LEN], uint8 phone_digest[QC_SHA256_LEN])
{
	size_t		id_len;
	size_t		phone_len;
	char	   *id = plain_answer(id_number, strlen(id_number), &id_len);
	char	   *tel = plain_answer(phone, strlen(phone), &phone_len);
	QcStatus	status = digest_answer(master, "id_number", terms, "", id, id_len, id_digest);

	if (status == QC_OK)
		status = digest_answer(master, "phone", terms, "", tel, phone_len, phone_digest);
	qc_wipe(id, id_len);
	qc_wipe(tel, phone_len);
	qr_check(status, "answer");
}

void
qr_personal_seal(const uint8 master[QC_KEY_LEN], const QrTerms *terms,
				 const QrPersonalData *data, QrCustomer *c)
{
	uint8		key[QC_KEY_LEN];
	uint8		nonce[QC_SEAL_NONCE];
	char		place[64];
	char	   *id_number;
	char	   *phone;
	size_t		id_len;
	size_t		phone_len;
	QcStatus	status;
	int			i;

	/* whatever may raise for want of memory comes before the key */
	for (i = 0; i < QR_PERSONALS; i++)
	{
		c->sealed[i].len = data->len[i] + QC_SEAL_OVERHEAD;
		c->sealed[i].data = palloc(c->sealed[i].len);
	}
	c->answer_id_number.data = palloc(QC_SHA256_LEN);
	c->answer_phone.data = palloc(QC_SHA256_LEN);
	c->answer_id_last4.data = palloc(QC_SHA256_LEN);
	c->answer_id_number.len = QC_SHA256_LEN;
	c->answer_phone.len = QC_SHA256_LEN;
	c->answer_id_last4.len = QC_SHA256_LEN;
	id_number = plain_answer(data->text[QR_ID_NUMBER], data->len[QR_ID_NUMBER], &id_len);
	phone = plain_answer(data->text[QR_PHONE], data->len[QR_PHONE], &phone_len);

	status = qc_master_key(qr_mac(), master, QC_MASTER_SEAL, key);
	for (i = 0; i < QR_PERSONALS && status == QC_OK; i++)
	{
		int			n = place_of(place, sizeof(place), i, c);

		status = pg_strong_random(nonce, sizeof(nonce)) ?
			qc_seal(key, nonce, place, n, data->text[i], data->len[i],
					c->sealed[i].data) : QC_E_CRYPTO;
	}
	qc_wipe(key, sizeof(key));

	/* customer service looks a caller up without the customer_ref */
	if (status == QC_OK)
		status = digest_answer(master, "id_number", terms, "", id_number, id_len,
							   c->answer_id_number.data);
	if (status == QC_OK)
		status = digest_answer(master, "phone", terms, "", phone, phone_len,
							   c->answer_phone.data);
	if (status == QC_OK)
		status = digest_answer(master, "id_last4", terms, c->customer_ref,
							   last4(id_number, id_len), strlen(last4(id_number, id_len)),
							   c->answer_id_last4.data);
	qc_wipe(id_number, id_len);
	qc_wipe(phone, phone_len);
	qr_check(status, "registration data");
}

void
qr_personal_open(const QrCustomer *c, QrPersonalData *data)
{
	uint8		master[QC_KEY_LEN];
	uint8		key[QC_KEY_LEN];
	char		place[64];
	QcStatus	status;
	int			i;

	for (i = 0; i < QR_PERSONALS; i++)
	{
		if (c->sealed[i].len < QC_SEAL_OVERHEAD)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("stored registration data is too short")));
		data->len[i] = c->sealed[i].len - QC_SEAL_OVERHEAD;
		data->text[i] = palloc0(data->len[i] + 1);
	}
	(void) qr_master(c->kid, master);
	status = qc_master_key(qr_mac(), master, QC_MASTER_SEAL, key);
	qc_wipe(master, sizeof(master));
	for (i = 0; i < QR_PERSONALS && status == QC_OK; i++)
	{
		int			n = place_of(place, sizeof(place), i, c);

		status = qc_open(key, place, n, c->sealed[i].data, c->sealed[i].len,
						 (uint8 *) data->text[i]);
	}
	qc_wipe(key, sizeof(key));
	if (status != QC_OK)
	{
		qr_personal_wipe(data);
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored registration data does not open under master key %d", c->kid),
				 errhint("The row was changed by other means than qrcred.")));
	}
}

void
qr_personal_digest(const uint8 master[QC_KEY_LEN], const QrTerms *terms,
				   const char *customer_ref, const QrPersonalData *data,
				   uint8 digest[QC_SHA256_LEN])
{
	QcText		text[5] = {
		{terms->code, strlen(terms->code)},
		{customer_ref, strlen(customer_ref)},
		{data->text[QR_FULL_NAME], data->len[QR_FULL_NAME]},
		{data->text[QR_ID_NUMBER], data->len[QR_ID_NUMBER]},
		{data->text[QR_PHONE], data->len[QR_PHONE]}
	};

	qr_check(qc_registration_digest(qr_mac(), master, text, digest),
			 "registration data");
}
