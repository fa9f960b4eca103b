/*
 * reseal.c
 *	  Sealing a payer's values anew under another master key.
 *
 * Rows that others hold are passed over: the next batch finds them.
 */
#include "qrcred.h"

#include "loginname.h"
#include "miscadmin.h"
#include "reseal.h"
#include "seal.h"
#include "store/keyuse.h"

/* One value from its old key to the new one; a login is found by its name's digest. */
static void
reseal_value(QrSealed sealed, QrSealedRow *row, int column, int kid)
{
	QrPlace		place = {qr_sealed_table(sealed), qr_sealed_column(sealed, column),
	row->id, row->kid};
	size_t		len;
	char	   *plain = qr_unseal(&place, row->value[column], &len);

	place.kid = kid;
	row->value[column] = qr_seal(&place, plain, len);
	if (sealed == QR_SEALED_LOGIN)
		(void) qr_login_digest(kid, plain, row->digest);
	qc_wipe(plain, len);
}

static void
reseal_table(QrSealed sealed, int kid, int batch)
{
	uint64		n;
	QrSealedRow *rows = qr_sealed_to_rekey(sealed, kid, batch, &n);
	uint64		i;
	int			j;

	for (i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (j = 0; j < QR_SEALED_COLUMNS; j++)
			if (rows[i].value[j].len > 0)
				reseal_value(sealed, &rows[i], j, kid);
		rows[i].kid = kid;
		qr_sealed_update(sealed, &rows[i]);
	}
}

void
qr_reseal_payers(int kid, int batch)
{
	reseal_table(QR_SEALED_LOGIN, kid, batch);
	reseal_table(QR_SEALED_CARD, kid, batch);
	reseal_table(QR_SEALED_BIOMETRIC, kid, batch);
}
