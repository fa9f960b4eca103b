/*
 * bind.c
 *	  Binding a payer's credential to a biometric: committed here from a
 *	  template, or by the wallet itself.
 *
 * What stays is helper, salt, names and the sealed key; template and secret
 * live in copies that are wiped, whatever happens.
 */
#include "qrcred.h"

#include "access/htup_details.h"
#include "binding.h"
#include "bits.h"
#include "core/keys.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "master.h"
#include "seal.h"
#include "store/publish.h"
#include "store/registry.h"
#include "store/relations.h"
#include "text.h"

#define SALT_LEN	16

PG_FUNCTION_INFO_V1(qrcred_begin_binding);
PG_FUNCTION_INFO_V1(qrcred_bind_biometric);
PG_FUNCTION_INFO_V1(qrcred_bind_helper);
PG_FUNCTION_INFO_V1(qrcred_unbind_biometric);

/* A binding on its way. */
typedef struct Binding
{
	QrSession	session;
	QrStrikeRef seen;
	QrBiometric biometric;
	bool		has_row;
	const QcBch *code;
} Binding;

static void
find(FunctionCallInfo fcinfo, Binding *b)
{
	qr_session_require(fcinfo, 0, &b->session);
	if (!qr_strike_find(b->session.row.credential_id, &b->seen))
		elog(ERROR, "the strike row of a session's credential is missing");
	b->has_row = qr_biometric_find(b->session.row.credential_id, &b->biometric);
	qr_require_bindable(&b->seen.row);
}

/* Whether only another generation can be bound: one is bound, or its time is over. */
static bool
needs_generation(const Binding *b)
{
	const QcStrike *s = &b->seen.row;

	return (b->has_row && qr_is_bound(&b->biometric, s)) ||
		s->valid_until <= qr_unix_now() / QC_USEC;
}

/* begin_binding(session): draws the salt; what was bound before ends. */
Datum
qrcred_begin_binding(PG_FUNCTION_ARGS)
{
	Binding		b = {0};
	QrBiometric pending = {0};
	QcStrike	row;
	uint8		salt[SALT_LEN];
	uint8		master[QC_KEY_LEN];
	TupleDesc	desc;
	Datum		values[4];
	bool		isnull[4] = {false};

	qr_publish_allowed("qrcred.begin_binding()");
	qr_store_ready();
	SPI_connect();
	find(fcinfo, &b);
	row = b.seen.row;
	if (needs_generation(&b))
		qr_binding_end(&b.session, &row);
	if (!pg_strong_random(salt, sizeof(salt)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not draw a salt"),
				 errdetail("The source of randomness failed.")));
	pending.credential_id = row.id;
	pending.generation = row.generation;
	pending.kid = qr_master_use(master);
	qc_wipe(master, sizeof(master));
	pending.salt = (QrBytes) {salt, sizeof(salt)};
	qr_biometric_put(&pending);
	SPI_finish();

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type is not a row");
	values[0] = Int64GetDatum(row.id);
	values[1] = Int32GetDatum(row.kid);
	values[2] = Int32GetDatum(row.generation);
	values[3] = qr_bytes_datum(salt, sizeof(salt));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull));
}

/* salt, model and code stand at argno and after. */
static void
read_terms(FunctionCallInfo fcinfo, int argno, Binding *b)
{
	size_t		len;
	const uint8 *salt = qr_bytea_arg(fcinfo, argno, "salt", SALT_LEN, SALT_LEN, NULL);
	char	   *model = qr_text_arg(fcinfo, argno + 1, "model", &len);

	qr_check_reference(model, len, "model");
	b->code = qr_bch_arg(fcinfo, argno + 2, "code");
	if (!b->has_row || b->biometric.is_bound ||
		b->biometric.generation != b->seen.row.generation ||
		!qc_equal(salt, b->biometric.salt.data, SALT_LEN))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"salt\" is not that of the binding under way"),
				 errhint("Begin one with qrcred.begin_binding().")));
	b->biometric.model = model;
	b->biometric.code = pstrdup(b->code->name);
}

