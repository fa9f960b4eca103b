/*
 * package.c
 *	  The wallet package, with the keys that the wallet holds.
 */
#include "qrcred.h"

#include "issuing.h"
#include "lib/stringinfo.h"
#include "master.h"
#include "package.h"
#include "store/publish.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/varbit.h"

static void
append_hex(StringInfo buf, const uint8 *bytes, size_t n)
{
	size_t		i;

	for (i = 0; i < n; i++)
		appendStringInfo(buf, "%02x", bytes[i]);
}

static void
append_text(StringInfo buf, const char *key, const char *value)
{
	appendStringInfo(buf, ", \"%s\": ", key);
	escape_json(buf, value);
}

/* The keys that the wallet holds, by their names in the package. */
static QcStatus
append_keys(StringInfo buf, const QcStrike *s, const uint8 *master)
{
	static const char *const label[] = {
		QC_CRED_SECOND, QC_CRED_ROTATING, QC_CRED_OCRA, QC_CRED_RENEWAL
	};
	uint8		key[QC_KEY_LEN];
	QcStatus	status = QC_OK;
	int			i;

	appendStringInfoString(buf, ", \"keys\": {");
	for (i = 0; i < lengthof(label) && status == QC_OK; i++)
	{
		status = qc_credential_key(qr_mac(), master, label[i], s->id,
								   s->generation, s->digest, key);
		appendStringInfo(buf, "%s\"%s\": \"", i ? ", " : "", label[i]);
		append_hex(buf, key, sizeof(key));
		appendStringInfoChar(buf, '"');
	}
	appendStringInfoChar(buf, '}');
	qc_wipe(key, sizeof(key));
	return status;
}

void
qr_static_code(const QcStrike *s, char text[QC_CODE_TEXT + 1])
{
	QcCode		code = {0};
	uint8		key[QC_KEY_LEN];
	QcStatus	status;

	code.kind = QC_KIND_STATIC;
	code.kid = (uint8) s->kid;
	code.generation = (uint8) s->generation;
	code.credential_id = s->id;
	code.moment = (uint32) s->valid_until;
	qr_credential_key(s, QC_CRED_STATIC, key);
	status = qc_code_sign(qr_mac(), key, NULL, 0, &code);
	qc_wipe(key, sizeof(key));
	qr_check(status, "first code");
	qc_code_print(&code, text);
}

/* Helper, salt, code and model, by their names in the package. */
static void
append_biometric(StringInfo buf, const QrBiometric *b)
{
	VarBit	   *helper = DatumGetVarBitP(b->helper);

	appendStringInfoString(buf, ", \"biometric\": {\"helper\": \"");
	append_hex(buf, VARBITS(helper), VARBITBYTES(helper));
	appendStringInfoString(buf, "\", \"salt\": \"");
	append_hex(buf, b->salt.data, b->salt.len);
	appendStringInfoChar(buf, '"');
	append_text(buf, "code", b->code);
	append_text(buf, "model", b->model);
	appendStringInfoChar(buf, '}');
}

static Datum
package(const QrIssued *issued, const QrTerms *terms, const QcStrike *s,
		const QrBiometric *biometric, MemoryContext result_context)
{
	StringInfoData buf;
	uint8		master[QC_KEY_LEN];
	char		code[QC_CODE_TEXT + 1];
	QcStatus	status = QC_OK;
	MemoryContext old;
	Datum		result;

	/* large enough that no growth leaves key bytes behind in a freed chunk */
	initStringInfo(&buf);
	enlargeStringInfo(&buf, 65536);
	qr_static_code(s, code);
	appendStringInfo(&buf, "{\"v\": 1, \"credential_id\": \"%lld\", \"generation\": %d,"
					 " \"kid\": %d, \"static\": \"%s\"",
					 (long long) s->id, s->generation, s->kid, code);
	if (biometric != NULL)
		append_biometric(&buf, biometric);
	else
	{
		(void) qr_master(s->kid, master);
		status = append_keys(&buf, s, master);
		qc_wipe(master, sizeof(master));
	}
	appendStringInfo(&buf, ", \"digits\": %d, \"valid_from\": %lld, \"valid_until\": %lld",
					 terms->digits,
					 (long long) (s->valid_until - (int64) issued->valid_days * QR_DAY),
					 (long long) s->valid_until);
	appendStringInfoString(&buf, ", \"issuer\": {\"code\": ");
	escape_json(&buf, terms->code);
	append_text(&buf, "name", terms->name);
	appendStringInfoChar(&buf, '}');
	append_text(&buf, "purpose", issued->purpose);
	append_text(&buf, "face_value", issued->face_value);
	appendStringInfo(&buf, ", \"server_time\": %lld}",
					 (long long) (qr_unix_now() / QC_USEC));

	old = MemoryContextSwitchTo(result_context);
	result = status == QC_OK ?
		DirectFunctionCall1(jsonb_in, CStringGetDatum(buf.data)) : (Datum) 0;
	MemoryContextSwitchTo(old);
	qc_wipe(buf.data, buf.len);
	qc_mac_forget(qr_mac());
	qr_check(status, "wallet package");
	return result;
}

Datum
qr_package(const QrIssued *issued, const QrTerms *terms, const QcStrike *s,
		   MemoryContext result_context)
{
	return package(issued, terms, s, NULL, result_context);
}

Datum
qr_payer_package(const QrIssued *issued, const QrTerms *terms, const QcStrike *s,
				 const QrBiometric *biometric, MemoryContext result_context)
{
	return package(issued, terms, s, biometric, result_context);
}

Datum
qr_package_rejected(void)
{
	return DirectFunctionCall1(jsonb_in,
							   CStringGetDatum("{\"v\": 1, \"verdict\": \"rejected\"}"));
}
