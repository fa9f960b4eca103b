/*
 * personal.h
 *	  A customer's registration data between plain text, seal and digest.
 */
#ifndef QR_PERSONAL_H
#define QR_PERSONAL_H

#include "postgres.h"

#include "core/keys.h"
#include "store/registry.h"

/* Personal data in the clear; qr_personal_wipe() ends its life. */
typedef struct QrPersonalData
{
	char	   *text[QR_PERSONALS];
	size_t		len[QR_PERSONALS];
} QrPersonalData;

extern void qr_personal_wipe(QrPersonalData *data);

/*
 * Seals the data into the customer and makes the answer digests, under master
 * key kid.  customer_id, customer_ref and kid are filled in already.
 */
extern void qr_personal_seal(const uint8 master[QC_KEY_LEN],
							 const QrTerms *terms, const QrPersonalData *data,
							 QrCustomer *customer);

/* Opens it again; ERROR XX001 when a seal does not fit its row. */
extern void qr_personal_open(const QrCustomer *customer, QrPersonalData *data);

/* The registration digest under a master key. */
extern void qr_personal_digest(const uint8 master[QC_KEY_LEN],
							   const QrTerms *terms, const char *customer_ref,
							   const QrPersonalData *data,
							   uint8 digest[QC_SHA256_LEN]);

/* The keyed digests of an id number and a phone, as customer service hears them. */
extern void qr_answer_lost(const uint8 master[QC_KEY_LEN], const QrTerms *terms,
						   const char *id_number, const char *phone,
						   uint8 id_digest[QC_SHA256_LEN],
						   uint8 phone_digest[QC_SHA256_LEN]);

/*
 * The keyed digest of an activation answer: the last four characters of the
 * id number, blanks and hyphens aside, small letters as capitals.
 */
extern void qr_answer_id_last4(const uint8 master[QC_KEY_LEN],
							   const QrTerms *terms, const char *customer_ref,
							   const char *answer, uint8 digest[QC_SHA256_LEN]);

#endif
