/*
 * draw.c
 *	  Pictures from SQL: a content as QR in SVG, PNG or half blocks, and the
 *	  card of a credential.
 *
 * The drawing itself is plain C in picture/, where texts are UTF-8; this file
 * checks arguments, converts encodings and refuses what must not be drawn.
 * Messages name arguments and never hold what is in them.
 */
#include "qrcred.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "picture/picture.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define CARD_LEVEL	'M'

PG_FUNCTION_INFO_V1(qrcred_qr_svg);
PG_FUNCTION_INFO_V1(qrcred_qr_png);
PG_FUNCTION_INFO_V1(qrcred_qr_text);
PG_FUNCTION_INFO_V1(qrcred_card_svg);

/* A sink for everything but PNG: it may raise, since nothing would be lost. */
static bool
append_text(void *arg, const void *data, size_t len)
{
	appendBinaryStringInfo((StringInfo) arg, data, (int) len);
	return true;
}

/*
 * A sink for PNG, called with libpng's state above it on the stack: it never
 * raises, but says that there is no memory.
 */
typedef struct Bytes
{
	char	   *data;
	size_t		len;
	size_t		room;
} Bytes;

static bool
append_bytes(void *arg, const void *data, size_t len)
{
	Bytes	   *b = arg;

	if (len > b->room - b->len)
	{
		size_t		room = Max(b->room * 2, b->len + len);
		char	   *more;

		if (room > MaxAllocSize)
			return false;
		more = MemoryContextAllocExtended(CurrentMemoryContext, room, MCXT_ALLOC_NO_OOM);
		if (more == NULL)
			return false;
		memcpy(more, b->data, b->len);
		pfree(b->data);
		b->data = more;
		b->room = room;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return true;
}

/* Not UTF-8 can only be in an SQL_ASCII database: others check their texts. */
static void
not_utf8(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"%s\" is not valid UTF-8", name)));
}

static void
draw_check(QpStatus status)
{
	if (status == QP_E_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("A picture did not find room.")));
	if (status != QP_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not write the picture")));
}

/* A text argument in UTF-8. */
static char *
utf8_arg(FunctionCallInfo fcinfo, int argno, const char *name, size_t *len)
{
	char	   *s = qr_text_arg(fcinfo, argno, name, len);

	if (GetDatabaseEncoding() != PG_SQL_ASCII)
	{
		s = pg_server_to_any(s, (int) *len, PG_UTF8);
		*len = strlen(s);
	}
	return s;
}

/* The same, NULL where the argument is null, and checked here. */
static char *
card_text_arg(FunctionCallInfo fcinfo, int argno, const char *name)
{
	char	   *s;
	size_t		len;

	if (PG_ARGISNULL(argno))
		return NULL;
	s = utf8_arg(fcinfo, argno, name, &len);
	if (pg_encoding_verifymbstr(PG_UTF8, s, (int) len) != (int) len)
		not_utf8(name);
	return s;
}

/* Text made in UTF-8 as a datum of the database's encoding. */
static Datum
text_result(StringInfo made)
{
	char	   *s = pg_any_to_server(made->data, made->len, PG_UTF8);

	return PointerGetDatum(cstring_to_text_with_len(s, s == made->data ? made->len : (int) strlen(s)));
}

static char
level_arg(FunctionCallInfo fcinfo, int argno)
{
	size_t		len;
	char	   *s = qr_text_arg(fcinfo, argno, "level", &len);

	if (len != 1 || strchr("LMQH", s[0]) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"level\" must be L, M, Q or H")));
	return s[0];
}

/*
 * A renewal code gets a new credential to whoever holds it, so it is sent and
 * never shown.  Readers trim and take apart what they read; therefore one
 * anywhere in the content, behind the start of a link for instance, counts.
 */
static void
refuse_renewal(const char *content, size_t len, const char *name)
{
	for (size_t i = 0; i + QC_CODE_TEXT <= len; i++)
	{
		QcCode		code;

		if ((content[i] == 'Q' || content[i] == 'q') &&
			qc_code_parse(content + i, QC_CODE_TEXT, &code) == QC_OK &&
			code.kind == QC_KIND_RENEWAL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument \"%s\" must not hold a renewal code", name),
					 errhint("A renewal request is sent over the network, never shown.")));
	}
}

