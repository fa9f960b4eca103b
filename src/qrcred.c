/*
 * qrcred.c
 *	  The door of the extension: magic, settings, the core's context, and the
 *	  one table from a core status to SQLSTATE and message.
 */
#include "qrcred.h"

#include "access/xact.h"
#include "keyring/keyring.h"
#include "storage/ipc.h"
#include "store/publish.h"
#include "store/relations.h"
#include "triggers.h"
#include "utils/builtins.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

static QcMac mac;
static bool mac_is_open = false;

typedef struct StatusText
{
	int			sqlstate;
	const char *message;		/* %s is the argument */
	const char *hint;
} StatusText;

static const StatusText status_text[QC_STATUS_COUNT] = {
	[QC_E_CRYPTO] = {ERRCODE_INTERNAL_ERROR,
	"libcrypto failed on \"%s\"", NULL},
	[QC_E_CODE] = {ERRCODE_INVALID_TEXT_REPRESENTATION,
	"malformed code in argument \"%s\"", "A code is QC1. and 50 characters of base32."},
	[QC_E_TICKET] = {ERRCODE_INVALID_TEXT_REPRESENTATION,
	"malformed ticket or session in argument \"%s\"",
	"A ticket is QT1., a session QS1., and 29 characters of base32."},
	[QC_E_DIGITS] = {ERRCODE_INVALID_PARAMETER_VALUE,
	"argument \"%s\" must be 6 to 8 decimal digits", NULL},
	[QC_E_SUITE] = {ERRCODE_INVALID_PARAMETER_VALUE,
		"argument \"%s\" is not an OCRA suite",
	"A suite looks like OCRA-1:HOTP-SHA256-8:QN08 (RFC 6287, section 6)."},
	[QC_E_SUITE_UNSUPPORTED] = {ERRCODE_INVALID_PARAMETER_VALUE,
		"argument \"%s\" asks for a code length that is not supported",
	"4 to 9 digits are supported; implementations disagree on 0 and 10."},
	[QC_E_QUESTION] = {ERRCODE_INVALID_PARAMETER_VALUE,
	"argument \"%s\" does not fit the suite's question", NULL},
	[QC_E_COUNTER] = {ERRCODE_INVALID_PARAMETER_VALUE,
	"argument \"%s\" must be a counter of 0 or more exactly where one is used", NULL},
	[QC_E_PIN] = {ERRCODE_INVALID_PARAMETER_VALUE,
	"argument \"%s\" must be a PIN hash of the suite's length exactly where the suite has P", NULL},
	[QC_E_SESSION] = {ERRCODE_INVALID_PARAMETER_VALUE,
	"argument \"%s\" must be session data of the suite's length exactly where the suite has S", NULL},
	[QC_E_TIME_STEP] = {ERRCODE_INVALID_PARAMETER_VALUE,
	"argument \"%s\" must be a time step exactly where one is used", NULL},
	[QC_E_KEY] = {ERRCODE_INVALID_PARAMETER_VALUE,
	"argument \"%s\" is no usable key length", NULL},
	[QC_E_LENGTH] = {ERRCODE_INVALID_PARAMETER_VALUE,
	"argument \"%s\" is out of range", NULL},
	[QC_E_TIME] = {ERRCODE_INVALID_PARAMETER_VALUE,
		"argument \"%s\" is outside the protocol's time",
	"Times run from 1970-01-01 to 2106-02-07T06:28:15Z."},
	[QC_E_DECODE] = {ERRCODE_INVALID_PARAMETER_VALUE,
		"argument \"%s\" differs in too many bits",
	"bch1023_123 corrects 170 wrong bits of 1023, bch511_76 corrects 85 of 511."},
	[QC_E_PAYMENT] = {ERRCODE_INVALID_PARAMETER_VALUE,
		"argument \"%s\" is not written as the protocol writes it",
	"payment_id: a uuid in lower case; currency: three capitals; amount: above 0, digits with exactly the currency's decimals, such as 88.50; nonce: 32 lower-case hexadecimal digits."},
};

static void
close_mac(int code, Datum arg)
{
	if (mac_is_open)
		qc_mac_close(&mac);
	mac_is_open = false;
}

/* However a transaction ends, no key derived in it outlives it in the context. */
static void
forget_keys(XactEvent event, void *arg)
{
	if (mac_is_open && (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
						event == XACT_EVENT_PREPARE))
		qc_mac_forget(&mac);
}

QcMac *
qr_mac(void)
{
	if (!mac_is_open)
	{
		qr_check(qc_mac_open(&mac), "HMAC");
		mac_is_open = true;
	}
	return &mac;
}

void
qr_check(QcStatus status, const char *what)
{
	const StatusText *t;

	if (status == QC_OK)
		return;
	t = &status_text[status];
	ereport(ERROR,
			(errcode(t->sqlstate),
			 errmsg(t->message, what),
			 t->hint ? errhint("%s", t->hint) : 0));
}

void
qr_require(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must not be null", name)));
}

char *
qr_text_arg(FunctionCallInfo fcinfo, int argno, const char *name, size_t *len)
{
	text	   *t;

	qr_require(fcinfo, argno, name);
	t = PG_GETARG_TEXT_PP(argno);
	if (len)
		*len = VARSIZE_ANY_EXHDR(t);
	return text_to_cstring(t);
}

static int64
in_range(int64 value, const char *name, int64 lo, int64 hi)
{
	if (value < lo || value > hi)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be between %lld and %lld",
						name, (long long) lo, (long long) hi)));
	return value;
}

int64
qr_int_arg(FunctionCallInfo fcinfo, int argno, const char *name,
		   int64 lo, int64 hi)
{
	qr_require(fcinfo, argno, name);
	return in_range(PG_GETARG_INT32(argno), name, lo, hi);
}

int64
qr_bigint_arg(FunctionCallInfo fcinfo, int argno, const char *name,
			  int64 lo, int64 hi)
{
	qr_require(fcinfo, argno, name);
	return in_range(PG_GETARG_INT64(argno), name, lo, hi);
}

const uint8 *
qr_bytea_arg(FunctionCallInfo fcinfo, int argno, const char *name,
			 size_t lo, size_t hi, size_t *len)
{
	bytea	   *b;
	size_t		n;

	qr_require(fcinfo, argno, name);
	b = PG_GETARG_BYTEA_PP(argno);
	n = VARSIZE_ANY_EXHDR(b);
	if (n < lo || n > hi)
	{
		if (lo == hi)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument \"%s\" must be %zu bytes", name, lo)));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be %zu to %zu bytes", name, lo, hi)));
	}
	if (len)
		*len = n;
	return (const uint8 *) VARDATA_ANY(b);
}

void
_PG_init(void)
{
	qr_keyring_init();
	MarkGUCPrefixReserved("qrcred");
	qr_relations_init();
	qr_publish_init();
	qr_triggers_init();
	RegisterXactCallback(forget_keys, NULL);
	before_shmem_exit(close_mac, (Datum) 0);
}
