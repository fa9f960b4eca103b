/*
 * download.c
 *	  The wallet fetches its credential: a ticket is used in place and flushed
 *	  before the package leaves, so that no rollback gives it back.
 */
#include "qrcred.h"

#include "activation.h"
#include "door.h"
#include "executor/spi.h"
#include "package.h"
#include "store/relations.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(qrcred_download);

/* download(ticket, answer, wallet_nonce) */
Datum
qrcred_download(PG_FUNCTION_ARGS)
{
	MemoryContext result_context = CurrentMemoryContext;
	QrActivation a = {0};
	QrPublication p = {0};
	size_t		len;
	char	   *ticket = qr_text_arg(fcinfo, 0, "ticket", &len);
	QcReason	why;
	Datum		result = (Datum) 0;

	if (!PG_ARGISNULL(1))
		a.answer = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (!PG_ARGISNULL(2))
		a.wallet_nonce = qr_bytea_arg(fcinfo, 2, "wallet_nonce",
									  QR_WALLET_NONCE, QR_WALLET_NONCE, NULL);
	qr_publish_allowed("qrcred.download()");
	qr_store_ready();
	SPI_connect();
	why = qr_activation_find(ticket, len, QR_CREDENTIAL_KEYS, &a, &p.seen);
	if (why != QC_WHY_NONE)
		(void) qr_door_refuse(why, 0, true);
	else
	{
		qr_activation_publish(&a, &p);
		if (p.outcome.verdict == QC_DONE)
			result = qr_package(&a.issued, &a.terms, &p.after, result_context);
	}
	SPI_finish();
	return result != (Datum) 0 ? result : qr_package_rejected();
}
