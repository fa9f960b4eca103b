/*
 * seal.c
 *	  Sealing single values.
 */
#include "qrcred.h"

#include "core/aead.h"
#include "master.h"
#include "seal.h"

/* Additional data: table, column, row id, kid. */
static int
place_text(char *out, size_t size, const QrPlace *p)
{
	return snprintf(out, size, "%s.%s.%lld.%d", p->table, p->column,
					(long long) p->row, p->kid);
}

static QcStatus
seal_key(int kid, uint8 key[QC_KEY_LEN])
{
	uint8		master[QC_KEY_LEN];
	QcStatus	status;

	(void) qr_master(kid, master);
	status = qc_master_key(qr_mac(), master, QC_MASTER_SEAL, key);
	qc_wipe(master, sizeof(master));
	return status;
}

QrBytes
qr_seal(const QrPlace *place, const void *plain, size_t len)
{
	QrBytes		out;
	uint8		key[QC_KEY_LEN];
	uint8		nonce[QC_SEAL_NONCE];
	char		ad[128];
	int			n = place_text(ad, sizeof(ad), place);
	QcStatus	status;

	out.len = len + QC_SEAL_OVERHEAD;
	out.data = palloc(out.len);
	status = seal_key(place->kid, key);
	if (status == QC_OK)
		status = pg_strong_random(nonce, sizeof(nonce)) ?
			qc_seal(key, nonce, ad, n, plain, len, out.data) : QC_E_CRYPTO;
	qc_wipe(key, sizeof(key));
	qr_check(status, place->column);
	return out;
}

char *
qr_unseal(const QrPlace *place, QrBytes sealed, size_t *len)
{
	uint8		key[QC_KEY_LEN];
	char		ad[128];
	int			n = place_text(ad, sizeof(ad), place);
	char	   *out;
	QcStatus	status = QC_E_CRYPTO;

	*len = sealed.len < QC_SEAL_OVERHEAD ? 0 : sealed.len - QC_SEAL_OVERHEAD;
	out = palloc0(*len + 1);
	if (sealed.len >= QC_SEAL_OVERHEAD)
		status = seal_key(place->kid, key);
	if (status == QC_OK)
		status = qc_open(key, ad, n, sealed.data, sealed.len, (uint8 *) out);
	qc_wipe(key, sizeof(key));
	if (status != QC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored %s.%s does not open under master key %d",
						place->table, place->column, place->kid),
				 errhint("The row was changed by other means than qrcred.")));
	return out;
}