/* A template or helper of the code's length, copied for the caller to wipe. */
static void
take_bits(FunctionCallInfo fcinfo, int argno, const char *name, const QcBch *code,
		  uint8 out[QC_BCH_BYTES_MAX])
{
	qr_require(fcinfo, argno, name);
	if (!qr_take_bits(fcinfo, argno, code, out))
		qr_refuse_bits(code, name);
}

/* Binds helper and key, and wipes the key. */
static void
put(Binding *b, const uint8 *helper, uint8 key[QC_KEY_LEN])
{
	QrPlace		place = {"biometric", "key", b->seen.row.id, b->biometric.kid};

	b->biometric.is_bound = true;
	b->biometric.helper = qr_bits_datum(b->code, helper);
	b->biometric.bound_by = (QrBytes) {b->session.row.sha256, QC_SHA256_LEN};
	PG_TRY();
	{
		b->biometric.key = qr_seal(&place, key, QC_KEY_LEN);
	}
	PG_FINALLY();
	{
		qc_wipe(key, QC_KEY_LEN);
	}
	PG_END_TRY();
	qr_biometric_put(&b->biometric);
	/* whoever has the login could bind a face of his own: the customer is told */
	qr_outbox_put(QC_NOTICE_BOUND, b->seen.row.id, 0);
}

/* Draws a secret of the code's length; false when randomness fails. */
static bool
draw_secret(const QcBch *code, uint8 secret[QC_BCH_SECRET_MAX])
{
	size_t		len = qc_bch_secret_bytes(code);

	if (!pg_strong_random(secret, len))
		return false;
	if (code->k % 8 != 0)
		secret[len - 1] &= (uint8) (0xff << (8 - code->k % 8));
	return true;
}

/* bind_biometric(session, template, salt, model, code) */
Datum
qrcred_bind_biometric(PG_FUNCTION_ARGS)
{
	Binding		b = {0};
	uint8		bits[QC_BCH_BYTES_MAX];
	uint8		helper[QC_BCH_BYTES_MAX];
	uint8		secret[QC_BCH_SECRET_MAX];
	uint8		key[QC_KEY_LEN];
	QcStatus	status;

	qr_store_ready();
	SPI_connect();
	find(fcinfo, &b);
	read_terms(fcinfo, 2, &b);
	take_bits(fcinfo, 1, "template", b.code, bits);
	status = draw_secret(b.code, secret) ? QC_OK : QC_E_CRYPTO;
	if (status == QC_OK)
		status = qc_fuzzy_commit(b.code, bits, secret, helper);
	if (status == QC_OK)
		status = qc_biometric_key(qr_mac(), secret, qc_bch_secret_bytes(b.code),
								  b.seen.row.id, b.seen.row.generation, key);
	qc_wipe(bits, sizeof(bits));
	qc_wipe(secret, sizeof(secret));
	qc_mac_forget(qr_mac());
	qr_check(status, "template");
	put(&b, helper, key);
	SPI_finish();
	PG_RETURN_VOID();
}

/* bind_helper(session, helper, key, salt, model, code): the wallet committed. */
Datum
qrcred_bind_helper(PG_FUNCTION_ARGS)
{
	Binding		b = {0};
	uint8		helper[QC_BCH_BYTES_MAX];
	uint8		key[QC_KEY_LEN];

	qr_store_ready();
	SPI_connect();
	find(fcinfo, &b);
	read_terms(fcinfo, 3, &b);
	take_bits(fcinfo, 1, "helper", b.code, helper);
	memcpy(key, qr_bytea_arg(fcinfo, 2, "key", QC_KEY_LEN, QC_KEY_LEN, NULL), QC_KEY_LEN);
	put(&b, helper, key);
	SPI_finish();
	PG_RETURN_VOID();
}

/* unbind_biometric(session) */
Datum
qrcred_unbind_biometric(PG_FUNCTION_ARGS)
{
	Binding		b = {0};
	QcStrike	row;

	qr_publish_allowed("qrcred.unbind_biometric()");
	qr_store_ready();
	SPI_connect();
	find(fcinfo, &b);
	if (b.has_row && qr_is_bound(&b.biometric, &b.seen.row))
		qr_binding_end(&b.session, &row);
	else
		qr_biometric_delete(b.session.row.credential_id);
	SPI_finish();
	PG_RETURN_VOID();
}