static void
symbol_of(const char *content, size_t len, char level, const char *name, QpSymbol *sym)
{
	QpStatus	status;

	refuse_renewal(content, len, name);
	status = qp_symbol(content, len, level, sym);
	if (status == QP_E_EMPTY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must not be empty", name)));
	if (status == QP_E_CONTENT)
		not_utf8(name);
	if (status == QP_E_TOO_LONG)
	{
		int			limit = qp_limit(content, len, level);

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 limit == qp_limit("0", 1, level) ?
				 errmsg("argument \"%s\" does not fit a QR code at level %c: %d characters at most",
						name, level, limit) :
				 errmsg("argument \"%s\" does not fit a QR code at level %c: %d bytes of UTF-8 at most",
						name, level, limit)));
	}
	draw_check(status);
}

/* Arguments that qr_svg and qr_png share. */
static void
picture_args(FunctionCallInfo fcinfo, QpSymbol *sym, int *module, int *quiet)
{
	size_t		len;
	char	   *content = utf8_arg(fcinfo, 0, "content", &len);
	char		level = level_arg(fcinfo, 1);

	*module = (int) qr_int_arg(fcinfo, 2, "module", 1, 64);
	*quiet = (int) qr_int_arg(fcinfo, 3, "quiet", 0, 64);
	symbol_of(content, len, level, "content", sym);
}

/* qr_svg(content text, level text, module int, quiet int) returns text */
Datum
qrcred_qr_svg(PG_FUNCTION_ARGS)
{
	StringInfoData made;
	QpSink		sink = {append_text, &made};
	QpSymbol	sym;
	int			module;
	int			quiet;

	picture_args(fcinfo, &sym, &module, &quiet);
	initStringInfo(&made);
	draw_check(qp_svg(&sym, module, quiet, &sink));
	return text_result(&made);
}

/* qr_png(content text, level text, module int, quiet int) returns bytea */
Datum
qrcred_qr_png(PG_FUNCTION_ARGS)
{
	Bytes		made;
	QpSink		sink = {append_bytes, &made};
	QpSymbol	sym;
	int			module;
	int			quiet;

	picture_args(fcinfo, &sym, &module, &quiet);

	/* the header of the bytea comes first, its length is set at the end */
	made.room = 1024;
	made.data = palloc(made.room);
	made.len = VARHDRSZ;
	draw_check(qp_png(&sym, module, quiet, &sink));
	SET_VARSIZE(made.data, made.len);
	PG_RETURN_BYTEA_P(made.data);
}

/* qr_text(content text, level text, invert boolean) returns text */
Datum
qrcred_qr_text(PG_FUNCTION_ARGS)
{
	StringInfoData made;
	QpSink		sink = {append_text, &made};
	QpSymbol	sym;
	size_t		len;
	char	   *content = utf8_arg(fcinfo, 0, "content", &len);
	char		level = level_arg(fcinfo, 1);

	qr_require(fcinfo, 2, "invert");
	symbol_of(content, len, level, "content", &sym);
	initStringInfo(&made);
	draw_check(qp_text(&sym, PG_GETARG_BOOL(2), &sink));
	return text_result(&made);
}

/* card_svg(code, issuer, purpose, face_value text, valid_until int8) returns text */
Datum
qrcred_card_svg(PG_FUNCTION_ARGS)
{
	StringInfoData made;
	QpSink		sink = {append_text, &made};
	QpSymbol	sym;
	QpCard		card = {&sym};
	QcCode		code;
	char		code_text[QC_CODE_TEXT + 1];
	size_t		len;
	char	   *s = qr_text_arg(fcinfo, 0, "code", &len);

	qr_check(qc_code_parse(s, len, &code), "code");

	/* upper case, whatever came in: the symbol stays at version 3 */
	qc_code_print(&code, code_text);
	symbol_of(code_text, QC_CODE_TEXT, CARD_LEVEL, "code", &sym);

	qr_require(fcinfo, 1, "issuer");
	card.issuer = card_text_arg(fcinfo, 1, "issuer");
	card.purpose = card_text_arg(fcinfo, 2, "purpose");
	card.face_value = card_text_arg(fcinfo, 3, "face_value");
	card.valid_until = -1;
	if (!PG_ARGISNULL(4))
	{
		card.valid_until = PG_GETARG_INT64(4);
		if (card.valid_until < 0 || card.valid_until > PG_UINT32_MAX)
			qr_check(QC_E_TIME, "valid_until");
	}

	initStringInfo(&made);
	draw_check(qp_card_svg(&card, &sink));
	return text_result(&made);
}
