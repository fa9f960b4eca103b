/*
 * card.c
 *	  A payer's card: sealed here, opened by charge.c for the charge function.
 */
#include "qrcred.h"

#include "executor/spi.h"
#include "master.h"
#include "seal.h"
#include "session.h"
#include "store/relations.h"

#define CARD_MAX	256			/* bytes of a card number or token */

PG_FUNCTION_INFO_V1(qrcred_bind_card);
PG_FUNCTION_INFO_V1(qrcred_unbind_card);

static void
check_length(size_t len, const char *name)
{
	if (len == 0 || len > CARD_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be 1 to %d bytes", name, CARD_MAX)));
}

/* bind_card(session, card, card_password): in place of the one before. */
Datum
qrcred_bind_card(PG_FUNCTION_ARGS)
{
	QrSession	session;
	QrCard		c = {0};
	QrPlace		place = {"card", "card", 0, 0};
	uint8		master[QC_KEY_LEN];
	size_t		len;
	size_t		password_len = 0;
	char	   *card = qr_text_arg(fcinfo, 1, "card", &len);
	char	   *password = PG_ARGISNULL(2) ? NULL :
	qr_text_arg(fcinfo, 2, "card_password", &password_len);

	check_length(len, "card");
	if (password != NULL)
		check_length(password_len, "card_password");
	qr_store_ready();
	SPI_connect();
	qr_session_require(fcinfo, 0, &session);
	if (password != NULL && !session.issuer.keeps_card_password)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"card_password\" must be null"),
				 errdetail("The issuer's policy keeps no card passwords."),
				 errhint("Bind a token, or let the card's own issuer set store_card_password.")));
	c.credential_id = place.row = session.row.credential_id;
	c.kid = place.kid = qr_master_use(master);
	qc_wipe(master, sizeof(master));
	c.card = qr_seal(&place, card, len);
	if (password != NULL)
	{
		place.column = "card_password";
		c.card_password = qr_seal(&place, password, password_len);
		qc_wipe(password, password_len);
	}
	qc_wipe(card, len);
	qr_card_put(&c);
	SPI_finish();
	PG_RETURN_VOID();
}

/* unbind_card(session) */
Datum
qrcred_unbind_card(PG_FUNCTION_ARGS)
{
	QrSession	session;

	qr_store_ready();
	SPI_connect();
	qr_session_require(fcinfo, 0, &session);
	qr_card_delete(session.row.credential_id);
	SPI_finish();
	PG_RETURN_VOID();
}
