/*
 * bits.c
 *	  Taking templates, helpers and secrets from arguments.
 */
#include "bits.h"

#include "utils/varbit.h"

const char *const qr_bch_names[QR_BCH_CODES] = {"bch1023_123", "bch511_76"};

const QcBch *
qr_bch_arg(FunctionCallInfo fcinfo, int argno, const char *name)
{
	size_t		len;
	char	   *text = qr_text_arg(fcinfo, argno, name, &len);
	const QcBch *code = qc_bch_find(text, len);

	if (code == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be %s or %s",
						name, qr_bch_names[0], qr_bch_names[1])));
	return code;
}

/* Wipes what detoasting made of an argument, if it made anything. */
static void
wipe_copy(FunctionCallInfo fcinfo, int argno, void *value)
{
	if (value != DatumGetPointer(PG_GETARG_DATUM(argno)))
		qc_wipe(value, VARSIZE_ANY(value));
}

bool
qr_take_bits(FunctionCallInfo fcinfo, int argno, const QcBch *code,
			 uint8 out[QC_BCH_BYTES_MAX])
{
	VarBit	   *value = PG_GETARG_VARBIT_P(argno);
	bool		fits = VARBITLEN(value) == code->n &&
	qc_is_packed(VARBITS(value), code->n);

	memset(out, 0, QC_BCH_BYTES_MAX);
	if (fits)
		memcpy(out, VARBITS(value), qc_bch_bytes(code));
	wipe_copy(fcinfo, argno, value);
	return fits;
}

bool
qr_take_secret(FunctionCallInfo fcinfo, int argno, const QcBch *code,
			   uint8 out[QC_BCH_SECRET_MAX])
{
	bytea	   *value = PG_GETARG_BYTEA_PP(argno);
	bool		fits = VARSIZE_ANY_EXHDR(value) == qc_bch_secret_bytes(code) &&
	qc_is_packed((const uint8 *) VARDATA_ANY(value), code->k);

	memset(out, 0, QC_BCH_SECRET_MAX);
	if (fits)
		memcpy(out, VARDATA_ANY(value), qc_bch_secret_bytes(code));
	wipe_copy(fcinfo, argno, value);
	return fits;
}

void
qr_refuse_bits(const QcBch *code, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"%s\" must be %d bits", name, code->n),
			 errdetail("The code is %s.", code->name)));
}

void
qr_refuse_secret(const QcBch *code, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"%s\" must be %d bits packed into %zu bytes",
					name, code->k, qc_bch_secret_bytes(code)),
			 errdetail("The code is %s; unused low bits of the last byte are zero.",
					   code->name)));
}

Datum
qr_bits_datum(const QcBch *code, const uint8 *bits)
{
	VarBit	   *result = palloc0(VARBITTOTALLEN(code->n));

	SET_VARSIZE(result, VARBITTOTALLEN(code->n));
	VARBITLEN(result) = code->n;
	memcpy(VARBITS(result), bits, qc_bch_bytes(code));
	return VarBitPGetDatum(result);
}
